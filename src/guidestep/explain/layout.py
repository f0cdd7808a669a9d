"""Prose on lines: wrapped text, lists, tables of two columns, and conditions as nested bullets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from textwrap import wrap
from typing import TypeAlias

from guidestep.explain.prose import prose
from guidestep.explain.shape import parts
from guidestep.language.rulebase import Rulebase
from guidestep.language.tree import Expression

WIDTH = 88
"""Columns that a line fills; the definitions that a rule uses stand two columns further in."""

Lines: TypeAlias = Iterator[str]


def wrapped(text: str, indent: str = "", hanging: str = "", width: int = WIDTH) -> list[str]:
    """Return a text in lines; all but the first begin with `hanging` after the indent.

    >>> wrapped("one two three", "  ", "> ", width=9)
    ['  one two', '  > three']
    """
    return wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent + hanging,
        break_on_hyphens=False,
    )


def columns(rows: Sequence[tuple[str, str]], indent: str, width: int = WIDTH) -> Lines:
    """Yield rows of a name and a text, side by side.

    >>> list(columns([("hold", "10-30 seconds"), ("sets", "3")], "  "))
    ['  hold  10-30 seconds', '  sets  3']
    """
    first = min(36, max((len(name) for name, _ in rows), default=0))
    for name, text in rows:
        names = wrapped(name, width=first)
        texts = wrapped(text, width=width - len(indent) - first - 2)
        for index in range(max(len(names), len(texts))):
            left = names[index] if index < len(names) else ""
            right = texts[index] if index < len(texts) else ""
            yield f"{indent}{left:{first}}  {right}".rstrip()


def heading(id_: str, kind: str, statement: str) -> Lines:
    """Yield the first lines about something with an id."""
    yield f"{id_} ({kind})"
    yield from wrapped(statement)
    yield ""


def item(name: str, text: str) -> Lines:
    """Yield a named text; without a name, one that belongs to the item before."""
    yield from wrapped(f"{name}: {text}" if name else f"  {text}", "  ", "  ")


def bullets(name: str, texts: Sequence[str]) -> Lines:
    """Yield a named list of texts; nothing for an empty one."""
    if texts:
        yield f"  {name}:"
        for text in texts:
            yield from wrapped(f"- {text}", "    ", "  ")


def condition(name: str, node: Expression, base: Rulebase) -> Lines:
    """Yield a named condition: in one line if it is simple, otherwise as nested bullets."""
    head, inner = parts(node)
    if not inner:
        yield from item(name, prose(node, base))
        return
    yield f"  {name} {head}:"
    yield from _nested(inner, base, "    ")


def _nested(nodes: Iterable[Expression], base: Rulebase, indent: str) -> Lines:
    for node in nodes:
        head, inner = parts(node)
        if inner:
            yield f"{indent}- {head}:"
            yield from _nested(inner, base, indent + "    ")
        else:
            yield from wrapped(f"- {prose(node, base)}", indent, "  ")
