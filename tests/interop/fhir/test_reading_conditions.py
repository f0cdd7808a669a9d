"""Conditions, Procedures, reports and the Patient: findings, never their absence."""

from __future__ import annotations

from datetime import date

import pytest

from tests.interop.fhir.records import (
    CANONICAL,
    PATIENT,
    codes,
    condition,
    observation,
    read,
    report,
)

BLADDER = "neurologic.bladder_dysfunction"
HAND = "neurologic.hand_weakness_laterality"
GAIT = "neurologic.gait_instability"
DEFICIT = "scope.significant_neurologic_deficit"
AGE = "scope.age_years"

BLADDER_CODE, HAND_CODE = "40492006", "299042006"


@pytest.mark.parametrize("clinical", ["active", "recurrence", "relapse"])
def test_an_active_confirmed_condition_is_a_finding(clinical: str) -> None:
    reading = read(condition("c", BLADDER_CODE, clinical))
    assert reading.data[BLADDER] == "present"
    assert reading.provenance[BLADDER].resource == "Condition/c"
    assert not reading.problems


@pytest.mark.parametrize("clinical", ["inactive", "remission", "resolved"])
def test_what_is_over_says_nothing_of_now(clinical: str) -> None:
    reading = read(condition("c", BLADDER_CODE, clinical))
    assert BLADDER not in reading.data
    assert not reading.problems


def test_no_condition_is_no_absence() -> None:
    reading = read()
    assert not {BLADDER, HAND, GAIT, DEFICIT} & reading.data.keys()


@pytest.mark.parametrize(
    ("clinical", "verification"),
    [
        ("active", "provisional"),
        ("active", "differential"),
        ("active", "unconfirmed"),
        ("active", ""),
        ("active", "certain"),
        ("", "confirmed"),
        ("present", "confirmed"),
    ],
)
def test_what_is_not_confirmed_is_unknown_with_a_note(clinical: str, verification: str) -> None:
    doubtful = condition("c", BLADDER_CODE, clinical, verification)
    reading = read(doubtful)
    assert BLADDER not in reading.data
    assert codes(reading) == {"unconfirmed"}
    # It does not leave 'absent' standing either, and agrees with 'present'.
    assert BLADDER not in read(doubtful, observation("o", BLADDER, "absent")).data
    assert read(doubtful, observation("o", BLADDER, "present")).data[BLADDER] == "present"


def test_a_condition_that_was_entered_in_error_says_nothing() -> None:
    wrong = condition("c", BLADDER_CODE, "", "entered-in-error")
    reading = read(wrong, observation("o", BLADDER, "absent"))
    assert reading.data[BLADDER] == "absent"
    assert codes(reading) == {"entered-in-error"}


def test_active_and_ended_at_once_is_in_doubt() -> None:
    reading = read(condition("c", BLADDER_CODE, abatementDateTime="2026-01-01"))
    assert BLADDER not in reading.data
    assert codes(reading) == {"unconfirmed"}


@pytest.mark.parametrize("key", ["recordedDate", "onsetDateTime"])
def test_a_condition_after_the_visit_is_refused(key: str) -> None:
    reading = read(condition("c", BLADDER_CODE, **{key: "2026-03-03"}))
    assert BLADDER not in reading.data
    assert codes(reading) == {"future-dated"}


def test_a_condition_against_a_later_absence_is_a_conflict_that_names_both() -> None:
    reading = read(condition("c", BLADDER_CODE), observation("o", BLADDER, "absent"))
    assert BLADDER not in reading.data
    (problem,) = reading.problems
    assert problem.code == "conflict"
    assert problem.resource == "Condition/c, Observation/o"


def test_a_finding_stands_although_a_later_record_cannot_be_read() -> None:
    unreadable = observation("o", BLADDER, valueString="no")
    assert read(condition("c", BLADDER_CODE), unreadable).data[BLADDER] == "present"


def test_refuted_is_absent_only_where_the_mapping_says_so() -> None:
    path = "adjuncts.cervical_dystonia_diagnosis"
    refuted = condition("c", "74333002", "", "refuted", recordedDate="2026-02-20")
    assert read(refuted).data[path] == "absent"
    assert path not in read(refuted | {"recordedDate": "2027-01-01"}).data
    assert read(refuted, observation("o", path, "present")).data[path] == "present"
    assert BLADDER not in read(condition("c", BLADDER_CODE, "", "refuted")).data


# --- sides ----------------------------------------------------------------------------------------


def site(side: str) -> dict[str, object]:
    return {"bodySite": [{"coding": [CANONICAL.answer("cervical", side)]}]}


def test_left_and_right_together_are_both_sides() -> None:
    left, right = (condition(side, HAND_CODE, **site(side)) for side in ("left", "right"))
    assert read(left, right).data[HAND] == "bilateral"
    assert read(condition("c", HAND_CODE, **site("bilateral"))).data[HAND] == "bilateral"


def test_two_body_sites_of_one_condition_are_both_sides() -> None:
    sites = [{"coding": [CANONICAL.answer("cervical", side)]} for side in ("left", "right")]
    assert read(condition("c", HAND_CODE, bodySite=sites)).data[HAND] == "bilateral"


def test_one_side_says_nothing_of_the_other() -> None:
    left = condition("c", HAND_CODE, **site("left"))
    reading = read(left)
    assert HAND not in reading.data
    assert codes(reading) == {"undecided"}
    assert read(left, observation("o", HAND, "left")).data[HAND] == "left"
    assert read(left, observation("o", HAND, "bilateral")).data[HAND] == "bilateral"
    for other in ("right", "none"):
        reading = read(left, observation("o", HAND, other))
        assert HAND not in reading.data
        assert codes(reading) == {"conflict"}


def test_a_side_that_is_not_recorded_is_asked_for() -> None:
    reading = read(condition("c", HAND_CODE))
    assert HAND not in reading.data
    assert codes(reading) == {"side-not-recorded", "undecided"}
    assert HAND not in read(condition("c", HAND_CODE), observation("o", HAND, "none")).data


# --- what only suggests ---------------------------------------------------------------------------


def test_what_suggests_gives_no_value_and_lets_no_other_stand() -> None:
    myelopathy = condition("c", "202664003")
    reading = read(myelopathy)
    assert DEFICIT not in reading.data
    assert codes(reading) == {"suggested"}
    assert DEFICIT not in read(myelopathy, observation("o", DEFICIT, "absent")).data
    assert read(myelopathy, observation("o", DEFICIT, "present")).data[DEFICIT] == "present"


def test_compression_does_not_say_how_much() -> None:
    path = "neurologic.mri_cord_compression"
    compressed = condition("c", "71286001")
    assert path not in read(compressed).data
    assert path not in read(compressed, observation("o", path, "none")).data
    assert read(compressed, observation("o", path, "mild")).data[path] == "mild"


def test_tetraparesis_is_weakness_of_all_four_limbs() -> None:
    data = read(condition("c", "91327001")).data
    assert data["neurologic.ue_weakness_laterality"] == "bilateral"
    assert data["neurologic.le_symptoms"] == "present"


# --- reports --------------------------------------------------------------------------------------


def test_a_report_says_that_and_when_it_was_done() -> None:
    reading = read(report("r", "2026-02-16"), report("old", "2024-01-01T10:00:00Z"))
    assert reading.data["neurologic.mri_status"] == "done"
    assert reading.data["neurologic.mri_date"] == date(2026, 2, 16)
    assert reading.provenance["neurologic.mri_date"].resource == "DiagnosticReport/r"


def test_a_report_against_a_record_that_it_was_not_done() -> None:
    reading = read(report("r", "2026-02-16"), observation("o", "neurologic.mri_status", "not_done"))
    assert "neurologic.mri_status" not in reading.data
    assert codes(reading) == {"conflict"}


def test_reports_of_one_day_agree_and_other_days_contradict() -> None:
    path = "neurologic.mri_date"
    same = read(report("r", "2026-02-16"), observation("o", path, date(2026, 2, 16)))
    assert same.data[path] == date(2026, 2, 16)
    other = read(report("r", "2026-02-16"), observation("o", path, date(2026, 2, 17)))
    assert path not in other.data


def test_a_day_that_cannot_be_read_is_not_taken_from_elsewhere() -> None:
    path = "neurologic.mri_date"
    unreadable = observation("o", path, valueString="last month")
    assert path not in read(report("r", "2026-02-16"), unreadable).data


def test_a_report_that_is_not_final_is_in_doubt() -> None:
    reading = read(report("r", "2026-02-16", status="preliminary"))
    assert not {"neurologic.mri_status", "neurologic.mri_date"} & reading.data.keys()
    assert codes(reading) == {"not-final"}


def test_a_report_without_a_day() -> None:
    reading = read(report("r", "2026-02"))
    assert reading.data["neurologic.mri_status"] == "done"
    assert "neurologic.mri_date" not in reading.data
    assert codes(reading) == {"imprecise-date"}


# --- the patient ----------------------------------------------------------------------------------


def person(**more: object) -> dict[str, object]:
    return {"resourceType": "Patient", "id": "1"} | more


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("1974-03-02", 52),
        ("1974-03-03", 51),
        ("2008-02-29", 18),
        ("1973", None),
        ("1974-02", 52),
        ("1974-03", None),
        ("2026-03-02", 0),
        ("1905-01-01", None),
        ("2026-03-03", None),
        ("soon", None),
    ],
)
def test_age_in_completed_years_on_the_day_of_the_visit(born: str, age: int | None) -> None:
    reading = read(person(birthDate=born))
    assert reading.data.get(AGE) == age
    assert bool(reading.problems) == (age is None)


def test_the_patient_is_this_one() -> None:
    reading = read(person(id="2", birthDate="1974-03-02"))
    assert AGE not in reading.data
    assert codes(reading) == {"not-this-patient"}


def test_an_age_that_contradicts_the_date_of_birth_is_unknown() -> None:
    reading = read(person(birthDate="1974-03-02"), observation("o", AGE, 51))
    assert AGE not in reading.data
    assert codes(reading) == {"conflict"}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"deceasedBoolean": True}, "deceased"),
        ({"deceasedDateTime": "2026-01-01"}, "deceased"),
        ({"link": [{"type": "replaced-by", "other": {"reference": PATIENT}}]}, "replaced"),
    ],
)
def test_the_record_of_somebody_dead_or_replaced_is_told(
    more: dict[str, object], code: str
) -> None:
    assert codes(read(person(**more))) == {code}
    assert not codes(read(person(deceasedBoolean=False)))
