"""Calls with real records in them, spoilt in places drawn at random: what a broken EHR sends.

`python -m tests.server.spoiling N` sends N of them; a second number is the seed.
"""

from __future__ import annotations

import asyncio
import copy
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

from guidestep.interop.cds_hooks import conformance
from guidestep.interop.fhir.conformance import problems
from guidestep.server import Settings
from tests.browser.patients import Patient, Resource, orders, patients
from tests.server.clients import NOW, SERVICE
from tests.server.patients import bundle, call
from tests.server.service import Service, running

FEEDBACK = f"{SERVICE}/feedback"
FHIR = "/guidelines/cervical-spasm-opll/fhir"
REFUSALS = {SERVICE: (400, 412), FEEDBACK: (400,), FHIR: (400, 422)}
TYPES = {
    "observations": "Observation",
    "conditions": "Condition",
    "reports": "DiagnosticReport",
    "answers": "QuestionnaireResponse",
}

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, 1e308, 10**30, "", " ", "x", "\u0000", "\u202e", "x" * 5000),
    *([], {}, [None], [[]], {"a": None}, [{"x": 1}] * 3, "1e400", "-0", "Patient/2"),
    *("2026", "2026-13-45", "9999-12-31", "0001-01-01", "2026-03-02T24:00:00Z"),
    *("2026-03-02T10:00:00+14:00", "http://loinc.org", "entered-in-error", "final"),
)


def more(patient: str) -> list[Resource]:
    """Return resources of the kinds that the examples do not have."""
    about = {"subject": {"reference": f"Patient/{patient}"}}
    system = "http://terminology.hl7.org/CodeSystem"
    return [
        {
            "resourceType": "Condition",
            "id": "c-1",
            "clinicalStatus": {
                "coding": [{"system": f"{system}/condition-clinical", "code": "active"}]
            },
            "verificationStatus": {
                "coding": [{"system": f"{system}/condition-ver-status", "code": "confirmed"}]
            },
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": "22325002"}]},
            "recordedDate": "2026-03-01",
            **about,
        },
        {
            "resourceType": "DiagnosticReport",
            "id": "d-1",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "24935-9"}]},
            "effectiveDateTime": "2026-02-20",
            **about,
        },
    ]


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths of all parts of a document but itself."""
    parts = document.items() if isinstance(document, dict) else enumerate(document)
    for key, part in parts:
        yield (*path, key)
        if isinstance(part, dict | list):
            yield from places(part, (*path, key))


def at(document: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        document = document[key]
    return document


def spoilt(document: Any, random: Random) -> Any:
    """Return a copy in which up to three parts are gone, there twice, moved or something else."""
    document = copy.deepcopy(document)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        if not (found := list(places(document))):
            break
        path = random.choice(found)
        around, key = at(document, path[:-1]), path[-1]
        match random.randrange(8):
            case 0:
                del around[key]
            case 1 if isinstance(around, list):
                around.insert(key, copy.deepcopy(around[key]))
            case 2:
                around[key] = copy.deepcopy(at(document, random.choice(found)))
            case _:
                around[key] = copy.deepcopy(random.choice(VALUES))
    return document


def calls() -> list[tuple[str, Any]]:
    """Return calls that are whole: of the hook with all that it asks for, and of the FHIR API."""
    found: list[tuple[str, Any]] = []
    for patient in patients(datetime.fromtimestamp(NOW, UTC).date()).values():
        resources = [*patient.resources, *more(patient.id)]
        record = _prefetch(patient, resources)
        found.append((SERVICE, call(patient.id, prefetch=record)))
        found.append((SERVICE, _ordering(call(patient.id, prefetch=record))))
        found.append((FHIR, bundle(*resources) | {"type": "collection"}))
    return [*found, (FEEDBACK, _feedback())]


def _feedback() -> dict[str, Any]:
    about = {"outcomeTimestamp": "2026-03-02T10:05:31Z"}
    reason = {"code": "action-completed", "system": "http://a.example", "display": "Done"}
    return {
        "feedback": [
            {"card": str(uuid4()), "outcome": "accepted", **about}
            | {"acceptedSuggestions": [{"id": str(uuid4())}]},
            {"card": str(uuid4()), "outcome": "overridden", **about}
            | {"overrideReason": {"reason": reason, "userComment": "seen"}},
        ]
    }


def _prefetch(patient: Patient, resources: list[Resource]) -> dict[str, Any]:
    return {
        "patient": patient.resources[0],
        **{
            key: bundle(*(each for each in resources if each["resourceType"] == kind))
            for key, kind in TYPES.items()
        },
    }


def _ordering(body: dict[str, Any]) -> dict[str, Any]:
    """Return the same call for an order that was selected, of all that can be ordered."""
    drafts = [{**order, "id": f"draft-{at}"} for at, order in enumerate(orders())]
    entries = [{"fullUrl": f"urn:uuid:{uuid4()}", "resource": draft} for draft in drafts]
    context = {
        **body["context"],
        "selections": ["ServiceRequest/draft-0"],
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": entries},
    }
    return {**body, "hook": "order-select", "context": context}


@dataclass
class Sent:
    """How calls were answered, and what was wrong with an answer, with the call that shows it."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)


async def send(service: Service, count: int, seed: int) -> Sent:
    """Send spoilt calls, and hold every answer against the standards."""
    random, sent, whole = Random(seed), Sent(), calls()
    for _ in range(count):
        path, body = random.choice(whole)
        text = json.dumps(spoilt(body, random))
        response = await service.http.post(
            path, content=text, headers={"Content-Type": "application/json"}
        )
        sent.answers[path, response.status_code] += 1
        for fault in wrong(path, response.status_code, response.json()):
            sent.faults.setdefault(fault, text)
    return sent


def wrong(path: str, status: int, answer: Any) -> list[str]:
    """Return what is wrong with an answer."""
    if status != 200:
        allowed = status in REFUSALS[path]
        told = answer.get("resourceType") == "OperationOutcome" and bool(answer["issue"])
        return [] if allowed and told else [f"{path}: status {status}"]
    if path == FEEDBACK:
        return [] if set(answer) == {"recorded", "unknown_cards"} else [f"{path}: {answer}"]
    if path == SERVICE:
        found = conformance.check("response", answer)
        return [str(each) for each in found if each.severity == "error"]
    return [str(each) for each in problems(answer)]


def settings(folder: Path) -> Settings:
    return Settings.model_validate(
        {"dev": True, "log": {"url": f"sqlite:///{folder / 'decisions.db'}"}}
    )


async def _main(count: int, seed: int = 1) -> int:
    with tempfile.TemporaryDirectory() as folder:
        async with running(settings(Path(folder))) as service:
            start = time.perf_counter()
            sent = await send(service, count, seed)
    print(f"{count} calls, {len(sent.faults)} faults, {time.perf_counter() - start:.0f} s")
    for (path, status), number in sorted(sent.answers.items()):
        print(f"  {path}: {number} x {status}")
    for fault, text in sent.faults.items():
        print(f"FAULT {fault}\n{text}")
    return int(bool(sent.faults))


if __name__ == "__main__":
    logging.disable()
    sys.exit(asyncio.run(_main(*map(int, sys.argv[1:3]))))
