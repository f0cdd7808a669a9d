"""A mapping and readings that are set, so that cards can be made of any patient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path

import yaml

import guidestep
from guidestep.assessment import Assessment, AssessmentError, Problem
from guidestep.guideline import Guideline
from guidestep.interop.cds_hooks import Request, Served
from guidestep.interop.fhir.canonical import Canonical

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
ON = date(2026, 3, 2)
INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"

QUERIES = {
    "patient": "Patient/{{context.patientId}}",
    "observations": "Observation?patient={{context.patientId}}",
}
NO_DATA: Mapping[str, object] = {"patient": None, "observations": None}


@dataclass(frozen=True)
class Origin:
    resource: str | None
    date: date | None = None
    recorded: str = ""


@dataclass(frozen=True)
class Trouble:
    path: str
    message: str
    resource: str | None = None
    hint: str = ""
    severity: str = "error"
    code: str = "conflict"


@dataclass(frozen=True)
class SetReading:
    """A reading with these values, as a mapping would give it."""

    guideline: Guideline
    data: Mapping[str, object]
    problems: Sequence[Trouble] = ()
    provenance: Mapping[str, Origin] = field(default_factory=dict)
    on: date | None = None

    @property
    def missing_required(self) -> tuple[str, ...]:
        fields = self.guideline.model.fields().items()
        return tuple(path for path, spec in fields if spec.required and path not in self.data)

    def assessment(self) -> Assessment:
        if self.missing_required:
            missing = self.missing_required
            raise AssessmentError([Problem(path, "missing", "", "missing") for path in missing])
        return self.guideline.model.read(self.data, today=self.on)


@dataclass
class SetMapping:
    """A mapping that reads what it was set to read, whatever the resources."""

    reading: SetReading
    canonical: Canonical = field(default_factory=Canonical)
    asked: dict[str, str] = field(default_factory=lambda: dict(QUERIES))
    seen: list[tuple[str, date]] = field(default_factory=list)

    def queries(self) -> Mapping[str, str]:
        return self.asked

    def read(self, data: Mapping[str, object], *, subject: str, on: date) -> SetReading:
        self.seen.append((subject, on))
        return self.reading


@cache
def cervical() -> Guideline:
    return guidestep.load("cervical-spasm-opll")


def flat(data: Mapping[str, Mapping[str, object]]) -> dict[str, object]:
    """Return an assessment under dotted keys."""
    return {
        f"{section}.{name}": value
        for section, fields in data.items()
        if section != "data_absent_reasons"
        for name, value in fields.items()
    }


def example(name: str) -> dict[str, object]:
    """Return the assessment of an example, under dotted keys."""
    return flat(yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")))


def served(
    data: Mapping[str, object] | None = None,
    *,
    problems: Sequence[Trouble] = (),
    provenance: Mapping[str, Origin] | None = None,
    base_url: str | None = None,
    guideline: Guideline | None = None,
) -> Served:
    """Return a guideline, served so that every patient is this one."""
    guideline = guideline or cervical()
    reading = SetReading(guideline, data or {}, problems, provenance or {})
    return Served(guideline.id, guideline, SetMapping(reading), base_url=base_url)


def order(step: str, id_: str | None = "r-1", **more: object) -> dict[str, object]:
    """Return a draft order of a step, coded as we code it."""
    coding = Canonical().step("cervical-spasm-opll", step)
    resource: dict[str, object] = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "code": {"coding": [coding]},
        "subject": {"reference": "Patient/41"},
        **more,
    }
    return resource if id_ is None else {**resource, "id": id_}


def call(hook: str = "patient-view", orders: Sequence[Mapping[str, object]] = ()) -> Request:
    """Return a call of a hook."""
    return Request(
        hook,
        INSTANCE,
        user_id="Practitioner/7",
        patient_id="41",
        encounter_id="9",
        draft_orders=tuple(orders),
    )
