"""At the door: every call that tells something of a patient needs a token, and gets no word why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from guidestep.server import Settings, SettingsError, create_app
from tests.server.clients import ISSUER, SERVICE, ec_key
from tests.server.hostile import fake_server
from tests.server.patients import UNSTEADY, call
from tests.server.service import RECOMMEND, running
from tests.server.test_guidelines import problem
from tests.server.test_hooks import outcome

Make = Callable[..., Settings]
ONE = "/guidelines/cervical-spasm-opll"

CALLS = [
    ("POST", SERVICE, call()),
    ("POST", f"{SERVICE}/feedback", {"feedback": []}),
    ("POST", RECOMMEND, UNSTEADY),
    ("POST", f"{RECOMMEND}/batch", {"assessments": [UNSTEADY]}),
    ("POST", f"{ONE}/fhir", {}),
    ("GET", "/guidelines", None),
    ("GET", ONE, None),
    ("GET", f"{ONE}/schema", None),
]


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=lambda each: str(each)[:40])
async def test_without_a_token(settings_of: Make, method: str, path: str, body: Any) -> None:
    async with running(settings_of()) as service:
        bodies = []
        for headers in ({}, {"Authorization": "Bearer a.b.c"}, service.client.headers("/other")):
            response = await service.http.request(method, path, json=body, headers=headers)
            if path.startswith("/cds-services") or path.endswith("/fhir"):
                outcome(response, 401, "unauthorized")
            else:
                problem(response, 401, "unauthorized")
            assert response.headers["www-authenticate"] == "Bearer"
            bodies.append(response.text)
    # Nothing tells one reason from another.
    assert len(set(bodies)) == 1


async def test_a_token_is_good_once(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        headers = service.client.headers()
        first = await service.http.post(SERVICE, json=call(), headers=headers)
        again = await service.http.post(SERVICE, json=call(), headers=headers)
        metrics = (await service.http.get("/metrics")).text
    assert (first.status_code, again.status_code) == (200, 401)
    assert 'guidestep_refused_tokens_total{reason="replayed"} 1.0' in metrics


async def test_of_many_at_once_one_is_good(settings_of: Make, tmp_path: Path) -> None:
    import asyncio

    for tokens in ({}, {"replay_store": tmp_path / "used.db"}):
        async with running(settings_of(tokens=tokens)) as service:
            headers = service.client.headers()
            answers = await asyncio.gather(
                *(service.http.post(SERVICE, json=call(), headers=headers) for _ in range(10))
            )
        assert sorted(each.status_code for each in answers) == [200] + [401] * 9


@pytest.mark.parametrize(
    "options",
    [
        {"iat": 0, "exp": 60},
        {"key": ec_key("mallory")},
        {"header": {"kid": "x"}},
        {"header": {"jku": "https://evil.example/jwks.json"}},
        {"aud": "https://cds.example.org/cds-services"},
        {"iss": "https://evil.example"},
    ],
    ids=["expired", "signature", "kid", "jku", "audience", "issuer"],
)
async def test_tokens_that_are_not_taken(settings_of: Make, options: dict[str, Any]) -> None:
    async with running(settings_of()) as service:
        headers = service.client.headers(**options)
        outcome(await service.http.post(SERVICE, json=call(), headers=headers), 401, "unauthorized")


async def test_keys_are_fetched_from_the_address_of_the_settings(settings_of: Make) -> None:
    from tests.server.clients import our_key_set

    with fake_server() as server:
        import json

        server.answers["/fhir/jwks"] = lambda w, _: w.json(
            json.loads(our_key_set()), Content_Type="application/json"
        )
        issuer = {"iss": ISSUER, "jku": [f"{server.base}/jwks"], "networks": ["127.0.0.0/8"]}
        async with running(settings_of(issuers=[issuer])) as service:
            for _ in range(3):
                assert (await service.hook()).status_code == 200
        assert len(server.asked) == 1


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_keys_that_cannot_be_had(settings_of: Make, status: int) -> None:
    with fake_server() as server:
        server.answers["/fhir/jwks"] = lambda w, _: w.json({}, status, Location=server.base)
        issuer = {"iss": ISSUER, "jku": [f"{server.base}/jwks"], "networks": ["127.0.0.0/8"]}
        async with running(settings_of(issuers=[issuer])) as service:
            for _ in range(5):
                response = await service.hook()
                outcome(response, 503, "keys-unavailable")
                assert response.headers["retry-after"]
        assert len(server.asked) == 1


async def test_in_development_nobody_is_asked(settings_of: Make) -> None:
    async with running(Settings(dev=True)) as service:
        assert (await service.http.post(SERVICE, json=call())).status_code == 200
        assert (await service.http.get("/guidelines")).status_code == 200


def test_what_cannot_be_used_is_told_at_the_start(settings_of: Make, tmp_path: Path) -> None:
    settings = settings_of(
        issuers=[{"iss": "a", "jwks_file": tmp_path / "gone.json"}],
        guidelines=[{"guideline": "nothing"}, {"guideline": "cervical-spasm-opll", "profile": "x"}],
        log={"secret_url": {"environment": "GUIDESTEP_NOT_SET"}},
    )
    with pytest.raises(SettingsError) as caught:
        create_app(settings)
    told = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 4
    for each in ("guideline nothing", "there is no profile 'x'", "gone.json", "GUIDESTEP_NOT_SET"):
        assert each in told
