"""The schemas under docs/schemas: up to date, and what we write ourselves is valid by them."""

from __future__ import annotations

import json
import runpy
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import guidestep
from guidestep import Recommendation
from guidestep.cases import read_cases
from guidestep.cli.new import skeleton
from guidestep.language.yaml_reader import plain, read_file

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"
SHIPPED = ROOT / "rules" / "cervical-spasm-opll"
SKELETON = Path(str(skeleton()))
FILES = [path for folder in (SHIPPED, SKELETON) for path in sorted(folder.rglob("*.yaml"))]


@cache
def validator(name: str) -> Draft202012Validator:
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def faults(name: str, data: object) -> list[str]:
    """Return what a schema has against data in which dates are texts, as in JSON."""
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
        for error in validator(name).iter_errors(as_json(data))
    ]


def as_json(data: object) -> Any:
    match data:
        case date():
            return data.isoformat()
        case Mapping():
            return {key: as_json(value) for key, value in data.items()}
        case list() | tuple():
            return [as_json(item) for item in data]
        case _:
            return data


def content(path: Path) -> Any:
    node, found = read_file(path, path.name)
    assert not found
    assert node is not None
    return plain(node)


def test_they_are_up_to_date() -> None:
    outdated = runpy.run_path(str(SCHEMAS / "generate.py"))["outdated"]
    assert outdated() == [], "run: python docs/schemas/generate.py"


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_each_is_a_schema_of_its_draft(path: Path) -> None:
    schema = validator(path.name).schema
    assert isinstance(schema, dict)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_of_guidelines_are_valid(path: Path) -> None:
    schema = "cases.json" if path.parent.name == "cases" else f"{path.stem}.json"
    assert faults(schema, content(path)) == []


@pytest.mark.parametrize("path", FILES[-9:], ids=lambda path: f"{path.parent.name}/{path.name}")
def test_files_of_the_skeleton_name_their_schema(path: Path) -> None:
    up = "../" if path.parent.name == "cases" else ""
    schema = "cases" if up else path.stem
    first = path.read_text(encoding="utf-8").split("\n")[0]
    assert first == f"# yaml-language-server: $schema={up}.schemas/{schema}.json"


@pytest.mark.parametrize(
    ("schema", "data", "message"),
    [
        ("guideline.json", {"format": 2}, "format: 1 was expected"),
        ("facts.json", [{"id": "1"}], "0/id: '1' does not match '^[A-Za-z][A-Za-z0-9_.-]*$'"),
        ("red_flags.json", [{"when": {"al": []}}], "0/when: "),
        ("steps.json", {"step": []}, ": Additional properties are not allowed"),
        (
            "assessment-cervical.json",
            {"scope": {"age_years": 121}},
            "scope/age_years: 121 is not valid under any of the given schemas",
        ),
    ],
)
def test_faults_are_found(schema: str, data: object, message: str) -> None:
    assert any(fault.startswith(message) for fault in faults(schema, data)), faults(schema, data)


def test_assessments_of_all_cases_that_can_be_read_are_valid() -> None:
    guideline = guidestep.load(SHIPPED)
    for case in read_cases(SHIPPED):
        assessment = guideline.model.read(case.assessment)
        assert faults("assessment-cervical.json", assessment.to_dict()) == [], case.id


def test_units_are_in_the_schema_of_the_assessment() -> None:
    schema: Any = validator("assessment-cervical.json").schema
    pain = schema["$defs"]["Measures"]["properties"]["baseline_pain_vas_mm"]
    assert pain["x-unit"] == "mm"


def test_recommendations_of_all_cases_are_valid() -> None:
    guideline = guidestep.load(SHIPPED)
    for case in read_cases(SHIPPED):
        answer = guideline.recommend(case.assessment, profile=case.entry.profile)
        assert faults("recommendation.json", json.loads(answer.to_json())) == [], case.id
        assert Recommendation.from_json(answer.to_json()) == answer


def test_a_recommendation_of_another_shape_is_not_valid() -> None:
    guideline = guidestep.load(SHIPPED)
    answer = json.loads(guideline.recommend(read_cases(SHIPPED)[0].assessment).to_json())
    assert faults("recommendation.json", {**answer, "outcome": "perhaps"})
    assert faults("recommendation.json", {k: v for k, v in answer.items() if k != "review"})
