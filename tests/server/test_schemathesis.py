"""Calls made from the OpenAPI document find no crash, and no answer that it does not describe."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guidestep.server.routes import guidelines, hooks
from tests.server.clients import Client
from tests.server.schema_run import Run, application, run

OPERATIONS = {
    "GET /cds-services",
    "POST /cds-services/{id}",
    "POST /cds-services/{id}/feedback",
    "GET /guidelines",
    "GET /guidelines/{id}",
    "GET /guidelines/{id}/explanation",
    "GET /guidelines/{id}/schema",
    "POST /guidelines/{id}/fhir",
    "POST /guidelines/{id}/recommend",
    "POST /guidelines/{id}/recommend/batch",
    "GET /health",
    "GET /metrics",
    "GET /ready",
}

BATCH = "/guidelines/{id}/recommend/batch"
LARGE = ("/cds-services/{id}", "/guidelines/{id}/recommend", "/guidelines/{id}/fhir", BATCH)
"""Operations whose bodies have so many parts that hundreds of calls go through each of them."""

CHECKS = {
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "positive_data_acceptance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
}


def assert_sound(found: Run) -> None:
    assert not found.faults, str(found)
    assert not found.errors, str(found)
    assert found.operations == OPERATIONS
    assert set(found.checks) >= CHECKS
    # Every operation was answered, and none with a fault of ours.
    for operation in OPERATIONS:
        statuses = found.statuses(operation)
        assert 200 in statuses, operation
        assert max(statuses) < 500, operation


def test_in_development_nothing_is_found(tmp_path: Path) -> None:
    found = run(application(tmp_path, dev=True), examples=8, drawn_only=[BATCH])
    assert_sound(found)
    assert found.statuses() == {200, 400, 404, 405, 412, 415, 422}
    assert found.calls > 1000


def test_with_tokens_nothing_is_found(tmp_path: Path) -> None:
    app = application(tmp_path, dev=False)
    found = run(app, examples=10, client=Client(), drawn_only=LARGE)
    assert_sound(found)
    asked = OPERATIONS - {
        "GET /cds-services",
        "GET /guidelines/{id}/explanation",
        "GET /health",
        "GET /metrics",
        "GET /ready",
    }
    for operation in OPERATIONS:
        assert (401 in found.statuses(operation)) == (operation in asked), operation


# What is wrong is found: each of these breaks the application once.


def test_a_crash_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(guidelines, "_offered", crash)
    found = run(application(tmp_path, dev=True), examples=2, only="/guidelines/{id}")
    assert ("GET /guidelines/{id}", "not_a_server_error") in found.faults


def test_an_answer_that_does_not_fit_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = guidelines._offered
    monkeypatch.setattr(guidelines, "_offered", lambda *parts: {**offered(*parts), "digest": None})
    found = run(application(tmp_path, dev=True), examples=2, only="/guidelines/{id}")
    assert ("GET /guidelines/{id}", "response_schema_conformance") in found.faults


def test_a_call_that_is_taken_though_it_is_wrong_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "parse_feedback", lambda _: ())
    path = "/cds-services/{id}/feedback"
    found = run(application(tmp_path, dev=True), examples=2, only=path)
    assert (f"POST {path}", "negative_data_rejection") in found.faults


def test_a_door_left_open_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def anybody(*_: Any) -> None:
        return None

    monkeypatch.setattr(guidelines, "authenticate", anybody)
    app = application(tmp_path, dev=False)
    found = run(app, examples=2, client=Client(), only="/guidelines")
    assert ("GET /guidelines", "ignored_auth") in found.faults
