"""Log lines and metrics: what they tell, and that nothing of a patient or client is in them."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from guidestep.guideline import Guideline
from guidestep.server import Settings
from guidestep.server.log_lines import JsonLines, Line, log, write_to
from tests.server.clients import SERVICE
from tests.server.hostile import fake_server
from tests.server.patients import UNSTEADY, bundle, call, observation, person
from tests.server.service import RECOMMEND, running

Make = Callable[..., Settings]

MARK = "MARKED"
"""Stands in every value that a client sends; no line may hold it."""


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the whole process writes to its log, at the finest level, as long as a test runs."""
    names = ("", "guidestep", "guidestep.server", "uvicorn", "uvicorn.error", "asyncio", "httpx")
    names += ("httpcore", "sqlalchemy")
    loggers = [logging.getLogger(name) for name in names]
    kept = [(each.handlers[:], each.propagate, each.level, each.disabled) for each in loggers]
    stream = io.StringIO()
    write_to(stream, logging.DEBUG)
    root = logging.StreamHandler(stream)
    root.setFormatter(logging.Formatter("%(name)s %(message)s %(exc_text)s"))
    logging.getLogger().handlers = [root]
    logging.getLogger().setLevel(logging.DEBUG)
    yield stream
    for logger, (handlers, propagate, level, disabled) in zip(loggers, kept, strict=True):
        logger.handlers, logger.propagate, logger.disabled = handlers, propagate, disabled
        logger.setLevel(level)


def told(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines() if line.startswith("{")]


async def test_a_line_for_each_request(settings_of: Make, lines: io.StringIO) -> None:
    async with running(settings_of()) as service:
        response = await service.hook()
        await service.http.post(SERVICE)
    (first, second) = [each for each in told(lines) if each["event"] == "request"]
    assert first["time"].endswith("Z")
    assert first["level"] == "info"
    assert first["request"] == response.headers["x-request-id"]
    assert first["endpoint"] == "hook"
    assert first["service"] == "cervical-spasm-opll"
    assert first["hook"] == "patient-view"
    assert first["status"] == 200
    assert first["outcome"] == "urgent_referral"
    assert 0 < first["milliseconds"] < 5000
    assert (second["status"], second["outcome"]) == (401, "unauthorized")
    assert second["reason"] == "no-token"


async def test_nothing_that_is_sent_gets_into_the_log(
    settings_of: Make, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = f"p-{MARK}"
    with fake_server() as fhir:
        fhir.resource(f"Patient/{patient}", {**person(patient), "name": [{"family": MARK}]})
        fhir.search("Observation", bundle(observation("scope.age_years", 50, patient)))
        servers = [{"base": fhir.base, "networks": ["127.0.0.0/8"]}]
        granted = {
            "access_token": f"token-{MARK}",
            "token_type": "Bearer",
            "expires_in": 300,
            "scope": MARK,
            "subject": MARK,
        }
        context = {"userId": f"Practitioner/{MARK}", "patientId": patient, "encounterId": MARK}
        asked = {
            "context": {**context, MARK: MARK},
            "fhirServer": fhir.base,
            "fhirAuthorization": granted,
            "extension": {f"com.example.{MARK}": MARK},
        }
        hidden = {"jti": f"jti-{MARK}", "tenant": MARK}
        async with running(settings_of(fhir_servers=servers)) as service:
            # Answered, refused for what it lacks, at fault in every part, and broken off.
            sent = {
                "patient": {**person(patient), "name": [{"text": MARK}]},
                "observations": bundle(
                    observation("scope.age_years", 50, patient, note=[{"text": MARK}])
                ),
                "conditions": None,
                "procedures": None,
                "reports": None,
                "answers": None,
            }
            headers = service.client.headers(**hidden)
            body = call(patient, **{**asked, "prefetch": sent})
            answer = await service.http.post(SERVICE, json=body, headers=headers)
            assert answer.status_code == 200, answer.text
            assert (await service.hook(patient=patient, prefetch={}, **asked)).status_code == 412
            elsewhere = {**asked, "fhirServer": f"https://{MARK.lower()}.example/{MARK}"}
            assert (await service.hook(prefetch={}, **elsewhere)).status_code == 412
            for wrong in (
                {"hook": MARK},
                {"hookInstance": MARK},
                {"context": {MARK: MARK, "patientId": f"Patient/{MARK}"}},
                {"prefetch": {MARK: MARK}},
                {"fhirServer": MARK},
            ):
                assert (await service.hook(**wrong)).status_code == 400
            feedback = {
                "card": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
                "outcome": "overridden",
                "outcomeTimestamp": "2026-03-02T10:05:31Z",
                "overrideReason": {
                    "reason": {"code": MARK, "system": f"https://{MARK}", "display": MARK},
                    "userComment": MARK,
                },
            }
            assert (await service.feedback(feedback)).status_code == 200
            assert (await service.feedback({"card": MARK})).status_code == 400
            assert (await service.recommend({MARK: {MARK: MARK}})).status_code == 422
            scope = {"scope": {"age_years": MARK}, "data_absent_reasons": {MARK: MARK}}
            assert (await service.recommend({**UNSTEADY, **scope})).status_code == 422
            assert (await service.recommend(UNSTEADY, f"?profile={MARK}")).status_code == 422
            for body in (f'{{"{MARK}"'.encode(), f'{{"{MARK}": "{MARK}\xff"'.encode("latin-1")):
                assert (await service.post(SERVICE, body)).status_code == 400
                assert (await service.post(RECOMMEND, body)).status_code == 400
            assert (await service.http.get(f"/{MARK}?{MARK}={MARK}")).status_code == 404
            assert (await service.http.request(MARK, "/health")).status_code == 405
            assert (await service.http.get(f"/cds-services/{MARK}")).status_code in (404, 405)
            for token in (f"Bearer {MARK}", f"Basic {MARK}", f"Bearer {MARK}.{MARK}.{MARK}"):
                headers = {"Authorization": token, "X-Request-ID": MARK, "User-Agent": MARK}
                answer = await service.http.post(SERVICE, json=call(), headers=headers)
                assert answer.status_code == 401
            for claims in ({"iss": MARK}, {"aud": MARK}, {"jti": MARK, "exp": 1}):
                headers = service.client.headers(**claims)
                answer = await service.http.post(SERVICE, json=call(), headers=headers)
                assert answer.status_code == 401
            # A fault of ours, whose message repeats what it was about.
            broken = _broken
            monkeypatch.setattr(Guideline, "recommend", broken)
            assert (await service.recommend(UNSTEADY)).status_code == 500
            metrics = (await service.http.get("/metrics")).text
    written = lines.getvalue()
    assert len(told(lines)) > 25
    assert MARK.lower() not in written.lower()
    assert MARK.lower() not in metrics.lower()
    for name in ("d1577c69", "Practitioner/", "Bearer", "eyJ", fhir.base):
        assert name not in written
    (incident,) = [each for each in told(lines) if each["event"] == "incident"]
    assert incident["error"] == "RuntimeError"
    assert "_broken" in incident["frames"][-1]


def _broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError(f"what was sent: {MARK}")


def test_lines_of_others_tell_no_arguments() -> None:
    record = logging.makeLogRecord(
        {"name": "uvicorn.error", "msg": "Invalid %s", "args": (MARK,), "levelname": "WARNING"}
    )
    assert MARK not in JsonLines().format(record)
    try:
        raise ValueError(MARK)
    except ValueError as error:
        record.exc_info = (type(error), error, error.__traceback__)
    line = json.loads(JsonLines().format(record))
    assert line["error"] == "ValueError"
    assert MARK not in json.dumps(line)


def test_a_line_is_one_line(lines: io.StringIO) -> None:
    log(logging.INFO, "event", Line(reason="a\nb\u2028c"))
    assert len(lines.getvalue().splitlines()) == 1


async def test_metrics(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        await service.hook()
        await service.recommend()
        await service.http.get("/nothing")
        response = await service.http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    for line in (
        'guidestep_requests_total{endpoint="hook",status="200"} 1.0',
        'guidestep_requests_total{endpoint="none",status="404"} 1.0',
        'guidestep_request_seconds_count{endpoint="recommend"} 1.0',
        'guidestep_outcomes_total{outcome="urgent_referral",service="cervical-spasm-opll"} 2.0',
        "guidestep_log_failures_total 0.0",
    ):
        assert line in response.text


async def test_metrics_can_be_off(settings_of: Make) -> None:
    async with running(settings_of(metrics=False)) as service:
        assert (await service.http.get("/metrics")).status_code == 404
