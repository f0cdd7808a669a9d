"""Where a piece of a guideline stands: file, line and column, kept on every node."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text of one guideline file, kept so that a fault can show the line it is on.

    `name` is the path as it is shown to the reader, relative to the guideline's folder.
    """

    name: str
    text: str = field(repr=False)

    def line(self, number: int) -> str:
        """Return line `number` (from 1) without its line end, or an empty string past the end."""
        lines = self.text.split("\n")
        return lines[number - 1].rstrip("\r") if 0 < number <= len(lines) else ""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a file: lines and columns from 1, the end exclusive."""

    source: SourceText
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.source.name}:{self.line}:{self.column}"


NOWHERE = Span(SourceText("<built in>", ""), 1, 1, 1, 1)
"""The span of a node that no file wrote, such as a definition that the compiler adds."""
