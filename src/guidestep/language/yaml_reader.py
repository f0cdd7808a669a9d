"""Reading one YAML file safely: every node with its place, every fault as a diagnostic.

The accepted YAML is the part of YAML 1.1 and 1.2 in which both agree, and JSON with it: one
document, no tags, no anchors and aliases, text keys that occur once, and the plain scalars of
`yaml_scalars`. PyYAML gives the events only: no object is ever made from a tag.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

import yaml

from guidestep.language.diagnostics import Diagnostic
from guidestep.language.source import SourceText, Span
from guidestep.language.yaml_places import BLANK, extent, origins, span_between
from guidestep.language.yaml_scalars import resolve, shorten
from guidestep.language.yaml_syntax import explain
from guidestep.language.yaml_text import check, load
from guidestep.language.yaml_tree import (
    Entry,
    Mapping,
    Node,
    Plain,
    Scalar,
    Sequence,
    Value,
    locate,
    locate_key,
    plain,
)

__all__ = [
    "Entry",
    "Mapping",
    "Node",
    "Plain",
    "Scalar",
    "Sequence",
    "Value",
    "locate",
    "locate_key",
    "plain",
    "read",
    "read_file",
]

MAX_DEPTH = 40
MAX_NODES = 200_000
MAX_FAULTS = 100
"""The faults of one file after which reading stops: a bomb is nothing but faults."""

_LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader

_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACE = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*")
_PROLOGUE = re.compile(r"(?:[ \t\r\n]|#[^\n]*|(?<![^\n])%[^\n]*)*")
_TOO_DEEP = "nesting depth"
_DIRECTIVE = re.compile(r"^%[^\r\n]*", re.MULTILINE)


def read(source: SourceText) -> tuple[Node | None, list[Diagnostic]]:
    r"""Return the document in a text, and its faults in the order of the text.

    The document is None where the text is empty or where a fault ends the reading; with the other
    faults it is what could be read. Nothing is raised.

    >>> node, faults = read(SourceText("a.yaml", "id: R1\nreps: [15, 20]\n"))
    >>> plain(node), faults
    ({'id': 'R1', 'reps': [15, 20]}, [])
    >>> node, faults = read(SourceText("a.yaml", "done: no\n"))
    >>> print(faults[0].render())
    a.yaml:1:7: yaml-surprise: 'no' is a boolean to YAML 1.1 and text to YAML 1.2
        done: no
              ^^
      hint: write false, or "no" with quotes if it is text
    """
    source = SourceText(source.name, source.text.removeprefix("\ufeff"))
    faults = check(source)
    if faults:
        return None, faults
    reader = _Reader(source)
    root = reader.read()
    unique = {fault.order: fault for fault in reader.faults}
    return root, [unique[order] for order in sorted(unique)][:MAX_FAULTS]


def read_file(path: Path | str, name: str) -> tuple[Node | None, list[Diagnostic]]:
    """Return the document in a file, and its faults, which show the file under `name`.

    A file that is missing, too large or not UTF-8 is a fault like any other; nothing is raised.
    """
    source = load(Path(path), name)
    return (None, [source]) if isinstance(source, Diagnostic) else read(source)


class _Mark(Protocol):
    @property
    def index(self) -> int: ...
    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


@dataclass(slots=True)
class _Open:
    """A collection that is not closed yet; the nodes of a mapping are keys and values in turn."""

    start: _Mark
    is_mapping: bool
    nodes: list[Node] = field(default_factory=list)


class _StopReading(Exception):  # noqa: N818
    """Reading further is pointless or dangerous; the fault that says why is reported."""


class _Reader:
    """Builds the tree from events, without recursion."""

    def __init__(self, source: SourceText) -> None:
        self.source = source
        self.faults: list[Diagnostic] = []
        self._root: Node | None = None
        self._open: list[_Open] = []
        self._count = 0

    def read(self) -> Node | None:
        try:
            for event in yaml.parse(self._without_directives(), Loader=_LOADER):
                self._take(event)
                if len(self.faults) >= MAX_FAULTS:
                    return None
        except _StopReading:
            return None
        except yaml.YAMLError as error:
            self.faults += self._too_deep(error) or [explain(self.source, error)]
            return None
        except (ValueError, OverflowError):
            # PyYAML without its C library, on an escape beyond the last character.
            self._refuse_escape(span_between(self.source, 0, 0))
            return None
        if self._root is None or _is_empty(self._root):
            if not self.faults:
                place = span_between(self.source, 0, 0)
                self._fault("empty-file", place, "the file is empty", "write it, or remove it")
            return None
        return self._root

    def _too_deep(self, error: yaml.YAMLError) -> list[Diagnostic]:
        """Return the fault of a text that is too deep for PyYAML's C library as well.

        The library looks ahead and has a limit of its own: what stands before the place where it
        stops is deeper than ours.
        """
        mark = getattr(error, "problem_mark", None)
        if _TOO_DEEP not in str(error) or mark is None:
            return []
        before = SourceText(self.source.name, self.source.text[: mark.index])
        return [fault for fault in read(before)[1] if fault.code == "too-deep"]

    def _take(self, event: yaml.Event) -> None:
        start, end = event.start_mark, event.end_mark
        # The parser marks every event; its types do not say so.
        assert start is not None
        assert end is not None
        match event:
            case yaml.DocumentStartEvent() if self._root is not None:
                self._stop_at_next_document(start.index)
            case yaml.DocumentEndEvent():
                self._check_rest(end.index)
            case yaml.AliasEvent():
                self._add(self._alias(start, end))
            case yaml.ScalarEvent():
                self._add(self._scalar(event.value, event.style or "", start, end))
            case yaml.CollectionStartEvent():
                if event.tag or event.anchor:
                    self._refuse_properties(start.index)
                self._start(start, isinstance(event, yaml.MappingStartEvent))
            case yaml.CollectionEndEvent():
                self._end(start, end)

    def _add(self, node: Node) -> None:
        if self._open:
            self._open[-1].nodes.append(node)
        else:
            self._root = node
        self._count += 1
        if self._count > MAX_NODES:
            message = f"the file has more than {MAX_NODES} values"
            self._fault("too-many-nodes", node.span, message, "split the file")
            raise _StopReading

    def _alias(self, start: _Mark, end: _Mark) -> Scalar:
        text, span = self.source.text[start.index : end.index], self._span(start, end)
        self._refuse_alias(f"alias '{shorten(text)}'", span)
        return Scalar(text, text, span)

    def _scalar(self, text: str, style: str, start: _Mark, end: _Mark) -> Scalar:
        raw = self.source.text[start.index : end.index]
        span = self._span(start, end)
        is_block = style in ("|", ">")
        if is_block:
            # YAML ends a block where the next thing starts; for a reader it ends with its text.
            span = extent(raw.rstrip(BLANK), span)
        if raw.startswith(("!", "&")):
            self._refuse_properties(start.index)
        if _SURROGATE.search(text):
            # PyYAML's C library refuses these itself.
            self._refuse_escape(span)
        value: Value = text
        if not style:
            value, fault = resolve(text)
            if fault:
                self._fault(fault.code, span, fault.message, fault.hint)
        places = origins(raw, text, style, span.line, span.column)
        return Scalar(value, text, span, style in ("'", '"'), is_block, places)

    def _start(self, start: _Mark, is_mapping: bool) -> None:
        if len(self._open) == MAX_DEPTH:
            message = f"more than {MAX_DEPTH} levels of nesting"
            hint = "give the inner part a definition of its own"
            place = span_between(self.source, start.index, start.index + 1)
            self._fault("too-deep", place, message, hint)
            raise _StopReading
        self._open.append(_Open(start, is_mapping))

    def _end(self, start: _Mark, end: _Mark) -> None:
        opened = self._open.pop()
        span = self._span(opened.start, end)
        is_bracket = start.index < end.index and self.source.text[start.index] in "]}"
        if opened.nodes and not is_bracket:
            # As with a block of text: a block of nodes ends with the last one.
            last = opened.nodes[-1].span
            span = Span(self.source, span.line, span.column, last.end_line, last.end_column)
        if opened.is_mapping:
            self._add(Mapping(self._entries(opened.nodes), span))
        else:
            self._add(Sequence(tuple(opened.nodes), span))

    def _entries(self, nodes: list[Node]) -> tuple[Entry, ...]:
        entries: dict[str, Entry] = {}
        for key_node, value in zip(nodes[::2], nodes[1::2], strict=True):
            key = self._key(key_node)
            if key is None:
                continue
            if first := entries.get(key):
                message = f"key '{shorten(key)}' is already in line {first.key_span.line}"
                self._fault("duplicate-key", key_node.span, message, "keep one of the two")
            else:
                entries[key] = Entry(key, key_node.span, value)
        return tuple(entries.values())

    def _key(self, node: Node) -> str | None:
        """Return a key as text, or None where it cannot be one; a faulty scalar keeps its text."""
        match node:
            case Scalar(text="<<", quoted=False, block=False):
                self._refuse_alias("merge key '<<'", node.span)
                return None
            case Scalar(value=str()):
                return node.text
            case Scalar(text=""):
                self._fault(
                    "key-not-text", node.span, "a key is missing", "write it before the ':'"
                )
                return None
            case Scalar():
                kind = _KINDS[type(node.value).__name__]
                message = f"key {shorten(node.text)} is {kind}, not text"
                self._fault("key-not-text", node.span, message, f'write "{node.text}" with quotes')
                return node.text
            case _:
                kind = "a list" if isinstance(node, Sequence) else "a mapping"
                message = f"a key is {kind}, not text"
                self._fault("key-not-text", node.span, message, "write a text before the ':'")
                return None

    def _without_directives(self) -> str:
        """Return the text with the directives of its head reported and made comments.

        PyYAML takes minutes for a megabyte of directives.
        """
        text = self.source.text
        head = _PROLOGUE.match(text)
        prologue = head.group() if head else ""
        for found in islice(_DIRECTIVE.finditer(prologue), MAX_FAULTS):
            self._refuse_directive(found.start())
        return prologue.replace("%", "#") + text[len(prologue) :]

    def _check_rest(self, index: int) -> None:
        """Report what follows the document, before PyYAML reads on."""
        space = _SPACE.match(self.source.text, index)
        index = space.end() if space else index
        if self.source.text.startswith("---", index):
            self._stop_at_next_document(index)
        if self.source.text.startswith("%", index):
            self._refuse_directive(index)
            raise _StopReading

    def _stop_at_next_document(self, index: int) -> None:
        message = "a second document starts here"
        hint = "keep one document, and put the other one into a file of its own"
        self._fault("several-documents", self._line_from(index), message, hint)
        raise _StopReading

    def _refuse_directive(self, index: int) -> None:
        message = "a directive is not allowed here"
        self._fault("several-documents", self._line_from(index), message, "remove the line")

    def _refuse_escape(self, span: Span) -> None:
        message = "an escape that is not a character"
        self._fault("yaml-syntax", span, message, "write the character itself")

    def _refuse_alias(self, what: str, span: Span) -> None:
        hint = "write the value out where it is used"
        self._fault("yaml-alias", span, f"{what} is not allowed", hint)

    def _refuse_properties(self, index: int) -> None:
        """Report the tags and anchors that stand before a node."""
        for _ in range(2):  # a node has at most one of each, whatever else the text repeats
            found = _PROPERTY.match(self.source.text, index)
            if not found:
                return
            written = shorten(found.group())
            span = span_between(self.source, index, found.end())
            if written.startswith("&"):
                self._refuse_alias(f"anchor '{written}'", span)
            else:
                hint = f'remove it, or put the text in quotes: "{written} ..."'
                self._fault("yaml-tag", span, f"tag '{written}' is not allowed", hint)
            space = _SPACE.match(self.source.text, found.end())
            index = space.end() if space else found.end()

    def _fault(self, code: str, span: Span, message: str, hint: str) -> None:
        self.faults.append(Diagnostic(code, span, message, hint))

    def _span(self, start: _Mark, end: _Mark) -> Span:
        return Span(self.source, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def _line_from(self, index: int) -> Span:
        end = self.source.text.find("\n", index)
        text = self.source.text[index : end if end >= 0 else None]
        return span_between(self.source, index, index + len(text.rstrip(BLANK)))


_KINDS = {
    "int": "a number",
    "float": "a number",
    "bool": "a boolean",
    "date": "a date",
    "NoneType": "null",
}


def _is_empty(node: Node) -> bool:
    return isinstance(node, Scalar) and node.value is None and not node.text
