"""What the service writes to its log: one JSON object a line, of a few fields that name nobody.

There is no way to give a free text: an event is a word, and its fields are those of `Line`. Data
of patients, tokens, identifiers and messages of exceptions have no field.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

LOGGER = logging.getLogger("guidestep.server")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What a line may tell. `service` and `hook` are those of the settings, not of a request."""

    request: str | None = None
    """An id made here for this one request."""
    endpoint: str | None = None
    method: str | None = None
    service: str | None = None
    hook: str | None = None
    status: int | None = None
    milliseconds: float | None = None
    outcome: str | None = None
    """The outcome of a recommendation, or the code of a refusal."""
    reason: str | None = None
    """A word of ours that tells a refusal more exactly."""
    incident: str | None = None
    error: str | None = None
    """The type of an exception, never its message."""
    frames: tuple[str, ...] | None = None
    """Where in the code it was raised: file, line, function."""
    count: int | None = None


def log(level: int, event: str, line: Line | None = None) -> None:
    """Write a line, if anybody listens at its level."""
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, event, extra={"line": line or Line()})


def error_line(error: BaseException, *, incident: str, request: str | None = None) -> Line:
    """Return what may be told of an exception: its type and where it came from."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    places = tuple(f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in frames)
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    return Line(request=request, incident=incident, error=name, frames=places)


class JsonLines(logging.Formatter):
    """Formats records as JSON; of records that are not ours only the kind is told.

    >>> told = {"name": "guidestep.server", "msg": "ready", "levelname": "INFO", "created": 0}
    >>> record = logging.makeLogRecord(told)
    >>> JsonLines().format(record)
    '{"time": "1970-01-01T00:00:00.000Z", "level": "info", "event": "ready"}'
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        when = datetime.fromtimestamp(record.created, UTC)
        told: dict[str, object] = {
            "time": f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z",
            "level": record.levelname.lower(),
        }
        line = getattr(record, "line", None)
        if record.name == LOGGER.name:
            told["event"] = record.msg
        else:
            # Arguments may hold anything; the words of the program itself may not.
            told["event"] = record.name
            told["error"] = str(record.msg).partition("\n")[0][:200]
        if isinstance(line, Line):
            for each in fields(line):
                value = getattr(line, each.name)
                if value is not None:
                    told[each.name] = value
        elif record.exc_info and record.exc_info[0] is not None:
            told["error"] = record.exc_info[0].__qualname__
        return json.dumps(told, ensure_ascii=True, default=str)


def write_to(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send the lines of the service, and of what it runs on, to a stream (standard error)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines())
    for name in ("guidestep.server", "uvicorn", "uvicorn.error", "asyncio"):
        logger = logging.getLogger(name)
        logger.handlers = [handler] if name != "uvicorn.error" else []
        logger.propagate = name == "uvicorn.error"
        logger.setLevel(level if name == "guidestep.server" else max(level, logging.WARNING))
    for name in ("httpx", "httpcore"):
        # They write the addresses they call, which hold the ids of patients.
        logging.getLogger(name).setLevel(logging.CRITICAL)
    access = logging.getLogger("uvicorn.access")
    access.handlers, access.propagate, access.disabled = [], False, True
