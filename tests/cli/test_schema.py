"""`guidestep schema`: the published schemas, printed."""

from __future__ import annotations

import json
from pathlib import Path

from guidestep.language.files import json_schemas
from tests.cli.conftest import Command

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


def published(name: str) -> str:
    return (SCHEMAS / name).read_text(encoding="utf-8")


def test_they_are_the_published_ones(command: Command, small: Path) -> None:
    assert command("schema", "assessment").out == published("assessment-cervical.json")
    assert command("schema", "assessment", "--guideline", small).code == 0
    assert command("schema", "recommendation").out == published("recommendation.json")
    findings = command("schema", "guideline", "--file", "findings.yaml")
    assert (findings.code, findings.out) == (0, published("findings.json"))
    cases = command("schema", "guideline", "--file", "cases/first.yaml")
    assert cases.out == published("cases.json")
    assert json.loads(command("schema", "guideline").out) == json_schemas()


def test_files_and_subjects_that_there_are_not(command: Command) -> None:
    result = command("schema", "guideline", "--file", "finding.yaml")
    assert (result.code, result.err) == (
        2,
        "guidestep: a guideline has no file finding.yaml; did you mean 'findings.yaml'?\n",
    )
    result = command("schema", "recommendation", "--file", "findings.yaml")
    assert (result.code, result.err) == (
        2,
        "guidestep: --file goes with 'schema guideline' only\n",
    )
    result = command("schema", "everything")
    assert (result.code, result.err) == (
        2,
        "guidestep: invalid value for 'subject': 'everything' is not one of 'assessment', "
        "'guideline', 'recommendation'; try 'guidestep schema --help'\n",
    )
