"""Calls of the application that its OpenAPI document allows, and calls that it does not.

Schemathesis makes them from the document, sends them to the application in this process, and checks
every answer against the document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import schemathesis
from fastapi import FastAPI
from schemathesis import AuthContext, BaseSchema, Case, GenerationMode, HookContext, hooks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.python.asgi import shutdown_lifespans

from guidestep.server import Settings, create_app
from tests.server.clients import BASE, ISSUER, Client, Clock, our_key_set
from tests.server.patients import (
    STEADY,
    UNSTEADY,
    bundle,
    observations,
    person,
    prefetch,
)

_TEXT = 1500


@dataclass
class Run:
    """What a run sent, and what was wrong.

    `answers` counts by operation and status, `checks` by name. A fault is told once for each
    operation and check, with the call that shows it.
    """

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    phases: Counter[str] = field(default_factory=Counter)
    faults: dict[tuple[str, str], str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        return self.answers.total()

    @property
    def operations(self) -> set[str]:
        return {operation for operation, _ in self.answers}

    def statuses(self, operation: str | None = None) -> set[int]:
        return {status for name, status in self.answers if operation in (None, name)}

    def __str__(self) -> str:
        lines = [f"{self.calls} calls, {self.checks.total()} checks, {len(self.faults)} faults"]
        lines.append(", ".join(f"{name} {count}" for name, count in sorted(self.phases.items())))
        for operation in sorted(self.operations):
            counts = {s: n for (o, s), n in sorted(self.answers.items()) if o == operation}
            lines.append(f"  {operation}: " + ", ".join(f"{n} x {s}" for s, n in counts.items()))
        lines += [f"  {name}: {count}" for name, count in sorted(self.checks.items())]
        lines += [f"FAULT {' '.join(key)}\n{text}" for key, text in self.faults.items()]
        return "\n".join([*lines, *(f"ERROR {error}" for error in self.errors)])


def application(folder: Path, *, dev: bool) -> FastAPI:
    """Return an application that keeps its log in a folder; without `dev` it asks for tokens."""
    keys = folder / "keys.json"
    keys.write_bytes(our_key_set())
    told: dict[str, Any] = {
        "base_url": BASE,
        "log": {"url": f"sqlite:///{folder / 'decisions.db'}"},
        **({"dev": True} if dev else {"issuers": [{"iss": ISSUER, "jwks_file": keys}]}),
    }
    return create_app(Settings.model_validate(told), clock=Clock())


def run(
    app: FastAPI,
    *,
    examples: int,
    seed: int = 1,
    client: Client | None = None,
    drawn_only: Sequence[str] = (),
    only: str | None = None,
) -> Run:
    """Call an application; `client` signs a token for each call, without it none is sent.

    `examples` is how many calls are drawn for each operation, beside those that follow from the
    document: each part of a body in turn at its limits, beyond them, and left out, which for a
    large body are hundreds. `drawn_only` names paths without those. `only` names the one path that
    is called.
    """
    config = _config(examples, seed, drawn_only)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, config=config)
    if only is not None:
        schema = schema.include(path=only)
    if client is not None:
        schema.auth(refresh_interval=None)(_provider(client))
    found = Run()
    try:
        with _records():
            _execute(schema, found)
    finally:
        # Otherwise it would run, and hold its log open, until this process ends.
        shutdown_lifespans()
    return found


def _execute(schema: BaseSchema, found: Run) -> None:
    for event in from_schema(schema).execute():
        if isinstance(event, events.ScenarioFinished):
            _count(found, event)
        elif isinstance(event, events.NonFatalError):
            found.errors.append(f"{event.label}: {event.value}")
        elif isinstance(event, events.FatalError):
            raise event.exception


def _config(examples: int, seed: int, drawn_only: Sequence[str]) -> SchemathesisConfig:
    phases = {"coverage": {"enabled": False}}
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "checks": {
                # A call can be as the document says, and yet its data contradict each other or
                # lack what the service cannot answer without: 422 and 412. A 400 is then a fault.
                "positive_data_acceptance": {"expected-statuses": [200, 404, 412, 422]},
                "negative_data_rejection": {
                    "expected-statuses": [400, 401, 404, 405, 412, 415, 422]
                },
            },
            "generation": {"max-examples": examples, "deterministic": True, "no-shrink": True},
            "operations": [{"include-path": path, "phases": phases} for path in drawn_only],
        }
    )


@contextmanager
def _records() -> Iterator[None]:
    """Put the record of a patient into calls that are as the document says.

    The document does not know the queries of a guideline: left alone, all calls would lack data.
    Of three calls one is left alone, the others get a patient with a red flag or one without.
    """
    turn = cycle([None, UNSTEADY, STEADY])

    def before_call(context: HookContext, case: Case, kwargs: dict[str, Any]) -> None:
        body, meta = case.body, case.meta
        if meta is None or meta.generation.mode is not GenerationMode.POSITIVE:
            return
        if case.path == "/cds-services/{id}" and (record := next(turn)) is not None:
            patient = body["context"]["patientId"]
            case.body = {**body, "prefetch": prefetch(record, patient)}
        elif case.path == "/guidelines/{id}/fhir" and (record := next(turn)) is not None:
            case.body = bundle(person(), *observations(record))

    schemathesis.hook("before_call")(before_call)
    try:
        yield
    finally:
        hooks.unregister(before_call)


def _provider(client: Client) -> Any:
    class Provider:
        def get(self, case: Case, context: AuthContext) -> str:
            return client.token(case.formatted_path)

        def set(self, case: Case, data: str, context: AuthContext) -> None:
            case.headers["Authorization"] = f"Bearer {data}"

    return Provider


def _count(found: Run, event: events.ScenarioFinished) -> None:
    recorder = event.recorder
    for id_, interaction in recorder.interactions.items():
        operation = recorder.cases[id_].value.operation.label
        status = 0 if interaction.response is None else interaction.response.status_code
        found.answers[operation, status] += 1
        found.phases[event.phase.value] += 1
    for id_, checks in recorder.checks.items():
        operation = recorder.cases[id_].value.operation.label
        for check in checks:
            found.checks[check.name] += 1
            if check.status is Status.FAILURE:
                told = _told(check.failure_info, recorder.interactions.get(id_))
                found.faults.setdefault((operation, check.name), told)


def _told(failure: Any, interaction: Any) -> str:
    """Return what was wrong, and the call and the answer that show it."""
    lines = [] if failure is None else [str(failure.failure)]
    if interaction is not None:
        request, response = interaction.request, interaction.response
        lines += [f"{request.method} {request.uri}", *_body("sent", request.body)]
        if response is not None:
            lines += [f"answered {response.status_code}", *_body("answer", response.content)]
    return "\n".join(lines)


def _body(name: str, body: bytes | None) -> list[str]:
    return [f"{name}: {body[:_TEXT].decode(errors='replace')}"] if body else []
