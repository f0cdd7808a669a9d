"""Where a decision is given: what the settings or the Encounter tell, and what the export says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guidestep.decision_log import DecisionLog
from guidestep.decision_log.export import Intervention, interventions
from guidestep.server import Settings
from tests.server.clients import ISSUER
from tests.server.patients import observation, prefetch
from tests.server.service import running

Make = Callable[..., Settings]

ENCOUNTER: dict[str, Any] = {
    "resourceType": "Encounter",
    "id": "3",
    "status": "in-progress",
    "subject": {"reference": "Patient/1"},
    "location": [
        {"location": {"reference": "Location/waiting"}, "status": "completed"},
        {"location": {"reference": "Location/room-2"}, "status": "active"},
    ],
    "serviceProvider": {"reference": "Organization/clinic"},
}


def start(encounter: object, **context: str) -> dict[str, Any]:
    """Return what makes a call one of encounter-start, with an Encounter sent along."""
    told = {"userId": "Practitioner/7", "patientId": "1", "encounterId": "3", **context}
    return {
        "hook": "encounter-start",
        "context": told,
        "prefetch": prefetch() | {"encounter": encounter},
    }


async def exported(settings: Settings, tmp_path: Path, **changes: Any) -> Intervention:
    """Return the row of the export for feedback to the card of a call."""
    async with running(settings) as service:
        if settings.issuers[0].tenants:
            service.client.claims["tenant"] = settings.issuers[0].tenants[-1]
        response = await service.hook(**changes)
        assert response.status_code == 200, response.text
        told = {"card": response.json()["cards"][0]["uuid"], "outcome": "overridden"}
        told["outcomeTimestamp"] = "2026-03-02T10:05:31Z"
        assert (await service.feedback(told)).json() == {"recorded": 1, "unknown_cards": 0}
    with DecisionLog.open(f"sqlite:///{tmp_path / 'decisions.db'}") as log:
        (row,) = interventions(log)
    return row


def keys(tmp_path: Path) -> dict[str, Any]:
    return {"iss": ISSUER, "jwks_file": tmp_path / "keys.json"}


async def test_user_and_place_of_the_call_are_those_of_the_feedback(
    settings_of: Make, tmp_path: Path
) -> None:
    row = await exported(settings_of(location="Location/2"), tmp_path)
    assert (row.user, row.location) == ("Practitioner/7", "Location/2")
    assert (row.action, row.date) == ("overridden", "2026-03-02T10:05:31.000000Z")
    assert row.intervention.startswith("Stop rehabilitation, refer urgently")


async def test_nobody_told_where(settings_of: Make, tmp_path: Path) -> None:
    assert (await exported(settings_of(), tmp_path)).location == ""


async def test_an_issuer_is_somewhere(settings_of: Make, tmp_path: Path) -> None:
    issuer = keys(tmp_path) | {"location": "Location/3"}
    row = await exported(settings_of(location="Location/2", issuers=[issuer]), tmp_path)
    assert row.location == "Location/3"


@pytest.mark.parametrize(
    ("places", "expected"), [({"south": "Location/4"}, "Location/4"), ({}, "Location/3")]
)
async def test_a_tenant_may_be_elsewhere(
    places: dict[str, str], expected: str, settings_of: Make, tmp_path: Path
) -> None:
    issuer = keys(tmp_path) | {
        "location": "Location/3",
        "tenants": ["north", "south"],
        "tenant_locations": places,
    }
    row = await exported(settings_of(issuers=[issuer]), tmp_path)
    assert row.location == expected


def at(*stays: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return ENCOUNTER | {"location": list(stays)} | changes


@pytest.mark.parametrize(
    ("encounter", "expected"),
    [
        (ENCOUNTER, "Location/room-2"),
        (at({"location": {"reference": "Location/5"}}), "Location/5"),
        (at({"location": {"reference": "Location/5"}, "status": "planned"}), "Organization/clinic"),
        (at(), "Organization/clinic"),
        (
            at({"location": {"reference": "Location/5"}, "period": {"end": "2026-03-01"}}),
            "Organization/clinic",
        ),
        (
            at({"location": {"reference": "https://me:pw@a.example/Location/5"}}),
            "Organization/clinic",
        ),
        (at({"location": {"display": "Room of Mrs Smith"}}), "Organization/clinic"),
        (at(serviceProvider={"display": "Dr Smith"}), "Location/2"),
        (at("room", {"location": ["x"]}, serviceProvider=[]), "Location/2"),
        (ENCOUNTER | {"location": "room"}, "Organization/clinic"),
        (ENCOUNTER | {"id": "4"}, "Location/2"),
        (ENCOUNTER | {"subject": {"reference": "Patient/2"}}, "Location/2"),
        (ENCOUNTER | {"subject": {"display": "somebody"}}, "Location/2"),
        (ENCOUNTER | {"subject": {"reference": "https://a.b/Patient/1"}}, "Location/2"),
        ({"resourceType": "OperationOutcome", "id": "3"}, "Location/2"),
        (None, "Location/2"),
    ],
)
async def test_an_encounter_tells_it_best(
    encounter: object, expected: str, settings_of: Make, tmp_path: Path
) -> None:
    log = {"url": f"sqlite:///{tmp_path / 'decisions.db'}", "encounter": True}
    row = await exported(settings_of(location="Location/2", log=log), tmp_path, **start(encounter))
    assert row.location == expected


async def test_an_encounter_tells_nothing_of_findings(settings_of: Make, tmp_path: Path) -> None:
    gait = observation("neurologic.gait_instability", "absent")
    log = {"url": f"sqlite:///{tmp_path / 'decisions.db'}", "encounter": True}
    row = await exported(settings_of(log=log), tmp_path, **start(ENCOUNTER | {"contained": [gait]}))
    assert (row.outcome, row.location) == ("urgent_referral", "Location/room-2")


async def test_an_encounter_is_not_read_where_it_is_not_asked_for(
    settings_of: Make, tmp_path: Path
) -> None:
    row = await exported(settings_of(location="Location/2"), tmp_path, **start(ENCOUNTER))
    assert row.location == "Location/2"


async def test_it_is_asked_for_where_a_hook_always_names_one(
    settings_of: Make, tmp_path: Path
) -> None:
    log = {"url": f"sqlite:///{tmp_path / 'decisions.db'}", "encounter": True}
    for settings, expected in ((settings_of(), set()), (settings_of(log=log), {"encounter-start"})):
        async with running(settings) as service:
            found = (await service.http.get("/cds-services")).json()["services"]
        asking = {each["hook"] for each in found if "encounter" in each["prefetch"]}
        assert asking == expected


async def test_an_answer_does_not_wait_for_an_encounter(settings_of: Make, tmp_path: Path) -> None:
    log = {"url": f"sqlite:///{tmp_path / 'decisions.db'}", "encounter": True}
    call = start(None) | {"prefetch": prefetch(), "fhirServer": "https://nowhere.example.org"}
    row = await exported(settings_of(log=log), tmp_path, **call)
    assert row.location == ""


async def test_what_is_asked_directly_has_a_place_too(settings_of: Make, tmp_path: Path) -> None:
    async with running(settings_of(location="Location/2")) as service:
        assert (await service.recommend()).status_code == 200
    with (
        DecisionLog.open(f"sqlite:///{tmp_path / 'decisions.db'}") as log,
        log.storage.reading() as connection,
    ):
        (row,) = log.storage.rows(connection)
    assert row["location"] == "Location/2"
