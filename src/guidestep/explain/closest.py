"""How little numbers must move: the values of a few inputs, with all others of a patient fixed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from guidestep.assessment import FieldKind, FieldSpec
from guidestep.language.program import Value
from guidestep.verify import z3
from guidestep.verify.patient import Patient
from guidestep.verify.solve import MILLISECONDS
from guidestep.verify.symbols import Choice, Quantity, Text, Truths
from guidestep.verify.terms import Bool, asserted, constant, rational

SPAN = 365
"""So many days are the range of a date."""

NUMBERS = (FieldKind.INTEGER, FieldKind.DECIMAL, FieldKind.DATE)

CLOSE = Fraction(1, 10**10)
"""What is nearer than this is not told apart."""

FINEST = 12
"""How many powers of ten a step may be finer than the first, to get past a boundary."""


class NotSettledError(Exception):
    """The solver could not settle a question within its time."""


@dataclass(frozen=True, slots=True)
class Least:
    """The least value of something; not `reached` if only what is larger can be had."""

    value: Fraction
    reached: bool


def least(
    terms: Iterable[Bool], objective: z3.ArithRef, seconds: float, grid: Fraction | None = None
) -> Least | None:
    """Return the least an objective can be where the terms hold; `None` if they never do.

    It is never less than 0. With a `grid` the objective has only multiples of it. Halving, with
    numbers of small fractions, since boundaries are such: Z3's own optimizer does not keep apart
    what is reached and what is only approached.

    Raises:
        NotSettledError: The time was not enough.
    """
    solver = z3.Solver()
    solver.add(*(asserted(term) for term in terms))
    end = time.monotonic() + seconds

    def ask(term: Bool = True) -> Fraction | None:
        left = end - time.monotonic()
        if left <= 0:
            raise NotSettledError
        solver.set("timeout", max(1, int(left * MILLISECONDS)))
        found = solver.check(asserted(term))
        if found == z3.unknown:
            raise NotSettledError
        if found == z3.unsat:
            return None
        return _fraction(solver.model().eval(objective, model_completion=True))

    high = ask()
    if high is None:
        return None
    if high == 0 or ask(objective == 0) is not None:
        return Least(Fraction(0), True)
    low = Fraction(0)
    while high - low > (grid or CLOSE):
        if grid is not None:
            guess = ((low + high) / 2) // grid * grid
            lower = ask(objective <= constant(guess))
            low, high = (guess, high) if lower is None else (low, lower)
            continue
        # The simplest number in the middle: nine tenths of the way from what is ruled out.
        guess = simplest(low + (high - low) / 10, high - (high - low) / 10)
        lower = ask(objective < constant(guess))
        if lower is not None:
            high = lower
            continue
        low = guess
        if ask(objective == constant(guess)) is not None:
            return Least(guess, True)
        if (lower := ask(objective < constant(guess + CLOSE))) is not None:
            high = lower
    return Least(high, True) if grid is not None else Least(simplest(low, high), False)


def simplest(low: Fraction, high: Fraction) -> Fraction:
    """Return the number from low to high with the smallest denominator.

    >>> simplest(Fraction(49, 100), Fraction(52, 100))
    Fraction(1, 2)
    """
    whole = math.ceil(low)
    if whole <= high:
        return Fraction(whole)
    base = math.floor(low)
    return base + 1 / simplest(1 / (high - base), 1 / (low - base))


def fixed(formula: z3.BoolRef, patient: Patient, values: Mapping[str, Value]) -> z3.BoolRef:
    """Return a formula in which some inputs of a patient are as given, as small as it becomes."""
    pairs: list[tuple[z3.ExprRef, z3.ExprRef]] = []
    for path, value in values.items():
        known = patient.mask[path]
        if not isinstance(known, bool):
            pairs.append((known, z3.BoolVal(value is not None)))
        if value is None:
            continue
        match patient.values.symbols[path]:
            case Truths(value=term):
                pairs.append((asserted(term), z3.BoolVal(value is True)))
            case Choice(members=members):
                pairs += [(asserted(t), z3.BoolVal(m == value)) for m, t in members.items()]
            case Quantity(value=term):
                number = numeric(value)
                whole = constant(number)
                pairs.append((term, whole if term.is_int() else z3.RealVal(number)))
            case Text():
                pass
    return z3.simplify(z3.substitute(formula, *pairs)) if pairs else formula


def numeric(value: Value) -> Fraction:
    """Return a number, or a date in days."""
    if isinstance(value, date):
        return Fraction(value.toordinal())
    assert isinstance(value, int | float)
    return rational(value)


def plain(spec: FieldSpec, number: Fraction) -> Value:
    """Return a number as the value of a field."""
    if spec.kind is FieldKind.DATE:
        return date.fromordinal(int(number))
    return int(number) if spec.kind is FieldKind.INTEGER else float(number)


def span(spec: FieldSpec) -> Fraction:
    """Return the range of a number or a date; 1 where a number has no limits."""
    if spec.kind is FieldKind.DATE:
        return Fraction(SPAN)
    if spec.minimum is None or spec.maximum is None or spec.minimum == spec.maximum:
        return Fraction(1)
    return rational(spec.maximum) - rational(spec.minimum)


def first_step(spec: FieldSpec) -> Fraction:
    """Return the step by which a number is taken past a boundary that it must not stand on.

    A thousandth of its range, rounded up to a power of ten: 0.1 of 0 to 100.
    """
    if spec.kind is not FieldKind.DECIMAL:
        return Fraction(1)
    return Fraction(10) ** math.ceil(math.log10(span(spec))) / 1000


def beside(spec: FieldSpec, anchor: Fraction, away: Fraction) -> Iterator[Fraction]:
    """Yield numbers at a distance from an anchor, then ever finer ones just beyond it."""
    ends = anchor - away, anchor + away
    for end in dict.fromkeys(ends):
        # A fraction that no double is prints as another number, perhaps on the wrong side.
        if rational(float(end)) == end:
            yield end
    step = first_step(spec)
    for _ in range(FINEST if spec.kind is FieldKind.DECIMAL else 1):
        yield (math.ceil(ends[0] / step) - 1) * step
        yield (math.floor(ends[1] / step) + 1) * step
        step /= 10


def _fraction(number: z3.ExprRef) -> Fraction:
    if isinstance(number, z3.IntNumRef):
        return Fraction(number.as_long())
    if not isinstance(number, z3.RatNumRef):
        raise NotSettledError
    found: Fraction = number.as_fraction()
    return found
