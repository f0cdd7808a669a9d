"""A program: what one profile of a guideline comes down to, in the core tree, in order.

Both engines read it and nothing else, so that they cannot disagree about what was meant. It is a
list of definitions, each reading only inputs and definitions before it: the guideline's findings,
values and rules, and the decision itself (outcome and track actions), which is thereby computed
by every engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeAlias

from guidestep.language.tree import Expression
from guidestep.language.types import Type

Value: TypeAlias = bool | int | float | str | date | None
"""An input as an engine receives it; `None` is not assessed."""

Interval: TypeAlias = tuple[float, float]

Verdict: TypeAlias = bool | int | float | date | Interval | None
"""What an engine finds for one definition.

A condition: `True`, `False` or `None` (unknown). A number or date: itself or `None`. A score:
its least and greatest possible value, as a pair of numbers.
"""


@dataclass(frozen=True, slots=True)
class Input:
    """One field of the assessment that the program reads."""

    path: str
    type: Type


@dataclass(frozen=True, slots=True)
class Definition:
    """One named expression of a program."""

    name: str
    expression: Expression
    type: Type


@dataclass(frozen=True, slots=True)
class Program:
    """Inputs and definitions, each definition after all that it refers to."""

    name: str
    inputs: tuple[Input, ...]
    definitions: tuple[Definition, ...]


class Engine(Protocol):
    """What an engine is: made from a program once, then asked about one patient after another.

    Safe to use from several threads at once; holds no process-wide state.
    """

    def evaluate(self, inputs: Sequence[Value], /) -> tuple[Verdict, ...]:
        """Return one verdict for each definition, in their order.

        `inputs` are in the order of `Program.inputs`, already validated by the model.
        """
        ...
