"""The steps that look at columns, read as words: most from memory, the others by Polars.

That a value is known, which member it is, and how it compares with a constant is seen at once in
the array that a column is. Numbers and dates are calculated from such arrays; the rest, which is
what rests on texts or on conditions, Polars calculates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from guidestep.engines.frame.digits import Words
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.held import Held, Piece, Values, packed
from guidestep.engines.frame.layers import LazyFrame, arrange
from guidestep.engines.frame.numbers import COMPARED, calculable, calculated
from guidestep.engines.frame.steps import Filled, Operation, Step

Look = Callable[[Piece], Words]
"""Reads a step from some rows of a cohort."""

_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Leaves:
    """How some steps are read; made for the fields that frames have, then used for each frame.

    `fields` are those that Polars has to calculate with; the others are looked at where they lie.
    `source` gives the column of each field that has one, to calculate with; `held` names those
    whose values are just what a column holds, and that column, `filled` what fills others.
    """

    def __init__(
        self,
        graph: Graph,
        steps: Iterable[int],
        source: Mapping[str, nw.Expr],
        held: Mapping[str, str],
        members: Mapping[str, Mapping[str, int]],
        filled: Mapping[str, Filled],
    ) -> None:
        self._graph = graph
        self._columns: dict[str, str | Filled] = {**held, **filled}
        self._looks: dict[int, Look] = {}
        self._numbers: list[int] = []
        rest: list[int] = []
        for number in steps:
            look = _look(graph, graph.steps[number], held, members)
            if look is not None:
                self._looks[number] = look
            elif calculable(graph, number, self._columns):
                self._numbers.append(number)
            else:
                rest.append(number)
        self._names = {number: f"guidestep_l{number}" for number in rest}
        self.fields = frozenset(_fields(graph, rest))
        self._layers = arrange(graph, rest, source, nw.Implementation.POLARS, "guidestep_w")

    def by_polars(self, frame: LazyFrame) -> Held:
        """Return what Polars calculates for the steps that are not simply looked at."""
        if not self._names:
            return Held(pl.DataFrame())
        for layer in self._layers.layers:
            frame = frame.with_columns(**layer.columns)
        columns = {name: self._layers.found[number] for number, name in self._names.items()}
        query: Any = frame.with_columns(**columns).select(*columns).to_native()
        return Held(query.collect(engine="streaming"))

    def reader(self, piece: Piece, by_polars: Piece) -> Callable[[int], Words]:
        """Return what reads a step for some rows."""
        words = calculated(self._graph, self._numbers, self._columns, piece)

        def read(number: int) -> Words:
            if number in self._looks:
                return self._looks[number](piece)
            return by_polars.true(self._names[number]) if number in self._names else words[number]

        return read


def _fields(graph: Graph, steps: Iterable[int]) -> Iterator[str]:
    """Yield the fields below some steps."""
    left, seen = list(steps), set[int]()
    while left:
        number = left.pop()
        if number in seen:
            continue
        seen.add(number)
        step = graph.steps[number]
        left += step.operands
        if step.operation is Operation.FIELD:
            assert isinstance(step.parameter, str)
            yield step.parameter


def _look(
    graph: Graph, step: Step, held: Mapping[str, str], members: Mapping[str, Mapping[str, int]]
) -> Look | None:
    """Return how a step is read from a column as it is, if it can be."""
    subject, *others = [graph.steps[operand] for operand in step.operands]
    sign = step.parameter
    if step.operation is Operation.COMPARE and subject.operation is Operation.CONSTANT:
        assert isinstance(sign, str)
        subject, others, sign = others[0], [subject], _TURNED[sign]
    path = subject.parameter
    if subject.operation is not Operation.FIELD or path not in held:
        return None
    assert isinstance(path, str)
    name = held[path]
    match step.operation:
        case Operation.KNOWN:
            return lambda piece: piece.known(name)
        case Operation.TRUTH if step.parameter:
            return lambda piece: piece.true(name) & piece.known(name)
        case Operation.TRUTH:
            return lambda piece: ~piece.true(name) & piece.known(name)
        case Operation.MEMBER if name in members:
            assert isinstance(step.parameter, str)
            code = members[name].get(step.parameter)
            if code is None:
                return lambda piece: np.zeros_like(piece.known(name))
            return lambda piece: packed(piece.values(name) == code) & piece.known(name)
        case Operation.COMPARE if isinstance(others[0].parameter, int | float):
            compare, number = COMPARED[sign], float(others[0].parameter)
            return lambda piece: (
                packed(_compared(compare, piece.values(name), number)) & piece.known(name)
            )
        case _:
            return None


def _compared(
    compare: Callable[[Any, Any], Any], values: Values, number: float
) -> npt.NDArray[np.bool_]:
    """Return how numbers compare with another as floats of 64 bits, as which all are read."""
    if values.dtype.kind in "iu" and number.is_integer() and abs(number) <= _WHOLE:
        found = compare(values, int(number))  # the same, and no floats have to be made
    else:
        found = compare(values.astype(np.float64, copy=False), number)
    assert isinstance(found, np.ndarray)
    return found


_WHOLE = 2.0**53
"""Up to here every whole number is a float, so that none becomes another one as a float."""
