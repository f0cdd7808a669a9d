"""Assessment files: read as JSON or YAML, their problems shown where they stand."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from guidestep.assessment import Assessment, AssessmentError, Problem
from guidestep.assessment.errors import named, shown
from guidestep.assessment.json_text import parse
from guidestep.assessment.reading import REASONS
from guidestep.language import yaml_tree
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.source import SourceText, Span
from guidestep.language.yaml_reader import read
from guidestep.language.yaml_text import MAX_BYTES, check, decode, load
from guidestep.language.yaml_tree import Node, locate, locate_key, plain

STDIN = "-"

_NOT_TEXT = ("not-utf8", "control-character")
_KEY_CODES = ("unknown-field", "unknown-section", "missing", "duplicate")


class UnreadableError(Exception):
    """An assessment file that gives no assessment, with every fault found in it."""

    def __init__(self, faults: Iterable[Diagnostic], paths: Iterable[str] = ()) -> None:
        self.faults = tuple(faults)
        self.paths = tuple(paths) or ("",) * len(self.faults)
        """The field that each fault is about, or as much of it as is known."""
        super().__init__(f"{len(self.faults)} faults")


@dataclass(frozen=True, slots=True)
class _Document:
    """What a file holds, and its nodes where they are known."""

    data: object
    node: Node | None
    source: SourceText


def read_assessment(name: str, model: type[Assessment], today: date) -> Assessment:
    """Return the assessment in a file, or in standard input where the name is `-`.

    Raises:
        UnreadableError: The file or the assessment is at fault.
    """
    document = _document(_source(name), is_json=name.endswith(".json"))
    data = document.data
    try:
        if not isinstance(data, Mapping):
            # Not for the model: it would read a text as JSON.
            message = f"got {shown(data)}, allowed is a mapping of sections to their fields"
            raise AssessmentError([Problem("", message, "", "wrong-shape")])
        return model.read(data, today=today)
    except AssessmentError as error:
        placed = [(_placed(problem, document), problem.path) for problem in error.problems]
    # In the order of the file; what is not in it comes last.
    placed.sort(key=lambda pair: (pair[0].code == "missing", pair[0].order[1:3]))
    raise UnreadableError((fault for fault, _ in placed), (path for _, path in placed))


def _source(name: str) -> SourceText:
    if name != STDIN:
        # The name is printed: a line end or an escape sequence in it must not be.
        found = load(Path(name), named(name))
    else:
        found = decode(sys.stdin.buffer.read(MAX_BYTES + 1), "<stdin>")
    if isinstance(found, Diagnostic):
        raise UnreadableError([_without_line(found)])
    if not found.text.strip():
        hint = "'guidestep schema assessment' says what it may hold"
        message = "there is no assessment in it"
        raise UnreadableError([Diagnostic("empty-file", _start(found), message, hint)])
    return found


def _document(source: SourceText, *, is_json: bool) -> _Document:
    """Return what a text holds: as JSON where it is JSON, otherwise as YAML.

    The YAML reader gives the places in both; it knows more of them, for YAML includes JSON.
    """
    # Python's JSON reader would take any control character, and is not asked before this.
    faults = check(source)
    node: Node | None = None
    if not faults:
        node, faults = read(source)
    if is_json or source.text.lstrip().startswith("{"):
        try:
            return _Document(parse(source.text), node, source)
        except AssessmentError as error:
            if is_json and not faults:
                faults = [_misspelt(error.problems[0], source)]
    if faults and faults[0].code in _NOT_TEXT:
        # One fault, not one for each of its bytes, and none of them on the terminal.
        raise UnreadableError([_without_line(faults[0])])
    if faults:
        raise UnreadableError(faults)
    return _Document(None if node is None else plain(node), node, source)


def _misspelt(problem: Problem, source: SourceText) -> Diagnostic:
    """Return a fault of JSON that YAML would accept."""
    place = _start(source)
    try:
        json.loads(source.text)
    except json.JSONDecodeError as error:
        place = Span(source, error.lineno, error.colno, error.lineno, error.colno + 1)
    except (ValueError, RecursionError):
        pass  # the message says what it is; only its place is not known
    return Diagnostic(problem.code, place, problem.message, problem.hint)


def _placed(problem: Problem, document: _Document) -> Diagnostic:
    message = f"{problem.path}: {problem.message}" if problem.path else problem.message
    nowhere = _start(SourceText(document.source.name, ""))
    place = nowhere if document.node is None else _place(problem, document.node) or nowhere
    return Diagnostic(problem.code, place, message, problem.hint)


def _place(problem: Problem, root: Node) -> Span | None:
    section, _, name = problem.path.partition(".")
    ways: list[yaml_tree.Path] = [(problem.path,), (section, name), (section,)]
    if problem.code == "absent-reason":
        ways.insert(0, (REASONS, problem.path))
    for way in ways:
        if problem.path and _exists(root, way):
            of_key = problem.code in _KEY_CODES or way == (section,)
            return locate_key(root, way) if of_key else locate(root, way)
    return root.span if problem.code == "wrong-shape" else None


def _exists(root: Node, way: yaml_tree.Path) -> bool:
    node: Node | None = root
    for step in way:
        node = node.get(str(step)) if isinstance(node, yaml_tree.Mapping) else None
    return node is not None


def _without_line(fault: Diagnostic) -> Diagnostic:
    """Return a fault that does not show the line it is in."""
    span = fault.span
    blank = SourceText(span.source.name, "")
    return replace(fault, span=Span(blank, span.line, span.column, span.end_line, span.end_column))


def _start(source: SourceText) -> Span:
    return Span(source, 1, 1, 1, 2)
