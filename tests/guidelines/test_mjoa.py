"""mJOA severity: bands over a total that is entered, or summed from four sub-scores."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest

from guidestep import Guideline
from guidestep.cases import Case, check_cases, read_cases, run_case
from tests.drifting import load_drifting
from tests.guidelines.instruments import HERE, altered, ask, load, missing, said
from tests.guidelines.models import MjoaAssessment

GUIDELINE = load("mjoa", MjoaAssessment)
CASES = read_cases(HERE / "mjoa")

Points = tuple[int | None, ...]

PARTS = ("mjoa.arms", "mjoa.legs", "mjoa.sensation", "mjoa.sphincter")
MOST = (5, 7, 3, 3)
GRID: list[Points] = list(product(*(range(most + 1) for most in MOST)))

TABLE = [
    *((total, "severe-impairment") for total in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)),
    *((total, "moderate-impairment") for total in (12, 13, 14)),
    *((total, "mild-impairment") for total in (15, 16, 17)),
    (18, "no-deficit"),
]
CATEGORY = dict(TABLE)


def patient(points: Points = (), total: int | None = None) -> dict[str, object]:
    """Return the person with these sub-scores and this total."""
    given: dict[str, object] = {"diagnosis.degenerative_cervical_myelopathy": True}
    given |= dict(zip(PARTS, points, strict=False))
    return given | {"mjoa.total": total}


def reach(points: Points) -> range:
    """Return the totals that known sub-scores leave possible."""
    known = sum(p for p in points if p is not None)
    return range(known, known + sum(m for p, m in zip(points, MOST, strict=True) if p is None) + 1)


def unknown(points: Points) -> set[str]:
    """Return the fields of the sub-scores that are not known."""
    return {path for path, p in zip(PARTS, points, strict=True) if p is None}


def wrong(guideline: Guideline) -> Iterator[object]:
    """Yield the rows of the whole table that a guideline answers otherwise."""
    for total, category in TABLE:
        if said(ask(guideline, patient(total=total))) != category:
            yield total
    for points in GRID:
        (total,) = reach(points)
        if said(ask(guideline, patient(points))) != CATEGORY[total]:
            yield points
        if said(ask(guideline, patient(points, (total + 1) % 19))) != "assess_first":
            yield points, total


def test_the_grid_has_768_rows() -> None:
    assert len(set(GRID)) == len(GRID) == 6 * 8 * 4 * 4 == 768
    assert sorted(CATEGORY) == list(range(19))


@pytest.mark.parametrize(("total", "category"), TABLE)
def test_every_total(total: int, category: str) -> None:
    given = ask(GUIDELINE, patient(total=total))
    assert said(given) == category
    assert given.missing == ()
    assert given.guideline.profile == "source"


@pytest.mark.parametrize("points", GRID, ids=lambda points: "-".join(map(str, points)))
def test_every_set_of_sub_scores(points: Points) -> None:
    (total,) = reach(points)
    given = ask(GUIDELINE, patient(points))
    assert said(given) == CATEGORY[total]
    assert given.conflicts == ()
    assert given.evidence is not None
    assert given.evidence.assessment.value("mjoa.total") == total
    assert given.evidence.verdicts["sub_score_points"] == (total, total)


@pytest.mark.parametrize("points", GRID, ids=lambda points: "-".join(map(str, points)))
def test_a_total_that_is_not_the_sum_is_a_conflict(points: Points) -> None:
    (total,) = reach(points)
    assert said(ask(GUIDELINE, patient(points, total))) == CATEGORY[total]
    for entered in {total - 1, total + 1, 18 - total} & set(range(19)) - {total}:
        given = ask(GUIDELINE, patient(points, entered))
        assert said(given) == "assess_first"
        assert [c.rule for c in given.conflicts] == ["total-disagrees"]


@pytest.mark.parametrize("holes", list(product((False, True), repeat=4))[1:])
def test_sub_scores_partly_unknown_do_not_make_a_total(holes: tuple[bool, ...]) -> None:
    values = [(None,) if hole else range(m + 1) for hole, m in zip(holes, MOST, strict=True)]
    for points in product(*values):
        given = ask(GUIDELINE, patient(points))
        assert said(given) == "assess_first", points
        assert missing(given) == {"mjoa.total", *unknown(points)}, points
        assert [reason.rule for reason in given.reasons] == ["impairment-decided"]


@pytest.mark.parametrize("entered", range(19))
def test_a_total_decides_unless_what_is_known_of_its_parts_rules_it_out(entered: int) -> None:
    for points in product((None, 0, 5), (None, 0, 7), (None, 1, 3), (None, 0, 3)):
        given = ask(GUIDELINE, patient(points, entered))
        possible = entered in reach(points)
        assert said(given) == (CATEGORY[entered] if possible else "assess_first"), points
        assert bool(given.conflicts) is not possible, points


def test_a_total_recorded_as_not_asked_is_not_filled() -> None:
    """Whoever says why the total is missing is believed; it is asked for, and nothing is given."""
    given = ask(
        GUIDELINE, patient((4, 6, 2, 3)) | {"data_absent_reasons": {"mjoa.total": "not-asked"}}
    )
    assert said(given) == "assess_first"
    assert missing(given) == {"mjoa.total"}


@pytest.mark.parametrize("total", range(19))
def test_without_the_diagnosis_no_category_is_given(total: int) -> None:
    name = "diagnosis.degenerative_cervical_myelopathy"
    assert said(ask(GUIDELINE, patient(total=total) | {name: False})) == "not_eligible"
    unclear = ask(GUIDELINE, patient(total=total) | {name: None})
    assert said(unclear) == "assess_first"
    assert missing(unclear) == {name}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_the_cases(case: Case) -> None:
    assert check_cases(GUIDELINE, [case]) == []
    assert run_case(GUIDELINE, case) == ()


def test_the_table_is_right_of_the_guideline_as_written() -> None:
    assert list(wrong(GUIDELINE)) == []


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("findings.yaml", "mjoa.total <= 11", "mjoa.total < 11"),
        ("findings.yaml", "mjoa.total <= 11", "mjoa.total <= 12"),
        ("findings.yaml", "mjoa.total <= 14", "mjoa.total <= 13"),
        ("findings.yaml", "mjoa.total <= 14", "mjoa.total <= 15"),
        ("findings.yaml", "mjoa.total <= 17", "mjoa.total <= 16"),
        ("findings.yaml", "mjoa.total <= 17", "mjoa.total == 17"),
        ("findings.yaml", "mjoa.legs >= 7", "mjoa.legs >= 6"),
        ("conflicts.yaml", "sub_score_points != mjoa.total", "sub_score_points > mjoa.total"),
    ],
)
def test_the_table_finds_a_broken_line(tmp_path: Path, file: str, old: str, new: str) -> None:
    path = altered(HERE / "mjoa", tmp_path, file, old, new)
    broken = load_drifting(path, MjoaAssessment)
    assert next(wrong(broken), None) is not None
