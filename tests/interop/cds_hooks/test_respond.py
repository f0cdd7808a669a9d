"""A call is answered only with all the data the mapping asks for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.interop.cds_hooks import (
    Unobtainable,
    conformance,
    is_obtained,
    obtained,
    parse_request,
    respond,
    unobtained,
)
from guidestep.interop.cds_hooks.hooks import HOOKS
from tests.interop.cds_hooks.calls import patient_view
from tests.interop.cds_hooks.standins import NO_DATA, ON, SetMapping, call, example, served

PATIENT = {"resourceType": "Patient", "id": "41"}


def outcome(severity: str | None = "error") -> dict[str, Any]:
    issue = [{"severity": severity, "code": "exception"}] if severity else []
    return {"resourceType": "OperationOutcome", "issue": issue}


def bundle(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **more}


@pytest.mark.parametrize(
    ("value", "whole"),
    [
        (None, True),
        (PATIENT, True),
        (bundle(), True),
        (bundle(PATIENT), True),
        ({"resourceType": "Bundle"}, True),
        (bundle(link=[{"relation": "self", "url": "a"}]), True),
        (bundle(link=[{"relation": "next", "url": "a"}]), False),
        (bundle(PATIENT, outcome("warning")), True),
        (bundle(PATIENT, outcome("information")), True),
        (bundle(PATIENT, outcome("error")), False),
        (bundle(PATIENT, outcome("fatal")), False),
        (bundle(PATIENT, outcome(None)), False),
        (outcome(), False),
        (outcome("information"), False),
        ({}, False),
        ({"resourceType": 7}, False),
        ([], False),
        ("Patient", False),
        ({"resourceType": "Bundle", "entry": 7, "link": "next"}, True),
    ],
)
def test_which_prefetch_value_is_the_data(value: object, whole: bool) -> None:
    assert is_obtained(value) is whole


def test_the_keys_that_are_lacking_are_those_of_the_mapping() -> None:
    place = served(example("eligible-intake"))
    assert list(unobtained(place, {})) == ["patient", "observations"]
    assert list(unobtained(place, {"patient": None, "more": PATIENT})) == ["observations"]
    assert unobtained(place, {"patient": PATIENT, "observations": bundle()}) == {}


def test_what_a_call_brought_and_failed_to_bring_is_told_apart() -> None:
    sent = {"patient": PATIENT, "observations": outcome(), "images": None}
    request = parse_request(patient_view(prefetch=sent), HOOKS)
    assert obtained(request) == {"patient": PATIENT, "images": None}


@pytest.mark.parametrize(
    ("resources", "keys"),
    [
        ({}, ("patient", "observations")),
        ({"patient": None}, ("observations",)),
        ({"patient": outcome(), "observations": None}, ("patient",)),
        ({"patient": None, "observations": bundle(link=[{"relation": "next"}])}, ("observations",)),
    ],
)
def test_no_answer_is_given_without_the_data(
    resources: dict[str, Any], keys: tuple[str, ...]
) -> None:
    with pytest.raises(Unobtainable) as caught:
        respond(call(), served(example("eligible-intake")), resources, ON)
    assert caught.value.keys == keys
    found: Any = caught.value.outcome()
    assert [issue["expression"] for issue in found["issue"]] == [[f"prefetch.{k}"] for k in keys]
    assert "{{context.patientId}}" in found["issue"][0]["diagnostics"]


def test_no_data_is_an_answer_to_a_query() -> None:
    reply = respond(call(), served(example("eligible-intake")), NO_DATA, ON)
    assert reply.recommendation is not None
    assert not conformance.check("response", reply.body)


def test_the_mapping_is_asked_about_the_patient_of_the_call_on_the_day() -> None:
    place = served(example("eligible-intake"))
    respond(call(), place, NO_DATA, ON)
    assert isinstance(place.mapping, SetMapping)
    assert place.mapping.seen == [("Patient/41", ON)]


@given(st.dictionaries(st.sampled_from(["patient", "observations"]), st.none() | st.just(PATIENT)))
def test_an_answer_is_given_exactly_when_every_key_is_there(resources: dict[str, Any]) -> None:
    place = served(example("post-programme"))
    if set(resources) == {"patient", "observations"}:
        assert respond(call(), place, resources, ON).card_ids
    else:
        with pytest.raises(Unobtainable):
            respond(call(), place, resources, ON)


@pytest.mark.parametrize("user", ["Patient/41", "RelatedPerson/7"])
def test_a_patient_who_asks_is_shown_no_cards(user: str) -> None:
    asked = replace(call(), user_id=user)
    told = respond(asked, served(example("eligible-intake")), NO_DATA, ON)
    assert told.body == {"cards": []}
    assert told.recommendation is None


@pytest.mark.parametrize("user", ["Practitioner/7", "PractitionerRole/7"])
def test_a_clinician_who_asks_is_shown_cards(user: str) -> None:
    asked = replace(call(), user_id=user)
    assert respond(asked, served(example("eligible-intake")), NO_DATA, ON).card_ids
