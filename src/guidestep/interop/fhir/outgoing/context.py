"""About whom and when a recommendation is written, and the ids of its resources."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from guidestep.assessment.frozen import FrozenDict
from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.elements import Element, date_time
from guidestep.recommendation import Recommendation

Requirements = Callable[[Sequence[str]], list[Element]]
"""Returns the DataRequirements of some inputs, such as `Mapping.data_requirements`."""

_REFERENCE = re.compile(
    r"(https?://\S+/)?[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}|urn:uuid:[0-9a-f-]{36}"
)


@dataclass(frozen=True, slots=True)
class Context:
    """What a recommendation does not know: the patient's record, the moment, the addresses.

    `subject` and `encounter` are references (`Patient/1`), `when` is a moment with its time zone.
    `sources` says from which resource an input was read (path to `Observation/1`); one that is no
    reference to a stored resource is left out, for it would lead nowhere. `requirements` says how
    an input is asked for in FHIR; without it a local code is named. `asked` are the paths that the
    Questionnaire asks, such as those of `recommendation.next_questions()`: the fewest whose answers
    decide. Without them it asks all that is missing; where they are none, there is none.
    `instruct_patient` writes the dose into `ServiceRequest.patientInstruction` too: it is off, for
    the guideline speaks to clinicians, and what a patient reads should have been checked by one.

    >>> import guidestep
    >>> from datetime import UTC, datetime
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> Context(guideline, "Patient/1", datetime(2026, 3, 2, 9, tzinfo=UTC)).moment
    '2026-03-02T09:00:00Z'

    Raises:
        ValueError: A reference is none, or the moment has no time zone.
    """

    guideline: Guideline
    subject: str
    when: datetime
    encounter: str | None = None
    canonical: Canonical = field(default_factory=Canonical)
    sources: Mapping[str, str] = field(default_factory=FrozenDict)
    requirements: Requirements | None = None
    asked: tuple[str, ...] | None = None
    instruct_patient: bool = False

    def __post_init__(self) -> None:
        for name, target in (("subject", self.subject), ("encounter", self.encounter)):
            if target is not None and not _REFERENCE.fullmatch(target):
                # The text itself may identify somebody: it is not repeated.
                raise ValueError(f"{name} is no FHIR reference; write it as 'Patient/1'")
        if self.when.tzinfo is None:
            raise ValueError("when has no time zone; write datetime(..., tzinfo=UTC)")
        stored = {path: at for path, at in self.sources.items() if _REFERENCE.fullmatch(at)}
        object.__setattr__(self, "sources", FrozenDict(stored))

    @property
    def moment(self) -> str:
        """The moment as FHIR writes it, in UTC."""
        return date_time(self.when)

    def asked_of(self, recommendation: Recommendation) -> tuple[str, ...]:
        """Return the paths that the Questionnaire of a recommendation asks: none if none matter."""
        missing = tuple(each.path for each in recommendation.missing)
        return missing if self.asked is None or not missing else self.asked

    def id_of(self, recommendation: Recommendation, role: str) -> str:
        """Return the id of a resource of a recommendation: the same for the same, else another.

        It is a UUID (version 5) of what decides the answer, of the patient, the encounter, the
        moment and the role. The digest of the input alone would not do: two patients who were
        examined with the same result must not share a resource.

        Raises:
            ValueError: The recommendation was made by another guideline, or another version.
        """
        used, guideline = recommendation.guideline, self.guideline
        if (used.id, used.digest) != (guideline.id, guideline.digest):
            raise ValueError(
                f"the recommendation was made by {used.id} {used.version} ({used.digest[:12]}), "
                f"the context has {guideline.id} {guideline.version} ({guideline.digest[:12]})"
            )
        return self.id_from(
            recommendation.input_digest,
            used.digest,
            used.profile,
            *(f"{parameter.id}={parameter.value!r}" for parameter in used.parameters),
            *recommendation.engines,
            role=role,
        )

    def id_from(self, *parts: str, role: str) -> str:
        """Return the id of a resource of what some parts decide, for this patient and moment."""
        who = (self.subject, self.encounter or "", self.moment, role)
        return str(uuid.uuid5(_namespace(self.canonical.base), "\n".join((*parts, *who))))


@lru_cache(maxsize=64)
def _namespace(base: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, base)


def address(id_: str) -> str:
    """Return the address of an entry of a bundle that has no other: its id as a URN."""
    return f"urn:uuid:{id_}"
