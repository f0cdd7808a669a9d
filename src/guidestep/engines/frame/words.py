"""Conditions as bits of machine words: sixty-four patients at a time, for frames in memory.

What a library does with a column of truths costs it far more than the bits do. A cohort in memory
is therefore asked once for what stands in its columns, and everything that follows from that is
worked out on words. The steps are those of the graph, and the answers those of every backend.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeAlias

import narwhals as nw
import numpy as np
import numpy.typing as npt

from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.layers import LazyFrame, arrange, needed
from guidestep.engines.frame.steps import Operation

Words: TypeAlias = npt.NDArray[np.uint64]
"""One truth a bit, the first patient in the lowest; what lies behind the last one means nothing."""

CHUNK = 1 << 17
"""Patients worked on at once: as many as keep their conditions in the processor's cache."""

AHEAD = 1 << 19
"""Patients whose columns are read at once, while those before them are worked on."""

_JOINED: Mapping[Operation, Callable[..., Words]] = {
    Operation.ALL: np.bitwise_and,
    Operation.ANY: np.bitwise_or,
}
_FIELDLESS = frozenset({*_JOINED, Operation.NOT, Operation.CONSTANT})


@dataclass(frozen=True, slots=True)
class Leaves:
    """What stands in some rows of a cohort: for each step that reads columns, a word per 64 rows.

    `start` is the first of the `rows`.
    """

    start: int
    rows: int
    words: Mapping[int, Words]


def _is_leaf(graph: Graph, number: int) -> bool:
    operation = graph.steps[number].operation
    truths = (Operation.KNOWN, Operation.TRUTH, Operation.MEMBER, Operation.COMPARE)
    return operation in truths


def _words(truths: Any) -> Words:
    """Return the bits of a column of truths without nulls, which Arrow packs in the same way."""
    array = truths.to_arrow()
    held = -(-len(array) // 8)
    words = np.zeros(-(-len(array) // 64), dtype=np.uint64)
    if len(array):
        start = array.offset // 8
        assert array.offset % 8 == 0
        words.view(np.uint8)[:held] = np.frombuffer(array.buffers()[1], np.uint8, held, start)
    return words


class WordEngine:
    """The two-valued steps of a graph, run on words; made for the steps that are wanted of it."""

    def __init__(self, graph: Graph, wanted: Iterable[int]) -> None:
        self.wanted = tuple(dict.fromkeys(wanted))
        self._graph = graph
        self._order = [
            n
            for n in sorted(needed(graph, self.wanted))
            if graph.steps[n].operation in _FIELDLESS or _is_leaf(graph, n)
        ]
        last_use = {
            operand: n
            for n in self._order
            if not _is_leaf(graph, n)
            for operand in graph.steps[n].operands
        }
        # Words that are read no more are let go, so that the next ones take their warm place.
        self._spent: dict[int, list[int]] = {}
        for operand, n in last_use.items():
            if operand not in self.wanted:
                self._spent.setdefault(n, []).append(operand)

    def leaves(self, frame: LazyFrame, source: Mapping[str, nw.Expr]) -> Iterator[Leaves]:
        """Yield what stands in the columns of a lazy Polars frame, some of its rows at a time.

        `source` gives the column of each input that has one. While the rows that were yielded are
        worked on, the next ones are read.
        """
        found = [n for n in self._order if _is_leaf(self._graph, n)]
        arranged = arrange(self._graph, found, source, frame.implementation, "guidestep_w")
        for layer in arranged.layers:
            frame = frame.with_columns(**layer.columns)
        names = {f"guidestep_l{n}": n for n in found}
        columns = {name: arranged.found[n] for name, n in names.items()}
        columns["guidestep_row"] = nw.lit(value=True)  # so that there are rows even without leaves
        query: Any = frame.with_columns(**columns).select(*columns).to_native()

        def read(start: int) -> Leaves:
            table = query.slice(start, AHEAD).collect(engine="streaming").rechunk()
            return Leaves(
                start, table.height, {n: _words(table[name]) for name, n in names.items()}
            )

        with ThreadPoolExecutor(max_workers=1) as ahead:
            coming = ahead.submit(read, 0)
            while (leaves := coming.result()).rows:
                coming = ahead.submit(read, leaves.start + AHEAD)
                yield leaves

    def run(self, leaves: Leaves) -> Iterator[tuple[slice, dict[int, Words]]]:
        """Yield some rows of the frame at a time, with the words of each step that is wanted."""
        for start in range(0, leaves.rows, CHUNK):
            stop = min(start + CHUNK, leaves.rows)
            some = slice(start // 64, -(-stop // 64))
            done = self._chunk({n: words[some] for n, words in leaves.words.items()}, some)
            rows = slice(leaves.start + start, leaves.start + stop)
            yield rows, {n: done[n] for n in self.wanted}

    def _chunk(self, done: dict[int, Words], some: slice) -> dict[int, Words]:
        for n in self._order:
            if n in done:
                continue
            step = self._graph.steps[n]
            operands = [done[operand] for operand in step.operands]
            match step.operation:
                case Operation.CONSTANT:
                    bits = np.uint64(2**64 - 1) if step.parameter is True else np.uint64(0)
                    done[n] = np.full(some.stop - some.start, bits)
                case Operation.NOT:
                    done[n] = np.invert(operands[0])
                case operation:
                    join = _JOINED[operation]
                    words = join(operands[0], operands[1])
                    for operand in operands[2:]:
                        join(words, operand, out=words)
                    done[n] = words
            for spent in self._spent.get(n, ()):
                del done[spent]
        return done


# --- numbers made of bits -------------------------------------------------------------------------


def counted(conditions: Sequence[Words]) -> list[Words]:
    """Return how many of some conditions are true, as binary digits, the lowest first.

    Three digits of one weight are added to one of it and one of the next: as adders do in hardware.
    """
    digits: list[Words] = []
    weight = list(conditions)
    while weight:
        carries: list[Words] = []
        while len(weight) > 1:
            one, two = weight.pop(), weight.pop()
            either = one ^ two
            if weight:
                three = weight.pop()
                carries.append((one & two) | (either & three))
                weight.append(either ^ three)
            else:
                carries.append(one & two)
                weight.append(either)
        digits.append(weight[0])
        weight = carries
    return digits


def first_true(conditions: Sequence[Words]) -> list[Words]:
    """Return the number of the first true condition, counted from 0, as digits."""
    digits = [
        np.zeros_like(conditions[0]) for _ in range(max(1, (len(conditions) - 1).bit_length()))
    ]
    free = np.invert(digits[0])
    for number, condition in enumerate(conditions):
        here = condition & free
        free ^= here
        for place, digit in enumerate(digits):
            if number >> place & 1:
                digit |= here
    return digits


def numbers(digits: Sequence[Words], rows: int, dtype: type[np.integer[Any]]) -> npt.NDArray[Any]:
    """Return the number of each row, given its binary digits, the lowest first."""
    found = np.zeros(rows, dtype=np.dtype(dtype).newbyteorder("<"))
    bytes_ = found.view(np.uint8).reshape(rows, found.itemsize)
    for place in range(0, len(digits), 8):
        bytes_[:, place // 8] = _bytes(digits[place : place + 8])[:rows]
    return found


def _bytes(digits: Sequence[Words]) -> npt.NDArray[np.uint8]:
    """Return a byte for each row, given up to eight bits of it, the lowest first.

    Eight rows of eight bits stand in one word as a square, which is turned over its diagonal by
    exchanging single bits, pairs and nibbles (H. S. Warren, Hacker's Delight, 2nd ed., 7-3).
    """
    square = np.zeros((digits[0].nbytes, 8), dtype=np.uint8)
    for bit, digit in enumerate(digits):
        square[:, bit] = digit.view(np.uint8)
    words = square.view("<u8").ravel()
    for shift, mask in _EXCHANGES:
        moved = words >> shift
        moved ^= words
        moved &= mask
        words ^= moved
        moved <<= shift
        words ^= moved
    return words.view(np.uint8)


_EXCHANGES = tuple(
    (np.uint64(shift), np.uint64(mask))
    for shift, mask in (
        (7, 0x00AA00AA00AA00AA),
        (14, 0x0000CCCC0000CCCC),
        (28, 0x00000000F0F0F0F0),
    )
)


def any_true(conditions: Sequence[Words]) -> Words:
    """Return where one of some conditions is true."""
    found = conditions[0].copy()
    for condition in conditions[1:]:
        np.bitwise_or(found, condition, out=found)
    return found
