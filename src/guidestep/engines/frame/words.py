"""Conditions as bits of machine words: sixty-four patients at a time, for frames in memory.

What a library does with a column of truths costs it far more than the bits do. A cohort in memory
is therefore asked once for what stands in its columns, and everything that follows from that is
worked out on words. The steps are those of the graph, and the answers those of every backend.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil, floor
from typing import TypeAlias

import numpy as np

from guidestep.engines.frame.digits import Words, at_least, counted
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.layers import needed
from guidestep.engines.frame.steps import Operation, Step

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
        order = sorted(needed(graph, self.wanted))
        found = {n: _counted(graph, n) for n in order}
        counts = {n: count for n, count in found.items() if count is not None}
        steps = [n for n in order if n in counts or graph.steps[n].operation in _INNER]
        self.leaves = tuple(
            n for n in order if n not in counts and graph.steps[n].operation in _LEAVES
        )
        operands = {
            n: counts[n].conditions if n in counts else graph.steps[n].operands for n in steps
        }
        works = {n: _work(graph.steps[n], counts.get(n)) for n in steps}
        self._turns, self._places, self._room = _turns(self.leaves, operands, works, self.wanted)

    def run(self, read: Callable[[int], Words], length: int) -> dict[int, Words]:
        """Return so many words of each step that is wanted; `read` returns those of a leaf."""
        room = list(np.empty((self._room, length), np.uint64))
        for turn in self._turns:
            if turn.work is None:
                room[turn.place][:] = read(turn.step)
            else:
                turn.work([room[place] for place in turn.operands], room[turn.place])
        return {n: room[self._places[n]] for n in self.wanted}


_Work: TypeAlias = Callable[[list[Words], Words], object]
"""Writes the words of a step, given those of its operands."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """A step when it is its turn, and where its words and those of its operands stand."""

    step: int
    work: _Work | None
    place: int
    operands: tuple[int, ...]


def _turns(
    leaves: Collection[int],
    operands: Mapping[int, tuple[int, ...]],
    works: Mapping[int, _Work],
    wanted: Collection[int],
) -> tuple[list[_Turn], dict[int, int], int]:
    """Return the steps in turn, the place of each, and how many places there have to be.

    A leaf is read when it is first needed. What is read no more leaves its place to the next step:
    few places stay in the cache of a processor, and are asked of the system at once.
    """
    last_use = {operand: n for n, some in operands.items() for operand in some}
    turns: list[_Turn] = []
    places: dict[int, int] = {}
    free: list[int] = []
    room = 0

    def take(step: int) -> None:
        nonlocal room
        if not free:
            free.append(room)
            room += 1
        places[step] = free.pop()
        given = tuple(places[operand] for operand in operands.get(step, ()))
        turns.append(_Turn(step, works.get(step), places[step], given))

    for step, some in operands.items():
        for leaf in some:
            if leaf not in places:  # only leaves are not there yet
                take(leaf)
        take(step)
        free += [places[n] for n in set(some) if last_use[n] == step and n not in wanted]
    for leaf in leaves:
        if leaf in wanted and leaf not in places:
            take(leaf)
    return turns, places, room


def _work(step: Step, count: _Counted | None) -> _Work:
    """Return what a step does with words."""
    if count is not None:
        return partial(_enough, count)
    match step.operation:
        case Operation.CONSTANT:
            words = _ALL if step.parameter is True else np.uint64(0)
            return lambda operands, out: out.fill(words)
        case Operation.NOT:
            return lambda operands, out: np.invert(operands[0], out=out)
        case operation:
            return partial(_join, _JOINED[operation])


def _join(join: Callable[..., Words], operands: list[Words], out: Words) -> None:
    join(operands[0], operands[1], out)
    for operand in operands[2:]:
        join(out, operand, out)


def _enough(count: _Counted, operands: list[Words], out: Words) -> None:
    there = at_least(counted(operands), count.least)
    out[:] = there if count.holds else np.invert(there)


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
