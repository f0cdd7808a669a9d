"""Dates: their forms, their order, and the clock that the library never reads."""

from datetime import date, datetime

import pytest

from guidestep.assessment import AssessmentError, CervicalAssessment
from tests.strategies.assessments import changed, minimal

MRI = "neurologic.mri_date: date of the MRI: got "
DAY = ", allowed is a date written YYYY-MM-DD"


def problem(data, **options):
    with pytest.raises(AssessmentError) as error:
        CervicalAssessment.read(data, **options)
    (only,) = error.value.problems
    return only


@pytest.mark.parametrize("form", [date(2026, 2, 1), "2026-02-01"])
def test_the_two_forms_of_a_date(form):
    read = CervicalAssessment.read(changed(minimal(), neurologic__mri_date=form))
    assert read.neurologic.mri_date == date(2026, 2, 1)
    assert type(read.neurologic.mri_date) is date


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("2026-02-30", "there is no such day in the calendar"),
        ("2026-2-1", "write it as 2026-03-01"),
        ("20260201", "write it as 2026-03-01"),
        ("2026-W05-7", "write it as 2026-03-01"),
        ("01.02.2026", "write it as 2026-03-01"),
        ("2026/02/01", "write it as 2026-03-01"),
        ("2026-02-01T00:00:00", "write it as 2026-03-01"),
        ("abcd-ef-gh", "write it as 2026-03-01"),
        ("1769904000", "write it as 2026-03-01"),
        ("", "write it as 2026-03-01"),
        (20260201, 'write it as "2026-03-01"'),
        (1769904000.0, 'write it as "2026-03-01"'),
        (True, 'write it as "2026-03-01"'),
        (b"2026-02-01", 'write it as "2026-03-01"'),
        (datetime(2026, 2, 1), "give the date alone: 2026-02-01"),
        (datetime(2026, 2, 1, 8, 30), "give the date alone: 2026-02-01"),
        (
            "not_assessed",
            "leave the field out, or give null, and say why in data_absent_reasons",
        ),
    ],
)
def test_what_is_no_date(given, hint):
    found = problem(changed(minimal(), neurologic__mri_date=given))
    assert str(found) == f"{MRI}{given!r}{DAY}\n  hint: {hint}"
    assert found.code == "not-a-date"


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("encounter.program_start_date", "start of the programme"),
        ("neurologic.mri_date", "date of the MRI"),
    ],
)
@pytest.mark.parametrize("careful", [False, True])
def test_a_date_after_the_assessment_is_an_error(field, label, careful):
    data = changed(minimal(), **{field.replace(".", "__"): "2026-03-01"})
    CervicalAssessment.read(data)
    data = changed(minimal(), **{field.replace(".", "__"): "2026-03-02"})
    if careful:
        data["measures.current_pain_vas_mm"] = 3
    found = problem(data)
    assert found.code == "date-order"
    assert str(found) == (
        f"{field}: {label}: got 2026-03-02, which is after encounter.assessment_date "
        "(2026-03-01)\n  hint: check both dates"
    )


@pytest.mark.parametrize("careful", [False, True])
def test_an_assessment_after_today_is_an_error_only_where_today_is_given(careful):
    data = minimal() | ({"measures.current_pain_vas_mm": 3} if careful else {})
    CervicalAssessment.read(data)
    CervicalAssessment.read(data, today=date(2026, 3, 1))
    found = problem(data, today=date(2026, 2, 28))
    assert found.code == "date-order"
    assert str(found) == (
        "encounter.assessment_date: date of the assessment: got 2026-03-01, which is after "
        "today (2026-02-28)\n  hint: check both dates"
    )


def test_weeks_since_the_start_follow_from_the_dates():
    data = changed(minimal(), encounter__program_start_date="2026-01-18")
    assert CervicalAssessment.read(data).program.weeks_since_program_start == 6.0
    data = changed(minimal(), encounter__program_start_date="2026-02-28")
    assert CervicalAssessment.read(data).program.weeks_since_program_start == 1 / 7


def test_weeks_that_were_entered_are_kept_although_the_dates_disagree():
    data = changed(
        minimal(),
        encounter__program_start_date="2026-01-18",
        program__weeks_since_program_start=2,
    )
    assert CervicalAssessment.read(data).program.weeks_since_program_start == 2.0
