"""What stands for a patient in the solver: each input a pair of known and value.

`Values` holds the values, known or not; a mask says which of them are known. Two states of the
same patient, before and after an answer, share their values and differ in their masks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TypeAlias

import z3

from guidestep.assessment import FieldSpec
from guidestep.language.lowering import OPEN
from guidestep.language.program import Input, Value
from guidestep.language.types import Kind
from guidestep.verify.terms import Bool, asserted, conj, constant, disj, neg, rational

FIRST_DAY = date.min.toordinal()
LAST_DAY = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Truths:
    """The value of a boolean input."""

    value: Bool


@dataclass(frozen=True, slots=True)
class Choice:
    """The value of an enumeration: exactly one of its members."""

    members: Mapping[str, Bool]


@dataclass(frozen=True, slots=True)
class Quantity:
    """The value of a number, or of a date in days since the first of January of the year 1.

    `low` and `high` are inclusive; `None` is no limit.
    """

    value: z3.ArithRef
    low: Fraction | None = None
    high: Fraction | None = None


@dataclass(frozen=True, slots=True)
class Text:
    """A text, of which only whether it is known can matter."""


Symbol: TypeAlias = Truths | Choice | Quantity | Text
Mask: TypeAlias = Mapping[str, Bool]
"""For each input whether it is known."""


@dataclass(frozen=True, slots=True)
class Values:
    """One value for each input, and what all such values have in common (`within`)."""

    symbols: Mapping[str, Symbol]
    within: tuple[Bool, ...] = field(repr=False)


def symbolize(
    inputs: Iterable[Input],
    specs: Mapping[str, FieldSpec],
    name: str = "",
    copied: Values | None = None,
    fresh: Iterable[str] = (),
) -> Values:
    """Return values for the inputs, called by their paths and `name`.

    With `copied`, only the inputs in `fresh` have values of their own, the others the copied ones.
    """
    own = set(fresh)
    symbols: dict[str, Symbol] = {}
    within: list[Bool] = list(copied.within) if copied is not None else []
    for given in inputs:
        if copied is not None and given.path not in own:
            symbols[given.path] = copied.symbols[given.path]
            continue
        symbol, limits = _symbol(f"{given.path}{name}", given, specs.get(given.path))
        symbols[given.path] = symbol
        within += limits
    return Values(symbols, tuple(within))


def _symbol(name: str, given: Input, spec: FieldSpec | None) -> tuple[Symbol, list[Bool]]:
    match given.type.kind:
        case Kind.CONDITION:
            return Truths(z3.Bool(name)), []
        case Kind.ENUMERATION:
            members = {member: z3.Bool(f"{name}={member}") for member in given.type.members}
            terms = list(members.values())
            pairs = [
                neg(conj((one, other))) for at, one in enumerate(terms) for other in terms[at + 1 :]
            ]
            return Choice(members), [disj(terms), *pairs]
        case Kind.DATE:
            low: Fraction | None = Fraction(FIRST_DAY)
            high: Fraction | None = Fraction(LAST_DAY)
            value = z3.Int(name)
        case Kind.TEXT:
            return Text(), []
        case kind:
            low_, high_ = (None, None) if spec is None else (spec.minimum, spec.maximum)
            low = None if low_ is None else rational(low_)
            high = None if high_ is None else rational(high_)
            value = z3.Int(name) if kind is Kind.INTEGER else z3.Real(name)
    limits: list[Bool] = []
    if low is not None:
        limits.append(value >= constant(low))
    if high is not None:
        limits.append(value <= constant(high))
    return Quantity(value, low, high), limits


def masked(
    inputs: Iterable[Input], specs: Mapping[str, FieldSpec], name: str = ""
) -> dict[str, Bool]:
    """Return a mask: unknown for what stands for an open point, known for what is required."""
    found: dict[str, Bool] = {}
    for given in inputs:
        spec = specs.get(given.path)
        if given.path.startswith(OPEN):
            found[given.path] = False
        elif spec is not None and spec.required:
            found[given.path] = True
        else:
            found[given.path] = z3.Bool(f"known {given.path}{name}")
    return found


def equals(symbol: Symbol, value: Value) -> Bool:
    """Return that an input has a value."""
    match symbol:
        case Truths(value=term):
            return term if value else neg(term)
        case Choice(members=members):
            return members[str(value)]
        case Quantity(value=term):
            return term == constant(_numeric(value))
        case Text():
            return True


def given_as(path: str, symbols: Values, mask: Mask, value: Value) -> Bool:
    """Return that an input is exactly as it was given: known with a value, or not known."""
    if value is None:
        return neg(mask[path])
    return conj((mask[path], equals(symbols.symbols[path], value)))


def _numeric(value: Value) -> Fraction:
    if isinstance(value, date):
        return Fraction(value.toordinal())
    assert isinstance(value, int | float)
    return rational(value)


def read(model: z3.ModelRef, symbol: Symbol, *, whole: bool) -> Value:
    """Return the value that a model gives an input; numbers as the nearest double, or whole."""
    match symbol:
        case Truths(value=term):
            return bool(z3.is_true(model.eval(asserted(term), model_completion=True)))
        case Choice(members=members):
            for member, term in members.items():
                if z3.is_true(model.eval(asserted(term), model_completion=True)):
                    return member
            return next(iter(members))
        case Quantity(value=term):
            found = model.eval(term, model_completion=True)
            if isinstance(found, z3.AlgebraicNumRef):
                found = found.approx(30)
            assert isinstance(found, z3.IntNumRef | z3.RatNumRef)
            number = (
                found.as_fraction()
                if isinstance(found, z3.RatNumRef)
                else Fraction(found.as_long())
            )
            return int(number) if whole else float(number)
        case Text():
            return "text"
