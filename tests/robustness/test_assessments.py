"""Broken assessments: an error that names the field, or the answer that the data really give."""

from __future__ import annotations

import copy
import json
import time
from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

import guidestep
from guidestep import AssessmentError, Guideline
from guidestep.assessment import Assessment, CervicalAssessment
from guidestep.cases import read_cases
from guidestep.cli.assessments import UnreadableError, read_assessment
from tests.robustness.mutations import CHANGES, TEXT_MUTATIONS

SHIPPED = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
COUNT = 200
SECONDS = 20.0
TODAY = date(2027, 1, 1)


@cache
def guideline() -> Guideline:
    return guidestep.load(SHIPPED)


@cache
def patients() -> tuple[dict[str, Any], ...]:
    """The assessments of the cases that can be read, dates as texts."""
    return tuple(CervicalAssessment.read(case.assessment).to_dict() for case in read_cases(SHIPPED))


def strict(data: Mapping[str, Any]) -> Assessment:
    """Read data as pydantic's strict JSON mode does, which converts nothing but dates."""
    return CervicalAssessment.model_validate_json(json.dumps(flat_to_sections(data)))


def flat_to_sections(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return data in the one strict form: no dotted keys, no units, no empty sections."""
    fields = CervicalAssessment.fields()
    sections: dict[str, Any] = {}
    for key, part in data.items():
        if key == "data_absent_reasons":
            sections[key] = part
        elif isinstance(part, Mapping):
            for name, value in part.items():
                path = f"{key}.{name}"
                if isinstance(value, Mapping):
                    factor = {fields[path].unit: 1, **fields[path].other_units}[value["unit"]]
                    value = value["value"] * factor
                sections.setdefault(key, {})[name] = value
        elif part is not None:
            section, _, name = key.partition(".")
            sections.setdefault(section, {})[name] = part
    return sections


def test_mutated_data() -> None:
    outcomes: Counter[str] = Counter()
    for seed in range(COUNT):
        random = Random(seed)
        data = copy.deepcopy(random.choice(patients()))
        change = CHANGES[seed % len(CHANGES)]
        path = change(data, random)
        what = f"seed {seed}: {change.__name__} at {path}"
        start = time.perf_counter()
        try:
            given = guideline().model.read(data)
        except AssessmentError as error:
            outcomes["refused"] += 1
            section, _, name = path.partition(".")
            # A moved or misspelt name is shown with the wrong place, or for want at its own.
            named = [
                problem
                for problem in error.problems
                if problem.path.startswith(path)
                or problem.path == section
                or name.replace("_", "")[:4] in problem.path + problem.message
                or problem.code in ("missing", "date-order", "unknown-field", "wrong-shape")
            ]
            outcome: object = (named, error)
        else:
            outcomes["answered"] += 1
            answer = guideline().recommend(given)
            same = guideline().recommend(strict(data))
            outcome = (answer.to_json() == same.to_json(), None)
            assert given.to_dict() == strict(data).to_dict(), what
        assert outcome[0], f"{what}\n{outcome[1]}"  # type: ignore[index]
        assert time.perf_counter() - start < SECONDS, what
    assert outcomes["refused"] >= COUNT / 3, outcomes
    assert outcomes["answered"] >= COUNT / 10, outcomes


def test_an_odd_value_is_named_with_its_path() -> None:
    for seed in range(COUNT):
        random = Random(seed)
        data = copy.deepcopy(random.choice(patients()))
        path = CHANGES[0](data, random)
        try:
            CervicalAssessment.read(data)
        except AssessmentError as error:
            paths = {problem.path for problem in error.problems}
            dated = any(problem.code == "date-order" for problem in error.problems)
            found = path in paths or dated
        else:
            found = True
        assert found, f"seed {seed}: {path} in {paths}"


def test_mutated_files(tmp_path: Path) -> None:
    """A file is refused with a place in it, or gives what its text, read by others, holds."""
    outcomes: Counter[str] = Counter()
    for seed in range(COUNT):
        random = Random(seed)
        data = random.choice(patients())
        is_json = bool(seed % 2)
        text = json.dumps(data, indent=1) if is_json else as_yaml(data)
        mutate = TEXT_MUTATIONS[seed % len(TEXT_MUTATIONS)]
        bad = mutate(text.encode(), random)
        path = tmp_path / ("a.json" if is_json else "a.yaml")
        path.write_bytes(bad)
        what = f"seed {seed}: {mutate.__name__} in {path.name}"
        start = time.perf_counter()
        lines = bad.decode(errors="replace").count("\n") + 1
        try:
            given = read_assessment(str(path), CervicalAssessment, TODAY)
        except UnreadableError as error:
            outcomes["refused"] += 1
            sound = bool(error.faults) and all(1 <= f.span.line <= lines for f in error.faults)
        else:
            outcomes["read"] += 1
            sound = not is_json or given == strict(json.loads(bad))
        assert sound, what
        assert time.perf_counter() - start < SECONDS, what
    assert outcomes["refused"] >= COUNT / 2, outcomes


def as_yaml(data: Mapping[str, Any]) -> str:
    lines: list[str] = []
    for section, part in data.items():
        lines.append(f"{section}:")
        lines += [f"  {name}: {value}" for name, value in part.items()]
    return "\n".join(lines) + "\n"


def test_the_strict_reader_is_strict() -> None:
    """What the tests above compare with does not itself convert."""
    data = copy.deepcopy(patients()[0])
    data["scope"]["age_years"] = "52"
    with pytest.raises(ValidationError):
        strict(data)
