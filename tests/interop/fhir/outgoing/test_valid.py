"""What is written is FHIR R4: by our checks, by fhir.resources and by the npm package `fhir`."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.assessment import CervicalAssessment
from guidestep.interop.fhir import conformance, outgoing
from tests.interop.fhir.outgoing.answers import Json, answered, context, guideline, resources
from tests.interop.fhir.outgoing.validators import fhir_resources_faults, npm_faults
from tests.strategies.assessments import cervical_assessments


@pytest.fixture(scope="module")
def guideline_bundle() -> Json:
    return outgoing.guideline_bundle(guideline())


def written(patient: CervicalAssessment) -> list[Json]:
    """The bundle of the answer to a patient, and the patient's own response."""
    answer = guideline().recommend(patient)
    return [
        outgoing.recommendation_bundle(answer, context()),
        outgoing.assessment_response(patient, context()),
    ]


def faults(resource: Json) -> list[str]:
    return [str(problem) for problem in conformance.problems(resource)]


def test_every_case_passes_our_checks() -> None:
    assert {one.id: faults(one.bundle) for one in answered() if faults(one.bundle)} == {}


def test_every_case_passes_fhir_resources() -> None:
    found = {one.id: fhir_resources_faults(one.bundle) for one in answered()}
    assert {id_: wrong for id_, wrong in found.items() if wrong} == {}


def test_every_case_passes_the_npm_validator() -> None:
    every = [resource for one in answered() for resource in resources(one.bundle)]
    assert [wrong for wrong in npm_faults(every) if wrong] == []


def test_the_guideline_passes_all_three(guideline_bundle: Json) -> None:
    assert faults(guideline_bundle) == []
    assert fhir_resources_faults(guideline_bundle) == []
    assert [wrong for wrong in npm_faults(resources(guideline_bundle)) if wrong] == []


@settings(max_examples=40)
@given(cervical_assessments())
def test_any_patient_passes_our_checks_and_fhir_resources(patient: CervicalAssessment) -> None:
    for resource in written(patient):
        assert faults(resource) == []
        assert fhir_resources_faults(resource) == []


@settings(max_examples=3)
@given(st.lists(cervical_assessments(), min_size=15, max_size=15))
def test_any_patient_passes_the_npm_validator(patients: list[CervicalAssessment]) -> None:
    every = [resource for patient in patients for resource in written(patient)]
    alone = [one for found in every for one in (resources(found) if "entry" in found else [found])]
    assert [wrong for wrong in npm_faults(alone) if wrong] == []


@settings(max_examples=30)
@given(cervical_assessments())
def test_the_same_patient_gives_the_same_bytes(patient: CervicalAssessment) -> None:
    assert json.dumps(written(patient)) == json.dumps(written(patient))
    again = guideline().model.read(json.loads(json.dumps(patient.to_dict())))
    assert isinstance(again, CervicalAssessment)
    assert json.dumps(written(again)) == json.dumps(written(patient))


def test_the_guideline_gives_the_same_bytes(guideline_bundle: Json) -> None:
    assert json.dumps(outgoing.guideline_bundle(guideline())) == json.dumps(guideline_bundle)
