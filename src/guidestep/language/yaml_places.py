"""From PyYAML's marks and indexes to places: spans of the file, origins of a scalar's text."""

from __future__ import annotations

from guidestep.language.source import SourceText, Span
from guidestep.language.yaml_tree import Origin

BLANK = " \t\r\n"
"""The white space of YAML; other spaces are text."""


def span_between(source: SourceText, start: int, end: int) -> Span:
    """Return the span between two indexes of a source's text."""
    return Span(source, *_position(source.text, start), *_position(source.text, end))


def extent(raw: str, span: Span) -> Span:
    """Return the span of a text that starts where another span does."""
    breaks = raw.count("\n")
    column = len(raw) - raw.rfind("\n") if breaks else span.column + len(raw)
    return Span(span.source, span.line, span.column, span.line + breaks, column)


def origins(raw: str, text: str, style: str, line: int, column: int) -> tuple[Origin, ...]:
    """Return where the text of a scalar stands, or nothing where that is not exactly known.

    `raw` is the scalar as it is written, from `line` and `column` on, `text` as YAML reads it, and
    `style` is YAML's: a quote, `|`, `>`, or empty where the scalar is plain.
    """
    if style in ("'", '"'):
        raw, column = raw[1:-1], column + 1
    if "\n" not in raw:
        # An escape is always longer than what it stands for, so equal means none.
        return (Origin(0, line, column),) if raw == text else ()
    lines = [(line + i, 1 if i else column, part) for i, part in enumerate(raw.split("\n"))]
    if style == "|":
        return _literal(lines[1:], text)
    return _folded(lines[1:] if style == ">" else lines, text)


def _literal(lines: list[tuple[int, int, str]], text: str) -> tuple[Origin, ...]:
    """Each line of the text is a line of the file, less the indentation."""
    pairs = list(zip(lines, text.split("\n"), strict=False))
    indent = next(
        (len(raw.removesuffix("\r")) - len(part) for (_, _, raw), part in pairs if part), 0
    )
    found: list[Origin] = []
    offset = 0
    for (line, column, _), part in pairs:
        found.append(Origin(offset, line, column + indent))
        offset += len(part) + 1
    return tuple(found)


def _folded(lines: list[tuple[int, int, str]], text: str) -> tuple[Origin, ...]:
    """Each line of the file is found again in the text, with nothing but white space between."""
    found: list[Origin] = []
    offset = 0
    for line, column, raw in lines:
        part = raw.strip(BLANK)
        if not part:
            continue
        while text[offset : offset + 1] in tuple(BLANK):
            offset += 1
        if not text.startswith(part, offset):
            return ()
        found.append(Origin(offset, line, column + _indentation(raw)))
        offset += len(part)
    return () if text[offset:].strip(BLANK) else tuple(found)


def _indentation(text: str) -> int:
    return len(text) - len(text.lstrip(BLANK))


def _position(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)
