"""Recommendations for the cards: the shipped guideline's, and one of hostile texts."""

import dataclasses
from typing import Any, cast

import pytest
from pydantic import BaseModel

from guidestep import Guideline, Recommendation
from tests.explain.patients import INTAKE, shipped_guideline
from tests.strategies.assessments import AssessmentDict, changed

ACTIVE = changed(
    INTAKE,
    encounter__care_stage="active_program",
    encounter__program_start_date="2026-01-19",
    program__mobility_step="M1",
    program__neuromuscular_step="N1",
)

PATIENTS: dict[str, AssessmentDict] = {
    "start": changed(INTAKE, program__requested_action="start_resistance"),
    "assess-first": changed(INTAKE, neurologic__hoffmann_left=None, neurologic__mri_status=None),
    "urgent": changed(
        ACTIVE,
        neurologic__gait_instability="present",
        neurologic__gait_change="absent",
        program__stretch_hold_s=60,
    ),
}
"""The patients whose cards are kept word for word."""

HOSTILE = "<script>alert('x')</script> & \"quoted\" <b onmouseover=x>"


@pytest.fixture(scope="session")
def cervical() -> Guideline:
    return shipped_guideline()


@pytest.fixture(scope="session")
def hostile(cervical: Guideline) -> list[Recommendation]:
    """The recommendations of all patients with every text in them replaced."""
    answers = [cervical.recommend(patient, engine="compiled") for patient in PATIENTS.values()]
    return [cast(Recommendation, spoiled(answer)) for answer in answers]


KEPT = {
    "outcome", "basis", "action", "family", "verdict", "could_lead_to", "kind", "strength",
    "population_match", "mapping", "status",
}  # fmt: skip


def spoiled(part: Any) -> Any:
    """Return a part of a recommendation with every text but the enumerations made hostile."""
    match part:
        case str():
            return f"{part}{HOSTILE}"
        case tuple():
            return tuple(spoiled(one) for one in part)
        case dict():
            return {spoiled(key): spoiled(value) for key, value in part.items()}
        case BaseModel():
            texts = {
                name: spoiled(getattr(part, name))
                for name in type(part).model_fields
                if name not in KEPT
            }
            return part.model_copy(update=texts)
        case _ if dataclasses.is_dataclass(part) and not isinstance(part, type):
            texts = {
                field.name: spoiled(getattr(part, field.name))
                for field in dataclasses.fields(part)
                if field.name not in KEPT and field.name != "possible"
            }
            return dataclasses.replace(part, **texts)
        case _:
            return part
