"""Deliberately wrong documents, and which of three validators finds which.

Each is a valid document with one change. `python -m tests.interop.fhir.outgoing.wrong_documents`
writes the table into docs/fhir-out.md; a test fails while the page says otherwise.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

from guidestep.interop.fhir import conformance
from tests.docs.pages import ROOT
from tests.interop.fhir.outgoing.answers import Json
from tests.interop.fhir.outgoing.validators import fhir_resources_faults, npm_faults

PAGE = ROOT / "docs" / "fhir-out.md"
OPENING, CLOSING = "<!-- generated: wrong documents -->\n", "<!-- end generated -->"

_REQUEST_URL = "urn:uuid:0b6f8d52-6d0a-5c1e-9a53-3f1d2a7c4e10"
_GROUP_URL = "urn:uuid:5d4f2a9e-13b7-5f60-8c21-7ab0c9d8e6f1"
_PATIENT = {"reference": "Patient/1"}

REQUEST: Json = {
    "resourceType": "ServiceRequest",
    "id": "0b6f8d52-6d0a-5c1e-9a53-3f1d2a7c4e10",
    "status": "draft",
    "intent": "option",
    "code": {"text": "Slow walking"},
    "subject": _PATIENT,
    "occurrenceTiming": {
        "repeat": {
            "duration": 10,
            "durationUnit": "min",
            "frequency": 2,
            "period": 1,
            "periodUnit": "wk",
        }
    },
    "note": [{"text": "For a clinician to check."}],
}
GROUP: Json = {
    "resourceType": "RequestGroup",
    "id": "5d4f2a9e-13b7-5f60-8c21-7ab0c9d8e6f1",
    "status": "draft",
    "intent": "proposal",
    "subject": _PATIENT,
    "action": [
        {
            "id": "walk",
            "title": "Walk",
            "documentation": [{"type": "citation", "citation": "Nobody. Nothing. 2026."}],
            "resource": {"reference": _REQUEST_URL},
        }
    ],
}
BUNDLE: Json = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"fullUrl": _GROUP_URL, "resource": GROUP},
        {"fullUrl": _REQUEST_URL, "resource": REQUEST},
    ],
}
PLAN: Json = {
    "resourceType": "PlanDefinition",
    "url": "https://guidestep.example/fhir/PlanDefinition/walking",
    "version": "1.0.0",
    "name": "Walking",
    "status": "draft",
    "date": "2026-03-01",
    "action": [
        {"id": "rest", "title": "Rest"},
        {
            "id": "walk",
            "title": "Walk",
            "relatedAction": [{"actionId": "rest", "relationship": "after-end"}],
        },
    ],
}
ISSUE: Json = {
    "resourceType": "DetectedIssue",
    "status": "preliminary",
    "severity": "high",
    "patient": _PATIENT,
    "extension": [{"url": "https://guidestep.example/x", "valueString": "a"}],
}
RESPONSE: Json = {
    "resourceType": "GuidanceResponse",
    "contained": [
        {
            "resourceType": "OperationOutcome",
            "id": "messages",
            "issue": [{"severity": "warning", "code": "incomplete"}],
        }
    ],
    "moduleUri": "https://guidestep.example/fhir/PlanDefinition/walking",
    "status": "data-required",
    "evaluationMessage": [{"reference": "#messages"}],
    "dataRequirement": [
        {"type": "Observation", "codeFilter": [{"path": "code", "code": [{"code": "gait"}]}]}
    ],
}
FORM: Json = {
    "resourceType": "Questionnaire",
    "status": "draft",
    "item": [
        {"linkId": "gait", "text": "Unsteady?", "type": "boolean"},
        {"linkId": "legs", "text": "Symptoms in the legs?", "type": "boolean"},
    ],
}
VALID: tuple[Json, ...] = (REQUEST, GROUP, BUNDLE, PLAN, ISSUE, RESPONSE, FORM)

Change = Callable[[Json], object]


@dataclass(frozen=True)
class Wrong:
    """A document with one fault, and the rule by which our checks know it."""

    fault: str
    base: Json
    change: Change
    rule: str

    @property
    def document(self) -> Json:
        changed = copy.deepcopy(self.base)
        self.change(changed)
        return changed


def _first(*way: str | int, **fields: object) -> Change:
    """A change of fields at a place."""

    def change(document: Json) -> None:
        for step in way:
            document = document[step]
        document.update(fields)

    return change


def _without(*way: str | int) -> Change:
    def change(document: Json) -> None:
        for step in way[:-1]:
            document = document[step]
        document.pop(way[-1])

    return change


WRONG: tuple[Wrong, ...] = (
    Wrong("a status that is no code", GROUP, _first(status="ready"), "code"),
    Wrong("a severity that is no code", ISSUE, _first(severity="severe"), "code"),
    Wrong(
        "a type of RelatedArtifact that is no code",
        GROUP,
        _first("action", 0, "documentation", 0, type="reference"),
        "code",
    ),
    Wrong(
        "a relationship of actions that is no code",
        PLAN,
        _first("action", 1, "relatedAction", 0, relationship="follows"),
        "code",
    ),
    Wrong(
        "a unit of time that is no code, inside a Timing",
        REQUEST,
        _first("occurrenceTiming", "repeat", durationUnit="minutes"),
        "code",
    ),
    Wrong("no subject", REQUEST, _without("subject"), "cardinality"),
    Wrong(
        "two values of one choice",
        REQUEST,
        _first(occurrenceDateTime="2026-03-02"),
        "cardinality",
    ),
    Wrong("an unknown property", REQUEST, _first(priorty="urgent"), "unknown-element"),
    Wrong("an empty list", REQUEST, _first(note=[]), "empty"),
    Wrong("an id with an underscore", REQUEST, _first(id="walk_1"), "value"),
    Wrong("a day that is not in the calendar", PLAN, _first(date="2026-02-30"), "value"),
    Wrong(
        "a duration without a unit (tim-1)",
        REQUEST,
        _without("occurrenceTiming", "repeat", "durationUnit"),
        "tim-1",
    ),
    Wrong(
        "an action with neither a resource nor actions (rqg-1)",
        GROUP,
        _without("action", 0, "resource"),
        "rqg-1",
    ),
    Wrong("a name with a space (pdf-0)", PLAN, _first(name="Slow walking"), "pdf-0"),
    Wrong(
        "an extension with a value and extensions (ext-1)",
        ISSUE,
        _first("extension", 0, extension=[{"url": "b", "valueString": "c"}]),
        "ext-1",
    ),
    Wrong(
        "a contained resource to which nothing refers (dom-3)",
        RESPONSE,
        _without("evaluationMessage"),
        "dom-3",
    ),
    Wrong(
        "a filter with a path and a search parameter (drq-1)",
        RESPONSE,
        _first("dataRequirement", 0, "codeFilter", 0, searchParam="code"),
        "drq-1",
    ),
    Wrong("two items with one link id (que-2)", FORM, _first("item", 1, linkId="gait"), "que-2"),
    Wrong(
        "two entries with one address (bdl-7)",
        BUNDLE,
        lambda document: document["entry"].append(copy.deepcopy(document["entry"][1])),
        "bdl-7",
    ),
    Wrong(
        "an action related to one that is not there",
        PLAN,
        _first("action", 1, "relatedAction", 0, actionId="run"),
        "dangling-action",
    ),
    Wrong(
        "a reference to an entry that is not in the bundle",
        BUNDLE,
        lambda document: document["entry"].pop(1),
        "reference",
    ),
    Wrong(
        "an order in a group of options",
        BUNDLE,
        _first("entry", 1, "resource", intent="order"),
        "intent",
    ),
)


def found_by() -> list[tuple[Wrong, bool, bool, bool]]:
    """For each wrong document: whether our checks, fhir.resources and the npm package find it."""
    theirs = npm_faults([wrong.document for wrong in WRONG])
    return [
        (
            wrong,
            bool(conformance.problems(wrong.document)),
            bool(fhir_resources_faults(wrong.document)),
            bool(npm),
        )
        for wrong, npm in zip(WRONG, theirs, strict=True)
    ]


def table() -> str:
    """The table of the page."""
    found = found_by()
    lines = [
        "| what is wrong | `conformance.problems` | fhir.resources (R4B) | npm `fhir` |",
        "| --- | --- | --- | --- |",
        *(
            f"| {wrong.fault} | {' | '.join('found' if one else '**passes**' for one in tools)} |"
            for wrong, *tools in found
        ),
        f"| found, of {len(found)} | "
        + " | ".join(str(sum(row[tool] for row in found)) for tool in (1, 2, 3))
        + " |",
    ]
    return "".join(f"{line}\n" for line in lines)


def updated(text: str) -> str:
    """The page with the table as it is now."""
    head, _, rest = text.partition(OPENING)
    _, _, tail = rest.partition(CLOSING)
    return f"{head}{OPENING}\n{table()}\n{CLOSING}{tail}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
