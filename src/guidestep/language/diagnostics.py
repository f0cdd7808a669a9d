"""Faults of a guideline as data: a code, a place, a message and a hint that can be pasted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guidestep.language.source import Span

_WIDEST = 240


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault of a guideline.

    `code` names the kind of fault and its documentation page (`docs/diagnostics/CODE.md`).
    `message` is one lower-case sentence without a full stop; `hint` says what to write instead.
    """

    code: str
    span: Span
    message: str
    hint: str = ""

    def render(self) -> str:
        """Return the fault as a reader sees it: place, message, the underlined text, the hint.

        A span over several lines is underlined to the end of its first line.
        """
        line = self.span.source.line(self.span.line)
        out = [f"{self.span}: {self.code}: {self.message}"]
        if line.strip():
            start = self.span.column - 1
            end = self.span.end_column - 1 if self.span.end_line == self.span.line else len(line)
            # A very long line is cut around what is meant.
            first = max(0, start - _WIDEST // 2) if len(line) > _WIDEST else 0
            line, start, end = line[first : first + _WIDEST], start - first, end - first
            # A tab keeps its width, so that the underline stays below the text it marks.
            indent = "".join("\t" if c == "\t" else " " for c in line[:start])
            mark = "^" * max(1, min(end, len(line)) - start)
            out += [f"    {line}", f"    {indent}{mark}"]
        if self.hint:
            out.append(f"  hint: {self.hint}")
        return "\n".join(out)

    @property
    def order(self) -> tuple[str, int, int, str, str]:
        """The sort key of a report: by file, then by place."""
        return (self.span.source.name, self.span.line, self.span.column, self.code, self.message)


class GuidelineError(Exception):
    """A guideline that does not load, with every fault found in it.

    The text of the error is the full report, faults in the order of the files.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        unique = {d.order: d for d in diagnostics}
        self.diagnostics: tuple[Diagnostic, ...] = tuple(unique[key] for key in sorted(unique))
        super().__init__(self.report())

    def report(self) -> str:
        """Return all faults, one below the other, and their number."""
        count = len(self.diagnostics)
        faults = "1 fault" if count == 1 else f"{count} faults"
        return "\n".join([*(d.render() for d in self.diagnostics), faults])
