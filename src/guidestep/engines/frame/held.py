"""What lies in memory: the columns of a Polars frame as arrays and words, without a copy.

A column of numbers, dates or members of an Enum is an array of them in memory, with one bit more a
row that tells whether there is a value; a column of truths is bits alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from guidestep.engines.frame.digits import Words

Values: TypeAlias = npt.NDArray[Any]
T = TypeVar("T")
R = TypeVar("R")

CHUNK = 1 << 19
"""The most patients looked at at once.

More would not stay in the cache of a processor; with fewer, the threads that work on them would
wait for each other, since Python itself runs in one of them at a time.
"""

BLOCK = 1 << 15
"""Patients calculated with at once: eight bytes each, where there is a bit in words."""


class Held:
    """Some columns of a frame in memory, to be looked at piece by piece.

    `members` gives, of each column of an Enum, the number by which a member is kept.

    >>> frame = pl.DataFrame({"age": [50, None, 70]})
    >>> piece = Held(frame).piece(0)
    >>> piece.values("age")[[0, 2]].tolist(), int(piece.known("age")[0])
    ([50, 70], 5)
    """

    def __init__(self, frame: pl.DataFrame) -> None:
        types = frame.schema
        self.members: Mapping[str, Mapping[str, int]] = {
            name: {member: code for code, member in enumerate(dtype.categories)}
            for name, dtype in types.items()
            if isinstance(dtype, pl.Enum)
        }
        # Of a member its number, of a date that of its day.
        dates = [name for name, dtype in types.items() if dtype == pl.Date]
        self._frame = frame.with_columns(pl.col([*self.members, *dates]).to_physical())
        self.rows = frame.height

    def starts(self) -> range:
        """Return where the pieces begin: as many for each core, and of whole words."""
        cores = pl.thread_pool_size()
        pieces = -(-self.rows // (CHUNK * cores)) * cores
        even = -(-self.rows // (pieces * 64)) * 64 if pieces else CHUNK
        # A second core is no gain for few rows: Python has as much to do for each piece.
        return range(0, self.rows, max(even, min(BLOCK, CHUNK)))

    def piece(self, start: int) -> Piece:
        """Return the piece that begins at a row."""
        return Piece(self._frame.slice(start, self.starts().step), self.members)


class Piece:
    """Some rows of the columns; the last word may have bits behind the last row."""

    def __init__(self, frame: pl.DataFrame, members: Mapping[str, Mapping[str, int]]) -> None:
        self.rows = frame.height
        self.members = members
        self._frame = frame
        self._arrays: dict[str, Any] = {}
        self._values: dict[str, Values] = {}
        self._known: dict[str, Words] = {}

    def blocks(self) -> Iterator[Block]:
        """Yield the rows, some after some."""
        for start in range(0, self.rows, BLOCK):
            yield Block(self, slice(start, min(start + BLOCK, self.rows)))

    def values(self, name: str) -> Values:
        """Return what stands in a column; where nothing is known, it may be anything."""
        if name not in self._values:
            array = self._array(name)
            dtype = np.dtype(array.type.to_pandas_dtype())
            offset = array.offset * dtype.itemsize
            self._values[name] = np.frombuffer(array.buffers()[1], dtype, self.rows, offset)
        return self._values[name]

    def true(self, name: str) -> Words:
        """Return which rows of a column of truths are true, or not known."""
        array = self._array(name)
        return _words(array.buffers()[1], array.offset, self.rows)

    def known(self, name: str) -> Words:
        """Return in which rows of a column there is a value."""
        if name not in self._known:
            column = self._frame.get_column(name)
            if column.dtype == pl.String:  # as an array it would be made anew
                there = column.is_not_null().to_arrow()
                self._known[name] = _words(there.buffers()[1], there.offset, self.rows)
            else:
                array = self._array(name)
                self._known[name] = _words(array.buffers()[0], array.offset, self.rows)
        return self._known[name]

    def longest(self, name: str) -> int:
        """Return how many bytes the longest text of a column takes: at least one a character."""
        found = self._frame.get_column(name).str.len_bytes().max()
        assert found is None or isinstance(found, int)
        return found or 0

    def _array(self, name: str) -> Any:
        # Where the rows lie in two parts of a frame, they are put together here, and only they.
        if name not in self._arrays:
            self._arrays[name] = self._frame.get_column(name).to_arrow()
        return self._arrays[name]


class Block:
    """Some rows of a piece, from the beginning of a word on."""

    def __init__(self, piece: Piece, rows: slice) -> None:
        self._piece = piece
        self._rows = rows
        self.rows: int = rows.stop - rows.start
        self.words = slice(rows.start // 64, -(-rows.stop // 64))

    def values(self, name: str) -> Values:
        """Return what stands in a column; where nothing is known, it may be anything."""
        return self._piece.values(name)[self._rows]

    def known(self, name: str) -> Words:
        """Return in which rows of a column there is a value."""
        return self._piece.known(name)[self.words]


def _words(bits: Any, start: int, rows: int) -> Words:
    """Return bits from memory as words; without any, all are set."""
    words = np.zeros(-(-rows // 64), np.uint64)
    bytes_ = words.view(np.uint8)
    if bits is None:
        words[:] = _ALL
    elif start % 8 == 0:
        held = -(-rows // 8)
        bytes_[:held] = np.frombuffer(bits, np.uint8, held, start // 8)
    else:
        some = np.frombuffer(bits, np.uint8, -(-(start % 8 + rows) // 8), start // 8)
        shifted = np.packbits(
            np.unpackbits(some, bitorder="little")[start % 8 :][:rows], bitorder="little"
        )
        bytes_[: len(shifted)] = shifted
    return words


def in_threads(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Return the results of work that leaves Python to others, done on the cores of Polars."""
    todo = list(items)
    if len(todo) < 2:
        return [work(item) for item in todo]
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        return list(pool.map(work, todo))


def packed(truths: npt.NDArray[np.bool_]) -> Words:
    """Return an array of truths as words."""
    bits = np.packbits(truths, bitorder="little")
    if len(truths) % 64 == 0:
        return bits.view(np.uint64)
    words = np.zeros(-(-len(truths) // 64), np.uint64)
    words.view(np.uint8)[: len(bits)] = bits
    return words


def unpacked(words: Words, rows: int) -> npt.NDArray[np.bool_]:
    """Return words as an array of so many truths."""
    return np.unpackbits(words.view(np.uint8), count=rows, bitorder="little").view(np.bool_)


_ALL = np.uint64(2**64 - 1)
