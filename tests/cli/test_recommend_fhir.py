"""`guidestep recommend --fhir`: FHIR data in files, and all that could not be used of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from guidestep import Recommendation
from tests.cli.conftest import Command

Write = Callable[[str, str | bytes], Path]
BUNDLE = Path(__file__).parents[2] / "docs" / "examples" / "intake-bundle.json"
GAIT = "neurologic.gait_instability"


@pytest.fixture(autouse=True)
def short_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """The card has its own tests; here its place is what matters."""
    monkeypatch.setattr(Recommendation, "card", lambda self: f"card: {self.outcome}")


@pytest.fixture
def bundle() -> Any:
    return json.loads(BUNDLE.read_text(encoding="utf-8"))


def test_a_bundle_gives_a_card(command: Command) -> None:
    result = command("recommend", BUNDLE, "--fhir", "--on", "2026-03-02")
    assert (result.code, result.out, result.err) == (0, "card: recommend\n", "")


def test_json_and_standard_input(command: Command) -> None:
    arguments = ("recommend", "-", "--fhir", "--on", "2026-03-02", "--json")
    result = command(*arguments, stdin=BUNDLE.read_bytes())
    assert json.loads(result.out)["outcome"] == "recommend"


def test_problems_go_to_standard_error(command: Command, write: Write, bundle: Any) -> None:
    for entry in bundle["entry"]:
        if entry["resource"]["id"] == "gait-instability":
            entry["resource"]["status"] = "entered-in-error"
    path = write("bundle.json", json.dumps(bundle))
    result = command("recommend", path, "--fhir", "--on", "2026-03-02")
    assert (result.code, result.out) == (0, "card: assess_first\n")
    assert "information: it was entered in error" in result.err
    assert "(Observation/gait-instability)" in result.err


def test_what_is_missing_is_told_with_its_question(
    command: Command, write: Write, bundle: Any
) -> None:
    for entry in bundle["entry"]:
        items = entry["resource"].get("item", [])
        entry["resource"]["item"] = [
            item for item in items if item["linkId"] != "encounter.care_stage"
        ]
    path = write("bundle.json", json.dumps(bundle))
    result = command("recommend", path, "--fhir", "--on", "2026-03-02", "--json")
    assert result.code == 2
    assert "encounter.care_stage: stage of care: nothing usable is recorded" in result.err
    assert "ask: Is this visit the intake" in result.err
    (problem,) = json.loads(result.out)["error"]["problems"]
    assert (problem["path"], problem["code"]) == ("encounter.care_stage", "missing")


def test_old_records_are_told_in_one_line(command: Command) -> None:
    result = command("recommend", BUNDLE, "--fhir", "--on", "2026-04-20")
    assert (result.code, result.out) == (2, "")
    assert result.err.count("too long ago") == 1
    assert "neurologic.bladder_dysfunction" in result.err


def test_the_patient_can_be_named(command: Command) -> None:
    arguments = ("recommend", BUNDLE, "--fhir", "--on", "2026-03-02", "--subject")
    assert command(*arguments, "Patient/neck-1").code == 0
    other = command(*arguments, "Patient/2")
    assert (other.code, other.out) == (2, "")
    assert "about another patient" in other.err
    assert "such as Patient/1" in command(*arguments, "neck-1").err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "1:2: invalid-json"),
        (b"", "invalid-json"),
        (b"\xff\xfe", "invalid-json"),
        (b"[" * 100_000, "invalid-json"),
        (b"5", "holds no FHIR resources"),
        (b"[]", "no patient"),
    ],
)
def test_a_file_that_is_no_fhir(command: Command, write: Write, content: bytes, said: str) -> None:
    result = command("recommend", write("bundle.json", content), "--fhir")
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_a_file_that_is_not_there(command: Command) -> None:
    result = command("recommend", "nowhere.json", "--fhir")
    assert result.code == 2
    assert "nowhere.json:1:1: unreadable-file: No such file" in result.err


@pytest.mark.parametrize("on", ["2026-02-30", "today", ""])
def test_the_day_is_a_day(command: Command, on: str) -> None:
    result = command("recommend", BUNDLE, "--fhir", "--on", on)
    assert result.code == 2
    assert "--on is a day" in result.err


def test_a_visit_of_tomorrow_is_refused(command: Command) -> None:
    tomorrow = date.today() + timedelta(days=1)
    result = command("recommend", BUNDLE, "--fhir", "--on", str(tomorrow))
    assert result.code == 2
    assert "in the future" in result.err


def test_day_and_patient_go_with_fhir(command: Command) -> None:
    result = command("recommend", BUNDLE, "--on", "2026-03-02")
    assert (result.code, result.err) == (2, "guidestep: --on and --subject go with --fhir\n")


def test_a_mapping_at_fault_answers_nothing(command: Command, small: Path) -> None:
    (small / "fhir.yaml").write_text("format: 2\n", encoding="utf-8")
    result = command("recommend", BUNDLE, "--fhir", "--guideline", small)
    assert result.code == 2
    assert "fhir.yaml:1:9: bad-value" in result.err
    assert command("check", small).out.endswith("1 fault\n")
