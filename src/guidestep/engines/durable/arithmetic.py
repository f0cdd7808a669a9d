"""Numbers and dates, which durable_rules cannot compute: expressions as nested closures.

An expression becomes a function of all that is found so far (`Found`, one place a source). It
returns `None` where a value is unknown or the result is undefined or not finite.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from sys import float_info
from typing import Any, Protocol, TypeAlias

from guidestep.engines.support import UnsupportedNode
from guidestep.language.tree import (
    Arithmetic,
    Call,
    Comparison,
    Constant,
    Expression,
    Field,
    Negative,
    Reference,
    WeightedSum,
)
from guidestep.logic import Truth, interval, not_

Found: TypeAlias = Sequence[Any]
Computation: TypeAlias = Callable[[Found], Any]


class Locate(Protocol):
    """Tells where the value of a leaf is found, and whether it is a score."""

    def __call__(self, leaf: Field | Reference | WeightedSum, /) -> tuple[int, bool]:
        """Return the slot of the leaf, and true if it holds a (low, high) pair."""
        ...


COMPARE: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}
_CONTRARY: Mapping[Comparison, Comparison] = {"!=": "==", ">": "<=", ">=": "<"}


def computation(node: Expression, locate: Locate) -> Computation:
    """Return the function that computes a number or a date; `None` stands for unknown."""
    match node:
        case Constant(value=value):
            return lambda found: value
        case Field() | Reference() | WeightedSum():
            slot, is_score = locate(node)
            return _settled(slot) if is_score else operator.itemgetter(slot)
        case Negative(operand=operand):
            return _apply(operator.neg, [computation(operand, locate)])
        case Arithmetic(operator=sign, left=left, right=right):
            return _apply(OPERATORS[sign], [computation(left, locate), computation(right, locate)])
        case Call(function=function, arguments=arguments):
            if function not in FUNCTIONS:
                raise UnsupportedNode("durable", f"{function}()")
            each = [computation(argument, locate) for argument in arguments]
            return _apply(FUNCTIONS[function], each)
        case _:
            raise UnsupportedNode("durable", type(node).__name__)


def constant(node: Expression) -> tuple[Any] | None:
    """Return the value of an expression without inputs, in a tuple, or `None` if it has any.

    >>> constant(Negative(Constant(3)))
    (-3,)
    """

    def refuse(leaf: Field | Reference | WeightedSum, /) -> tuple[int, bool]:
        raise LookupError

    try:
        return (computation(node, refuse)(()),)
    except LookupError:
        return None


def comparison(sign: Comparison, left: Computation, right: Computation) -> Computation:
    """Return the function that compares two values; unknown if either is."""
    compare = COMPARE[sign]

    def truth(found: Found) -> Truth:
        one, other = left(found), right(found)
        return None if one is None or other is None else compare(one, other)

    return truth


def interval_comparison(sign: Comparison, score: int, right: Computation) -> Computation:
    """Return the function that compares a score, as an interval, with a value."""
    if sign in _CONTRARY:
        contrary = interval_comparison(_CONTRARY[sign], score, right)
        return lambda found: not_(contrary(found))
    compare = COMPARE[sign]

    def truth(found: Found) -> Truth:
        (low, high), other = found[score], right(found)
        if other is None:
            return None
        if sign == "==":
            if low == high:
                return bool(low == other)
            return None if low <= other <= high else False
        if compare(high, other):
            return True
        return None if compare(low, other) else False

    return truth


def known(value: Computation) -> Computation:
    """Return the function that tells whether a value is known."""
    return lambda found: value(found) is not None


def score(items: Sequence[tuple[int | bool, float]]) -> Computation:
    """Return the function that sums weights as an interval.

    Each item is the slot of a truth, or the truth itself where it is a constant.
    """
    if not any(isinstance(item, bool) for item, _ in items):
        return lambda found: interval([(found[slot], weight) for slot, weight in items])
    return lambda found: interval(
        [(item if isinstance(item, bool) else found[item], weight) for item, weight in items]
    )


def _settled(slot: int) -> Computation:
    """Return the function that reads a score as a number: known when its bounds meet."""

    def value(found: Found) -> Any:
        low, high = found[slot]
        return low if low == high else None

    return value


def _apply(function: Callable[..., Any], arguments: Sequence[Computation]) -> Computation:
    """Return the function that applies another one where all arguments are known.

    A result that is undefined, not finite or too large for a double is unknown.
    """

    def value(found: Found) -> Any:
        values = [argument(found) for argument in arguments]
        if None in values:
            return None
        try:
            result = function(*values)
        except (ArithmeticError, ValueError):
            return None
        return result if result is not None and abs(result) <= float_info.max else None

    return value


def _rounded(number: float, digits: float = 0) -> float:
    """Round half away from zero, on the decimal digits that the number shows."""
    exact = Decimal(repr(number))
    return float(exact.quantize(Decimal(1).scaleb(-int(digits)), ROUND_HALF_UP, Context(prec=1000)))


def _age(birth: date, on: date) -> int | None:
    """Return the completed years; someone born on 29 February completes one on 1 March."""
    years = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    return years if years >= 0 else None


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "min": lambda *numbers: min(numbers),
    "max": lambda *numbers: max(numbers),
    "abs": abs,
    "round": _rounded,
    "sqrt": math.sqrt,
    "ln": math.log,
    "log10": math.log10,
    "exp": math.exp,
    "days_between": lambda start, end: (end - start).days,
    "weeks_between": lambda start, end: (end - start).days / 7,
    "age_in_years": _age,
}
"""The built-in functions by name."""
