"""Why a call gets no answer: the status code, and a body for the program at the other end.

CDS Hooks endpoints answer with a FHIR OperationOutcome, the JSON API with problem details.
Sources: CDS Hooks 2.0.1, HTTP status codes; FHIR R4, OperationOutcome; RFC 9457.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from fastapi.responses import Response

PROBLEM_JSON = "application/problem+json"
FHIR_JSON = "application/fhir+json"


class Code(StrEnum):
    """What was wrong, for programs and for the log."""

    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    UNAUTHORIZED = "unauthorized"
    KEYS_UNAVAILABLE = "keys-unavailable"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"
    TOO_LARGE = "too-large"
    TOO_SLOW = "too-slow"
    INVALID_JSON = "invalid-json"
    INVALID_REQUEST = "invalid-request"
    INVALID_ASSESSMENT = "invalid-assessment"
    UNKNOWN_PROFILE = "unknown-profile"
    DATA_UNOBTAINABLE = "data-unobtainable"
    LOG_UNAVAILABLE = "log-unavailable"
    NOT_READY = "not-ready"
    ENGINES_DISAGREE = "engines-disagree"
    INTERNAL = "internal-error"


_ISSUE_TYPES: Mapping[Code, str] = {
    Code.NOT_FOUND: "not-found",
    Code.METHOD_NOT_ALLOWED: "not-supported",
    Code.UNAUTHORIZED: "login",
    Code.KEYS_UNAVAILABLE: "transient",
    Code.UNSUPPORTED_MEDIA_TYPE: "not-supported",
    Code.TOO_LARGE: "too-long",
    Code.TOO_SLOW: "timeout",
    Code.INVALID_JSON: "structure",
    Code.INVALID_REQUEST: "invalid",
    Code.INVALID_ASSESSMENT: "invalid",
    Code.UNKNOWN_PROFILE: "invalid",
    Code.DATA_UNOBTAINABLE: "required",
    Code.LOG_UNAVAILABLE: "transient",
    Code.NOT_READY: "transient",
    Code.ENGINES_DISAGREE: "exception",
    Code.INTERNAL: "exception",
}
"""Codes of http://hl7.org/fhir/issue-type, one for each code of ours."""


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing wrong: where (a JSON path, a field, a prefetch key), what, and a hint."""

    message: str
    where: str = ""
    hint: str = ""
    code: str = ""


@dataclass(eq=False)
class Refusal(Exception):  # noqa: N818 (not always a fault)
    """Ends a call without an answer.

    `title` tells what was wrong in words that hold no data of a patient; `details` may repeat what
    the caller sent, go into the answer to that caller and nowhere else.
    """

    status: int
    code: Code
    title: str
    details: tuple[Detail, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    incident: str = ""

    def __str__(self) -> str:
        return self.title


def operation_outcome(refusal: Refusal) -> dict[str, object]:
    """Return a refusal as an OperationOutcome, with one issue for each detail.

    >>> outcome = operation_outcome(Refusal(404, Code.NOT_FOUND, "there is no such service"))
    >>> outcome["issue"][0]["code"], outcome["issue"][0]["diagnostics"]
    ('not-found', 'there is no such service')
    """
    severity = "fatal" if refusal.status >= 500 else "error"
    text = refusal.title
    if refusal.incident:
        text += f" (incident {refusal.incident})"
    issues = [_issue(severity, _ISSUE_TYPES[refusal.code], refusal.code.value, text, "")]
    for each in refusal.details:
        said = f"{each.message}; {each.hint}" if each.hint else each.message
        issues.append(
            _issue("error", _ISSUE_TYPES[refusal.code], each.code or refusal.code, said, each.where)
        )
    return {"resourceType": "OperationOutcome", "issue": issues}


def _issue(severity: str, kind: str, code: str, text: str, where: str) -> dict[str, object]:
    issue: dict[str, object] = {
        "severity": severity,
        "code": kind,
        # Not a coding: these are words of ours and of no published code system.
        "details": {"text": code},
        "diagnostics": text,
    }
    if where:
        # `expression` is FHIRPath; a place in a CDS Hooks request is only like one.
        issue["diagnostics"] = f"{where}: {text}"
    return issue


def problem(refusal: Refusal) -> dict[str, object]:
    """Return a refusal as problem details.

    >>> problem(Refusal(404, Code.NOT_FOUND, "there is no such guideline"))["title"]
    'there is no such guideline'
    """
    found: dict[str, object] = {
        "type": "about:blank",
        "title": refusal.title,
        "status": refusal.status,
        "code": refusal.code.value,
    }
    if refusal.details:
        found["problems"] = [told(each) for each in refusal.details]
    if refusal.incident:
        found["incident"] = refusal.incident
    return found


def told(detail: Detail) -> dict[str, str]:
    """Return one detail as JSON; what it does not have is left out."""
    pairs = {
        "path": detail.where,
        "code": detail.code,
        "message": detail.message,
        "hint": detail.hint,
    }
    return {name: text for name, text in pairs.items() if text}


def response(refusal: Refusal, *, fhir: bool) -> Response:
    """Return the answer that tells a caller of a refusal."""
    body = operation_outcome(refusal) if fhir else problem(refusal)
    return Response(
        json.dumps(body, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"),
        refusal.status,
        {"Cache-Control": "no-store", **refusal.headers},
        FHIR_JSON if fhir else PROBLEM_JSON,
    )


def details_of(problems: Iterable[object]) -> tuple[Detail, ...]:
    """Return problems of any part of guidestep as details; each has at least a message."""
    return tuple(
        Detail(
            str(getattr(each, "message", each)),
            str(getattr(each, "path", "") or ""),
            str(getattr(each, "hint", "") or ""),
            str(getattr(each, "code", "") or ""),
        )
        for each in problems
    )
