"""What is wrong with what a client sent, and what it is told: an OperationOutcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from guidestep.interop.cds_hooks.emptiness import Object

ProblemCode: TypeAlias = Literal[
    "invalid", "required", "structure", "value", "not-supported", "business-rule"
]
"""The kinds of problem, all of the FHIR code system `issue-type`."""

LISTED = 50
"""Problems that one text or OperationOutcome lists; the error has them all."""


@dataclass(frozen=True, slots=True)
class RequestProblem:
    """One thing wrong with a request or a feedback.

    `path` is the element (`context.selections[0]`), or empty for the whole body. The message says
    what is wrong and never repeats what was given, which may tell of a patient; the hint says what
    to send instead.

    >>> print(RequestProblem("hook", "the hook is not given", "name the hook", "required"))
    hook: the hook is not given
      hint: name the hook
    """

    path: str
    message: str
    hint: str = ""
    code: ProblemCode = "invalid"

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class BadRequest(ValueError):  # noqa: N818 (named for the status 400 that it becomes)
    """A request or feedback that cannot be read, with every problem found in it.

    >>> print(BadRequest([RequestProblem("hook", "the hook is not given", "", "required")]))
    the request cannot be read: 1 problem
    - hook: the hook is not given
    """

    def __init__(self, problems: Iterable[RequestProblem]) -> None:
        self.problems: tuple[RequestProblem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        heading = f"the request cannot be read: {count} problem{'' if count == 1 else 's'}"
        lines = [heading, *(f"- {problem}" for problem in self.problems[:LISTED])]
        if count > LISTED:
            lines.append(f"... and {count - LISTED} more")
        return "\n".join(lines)

    def outcome(self) -> Object:
        """Return the FHIR OperationOutcome that names every problem."""
        return operation_outcome(
            (problem.code, problem.path, problem.message, problem.hint)
            for problem in self.problems[:LISTED]
        )


class Unobtainable(LookupError):  # noqa: N818 (named for what it says of the data)
    """Data that the guideline needs and that are neither in the prefetch nor reachable.

    It becomes the status 412. `keys` are the prefetch keys, in the order of the mapping.

    >>> fault = Unobtainable({"patient": "Patient/{{context.patientId}}"})
    >>> fault.outcome()["issue"][0]["expression"]
    ['prefetch.patient']

    Source: CDS Hooks 2.0, "Prefetch Template".
    """

    def __init__(self, queries: Mapping[str, str]) -> None:
        self.keys: tuple[str, ...] = tuple(queries)
        self.queries: Mapping[str, str] = dict(queries)
        super().__init__(self.keys)

    def __str__(self) -> str:
        return f"required data could not be obtained: {', '.join(self.keys)}"

    def outcome(self) -> Object:
        """Return the FHIR OperationOutcome that names every key and its query."""
        return operation_outcome(
            (
                "required",
                f"prefetch.{key}",
                f"the data of prefetch key '{key}' are needed and could not be obtained",
                f"send the result of {query}, all pages of it, or null if there is none; or give "
                "fhirServer and fhirAuthorization",
            )
            for key, query in self.queries.items()
        )


def operation_outcome(issues: Iterable[tuple[str, str, str, str]]) -> Object:
    """Return a FHIR OperationOutcome of errors, each a code, an element, a message and a hint.

    >>> operation_outcome([("required", "hook", "not given", "name it")])["issue"]
    [{'severity': 'error', 'code': 'required', 'details': {'text': 'not given'}, \
'diagnostics': 'name it', 'expression': ['hook']}]
    """
    found: list[Object] = []
    for code, path, message, hint in issues:
        issue: Object = {"severity": "error", "code": code, "details": {"text": message}}
        if hint:
            issue["diagnostics"] = hint
        if path:
            issue["expression"] = [path]
        found.append(issue)
    return {"resourceType": "OperationOutcome", "issue": [*found]}
