"""The built-in functions and arithmetic as they run: unknown in, or undefined, gives unknown.

>>> FUNCTIONS["round"](2.675, 2), FUNCTIONS["round"](-0.5), FUNCTIONS["sqrt"](-1)
(2.68, -1.0, None)
>>> ARITHMETIC["/"](1, 4), ARITHMETIC["/"](1, 0), ARITHMETIC["+"](1, None)
(0.25, None, None)
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import wraps
from sys import float_info
from typing import Any, TypeAlias

from guidestep.language.tree import ArithmeticOperator, Function

Number: TypeAlias = int | float

LARGEST = float_info.max
"""No result is further from zero: an integer that no double can hold is as undefined as `inf`."""

_WIDE = Context(prec=400)  # enough for the 309 digits of the largest double
_MOST_DIGITS = 400


def known(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function of known arguments into one that is unknown where it has no finite value."""

    @wraps(function)
    def wrapped(*arguments: Any) -> Any:
        for argument in arguments:
            if argument is None:
                return None
        try:
            result = function(*arguments)
        except (ArithmeticError, ValueError):
            return None
        if result is None or isinstance(result, date):
            return result
        return result if -LARGEST <= result <= LARGEST else None

    return wrapped


def _round(number: Number, digits: Number = 0) -> float:
    # The decimal that is printed is what is rounded, so that 2.675 becomes 2.68 as on paper.
    places = max(-_MOST_DIGITS, min(_MOST_DIGITS, int(digits)))
    exact = Decimal(repr(number))
    if -places > int(exact.as_tuple().exponent):
        exact = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)
    return float(exact) + 0.0  # -0.0 + 0.0 is 0.0


def _days_between(start: date, end: date) -> int:
    return (end - start).days


def _weeks_between(start: date, end: date) -> float:
    return (end - start).days / 7


def _age_in_years(birth: date, on: date) -> int | None:
    # Someone born on 29 February is a year older on 1 March of a common year.
    years = on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    return years if years >= 0 else None


def _least(*arguments: Any) -> Any:
    return min(arguments)


def _greatest(*arguments: Any) -> Any:
    return max(arguments)


FUNCTIONS: Mapping[Function, Callable[..., Any]] = {
    "min": known(_least),
    "max": known(_greatest),
    "abs": known(abs),
    "round": known(_round),
    "sqrt": known(math.sqrt),
    "ln": known(math.log),
    "log10": known(math.log10),
    "exp": known(math.exp),
    "days_between": known(_days_between),
    "weeks_between": known(_weeks_between),
    "age_in_years": known(_age_in_years),
}
"""The built-in functions by name: each takes values that may be unknown (`None`)."""

ARITHMETIC: Mapping[ArithmeticOperator, Callable[..., Any]] = {
    "+": known(operator.add),
    "-": known(operator.sub),
    "*": known(operator.mul),
    "/": known(operator.truediv),
}
"""The four operations, of two numbers that may be unknown."""
