"""Calls answered through the real mapping say what the library says of the same patient."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from guidestep.interop.cds_hooks import BadRequest, Served, conformance, discovery, respond
from guidestep.interop.fhir import FhirMapping, load_mapping, outgoing
from guidestep.outcome import Outcome
from tests.interop.cds_hooks.standins import EXAMPLES, ON, call, cervical
from tests.interop.cds_hooks.test_cards import NAMES, ordered_steps, shown
from tests.strategies.assessments import cervical_dicts


@cache
def mapping() -> FhirMapping:
    return load_mapping(cervical())


def neck() -> Served:
    return Served("neck", cervical(), mapping(), base_url="https://cds.example")


def resources(assessment: Any) -> dict[str, Any]:
    """Return what a client sends of a patient: all of it in one questionnaire."""
    when = datetime.combine(assessment.encounter.assessment_date, datetime.min.time(), UTC)
    context = outgoing.Context(cervical(), "Patient/41", when, canonical=mapping().canonical)
    answers = outgoing.assessment_response(assessment, context)
    entries = [{"fullUrl": "urn:uuid:0d37b01e-25b6-4a4b-9f4b-15b5a6a9b5de", "resource": answers}]
    found = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    return {**dict.fromkeys(mapping().queries()), "answers": found}


def test_discovery_offers_the_templates_of_the_mapping() -> None:
    document: Any = discovery([neck()])
    assert not conformance.check("services", document)
    for service in document["services"]:
        assert service["prefetch"] == dict(mapping().queries())


@pytest.mark.parametrize("name", NAMES)
def test_a_call_is_answered_as_the_library_answers(name: str) -> None:
    assessment = cervical().model.read(yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text()))
    on = assessment.encounter.assessment_date
    reply = respond(call(), neck(), resources(assessment), on)
    direct = cervical().recommend(assessment)
    assert reply.recommendation is not None
    assert reply.recommendation.input_digest == direct.input_digest
    assert reply.recommendation.to_json() == direct.to_json()
    assert not conformance.check("response", reply.body)
    made: Any = reply.body["cards"]
    if direct.outcome is Outcome.RECOMMEND:
        assert "QuestionnaireResponse/" in shown(made[-1])


@settings(max_examples=25)
@given(cervical_dicts())
def test_no_exercise_is_offered_that_the_library_does_not_recommend(data: Any) -> None:
    assessment = cervical().model.read(data)
    reply = respond(call(), neck(), resources(assessment), assessment.encounter.assessment_date)
    direct = cervical().recommend(assessment)
    made: Any = reply.body["cards"]
    assert not conformance.check("response", reply.body)
    if direct.outcome is not Outcome.RECOMMEND:
        assert not [step for card in made for step in ordered_steps(card)]
    if reply.recommendation is not None:
        assert reply.recommendation.outcome is direct.outcome


def test_a_patient_without_a_record_is_asked_about() -> None:
    reply = respond(call(), neck(), dict.fromkeys(mapping().queries()), ON)
    assert reply.recommendation is None
    made: Any = reply.body["cards"]
    (card,) = made
    assert card["summary"].startswith("Cannot say yet")


def test_data_that_cannot_be_read_are_a_bad_request() -> None:
    deep: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    for _ in range(50):
        deep = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": deep}]}
    sent: dict[str, Any] = {**dict.fromkeys(mapping().queries()), "answers": deep}
    with pytest.raises(BadRequest) as caught:
        respond(call(), neck(), sent, ON)
    assert caught.value.problems[0].path == "prefetch"
