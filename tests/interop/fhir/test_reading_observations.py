"""Observations: values, units, reasons, windows, statuses, and what contradicts what."""

from __future__ import annotations

import sys
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from guidestep.assessment import AssessmentError
from guidestep.interop.fhir.reading import units
from tests.interop.fhir.records import (
    ABSENT,
    CANONICAL,
    FIELDS,
    ON,
    SNOMED,
    answer,
    codes,
    concept,
    observation,
    quantity,
    read,
    vas,
)

GAIT = "neurologic.gait_instability"
PAIN = "measures.current_pain_vas_mm"
BLADDER = "neurologic.bladder_dysfunction"


def test_every_field_is_read_by_its_own_code() -> None:
    for path, spec in FIELDS.items():
        value: object = spec.members[-1] if spec.members else 5
        if spec.kind == "date":
            value = ON if path == "encounter.assessment_date" else date(2026, 2, 16)
        if spec.kind == "text":
            value = "numb thumb"
        reading = read(observation("o", path, value))
        assert reading.data[path] == value, path
        assert reading.provenance[path].resource == "Observation/o"
        assert not reading.problems, path


def test_a_value_keeps_where_it_comes_from() -> None:
    reading = read(vas("v", 4.6, "cm", meta={"versionId": "3"}))
    found = reading.provenance[PAIN]
    assert (found.resource, found.date, found.recorded, found.version) == (
        "Observation/v",
        ON,
        "4.6 cm",
        "3",
    )
    assert reading.data[PAIN] == 46
    assert reading.sources[PAIN] == "Observation/v"


# --- quantities -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "code", "expected"),
    [
        (46, "mm", 46),
        (4.6, "cm", 46),
        (Decimal("4.6"), "cm", 46),
    ],
)
def test_a_visual_analogue_scale_in_its_units(value: object, code: str, expected: float) -> None:
    assert read(vas("v", value, code)).data[PAIN] == expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (quantity(5, "{score}"), "unit"),
        (quantity(5, "1"), "unit"),
        (quantity(0.046, "m"), "unit"),
        (quantity(5, "deg"), "unit"),
        (quantity(5, "°"), "unit"),
        (quantity(5, "x" * 10_000), "unit"),
        ({"value": 46, "unit": "mm"}, "unit-not-coded"),
        ({"value": 46, "code": "mm"}, "unit-not-coded"),
        ({"value": 46, "code": "mm", "system": "http://local.example/units"}, "unit-not-coded"),
        (quantity(46, "mm", comparator="<"), "comparator"),
        (quantity(46, "mm", comparator=None), "comparator"),
        (quantity(460, "mm"), "out-of-range"),
        (quantity(-1, "mm"), "out-of-range"),
        (quantity(10**400, "mm"), "out-of-range"),
        (quantity("46", "mm"), "no-value"),
        (quantity(True, "mm"), "no-value"),
        (quantity(float("nan"), "mm"), "wrong-type"),
        (quantity(None, "mm"), "no-value"),
        (None, "malformed"),
        ([46], "malformed"),
        ({}, "no-value"),
    ],
)
def test_a_quantity_that_is_not_certain_is_unknown_and_told(given: Any, code: str) -> None:
    reading = read(vas("v", 1, valueQuantity=given))
    assert PAIN not in reading.data
    problem = next(p for p in reading.problems if p.path == PAIN)
    assert problem.code == code
    assert problem.resource == "Observation/v"
    assert problem.severity == "error"


def test_a_numeric_rating_is_no_visual_analogue_scale() -> None:
    """LOINC 72514-3, 0 to 10, is another instrument: it is not read at all."""
    rating = vas("v", 5, "{score}") | {"code": concept("http://loinc.org", "72514-3")}
    assert PAIN not in read(rating).data


@pytest.mark.parametrize(
    ("path", "given", "expected"),
    [
        ("measures.current_cervical_flexion_deg", quantity(0.5, "rad"), 28.6478897565),
        ("measures.current_cervical_flexion_deg", quantity(0.5, "1"), None),
        ("measures.current_cervical_flexion_deg", quantity(50, "%"), None),
        ("scope.age_years", quantity(624, "mo"), 52),
        ("scope.age_years", quantity(52.5, "a"), None),
        ("scope.space_available_for_cord_mm", quantity(0.5, "[in_i]"), 12.7),
        ("adjuncts.creatinine_clearance_ml_min", quantity(6, "L/h"), 100),
        ("adjuncts.creatinine_clearance_ml_min", quantity(60, "mL/min/{1.73_m2}"), None),
        ("program.stretch_sessions_per_week", quantity(1, "/d"), 7),
        ("program.resistance_days_per_week", quantity(2, "/wk"), None),
        ("program.resistance_days_per_week", quantity(2, "1"), None),
        ("program.resistance_days_per_week", quantity(0.001, "10*3"), None),
        ("program.resistance_days_per_week", quantity(12, "h/d"), 3.5),
        ("program.sessions_completed", quantity(3, "1"), 3),
        ("program.sessions_completed", quantity(3, "{repetition}"), None),
        ("program.resistance_intensity_percent_1rm", quantity(0.4, "1"), 40),
        ("program.resistance_intensity_percent_1rm", quantity(0.4, "{score}"), None),
        ("neurologic.mjoa_total", quantity(50, "%"), None),
        ("program.weeks_since_program_start", quantity(14, "d"), 2),
    ],
)
def test_units_convert_where_they_surely_do(path: str, given: Any, expected: float | None) -> None:
    reading = read(observation("o", path, valueQuantity=given))
    assert reading.data.get(path) == expected
    assert (expected is None) == bool(codes(reading, path))


def test_without_the_extra_an_odd_unit_is_unknown_and_the_extra_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = "adjuncts.creatinine_clearance_ml_min"
    monkeypatch.setitem(sys.modules, "ucumvert", None)
    units._registry.cache_clear()
    units.conversion.cache_clear()
    reading = read(observation("o", path, valueQuantity=quantity(6, "L/h")))
    assert path not in reading.data
    (problem,) = reading.problems
    assert problem.code == "unit"
    assert "pip install 'guidestep[fhir]'" in problem.hint
    # The units that the field declares need no extra.
    assert read(vas("v", 4.6, "cm")).data[PAIN] == 46
    monkeypatch.undo()
    units.prepare()
    assert read(observation("o", path, valueQuantity=quantity(6, "L/h"))).data[path] == 100


def test_a_number_without_a_unit_counts_only_for_counts() -> None:
    assert read(observation("o", "neurologic.mjoa_total", valueInteger=18)).data
    reading = read(observation("o", PAIN, valueInteger=46))
    assert codes(reading, PAIN) == {"unit-not-coded"}


# --- codes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {"valueCodeableConcept": concept(SNOMED, "52101004")},
        {"valueCodeableConcept": concept(CANONICAL.answers("cervical"), "none")},
        {"valueCodeableConcept": {"text": "absent"}},
        {"valueCodeableConcept": {"coding": [{"code": "absent"}]}},
        {
            "valueCodeableConcept": {
                "coding": [
                    CANONICAL.answer("cervical", "absent"),
                    CANONICAL.answer("cervical", "present"),
                ]
            }
        },
    ],
)
def test_an_answer_that_is_not_known_is_unknown(given: Any) -> None:
    reading = read(observation("o", GAIT, **given))
    assert GAIT not in reading.data
    assert codes(reading, GAIT) == {"unknown-answer"}


@pytest.mark.parametrize(
    "given",
    [
        {"valueString": "absent"},
        {"valueBoolean": False},
        {"valueQuantity": quantity(0, "1")},
        {"valueDateTime": "2026-03-02"},
        {"valueCodeableConcept": "absent"},
        {"valueElse": None},
    ],
)
def test_a_value_of_another_kind_is_never_translated(given: Any) -> None:
    reading = read(observation("o", GAIT, **given))
    assert GAIT not in reading.data
    assert codes(reading, GAIT) == {"wrong-type"}


def test_a_truth_counts_where_the_mapping_says_what_it_means() -> None:
    unsteady = {"code": concept(SNOMED, "22631008")}
    for given, expected in ((True, "present"), (False, "absent")):
        reading = read(observation("o", GAIT, **unsteady, valueBoolean=given))
        assert reading.data[GAIT] == expected


def test_two_values_in_one_element_are_none() -> None:
    reading = read(observation("o", GAIT, "absent", valueBoolean=True))
    assert GAIT not in reading.data
    assert "malformed" in codes(reading, GAIT)


def test_components_are_read_and_a_panel_needs_no_value_of_its_own() -> None:
    parts = [
        {
            "code": {"coding": [CANONICAL.field("cervical", f"neurologic.hoffmann_{side}")]},
            "valueCodeableConcept": answer(result),
        }
        for side, result in (("left", "negative"), ("right", "positive"))
    ]
    reading = read(observation("o", GAIT, code=concept("x:y", "panel"), component=parts))
    assert reading.data["neurologic.hoffmann_left"] == "negative"
    assert reading.data["neurologic.hoffmann_right"] == "positive"
    assert not reading.problems


def test_an_observation_without_a_value_is_told() -> None:
    assert codes(read(observation("o", GAIT)), GAIT) == {"no-value"}


# --- reasons --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code", ["not-asked", "asked-unknown", "asked-declined", "not-performed", "unable"]
)
def test_a_reason_for_being_absent_is_kept_and_no_value_is_made(code: str) -> None:
    reading = read(observation("o", GAIT, dataAbsentReason=concept(ABSENT, code)))
    assert GAIT not in reading.data
    assert reading.data["data_absent_reasons"] == {GAIT: code}
    assert not reading.problems


@pytest.mark.parametrize("code", ["unknown", "masked", "error", "not-permitted", "else"])
def test_other_reasons_are_told(code: str) -> None:
    reading = read(observation("o", GAIT, dataAbsentReason=concept(ABSENT, code)))
    assert "data_absent_reasons" not in reading.data
    assert codes(reading, GAIT) == {"absent-reason"}


def test_a_value_and_a_reason_together_are_neither() -> None:
    reason = {"dataAbsentReason": concept(ABSENT, "not-asked")}
    reading = read(observation("o", GAIT, "absent", **reason))
    assert not reading.data.keys() & {GAIT, "data_absent_reasons"}
    assert codes(reading, GAIT) == {"malformed"}


def test_the_newest_record_says_why_it_is_absent_and_an_older_value_does_not_count() -> None:
    reading = read(
        observation("a", GAIT, "absent", "2026-03-01"),
        observation("b", GAIT, dataAbsentReason=concept(ABSENT, "asked-declined")),
    )
    assert GAIT not in reading.data
    assert reading.data["data_absent_reasons"] == {GAIT: "asked-declined"}


# --- time -----------------------------------------------------------------------------------------


def test_the_newest_counts() -> None:
    reading = read(
        observation("a", GAIT, "present", "2026-03-02T08:00:00+01:00"),
        observation("b", GAIT, "absent", "2026-03-02T09:00:00+01:00"),
        observation("c", GAIT, "present", "2026-03-01"),
    )
    assert reading.data[GAIT] == "absent"
    assert not reading.problems


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-03-02", "2026-03-02"),
        ("2026-03-02", "2026-03-02T09:00:00Z"),
        ("2026-03-02T09:00:00Z", "2026-03-02T10:00:00+01:00"),
    ],
)
def test_two_values_equally_recent_are_a_conflict_that_names_both(first: str, second: str) -> None:
    reading = read(
        observation("a", GAIT, "absent", first), observation("b", GAIT, "present", second)
    )
    assert GAIT not in reading.data
    (problem,) = reading.problems
    assert problem.code == "conflict"
    assert problem.resource == "Observation/a, Observation/b"


def test_two_that_agree_are_no_conflict() -> None:
    reading = read(observation("b", GAIT, "absent"), observation("a", GAIT, "absent"))
    assert reading.data[GAIT] == "absent"
    assert reading.provenance[GAIT].resource == "Observation/a"


def test_what_is_too_old_is_unknown_and_told() -> None:
    reading = read(observation("a", GAIT, "absent", "2026-02-20"))
    assert GAIT not in reading.data
    (problem,) = reading.problems
    assert (problem.code, problem.severity) == ("stale", "warning")
    assert "2026-02-20" in problem.message


@pytest.mark.parametrize(
    ("path", "value", "last", "too_old"),
    [
        (GAIT, "absent", "2026-03-01", "2026-02-28"),
        (PAIN, 46, "2026-02-02", "2026-02-01"),
        ("scope.pll_extent_clinician_grade", "minor", "2025-03-02", "2025-03-01"),
        ("program.weeks_since_program_start", 2, "2026-03-02", "2026-03-01"),
    ],
)
def test_windows(path: str, value: object, last: str, too_old: str) -> None:
    assert path in read(observation("a", path, value, last)).data
    assert path not in read(observation("a", path, value, too_old)).data


@pytest.mark.parametrize("day", ["2026-03-03", "2026-03-03T00:00:00Z", "2026-04", "2027"])
def test_what_lies_after_the_visit_is_refused(day: str) -> None:
    reading = read(observation("a", GAIT, "absent", day))
    assert GAIT not in reading.data
    assert codes(reading) == {"future-dated"}


@pytest.mark.parametrize("day", ["2026", "2026-03", "yesterday", "2026-02-30", "20260302", ""])
def test_a_day_that_is_not_known_does_not_count(day: str) -> None:
    reading = read(observation("a", GAIT, "absent", day))
    assert GAIT not in reading.data
    assert codes(reading) == {"imprecise-date"}


def test_an_undated_record_keeps_an_other_one_from_being_the_newest() -> None:
    undated = observation("a", GAIT, "present", "")
    reading = read(undated, observation("b", GAIT, "absent"))
    assert GAIT not in reading.data


def test_a_period_counts_until_its_end() -> None:
    period = {"effectivePeriod": {"start": "2026-03-01", "end": "2026-03-02"}}
    body = observation("a", GAIT, "absent", **period)
    del body["effectiveDateTime"]
    assert read(body).data[GAIT] == "absent"
    del body["effectivePeriod"]
    body["issued"] = "2026-03-02T10:00:00Z"
    assert read(body).data[GAIT] == "absent"


def test_a_newer_value_that_cannot_be_read_hides_the_older_one() -> None:
    older = observation("a", GAIT, "absent", "2026-03-01")
    newer = observation("b", GAIT, valueCodeableConcept=concept(SNOMED, "52101004"))
    assert GAIT not in read(older, newer).data
    assert read(older).data[GAIT] == "absent"


# --- baseline -------------------------------------------------------------------------------------

BASELINE = "measures.baseline_pain_vas_mm"


def test_a_baseline_is_what_was_measured_before_the_start() -> None:
    start = observation("s", "encounter.program_start_date", date(2026, 2, 10))
    before = vas("b", 60, effectiveDateTime="2026-02-09")
    after = vas("a", 40, effectiveDateTime="2026-03-01")
    reading = read(start, before, after)
    assert reading.data[BASELINE] == 60
    assert reading.data[PAIN] == 40
    assert BASELINE not in read(start, after).data
    long_before = vas("b", 60, effectiveDateTime="2026-01-01")
    assert codes(read(start, long_before), BASELINE) == {"stale"}


def test_at_the_intake_the_baseline_is_measured_at_the_visit() -> None:
    stage = observation("s", "encounter.care_stage", "intake")
    reading = read(stage, vas("v", 46))
    assert reading.data[BASELINE] == reading.data[PAIN] == 46


def test_without_a_start_there_is_no_baseline() -> None:
    stage = observation("s", "encounter.care_stage", "active_program")
    reading = read(stage, vas("v", 46))
    assert BASELINE not in reading.data
    assert codes(reading, BASELINE) == {"no-baseline-day"}


# --- statuses -------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["amended", "corrected", "final"])
def test_a_final_result_counts(status: str) -> None:
    assert read(observation("a", GAIT, "absent", status=status)).data[GAIT] == "absent"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("entered-in-error", "entered-in-error"),
        ("cancelled", "not-final"),
        ("registered", "not-final"),
        ("preliminary", "not-final"),
        ("unknown", "not-final"),
        ("finished", "not-final"),
        (None, "not-final"),
        (5, "not-final"),
    ],
)
def test_other_statuses_do_not_count_and_are_told(status: object, code: str) -> None:
    reading = read(observation("a", GAIT, "absent", status=status))
    assert GAIT not in reading.data
    assert codes(reading) == {code}
    assert all(problem.resource == "Observation/a" for problem in reading.problems)


def test_what_was_cancelled_leaves_the_older_one_and_what_is_preliminary_does_not() -> None:
    older = observation("a", GAIT, "absent", "2026-03-01")
    for status, left in (("entered-in-error", True), ("cancelled", True), ("preliminary", False)):
        reading = read(older, observation("b", GAIT, "present", status=status))
        assert (GAIT in reading.data) == left


@pytest.mark.parametrize(
    "more", [{"modifierExtension": [{"url": "x:not"}]}, {"implicitRules": "x"}]
)
def test_a_modifier_that_is_not_known_may_turn_the_meaning_round(more: Any) -> None:
    reading = read(observation("a", GAIT, "absent", **more))
    assert GAIT not in reading.data
    assert "unknown-modifier" in codes(reading)


def test_an_observation_with_another_focus_is_not_of_the_patient() -> None:
    reading = read(observation("a", GAIT, "present", focus=[{"reference": "RelatedPerson/2"}]))
    assert GAIT not in reading.data
    assert codes(reading) == {"not-this-patient"}


# --- what belongs together ------------------------------------------------------------------------


def test_the_day_of_the_visit_comes_from_the_call() -> None:
    reading = read()
    assert reading.data["encounter.assessment_date"] == ON
    assert reading.provenance["encounter.assessment_date"].resource == ""
    other = read(observation("a", "encounter.assessment_date", date(2026, 3, 1)))
    assert "encounter.assessment_date" not in other.data
    assert codes(other) == {"conflict"}
    same = read(observation("a", "encounter.assessment_date", ON))
    assert same.data["encounter.assessment_date"] == ON


def test_dates_in_the_wrong_order_are_taken_out() -> None:
    reading = read(observation("a", "neurologic.mri_date", date(2026, 3, 3)))
    assert "neurologic.mri_date" not in reading.data
    assert codes(reading) == {"date-order"}
    assert reading.problems[0].resource == "Observation/a"


def test_a_derived_value_out_of_range_takes_out_what_it_derives_from() -> None:
    reading = read(observation("a", "encounter.program_start_date", date(2010, 1, 1)))
    assert "encounter.program_start_date" not in reading.data
    assert codes(reading) == {"inconsistent"}


def test_what_is_required_is_never_made_up() -> None:
    reading = read()
    assert reading.missing_required == (
        "encounter.care_stage",
        "program.mobility_step",
        "program.neuromuscular_step",
        "program.resistance_step",
    )
    with pytest.raises(AssessmentError) as caught:
        reading.assessment()
    assert {p.path for p in caught.value.problems} == set(reading.missing_required)


def test_declared_defaults_say_why() -> None:
    reading = read()
    for path in ("program.requested_action", "neurologic.red_flag_adjudication"):
        assert reading.data[path] == "none"
        assert reading.provenance[path].resource == ""
        assert reading.provenance[path].recorded.startswith("nothing recorded: ")
        assert path not in reading.sources


def test_a_recorded_value_goes_before_the_default() -> None:
    path = "neurologic.red_flag_adjudication"
    value = "non_cord_cause_recorded_by_clinician"
    assert read(observation("a", path, value)).data[path] == value
    assert read(observation("a", path, value, "2026-02-01")).data[path] == "none"
