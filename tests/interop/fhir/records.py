"""FHIR R4 resources for tests, as an EHR would send them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import guidestep
from guidestep.assessment import FieldKind, FieldSpec
from guidestep.interop.fhir import Canonical, FhirMapping, Reading, load_mapping
from guidestep.interop.fhir.canonical import UCUM

GUIDELINE = guidestep.load("cervical-spasm-opll")
MAPPING = load_mapping(GUIDELINE)
CANONICAL = Canonical()
FIELDS = GUIDELINE.model.fields()

ON = date(2026, 3, 2)
PATIENT = "Patient/1"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

Resource = dict[str, Any]


def read(*resources: object, on: date = ON, mapping: FhirMapping = MAPPING) -> Reading:
    """Read resources of the patient of these tests."""
    return mapping.read(list(resources), subject=PATIENT, on=on)


def codes(reading: Reading, path: str | None = None) -> set[str]:
    """The codes of the problems, of one field or of all."""
    return {p.code for p in reading.problems if path in (None, p.path)}


def concept(system: str, code: str) -> Resource:
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: object, code: str, **more: object) -> Resource:
    return {"value": value, "unit": code, "system": UCUM, "code": code, **more}


def answer(member: str) -> Resource:
    return {"coding": [CANONICAL.answer("cervical", member)]}


def of_value(spec: FieldSpec, value: object) -> Resource:
    """The `value[x]` of a field in an Observation of ours."""
    match spec.kind:
        case FieldKind.ENUMERATION:
            return {"valueCodeableConcept": answer(str(value))}
        case FieldKind.INTEGER | FieldKind.DECIMAL:
            return {"valueQuantity": quantity(value, spec.unit or "1")}
        case FieldKind.DATE:
            return {"valueDateTime": str(value)}
        case _:
            return {"valueString": value}


def observation(
    id_: str, path: str, value: object = None, day: str = "2026-03-02", **more: object
) -> Resource:
    """An Observation coded by a field of the assessment; other elements replace its own."""
    spec = FIELDS[path]
    body: Resource = {
        "resourceType": "Observation",
        "id": id_,
        "status": "final",
        "subject": {"reference": PATIENT},
        "effectiveDateTime": day,
        "code": {"coding": [CANONICAL.field("cervical", path)]},
    }
    return body | ({} if value is None else of_value(spec, value)) | more


def vas(id_: str, value: object, code: str = "mm", **more: object) -> Resource:
    body = observation(id_, "measures.current_pain_vas_mm")
    return (
        body
        | {"code": concept(LOINC, "38214-3"), "valueQuantity": quantity(value, code)}
        | dict(more)
    )


def condition(
    id_: str,
    code: str,
    clinical: str = "active",
    verification: str = "confirmed",
    **more: object,
) -> Resource:
    """A Condition with a code of SNOMED CT."""
    body: Resource = {
        "resourceType": "Condition",
        "id": id_,
        "subject": {"reference": PATIENT},
        "code": concept(SNOMED, code),
        "recordedDate": "2025-11-01",
    }
    if clinical:
        body["clinicalStatus"] = concept(CLINICAL, clinical)
    if verification:
        body["verificationStatus"] = concept(VERIFICATION, verification)
    return body | more


def report(id_: str, day: str, **more: object) -> Resource:
    """A report of an MRI of the neck."""
    return {
        "resourceType": "DiagnosticReport",
        "id": id_,
        "status": "final",
        "subject": {"reference": PATIENT},
        "effectiveDateTime": day,
        "code": concept(LOINC, "24935-9"),
    } | more


def response(
    id_: str, answers: Mapping[str, object], day: str = "2026-03-02", **more: object
) -> Any:
    """A QuestionnaireResponse whose linkIds are paths; a value that is a dict stands as it is."""
    items = []
    for path, value in answers.items():
        if isinstance(value, dict):
            items.append({"linkId": path, **value})
            continue
        spec = FIELDS[path]
        match spec.kind:
            case FieldKind.ENUMERATION:
                given: Resource = {"valueCoding": CANONICAL.answer("cervical", str(value))}
            case FieldKind.DATE:
                given = {"valueDate": str(value)}
            case _:
                given = of_value(spec, value)
        items.append({"linkId": path, "answer": [given]})
    return {
        "resourceType": "QuestionnaireResponse",
        "id": id_,
        "status": "completed",
        "subject": {"reference": PATIENT},
        "authored": day,
        "item": items,
    } | more


def bundle(*resources: Resource, kind: str = "searchset") -> Resource:
    return {
        "resourceType": "Bundle",
        "type": kind,
        "entry": [{"resource": resource} for resource in resources],
    }
