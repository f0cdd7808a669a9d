"""Broken records get an answer that conforms, or a refusal that says why; never a crash."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from guidestep.interop.fhir.mapping.mapping import FhirMapping
from tests.server.clients import SERVICE
from tests.server.service import running
from tests.server.spoiling import FEEDBACK, FHIR, calls, send, settings, wrong


async def test_whole_calls_are_answered(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        for path, body in calls():
            response = await service.http.post(path, json=body)
            assert response.status_code == 200
            assert wrong(path, response.status_code, response.json()) == []


async def test_spoilt_calls_get_no_wrong_answer(tmp_path: Path) -> None:
    async with running(settings(tmp_path)) as service:
        sent = await send(service, 120, seed=1)
    assert sent.faults == {}
    for path, refusals in ((SERVICE, {400}), (FEEDBACK, {400}), (FHIR, {422})):
        statuses = {status for at, status in sent.answers if at == path}
        assert statuses >= {200, *refusals}


def test_a_crash_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise KeyError

    async def sent() -> dict[str, str]:
        async with running(settings(tmp_path)) as service:
            return (await send(service, 5, seed=1)).faults

    monkeypatch.setattr(FhirMapping, "read", crash)
    faults = set(asyncio.run(sent()))
    assert faults
    assert faults <= {f"{path}: status 500" for path in (SERVICE, FHIR)}
