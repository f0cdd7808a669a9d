"""What is written into a fact: numbers under short safe names, and nothing of what is unknown.

A fact is a flat JSON object. No text of the guideline or of the patient enters it: fields are
named `aa`, `ab` ..., truths are 0 and 1, members of an enumeration are their place from 1, dates
are ordinals. So nothing needs escaping, and text, truths and numbers cannot be taken for one
another. An unknown value is left out; only where a rule asks *whether* it is known is that
written, as a property of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from functools import lru_cache, partial
from itertools import count, product
from math import isfinite
from string import ascii_lowercase
from typing import Any, TypeAlias

from guidestep.engines.errors import EngineError
from guidestep.language.types import Kind, Type

Facet: TypeAlias = str | tuple[str, ...]
"""Which property of a source: its value or bounds, whether it is known, or members it is among."""

VALUE, LOW, HIGH, KNOWN, ABSENT = "value", "low", "high", "known", "absent"
"""`ABSENT` is there where the value is not; `KNOWN` is of scores alone, whose bounds are always."""

BUCKETS = 32
"""durable_rules finds the tests of a property by the last five bits of the hash of its name."""

UNKNOWN = 2
"""What a truth is written as that is neither true (1) nor false (0)."""

Writer: TypeAlias = Callable[[Any], str]
"""Gives the stretch of JSON that a value adds to a fact, such as `,"ab":38.5`."""

EXACT = 2**53
"""The largest integer up to which every integer is a double."""

RESERVED = (
    "sid", "id", "$s", "$forward", "$m", "m", "z", "all", "any", "pri", "count", "cap", "dist",
    "name", "$lt", "$lte", "$gt", "$gte", "$eq", "$neq", "$mt", "$imt", "$iall", "$iany", "$ex",
    "$nex", "$or", "$and", "$not", "$add", "$sub", "$mul", "$div", "$l", "$r", "$i", "$time",
    "$timerName", "$baseTime", "$pulse",
)  # fmt: skip
"""Names that durable_rules itself reads; `z` is the property that opens a session."""


def identity(name: str) -> int:
    """Return the 32-bit hash (FNV-1a) by which alone durable_rules knows a name apart.

    >>> identity("sid")
    3593476751
    """
    value = 2166136261
    for byte in name.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def bucket(name: str) -> int:
    """Return the place from which durable_rules looks for the tests of a property."""
    return identity(name) % BUCKETS


class Names:
    """Hands out short property names that durable_rules cannot mistake for one another."""

    def __init__(self) -> None:
        self._taken = {identity(name) for name in RESERVED}
        self._names = (
            "".join(letters)
            for length in count(1)
            for letters in product(ascii_lowercase, repeat=length)
        )
        self._kept: list[list[str]] = [[] for _ in range(BUCKETS)]

    def new(self, wanted: int) -> str:
        """Return a name with this bucket, whose hash no name before it has."""
        while not self._kept[wanted]:
            name = next(self._names)
            if identity(name) not in self._taken:
                self._taken.add(identity(name))
                self._kept[bucket(name)].insert(0, name)
        return self._kept[wanted].pop()


class Shape(Enum):
    """How the values of a source are written."""

    TRUTH = "truth"
    MEMBER = "member"
    NUMBER = "number"
    DATE = "date"
    SCORE = "score"
    TEXT = "text"

    @staticmethod
    def of(kind: Type) -> Shape:
        """Return the shape of the values of a type."""
        if kind.is_number:
            return Shape.SCORE if kind.interval else Shape.NUMBER
        return {
            Kind.CONDITION: Shape.TRUTH,
            Kind.ENUMERATION: Shape.MEMBER,
            Kind.DATE: Shape.DATE,
        }.get(kind.kind, Shape.TEXT)


@dataclass(slots=True, eq=False)
class Source:
    """Something that rules and computations read: an input, or what the engine has found.

    `slot` is its place among all sources, `ready` the stratum after which it is settled, `total`
    says that it can never be unknown. `properties` names those of its facets that some rule reads.
    A truth that some rule asks whether it is known `marks_unknown`: as 2, beside 0 and 1. What is
    not `compared` with anything is only asked whether it is there: any number will do.
    """

    slot: int
    shape: Shape
    ready: int
    total: bool = False
    members: tuple[str, ...] = ()
    properties: dict[Facet, str] = field(default_factory=dict)
    marks_unknown: bool = False
    compared: bool = False
    names: Names = field(default_factory=Names, repr=False)


def fragment(source: Source, value: Any) -> str:
    """Return what a value of a source adds to a fact; raise `EngineError` if it has no place there.

    >>> temperature = Source(0, Shape.NUMBER, 0, properties={VALUE: "aa"}, compared=True)
    >>> fragment(temperature, 1e-7), fragment(temperature, None)
    (',"aa":0.0000001', '')
    """
    if value is None and source.marks_unknown:
        return "".join(f',"{name}":{UNKNOWN}' for name in source.properties.values())
    if value is None:
        return f',"{source.properties[ABSENT]}":1' if ABSENT in source.properties else ""
    return "".join(
        f',"{name}":{_facet(source, facet, value)}'
        for facet, name in source.properties.items()
        if facet != ABSENT
    )


def _facet(source: Source, facet: Facet, value: Any) -> str:
    """Return the number that stands for one facet of a known value."""
    if source.shape is Shape.SCORE:
        low, high = value
        if facet == KNOWN:
            return str(int(low == high))
        return decimal_text(low if facet == LOW else high)
    if not source.compared:
        return "1"
    if source.shape is Shape.MEMBER:
        if value not in source.members:
            raise EngineError(f"{value!r} is not one of {', '.join(source.members)}")
        return str(
            int(value in facet) if isinstance(facet, tuple) else source.members.index(value) + 1
        )
    if source.shape is Shape.TRUTH:
        if not isinstance(value, bool):
            raise EngineError(f"a truth was expected, not {value!r}")
        return str(int(value))
    if source.shape is Shape.DATE:
        if not isinstance(value, date):
            raise EngineError(f"a date was expected, not {value!r}")
        return str(value.toordinal())
    return decimal_text(value)


def decimal_text(number: float) -> str:
    """Return a number as durable_rules reads it exactly: plain, without an exponent.

    Integers beyond 2**54 are cut to that, which no comparison can tell: a rule compares with
    nothing beyond 2**53. Raises `EngineError` for infinity, NaN and anything but a number.

    >>> decimal_text(7), decimal_text(1e22), decimal_text(1e-7)
    ('7', '10000000000000000000000.0', '0.0000001')
    """
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise EngineError(f"a number was expected, not {number!r}")
    if isinstance(number, int):
        # int(): a subclass of int, such as IntEnum, prints as it likes.
        return str(max(-2 * EXACT, min(2 * EXACT, int(number))))
    if not isfinite(number):
        raise EngineError(f"{number} is not a number that can be compared")
    text = repr(float(number))
    if "e" not in text:
        return text
    plain = format(Decimal(text), "f")
    return plain if "." in plain else plain + ".0"


def writer(source: Source) -> Writer:
    """Return the writer of a source: a look-up for the few-valued, a function for the others."""
    if not source.properties:
        return lambda value: ""
    if source.shape in (Shape.TRUTH, Shape.MEMBER):
        return _table(source).__getitem__
    absent = fragment(source, None)
    if not source.compared:
        present = fragment(source, 0)
        return lambda value: absent if value is None else present
    names = [name for facet, name in source.properties.items() if facet != ABSENT]
    if source.shape is not Shape.NUMBER or len(names) > 1:
        # The same few dates and scores come again and again.
        return lru_cache(maxsize=256, typed=True)(partial(fragment, source))
    start = f',"{names[0]}":'

    def write(value: Any) -> str:
        if value is None:
            return absent
        # The two kinds of number that are as Python shows them; 1e22, inf and nan have letters.
        if type(value) is float:
            text = repr(value)
            if "e" not in text and "n" not in text:
                return start + text
        elif type(value) is int and -EXACT <= value <= EXACT:
            return start + str(value)
        return fragment(source, value)

    return write


def _table(source: Source) -> Mapping[Any, str]:
    """Return the fragment of each value that a truth or an enumeration can have."""
    values = (True, False) if source.shape is Shape.TRUTH else source.members
    return _Table({value: fragment(source, value) for value in (None, *values)}, source)


class _Table(dict[Any, str]):
    """The fragments of the values of one source; any other value is refused."""

    def __init__(self, fragments: Mapping[Any, str], source: Source) -> None:
        super().__init__(fragments)
        self._source = source

    def __missing__(self, value: Any) -> str:
        return fragment(self._source, value)  # which refuses it, and says why
