"""A Bundle about a patient in, a Bundle of what is advised out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guidestep.assessment import Assessment, AssessmentError, Problem
from guidestep.decision_log import DecisionLog
from guidestep.interop.fhir import Reading
from guidestep.interop.fhir.conformance import problems
from guidestep.server import Settings
from tests.server.patients import (
    STEADY,
    UNSTEADY,
    bundle,
    observation,
    observations,
    person,
    prefetch,
)
from tests.server.service import running
from tests.server.test_hooks import no_empty, outcome

Make = Callable[..., Settings]
FHIR = "/guidelines/cervical-spasm-opll/fhir"


def kinds(response: Any) -> list[str]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/fhir+json"
    found = response.json()
    assert found["resourceType"] == "Bundle"
    assert no_empty(found)
    return [entry["resource"]["resourceType"] for entry in found["entry"]]


async def test_in_and_out(settings_of: Make, tmp_path: Path) -> None:
    async with running(settings_of()) as service:
        flagged = await service.post(FHIR, bundle(person(), *observations(UNSTEADY)))
        steady = await service.post(FHIR, bundle(person(), *observations(STEADY)))
    assert kinds(flagged)[0] == "GuidanceResponse"
    assert "DetectedIssue" in kinds(flagged)
    assert "DetectedIssue" not in kinds(steady)
    assert "Questionnaire" in kinds(steady)
    assert "Patient/1" in flagged.text
    with DecisionLog.open(f"sqlite:///{tmp_path / 'decisions.db'}") as log:
        assert log.head().sequence == 2


async def test_what_was_not_used_is_told(settings_of: Make) -> None:
    wrong = observation("measures.baseline_pain_vas_mm", 5)
    wrong["valueQuantity"] = {"value": 5, "unit": "apples", "code": "kg", "system": "http://a.b"}
    async with running(settings_of()) as service:
        response = await service.post(FHIR, bundle(person(), *observations(UNSTEADY), wrong))
    assert kinds(response)[-1] == "OperationOutcome"
    issue = response.json()["entry"][-1]["resource"]["issue"][0]
    assert "Observation/measures-baseline-pain-vas-mm" in issue["diagnostics"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"resourceType": "Patient", "id": "1"},
        bundle(),
        bundle(person(), person("2")),
        bundle({"resourceType": "Patient"}),
        bundle({"resourceType": "Patient", "id": 7}),
        bundle({"resourceType": "Patient", "id": {}}),
        bundle({"resourceType": "Patient", "id": "1 2"}),
        bundle({"resourceType": "Patient", "id": "1" * 65}),
        bundle(person("7"), {"resourceType": "Patient", "id": 7}),
        {"resourceType": "Bundle", "entry": {}},
        {"resourceType": "Bundle", "entry": [7]},
        bundle(person(), following="https://fhir.example.org/next"),
    ],
    ids=lambda body: str(body)[:60],
)
async def test_a_bundle_that_is_none(settings_of: Make, body: Any) -> None:
    async with running(settings_of()) as service:
        found = outcome(await service.post(FHIR, body), 422, "invalid-assessment")
    assert len(found["issue"]) > 1


async def test_another_patient_is_not_read(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        sent = bundle(person(), *observations(UNSTEADY, "2"))
        response = await service.post(FHIR, sent)
    assert kinds(response) == ["GuidanceResponse", "Questionnaire", "OperationOutcome"]
    assert "not-this-patient" in response.text
    *ours, _ = response.json()["entry"]
    assert "Undecided red flag, not ruled out: Unsteady gait." in str(ours)
    assert "Found" not in str(ours)


async def test_a_red_flag_is_not_kept_back_for_want_of_a_date(
    settings_of: Make, tmp_path: Path
) -> None:
    flagged = {"neurologic": {"gait_instability": "present"}}
    strict = [{"guideline": "cervical-spasm-opll", "profile": "strict"}]
    async with running(settings_of(location="Location/2", guidelines=strict)) as service:
        response = await service.post(FHIR, bundle(person(), *observations(flagged)))
        nothing = await service.post(FHIR, bundle(person()))
        metrics = (await service.http.get("/metrics")).text
    assert kinds(response)[:2] == ["GuidanceResponse", "DetectedIssue"]
    told = response.json()["entry"][0]["resource"]
    assert told["status"] == "data-required"
    assert "profile strict" in str(told["contained"])
    assert told["subject"] == {"reference": "Patient/1"}
    assert not problems(response.json())
    assert kinds(nothing) == ["GuidanceResponse", "Questionnaire"]
    assert 'outcome="no_recommendation"' in metrics
    with (
        DecisionLog.open(f"sqlite:///{tmp_path / 'decisions.db'}") as log,
        log.storage.reading() as connection,
    ):
        rows = list(log.storage.rows(connection))
    assert [row["outcome"] for row in rows] == ["no_recommendation"] * 2
    assert rows[0]["input_digest"] != rows[1]["input_digest"]
    assert "encounter.care_stage" in str(rows[0]["missing"])
    assert rows[0]["profile"] == "strict"
    assert json.loads(str(rows[0]["rules"]))[0] == ["unstable-gait", "true"]
    assert rows[0]["location"] == "Location/2"
    assert rows[0]["service"] == "cervical-spasm-opll"


async def test_a_red_flag_is_not_kept_back_for_a_date_of_long_ago(settings_of: Make) -> None:
    # The weeks that follow from it are too many to be believed, and belong to no resource.
    long_ago = observation("encounter.program_start_date", "2010-01-01")
    earlier = observation("encounter.assessment_date", "2026-02-27")
    found = [one for one in observations(UNSTEADY) if "assessment-date" not in one["id"]]
    record = bundle(person(), *found, earlier, long_ago)
    async with running(settings_of()) as service:
        response = await service.post(FHIR, record)
        alike = await service.hook(
            prefetch={**prefetch(), "observations": bundle(*found, earlier, long_ago)}
        )
    assert "DetectedIssue" in kinds(response)
    (card,) = alike.json()["cards"]
    assert card["indicator"] == "critical"
    assert card["summary"].startswith("Stop rehabilitation, refer urgently: Unsteady gait")


async def test_a_record_that_contradicts_itself(
    settings_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The shipped mapping refuses each such value by itself; another one may not.
    def contradicted(self: Reading) -> Assessment:
        path = "encounter.program_start_date"
        raise AssessmentError([Problem(path, "it lies after the visit", "", "date-order")])

    monkeypatch.setattr(Reading, "assessment", contradicted)
    async with running(settings_of()) as service:
        response = await service.post(FHIR, bundle(person(), *observations(UNSTEADY)))
    assert kinds(response)[:2] == ["GuidanceResponse", "DetectedIssue"]
    assert "encounter.program_start_date" in response.text
