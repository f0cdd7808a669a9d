"""From a graph to layers of columns: what is used twice becomes a column, the rest is written in.

A layer reads only the columns of the layers before it, so that a whole graph is a short series of
projections on any backend.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import narwhals as nw

from guidestep.engines.frame.emit import EMITTERS
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.steps import Operation

LazyFrame: TypeAlias = nw.LazyFrame[Any]

DEEPEST = 16
"""Expressions nested deeper are split into columns: planners walk them recursively."""

_FREE = frozenset({Operation.FIELD, Operation.CONSTANT})
_CHEAP = frozenset({Operation.NOT, Operation.KNOWN, Operation.TRUTH})
_REPEATED = frozenset({Operation.ROUND, Operation.CALL, Operation.ARITHMETIC})
"""These write their operands more than once."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Columns to add, and those of earlier layers that are still read afterwards."""

    columns: Mapping[str, nw.Expr]
    still_read: frozenset[str]


@dataclass(frozen=True, slots=True)
class Layers:
    """Layers of columns, and what each wanted step is once they are there."""

    layers: tuple[Layer, ...]
    found: Mapping[int, nw.Expr]


def arrange(
    graph: Graph,
    wanted: Iterable[int],
    source: Mapping[str, nw.Expr],
    library: nw.Implementation,
    prefix: str,
) -> Layers:
    """Return the layers that compute the wanted steps.

    `source` gives the column of each field, `library` is that of the frame; the names of new
    columns begin with `prefix`.
    """
    roots = list(dict.fromkeys(wanted))
    kept = _kept(graph, roots)
    layers: list[dict[str, nw.Expr]] = []
    written: dict[int, nw.Expr] = {}
    level: dict[int, int] = {}
    reads: dict[int, frozenset[str]] = {}
    read_at: dict[str, set[int]] = {}
    for number in sorted(needed(graph, roots)):
        step = graph.steps[number]
        if step.operation is Operation.FIELD:
            assert isinstance(step.parameter, str)
            written[number], level[number] = source[step.parameter], 0
            reads[number] = frozenset()
            continue
        operands = [written[operand] for operand in step.operands]
        expression = EMITTERS[step.operation](step, operands, library)
        at = max((level[operand] for operand in step.operands), default=0)
        reads[number] = frozenset[str]().union(*(reads[operand] for operand in step.operands))
        if number in kept:
            while len(layers) <= at:
                layers.append({})
            name = f"{prefix}{number}"
            layers[at][name] = expression
            for read in reads[number]:
                read_at.setdefault(read, set()).add(at)
            expression, at, reads[number] = nw.col(name), at + 1, frozenset({name})
        written[number], level[number] = expression, at
    for read in frozenset[str]().union(*(reads[root] for root in roots)):
        read_at.setdefault(read, set()).add(len(layers))
    # What reads only the fields can wait until it is read: fewer columns are carried along.
    for name in list(layers[0]) if layers else ():
        layers[min(read_at[name]) - 1][name] = layers[0].pop(name)
    carried = [
        frozenset(name for earlier in layers[:at] for name in earlier if max(read_at[name]) > at)
        for at in range(len(layers))
    ]
    return Layers(
        tuple(map(Layer, layers, carried)),
        {root: written[root] for root in roots},
    )


def needed(graph: Graph, roots: Iterable[int]) -> set[int]:
    """Return some steps and all that they are computed from."""
    found: set[int] = set()
    todo = list(roots)
    while todo:
        number = todo.pop()
        if number not in found:
            found.add(number)
            todo.extend(graph.steps[number].operands)
    return found


def _kept(graph: Graph, roots: Iterable[int]) -> set[int]:
    """Return the steps that become columns: used twice and worth it, or deeply nested."""
    order = sorted(needed(graph, roots))
    uses = dict.fromkeys(order, 0)
    for root in roots:
        uses[root] += 1
    # A cheap step is written in wherever it is used, and its operand is used as often.
    for number in reversed(order):
        step = graph.steps[number]
        times = uses[number] if step.operation in _CHEAP else 1
        times += step.operation in _REPEATED
        for operand in step.operands:
            uses[operand] += times
    kept: set[int] = set()
    depth: dict[int, int] = {}
    for number in order:
        step = graph.steps[number]
        deep = 1 + max((depth[operand] for operand in step.operands), default=0)
        cheap = step.operation in _CHEAP and deep <= 2
        again = uses[number] > 1 and not cheap
        if step.operation not in _FREE and (again or deep > DEEPEST):
            kept.add(number)
            deep = 1
        depth[number] = deep
    return kept
