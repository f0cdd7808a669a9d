"""The numbers and dates of a graph, calculated from what lies in memory, some rows at a time.

Floats of 64 bits are the same to the last bit whoever calculates with them; what each operation is,
and where it has no result, is as `guidestep.engines.frame.emit` says it of columns. A date is the
number of its day. Under what is not known anything may stand, also what is no number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import and_
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from guidestep.engines.frame.digits import Words
from guidestep.engines.frame.emit import ALL_DIGITS, FEW_DIGITS
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.held import Block, Piece, packed, unpacked
from guidestep.engines.frame.steps import Filled, Operation, Step
from guidestep.language.types import Kind

Floats: TypeAlias = npt.NDArray[np.float64]

COMPARED: Mapping[object, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_KINDS = frozenset({Kind.INTEGER, Kind.DECIMAL, Kind.DATE})
_EPOCH = date(1970, 1, 1)
_MOST_DIGITS = 300
"""Rounding to more digits, on either side, would take powers of ten that are no floats."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """The values of a step for some rows, and in which rows they are known."""

    values: Floats
    known: Words


EVERYWHERE: Words = np.array(2**64 - 1, np.uint64)


def read(block: Block, column: str | Filled) -> Numbers:
    """Return what stands in a column of numbers or dates, or what fills it."""
    if isinstance(column, str):
        values = block.values(column)
        return Numbers(values.astype(np.float64, copy=False), block.known(column))
    start, end = read(block, column.start), read(block, column.end)
    known = start.known & end.known & packed(start.values <= end.values)
    if column.reason is not None:
        known &= ~block.known(column.reason)
    weeks = (end.values - start.values) / 7.0
    if column.entered is None:
        return Numbers(weeks, known)
    entered = read(block, column.entered)
    values = np.where(unpacked(entered.known, block.rows), entered.values, weeks)
    return Numbers(values, entered.known | known)


def calculated(
    graph: Graph, steps: Collection[int], columns: Mapping[str, str | Filled], piece: Piece
) -> dict[int, Words]:
    """Return the words of comparisons, and of what is known, for which `calculable` is true.

    `columns` are those of the fields.
    """
    found = {number: np.zeros(-(-piece.rows // 64), np.uint64) for number in steps}
    # Few rows at once: what is calculated then takes the place of what was, in the cache.
    with np.errstate(all="ignore"):
        for block in piece.blocks():
            calculation = _Calculation(graph, columns, block)
            for number, words in found.items():
                words[block.words] = calculation.truth(number)
    return found


class _Calculation:
    """The steps of a graph for some rows, each calculated once."""

    def __init__(self, graph: Graph, columns: Mapping[str, str | Filled], block: Block) -> None:
        self._graph = graph
        self._columns = columns
        self._block = block
        self._done: dict[int, Numbers] = {}

    def truth(self, number: int) -> Words:
        step = self._graph.steps[number]
        operands = [self._numbers(operand) for operand in step.operands]
        known = reduce(and_, (operand.known for operand in operands))
        if step.operation is Operation.KNOWN:
            return known
        left, right = operands
        return packed(COMPARED[step.parameter](left.values, right.values)) & known

    def _numbers(self, number: int) -> Numbers:
        if number not in self._done:
            step = self._graph.steps[number]
            operands = [self._numbers(operand) for operand in step.operands]
            self._done[number] = self._calculated(step, operands)
        return self._done[number]

    def _calculated(self, step: Step, operands: Sequence[Numbers]) -> Numbers:
        match step.operation:
            case Operation.FIELD:
                assert isinstance(step.parameter, str)
                return read(self._block, self._columns[step.parameter])
            case Operation.CONSTANT:
                return Numbers(_constant(step.parameter), EVERYWHERE)
            case operation:
                known = reduce(and_, (operand.known for operand in operands))
                calculate = _CALCULATIONS[operation]
                values, result = calculate(step.parameter, *(o.values for o in operands))
                return Numbers(values, known if result is None else known & packed(result))


def calculable(graph: Graph, number: int, columns: Mapping[str, str | Filled]) -> bool:
    """Return whether a step, and all below it, can be calculated from such columns."""
    step = graph.steps[number]
    match step.operation:
        case Operation.FIELD:
            path = step.parameter
            assert isinstance(path, str)
            return path in columns and graph.kinds[path] in _KINDS
        case Operation.CONSTANT:
            return isinstance(step.parameter, int | float | date)
        case Operation.ROUND if abs(_digits(step.parameter)) > _MOST_DIGITS:
            return False
        case Operation.KNOWN | Operation.COMPARE:
            pass
        case operation if operation not in _CALCULATIONS:
            return False
    return all(calculable(graph, operand, columns) for operand in step.operands)


def _constant(value: object) -> Floats:
    if isinstance(value, date):
        value = (value - _EPOCH).days
    assert isinstance(value, int | float)
    return np.array(value, np.float64)


def _digits(parameter: object) -> int:
    assert isinstance(parameter, int)
    return parameter


# --- each operation -------------------------------------------------------------------------------

Result: TypeAlias = tuple[Floats, npt.NDArray[np.bool_] | None]
"""Values, and where there is one at all: everywhere, if that is None."""


def _negative(_: object, number: Floats) -> Result:
    return -number, None


def _arithmetic(sign: object, left: Floats, right: Floats) -> Result:
    match sign:
        case "+":
            found = left + right
        case "-":
            found = left - right
        case "*":
            found = left * right
        case _:
            found = left / right  # by zero it is not finite
    return found, np.isfinite(found)


def _round(parameter: object, number: Floats) -> Result:
    places = 10.0 ** _digits(parameter)
    size = np.abs(number)
    scaled = size * places
    whole = np.floor(scaled)
    rounded = whole - 1.0
    rounded += size >= (whole * 2.0 - 1.0) / (2.0 * places)
    rounded += size >= (whole * 2.0 + 1.0) / (2.0 * places)
    rounded /= places
    rounded = np.where(number < 0.0, -rounded, rounded) + 0.0
    few, many = scaled < FEW_DIGITS, scaled >= ALL_DIGITS
    if few.all():
        return rounded, None
    return np.where(many, number, rounded), few | many


def _call(name: object, *operands: Floats) -> Result:
    match name:
        case "min":
            return reduce(np.minimum, operands), None
        case "max":
            return reduce(np.maximum, operands), None
        case "abs":
            return np.abs(operands[0]), None
        case "sqrt":
            return np.sqrt(operands[0]), operands[0] >= 0.0
        case "days_between":
            start, end = operands
            return end - start, None
        case "weeks_between":
            start, end = operands
            return (end - start) / 7.0, None
        case "age_in_years":
            (born, birthday), (year, today) = map(_year_and_day, operands)
            age = year - born - (today < birthday)
            return age.astype(np.float64), age >= 0
        case other:
            raise AssertionError(other)


def _year_and_day(day: Floats) -> tuple[Any, Any]:
    """Return the year, and a number that orders the days of any year as the calendar does."""
    days = np.asarray(day).astype("datetime64[D]")
    years, months = days.astype("datetime64[Y]"), days.astype("datetime64[M]")
    month, since = months - years, days - months
    return years.astype(np.int64), month.astype(np.int64) * 100 + since.astype(np.int64)


_CALCULATIONS: Mapping[Operation, Callable[..., Result]] = {
    Operation.NEGATIVE: _negative,
    Operation.ARITHMETIC: _arithmetic,
    Operation.ROUND: _round,
    Operation.CALL: _call,
}
"""Each operation, given the parameter of a step and the values of its operands."""
