"""The steps of a graph as expressions over columns: for each operation, what it is in Narwhals.

A condition is a column of truths without nulls; a number is a column of 64-bit floats, a date one
of dates, and there null is unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import reduce
from operator import add, and_, eq, ge, gt, le, lt, ne, or_
from sys import float_info
from typing import TypeAlias

import narwhals as nw

from guidestep.engines.frame.steps import Operation, Step

Emit: TypeAlias = Callable[[Step, Sequence[nw.Expr], nw.Implementation], nw.Expr]
"""Writes a step, given its operands and the library of the frame."""

_COMPARE: Mapping[object, Callable[[nw.Expr, nw.Expr], nw.Expr]] = {
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
    "==": eq,
    "!=": ne,
}
_LARGEST = float_info.max
FEW_DIGITS = 1e14
ALL_DIGITS = 1e17


def constant(value: object) -> nw.Expr:
    """Return a column of one value; a number is a float."""
    if value is None:
        return nw.lit(None, nw.Boolean)
    if isinstance(value, bool):
        return nw.lit(value, nw.Boolean)
    if isinstance(value, date):
        return nw.lit(value, nw.Date)
    if isinstance(value, int | float):
        return nw.lit(float(value), nw.Float64)
    raise TypeError(f"no column of {value!r}")


def _constant(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    return constant(step.parameter)


def _all(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    return _joined(and_, operands)


def _any(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    return _joined(or_, operands)


def _joined(join: Callable[[nw.Expr, nw.Expr], nw.Expr], operands: Sequence[nw.Expr]) -> nw.Expr:
    """Join in pairs, and the pairs in pairs: planners walk expressions recursively."""
    while len(operands) > 1:
        rest = operands[len(operands) & ~1 :]
        operands = [*map(join, operands[::2], operands[1::2]), *rest]
    return operands[0]


def _not(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    return ~operands[0]


def _known(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    return ~operands[0].is_null()


def _truth(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    return (operands[0] if step.parameter else ~operands[0]).fill_null(value=False)


def _member(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    # Not `is_in`: what it makes of null differs from one backend to the next.
    return (operands[0] == step.parameter).fill_null(value=False)


def _compare(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    left, right = operands
    return _COMPARE[step.parameter](left, right).fill_null(value=False)


def _total(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    weights = step.parameter
    assert isinstance(weights, tuple)
    zero = constant(0)
    return reduce(
        add,
        (
            nw.when(item).then(constant(weight)).otherwise(zero)
            for item, weight in zip(operands, weights, strict=True)
        ),
    )


def _exact(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    low, high = operands
    return nw.when(low == high).then(low)


def _negative(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    return operands[0] * -1.0


def _arithmetic(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    left, right = operands
    match step.parameter:
        case "+":
            return _finite(left + right)
        case "-":
            return _finite(left - right)
        case "*":
            return _finite(left * right)
        case _:
            return _finite(_divided(left, right))


def _divided(number: nw.Expr, by: nw.Expr | float) -> nw.Expr:
    """Return a quotient, correctly rounded; there is none by zero.

    The divisor is added to a column of zeros. Where it is one number for all, Polars multiplies by
    its reciprocal instead, which is off by one in the last place, even if that number comes out of
    a choice; and Spark fails on zero even where the result is not used.
    """
    divisor = number * 0.0 + (constant(by) if isinstance(by, float) else by)
    return number / nw.when(divisor != 0.0).then(divisor)


def _finite(number: nw.Expr) -> nw.Expr:
    return nw.when((number >= -_LARGEST) & (number <= _LARGEST)).then(number)


def _round(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    """Round half away from zero, on the decimal that a number is printed as.

    The printed decimal lies on or above the middle of two neighbours exactly when the number is
    not less than the float next to that middle; the quotient of two whole floats is that float.
    """
    digits = step.parameter
    assert isinstance(digits, int)
    number, places = operands[0], 10.0**digits
    size = number.abs()
    whole = (size * places).floor()
    # The product may be off by one in its last place, and `whole` with it: both ends are tried.
    below = (size >= _divided(whole * 2.0 - 1.0, 2.0 * places)).cast(nw.Float64)
    above = (size >= _divided(whole * 2.0 + 1.0, 2.0 * places)).cast(nw.Float64)
    rounded = _divided(whole - 1.0 + below + above, places)
    rounded = nw.when(number < 0.0).then(rounded * -1.0).otherwise(rounded)
    # With more digits than that the middle is no float, and whether it was reached is not known;
    # with 17 digits before the place, there are none behind it.
    few = nw.when(size * places < FEW_DIGITS).then(rounded + 0.0)
    return few.otherwise(nw.when(size * places >= ALL_DIGITS).then(number))


def _call(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
    return call(library, step.parameter, *operands)


def call(library: nw.Implementation, name: object, *operands: nw.Expr) -> nw.Expr:
    """Return a built-in function of columns, null where an argument is or there is no result."""
    match name:
        case "min":
            return _whole(operands, nw.min_horizontal(*operands))
        case "max":
            return _whole(operands, nw.max_horizontal(*operands))
        case "abs":
            return operands[0].abs()
        case "sqrt":
            number = operands[0]
            return nw.when(number >= 0.0).then(number).sqrt()
        case "days_between":
            return _days(library, *operands)
        case "weeks_between":
            return _divided(_days(library, *operands), 7.0)
        case "age_in_years":
            birth, on = operands
            years = on.dt.year() - birth.dt.year()
            early = _in_year(on) < _in_year(birth)
            age = years.cast(nw.Float64) - early.cast(nw.Float64)
            return nw.when(age >= 0.0).then(age)
        case other:
            raise AssertionError(other)


def _whole(operands: Sequence[nw.Expr], result: nw.Expr) -> nw.Expr:
    """Return a result where every operand is known: the horizontal functions pass over nulls."""
    known = reduce(and_, (~operand.is_null() for operand in operands))
    return nw.when(known).then(result)


def _in_year(day: nw.Expr) -> nw.Expr:
    # Floats, since a backend may keep months in a byte.
    return day.dt.month().cast(nw.Float64) * 100.0 + day.dt.day().cast(nw.Float64)


def _days(library: nw.Implementation, start: nw.Expr, end: nw.Expr) -> nw.Expr:
    """Return the days from one date to another."""
    if library.is_polars():
        # What a date is in Polars; counting takes it twenty times as long.
        return end.cast(nw.Int32).cast(nw.Float64) - start.cast(nw.Int32).cast(nw.Float64)
    return _day(end) - _day(start)


def _day(day: nw.Expr) -> nw.Expr:
    """Return the number of a day since the year 1, counted: durations differ between backends."""
    before = day.dt.year().cast(nw.Float64) - 1.0
    fours, hundreds, eras = (_divided(before, n).floor() for n in (4.0, 100.0, 400.0))
    return before * 365.0 + fours - hundreds + eras + day.dt.ordinal_day().cast(nw.Float64)


EMITTERS: Mapping[Operation, Emit] = {
    Operation.ALL: _all,
    Operation.ANY: _any,
    Operation.NOT: _not,
    Operation.KNOWN: _known,
    Operation.TRUTH: _truth,
    Operation.MEMBER: _member,
    Operation.COMPARE: _compare,
    Operation.CONSTANT: _constant,
    Operation.TOTAL: _total,
    Operation.EXACT: _exact,
    Operation.NEGATIVE: _negative,
    Operation.ARITHMETIC: _arithmetic,
    Operation.ROUND: _round,
    Operation.CALL: _call,
}
"""How each operation is written; a field is a column of its own."""
