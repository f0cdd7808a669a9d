"""The types of the rule language: what an expression yields, and in which unit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of value an expression can have."""

    CONDITION = "condition"
    INTEGER = "integer"
    DECIMAL = "decimal"
    ENUMERATION = "enumeration"
    DATE = "date"
    TEXT = "text"


NUMBERS = frozenset({Kind.INTEGER, Kind.DECIMAL})


@dataclass(frozen=True, slots=True)
class Type:
    """The type of an expression.

    `unit` is a UCUM code, or `None` for a number without a unit (a literal takes the unit of what
    it is compared with). `members` lists an enumeration's members. `interval` marks a score or a
    count: a number known only to lie between two bounds while its items are unknown.
    """

    kind: Kind
    unit: str | None = None
    members: tuple[str, ...] = ()
    interval: bool = False

    @property
    def is_number(self) -> bool:
        """Whether arithmetic and ordering of numbers apply."""
        return self.kind in NUMBERS

    def __str__(self) -> str:
        if self.kind is Kind.ENUMERATION:
            return f"one of {', '.join(self.members)}"
        return f"{self.kind.value} in {self.unit}" if self.unit else self.kind.value


CONDITION = Type(Kind.CONDITION)
INTEGER = Type(Kind.INTEGER)
DECIMAL = Type(Kind.DECIMAL)
DATE = Type(Kind.DATE)
TEXT = Type(Kind.TEXT)
