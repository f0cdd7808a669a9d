"""The JSON API: which guidelines there are, what they say, and the faults of each endpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

import guidestep
from guidestep.decision_log import DecisionLog
from guidestep.engines.errors import EngineDisagreement
from guidestep.guideline import Guideline
from guidestep.server import Settings
from tests.server.patients import STEADY, UNSTEADY
from tests.server.service import RECOMMEND, running

Make = Callable[..., Settings]
GUIDELINE = guidestep.load("cervical-spasm-opll")
BATCH = f"{RECOMMEND}/batch"
ONE = "/guidelines/cervical-spasm-opll"


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """Return the problem of a refusal, whose status and code are as expected."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = response.json()
    assert (found["status"], found["code"]) == (status, code)
    return found


async def test_which_there_are(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        (listed,) = (await service.get("/guidelines")).json()["guidelines"]
        one = (await service.get(ONE)).json()
    assert listed == one
    assert one["version"] == GUIDELINE.version
    assert one["digest"] == GUIDELINE.digest
    assert one["profiles"] == list(GUIDELINE.profiles)
    assert one["review"] == "pending_human_review"


async def test_the_schema_takes_what_the_guideline_takes(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        response = await service.get(f"{ONE}/schema")
    assert response.headers["content-type"] == "application/schema+json"
    schema = response.json()
    jsonschema.validate(UNSTEADY, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"scope": {"age": 5}}, schema)


async def test_the_explanation_is_a_page_for_anybody(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        response = await service.http.get(f"{ONE}/explanation")
        missing = await service.http.get("/guidelines/other/explanation")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    for rule in GUIDELINE.rules:
        assert f'id="{rule}"' in response.text
    assert "pending human review" in response.text
    problem(missing, 404, "not-found")


@pytest.mark.parametrize("profile", [None, *GUIDELINE.profiles])
async def test_the_answer_is_that_of_the_library(settings_of: Make, profile: str | None) -> None:
    async with running(settings_of()) as service:
        query = "" if profile is None else f"?profile={profile}"
        response = await service.recommend(UNSTEADY, query)
    assert response.status_code == 200
    assert response.text == GUIDELINE.recommend(UNSTEADY, profile=profile).to_json()


async def test_the_profile_of_the_settings(settings_of: Make) -> None:
    served = [{"guideline": GUIDELINE.id, "profile": "strict", "id": "neck"}]
    async with running(settings_of(guidelines=served)) as service:
        response = await service.post("/guidelines/neck/recommend", STEADY)
    assert response.json()["guideline"]["profile"] == "strict"


async def test_every_decision_is_recorded(settings_of: Make, tmp_path: Any) -> None:
    async with running(settings_of()) as service:
        await service.recommend()
        await service.post(BATCH, {"assessments": [UNSTEADY, {}, STEADY]})
        with DecisionLog.open(f"sqlite:///{tmp_path / 'decisions.db'}") as log:
            assert log.head().sequence == 3


async def test_a_batch(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        response = await service.post(BATCH, {"assessments": [UNSTEADY, {"scope": 1}, STEADY]})
    first, second, third = response.json()["answers"]
    assert first["recommendation"] == json.loads(GUIDELINE.recommend(UNSTEADY).to_json())
    assert second["problem"]["code"] == "invalid-assessment"
    assert third["recommendation"]["outcome"] == "assess_first"


@pytest.mark.parametrize(
    "body",
    [{}, [], [UNSTEADY], {"assessments": []}, {"assessments": {}}, {"assessments": [{}], "x": 1}],
    ids=str,
)
async def test_a_batch_that_is_none(settings_of: Make, body: Any) -> None:
    async with running(settings_of()) as service:
        problem(await service.post(BATCH, body), 422, "invalid-request")


async def test_a_batch_is_bounded(settings_of: Make) -> None:
    async with running(settings_of(limits={"batch": 2})) as service:
        problem(await service.post(BATCH, {"assessments": [{}] * 3}), 413, "too-large")


async def test_an_assessment_at_fault(settings_of: Make) -> None:
    wrong = {**UNSTEADY, "scope": {"age_years": 620, "age": 1}}
    async with running(settings_of()) as service:
        found = problem(await service.recommend(wrong), 422, "invalid-assessment")
    assert {each["path"] for each in found["problems"]} == {"scope.age_years", "scope.age"}
    assert all(each["message"] for each in found["problems"])


@pytest.mark.parametrize("body", [[], "x", 7, None, True], ids=str)
async def test_no_assessment(settings_of: Make, body: Any) -> None:
    async with running(settings_of()) as service:
        problem(await service.post(RECOMMEND, json.dumps(body).encode()), 422, "invalid-assessment")


async def test_a_visit_in_the_future(settings_of: Make) -> None:
    late = {**UNSTEADY, "encounter": {"care_stage": "intake", "assessment_date": "2026-03-03"}}
    async with running(settings_of()) as service:
        problem(await service.recommend(late), 422, "invalid-assessment")


@pytest.mark.parametrize(("hour", "status"), [(22, 422), (23, 200)])
async def test_the_day_is_that_of_the_site(settings_of: Make, hour: int, status: int) -> None:
    late = {**UNSTEADY, "encounter": {"care_stage": "intake", "assessment_date": "2026-03-03"}}
    async with running(settings_of(time_zone="Europe/Vienna")) as service:
        service.clock.now += (hour - 10) * 3600
        service.client.now = service.clock.now
        assert (await service.recommend(late)).status_code == status


async def test_a_profile_that_is_not_there(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        problem(await service.recommend(UNSTEADY, "?profile=x"), 422, "unknown-profile")
        response = await service.post(f"{BATCH}?profile=x", {"assessments": [UNSTEADY]})
        problem(response, 422, "unknown-profile")


@pytest.mark.parametrize(
    "path", ["/guidelines/x", "/guidelines/x/schema", "/nothing", "/guidelines/", "/"]
)
async def test_what_is_not_there(settings_of: Make, path: str) -> None:
    async with running(settings_of()) as service:
        problem(await service.get(path), 404, "not-found")


async def test_other_methods(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        for path, allow in ((ONE, "GET, HEAD"), (RECOMMEND, "POST"), ("/health", "GET, HEAD")):
            response = await service.http.request("DELETE", path)
            problem(response, 405, "method-not-allowed")
            assert response.headers["allow"] == allow
        for path in ("/health", "/cds-services", "/openapi.json"):
            assert (await service.http.head(path)).status_code == 200


async def test_engines_that_disagree(settings_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def differ(*_: Any, **__: Any) -> Any:
        raise EngineDisagreement([("gait", True, None)])

    async with running(settings_of()) as service:
        monkeypatch.setattr(Guideline, "recommend", differ)
        found = problem(await service.recommend(), 500, "engines-disagree")
        batch = (await service.post(BATCH, {"assessments": [UNSTEADY]})).json()
    assert found["incident"]
    assert batch["answers"][0]["problem"]["code"] == "engines-disagree"


async def test_a_fault_is_told_as_one(settings_of: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise RuntimeError("the patient is called Meier")

    async with running(settings_of()) as service:
        monkeypatch.setattr(Guideline, "recommend", broken)
        response = await service.recommend()
    assert problem(response, 500, "internal-error")["incident"]
    assert "Meier" not in response.text


# --- the OpenAPI document -------------------------------------------------------------------------


async def test_the_document_describes_what_there_is(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        document = (await service.http.get("/openapi.json")).json()
    operations = [
        (path, operation)
        for path, methods in document["paths"].items()
        for operation in methods.values()
    ]
    assert len(operations) == 13
    for path, operation in operations:
        assert ("401" in operation["responses"]) is bool(operation.get("security"))
        assert "500" in operation["responses"] or path in (
            "/cds-services",
            "/health",
            "/ready",
            "/metrics",
        )
    text = json.dumps(document)
    assert "HTTPValidationError" not in text
    names = set(document["components"]["schemas"])
    referred = {part.partition('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referred <= names


async def test_answers_are_as_the_document_says(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        document = (await service.http.get("/openapi.json")).json()
        answers = {
            "Recommendation": await service.recommend(),
            "Cards": await service.hook(),
            "Services": await service.http.get("/cds-services"),
            "Guidelines": await service.get("/guidelines"),
            "BatchAnswers": await service.post(BATCH, {"assessments": [UNSTEADY, {}]}),
            "Health": await service.http.get("/health"),
            "Readiness": await service.http.get("/ready"),
            "Problem": await service.recommend({}),
            "OperationOutcome": await service.hook(prefetch={}),
        }
    for name, answer in answers.items():
        schema = {**document, "$ref": f"#/components/schemas/{name}"}
        jsonschema.validate(answer.json(), schema)
    assessment = {**document, "$ref": "#/components/schemas/Assessment"}
    jsonschema.validate(STEADY, assessment)
