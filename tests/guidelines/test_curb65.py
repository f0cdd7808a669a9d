"""CURB-65: a score with an input in two units and an age, against the published definition."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from guidestep import AssessmentError, Guideline
from guidestep.cases import Case, check_cases, read_cases, run_case
from tests.drifting import load_drifting
from tests.guidelines.instruments import (
    ALL_THREE_VALUED,
    HERE,
    altered,
    ask,
    completions,
    load,
    missing,
    only,
    said,
    signs,
)
from tests.guidelines.models import Curb65Assessment

GUIDELINE = load("curb65", Curb65Assessment)
CASES = read_cases(HERE / "curb65")
VISIT = date(2026, 3, 1)

# Confusion, urea, respiratory rate, blood pressure, age: the score and the place of care.
TABLE = """
----- 0 home
----+ 1 home
---+- 1 home
---++ 2 hospital-supervised
--+-- 1 home
--+-+ 2 hospital-supervised
--++- 2 hospital-supervised
--+++ 3 severe
-+--- 1 home
-+--+ 2 hospital-supervised
-+-+- 2 hospital-supervised
-+-++ 3 severe
-++-- 2 hospital-supervised
-++-+ 3 severe
-+++- 3 severe
-++++ 4 severe
+---- 1 home
+---+ 2 hospital-supervised
+--+- 2 hospital-supervised
+--++ 3 severe
+-+-- 2 hospital-supervised
+-+-+ 3 severe
+-++- 3 severe
+-+++ 4 severe
++--- 2 hospital-supervised
++--+ 3 severe
++-+- 3 severe
++-++ 4 severe
+++-- 3 severe
+++-+ 4 severe
++++- 4 severe
+++++ 5 severe
"""
ROWS = [(word, int(score), step) for word, score, step in map(str.split, TABLE.split("\n")[1:-1])]

# Each item on either side of its line, as near to it as the item is measured.
POSITIVE: tuple[dict[str, object], ...] = (
    {"severity.confusion": "present"},
    {"severity.urea": 7.1},
    {"severity.respiratory_rate": 30},
    {"severity.systolic": 89, "severity.diastolic": 61},
    {"person.birth_date": "1961-03-01"},
)
NEGATIVE: tuple[dict[str, object], ...] = (
    {"severity.confusion": "absent"},
    {"severity.urea": 7.0},
    {"severity.respiratory_rate": 29},
    {"severity.systolic": 90, "severity.diastolic": 61},
    {"person.birth_date": "1961-03-02"},
)


def patient(word: str, **changes: object) -> dict[str, object]:
    """Return the patient whose five items are as in the word."""
    given: dict[str, object] = {"visit.day": VISIT, "visit.adult_with_pneumonia": True}
    for item, positive, negative in zip(signs(word), POSITIVE, NEGATIVE, strict=True):
        given |= {} if item is None else positive if item else negative
    return given | {name.replace("__", "."): value for name, value in changes.items()}


def place(score: int) -> str:
    """Return the place of care, written down a second time."""
    return ("home", "home", "hospital-supervised", "severe", "severe", "severe")[score]


def expected(word: str) -> tuple[str, tuple[int, int]]:
    """Return the answer and the bounds of the score, from every way the unknown may turn out."""
    scores = {sum(items) for items in completions(signs(word))}
    return only({place(score) for score in scores}) or "assess_first", (min(scores), max(scores))


def wrong(guideline: Guideline) -> Iterator[str]:
    """Yield the rows of the whole table that a guideline answers otherwise."""
    return (w for w in ALL_THREE_VALUED if said(ask(guideline, patient(w))) != expected(w)[0])


def test_the_table_has_every_combination_once() -> None:
    assert len({word for word, _, _ in ROWS}) == len(ROWS) == 32


@pytest.mark.parametrize(("word", "score", "step"), ROWS)
def test_every_combination_of_the_five_items(word: str, score: int, step: str) -> None:
    given = ask(GUIDELINE, patient(word))
    assert said(given) == step
    assert given.evidence is not None
    assert given.evidence.verdicts["curb65_score"] == (score, score)
    assert given.missing == ()
    assert given.guideline.profile == "source"
    assert [n.id for n in given.notices] == (["consider-intensive-care"] if score > 3 else [])
    assert [c.id for c in given.citations] == ["lim-2003"]


@pytest.mark.parametrize("word", ALL_THREE_VALUED)
def test_with_items_unknown_the_interval_decides(word: str) -> None:
    answer, bounds = expected(word)
    given = ask(GUIDELINE, patient(word))
    assert said(given) == answer
    assert given.evidence is not None
    assert given.evidence.verdicts["curb65_score"] == bounds
    score = next(result for result in given.results if result.id == "curb65_score")
    assert (score.low, score.high) == bounds
    unknown = {
        path
        for item, fields in zip(signs(word), POSITIVE, strict=True)
        for path in fields
        if item is None
    }
    assert missing(given) == (unknown if answer == "assess_first" else set())
    if answer == "assess_first":
        assert [reason.rule for reason in given.reasons] == ["risk-decided"]
        assert given.possible == ()


BOUNDARIES: list[tuple[dict[str, object], int]] = [
    ({"severity__urea": 6.9}, 0),
    ({"severity__urea": 7}, 0),
    ({"severity__urea": 7.0001}, 1),
    ({"severity__urea": 7.1}, 1),
    ({"severity__urea": {"value": 7.0, "unit": "mmol/L"}}, 0),
    ({"severity__urea": {"value": 7.1, "unit": "mmol/L"}}, 1),
    ({"severity__urea": {"value": 19, "unit": "mg/dL"}}, 0),
    ({"severity__urea": {"value": 19.6, "unit": "mg/dL"}}, 0),  # 6.997 mmol/L
    ({"severity__urea": {"value": 19.7, "unit": "mg/dL"}}, 1),  # 7.033 mmol/L
    ({"severity__urea": {"value": 20, "unit": "mg/dL"}}, 1),
    ({"severity__respiratory_rate": 29}, 0),
    ({"severity__respiratory_rate": 30}, 1),
    ({"severity__respiratory_rate": 31}, 1),
    ({"severity__systolic": 89}, 1),
    ({"severity__systolic": 90}, 0),
    ({"severity__systolic": 91}, 0),
    ({"severity__diastolic": 59}, 1),
    ({"severity__diastolic": 60}, 1),
    ({"severity__diastolic": 61}, 0),
    ({"severity__systolic": 89, "severity__diastolic": 60}, 1),
    ({"severity__systolic": 89, "severity__diastolic": None}, 1),
    ({"severity__systolic": None, "severity__diastolic": 60}, 1),
    ({"person__birth_date": "1961-02-28"}, 1),
    ({"person__birth_date": "1961-03-01"}, 1),
    ({"person__birth_date": "1961-03-02"}, 0),
    # Born on 29 February: 65 comes in a common year, and is reached on 1 March.
    ({"person__birth_date": "1960-02-29", "visit__day": "2025-02-27"}, 0),
    ({"person__birth_date": "1960-02-29", "visit__day": "2025-02-28"}, 0),
    ({"person__birth_date": "1960-02-29", "visit__day": "2025-03-01"}, 1),
    ({"person__birth_date": "1960-02-28", "visit__day": "2025-02-28"}, 1),
    # Seen on 29 February.
    ({"person__birth_date": "1963-02-28", "visit__day": "2028-02-29"}, 1),
    ({"person__birth_date": "1963-03-01", "visit__day": "2028-02-29"}, 0),
    ({"person__birth_date": "1963-03-01", "visit__day": "2028-03-01"}, 1),
]


@pytest.mark.parametrize(("changes", "points"), BOUNDARIES)
def test_both_sides_of_every_line(changes: dict[str, object], points: int) -> None:
    given = ask(GUIDELINE, patient("-----", **changes))
    assert given.evidence is not None
    assert given.evidence.verdicts["curb65_score"] == (points, points)


@pytest.mark.parametrize(
    "changes",
    [
        {"severity__systolic": None},
        {"severity__diastolic": None},
        {"severity__systolic": None, "severity__diastolic": None},
    ],
)
def test_half_a_blood_pressure_is_no_normal_one(changes: dict[str, object]) -> None:
    given = ask(GUIDELINE, patient("+----", **changes))
    assert said(given) == "assess_first"
    assert missing(given) == {name.replace("__", ".") for name in changes}


def test_a_unit_that_is_not_known_is_refused() -> None:
    with pytest.raises(AssessmentError) as error:
        GUIDELINE.recommend(patient("-----", severity__urea={"value": 20, "unit": "mg/L"}))
    assert [problem.path for problem in error.value.problems] == ["severity.urea"]


def test_a_birth_after_the_visit_is_refused() -> None:
    with pytest.raises(AssessmentError) as error:
        GUIDELINE.recommend(patient("-----", person__birth_date="2026-03-02"))
    assert [problem.path for problem in error.value.problems] == ["person.birth_date"]


@pytest.mark.parametrize(
    ("birth", "answer"), [("2008-03-01", "home"), ("2008-03-02", "assess_first")]
)
def test_a_child_recorded_as_an_adult_is_a_conflict(birth: str, answer: str) -> None:
    given = ask(GUIDELINE, patient("-----", person__birth_date=birth))
    assert said(given) == answer
    assert [c.rule for c in given.conflicts] == (["adult-under-18"] if answer != "home" else [])


@pytest.mark.parametrize("word", ALL_THREE_VALUED)
def test_without_such_pneumonia_no_place_of_care_is_given(word: str) -> None:
    assert said(ask(GUIDELINE, patient(word, visit__adult_with_pneumonia=False))) == "not_eligible"
    unclear = ask(GUIDELINE, patient(word, visit__adult_with_pneumonia=None))
    assert said(unclear) == "assess_first"
    assert "visit.adult_with_pneumonia" in missing(unclear)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_cases(case: Case) -> None:
    assert check_cases(GUIDELINE, [case]) == []
    assert run_case(GUIDELINE, case) == ()


def test_the_table_is_right_of_the_guideline_as_written() -> None:
    assert list(wrong(GUIDELINE)) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("severity.confusion is present", "severity.confusion is absent"),
        ("severity.urea > 7,", "severity.urea >= 7,"),
        ("severity.urea > 7,", "severity.urea > 7.1,"),
        ("severity.respiratory_rate >= 30", "severity.respiratory_rate > 30"),
        ("severity.respiratory_rate >= 30", "severity.respiratory_rate >= 29"),
        ("severity.systolic < 90", "severity.systolic <= 90"),
        ("severity.systolic < 90", "severity.systolic < 89"),
        ("severity.diastolic <= 60", "severity.diastolic <= 61"),
        ("age_years >= 65", "age_years > 65"),
        ("age_years >= 65", "age_years >= 64"),
        ("curb65_score >= 3", "curb65_score >= 4"),
        ("curb65_score >= 2", "curb65_score >= 1"),
        ("points: 1, label: urea", "points: 2, label: urea"),
    ],
)
def test_the_table_finds_a_broken_line(tmp_path: Path, old: str, new: str) -> None:
    path = altered(HERE / "curb65", tmp_path, "findings.yaml", old, new)
    assert next(wrong(load_drifting(path, Curb65Assessment)), None) is not None
