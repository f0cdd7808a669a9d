"""Patients of the EHR that the tests play: the examples of the documentation as FHIR R4 records.

The service takes the day from its clock, so every date of an example is moved by as many days as
lie between its visit and today.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import yaml

import guidestep
from guidestep.assessment import Assessment
from guidestep.interop.fhir import Canonical, outgoing
from tests.docs.pages import ROOT
from tests.server.patients import observation

Resource = dict[str, Any]

GUIDELINE = guidestep.load("cervical-spasm-opll")
CANONICAL = Canonical()

HOSTILE = (
    'Left leg <img src=x onerror="document.title=1"> weaker, '
    "[see](javascript:alert(1)) and [more](https://evil.example/), <b>since Monday</b>"
)
"""What somebody wrote into a free text of the record."""


@dataclass(frozen=True)
class Patient:
    """A patient: id, name, why they come, and the record; `assessment` is what it amounts to."""

    id: str
    name: tuple[str, str]
    reason: str
    assessment: Assessment | None
    resources: tuple[Resource, ...] = field(repr=False)


def today() -> date:
    """Return the day it is for the service, whose time zone is UTC."""
    return datetime.now(UTC).date()


def patients(on: date | None = None) -> dict[str, Patient]:
    """Return the patients who are seen on a day, today where none is named, by their ids."""
    on = on or today()
    made = [
        _answered("eligible-intake", ("Anna", "Example"), "First visit, examined in full", on),
        _answered(
            "missing-hoffmann", ("Bruno", "Example"), "First visit, right hand not examined", on
        ),
        _answered(
            "red-flag-mid-programme", ("Clara", "Example"), "Fifth week, new bladder symptoms", on
        ),
        _observed("no-mri", ("David", "Example"), "First visit, no MRI", on),
        _patient("nothing-recorded", ("Eva", "Example"), "First visit, nothing recorded", None, on),
        _answered(
            "hostile-text",
            ("<b>Fritz</b>", "Example"),
            "New deficit, described in free text",
            on,
            example="eligible-intake",
            neurologic={
                "new_neurologic_deficit": "present",
                "new_neurologic_deficit_description": HOSTILE,
            },
        ),
    ]
    return {patient.id: patient for patient in made}


def assessment_of(example: str, on: date, **changes: dict[str, Any]) -> Assessment:
    """Return an example as of a visit on another day; `changes` are fields by section."""
    file = ROOT / "docs" / "examples" / f"{example}.yaml"
    told = yaml.safe_load(file.read_text(encoding="utf-8"))
    days = on - told["encounter"]["assessment_date"]
    moved = {
        section: {name: _moved(value, days) for name, value in fields.items()}
        for section, fields in told.items()
    }
    for section, fields in changes.items():
        moved[section] = {**moved.get(section, {}), **fields}
    return GUIDELINE.model.read(moved, today=on)


def _moved(value: object, days: timedelta) -> object:
    return value + days if isinstance(value, date) else value


def _answered(
    id_: str,
    name: tuple[str, str],
    reason: str,
    on: date,
    *,
    example: str | None = None,
    **changes: dict[str, Any],
) -> Patient:
    """Return a patient whose record is one QuestionnaireResponse."""
    assessment = assessment_of(example or id_, on, **changes)
    when = datetime(on.year, on.month, on.day, tzinfo=UTC)
    context = outgoing.Context(GUIDELINE, f"Patient/{id_}", when)
    response = outgoing.assessment_response(assessment, context)
    return _patient(id_, name, reason, assessment, on, response)


def _observed(id_: str, name: tuple[str, str], reason: str, on: date) -> Patient:
    """Return a patient whose record is one Observation for each field."""
    assessment = assessment_of(id_, on)
    at = f"{on.isoformat()}T00:00:00Z"
    found = [
        observation(path, _written(value), id_, effectiveDateTime=at)
        for path in GUIDELINE.model.fields()
        if (value := assessment.value(path)) is not None
    ]
    return _patient(id_, name, reason, assessment, on, *found)


def _written(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


def _patient(
    id_: str,
    name: tuple[str, str],
    reason: str,
    assessment: Assessment | None,
    on: date,
    *resources: Resource,
) -> Patient:
    given, family = name
    person = {
        "resourceType": "Patient",
        "id": id_,
        "name": [{"given": [given], "family": family}],
        "gender": "female" if given in ("Anna", "Clara", "Eva") else "male",
        # 52 years old, as in the examples, whatever the day.
        "birthDate": f"{on.year - 52}-01-01",
    }
    return Patient(id_, name, reason, assessment, (person, *resources))


def orders() -> list[Resource]:
    """Return what can be ordered: a draft ServiceRequest for each exercise step, without a dose."""
    return [
        {
            "resourceType": "ServiceRequest",
            "status": "draft",
            "intent": "proposal",
            "code": {
                "coding": [CANONICAL.step(GUIDELINE.id, step.id, step.title)],
                "text": step.title,
            },
        }
        for step in GUIDELINE.steps.values()
        if step.kind == "exercise"
    ]
