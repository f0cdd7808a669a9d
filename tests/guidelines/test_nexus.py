"""The NEXUS low-risk criteria: never 'no imaging' while something is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import guidestep
from guidestep import Guideline
from guidestep.cases import Case, check_cases, read_cases, run_case
from tests.guidelines.instruments import (
    ALL_THREE_VALUED,
    HERE,
    altered,
    ask,
    load,
    missing,
    said,
    signs,
)
from tests.guidelines.models import NexusAssessment

GUIDELINE = load("nexus", NexusAssessment)
CASES = read_cases(HERE / "nexus")

# Each criterion: its field, and the value when it is met and when it is failed.
CRITERIA: list[tuple[str, object, object]] = [
    ("examination.midline_tenderness", False, True),
    ("examination.focal_deficit", False, True),
    ("examination.alertness", "normal", "altered"),
    ("examination.intoxication", False, True),
    ("examination.distracting_injury", False, True),
]


def patient(word: str, *, blunt: bool | None = True) -> dict[str, object]:
    """Return the patient who meets the criteria marked + and fails those marked -."""
    given: dict[str, object] = {"injury.blunt_trauma": blunt}
    for (path, met, failed), item in zip(CRITERIA, signs(word), strict=True):
        given[path] = None if item is None else met if item else failed
    return given


def expected(word: str) -> str:
    """Return the answer by the letter of the instrument."""
    if "-" in word:
        return "image"
    return "assess_first" if "?" in word else "no-imaging"


def wrong(guideline: Guideline) -> Iterator[str]:
    """Yield the rows of the whole table that a guideline answers otherwise."""
    return (w for w in ALL_THREE_VALUED if said(ask(guideline, patient(w))) != expected(w))


def test_the_table_has_one_row_without_imaging() -> None:
    answers = [expected(word) for word in ALL_THREE_VALUED]
    counts = {answer: answers.count(answer) for answer in set(answers)}
    assert counts == {"no-imaging": 1, "assess_first": 31, "image": 211}
    assert expected("+++++") == "no-imaging"


@pytest.mark.parametrize("word", ALL_THREE_VALUED)
def test_every_combination_of_the_five_criteria(word: str) -> None:
    given = ask(GUIDELINE, patient(word))
    answer = expected(word)
    assert said(given) == answer
    unknown = {path for (path, _, _), i in zip(CRITERIA, signs(word), strict=True) if i is None}
    assert missing(given) == (unknown if answer == "assess_first" else set())
    assert given.guideline.profile == "source"
    assert [c.id for c in given.citations] == ["hoffman-2000"]
    assert [n.id for n in given.notices] == (["injuries-missed"] if answer == "no-imaging" else [])


@pytest.mark.parametrize("word", ALL_THREE_VALUED)
def test_without_blunt_trauma_neither_answer_is_given(word: str) -> None:
    assert said(ask(GUIDELINE, patient(word, blunt=False))) == "not_eligible"
    unclear = ask(GUIDELINE, patient(word, blunt=None))
    assert said(unclear) == "assess_first"
    assert "injury.blunt_trauma" in missing(unclear)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_cases(case: Case) -> None:
    assert check_cases(GUIDELINE, [case]) == []
    assert run_case(GUIDELINE, case) == ()


def test_the_table_is_right_of_the_guideline_as_written() -> None:
    assert list(wrong(GUIDELINE)) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (
            "findings.yaml",
            "- not examination.midline_tenderness",
            "- examination.midline_tenderness",
        ),
        ("findings.yaml", "        - not examination.focal_deficit\n", ""),
        ("findings.yaml", "examination.alertness is normal", "examination.alertness is altered"),
        ("findings.yaml", "- not examination.intoxication", "- examination.intoxication"),
        ("findings.yaml", "        - not examination.distracting_injury\n", ""),
        ("findings.yaml", "      all:\n", "      any:\n"),
    ],
)
def test_the_table_finds_a_broken_criterion(tmp_path: Path, file: str, old: str, new: str) -> None:
    path = altered(HERE / "nexus", tmp_path, file, old, new)
    broken = guidestep.load(path, model=NexusAssessment)
    assert next(wrong(broken), None) is not None
