"""The steps that look at columns, read as words: most from memory, the others by Polars.

That a value is known, which member it is, and how it compares with a constant is seen at once in
the array that a column is. What has to be calculated first, Polars calculates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from guidestep.engines.frame.digits import Words
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.held import Held, Piece, packed
from guidestep.engines.frame.layers import LazyFrame, arrange
from guidestep.engines.frame.steps import Operation, Step

Look = Callable[[Piece], Words]
"""Reads a step from some rows of a cohort."""

_COMPARED: Mapping[object, Callable[[Any, Any], Any]] = {
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class Leaves:
    """How some steps are read; made for the fields that frames have, then used for each frame.

    `fields` are those that Polars has to calculate with; the others are looked at where they lie.
    `source` gives the column of each field that has one, to calculate with; `held` names those
    whose values are just what a column holds, and that column.
    """

    def __init__(
        self,
        graph: Graph,
        steps: Iterable[int],
        source: Mapping[str, nw.Expr],
        held: Mapping[str, str],
        members: Mapping[str, Mapping[str, int]],
    ) -> None:
        self._looks: dict[int, Look] = {}
        rest: list[int] = []
        for number in steps:
            look = _look(graph, graph.steps[number], held, members)
            if look is None:
                rest.append(number)
            else:
                self._looks[number] = look
        self._names = {number: f"guidestep_l{number}" for number in rest}
        self.fields = frozenset(_fields(graph, rest))
        self._layers = arrange(graph, rest, source, nw.Implementation.POLARS, "guidestep_w")

    def calculated(self, frame: LazyFrame) -> Held:
        """Return what Polars calculates for the steps that are not simply looked at."""
        if not self._names:
            return Held(pl.DataFrame())
        for layer in self._layers.layers:
            frame = frame.with_columns(**layer.columns)
        columns = {name: self._layers.found[number] for number, name in self._names.items()}
        query: Any = frame.with_columns(**columns).select(*columns).to_native()
        return Held(query.collect(engine="streaming"))

    def reader(self, piece: Piece, calculated: Piece) -> Callable[[int], Words]:
        """Return what reads a step for some rows."""

        def read(number: int) -> Words:
            look = self._looks.get(number)
            return calculated.true(self._names[number]) if look is None else look(piece)

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
            # A float of 64 bits, as which any number is read.
            compare, number = _COMPARED[sign], np.float64(others[0].parameter)
            return lambda piece: packed(compare(piece.values(name), number)) & piece.known(name)
        case _:
            return None
