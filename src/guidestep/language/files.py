"""The files of a guideline folder: found, read with positions, and held against their shapes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Generic, TypeVar, cast, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from guidestep.language.diagnostics import Diagnostic
from guidestep.language.documents import CASES, FILES, NOT_DECIDING, READ_ELSEWHERE, Document
from guidestep.language.source import SourceText, Span
from guidestep.language.yaml_reader import read_file
from guidestep.language.yaml_tree import Mapping as MappingNode
from guidestep.language.yaml_tree import Node, Plain, Scalar, Sequence, locate, locate_key, plain
from guidestep.spelling import closest, did_you_mean

E = TypeVar("E", bound=Document)
E_co = TypeVar("E_co", bound=Document, covariant=True)


@dataclass(frozen=True, slots=True)
class Read(Generic[E_co]):
    """One entry of a file together with the node it was read from."""

    entry: E_co
    node: MappingNode

    @property
    def span(self) -> Span:
        """Where the entry's id stands, or else the entry."""
        return self.at("id")

    def at(self, *path: str | int) -> Span:
        """Return where a part of the entry stands."""
        return locate(self.node, path)

    def key_at(self, *path: str | int) -> Span:
        """Return where the key of a part of the entry stands."""
        return locate_key(self.node, path)

    def get(self, *path: str | int) -> Node | None:
        """Return the node at a path inside the entry, if it was written."""
        node: Node | None = self.node
        for step in path:
            match node, step:
                case MappingNode(), str():
                    node = node.get(step)
                case Sequence(), int() if step < len(node.items):
                    node = node.items[step]
                case _:
                    return None
        return node


class Folder:
    """The well-shaped entries of a guideline folder, and the faults of the others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[Diagnostic] = []
        self._nodes: dict[str, Node] = {}
        self._hash = hashlib.sha256()
        self._read()

    @property
    def digest(self) -> str:
        """SHA-256 over the names and contents of the files that decide, in the order of names."""
        return self._hash.hexdigest()

    def has(self, name: str) -> bool:
        """Whether a file is there and is YAML."""
        return name in self._nodes

    def entries(self, name: str, kind: type[E]) -> list[Read[E]]:
        """Return the well-shaped entries of a file that is a list, in the order written."""
        node = self._nodes.get(name)
        if node is None:
            return []
        if not isinstance(node, Sequence):
            hint = "write each entry as '- id: ...'"
            self._fault("wrong-shape", _start(node), f"{name} is a list of entries", hint)
            return []
        found = [self._shape(item, kind) for item in node.items]
        return [read for read in found if read is not None]

    def parts(self, name: str, key: str, kind: type[E]) -> list[Read[E]]:
        """Return the well-shaped entries of a list under a key of a file."""
        node = self._nodes.get(name)
        items = node.get(key) if isinstance(node, MappingNode) else None
        if not isinstance(items, Sequence):
            return []
        found = [self._shape(item, kind) for item in items.items]
        return [read for read in found if read is not None]

    def one(self, name: str, kind: type[E], lists: tuple[str, ...] = ()) -> Read[E] | None:
        """Return a file that is one entry; the items of `lists` are checked by `parts`."""
        node = self._nodes.get(name)
        if node is None:
            return None
        if lists and not isinstance(node, MappingNode):
            hint = f"start with '{lists[0]}:' and indent the list below it"
            self._fault("wrong-shape", _start(node), f"{name} is a mapping to lists", hint)
            return None
        if lists and isinstance(node, MappingNode):
            for entry in node.entries:
                if entry.key in lists and not isinstance(entry.value, Sequence):
                    hint = "write '- id: ...' below it, or remove the key"
                    self._fault("wrong-shape", entry.key_span, f"'{entry.key}' is a list", hint)
                elif entry.key not in lists:
                    hint = did_you_mean(entry.key, lists) or f"the keys are {', '.join(lists)}"
                    self._fault("unknown-key", entry.key_span, f"'{entry.key}' is no key", hint)
            return None
        return self._shape(node, kind)

    # --- reading ----------------------------------------------------------------------------

    def _read(self) -> None:
        here = Span(SourceText(self.path.name, ""), 1, 1, 1, 1)
        if not self.path.is_dir():
            self.faults.append(
                Diagnostic(
                    "not-a-guideline",
                    here,
                    f"{self.path} is not a folder",
                    "a guideline is a folder that holds guideline.yaml",
                )
            )
            return
        names = sorted(child.name for child in self.path.iterdir())
        if "guideline.yaml" not in names:
            self.faults.append(
                Diagnostic(
                    "not-a-guideline",
                    here,
                    "there is no guideline.yaml in this folder",
                    "run 'guidestep new NAME' for a folder that has all it needs",
                )
            )
            return
        for name in names:
            if name in FILES:
                self._read_one(name)
            elif name not in READ_ELSEWHERE and name.endswith((".yaml", ".yml", ".json")):
                similar = closest(name, (*FILES, *READ_ELSEWHERE), cutoff=0.8)
                hint = f"the files are {', '.join(FILES)}"
                if similar:
                    hint = f"did you mean '{similar}'?"
                span = Span(SourceText(name, ""), 1, 1, 1, 1)
                self._fault("unknown-file", span, f"{name} is no file of a guideline", hint)

    def _read_one(self, name: str) -> None:
        node, faults = read_file(self.path / name, name)
        self.faults.extend(faults)
        if node is not None and not faults:
            self._nodes[name] = node
            if name in NOT_DECIDING:
                return
            text = node.span.source.text.encode()
            self._hash.update(f"{name}\0{len(text)}\0".encode() + text)

    # --- shapes -----------------------------------------------------------------------------

    def _fault(self, code: str, span: Span, message: str, hint: str = "") -> None:
        self.faults.append(Diagnostic(code, span, message, hint))

    def _shape(self, node: Node, kind: type[E]) -> Read[E] | None:
        read, faults = shape(node, kind)
        self.faults.extend(faults)
        return read


def shape(node: Node, kind: type[E]) -> tuple[Read[E] | None, list[Diagnostic]]:
    """Return a node as an entry of a kind, or the faults of its shape."""
    if not isinstance(node, MappingNode):
        fault = Diagnostic(
            "wrong-shape",
            node.span,
            "an entry is a mapping of keys to values",
            "write 'id: ...', and the other keys below it",
        )
        return None, [fault]
    try:
        return Read(kind.model_validate(_tuples(plain(node))), node), []
    except ValidationError as error:
        return None, list(_faults(error.errors(), node, kind))


def _start(node: Node) -> Span:
    """Return the first character of a node: where a mapping or list begins, not all of it."""
    span = node.span
    return Span(span.source, span.line, span.column, span.line, span.column + 1)


def _tuples(value: Plain) -> object:
    """Return lists as tuples, which is what frozen entries hold."""
    match value:
        case list():
            return tuple(_tuples(item) for item in value)
        case dict():
            return {key: _tuples(item) for key, item in value.items()}
        case _:
            return value


def _faults(
    errors: list[ErrorDetails], node: MappingNode, kind: type[Document]
) -> Iterator[Diagnostic]:
    # The branches of a union give an error each, at one place.
    found: dict[tuple[str | int, ...], list[ErrorDetails]] = {}
    for error in errors:
        found.setdefault(_real_path(node, error["loc"]), []).append(error)
    # A misspelt key is missing under its right name: one fault, not two.
    meant = {
        (*path[:-1], closest(str(path[-1]), _keys(kind, path[:-1])))
        for path, alike in found.items()
        if alike[0]["type"] == "extra_forbidden"
    }
    for path, alike in found.items():
        if alike[0]["type"] == "missing" and path in meant:
            continue
        yield _fault_of(alike, path, node, kind)


def _real_path(node: Node, location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    path: list[str | int] = []
    current: Node | None = node
    for step in location:
        match current, step:
            case MappingNode(), str() if current.get(step) is not None:
                current = current.get(step)
            case Sequence(), int() if step < len(current.items):
                current = current.items[step]
            case MappingNode(), str() if step == location[-1]:
                current = None
            case _:
                continue
        path.append(step)
    return tuple(path)


def _fault_of(
    errors: list[ErrorDetails],
    path: tuple[str | int, ...],
    node: MappingNode,
    kind: type[Document],
) -> Diagnostic:
    error = errors[0]
    name = _name(path)
    span = locate(node, path)
    match error["type"]:
        case "missing":
            start = _start(_node(node, path[:-1]))
            return Diagnostic("missing-key", start, f"'{name}' is missing", f"add '{name}: ...'")
        case "extra_forbidden":
            keys = _keys(kind, path[:-1])
            hint = did_you_mean(name, keys) or f"the keys are {', '.join(keys)}"
            return Diagnostic("unknown-key", locate_key(node, path), f"'{name}' is no key", hint)
        case "string_pattern_mismatch":
            message = f"'{_given(node, path)}' cannot stand under '{name}'"
            return Diagnostic("bad-id", span, message, _pattern_hint(error))
        case "literal_error":
            expected = str(error.get("ctx", {}).get("expected", ""))
            words = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
            given = _given(node, path)
            hint = did_you_mean(given, words) or f"write one of {', '.join(words)}"
            return Diagnostic("bad-value", span, f"'{name}' cannot be '{given}'", hint)
        case _:
            return Diagnostic("bad-value", span, *_bad_value(errors, name, _node(node, path)))


def _name(path: tuple[str | int, ...]) -> str:
    """Return what to call the thing at a path: its key, or that of the list it is an item of."""
    return next((step for step in reversed(path) if isinstance(step, str)), "this entry")


def _node(node: Node, path: tuple[str | int, ...]) -> Node:
    for step in path:
        match node, step:
            case MappingNode(), str():
                node = node.get(step) or node
            case Sequence(), int():
                node = node.items[step]
    return node


_PATTERN_HINTS = {
    r"^\d": "a version has three numbers, such as 0.1.0",
    r"^[A-Z": "start with a letter; go on with letters, digits, '-', '_' or '.'",
    r"^[a-z][a-z0-9_]*$": "an expression names it: lower-case letters, digits and '_' only",
    r"^[a-z][a-z0-9_]*(": "a field is written 'section.name'",
}


def _pattern_hint(error: ErrorDetails) -> str:
    pattern = str(error.get("ctx", {}).get("pattern", ""))
    return next((hint for start, hint in _PATTERN_HINTS.items() if pattern.startswith(start)), "")


def _bad_value(errors: list[ErrorDetails], name: str, node: Node) -> tuple[str, str]:
    """Return the message and the hint for a value of the wrong kind."""
    kinds = {error["type"] for error in errors}
    context = errors[0].get("ctx", {})
    written = node.text if isinstance(node, Scalar) else ""
    if "string_too_long" in kinds:
        return f"'{name}' is longer than {context.get('max_length')} characters", "shorten it"
    if "string_too_short" in kinds:
        return f"'{name}' is empty", "write a text"
    if "too_short" in kinds:
        return f"'{name}' is empty", "name at least one"
    if "tuple_type" in kinds:
        return f"'{name}' is a list", f"write '{name}: [{written}]'" if written else "write [...]"
    if "string_type" in kinds:
        hint = f'write "{written}" with quotes' if written else "write a text"
        return f"'{name}' is a text, not {_kind(node)}", hint
    if "bool_type" in kinds:
        return f"'{name}' is true or false, not {_kind(node)}", "write true or false"
    if "float_type" in kinds:
        return f"'{name}' is a number, not {_kind(node)}", "write it without quotes and unit"
    if "int_type" in kinds:
        return f"'{name}' is a whole number, not {_kind(node)}", "write digits alone"
    if kinds & {"date_type", "date_from_datetime_parsing"}:
        hint = "write year, month and day without quotes: 2026-02-24"
        return f"'{name}' is a date, not {_kind(node)}", hint
    if kinds & {"model_type", "model_attributes_type", "dict_type"}:
        return f"'{name}' is a mapping of keys to values", f"write '{name}: {{...}}'"
    return f"'{name}' {errors[0]['msg'][:1].lower()}{errors[0]['msg'][1:]}", ""


def _kind(node: Node) -> str:
    """Return what a node is, as a reader would say it."""
    match node:
        case MappingNode():
            return "a mapping"
        case Sequence():
            return "a list"
        case Scalar(value=bool()):
            return "a truth"
        case Scalar(value=int()):
            return "a number"
        case Scalar(value=float()):
            return "a decimal"
        case Scalar(value=date()):
            return "a date"
        case Scalar(value=None):
            return "nothing"
        case Scalar():
            return "a text"


def _given(node: Node, path: tuple[str | int, ...]) -> str:
    current: object = plain(node)
    for step in path:
        if isinstance(current, dict | list):
            current = cast("dict[str | int, object]", current)[step]
    text = str(current)
    return text if len(text) <= 60 else text[:57] + "..."


def _keys(kind: type[BaseModel], path: tuple[str | int, ...]) -> list[str]:
    """Return the keys of the entry that a path leads to, as they are written in YAML."""
    current: type[BaseModel] = kind
    for step in path:
        if isinstance(step, int):
            continue
        field = next(
            (f for n, f in current.model_fields.items() if step in (f.alias or n, n)), None
        )
        inner = _model_in(field.annotation) if field is not None else None
        if inner is None:
            break
        current = inner
    return [field.alias or name for name, field in current.model_fields.items()]


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) is None:
        return None
    found = (_model_in(argument) for argument in get_args(annotation))
    return next((model for model in found if model is not None), None)


def json_schemas() -> Mapping[str, dict[str, object]]:
    """Return the JSON Schema of each file of a guideline, for editors.

    The key is the name of the file; `cases/*.yaml` stands for the case files.

    >>> sorted(json_schemas())[0]
    'ambiguities.yaml'
    """
    from guidestep.interop.fhir.mapping.documents import MappingEntry

    shapes = {**FILES, "fhir.yaml": MappingEntry, "cases/*.yaml": CASES}
    found: dict[str, dict[str, object]] = {}
    for name, shape_ in shapes.items():
        adapter = TypeAdapter(cast("type[object]", shape_))
        schema = adapter.json_schema()
        found[name] = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": f"guidestep rule language, version 1: {name}",
            **schema,
        }
    return found


__all__ = ["Folder", "Read", "Scalar", "json_schemas", "shape"]
