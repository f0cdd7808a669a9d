"""The encoding of a program at one patient, held against what the oracle finds for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import z3

from guidestep.assessment import FieldSpec
from guidestep.language.program import Program, Value, Verdict
from guidestep.language.types import Kind
from guidestep.verify.encoding import Encoding, Picked, Score, Term, Truth
from guidestep.verify.numbers import Number, Numbers
from guidestep.verify.symbols import given_as, masked, symbolize
from guidestep.verify.terms import Bool, asserted, conj, constant, neg, rational
from tests.engines.reference import reference

SECONDS = 20
LOW, HIGH = -3.0, 200.0
LIMITS = {
    kind: FieldSpec(label="", question="", minimum=LOW, maximum=HIGH)
    for kind in (Kind.INTEGER, Kind.DECIMAL)
}
"""The limits of numbers, where they have some: results then have limits too."""


@dataclass
class Encoded:
    """A program with the terms of all its definitions."""

    program: Program
    limited: bool = False
    numbers: Numbers = field(default_factory=Numbers)

    def __post_init__(self) -> None:
        specs = LIMITS if self.limited else {}
        found = {
            entry.path: specs[entry.type.kind]
            for entry in self.program.inputs
            if entry.type.kind in specs
        }
        self.specs = found
        self.values = symbolize(self.program.inputs, found)
        self.mask = masked(self.program.inputs, found)
        self.encoding = Encoding(self.program, self.values, self.mask, self.numbers)
        self.terms = [self.encoding.term(each.name) for each in self.program.definitions]

    def within(self, inputs: Sequence[Value]) -> list[Value]:
        """Return a patient without the numbers that lie outside the limits."""
        found: list[Value] = []
        for entry, value in zip(self.program.inputs, inputs, strict=True):
            spec = self.specs.get(entry.path)
            out = spec is not None and value is not None and not LOW <= value <= HIGH  # type: ignore[operator]
            found.append(None if out else value)
        return found

    @property
    def exact(self) -> bool:
        """Whether nothing in the program is only held within limits."""
        return not self.numbers.notes and not self.numbers.roundings

    def allows(self, inputs: Sequence[Value]) -> bool:
        """Whether the terms can come to what the oracle finds for a patient."""
        return self._asked(inputs, self._alike(inputs)) == z3.sat

    def allows_another(self, inputs: Sequence[Value]) -> bool:
        """Whether the terms can come to anything else."""
        return self._asked(inputs, neg(self._alike(inputs))) != z3.unsat

    def _alike(self, inputs: Sequence[Value]) -> Bool:
        found = reference(self.program, inputs)
        return conj(_is(term, verdict) for term, verdict in zip(self.terms, found, strict=True))

    def _asked(self, inputs: Sequence[Value], wanted: Bool) -> z3.CheckSatResult:
        solver = z3.Solver()
        solver.set("timeout", SECONDS * 1000)
        solver.add([asserted(term) for term in (*self.values.within, *self.numbers.within)])
        for entry, value in zip(self.program.inputs, inputs, strict=True):
            solver.add(asserted(given_as(entry.path, self.values, self.mask, value)))
        solver.add(asserted(wanted))
        return solver.check()


def _is(term: Term, verdict: Verdict) -> Bool:
    """Return that a term is what the oracle found: a truth, whether a value is known, a sum."""
    match term:
        case Truth(true=true, false=false):
            return conj(
                (
                    true if verdict is True else neg(true),
                    false if verdict is False else neg(false),
                )
            )
        case Score(low=low, high=high, whole=True):
            assert isinstance(verdict, tuple)
            return conj(
                (low == constant(rational(verdict[0])), high == constant(rational(verdict[1])))
            )
        case Number(known=known):
            return known if verdict is not None else neg(known)
        case Score() | Picked():
            return True
        case _:
            raise AssertionError(term)
