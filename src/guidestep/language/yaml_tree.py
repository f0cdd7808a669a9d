"""The document tree of one YAML file: scalars, sequences and mappings that know their place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from operator import attrgetter
from typing import NamedTuple, TypeAlias

from guidestep.language.source import Span

Value: TypeAlias = str | int | float | bool | date | None
"""What a scalar can be."""

Plain: TypeAlias = "Value | list[Plain] | dict[str, Plain]"
"""A document as ordinary Python data."""

Path: TypeAlias = tuple[str | int, ...]
"""The way to a node: keys of mappings and indexes of sequences, from the root."""


class Origin(NamedTuple):
    """A place in a scalar's text from which on, up to the next origin, text and file run alike."""

    offset: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, with the text it was read from.

    `text` is the scalar without its quotes, escapes and indentation; `value` is the same text
    where the scalar is quoted or a block, and what the text stands for where it is plain.
    `origins` says where the text stands in the file; it is empty where that is not known exactly.
    """

    value: Value
    text: str
    span: Span
    quoted: bool = False
    block: bool = False
    origins: tuple[Origin, ...] = field(default=(), repr=False, compare=False)

    def span_of(self, line: int, column: int, end_line: int, end_column: int) -> Span:
        """Return where a stretch of `text` stands in the file.

        Lines count from 1 and columns from 0, as in Python's `ast`, but in characters, not bytes;
        the end is exclusive. The answer is the span of the whole scalar where the text has escapes
        or where the stretch is not within it.
        """
        start, end = self._offset(line, column), self._offset(end_line, end_column)
        if start is None or end is None or not self._is_placed(start) or end < start:
            return self.span
        first_line, first_column = self._place(start)
        # The end goes with the character before it, which may be on another line than the next.
        last_line, last_column = self._place(max(start, end - 1))
        return Span(
            self.span.source, first_line, first_column, last_line, last_column + (end > start)
        )

    def _offset(self, line: int, column: int) -> int | None:
        lines = self.text.split("\n")
        if not (1 <= line <= len(lines) and 0 <= column <= len(lines[line - 1])):
            return None
        return sum(len(before) + 1 for before in lines[: line - 1]) + column

    def _is_placed(self, offset: int) -> bool:
        return bool(self.origins) and self.origins[0].offset <= offset

    def _place(self, offset: int) -> tuple[int, int]:
        index = bisect_right(self.origins, offset, key=attrgetter("offset"))
        origin = self.origins[index - 1]
        return origin.line, origin.column + offset - origin.offset


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list of nodes."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a mapping with its value."""

    key: str
    key_span: Span
    value: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file; a key occurs once."""

    entries: tuple[Entry, ...]
    span: Span

    def entry(self, key: str) -> Entry | None:
        """Return the entry of a key, or None where there is no such key."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def get(self, key: str) -> Node | None:
        """Return the value of a key, or None where there is no such key."""
        entry = self.entry(key)
        return entry.value if entry else None


Node: TypeAlias = Scalar | Sequence | Mapping


def plain(node: Node) -> Plain:
    """Return a node as ordinary Python data: dict, list and the values of scalars."""
    match node:
        case Scalar():
            return node.value
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {entry.key: plain(entry.value) for entry in node.entries}


def locate(node: Node, path: Path) -> Span:
    """Return the span of the deepest node that exists along a path.

    A step that does not exist ends the path, so that a missing key is located at its mapping.
    """
    span = node.span
    for step in _steps(node, path):
        span = step.value.span if isinstance(step, Entry) else step.span
    return span


def locate_key(node: Node, path: Path) -> Span:
    """Return the span of the key of the deepest node that exists along a path.

    An item of a sequence and the root have no key: the span is then that of the node itself.
    """
    span = node.span
    for step in _steps(node, path):
        span = step.key_span if isinstance(step, Entry) else step.span
    return span


def _steps(node: Node, path: Path) -> Iterator[Entry | Node]:
    for step in path:
        match node, step:
            case Mapping(), str() if entry := node.entry(step):
                yield entry
                node = entry.value
            case Sequence(), int() if 0 <= step < len(node.items):
                node = node.items[step]
                yield node
            case _:
                return
