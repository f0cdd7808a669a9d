"""Out, stored, in again: an assessment as our own QuestionnaireResponse is read as it was."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from hypothesis import given, settings

from guidestep.assessment import CervicalAssessment
from guidestep.interop.fhir import outgoing
from tests.interop.fhir.records import GUIDELINE, MAPPING, PATIENT
from tests.strategies.assessments import cervical_dicts

TEXT = "new_neurologic_deficit_description"


@settings(max_examples=60)
@given(cervical_dicts())
def test_an_assessment_that_went_out_comes_back(data: dict[str, Any]) -> None:
    # FHIR holds no text that is blank or has control characters: it goes out as absent.
    given_text = data.get("neurologic", {}).get(TEXT, "x")
    if not given_text.strip() or not given_text.isprintable():
        data["neurologic"][TEXT] = "numb thumb"
    assessment = CervicalAssessment.read(data)
    on = assessment.encounter.assessment_date
    when = datetime.combine(on, time(10), tzinfo=UTC)
    context = outgoing.Context(GUIDELINE, PATIENT, when)
    sent = outgoing.assessment_response(assessment, context)
    reading = MAPPING.read([sent], subject=PATIENT, on=on)
    assert not reading.problems
    assert reading.assessment() == assessment
