"""Reasons for what is missing."""

from types import MappingProxyType

import pytest
from pydantic import ValidationError

from guidestep.assessment import AssessmentError, CervicalAssessment, DataAbsentReason
from tests.strategies.assessments import changed, minimal


def read(reasons, **fields):
    data = changed(minimal(), **fields)
    return CervicalAssessment.read({**data, "data_absent_reasons": reasons})


def problem(reasons, **fields):
    with pytest.raises(AssessmentError) as error:
        read(reasons, **fields)
    (only,) = error.value.problems
    return only


def test_the_codes_are_those_of_fhir():
    assert [reason.value for reason in DataAbsentReason] == [
        "not-asked",
        "asked-unknown",
        "asked-declined",
        "not-performed",
        "unable",
    ]


@pytest.mark.parametrize("code", [*DataAbsentReason, *(r.value for r in DataAbsentReason)])
def test_a_reason_is_kept_beside_the_unknown(code):
    assessment = read({"neurologic.mri_date": code})
    assert assessment.neurologic.mri_date is None
    assert assessment.data_absent_reasons == {"neurologic.mri_date": DataAbsentReason(code)}
    assert isinstance(assessment.data_absent_reasons["neurologic.mri_date"], DataAbsentReason)
    assert assessment.to_dict()["data_absent_reasons"] == {"neurologic.mri_date": code}
    assert type(assessment.to_dict()["data_absent_reasons"]["neurologic.mri_date"]) is str


@pytest.mark.parametrize("none", [None, {}, MappingProxyType({})])
def test_no_reasons(none):
    assert read(none).data_absent_reasons == {}
    assert "data_absent_reasons" not in read(none).to_dict()


def test_a_reason_for_a_value_that_is_known():
    found = problem({"scope.age_years": "not-asked"}, scope__age_years=0)
    assert found.code == "absent-reason"
    assert str(found) == (
        "scope.age_years: age: got 0 and the data-absent reason not-asked, "
        "allowed is one of the two\n  hint: remove the reason, or the value"
    )


def test_a_reason_for_a_field_that_does_not_exist():
    found = problem({"scope.age": "not-asked"})
    assert found.code == "absent-reason"
    assert str(found) == (
        "scope.age: data_absent_reasons: there is no field scope.age\n"
        "  hint: did you mean 'scope.age_years'?"
    )


def test_a_reason_that_is_no_code():
    found = problem({"scope.age_years": "not asked"})
    assert found.code == "absent-reason"
    assert str(found) == (
        "scope.age_years: age: got the data-absent reason 'not asked', allowed is one of "
        "not-asked, asked-unknown, asked-declined, not-performed, unable\n"
        "  hint: did you mean 'not-asked'?"
    )
    assert problem({"scope.age_years": None}).code == "absent-reason"


def test_reasons_that_are_no_mapping():
    found = problem(["scope.age_years"])
    assert found.code == "wrong-shape"
    assert str(found) == (
        "data_absent_reasons: got ['scope.age_years'], allowed is a mapping of field paths to "
        'reasons\n  hint: write {"encounter.care_stage": "not-asked"}'
    )
    assert str(problem({3: "not-asked"})) == (
        "data_absent_reasons: got the key 3, allowed are names in text"
    )


def test_a_reason_keeps_a_derived_field_unknown():
    path = "program.weeks_since_program_start"
    start = {"encounter__program_start_date": "2026-01-18"}
    assert read({}, **start).value(path) == 6.0
    assert read({path: "asked-unknown"}, **start).value(path) is None


def test_the_constructor_checks_reasons_too():
    known = CervicalAssessment.read(changed(minimal(), scope__age_years=50))
    sections = {name: getattr(known, name) for name in ("encounter", "neurologic", "program")}
    with pytest.raises(ValidationError, match="allowed is one of the two"):
        CervicalAssessment(
            **sections, scope=known.scope, data_absent_reasons={"scope.age_years": "unable"}
        )
