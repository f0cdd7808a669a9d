"""Assessments as the rows of a frame, and the rows of a frame as assessments."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from decimal import Decimal
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast, overload

import narwhals as nw
from narwhals.exceptions import DuplicateError

from guidestep.assessment.base import Assessment
from guidestep.assessment.errors import AssessmentError, Problem
from guidestep.assessment.fields import FieldKind
from guidestep.assessment.reading import REASONS
from guidestep.assessment.values import problem
from guidestep.frame.libraries import told_apart
from guidestep.frame.schema import ENUM_BACKENDS, ColumnError, bind, columns_of
from guidestep.guideline import Guideline

if TYPE_CHECKING:
    from narwhals.dtypes import DType
    from narwhals.typing import EagerAllowed, IntoDataFrame, IntoFrame, IntoLazyFrame

A = TypeVar("A", bound=Assessment)

BATCH = 10_000
"""Rows of a frame that are held as Python values at once."""

_INT64 = range(-(2**63), 2**63)

Batch: TypeAlias = Sequence[Sequence[object]]
"""Some rows of a frame: the values of each column."""

# --- from assessments to a frame ------------------------------------------------------------------


def to_frame(
    assessments: Iterable[Assessment],
    *,
    backend: str = "polars",
    model: type[Assessment] | Guideline | None = None,
) -> IntoDataFrame:
    """Return assessments as a frame: one row each, in their order, one column for each field.

    `backend` is polars, pandas, modin, cudf or pyarrow. `model` is taken from the assessments
    where it is not given; without assessments it must be. A null is *not assessed*; derived values
    are written as `value` gives them; the reasons for what is missing are columns of text named
    `data_absent_reasons.PATH`, where some assessment has one. Nothing is lost: `from_frame` gives
    equal assessments.

    >>> from guidestep import Assessment
    >>> from guidestep.assessment import CervicalAssessment
    >>> frame = to_frame([], model=CervicalAssessment)
    >>> frame.shape, str(frame.schema["scope.age_years"])
    ((0, 104), 'Int64')

    Raises:
        TypeError: The assessments are not all of the one model.
        AssessmentError: A whole number does not fit into 64 bits.
        ColumnError: There is no such backend, or it is not installed.
    """
    given = list(assessments)
    model = _model(model, given)
    columns = columns_of(model)
    rows = map(model.reader(tuple(columns)), given)
    values = zip(*rows, strict=True) if given else ((),) * len(columns)
    data: dict[str, Sequence[object]] = dict(zip(columns, values, strict=True))
    dtypes = {name: column.dtype for name, column in columns.items()}
    for name, column in columns.items():
        if column.kind is FieldKind.INTEGER:
            _fits(model, name, cast("Sequence[int | None]", data[name]))
    explained = set(chain.from_iterable(a.data_absent_reasons for a in given))
    for path in columns:
        if path in explained:
            reasons = (a.data_absent_reasons.get(path) for a in given)
            data[f"{REASONS}.{path}"] = [None if r is None else r.value for r in reasons]
            dtypes[f"{REASONS}.{path}"] = nw.String()
    return frame_of(data, dtypes, backend)


def _model(
    model: type[Assessment] | Guideline | None, given: Sequence[Assessment]
) -> type[Assessment]:
    if model is None and not given:
        raise TypeError("without assessments, say of which model the frame is: model=...")
    wanted = type(given[0]) if model is None else _model_of(model)
    for index, assessment in enumerate(given):
        # A subclass may have fields more, which would be lost.
        if not isinstance(assessment, wanted) or assessment.fields() != wanted.fields():
            kind = type(assessment).__name__
            raise TypeError(f"assessment {index} is a {kind}, not a {wanted.__name__}")
    return wanted


def _model_of(model: type[Assessment] | Guideline) -> type[Assessment]:
    return model.model if isinstance(model, Guideline) else model


def _fits(model: type[Assessment], name: str, values: Sequence[int | None]) -> None:
    for row, value in enumerate(values):
        if value is not None and value not in _INT64:
            hint = "a column of integers has 64 bits"
            raise _in_row(row, [problem(model.fields()[name], value, "out-of-range", hint)])


def frame_of(
    data: Mapping[str, Sequence[object]], dtypes: Mapping[str, DType], backend: str
) -> IntoDataFrame:
    """Return a frame of Python values, with the Narwhals types of its columns.

    Raises:
        ColumnError: There is no such backend, or it is not installed.
    """
    implementation = _eager(backend)
    if implementation.is_pandas_like():
        return _pandas(data, dtypes, implementation)
    plain = {
        name: dtype if backend in ENUM_BACKENDS or not isinstance(dtype, nw.Enum) else nw.String()
        for name, dtype in dtypes.items()
    }
    made = nw.from_dict(dict(data), plain, backend=cast("EagerAllowed", implementation))
    return cast("IntoDataFrame", made.to_native())


def _eager(backend: str) -> nw.Implementation:
    implementation = nw.Implementation.from_string(backend)
    eager = implementation.is_pandas_like() or implementation.is_polars()
    if not eager and not implementation.is_pyarrow():
        names = "polars, pandas, modin, cudf and pyarrow"
        raise ColumnError(f"no frame can be made with {backend!r}; the backends are {names}")
    try:
        implementation.to_native_namespace()
    except ImportError:
        raise ColumnError(f"{backend} is not installed: pip install {backend}") from None
    return implementation


def _pandas(
    data: Mapping[str, Sequence[object]],
    dtypes: Mapping[str, DType],
    implementation: nw.Implementation,
) -> IntoDataFrame:
    """Return a frame of a library like pandas; its plain types have no null, the named ones do."""
    arrow = importlib.util.find_spec("pyarrow") is not None
    native: dict[type[DType], str] = {
        nw.Boolean: "boolean",
        nw.Int64: "Int64",
        nw.Float64: "Float64",
        nw.Enum: "string",
        nw.String: "string",
        # pandas alone has no dates; in seconds, unlike in nanoseconds, it has all years.
        nw.Date: "date32[pyarrow]" if arrow else "datetime64[s]",
    }
    namespace = implementation.to_native_namespace()
    series = {
        name: namespace.Series(list(values), dtype=native[type(dtypes[name])])
        for name, values in data.items()
    }
    return cast("IntoDataFrame", namespace.DataFrame(series))


# --- from a frame to assessments ------------------------------------------------------------------


@overload
def from_frame(
    frame: IntoFrame,
    model: type[A],
    *,
    columns: Mapping[str, str] | None = None,
    today: date | None = None,
) -> Iterator[A]: ...


@overload
def from_frame(
    frame: IntoFrame,
    model: Guideline,
    *,
    columns: Mapping[str, str] | None = None,
    today: date | None = None,
) -> Iterator[Assessment]: ...


def from_frame(
    frame: IntoFrame,
    model: type[Assessment] | Guideline,
    *,
    columns: Mapping[str, str] | None = None,
    today: date | None = None,
) -> Iterator[Assessment]:
    """Yield the assessment of each row of a frame, in order, for a model or a guideline.

    The frame is any that Narwhals takes. `columns` maps a field path to the column that holds it
    where that has another name; columns that belong to no field are passed over, and one that
    looks like a misspelt path is mentioned in a `ColumnWarning`. `today` is as for
    `Assessment.read`. A column that is not there, and a null, are *not assessed*; in pandas so is
    NaN, elsewhere NaN is a fault. Whole numbers may stand in columns of floats or decimals, dates
    in columns of datetimes at midnight or of ISO 8601 texts.

    Rows become Python values a batch at a time. Of a lazy frame, Polars, DuckDB (with PyArrow) and
    Spark compute a batch at a time too; others are collected, the columns of fields alone.

    >>> import polars
    >>> from guidestep.assessment import CervicalAssessment
    >>> frame = to_frame([], model=CervicalAssessment)
    >>> next(from_frame(frame, CervicalAssessment), "no rows")
    'no rows'

    Raises:
        AssessmentError: A required column is missing, or, from the iterator, a row is at fault:
            each message begins with the number of the row, counted from 0.
        ColumnError: `columns` names a column that the frame does not have, or the frame has two of
            one name.
        UnknownFieldError: `columns` names a field that the model does not have.
    """
    model = _model_of(model)
    schema = columns_of(model)
    try:
        whole: nw.DataFrame[IntoDataFrame] | nw.LazyFrame[IntoLazyFrame] = nw.from_native(frame)
        names = whole.collect_schema().names()
    except DuplicateError as error:
        raise ColumnError(f"the columns of the frame cannot be told apart: {error}") from None
    told_apart(whole)
    bound = bind(schema, names, columns)
    absent = [
        problem(model.fields()[path], None, "missing", f"the frame has no column '{path}'")
        for path, column in schema.items()
        if column.required and path not in bound
    ]
    if absent:
        raise AssessmentError(absent)
    # Without a column of ours any other tells how many rows there are.
    wanted = list(bound.values()) or names[:1]
    rows = _Rows.of(model, tuple(bound), today, whole.implementation.is_pandas_like())
    return rows.read(_batches(whole, wanted))


def _in_row(row: int, problems: Iterable[Problem]) -> AssessmentError:
    return AssessmentError(replace(p, message=f"row {row}: {p.message}") for p in problems)


@dataclass(frozen=True, slots=True)
class _Rows:
    """How the rows of one frame are read: the fields in the order of the columns."""

    model: type[Assessment]
    today: date | None
    kinds: tuple[FieldKind, ...]
    parts: tuple[tuple[str, tuple[str, ...], slice], ...]
    """The sections: their name, their fields and where these stand in a row."""
    nan_is_null: bool

    @classmethod
    def of(
        cls, model: type[Assessment], paths: Sequence[str], today: date | None, nan_is_null: bool
    ) -> _Rows:
        fields, sections = model.fields(), dict[str, list[str]]()
        for path in paths:
            section, _, name = path.partition(".")
            sections.setdefault(section, []).append(name)
        parts, start = list[tuple[str, tuple[str, ...], slice]](), 0
        for section, names in sections.items():
            parts.append((section, tuple(names), slice(start, start + len(names))))
            start += len(names)
        text = FieldKind.TEXT  # of the reasons
        kinds = tuple(fields[path].kind if path in fields else text for path in paths)
        return cls(model, today, kinds, tuple(parts), nan_is_null)

    def read(self, batches: Iterable[Batch]) -> Iterator[Assessment]:
        number = 0
        for batch in batches:
            columns = [
                [_plain(value, kind, self.nan_is_null) for value in values]
                for values, kind in zip(batch, self.kinds, strict=False)
            ]
            count = len(batch[0]) if batch else 0
            for row in zip(*columns, strict=True) if columns else ((),) * count:
                yield self._assessment(number, row)
                number += 1

    def _assessment(self, number: int, row: tuple[object, ...]) -> Assessment:
        data = {
            section: {
                name: value
                for name, value in zip(names, row[where], strict=True)
                if value is not None
            }
            for section, names, where in self.parts
        }
        try:
            return self.model.read(data, today=self.today)
        except AssessmentError as error:
            raise _in_row(number, error.problems) from None


def _plain(value: object, kind: FieldKind, nan_is_null: bool) -> object:
    """Return a value of a frame as the Python value that a field of this kind is given."""
    if value is None or type(value) is str or type(value) is bool or type(value) is int:
        return value
    if type(value) is float:
        if value != value and nan_is_null:
            return None
        # pandas makes floats of integers as soon as one of them is missing.
        return int(value) if kind is FieldKind.INTEGER and value.is_integer() else value
    return _rare(value, kind, nan_is_null)


def _rare(value: object, kind: FieldKind, nan_is_null: bool) -> object:
    name = type(value).__name__
    if name in ("NAType", "NaTType"):  # the nulls of pandas, which need not be installed
        return None
    if name == "datetime64":  # its own items are integers where it counts nanoseconds
        value = cast("_Datetime64", value).astype("datetime64[us]")
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        return _plain(value.item(), kind, nan_is_null)
    if isinstance(value, datetime) and kind is FieldKind.DATE:
        midnight = value.time() == time() and not getattr(value, "nanosecond", 0)
        return value.date() if midnight else value
    if isinstance(value, Decimal) and value.is_finite():
        whole = kind is FieldKind.INTEGER and value == value.to_integral_value()
        return int(value) if whole else float(value)
    return value


if TYPE_CHECKING:
    from typing import Protocol

    class _Datetime64(Protocol):
        def astype(self, dtype: str) -> object: ...


# --- batches --------------------------------------------------------------------------------------


def _batches(
    frame: nw.DataFrame[IntoDataFrame] | nw.LazyFrame[IntoLazyFrame], names: Sequence[str]
) -> Iterator[Batch]:
    """Yield the rows of some columns, some at a time; a column may be asked for twice."""
    once = list(dict.fromkeys(names))
    implementation = frame.implementation
    if isinstance(frame, nw.DataFrame):
        yield from _slices(frame.select(*once), names)
    elif implementation.is_pyspark() or implementation.is_pyspark_connect():
        # Without the marks a dot in a name would be a field inside a column.
        marked = (f"`{name.replace('`', '``')}`" for name in once)
        native: Any = frame.to_native()
        rows = native.select(*marked).toLocalIterator()
        while some := list(islice(rows, BATCH)):
            values = dict(zip(once, zip(*some, strict=True), strict=True))
            yield [values[name] for name in names]
    else:
        for batch in _collected(frame.select(*once)):
            yield from _slices(nw.from_native(batch, eager_only=True), names)


def _collected(frame: nw.LazyFrame[IntoLazyFrame]) -> Iterator[IntoDataFrame]:
    native: Any = frame.to_native()
    implementation = frame.implementation
    if implementation.is_polars() and hasattr(native, "collect_batches"):
        yield from native.collect_batches(chunk_size=BATCH, maintain_order=True)
    elif implementation.is_duckdb() and hasattr(native, "to_arrow_reader"):
        arrow = nw.Implementation.PYARROW.to_native_namespace()
        for batch in native.to_arrow_reader(BATCH):
            yield arrow.Table.from_batches([batch])
    else:
        yield frame.collect().to_native()


def _slices(frame: nw.DataFrame[IntoDataFrame], names: Sequence[str]) -> Iterator[Batch]:
    for start in range(0, len(frame), BATCH):
        some = frame[start : start + BATCH]
        yield [some[name].to_list() for name in names]
