"""The one parameter a site may set: after how many weeks a re-measurement is overdue."""

from __future__ import annotations

from pathlib import Path

import pytest

import guidestep
from guidestep import SettingError
from guidestep.cases import read_cases

FOLDER = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
GUIDELINE = guidestep.load(FOLDER)
FOUR_WEEKS = next(case.assessment for case in read_cases(FOLDER) if case.id == "motion-four-weeks")


@pytest.mark.parametrize(("weeks", "progresses"), [(2, False), (3.9, False), (4, True)])
def test_a_shorter_interval_only_holds_back(weeks: float, progresses: bool) -> None:
    answer = GUIDELINE.configure(reassessment_overdue_weeks=weeks).recommend(FOUR_WEEKS)
    assert ("progress" in {step.action.value for step in answer.steps}) is progresses
    overdue = "motion-overdue" in {notice.id for notice in answer.notices}
    assert overdue is not progresses


@pytest.mark.parametrize("weeks", [1.9, 4.1, 8])
def test_the_interval_stays_within_what_the_source_prints(weeks: float) -> None:
    with pytest.raises(SettingError):
        GUIDELINE.configure(reassessment_overdue_weeks=weeks)
