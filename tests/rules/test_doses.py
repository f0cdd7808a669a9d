"""What is really done against the printed range of a dose: just inside, on the line, outside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import guidestep
from guidestep import Outcome
from guidestep.cases import read_cases

FOLDER = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
GUIDELINE = guidestep.load(FOLDER)
WEEK_THREE = next(case.assessment for case in read_cases(FOLDER) if case.id == "week-three")

RANGES = [
    ("M1", "program.stretch_sessions_per_week", 2, 3, 0.5),
    ("M1", "program.stretch_repetitions", 3, 4, 1),
    ("M1", "program.stretch_hold_s", 10, 30, 0.5),
    ("M1", "program.stretch_rest_s", 30, 60, 0.5),
    ("R1", "program.resistance_intensity_percent_1rm", 40, 40, 0.5),
    ("R1", "program.reps_completed", 10, 15, 1),
    ("R1", "program.resistance_days_per_week", 2, 3, 0.5),
    ("R2", "program.resistance_intensity_percent_1rm", 41, 60, 0.5),
    ("R2", "program.reps_completed", 8, 10, 1),
    ("R2", "program.resistance_days_per_week", 2, 3, 0.5),
]


def cautioned(step: str, path: str, value: float | None) -> bool:
    """Whether the dose is cautioned about in the third week, at this step."""
    patient: dict[str, dict[str, object]] = {
        section: dict(part) for section, part in WEEK_THREE.items() if isinstance(part, Mapping)
    }
    if step == "R2":
        patient["program"] |= {
            "resistance_step": "R2",
            "resistance_intensity_percent_1rm": 50,
            "reps_completed": 9,
        }
    patient["program"][path.partition(".")[2]] = value
    answer = GUIDELINE.recommend(patient)
    assert answer.outcome is Outcome.RECOMMEND, "a dose never blocks"
    return any(
        reason.step == step and path in {seen.path for seen in reason.seen}
        for reason in answer.cautions
    )


@pytest.mark.parametrize(("step", "path", "low", "high", "by"), RANGES)
def test_both_ends_of_a_range_are_within_it(
    step: str, path: str, low: float, high: float, by: float
) -> None:
    assert not cautioned(step, path, low)
    assert not cautioned(step, path, high)


@pytest.mark.parametrize(("step", "path", "low", "high", "by"), RANGES)
def test_beyond_either_end_there_is_a_caution(
    step: str, path: str, low: float, high: float, by: float
) -> None:
    assert cautioned(step, path, low - by)
    assert cautioned(step, path, high + by)


@pytest.mark.parametrize(("step", "path", "low", "high", "by"), RANGES)
def test_what_is_not_recorded_is_neither_within_nor_outside(
    step: str, path: str, low: float, high: float, by: float
) -> None:
    assert not cautioned(step, path, None)


def test_only_the_current_step_is_checked() -> None:
    assert not cautioned("R1", "program.stretch_hold_s", 5)
    assert cautioned("M1", "program.stretch_hold_s", 5)


def test_the_ranges_are_those_of_the_guideline() -> None:
    checked = {
        (step.id, dose.check, dose.low, dose.high)
        for step in GUIDELINE.steps.values()
        for dose in step.dose
        if dose.check is not None
    }
    assert checked == {(step, path, low, high) for step, path, low, high, _ in RANGES}
