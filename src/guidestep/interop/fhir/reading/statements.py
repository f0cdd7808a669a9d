"""What resources state of fields, one statement each, before it is settled which one counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from guidestep.assessment import DataAbsentReason, Value
from guidestep.interop.fhir.mapping.mapping import FhirMapping
from guidestep.interop.fhir.mapping.sources import Source
from guidestep.interop.fhir.reading.json_access import Body
from guidestep.interop.fhir.reading.problems import ProblemCode, ReadingProblem, Severity
from guidestep.interop.fhir.reading.times import When


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of this patient, as it was given.

    `doubt` says why nothing in it may be believed although it cannot be passed over either: it is
    not final, or it exists in several versions.
    """

    kind: str
    name: str
    body: Body
    version: str = ""
    doubt: str = ""


class Statement(NamedTuple):
    """What one resource states of one field.

    `value` and `reason` are both None where what is stated could not be read. A `lasting`
    statement (an active Condition, a Procedure that was done) holds until its resource says
    otherwise; any other counts by its date. `among` are the members that agree with it; a
    statement that does not `decide` among them gives no value, and only bars the others.
    """

    source: Source
    resource: str
    version: str
    when: When
    recorded: str
    value: Value = None
    reason: DataAbsentReason | None = None
    doubtful: bool = False
    lasting: bool = False
    among: tuple[str, ...] = ()
    decides: bool = True

    @property
    def content(self) -> tuple[Value, DataAbsentReason | None]:
        """What two statements have alike that agree."""
        return self.value, self.reason


@dataclass(slots=True)
class Collector:
    """The statements found so far, by path, and the problems on the way."""

    mapping: FhirMapping
    on: date
    statements: dict[str, list[Statement]] = field(default_factory=dict)
    problems: list[ReadingProblem] = field(default_factory=list)

    def state(self, statement: Statement) -> None:
        """Keep a statement."""
        self.statements.setdefault(statement.source.spec.path, []).append(statement)

    def problem(
        self,
        code: ProblemCode,
        resource: str,
        message: str,
        *,
        path: str = "",
        hint: str = "",
        severity: Severity = "error",
    ) -> None:
        """Keep a problem."""
        self.problems.append(ReadingProblem(code, path, resource, message, hint, severity))

    def is_future(self, resource: Resource, when: When) -> bool:
        """Return whether something is dated after the visit, which is then a problem."""
        if when.first <= self.on:
            return False
        message = f"dated {when}, after the visit on {self.on}"
        hint = "check the date; what a later visit found does not count for this one"
        self.problem("future-dated", resource.name, message, hint=hint)
        return True


Reader = Callable[[Collector, Resource], None]
"""Takes the statements out of a resource of one type."""
