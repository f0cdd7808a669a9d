"""What these checks find."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a resource that FHIR R4 does not allow.

    `location` is a path from the resource checked, in the form of FHIRPath. `rule` is the key of an
    invariant of the standard (`tim-1`), or what kind of fault it is: `unknown-type`,
    `unknown-element`, `cardinality`, `type`, `value`, `empty`, `code`, `reference`, `canonical`,
    `duplicate-id`, `dangling-action`, `link`, `intent`.

    >>> print(Problem("ServiceRequest.status", "code", "'done' is no code of request-status"))
    ServiceRequest.status: 'done' is no code of request-status (code)
    """

    location: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.location}: {self.message} ({self.rule})"
