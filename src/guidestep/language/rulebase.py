"""The rule base: a checked guideline as frozen data, before a profile is chosen.

What needs no expression (citations, facts, doses, metadata) is kept as the entry that was read;
what has one is kept with its typed, resolved surface tree and the place it was written at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from guidestep.assessment import Assessment
from guidestep.language.documents import (
    AmbiguityEntry,
    AssumptionEntry,
    CitationEntry,
    DoseEntry,
    FactEntry,
    GuidelineEntry,
    MeasurementEntry,
    NoticeEntry,
    RequestEntry,
    StepEntry,
    TrackEntry,
)
from guidestep.language.properties import BuiltIn
from guidestep.language.source import Span
from guidestep.language.tree import Expression
from guidestep.language.types import Type
from guidestep.outcome import Family, Outcome


@dataclass(frozen=True, slots=True)
class Grounds:
    """The ids of the facts, citations and assumptions that something rests on."""

    facts: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()

    def __or__(self, other: Grounds) -> Grounds:
        def joined(ours: tuple[str, ...], theirs: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(dict.fromkeys((*ours, *theirs)))

        return Grounds(
            joined(self.facts, other.facts),
            joined(self.cites, other.cites),
            joined(self.assumes, other.assumes),
        )


@dataclass(frozen=True, slots=True)
class Defined:
    """A finding, value, score or band: a name that expressions may use."""

    id: str
    statement: str
    expression: Expression
    type: Type
    grounds: Grounds
    span: Span
    labels: tuple[str, ...] = ()
    """What the items of a score are called, in order; empty for other definitions."""


@dataclass(frozen=True, slots=True)
class Optional:
    """When a rule may stay unknown, and by which assumption."""

    when: Expression
    assumes: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of any family.

    `then` is `None` for a rule that only adds a caution. For a requirement `when` is the condition
    that must hold and `scope` says for whom; for all others `scope` is `None`.
    """

    id: str
    family: Family
    statement: str
    when: Expression
    then: Outcome | None
    grounds: Grounds
    span: Span
    scope: Expression | None = None
    optional: Optional | None = None
    advice: str = ""
    urgency: str = ""
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """A step that begins when nothing of its track has begun."""

    step: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A step that follows another when its criterion is met."""

    origin: str
    to: str


@dataclass(frozen=True, slots=True)
class StepBack:
    """An earlier step that continues instead of a later one."""

    origin: str
    to: str


@dataclass(frozen=True, slots=True)
class Withhold:
    """No exercise in a track; `step` names the state, if it has a name."""

    track: str
    step: str | None


Move: TypeAlias = Start | Progress | StepBack | Withhold


@dataclass(frozen=True, slots=True)
class Progression:
    """A rule by which a track moves, or does not."""

    id: str
    track: str
    statement: str
    move: Move
    when: Expression
    grounds: Grounds
    span: Span
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Conditional:
    """An entry with one condition: a track, a notice or a request."""

    when: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Track(Conditional):
    """A track and for whom it is considered."""

    entry: TrackEntry


@dataclass(frozen=True, slots=True)
class Notice(Conditional):
    """A notice and when it is shown."""

    entry: NoticeEntry
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class Request(Conditional):
    """Something a clinician may ask for."""

    entry: RequestEntry
    grounds: Grounds


@dataclass(frozen=True, slots=True)
class Assumption:
    """A switchable assumption and for whom the question matters while it is off."""

    entry: AssumptionEntry
    open_when: Expression | None
    span: Span


@dataclass(frozen=True, slots=True)
class Always:
    """A condition that is true, not merely unknown, of everyone for whom the premise is."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class Never:
    """A condition that is true of nobody for whom the premise is."""

    condition: Expression


@dataclass(frozen=True, slots=True)
class UnchangedBy:
    """Inputs that change neither the outcome nor the step or action of any track.

    The premise is true with the one values of these inputs as with the other.
    """

    fields: tuple[str, ...]


Claim: TypeAlias = Always | Never | UnchangedBy


@dataclass(frozen=True, slots=True)
class Property:
    """What is claimed of every answer; `guidestep.language.claims` says what breaks it.

    `when` is the premise: patients for whom it is false or unknown are not spoken of. The
    conditions name the answer by `guidestep.language.properties`, as references with these names.
    """

    id: str
    statement: str
    claim: Claim
    when: Expression
    grounds: Grounds
    span: Span

    @property
    def conditions(self) -> tuple[Expression, ...]:
        """Its conditions, the premise first."""
        match self.claim:
            case Always(condition=condition) | Never(condition=condition):
                return (self.when, condition)
            case UnchangedBy():
                return (self.when,)


@dataclass(frozen=True, slots=True)
class Accepted:
    """Something that a check of every guideline finds in this one, and why it may stay."""

    property: BuiltIn
    about: tuple[str, ...]
    because: str
    grounds: Grounds
    span: Span


@dataclass(frozen=True, slots=True)
class Measurement:
    """How far a measured value may lie from the true one."""

    entry: MeasurementEntry
    grounds: Grounds
    span: Span


@dataclass(frozen=True, slots=True)
class Rulebase:
    """Everything a guideline folder says."""

    entry: GuidelineEntry
    model: type[Assessment]
    citations: Mapping[str, CitationEntry]
    facts: Mapping[str, FactEntry]
    ambiguities: tuple[AmbiguityEntry, ...]
    assumptions: Mapping[str, Assumption]
    definitions: Mapping[str, Defined]
    """In an order in which each comes after all that it refers to."""
    rules: Mapping[str, Rule]
    tracks: Mapping[str, Track]
    steps: Mapping[str, StepEntry]
    progressions: tuple[Progression, ...]
    notices: tuple[Notice, ...]
    requests: tuple[Request, ...]
    properties: tuple[Property, ...]
    accepted: tuple[Accepted, ...]
    measurements: tuple[Measurement, ...]
    digest: str
    folder: Path | None = field(default=None, compare=False)
    """Where it was read from; what decides nothing, such as `fhir.yaml`, lies beside it."""


def grounds_of(entry: DoseEntry | StepEntry | NoticeEntry | RequestEntry) -> Grounds:
    """Return what an entry says it rests on."""
    return Grounds(entry.facts, entry.cites, entry.assumes)
