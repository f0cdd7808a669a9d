"""Faults of a guideline as data: a code, a place, a message and a hint that can be pasted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guidestep.language.source import Span


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
            end = self.span.end_column if self.span.end_line == self.span.line else len(line) + 1
            # A tab keeps its width, so that the underline stays below the text it marks.
            indent = "".join("\t" if c == "\t" else " " for c in line[: self.span.column - 1])
            out += [f"    {line}", f"    {indent}{'^' * max(1, end - self.span.column)}"]
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
