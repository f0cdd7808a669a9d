"""How a field is filled from others when it was not entered."""

from dataclasses import dataclass
from datetime import date
from typing import Protocol, TypeAlias

Value: TypeAlias = bool | int | float | str | date | None
"""What a field holds; None is *not assessed*."""


class Derivation(Protocol):
    """A way to fill a field from others.

    `inputs` are the paths it reads, `formula` says the same in the rule language, for readers
    that do not run Python. `compute` is called with the values of the inputs, all known, and may
    still answer None.
    """

    @property
    def inputs(self) -> tuple[str, ...]:
        """The paths of the fields it is computed from."""
        ...

    @property
    def formula(self) -> str:
        """The derivation as an expression of the rule language."""
        ...

    def compute(self, *values: Value) -> Value:
        """Return the value of the field."""
        ...


@dataclass(frozen=True, slots=True)
class WeeksBetween:
    """The weeks from one date to a later one: days / 7, unrounded, in wk.

    >>> WeeksBetween("a.start", "a.end").compute(date(2026, 1, 1), date(2026, 1, 29))
    4.0
    """

    start: str
    end: str

    @property
    def inputs(self) -> tuple[str, ...]:
        """The two date fields."""
        return (self.start, self.end)

    @property
    def formula(self) -> str:
        """The derivation as an expression of the rule language."""
        return f"weeks_between({self.start}, {self.end})"

    def compute(self, *values: Value) -> Value:
        """Return the weeks, or None where the dates are in the wrong order."""
        start, end = values
        if not isinstance(start, date) or not isinstance(end, date) or end < start:
            return None
        return (end - start).days / 7
