"""Where text goes: answers to standard output, faults to standard error, colour to terminals."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

from rich.console import Console
from rich.text import Text

from guidestep.language.diagnostics import Diagnostic

PLAIN_WIDTH = 120
"""The width of a table that goes to a file or a pipe."""


class Failure(Exception):  # noqa: N818 (it is the command that fails)
    """Ends a command with a message for standard error and an exit code."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def console(stream: TextIO | None = None) -> Console:
    """Return a Rich console; what it prints to a file or a pipe is plain and not wrapped."""
    stream = stream or sys.stdout
    return Console(file=stream, width=None if stream.isatty() else PLAIN_WIDTH, highlight=False)


def say(text: str = "") -> None:
    """Write a line to standard output, as it is."""
    sys.stdout.write(f"{text}\n")


def head(title: str) -> None:
    """Write the heading of one answer of several."""
    console().print(Text(f"==> {title} <==", style="bold"), soft_wrap=True)


def complain(message: str) -> None:
    """Write a message to standard error, after the name of the program."""
    sys.stderr.write(f"guidestep: {message}\n")


def show_faults(faults: Iterable[Diagnostic], stream: TextIO) -> None:
    """Write faults one below the other, coloured on a terminal."""
    paper = console(stream)
    for fault in faults:
        first, *rest = fault.render().split("\n")
        paper.print(Text(first, style="bold"), soft_wrap=True)
        for line in rest:
            style = "red" if not line.strip(" \t^") else "cyan" if "  hint: " in line else ""
            paper.print(Text(line, style=style, tab_size=1), soft_wrap=True)


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun.

    >>> counted(1, "case"), counted(2, "case"), counted(0, "entry", "entries")
    ('1 case', '2 cases', '0 entries')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"
