"""What there is to prove: that no patient breaks a property, or that there is one who shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import z3

from guidestep.assessment import FieldKind
from guidestep.language.program import Verdict
from guidestep.verify.patient import Patient, Subject, grown, optional_stays_silent
from guidestep.verify.symbols import Quantity
from guidestep.verify.terms import Bool, conj, constant, disj, neg, rational


@dataclass(frozen=True)
class Obligation:
    """One thing to prove of one property: that there are no patients of whom `wanted` is true.

    `about` is the rule, step or band concerned, if it is about one.
    """

    about: str
    statement: str
    scene: Scene
    wanted: tuple[Bool, ...]


Way: TypeAlias = tuple[str, ...]
"""Definitions of a program that are all true."""


@dataclass(frozen=True)
class Existence:
    """One thing to show: that there is a patient of whom all definitions of some way are true."""

    about: str
    statement: str
    scene: Scene
    ways: tuple[Way, ...]

    @property
    def wanted(self) -> Bool:
        """That the patient shows it."""
        patient = self.scene.patients[0]
        return disj(conj(patient.true(name) for name in way) for way in self.ways)

    def shown_by(self, verdicts: Mapping[str, Verdict]) -> bool:
        """Return whether a patient shows it, by what the engines found for them."""
        return any(all(verdicts.get(name) is True for name in way) for way in self.ways)


@dataclass(frozen=True)
class Scene:
    """The patients that obligations are about, and what holds between them."""

    names: tuple[str, ...]
    patients: tuple[Patient, ...]
    between: tuple[Bool, ...] = ()

    @property
    def limits(self) -> list[Bool]:
        """What holds for all patients of the scene."""
        return [*self.patients[0].subject.limits(*self.patients), *self.between]


class Scenes:
    """The patients of one profile of a guideline, made when first needed."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject

    @cached_property
    def anyone(self) -> Scene:
        """One patient."""
        return Scene(("patient",), (self.subject.anyone(),))

    @cached_property
    def learning(self) -> Scene:
        """One patient before and after some unknown inputs became known, without contradiction.

        Declared optional evidence, missing before, does not turn out positive.
        """
        before = self.anyone.patients[0]
        after = self.subject.patient(before.values, self.subject.mask(" later"))
        between = (
            grown(before, after),
            neg(after.conflicted()),
            optional_stays_silent(before, after),
        )
        return Scene(("before", "after more is known"), (before, after), between)

    @cached_property
    def waiting(self) -> Scene:
        """One patient now and some days later, of whom nothing else has changed.

        Arithmetic is exact here: doubles cannot hold most durations a day later.
        """
        now = self.anyone.patients[0]
        moved = self.moving
        values = self.subject.values(" later", now.values, moved)
        later = self.subject.patient(values, now.mask)
        days = z3.Int("days that pass")
        between: list[Bool] = [days >= 0]
        for path, a_day in moved.items():
            before, after = now.values.symbols[path], values.symbols[path]
            assert isinstance(before, Quantity)
            assert isinstance(after, Quantity)
            between.append(after.value == before.value + days * constant(rational(1) / a_day))
        for patient in (now, later):
            for definition in self.subject.program.definitions:
                patient.encoding.term(definition.name)
        between += self.subject.numbers.roundings
        return Scene(("now", "later"), (now, later), tuple(between))

    @cached_property
    def moving(self) -> dict[str, int]:
        """The inputs that grow as time passes, each with the days in which it grows by one.

        They are the durations that are not of a life, and the dates that others may not follow.
        """
        specs = self.subject.specs
        found: dict[str, int] = {}
        for path, spec in specs.items():
            if spec.unit in _DAYS and not spec.immutable and spec.kind is FieldKind.DECIMAL:
                found[path] = _DAYS[spec.unit]
        for spec in specs.values():
            limit = spec.not_after
            if limit is not None and limit in specs and specs[limit].not_after not in specs:
                found[limit] = 1
        return found


_DAYS = {"d": 1, "wk": 7}


Property: TypeAlias = Callable[[Scenes], Iterator[Obligation | Existence]]
"""A built-in property: yields what there is to prove, and what there is to show."""
