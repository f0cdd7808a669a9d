"""The steps of a graph: what each does with columns, and what is found for a definition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum, auto
from typing import TypeAlias

Parameter: TypeAlias = bool | int | float | str | date | tuple[str, ...] | tuple[float, ...] | None


class Operation(Enum):
    """What a step does with the columns of its operands."""

    ALL = auto()
    ANY = auto()
    NOT = auto()
    KNOWN = auto()
    TRUTH = auto()
    """A column of truths that is known and this truth."""
    MEMBER = auto()
    COMPARE = auto()
    FIELD = auto()
    CONSTANT = auto()
    TOTAL = auto()
    """The sum of the weights of those operands that are true."""
    EXACT = auto()
    """A score as a value: known where its two bounds are the same."""
    NEGATIVE = auto()
    ARITHMETIC = auto()
    ROUND = auto()
    CALL = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """One operation on earlier steps, given by their numbers."""

    operation: Operation
    operands: tuple[int, ...] = ()
    parameter: Parameter = None


@dataclass(frozen=True, slots=True)
class Condition:
    """The steps that a condition is true, that it is false, and that it is one of the two."""

    true: int
    false: int
    known: int


@dataclass(frozen=True, slots=True)
class Value:
    """The step of a number, a date or a text; null is unknown."""

    step: int


@dataclass(frozen=True, slots=True)
class Score:
    """The steps of the least and the greatest value of a score; neither is ever unknown."""

    low: int
    high: int


Found: TypeAlias = Condition | Value | Score


@dataclass(frozen=True, slots=True)
class Filled:
    """The columns that fill a field: the weeks between two dates where nothing was entered.

    `entered` holds what was, `reason` why nothing was; then nothing takes its place.
    """

    start: str
    end: str
    entered: str | None = None
    reason: str | None = None
