"""JSON without null and without empty elements, as CDS Hooks and FHIR want it."""

from __future__ import annotations

from typing import TypeAlias, TypeVar

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
"""What a JSON text holds."""

Object: TypeAlias = "dict[str, Json]"
"""A JSON object."""

Document = TypeVar("Document")

ALLOWED_EMPTY = frozenset({"cards", "services"})
"""The lists of a whole document that say something when they are empty: no guidance, no service."""


def without_empty(document: Document) -> Document:
    """Return a JSON document without null, `""`, `[]` and `{}`, in new containers.

    What becomes empty by that goes too. The lists `cards` and `services` of the document itself
    stay, as an empty one is an answer. The document itself stays what it is, even if empty.

    >>> without_empty({"cards": [], "note": None, "source": {"label": "A", "topic": {"code": ""}}})
    {'cards': [], 'source': {'label': 'A'}}

    Source: CDS Hooks 2.0, "Use of JSON".
    """
    if isinstance(document, dict):
        pairs = ((key, _inner(part)) for key, part in document.items())
        return {  # type: ignore[return-value]
            key: part
            for key, part in pairs
            if not _is_empty(part) or (key in ALLOWED_EMPTY and part == [])
        }
    return _inner(document)


def _inner(value: Document) -> Document:
    """Return a part of a document without what is empty."""
    if isinstance(value, dict):
        pairs = ((key, _inner(part)) for key, part in value.items())
        return {key: part for key, part in pairs if not _is_empty(part)}  # type: ignore[return-value]
    if isinstance(value, list | tuple):
        return [part for part in map(_inner, value) if not _is_empty(part)]  # type: ignore[return-value]
    return value


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | list | tuple | dict) and not value)
