"""Without required fields there is no recommendation, but a red flag is never kept back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.interop.cds_hooks import conformance, respond
from guidestep.interop.incomplete import incomplete
from guidestep.outcome import Outcome
from tests.interop.cds_hooks.standins import (
    NO_DATA,
    ON,
    SetMapping,
    Trouble,
    call,
    cervical,
    example,
    served,
)
from tests.interop.cds_hooks.test_cards import ordered_steps, patients, shown

FIELDS = cervical().model.fields()
REQUIRED = [path for path, spec in FIELDS.items() if spec.required]


WORSE = example("worse-at-six-weeks") | {
    "encounter.assessment_date": "2026-03-02",
    "encounter.program_start_date": "2026-01-12",
    "neurologic.mri_date": "2026-01-05",
}
"""Worse seven weeks after the start, by the dates."""


def without(data: Mapping[str, object], *paths: str) -> dict[str, object]:
    return {path: value for path, value in data.items() if path not in paths}


def only(data: Mapping[str, object], **more: Any) -> dict[str, Any]:
    reply = respond(call(), served(data, **more), NO_DATA, ON)
    assert reply.recommendation is None
    assert not conformance.check("response", reply.body)
    made: Any = reply.body["cards"]
    (card,) = made
    return dict(card)


def test_each_missing_field_is_asked_for_with_its_question_and_answers() -> None:
    card = only({})
    assert card["indicator"] == "warning"
    head = "Cannot say yet; urgent referral not ruled out"
    assert card["summary"] == f"{head}: {len(REQUIRED)} to assess, stage of care first"
    text = shown(card)
    for path in REQUIRED:
        assert FIELDS[path].question in text
    assert "Not ruled out, as too little is recorded" in text
    assert "Unsteady gait" in text
    assert FIELDS["neurologic.gait_instability"].question in text
    assert "(intake / active program / post program)" in text
    assert "PENDING HUMAN REVIEW" in text
    assert "suggestions" not in card


def test_a_red_flag_is_told_though_the_visit_is_not_described() -> None:
    data = without(
        example("red-flag-mid-programme"), "encounter.care_stage", "program.mobility_step"
    )
    card = only(data)
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Stop rehabilitation, refer urgently: ")
    text = shown(card)
    assert "Found already, whatever else is recorded" in text
    assert FIELDS["encounter.care_stage"].question in text


def test_a_red_flag_that_depends_on_what_is_missing_is_told_as_possible() -> None:
    card = only(without(example("red-flag-mid-programme"), "neurologic.red_flag_adjudication"))
    assert card["indicator"] == "warning"
    assert card["summary"].startswith("Cannot say yet; urgent referral possible: ")
    assert "Possible, and depends on what is not recorded" in shown(card)


def test_values_that_contradict_each_other_are_told_and_red_flags_found_all_the_same() -> None:
    data = example("red-flag-mid-programme") | {"encounter.program_start_date": "2031-01-01"}
    card = only(data)
    assert card["indicator"] == "critical"
    assert "The record contradicts itself" in shown(card)
    assert "encounter.program_start_date" in shown(card)
    card = only(example("eligible-intake") | {"encounter.program_start_date": "2031-01-01"})
    assert card["summary"] == "Cannot say yet: the record contradicts itself"


def test_a_value_out_of_range_leaves_the_rest_to_be_looked_at() -> None:
    data = example("red-flag-mid-programme") | {"scope.age_years": 900}
    assert only(data)["indicator"] == "critical"


def test_weeks_that_cannot_be_keep_no_red_flag_back() -> None:
    # They follow from a date of long ago, and are of no entry that could be left out.
    data = example("red-flag-mid-programme") | {"encounter.program_start_date": "2010-01-01"}
    data.pop("program.weeks_since_program_start", None)
    for record in (data, without(data, "encounter.care_stage")):
        card = only(record)
        assert card["indicator"] == "critical"
        assert card["summary"].startswith("Stop rehabilitation, refer urgently: ")
        assert "The record contradicts itself" in shown(card)


CONTRADICTED = "Cannot say yet; referral not ruled out: the record contradicts itself"
DATES = [path for path, spec in FIELDS.items() if spec.kind.value == "date"]


@settings(max_examples=60)
@given(
    patients(),
    st.sets(st.sampled_from(REQUIRED)),
    st.dictionaries(st.sampled_from(DATES), st.dates(date(1990, 1, 1), date(2035, 1, 1))),
)
def test_no_date_keeps_back_what_is_true_without_any(
    data: dict[str, object], gone: set[str], dates: dict[str, date]
) -> None:
    rest = without(data, *gone, *DATES, "program.weeks_since_program_start")
    rest.pop("data_absent_reasons", None)
    missing = [path for path in REQUIRED if path not in rest]
    plain = incomplete(cervical(), None, rest, missing, on=ON)
    dated = incomplete(cervical(), None, rest | dates, missing, on=ON)
    assert plain.asked
    assert dated.asked
    assert {rule.id for rule in plain.found} <= {rule.id for rule in dated.found}
    # What is ruled out stays so, and nothing is in two groups.
    for result in (plain, dated):
        groups = [rule.id for rule in (*result.found, *result.possible, *result.undecided)]
        assert len(groups) == len(set(groups))
    told = {rule.id for rule in (*dated.found, *dated.possible, *dated.undecided)}
    assert told <= {rule.id for rule in (*plain.found, *plain.possible, *plain.undecided)}


def test_of_two_dates_that_contradict_each_other_neither_is_believed() -> None:
    # Six weeks by a date that may be the wrong one of the two would make a referral.
    assert cervical().recommend(WORSE).outcome is Outcome.REFERRAL
    card = only(WORSE | {"neurologic.mri_date": "2031-01-01"})
    assert card["summary"] == CONTRADICTED


def test_a_date_after_the_visit_is_not_believed() -> None:
    place = served(example("worse-at-six-weeks"))
    assert isinstance(place.mapping, SetMapping)
    place.mapping.reading = replace(place.mapping.reading, on=ON)
    made: Any = respond(call(), place, NO_DATA, ON).body["cards"]
    assert [card["summary"] for card in made] == [CONTRADICTED]


def test_the_most_urgent_of_what_is_found_is_told_first() -> None:
    worse = without(WORSE, "program.requested_action")
    assert only(worse)["summary"].startswith("Refer for evaluation: ")
    card = only(worse | {"neurologic.gait_instability": "present"})
    assert card["summary"].startswith("Stop rehabilitation, refer urgently: ")
    found = shown(card).partition("Found already")[2].partition("To be recorded")[0]
    assert found.index("Unsteady gait") < found.index("week")


def test_problems_of_the_reading_are_told_here_too() -> None:
    trouble = Trouble("program.mobility_step", "an unknown code", "Observation/3")
    assert "Observation/3: an unknown code" in shown(only({}, problems=[trouble]))


def test_dates_that_stand_in_are_never_reckoned_with() -> None:
    # Ten weeks by a date that is not recorded would make six weeks of no improvement.
    data = without(example("worse-at-six-weeks"), "encounter.assessment_date")
    data.pop("program.weeks_since_program_start", None)
    data["encounter.program_start_date"] = "2025-12-01"
    assert only(data)["summary"].startswith("Cannot say yet")


@settings(max_examples=60)
@given(patients(), st.sets(st.sampled_from(REQUIRED), min_size=1))
def test_what_is_found_without_some_fields_is_found_whatever_they_are(
    data: dict[str, object], gone: set[str]
) -> None:
    reply = respond(call(), served(without(data, *gone)), NO_DATA, ON)
    assert reply.recommendation is None
    made: Any = reply.body["cards"]
    (card,) = made
    assert ordered_steps(card) == []
    whole = respond(call(), served(data), NO_DATA, ON).recommendation
    if whole is not None and card["summary"].startswith("Stop rehabilitation"):
        assert whole.outcome is Outcome.URGENT_REFERRAL
    if whole is not None and card["summary"].startswith("Refer for evaluation"):
        assert whole.outcome in (Outcome.URGENT_REFERRAL, Outcome.REFERRAL)
