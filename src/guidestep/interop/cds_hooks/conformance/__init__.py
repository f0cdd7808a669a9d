"""Whether a document is what CDS Hooks 2.0.1 says, for the four documents that pass the wire.

Written from the specification and from the logical models that go with it, apart from the code that
makes and reads the documents: so that each can be held against the other. The FHIR resources inside
are looked at no closer than these models do.

Source: CDS Hooks 2.0.1; the invariants cds-r-1 and -2, cds-resp-1 to -7 and cds-fb-1 to -3 of the
logical models of version 3.0.0-ballot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from guidestep.interop.cds_hooks.conformance.elements import Problem
from guidestep.interop.cds_hooks.conformance.elements import Problems as _Problems
from guidestep.interop.cds_hooks.conformance.feedback import check_feedback
from guidestep.interop.cds_hooks.conformance.request import check_request
from guidestep.interop.cds_hooks.conformance.response import check_response
from guidestep.interop.cds_hooks.conformance.services import check_services

Kind = Literal["services", "request", "response", "feedback"]

_CHECKS: dict[str, Callable[[_Problems, object], None]] = {
    "services": check_services,
    "request": check_request,
    "response": check_response,
    "feedback": check_feedback,
}


def check(kind: Kind, document: object) -> list[Problem]:
    """Return what is wrong with a document, in the order of its elements; nothing if it conforms.

    >>> check("response", {"cards": []})
    []
    >>> for problem in check("response", {"cards": [{"summary": "A", "indicator": "urgent"}]}):
    ...     print(problem)
    error: cards[0].indicator: not one of info, warning, critical (requirement 88)
    error: cards[0].source: not given (requirement 90)

    Raises:
        ValueError: There is no such kind of document.
    """
    if kind not in _CHECKS:
        raise ValueError(f"there is no document '{kind}'; the kinds are {', '.join(_CHECKS)}")
    problems = _Problems()
    _CHECKS[kind](problems, document)
    return problems.found


__all__ = ["Kind", "Problem", "check"]
