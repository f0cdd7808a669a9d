"""What a mapping comes to: for each field, where it is read and what a resource means for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from guidestep.assessment import Coding, FieldSpec
from guidestep.assessment.frozen import FrozenDict
from guidestep.interop.fhir.canonical import Canonical

Side: TypeAlias = Literal["left", "right", "bilateral"]

Key: TypeAlias = tuple[str, str]
"""A code: its system and the code itself."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The day before which something counts: that in a field, or the visit's at a stage."""

    day: str
    stage: str | None = None
    member: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One way in which resources of a type tell a field.

    `within` is in days before the visit, or before the day of the baseline; None sets no limit.
    `members` is what a Condition, Procedure or report means: a value if there is one, and those
    among which it does not decide if there are several.
    """

    spec: FieldSpec
    resource: str
    codes: tuple[Coding, ...] = ()
    take: Literal["value", "presence", "date", "age"] = "value"
    members: tuple[str, ...] = ()
    suggests: bool = False
    absent: str | None = None
    side: Side | None = None
    sides: bool = False
    answers: Mapping[Key, str] = field(default_factory=FrozenDict)
    """What coded answers mean: those of the model's own code system, and those that are mapped."""
    truths: Mapping[bool, str] = field(default_factory=FrozenDict)
    units: tuple[str, ...] = ()
    within: int | None = None
    baseline: Baseline | None = None
    local: bool = False
    """Whether the code is the field's own, so that it says all there is to say."""
    questionnaire: str = ""
    link_id: str = ""

    @property
    def path(self) -> str:
        """The path of the field."""
        return self.spec.path


def own_answers(canonical: Canonical, model: str, spec: FieldSpec) -> dict[Key, str]:
    """Return the answers to a field in the code system of its model."""
    system = canonical.answers(model)
    return {(system, member): member for member in spec.members}
