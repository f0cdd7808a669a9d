"""Conditions as bits of machine words: sixty-four patients at a time, for frames in memory.

What a library does with a column of truths costs it far more than the bits do. A cohort in memory
is therefore asked once for what stands in its columns, and everything that follows from that is
worked out on words. The steps are those of the graph, and the answers those of every backend.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from guidestep.engines.frame.digits import Words, at_least, counted
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.layers import needed
from guidestep.engines.frame.steps import Operation

_JOINED: Mapping[Operation, Callable[..., Words]] = {
    Operation.ALL: np.bitwise_and,
    Operation.ANY: np.bitwise_or,
}
_INNER = frozenset({*_JOINED, Operation.NOT, Operation.CONSTANT})
_LEAVES = frozenset({Operation.KNOWN, Operation.TRUTH, Operation.MEMBER, Operation.COMPARE})
_ALL = np.uint64(2**64 - 1)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A comparison that holds where `least` of some conditions are true, or does not hold there."""

    conditions: tuple[int, ...]
    least: int
    holds: bool


class WordEngine:
    """The two-valued steps of a graph, run on words; made for the steps that are wanted of it.

    `leaves` are the steps that look at columns: their words are what it starts from.
    """

    def __init__(self, graph: Graph, wanted: Iterable[int]) -> None:
        self.wanted = tuple(dict.fromkeys(wanted))
        self._graph = graph
        order = sorted(needed(graph, self.wanted))
        found = {n: _counted(graph, n) for n in order}
        self._counts = {n: count for n, count in found.items() if count is not None}
        self._order = [n for n in order if n in self._counts or self._is(n, _INNER)]
        self.leaves = tuple(n for n in order if n not in self._counts and self._is(n, _LEAVES))
        last_use = {operand: n for n in self._order for operand in self._operands(n)}
        # Words that are read no more are let go, so that the next ones take their warm place.
        self._spent: dict[int, list[int]] = {}
        for operand, n in last_use.items():
            if operand not in self.wanted:
                self._spent.setdefault(n, []).append(operand)

    def _is(self, number: int, some: Collection[Operation]) -> bool:
        return self._graph.steps[number].operation in some

    def _operands(self, number: int) -> tuple[int, ...]:
        count = self._counts.get(number)
        return self._graph.steps[number].operands if count is None else count.conditions

    def run(self, read: Callable[[int], Words], length: int) -> dict[int, Words]:
        """Return so many words of each step that is wanted; `read` returns those of a leaf."""
        done: dict[int, Words] = {}
        for n in self._order:
            operands = self._operands(n)
            for operand in operands:
                if operand not in done:  # only leaves are not there yet
                    done[operand] = read(operand)
            done[n] = self._step(n, [done[operand] for operand in operands], length)
            for spent in self._spent.get(n, ()):
                del done[spent]
        return {n: done[n] if n in done else read(n) for n in self.wanted}

    def _step(self, number: int, operands: list[Words], length: int) -> Words:
        step = self._graph.steps[number]
        match step.operation:
            case Operation.CONSTANT:
                return np.full(length, _ALL if step.parameter is True else np.uint64(0))
            case Operation.NOT:
                return np.invert(operands[0])
            case Operation.COMPARE:
                count = self._counts[number]
                there = at_least(counted(operands), count.least)
                return there if count.holds else np.invert(there)
            case operation:
                join = _JOINED[operation]
                words = join(operands[0], operands[1])
                for operand in operands[2:]:
                    join(words, operand, out=words)
                return words


def _counted(graph: Graph, number: int) -> _Counted | None:
    """Return a comparison of a sum with a constant as one of a count, if it is one."""
    step = graph.steps[number]
    if step.operation is not Operation.COMPARE:
        return None
    total, bound = (graph.steps[operand] for operand in step.operands)
    if total.operation is not Operation.TOTAL or bound.operation is not Operation.CONSTANT:
        return None
    weights, limit = total.parameter, bound.parameter
    assert isinstance(weights, tuple)
    assert isinstance(limit, int | float)
    if step.parameter not in _LEAST or set(weights) != {1.0}:
        return None
    least, holds = _LEAST[step.parameter]
    return _Counted(total.operands, least(limit), holds)


_LEAST: Mapping[object, tuple[Callable[[float], int], bool]] = {
    ">=": (ceil, True),
    ">": (lambda bound: floor(bound) + 1, True),
    "<": (ceil, False),
    "<=": (lambda bound: floor(bound) + 1, False),
}
"""For each sign how many there have to be, and whether it holds with as many or with fewer."""
