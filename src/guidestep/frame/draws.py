"""Synthetic patients drawn with NumPy, many at once: from archetypes, then changed a little.

While it is drawn, a column of any kind is an array of floats in which NaN is null: a number
itself, the days of a date since 1970, the place of a value among the `levels` of its field.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TypeAlias, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from guidestep.assessment.base import Assessment
from guidestep.assessment.derived import Value, WeeksBetween
from guidestep.assessment.errors import Problem
from guidestep.assessment.fields import FieldKind, FieldSpec
from guidestep.assessment.values import check

Floats: TypeAlias = NDArray[np.float64]
Flags: TypeAlias = NDArray[np.bool_]

SWAPPED = 0.03
"""The share of values taken from another archetype, so that no two patients need be alike."""

WILD = 0.003
"""The share of values drawn evenly from all that the field allows."""

JITTERED = 0.7
"""The share of numbers and dates moved a little; the others keep what a case says exactly."""

SPREAD = 0.15
"""The standard deviation of that move, as a share of the range that the cases cover."""

REMARKS = 0.05
"""The share of optional texts that are given where no case gives one."""

YEAR = 365
EPOCH = date(1970, 1, 1)
LATEST = (date(2025, 12, 31) - EPOCH).days
"""The last day on which patients are seen where no case has a date; the clock is never read."""

FIRST = (date.min - EPOCH).days


@dataclass(frozen=True)
class Fieldwise:
    """One field: what the archetypes hold for it, and how its values are drawn and moved."""

    spec: FieldSpec
    table: Floats
    """The value in each archetype."""
    entered: Flags
    """For a derived field, whether the archetype has another value than the derived one."""
    levels: tuple[Value, ...]
    low: float
    high: float
    digits: int
    deviation: float
    jittered: float

    @classmethod
    def of(cls, spec: FieldSpec, archetypes: Sequence[Assessment]) -> Fieldwise:
        """Return the field as the archetypes have it."""
        values = [archetype.value(spec.path) for archetype in archetypes]
        known = [value for value in values if value is not None]
        levels = _levels(spec, known)
        places = {level: place for place, level in enumerate(levels)}
        table = np.array([_number(value, places) for value in values], dtype=np.float64)
        low, high = _range(spec, table)
        numbers = table[~np.isnan(table)]
        covered = float(np.ptp(numbers)) if len(numbers) else 0.0
        return cls(
            spec=spec,
            table=table,
            entered=np.array([_is_entered(spec, a) for a in archetypes], dtype=np.bool_),
            levels=levels,
            low=low,
            high=high,
            digits=_digits(spec, numbers, high - low),
            deviation=SPREAD * covered if covered else SPREAD * (high - low) / 2,
            # What care cannot change, such as age, differs from patient to patient; and where all
            # cases say the same, they do not mean exactly that.
            jittered=1.0 if spec.immutable or not covered else JITTERED,
        )

    @property
    def is_open(self) -> bool:
        """Whether no archetype has a value, so that all are drawn evenly."""
        return bool(np.isnan(self.table).all())

    def evenly(self, rng: np.random.Generator, count: int) -> Floats:
        """Return values drawn evenly from all that the field allows."""
        if self.levels:
            return rng.integers(len(self.levels), size=count).astype(np.float64)
        return self._kept(rng.uniform(self.low, self.high, count))

    def moved(self, rng: np.random.Generator, values: Floats) -> Floats:
        """Return numbers with some of them moved a little; other kinds stay as they are."""
        if self.spec.kind not in (FieldKind.INTEGER, FieldKind.DECIMAL):
            return values
        where = rng.random(len(values)) < self.jittered
        values[where] = self._kept(
            values[where] + rng.normal(0.0, self.deviation, int(where.sum()))
        )
        return values

    def _kept(self, values: Floats) -> Floats:
        return cast("Floats", np.clip(np.round(values, self.digits), self.low, self.high))


def _levels(spec: FieldSpec, known: Sequence[Value]) -> tuple[Value, ...]:
    match spec.kind:
        case FieldKind.ENUMERATION:
            return spec.members
        case FieldKind.BOOLEAN:
            return (False, True)
        case FieldKind.TEXT:
            return tuple(dict.fromkeys(known)) or ("synthetic"[: spec.max_length],)
    return ()


def _number(value: Value, places: Mapping[Value, int]) -> float:
    if value is None:
        return np.nan
    if places:
        return places[value]
    return (value - EPOCH).days if isinstance(value, date) else float(value)


def _range(spec: FieldSpec, table: Floats) -> tuple[float, float]:
    """Return the limits of a number; where the model sets none, those of the archetypes."""
    known = table[~np.isnan(table)]
    low = spec.minimum if spec.minimum is not None else float(np.min(known, initial=0.0))
    high = spec.maximum if spec.maximum is not None else float(np.max(known, initial=100.0))
    return low, max(low, high)


def _digits(spec: FieldSpec, numbers: Floats, width: float) -> int:
    """Return the decimals to which a number is given."""
    if spec.kind is not FieldKind.DECIMAL:
        return 0
    fewest = 0 if width > 10 else 2
    for digits in range(fewest, 3):
        if np.array_equal(np.round(numbers, digits), numbers):
            return digits
    return 3


def _is_entered(spec: FieldSpec, archetype: Assessment) -> bool:
    if spec.derived is None:
        return False
    inputs = tuple(archetype.value(path) for path in spec.derived.inputs)
    return None in inputs or spec.derived.compute(*inputs) != archetype.value(spec.path)


# --- drawing --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Population:
    """What patients are drawn from: archetypes with their shares, field by field.

    Without archetypes every value is drawn evenly from what its field allows.
    """

    fields: Mapping[str, Fieldwise]
    shares: Floats = field(repr=False)
    """How often each archetype is drawn, as a running sum that ends at 1."""

    @classmethod
    def of(
        cls, model: type[Assessment], archetypes: Sequence[Assessment], weights: Sequence[float]
    ) -> Population:
        """Return the population of archetypes that are drawn as often as their weights say."""
        fields = {path: Fieldwise.of(spec, archetypes) for path, spec in model.fields().items()}
        total = np.cumsum(np.array(weights, dtype=np.float64))
        return cls(fields, total / total[-1] if len(total) else total)

    def draw(self, rng: np.random.Generator, count: int, missing: float) -> pl.DataFrame:
        """Return patients, valid for the model, with this share of the optional values missing."""
        archetype = self._archetypes(rng, count)
        own: dict[str, Flags] = {}
        values = {
            path: self._values(rng, path, archetype, own)
            for path, drawn in self.fields.items()
            if drawn.spec.kind is not FieldKind.DATE
        }
        values |= self._dates(rng, archetype)
        self._blank(rng, values, missing)
        for path, drawn in self.fields.items():
            if drawn.spec.derived is not None:
                kept = own.get(path, np.zeros(count, dtype=np.bool_))
                values[path] = _derived(rng, self.fields, values, drawn, kept)
        return pl.DataFrame([_series(drawn, values[path]) for path, drawn in self.fields.items()])

    def _archetypes(self, rng: np.random.Generator, count: int) -> NDArray[np.intp]:
        # The sum may end just below 1: a draw above it is the last one's.
        last = max(len(self.shares) - 1, 0)
        return np.minimum(np.searchsorted(self.shares, rng.random(count), side="right"), last)

    def _values(
        self,
        rng: np.random.Generator,
        path: str,
        archetype: NDArray[np.intp],
        own: dict[str, Flags],
    ) -> Floats:
        drawn, count = self.fields[path], len(archetype)
        if drawn.is_open:
            values = drawn.evenly(rng, count)
            if drawn.spec.kind is FieldKind.TEXT and not drawn.spec.required:
                values[rng.random(count) > REMARKS] = np.nan
            return values
        values = drawn.table[archetype]
        chance = rng.random(count)
        swapped = chance < SWAPPED
        values[swapped] = drawn.table[self._archetypes(rng, int(swapped.sum()))]
        values = drawn.moved(rng, values)
        wild = chance > 1 - WILD
        values[wild] = drawn.evenly(rng, int(wild.sum()))
        if drawn.spec.derived is not None:
            own[path] = drawn.entered[archetype] | swapped | wild
        return values

    def _dates(self, rng: np.random.Generator, archetype: NDArray[np.intp]) -> dict[str, Floats]:
        """Return the dates of each patient: moved into the past together, then one by one."""
        count = len(archetype)
        fields = {p: d for p, d in self.fields.items() if d.spec.kind is FieldKind.DATE}
        shift = -_days(rng, count)
        values: dict[str, Floats] = {}
        # A date comes after the one it is measured from; a circle is as good as any order.
        for path in sorted(fields, key=lambda path: (_depth(fields, path), path)):
            drawn = fields[path]
            limit = values.get(drawn.spec.not_after or "", np.full(count, np.nan))
            limit = np.where(np.isnan(limit), LATEST + shift, limit)
            chance = rng.random(count)
            if drawn.is_open:
                days = limit - _days(rng, count)
            else:
                days = drawn.table[archetype]
                swapped = chance < SWAPPED
                days[swapped] = drawn.table[self._archetypes(rng, int(swapped.sum()))]
                days += shift
                if drawn.spec.not_after in fields:
                    week = np.round(rng.normal(0.0, 7.0, count))
                    days += np.where(rng.random(count) < JITTERED, week, 0.0)
                wild = chance > 1 - WILD
                days[wild] = limit[wild] - _days(rng, int(wild.sum()))
            values[path] = np.maximum(days, FIRST)
        # Once for each date, so that what was moved moves what depends on it.
        for _ in fields:
            for path, drawn in fields.items():
                limit = values.get(drawn.spec.not_after or "", values[path])
                values[path] = np.where(limit < values[path], limit, values[path])
        return values

    def _blank(self, rng: np.random.Generator, values: dict[str, Floats], missing: float) -> None:
        """Leave out optional values.

        Records differ: some lack nearly everything and many lack nearly nothing. A uniform number
        to the power of c is 1 / (c + 1) on average.
        """
        count = len(next(iter(values.values()), np.empty(0)))
        share = rng.random(count) ** (1 / missing - 1) if missing else np.zeros(count)
        for path, drawn in self.fields.items():
            if not drawn.spec.required:
                values[path] = np.where(rng.random(count) < share, np.nan, values[path])


def _days(rng: np.random.Generator, count: int) -> Floats:
    return rng.integers(0, YEAR, count).astype(np.float64)


def _depth(fields: Mapping[str, Fieldwise], path: str) -> int:
    """Return how many dates a date is measured from, one after the other."""
    seen: list[str] = []
    at: str | None = path
    while at is not None and at in fields and at not in seen:
        seen.append(at)
        at = fields[at].spec.not_after
    return len(seen)


def _derived(
    rng: np.random.Generator,
    fields: Mapping[str, Fieldwise],
    values: Mapping[str, Floats],
    drawn: Fieldwise,
    own: Flags,
) -> Floats:
    """Return a derived field: its own values where they are entered, else as the model derives it.

    Where the model would derive a value that the field does not allow, one is entered.
    """
    spec, found = drawn.spec, values[drawn.spec.path].copy()
    assert spec.derived is not None
    inputs = [values[path] for path in spec.derived.inputs]
    left = ~np.isnan(found) & own
    for column in inputs:
        left |= np.isnan(column)
    rows = np.flatnonzero(~left)
    given = [column[rows] for column in inputs]
    if isinstance(spec.derived, WeeksBetween) and spec.kind is FieldKind.DECIMAL:
        weeks = (given[1] - given[0]) / 7
        computed = np.where(weeks < 0, found[rows], weeks)
        wrong = (weeks >= 0) & ((weeks < drawn.low) | (weeks > drawn.high))
    else:
        computed, wrong = found[rows], np.zeros(len(rows), dtype=np.bool_)
        sources = [fields[path] for path in spec.derived.inputs]
        places = {level: place for place, level in enumerate(drawn.levels)}
        for at, numbers in enumerate(zip(*given, strict=True)):
            value = spec.derived.compute(
                *(_value(source, n) for source, n in zip(sources, numbers, strict=True))
            )
            kept = None if value is None else check(spec, value)
            if isinstance(kept, Problem) or (places and kept is not None and kept not in places):
                wrong[at] = True
            elif kept is not None:
                computed[at] = _number(kept, places)
    computed[wrong] = drawn.evenly(rng, int(wrong.sum()))
    found[rows] = computed
    return found


def _value(drawn: Fieldwise, number: float) -> Value:
    if drawn.levels:
        return drawn.levels[int(number)]
    match drawn.spec.kind:
        case FieldKind.DATE:
            return EPOCH + timedelta(days=int(number))
        case FieldKind.INTEGER:
            return int(number)
    return float(number)


def _series(drawn: Fieldwise, values: Floats) -> pl.Series:
    spec = drawn.spec
    numbers = pl.Series(spec.path, values, nan_to_null=True)
    match spec.kind:
        case FieldKind.ENUMERATION:
            levels = pl.Series(spec.path, drawn.levels, dtype=pl.Enum(spec.members))
        case FieldKind.TEXT:
            levels = pl.Series(spec.path, drawn.levels, dtype=pl.String)
        case FieldKind.BOOLEAN:
            return numbers.cast(pl.Boolean)
        case FieldKind.INTEGER:
            return numbers.cast(pl.Int64)
        case FieldKind.DATE:
            return numbers.cast(pl.Int32).cast(pl.Date)
        case FieldKind.DECIMAL:
            return numbers
    return levels.gather(numbers.cast(pl.UInt32))
