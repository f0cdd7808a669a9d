"""Around every request: its id, its line in the log, its metrics, and what happens to a fault.

A fault of ours is always an answer with status 500 and an id under which the log tells more; it is
never an empty list of cards.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from guidestep.server.log_lines import Line, error_line, log
from guidestep.server.metrics import Metrics
from guidestep.server.refusals import Code, Refusal, response

_NOTES = "guidestep.notes"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
}
_CLOSED_BY_CLIENT = 499


@dataclass(slots=True)
class Notes:
    """What becomes known of a request while it is answered, in words that name nobody."""

    request: str
    endpoint: str = "none"
    service: str | None = None
    hook: str | None = None
    outcome: str | None = None
    reason: str | None = None
    incident: str | None = None


def notes_of(scope: Scope) -> Notes:
    """Return the notes of a request."""
    found = scope.get(_NOTES)
    return found if isinstance(found, Notes) else Notes("none")


def is_fhir(path: str) -> bool:
    """Whether an endpoint answers refusals with an OperationOutcome."""
    if path.startswith("/guidelines/") and path.endswith("/fhir"):
        return True
    return path == "/cds-services" or path.startswith("/cds-services/")


class Watch:
    """Counts, times and logs what passes through it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        notes = scope[_NOTES] = Notes(str(uuid4()))
        status = _CLOSED_BY_CLIENT
        start = time.perf_counter()

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = notes.request
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            self._tell(scope, notes, status, time.perf_counter() - start)

    def _tell(self, scope: Scope, notes: Notes, status: int, seconds: float) -> None:
        self._metrics.seen(notes.endpoint, status, seconds)
        # What asks every few seconds whether we live is of interest only when we do not.
        quiet = logging.DEBUG if notes.endpoint in _PROBES else logging.INFO
        log(
            logging.ERROR if status >= 500 else quiet,
            "request",
            Line(
                request=notes.request,
                endpoint=notes.endpoint,
                method=scope["method"] if scope["method"] in _METHODS else "other",
                service=notes.service,
                hook=notes.hook,
                status=status,
                milliseconds=round(seconds * 1000, 3),
                outcome=notes.outcome,
                reason=notes.reason,
                incident=notes.incident,
            ),
        )


_PROBES = ("health", "ready", "metrics")
_METHODS = ("GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE")


class Guard:
    """Turns whatever was not foreseen into an answer that says so."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False
        if scope["method"] == "HEAD":
            # Whatever answers GET answers HEAD; the server leaves the body out.
            scope = {**scope, "method": "GET"}

        async def guarded(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, guarded)
        except Exception as error:  # whatever it was, the caller is told and the log has its place
            refusal = incident(scope, error)
            if started:
                raise
            answer = response(refusal, fhir=is_fhir(scope["path"]))
            await answer(scope, receive, send)


def incident(
    scope: Scope,
    error: BaseException,
    code: Code = Code.INTERNAL,
    title: str = "an internal fault: there is no answer",
) -> Refusal:
    """Return the answer to a fault of ours, and write it to the log under the same id."""
    notes = notes_of(scope)
    number = str(uuid4())
    notes.outcome, notes.incident = code.value, number
    log(logging.ERROR, "incident", error_line(error, incident=number, request=notes.request))
    return Refusal(500, code, title, incident=number)
