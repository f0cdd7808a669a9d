"""The resources in whatever was given: a Bundle, a list, or the results of a prefetch."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from guidestep.assessment.errors import named, shown
from guidestep.interop.fhir.reading.json_access import Body, element, elements, text
from guidestep.interop.fhir.reading.problems import (
    ProblemCode,
    ReadingError,
    ReadingProblem,
    Severity,
)

MAX_RESOURCES = 50_000
"""Resources in one reading; more are no record of one patient at one visit."""

MAX_DEPTH = 8
"""Bundles within Bundles."""

_RESULTS = frozenset(
    {"collection", "searchset", "batch-response", "transaction-response", "document"}
)
"""The types of Bundle whose entries say what is; the others are requests, messages or history."""


@dataclass(frozen=True, slots=True)
class Given:
    """A resource as it was given, and the server it comes from where that is known."""

    body: Body
    base: str = ""
    parent: Body | None = None
    """The resource that contains it."""
    address: str = ""
    """The full address that it has in its Bundle."""


@dataclass(slots=True)
class _Unpacking:
    found: list[Given] = field(default_factory=list)
    problems: list[ReadingProblem] = field(default_factory=list)


def unpack(data: object) -> tuple[list[Given], list[ReadingProblem]]:
    """Return the resources in the data, contained ones too, and the problems on the way.

    Raises:
        ReadingError: The data are neither resources nor prefetch results, or too many.
    """
    into = _Unpacking()
    waiting: deque[tuple[object, str, int]] = deque()
    if isinstance(data, list | tuple):
        waiting.extend((item, "", 0) for item in data)
    elif isinstance(data, Mapping) and "resourceType" in data:
        waiting.append((data, "", 0))
    elif isinstance(data, Mapping):
        # Nothing was found for a key that holds null; that is no problem.
        waiting.extend((value, "", 0) for value in data.values() if value is not None)
    else:
        hint = "give a Bundle, a list of resources, or prefetch results by key"
        raise ReadingError(f"got {shown(data)}, which holds no FHIR resources: {hint}")
    while waiting:
        given, address, depth = waiting.popleft()
        if depth > MAX_DEPTH:
            raise ReadingError(f"Bundles lie within Bundles more than {MAX_DEPTH} times")
        if not isinstance(given, Mapping) or not text(given, "resourceType"):
            _tell(into, "malformed", "", f"got {shown(given)}, which is no resource", "error")
            continue
        kind = text(given, "resourceType")
        if kind == "Bundle":
            waiting.extend((r, a, depth + 1) for r, a in _entries(into, given))
        elif kind == "OperationOutcome":
            _outcome(into, given)
        else:
            base = _base(address, given)
            into.found.append(Given(given, base, None, address))
            into.found.extend(Given(part, base, given) for part in elements(given, "contained"))
        if len(into.found) + len(waiting) > MAX_RESOURCES:
            raise ReadingError(f"there are more than {MAX_RESOURCES} resources")
    return into.found, into.problems


def _entries(into: _Unpacking, bundle: Body) -> list[tuple[object, str]]:
    kind = text(bundle, "type")
    if kind not in _RESULTS:
        hint = "give a searchset or a collection"
        message = f"a Bundle of type {named(kind) or 'unknown'} does not say what is the case"
        _tell(into, "unsupported-bundle", "Bundle", message, "error", hint)
        return []
    entries = bundle.get("entry", [])
    if not isinstance(entries, list | tuple) or any(not isinstance(e, Mapping) for e in entries):
        message = "a Bundle has entries that are no objects"
        _tell(into, "malformed", "Bundle", message, "error", "something may be missing")
        entries = []
    total = bundle.get("total")
    few = isinstance(total, int) and len(entries) < total
    if few or any(text(link, "relation") == "next" for link in elements(bundle, "link")):
        message = "a search has more pages than were given: something may be missing"
        _tell(into, "incomplete", "Bundle", message, "error", "fetch all pages")
    found: list[tuple[object, str]] = []
    for entry in elements(bundle, "entry"):
        status = text(element(entry, "response"), "status")
        if status and not status.startswith("2"):
            message = f"the server answered {named(status[:20])} to one of the requests"
            _tell(into, "server-outcome", "Bundle", message, "error", "ask again")
        if "resource" in entry:
            found.append((entry["resource"], text(entry, "fullUrl")))
    return found


def _outcome(into: _Unpacking, outcome: Body) -> None:
    """Report what a server says went wrong, by its codes: its texts may tell of the patient."""
    for issue in elements(outcome, "issue"):
        grave = text(issue, "severity") in ("fatal", "error", "")
        code = named(text(issue, "code") or "unknown")
        message = f"the server reports: {code}"
        severity: Severity = "error" if grave else "warning"
        hint = "something may be missing" if grave else ""
        _tell(into, "server-outcome", "OperationOutcome", message, severity, hint)


def _tell(
    into: _Unpacking,
    code: ProblemCode,
    resource: str,
    message: str,
    severity: Severity,
    hint: str = "",
) -> None:
    into.problems.append(ReadingProblem(code, "", resource, message, hint, severity))


def _base(address: str, body: Body) -> str:
    """Return the base of the server by the full address of a resource, or an empty text."""
    kind, id_ = text(body, "resourceType"), text(body, "id")
    end = f"/{kind}/{id_}"
    return address.removesuffix(end) if id_ and address.endswith(end) else ""
