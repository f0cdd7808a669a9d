"""The columns of a cohort as an engine reads them: of one type each, and nothing that is no value.

What is outside its range, not a member, not finite or after the date it may not follow is found
here, by expressions alone, so that a frame of any size and kind is checked where it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import and_, or_
from sys import float_info
from typing import TYPE_CHECKING, TypeAlias

import narwhals as nw

from guidestep.assessment.derived import WeeksBetween
from guidestep.assessment.fields import TODAY, FieldKind, FieldSpec
from guidestep.assessment.reading import REASONS
from guidestep.engines.frame.emit import call
from guidestep.engines.frame.steps import Filled
from guidestep.engines.support import UnsupportedNode

if TYPE_CHECKING:
    from narwhals.dtypes import DType

_LARGEST = float_info.max
_WHOLE = (nw.Int64, nw.Int32, nw.Int16, nw.Int8, nw.UInt64, nw.UInt32, nw.UInt16, nw.UInt8)
_NUMBERS = (*_WHOLE, nw.Float64, nw.Float32)
"""The types of numbers that are in memory as a processor has them."""


@dataclass(frozen=True, slots=True)
class WrongType:
    """A column whose type cannot hold the values of its field."""

    path: str
    dtype: str
    hint: str


@dataclass(frozen=True, slots=True)
class Within:
    """A number is at fault outside of these bounds."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class NotAfter:
    """A date is at fault after that of another field."""

    path: str


@dataclass(frozen=True, slots=True)
class Short:
    """A text is at fault with more characters."""

    length: int


Check: TypeAlias = Within | NotAfter | Short


@dataclass(frozen=True, slots=True)
class Reading:
    """How the columns of one frame are read.

    `values` gives each field that has a column, or is derived from some that have: a nullable
    condition, float, date or text. `faults` says of a field in which ways it can hold what is no
    value of it; there `values` is null if it was to be clean, `given` what stands there. `wrong`
    are the columns that cannot be read at all. `plain` names the column of each field whose value
    is what stands in it, `filled` the columns of each that follows from such columns. Of both
    `checks` has those that can be at fault in one way only.
    """

    given: dict[str, nw.Expr] = field(default_factory=dict)
    values: dict[str, nw.Expr] = field(default_factory=dict)
    faults: dict[str, list[nw.Expr]] = field(default_factory=dict)
    wrong: list[WrongType] = field(default_factory=list)
    plain: dict[str, str] = field(default_factory=dict)
    filled: dict[str, Filled] = field(default_factory=dict)
    checks: dict[str, Check] = field(default_factory=dict)

    def invalid(self, path: str) -> nw.Expr:
        """Return where a field holds what is no value of it; never null."""
        return reduce(or_, (fault.fill_null(value=False) for fault in self.faults[path]))


def read_columns(
    fields: Mapping[str, FieldSpec],
    bound: Mapping[str, str],
    types: Mapping[str, DType],
    library: nw.Implementation,
    *,
    clean: bool = False,
    today: date | None = None,
) -> Reading:
    """Return how fields are read from the columns that `bound` names, given their types.

    With `clean` an invalid value is read as null; without it the caller vouches that there is none.
    A date that may not follow today is invalid after `today`, if that is given.

    Raises:
        UnsupportedNode: A field is derived in a way that cannot be said of columns.
    """
    reader = _Reader(fields, bound, library, clean)
    for path, spec in fields.items():
        if path in bound:
            reader.column(spec, types[bound[path]])
    reader.late_dates(today)
    for spec in fields.values():
        if spec.derived is not None:
            reader.derive(spec)
    return reader.reading


@dataclass(frozen=True, slots=True)
class _Reader:
    fields: Mapping[str, FieldSpec]
    bound: Mapping[str, str]
    library: nw.Implementation
    clean: bool
    reading: Reading = field(default_factory=Reading)

    def column(self, spec: FieldSpec, dtype: DType) -> None:
        path, column = spec.path, nw.col(self.bound[spec.path])
        if dtype == nw.Unknown:
            # Of nulls alone, which have no type yet; or of a type that holds no value of a field.
            self.reading.given[path] = column
            self.spoil(path, ~column.is_null())
            return
        found = _READERS[spec.kind](spec, column, dtype)
        if isinstance(found, str):
            self.reading.wrong.append(WrongType(path, str(dtype), found))
            return
        value, faults = found
        self.reading.given[path] = column
        self.reading.values[path] = value
        if value is column or dtype in _NUMBERS:
            self.reading.plain[path] = self.bound[path]
        self.spoil(path, *faults)
        plain = path in self.reading.plain  # where it is cleaned, it no longer is
        if plain and dtype in _NUMBERS and (dtype in _WHOLE or spec.kind is FieldKind.DECIMAL):
            self.reading.checks[path] = Within(*_limits(spec))
        if plain and spec.kind is FieldKind.TEXT and spec.max_length is not None:
            self.reading.checks[path] = Short(spec.max_length)
        reason = self.bound.get(f"{REASONS}.{path}")
        if reason is not None:  # a value, and why there is none: one of the two is wrong
            self.spoil(path, ~value.is_null() & ~nw.col(reason).is_null())

    def spoil(self, path: str, *faults: nw.Expr) -> None:
        """Note where a field holds what is no value of it."""
        if not faults:
            return
        self.reading.faults.setdefault(path, []).extend(faults)
        self.reading.checks.pop(path, None)
        if self.clean and path in self.reading.values:
            bad = reduce(or_, (fault.fill_null(value=False) for fault in faults))
            values = self.reading.values
            values[path] = nw.when(~bad).then(values[path])
            self.reading.plain.pop(path, None)

    def late_dates(self, today: date | None) -> None:
        """Mark the dates that follow the date they may not follow."""
        values = dict(self.reading.values)
        for path, spec in self.fields.items():
            if path in values and spec.not_after == TODAY and today is not None:
                self.spoil(path, values[path] > nw.lit(today, nw.Date))
            if path in values and spec.not_after in values:
                alone = path not in self.reading.faults
                self.spoil(path, values[path] > values[spec.not_after])
                if alone and {path, spec.not_after} <= self.reading.plain.keys():
                    self.reading.checks[path] = NotAfter(spec.not_after)

    def derive(self, spec: FieldSpec) -> None:
        """Fill a derived field where nothing was entered, nor a reason why nothing was."""
        path, values = spec.path, self.reading.values
        assert spec.derived is not None
        if any(given not in values for given in spec.derived.inputs):
            return
        if not isinstance(spec.derived, WeeksBetween):
            raise UnsupportedNode("frame", f"the derivation {spec.derived.formula}")
        start, end = (values[given] for given in spec.derived.inputs)
        weeks = call(self.library, "weeks_between", start, end)
        empty = [start <= end]
        if path in values:
            empty.append(self.reading.given[path].is_null())
        reason = self.bound.get(f"{REASONS}.{path}")
        if reason is not None:
            empty.append(nw.col(reason).is_null())
        derived: nw.Expr = nw.when(reduce(and_, empty)).then(weeks)
        if path in values:
            # What was entered stands; where it was no value, nothing takes its place.
            derived = nw.coalesce(values[path], derived)
        self.reading.given[path] = values[path] = derived
        plain, given = self.reading.plain, spec.derived.inputs
        alone = path in self.reading.checks or path not in self.reading.faults
        held = {*given, *([path] if path in self.bound else [])} <= plain.keys()
        entered = plain.pop(path, None)
        self.spoil(path, *_outside(spec, derived))
        if held and not self.clean:
            first, last = (plain[one] for one in given)
            self.reading.filled[path] = Filled(first, last, entered, reason)
            if alone:
                self.reading.checks[path] = Within(*_limits(spec))


# --- one column -----------------------------------------------------------------------------------

Read = tuple[nw.Expr, tuple[nw.Expr, ...]]
"""A column as it is read, and where it is invalid: in one of several ways, null where it is null.

Kept apart, since it is quicker to ask of each whether it occurs than to join them first.
"""


def _boolean(spec: FieldSpec, column: nw.Expr, dtype: DType) -> Read | str:
    return (column, ()) if dtype == nw.Boolean else "make it a column of booleans"


def _number(spec: FieldSpec, column: nw.Expr, dtype: DType) -> Read | str:
    if not dtype.is_numeric():
        return "make it a column of numbers"
    value = column if dtype == nw.Float64 else column.cast(nw.Float64)
    outside = _outside(spec, value)
    if spec.kind is FieldKind.INTEGER and not dtype.is_integer():
        # Only of a number in range can be asked whether it is whole: not of NaN, nor infinity.
        inside = nw.when(~reduce(or_, outside)).then(value)
        return value, (*outside, inside.floor() != inside)
    return value, outside


def _limits(spec: FieldSpec) -> tuple[float, float]:
    low = -_LARGEST if spec.minimum is None else float(spec.minimum)
    high = _LARGEST if spec.maximum is None else float(spec.maximum)
    return low, high


def _outside(spec: FieldSpec, value: nw.Expr) -> tuple[nw.Expr, nw.Expr]:
    low, high = _limits(spec)
    return value < low, value > high  # to every library here, NaN is greater than all numbers


def _member(spec: FieldSpec, column: nw.Expr, dtype: DType) -> Read | str:
    if isinstance(dtype, nw.Enum):
        categories = set(dtype.categories)
        if categories == set(spec.members):
            return column, ()
        # Compared as text: a list of categories may lack what a rule asks for.
        value = column.cast(nw.String)
        if categories < set(spec.members):
            return value, ()
    elif dtype in (nw.Categorical, nw.Enum):
        value = column.cast(nw.String)
    elif dtype == nw.String:
        value = column
    else:
        return "make it a column of text, or an enumeration"
    return value, (~reduce(or_, (value == member for member in spec.members)),)


def _date(spec: FieldSpec, column: nw.Expr, dtype: DType) -> Read | str:
    if dtype == nw.Date:
        return column, ()
    if isinstance(dtype, nw.Datetime) and dtype.time_zone is not None:
        return "make it a column of dates: which day it was depends on the place"
    if dtype == nw.Datetime:
        day = column.dt.date()
        return day, (day.cast(dtype) != column,)
    return "make it a column of dates"


def _text(spec: FieldSpec, column: nw.Expr, dtype: DType) -> Read | str:
    if dtype not in (nw.String, nw.Categorical, nw.Enum):
        return "make it a column of text"
    value = column if dtype == nw.String else column.cast(nw.String)
    if spec.max_length is None:
        return value, ()
    return value, (value.str.len_chars() > spec.max_length,)


_READERS = {
    FieldKind.BOOLEAN: _boolean,
    FieldKind.INTEGER: _number,
    FieldKind.DECIMAL: _number,
    FieldKind.ENUMERATION: _member,
    FieldKind.DATE: _date,
    FieldKind.TEXT: _text,
}
