"""FHIR dates of any precision, as the days between which they lie, and which is later.

Source: FHIR R4, data types, date, dateTime and instant.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from guidestep.interop.fhir.reading.json_access import Body, element, text

LONGEST = 40
"""Characters of the longest time: an instant with its fraction of a second."""

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class When:
    """The first and the last day that a time may lie on, and the instant where it is known.

    >>> parse("2026-02")
    When(first=datetime.date(2026, 2, 1), last=datetime.date(2026, 2, 28), instant=None)
    """

    first: date
    last: date
    instant: datetime | None = None

    @property
    def day(self) -> date | None:
        """The day, where it is known."""
        return self.first if self.first == self.last else None

    def __str__(self) -> str:
        if self == UNDATED:
            return "an unknown day"
        return f"{self.first}" if self.first == self.last else f"{self.first} to {self.last}"


UNDATED = When(date.min, date.max)
"""A time of which nothing is known: it may be any day."""


def parse(written: str) -> When | None:
    """Return when a FHIR date, dateTime or instant is, or None where it is none.

    The day is the one that is written, in the place where it was written.
    """
    return _parse(written) if len(written) <= LONGEST else None


@lru_cache(maxsize=4096)
def _parse(written: str) -> When | None:
    if found := _DATE_TIME.fullmatch(written):
        try:
            day = date.fromisoformat(found[1])
            instant = datetime.fromisoformat(written)
            # Comparing needs the instant in UTC, which the first and last days of all lack.
            instant.utctimetuple()
        except (ValueError, OverflowError):
            return None
        return When(day, day, instant)
    found = _DATE.fullmatch(written)
    if found is None or not written.isascii():
        return None
    try:
        year = int(found[1])
        if found[2] is None:
            return When(date(year, 1, 1), date(year, 12, 31))
        month = int(found[2])
        if found[3] is None:
            return When(date(year, month, 1), date(year, month, monthrange(year, month)[1]))
        day = date(year, month, int(found[3]))
    except ValueError:
        return None
    return When(day, day)


def time_of(body: Body, name: str, *others: str) -> When:
    """Return when something was, by an element such as `effective[x]`, else by other elements.

    A period counts from its start to its end. What is not written, or not as a time, is `UNDATED`.
    """
    if period := element(body, f"{name}Period"):
        start, end = parse(text(period, "start")), parse(text(period, "end"))
        first = start.first if start else date.min
        last = end.last if end else date.max
        return When(first, last) if first <= last else UNDATED
    for key in (f"{name}DateTime", f"{name}Instant", *others):
        if key in body:
            return parse(text(body, key)) or UNDATED
    return UNDATED


@lru_cache(maxsize=256)
def days_before(day: date, days: int) -> date:
    """Return the day some days earlier, or the first of all days."""
    try:
        return day - timedelta(days=days)
    except OverflowError:
        return date.min


def completed_years(born: date, on: date) -> int:
    """Return the age in completed years.

    >>> [completed_years(date(1974, 3, 2), date(2026, 3, day)) for day in (1, 2)]
    [51, 52]
    """
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))
