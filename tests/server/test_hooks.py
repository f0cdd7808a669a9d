"""The endpoints of CDS Hooks: discovery, calls and feedback, and the faults of each."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from guidestep.channels import Channels
from guidestep.decision_log import DecisionLog
from guidestep.engines.errors import EngineDisagreement
from guidestep.interop.cds_hooks import conformance
from guidestep.server import Settings
from tests.server.clients import BASE, SERVICE
from tests.server.hostile import FakeServer, fake_server
from tests.server.patients import STEADY, UNSTEADY, bundle, call, observations, person, prefetch
from tests.server.service import running

Make = Callable[..., Settings]
WHEN = "2026-03-02T10:05:31Z"


def no_empty(found: Any) -> bool:
    """Whether nothing in a document is null or empty, but for a list of cards."""
    if isinstance(found, dict):
        return all(
            (no_empty(each) and each not in ("", [], {})) or (name == "cards" and each == [])
            for name, each in found.items()
        )
    if isinstance(found, list):
        return all(no_empty(each) and each not in ("", [], {}) for each in found)
    return found is not None


def outcome(response: Any, status: int, code: str) -> dict[str, Any]:
    """Return the OperationOutcome of a refusal, whose status and code are as expected."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/fhir+json"
    found: dict[str, Any] = response.json()
    assert found["resourceType"] == "OperationOutcome"
    assert found["issue"][0]["details"]["text"] == code
    assert "cards" not in found
    assert no_empty(found)
    return found


async def test_discovery_needs_no_token(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        response = await service.http.get("/cds-services")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    found = response.json()
    assert not conformance.check("services", found)
    assert no_empty(found)
    assert {each["id"] for each in found["services"]} == {"cervical-spasm-opll"}
    assert {each["hook"] for each in found["services"]} >= {"patient-view", "order-sign"}


async def test_a_red_flag(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        response = await service.hook()
    assert response.status_code == 200, response.text
    found = response.json()
    assert not conformance.check("response", found)
    assert no_empty(found)
    assert found["cards"][0]["indicator"] == "critical"
    assert found["cards"][0]["links"][0]["url"].startswith(f"{BASE}/guidelines/")


async def test_the_answer_is_that_of_the_library(settings_of: Make) -> None:
    """Many patients at once: each gets the answer of its own record."""
    import asyncio

    async with running(settings_of()) as service:
        records = [UNSTEADY if number % 3 else STEADY for number in range(30)]
        answers = await asyncio.gather(
            *(
                service.hook(patient=f"p{number}", prefetch=prefetch(record, f"p{number}"))
                for number, record in enumerate(records)
            )
        )
    for record, answer in zip(records, answers, strict=True):
        critical = answer.json()["cards"][0]["indicator"] == "critical"
        assert critical is (record is UNSTEADY)


async def test_a_large_record_holds_up_nobody(
    settings_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    import asyncio
    import threading

    from guidestep.server.routes import hooks

    threads: list[bool] = []
    respond = hooks.respond

    def watched(*given: Any, **named: Any) -> Any:
        threads.append(threading.current_thread() is threading.main_thread())
        return respond(*given, **named)

    many = [
        {**each, "id": f"{each['id'][:40]}-{turn}"}
        for turn in range(100)
        for each in observations(UNSTEADY)
    ]
    async with running(settings_of()) as service:
        monkeypatch.setattr(hooks, "respond", watched)
        large = {**prefetch(), "observations": bundle(*many)}
        answers = await asyncio.gather(service.hook(prefetch=large), service.hook())
    assert [each.json()["cards"][0]["indicator"] for each in answers] == ["critical"] * 2
    assert sorted(threads) == [False, True]


async def test_the_decision_is_in_the_log_before_the_answer(
    settings_of: Make, tmp_path: Any
) -> None:
    async with running(settings_of()) as service:
        response = await service.hook()
        with DecisionLog.open(f"sqlite:///{tmp_path / 'decisions.db'}") as log:
            assert log.head().sequence == 1
        (card,) = [each["uuid"] for each in response.json()["cards"]][:1]
        given = {"card": card, "outcome": "overridden", "outcomeTimestamp": WHEN}
        taken = await service.feedback(given)
        assert taken.json() == {"recorded": 1, "unknown_cards": 0}


async def test_feedback_on_a_card_that_nobody_knows_is_recorded_as_such(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        given = {"card": str(uuid.uuid4()), "outcome": "overridden", "outcomeTimestamp": WHEN}
        taken = await service.feedback(given, {**given, "card": str(uuid.uuid4())})
    assert taken.status_code == 200
    assert taken.json() == {"recorded": 2, "unknown_cards": 2}


@pytest.mark.parametrize(
    "body", [{}, [], {"feedback": []}, {"feedback": [{"card": "7"}]}, {"feedback": {"card": "7"}}]
)
async def test_feedback_that_is_none(settings_of: Make, body: Any) -> None:
    async with running(settings_of()) as service:
        outcome(await service.post(f"{SERVICE}/feedback", body), 400, "invalid-request")


@pytest.mark.parametrize("path", ["/cds-services/other", "/cds-services/other/feedback"])
async def test_a_service_that_is_not_there(settings_of: Make, path: str) -> None:
    async with running(settings_of()) as service:
        outcome(await service.post(path, call()), 404, "not-found")


@pytest.mark.parametrize(
    "changes",
    [
        {"hook": "order-dispatch"},
        {"hookInstance": "1"},
        {"context": {"userId": "Practitioner/7"}},
        {"context": {"userId": "Practitioner/7", "patientId": "Patient/1"}},
        {"context": {"userId": "Practitioner/7", "patientId": "../../admin"}},
        {"context": {"userId": "Practitioner/7", "patientId": "1&_include=*"}},
        {"prefetch": {"patient": {}}},
        {"prefetch": []},
        {"fhirServer": "ftp://fhir.example.org"},
    ],
    ids=str,
)
async def test_a_call_that_is_none(settings_of: Make, changes: dict[str, Any]) -> None:
    async with running(settings_of()) as service:
        found = outcome(await service.hook(**changes), 400, "invalid-request")
    assert len(found["issue"]) > 1


async def test_without_what_is_needed_it_names_the_keys(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        sent = prefetch()
        del sent["observations"]
        found = outcome(await service.hook(prefetch=sent), 412, "data-unobtainable")
    assert [issue["diagnostics"].partition(":")[0] for issue in found["issue"][1:]] == [
        "prefetch.observations"
    ]
    assert "no-server" in found["issue"][1]["diagnostics"]


async def test_no_prefetch_at_all(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        body = call()
        del body["prefetch"]
        found = outcome(await service.post(SERVICE, body), 412, "data-unobtainable")
    assert len(found["issue"]) > 3


@pytest.mark.parametrize(
    "value",
    [
        {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]},
        bundle(following="https://fhir.example.org/next"),
    ],
    ids=["a failure", "one page of several"],
)
async def test_what_was_sent_is_not_all(settings_of: Make, value: Any) -> None:
    async with running(settings_of()) as service:
        sent = {**prefetch(), "observations": value}
        outcome(await service.hook(prefetch=sent), 412, "data-unobtainable")


async def test_refusals_are_sound_fhir(settings_of: Make) -> None:
    from fhir.resources.R4B.operationoutcome import OperationOutcome

    async with running(settings_of()) as service:
        refusals = [
            await service.hook(prefetch={}),
            await service.hook(hook="x"),
            await service.http.post(SERVICE),
            await service.post("/cds-services/other", {}),
            await service.post(SERVICE, b"{"),
        ]
    for response in refusals:
        found = OperationOutcome.model_validate(response.json())
        kinds = {issue.code for issue in found.issue}
        assert kinds <= {"required", "invalid", "login", "not-found", "structure", "value"}


@pytest.fixture
def fhir() -> Iterator[FakeServer]:
    with fake_server() as server:
        server.resource("Patient/1", person())
        for kind in ("Condition", "Procedure", "DiagnosticReport", "QuestionnaireResponse"):
            server.search(kind, bundle())
        server.search("Observation", bundle(*observations(UNSTEADY)))
        yield server


GRANTED = {
    "access_token": "t",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "a",
    "subject": "b",
}


async def test_what_was_not_sent_is_fetched(settings_of: Make, fhir: FakeServer) -> None:
    servers = [{"base": fhir.base, "networks": ["127.0.0.0/8"]}]
    async with running(settings_of(fhir_servers=servers)) as service:
        response = await service.hook(prefetch={}, fhirServer=fhir.base, fhirAuthorization=GRANTED)
        metrics = (await service.http.get("/metrics")).text
    assert response.status_code == 200, response.text
    assert response.json()["cards"][0]["indicator"] == "critical"
    assert 'guidestep_fetches_total{kind="fhir",result="obtained"} ' in metrics


async def test_a_server_that_does_not_give_it(settings_of: Make, fhir: FakeServer) -> None:
    fhir.answers["/fhir/Observation"] = lambda w, _: w.json({}, 403)
    servers = [{"base": fhir.base, "networks": ["127.0.0.0/8"]}]
    async with running(settings_of(fhir_servers=servers)) as service:
        response = await service.hook(prefetch={}, fhirServer=fhir.base, fhirAuthorization=GRANTED)
    found = outcome(response, 412, "data-unobtainable")
    (told,) = found["issue"][1:]
    assert told["diagnostics"].startswith("prefetch.observations: ")
    assert "(status)" in told["diagnostics"]
    assert fhir.base not in response.text


async def test_a_server_that_is_not_allowed(settings_of: Make, fhir: FakeServer) -> None:
    async with running(settings_of()) as service:
        response = await service.hook(prefetch={}, fhirServer=fhir.base, fhirAuthorization=GRANTED)
    outcome(response, 412, "data-unobtainable")
    assert not fhir.asked


@pytest.mark.parametrize("sent", [True, False])
async def test_data_that_are_no_fhir(settings_of: Make, fhir: FakeServer, sent: bool) -> None:
    wrong = bundle()
    for _ in range(12):
        wrong = bundle(wrong)
    fhir.resource("Observation", wrong)
    servers = [{"base": fhir.base, "networks": ["127.0.0.0/8"]}]
    async with running(settings_of(fhir_servers=servers)) as service:
        given = {**prefetch(), "observations": wrong} if sent else {}
        response = await service.hook(
            prefetch=given, fhirServer=fhir.base, fhirAuthorization=GRANTED
        )
    # A client that sends no FHIR is told so; one whose server does is told what is lacking.
    assert response.status_code == (400 if sent else 412), response.text


# --- faults of ours -------------------------------------------------------------------------------


async def test_a_fault_is_an_answer_and_no_empty_list(
    settings_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("the patient is called Meier")

    async with running(settings_of()) as service:
        monkeypatch.setattr("guidestep.server.routes.hooks.respond", broken)
        response = await service.hook()
    found = outcome(response, 500, "internal-error")
    assert found["issue"][0]["severity"] == "fatal"
    assert "incident" in found["issue"][0]["diagnostics"]
    assert "Meier" not in response.text
    assert "ZeroDivision" not in response.text


async def test_engines_that_disagree_have_a_code_of_their_own(
    settings_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differ(*_: Any, **__: Any) -> Any:
        raise EngineDisagreement([("gait", True, None)])

    async with running(settings_of()) as service:
        monkeypatch.setattr(Channels, "recommend", differ)
        outcome(await service.hook(), 500, "engines-disagree")
        metrics = (await service.http.get("/metrics")).text
    assert "guidestep_engine_disagreements_total 1.0" in metrics


async def test_cors(settings_of: Make) -> None:
    ours, other = "https://ehr.example.org", "https://evil.example"
    asked = {"Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization,content-type"
    async with running(settings_of(cors_origins=[ours])) as service:
        allowed = await service.http.options(SERVICE, headers={**asked, "Origin": ours})
        refused = await service.http.options(SERVICE, headers={**asked, "Origin": other})
        answer = await service.http.get("/cds-services", headers={"Origin": ours})
        fault = await service.http.post(SERVICE, headers={"Origin": ours})
        foreign = await service.http.get("/cds-services", headers={"Origin": other})
    assert allowed.status_code == 200
    assert refused.status_code == 400
    for response in (allowed, answer, fault):
        assert response.headers["access-control-allow-origin"] == ours
    for response in (refused, foreign):
        assert "access-control-allow-origin" not in response.headers
    assert fault.status_code == 401
