"""An assessment out as QuestionnaireResponse, and in again through the mapping: an equal one."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given, settings

from guidestep.assessment import CervicalAssessment
from guidestep.interop.fhir import load_mapping, outgoing
from tests.interop.fhir.outgoing.answers import REQUIRED, Json, context, guideline
from tests.strategies.assessments import cervical_assessments

DESCRIPTION = "neurologic.new_neurologic_deficit_description"


@cache
def mapping() -> Json:
    return load_mapping(guideline())


def read_again(patient: CervicalAssessment) -> Json:
    """What is read on the day of the visit from what was written on it."""
    day = patient.encounter.assessment_date
    visit = replace(context(), when=datetime(day.year, day.month, day.day, tzinfo=UTC))
    response = json.loads(json.dumps(outgoing.assessment_response(patient, visit)))
    return mapping().read([response], subject="Patient/1", on=day)


def writable(patient: CervicalAssessment) -> bool:
    text = patient.value(DESCRIPTION)
    return text is None or bool(str(text).strip() and str(text).replace("\n", " ").isprintable())


@settings(max_examples=60)
@given(cervical_assessments().filter(writable))
def test_any_patient_comes_back_equal(patient: CervicalAssessment) -> None:
    reading = read_again(patient)
    assert [problem for problem in reading.problems if problem.severity == "error"] == []
    assert reading.assessment() == patient
    answers = [guideline().recommend(each) for each in (reading.assessment(), patient)]
    # The digest is over the reasons in the order in which they were recorded.
    assert replace(answers[0], input_digest="") == replace(answers[1], input_digest="")


@pytest.mark.parametrize("text", ["", " ", "weak\x00hand", "\x1b[2J"])
def test_a_text_that_fhir_cannot_hold_is_left_out_and_not_changed(text: str) -> None:
    data: Json = {**REQUIRED, "neurologic": {**REQUIRED["neurologic"]}}
    data["neurologic"]["new_neurologic_deficit_description"] = text
    patient = guideline().model.read(data)
    assert isinstance(patient, CervicalAssessment)
    response = json.dumps(outgoing.assessment_response(patient, context()))
    assert '"valueCode": "unsupported"' in response
    assert read_again(patient).assessment().value(DESCRIPTION) is None


def test_what_is_not_known_has_no_answer_but_a_reason() -> None:
    data: Json = {**REQUIRED, "data_absent_reasons": {"scope.age_years": "asked-declined"}}
    patient = guideline().model.read(data)
    response: Json = outgoing.assessment_response(patient, context())
    items = {i["linkId"]: i for group in response["item"] for i in group["item"]}
    assert "answer" not in items["scope.age_years"]
    assert items["scope.age_years"]["extension"][0]["valueCode"] == "asked-declined"
    assert "neurologic.gait_instability" not in items
