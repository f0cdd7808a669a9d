"""Numbers for the solver: exact where the engines are, and bounded where they round.

The engines compute in doubles, the solver in rationals. Whole numbers are the same in both. Every
other result is a term of its own, held within the rounding error of the operation: whatever a
double comes to is among the values it may have, so that what is proved holds for the engines too.
What the solver cannot compute at all (logarithms, powers, products of two inputs, ages from
dates) is a free term within its limits; `notes` says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import z3

from guidestep.engines.support import UnsupportedNode
from guidestep.language.tree import Arithmetic, Call
from guidestep.verify.terms import Bool, conj, constant

WHOLE = Fraction(2**53)
"""Doubles hold every whole number up to here."""

LARGE = Fraction(10**300)
"""Beyond here a result may be too large for a double, and then it is unknown."""

ERROR = Fraction(1, 2**49)
"""What one operation on doubles adds to its result at most, and printed decimals, as a share."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number or a date; `low` and `high` are limits, `constant` its value if it is one.

    `whole` says that it is an integer in every engine. `sharp` is a term by which a comparison
    with a simple fraction is decided as the engines decide it.
    """

    known: Bool
    term: z3.ArithRef
    low: Fraction | None = None
    high: Fraction | None = None
    whole: bool = False
    constant: Fraction | None = None
    sharp: z3.ArithRef | None = None


def fixed(value: Fraction) -> Number:
    """Return a constant."""
    term = constant(value)
    return Number(True, term, value, value, value.denominator == 1, value, term)


@dataclass(slots=True)
class Numbers:
    """Makes results of operations; the same operation on the same terms is the same term.

    `within` are the limits of the terms made so far, `notes` what is only held within limits, and
    `roundings` say of each result that may be rounded that it is exact: usual, but not certain.
    """

    within: list[z3.BoolRef] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    roundings: list[z3.BoolRef] = field(default_factory=list)
    _made: dict[object, z3.ArithRef | z3.BoolRef] = field(default_factory=dict)
    _kept: list[object] = field(default_factory=list)

    # --- operations -------------------------------------------------------------------------

    def negative(self, operand: Number) -> Number:
        """Return a number with its sign turned."""
        low = None if operand.high is None else -operand.high
        high = None if operand.low is None else -operand.low
        minus = None if operand.constant is None else -operand.constant
        sharp = None if operand.sharp is None else -operand.sharp
        return Number(operand.known, -operand.term, low, high, operand.whole, minus, sharp)

    def arithmetic(self, node: Arithmetic, left: Number, right: Number) -> Number:
        """Return two numbers combined."""
        known = conj((left.known, right.known))
        match node.operator:
            case "+":
                exact = left.term + right.term
                low, high = _added(left.low, right.low), _added(left.high, right.high)
            case "-":
                exact = left.term - right.term
                low = _added(left.low, None if right.high is None else -right.high)
                high = _added(left.high, None if right.low is None else -right.low)
            case "*":
                low, high = _products(left, right)
                if left.constant is None and right.constant is None:
                    return self._free("a product of two inputs", known, low, high, left, right)
                exact = left.term * right.term
            case "/":
                return self._quotient(known, left, right)
            case operator:
                raise UnsupportedNode("proof", f"the operator {operator!r}")
        return self._rounded(known, exact, low, high, whole=left.whole and right.whole)

    def call(self, node: Call, arguments: Sequence[Number]) -> Number:
        """Return a built-in function of numbers or dates."""
        known = conj(argument.known for argument in arguments)
        first = arguments[0]
        match node.function:
            case "min" | "max":
                return self._extreme(known, arguments, least=node.function == "min")
            case "abs":
                return self._absolute(known, first)
            case "round":
                return self._round(known, first, arguments[1] if len(arguments) > 1 else None)
            case "days_between":
                return self._days(known, *arguments)
            case "weeks_between":
                days = self._days(known, *arguments)
                return self._quotient(known, days, fixed(Fraction(7)))
            case "age_in_years":
                return self._age(known, *arguments)
            case "sqrt":
                known = conj((known, first.term >= 0))
                return self._free("a square root", known, Fraction(0), None, *arguments)
            case "ln" | "log10":
                known = conj((known, first.term > 0))
                # Two functions of the same number are two terms: the note tells them apart.
                note = "a natural logarithm" if node.function == "ln" else "a decimal logarithm"
                return self._free(note, known, None, None, *arguments)
            case "exp":
                return self._free("a power", known, Fraction(0), None, *arguments)
            case function:
                raise UnsupportedNode("proof", f"the function {function!r}")

    def total(self, exact: z3.ArithRef, low: Fraction, high: Fraction) -> z3.ArithRef:
        """Return a sum of weights that doubles may not hold exactly."""
        return self._rounded(True, exact, low, high, whole=False).term

    # --- one operation each -----------------------------------------------------------------

    def _quotient(self, known: Bool, left: Number, right: Number) -> Number:
        if right.constant is None:
            known = conj((known, right.term != 0))
            return self._free("a division by an input", known, None, None, left, right)
        by = right.constant
        if by == 0:
            return Number(False, z3.IntVal(0))
        low: Fraction | None = None
        high: Fraction | None = None
        if left.low is not None and left.high is not None:
            low, high = sorted((left.low / by, left.high / by))
        exact = z3.ToReal(left.term) / constant(by) if left.whole else left.term / constant(by)
        found = self._rounded(known, exact, low, high, whole=False)
        simple = (
            left.whole and right.whole and abs(by) < 1000 and _within(low, high, Fraction(10**6))
        )
        if not simple:
            return found
        # Quotients of whole numbers lie on a grid that no rounding error bridges, and a whole one
        # is exact.
        self._say(z3.Implies(z3.IsInt(exact), found.term == exact))
        return Number(found.known, found.term, low, high, False, None, exact)

    def _extreme(self, known: Bool, arguments: Sequence[Number], *, least: bool) -> Number:
        term = arguments[0].term
        for other in arguments[1:]:
            smaller = other.term < term if least else other.term > term
            term = z3.If(smaller, other.term, term)
        pick = min if least else max
        lows, highs = [a.low for a in arguments], [a.high for a in arguments]
        # A missing limit of one argument is no limit of the result, except where others hold it.
        low = None if any(n is None for n in lows) else pick(n for n in lows if n is not None)
        high = None if any(n is None for n in highs) else pick(n for n in highs if n is not None)
        return Number(known, term, low, high, all(a.whole for a in arguments))

    def _absolute(self, known: Bool, operand: Number) -> Number:
        term = z3.If(operand.term < 0, -operand.term, operand.term)
        high = None
        if operand.low is not None and operand.high is not None:
            high = max(abs(operand.low), abs(operand.high))
        return Number(known, term, Fraction(0), high, operand.whole)

    def _round(self, known: Bool, operand: Number, digits: Number | None) -> Number:
        places = Fraction(0) if digits is None else digits.constant
        if places is None or abs(places) > 12 or not _within(operand.low, operand.high, WHOLE):
            to = () if digits is None else (digits,)
            return self._free("a rounding that is not bounded", known, None, None, operand, *to)
        scale = Fraction(10) ** int(places)
        low, high = operand.low, operand.high
        assert low is not None and high is not None  # noqa: PT018 (what `_within` has seen)
        self._kept.append(operand)
        steps = self._named(("round", operand.term.get_id(), places), z3.Int, "rounded")
        scaled = operand.term * constant(scale)
        self._say(z3.And(scaled - steps <= z3.Q(1, 2), steps - scaled <= z3.Q(1, 2)))
        # A half goes away from zero, where what is rounded is not itself off by a rounding error.
        up, down = z3.ToInt(scaled + z3.Q(1, 2)), -z3.ToInt(z3.Q(1, 2) - scaled)
        self.roundings.append(steps == z3.If(scaled >= 0, up, down))
        term = z3.ToReal(steps) / constant(scale)
        span = Fraction(1, 2) / scale
        return Number(known, term, low - span, high + span, False, None, term)

    def _days(self, known: Bool, start: Number, end: Number) -> Number:
        low = _added(end.low, None if start.high is None else -start.high)
        high = _added(end.high, None if start.low is None else -start.low)
        term = end.term - start.term
        return Number(known, term, low, high, True, None, term)

    def _age(self, known: Bool, birth: Number, on: Number) -> Number:
        self.notes["an age from two dates"] = None
        key = ("age", birth.term.get_id(), on.term.get_id())
        self._kept.append((birth, on))
        years = self._named(key, z3.Int, "age")
        days = on.term - birth.term
        # Between two of the same day of a year lie 365.2425 days a year, two days more or less.
        year = z3.Q(3652425, 10000)
        self._say(z3.And(days >= years * year - 2, days <= (years + 1) * year + 2))
        return Number(conj((known, days >= 0)), years, Fraction(-1), Fraction(10_000), True)

    # --- terms of their own -----------------------------------------------------------------

    def _rounded(
        self,
        known: Bool,
        exact: z3.ArithRef,
        low: Fraction | None,
        high: Fraction | None,
        *,
        whole: bool,
    ) -> Number:
        """Return the result of one operation on doubles."""
        if whole and _within(low, high, WHOLE):
            return Number(known, exact, low, high, True, None, exact)
        if not _within(low, high, LARGE):
            return self._free("a result without limits", known, low, high, key=exact)
        assert low is not None and high is not None  # noqa: PT018 (what `_within` has seen)
        error = ERROR * max(abs(low), abs(high), Fraction(1, 10**300))
        term = self._named(("double", exact.get_id()), z3.Real, "double")
        self._kept.append(exact)
        self.roundings.append(term == exact)
        margin = constant(error)
        self._say(z3.And(term - exact <= margin, exact - term <= margin))
        return Number(known, term, low - error, high + error)

    def _free(
        self,
        note: str,
        known: Bool,
        low: Fraction | None,
        high: Fraction | None,
        *operands: Number,
        key: z3.ArithRef | None = None,
    ) -> Number:
        """Return a term that may be anything within limits, and may be unknown."""
        self.notes[note] = None
        ids = tuple(operand.term.get_id() for operand in operands)
        self._kept.append((operands, key))
        name = (note, ids, None if key is None else key.get_id())
        term = self._named(name, z3.Real, "free")
        finite = self._named((name, "finite"), z3.Bool, "finite")
        bounded = _within(low, high, LARGE)
        if low is not None:
            self._say(term >= constant(low - ERROR * abs(low)))
        if high is not None:
            self._say(term <= constant(high + ERROR * abs(high)))
        return Number(known if bounded else conj((known, finite)), term, low, high)

    def _named(self, key: object, make: Callable[[str], z3.ExprRef], word: str) -> z3.ArithRef:
        if key not in self._made:
            self._made[key] = make(f"{word} {len(self._made)}")
        return self._made[key]

    def _say(self, limit: z3.BoolRef) -> None:
        self.within.append(limit)


def compared(operator: str, left: z3.ArithRef, right: z3.ArithRef) -> z3.BoolRef:
    """Return a comparison of two terms."""
    match operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "==":
            return left == right
        case "!=":
            return left != right
        case _:
            raise UnsupportedNode("proof", f"the comparison {operator!r}")


def _added(one: Fraction | None, other: Fraction | None) -> Fraction | None:
    return None if one is None or other is None else one + other


def _products(left: Number, right: Number) -> tuple[Fraction | None, Fraction | None]:
    ends = [left.low, left.high, right.low, right.high]
    if any(end is None for end in ends):
        return None, None
    a, b, c, d = (end for end in ends if end is not None)
    found = (a * c, a * d, b * c, b * d)
    return min(found), max(found)


def _within(low: Fraction | None, high: Fraction | None, limit: Fraction) -> bool:
    return low is not None and high is not None and -limit <= low and high <= limit
