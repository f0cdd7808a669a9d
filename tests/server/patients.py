"""Patients as FHIR resources, and calls about them."""

from __future__ import annotations

from typing import Any

from guidestep.assessment import CervicalAssessment
from guidestep.assessment.fields import FieldKind
from guidestep.interop.fhir.canonical import UCUM, Canonical

DAY = "2026-03-02"

UNSTEADY: dict[str, dict[str, Any]] = {
    "encounter": {"care_stage": "intake", "assessment_date": DAY},
    "neurologic": {
        "gait_instability": "present",
        "mri_status": "not_done",
        "red_flag_adjudication": "none",
    },
    "program": {
        "mobility_step": "not_started",
        "neuromuscular_step": "not_started",
        "resistance_step": "withheld",
        "requested_action": "none",
    },
}
"""An assessment with a red flag: urgent referral."""

STEADY = {**UNSTEADY, "neurologic": {**UNSTEADY["neurologic"], "gait_instability": "absent"}}
"""The same without it: there is more to assess first."""


def observation(path: str, value: object, patient: str = "1", **changes: Any) -> dict[str, Any]:
    """Return an Observation of one field, by our local codes."""
    spec, canonical = CervicalAssessment.fields()[path], Canonical()
    match spec.kind:
        case FieldKind.ENUMERATION:
            coding = canonical.answer("cervical", str(value))
            told: dict[str, Any] = {"valueCodeableConcept": {"coding": [coding]}}
        case FieldKind.DATE:
            told = {"valueDateTime": value}
        case FieldKind.BOOLEAN:
            told = {"valueBoolean": value}
        case _:
            told = {"valueQuantity": {"value": value, "system": UCUM, "code": spec.unit}}
    return {
        "resourceType": "Observation",
        "id": path.replace(".", "-").replace("_", "-"),
        "status": "final",
        "code": {"coding": [canonical.field("cervical", path)]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": f"{DAY}T09:00:00Z",
        **told,
        **changes,
    }


def observations(assessment: dict[str, dict[str, Any]], patient: str = "1") -> list[dict[str, Any]]:
    return [
        observation(f"{section}.{name}", value, patient)
        for section, fields in assessment.items()
        for name, value in fields.items()
    ]


def bundle(*resources: dict[str, Any], following: str | None = None) -> dict[str, Any]:
    """Return a page of a search."""
    found: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": each, "search": {"mode": "match"}} for each in resources],
    }
    if following is not None:
        found["link"] = [{"relation": "next", "url": following}]
    return found


def person(patient: str = "1") -> dict[str, Any]:
    return {"resourceType": "Patient", "id": patient, "birthDate": "1970-05-01"}


def prefetch(
    assessment: dict[str, dict[str, Any]] = UNSTEADY, patient: str = "1"
) -> dict[str, Any]:
    return {
        "patient": person(patient),
        "observations": bundle(*observations(assessment, patient)),
        "conditions": None,
        "procedures": None,
        "reports": None,
        "answers": None,
    }


def call(patient: str = "1", **changes: Any) -> dict[str, Any]:
    """Return the body of a call of patient-view."""
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/7", "patientId": patient},
        "prefetch": prefetch(patient=patient),
        **changes,
    }
