"""The data frame libraries: how a frame of each comes in, and goes out as the same kind.

Frames in memory (Polars, pandas, PyArrow) are computed by Polars, whatever made them; a lazy
Polars frame, a DuckDB relation and a Spark frame stay what they are, and nothing runs until their
owner asks for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from guidestep.engines.frame import LazyFrame
from guidestep.frame.schema import ColumnError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.dtypes import DType

    from guidestep.engines.frame.held import Held

PLAIN = "guidestep_c"
"""How the plain names begin that columns have while an answer is computed."""

_SPARK = (nw.Implementation.PYSPARK, nw.Implementation.PYSPARK_CONNECT)

KINDS = "Polars (eager or lazy), pandas, PyArrow, DuckDB and PySpark"


@dataclass(frozen=True, slots=True)
class Table:
    """A lazy frame to compute on, made of some columns of the user's or of all.

    `names` gives the name in `frame` of each of those columns, `types` its type. `enums` says
    whether a text of a known list can be an Enum. `finish` returns the user's frame with outputs,
    given this frame with further columns, the outputs, and the names of the columns it had. Of a
    frame in memory `held` are the columns as they lie there, and `attach` returns the user's frame
    with answers beside it, row by row.
    """

    frame: LazyFrame
    names: Mapping[str, str]
    types: Mapping[str, DType]
    enums: bool
    finish: Callable[[LazyFrame, Mapping[str, nw.Expr], Sequence[str]], Any]
    held: Held | None = None
    attach: Callable[[pl.DataFrame], Any] | None = None


def opened(frame: object) -> nw.DataFrame[Any] | LazyFrame:
    """Return a frame as Narwhals knows it.

    Raises:
        ColumnError: It is no frame of a supported library, or its columns cannot be told apart.
    """
    try:
        known: Any = nw.from_native(frame)
        names = names_of(known)
    except TypeError:
        raise ColumnError(f"a {type(frame).__name__} is no data frame of {KINDS}") from None
    except Exception as error:  # each library says it in its own way
        raise ColumnError(f"the columns of the frame cannot be read: {error}") from error
    if not names:
        raise ColumnError("the frame has no columns")
    told_apart(known)
    return known  # type: ignore[no-any-return]


def told_apart(known: nw.DataFrame[Any] | LazyFrame) -> None:
    """See that no two columns have one name, as the library that computes takes names.

    Raises:
        ColumnError: Some have; in memory, Narwhals or the library finds that itself.
    """
    library: nw.Implementation = known.implementation
    if library.is_duckdb() or library in _SPARK:
        native: Any = known.to_native()
        every: list[str] = native.columns  # a schema has each name once
        lowered = Counter(name.lower() for name in every)
        same = [name for name in every if lowered[name.lower()] > 1]
        if same:
            listed = ", ".join(sorted(same))
            raise ColumnError(f"{library.value} cannot tell these columns apart: {listed}")


def names_of(frame: nw.DataFrame[Any] | LazyFrame) -> list[str]:
    """Return the names of the columns; of what lies in memory no types are worked out for it."""
    return frame.columns if isinstance(frame, nw.DataFrame) else frame.collect_schema().names()


def table_of(whole: nw.DataFrame[Any] | LazyFrame, columns: Sequence[str]) -> Table:
    """Return what to compute on, with at least the columns named.

    Raises:
        ColumnError: The library is not supported, or values of one column are of several types.
    """
    library = whole.implementation
    if isinstance(whole, nw.DataFrame):
        if library.is_pandas():
            return _pandas(whole, columns)
        if library.is_polars() or library.is_pyarrow():
            return _in_memory(whole, columns)
    elif library in (*_SPARK, nw.Implementation.POLARS, nw.Implementation.DUCKDB):
        return _lazy(whole, columns)
    raise ColumnError(f"frames of {library.value} are not supported; {KINDS} are")


def collected(frame: LazyFrame) -> list[dict[str, Any]]:
    """Return the rows of a small frame, computed without holding what it is made of."""
    if frame.implementation.is_polars():
        native: Any = frame.to_native()
        rows: list[dict[str, Any]] = native.collect(engine="streaming").to_dicts()
        return rows
    return frame.collect().rows(named=True)


# --- frames in memory -----------------------------------------------------------------------------


def _eager(
    columns: pl.DataFrame, names: Mapping[str, str], attach: Callable[[pl.DataFrame], Any]
) -> Table:
    from guidestep.engines.frame.held import Held

    some: LazyFrame = nw.from_native(columns.lazy())

    def finish(frame: LazyFrame, outputs: Mapping[str, nw.Expr], own: Sequence[str]) -> Any:
        # First beside the columns, so that what is the same for everyone is there for everyone.
        answers = frame.with_columns(**outputs).select(*outputs)
        return attach(answers.to_native().collect(engine="streaming"))

    return Table(some, names, some.collect_schema(), True, finish, Held(columns), attach)


def _in_memory(whole: nw.DataFrame[Any], columns: Sequence[str]) -> Table:
    def attach(answers: pl.DataFrame) -> Any:
        native = whole.to_native()
        if whole.implementation.is_polars():
            return native.hstack(answers)
        arrow = answers.to_arrow()
        for name in arrow.column_names:
            native = native.append_column(name, arrow.column(name))
        return native

    plain = {name: f"{PLAIN}{index}" for index, name in enumerate(columns or whole.columns[:1])}
    if whole.implementation.is_polars():
        import polars

        # Said to Polars itself, since that costs the same however few the rows.
        given: Any = whole.to_native()
        held = polars.DataFrame([given[name].alias(new) for name, new in plain.items()])
        return _eager(held, plain, attach)
    series = [whole[name].alias(new).to_frame() for name, new in plain.items()]
    some: LazyFrame = nw.concat(series, how="horizontal").lazy(backend="polars")
    return _eager(some.to_native().collect(), plain, attach)


def _pandas(whole: nw.DataFrame[Any], columns: Sequence[str]) -> Table:
    """Return a pandas frame by way of Arrow, which knows what null is in every column."""
    import pandas
    import polars
    import pyarrow

    native = whole.to_native()

    def attach(answers: pl.DataFrame) -> Any:
        nullable = {
            pyarrow.bool_(): pandas.BooleanDtype(),
            pyarrow.int16(): pandas.Int16Dtype(),
            pyarrow.int64(): pandas.Int64Dtype(),
        }
        beside = answers.to_arrow().to_pandas(types_mapper=nullable.get)
        beside.index = native.index
        return pandas.concat([native, beside], axis=1)

    plain = {name: f"{PLAIN}{index}" for index, name in enumerate(columns or native.columns[:1])}
    series = {}
    for name, new in plain.items():
        try:
            values = pyarrow.Array.from_pandas(native[name])
            # pandas takes an empty column for numbers; of nulls alone, it has no type.
            alone = values.null_count == len(values) and pyarrow.types.is_floating(values.type)
            series[new] = pyarrow.nulls(len(values)) if alone else values
        except pyarrow.ArrowException as error:
            raise ColumnError(f"the column {name} holds values of several types: {error}") from None
    held: Any = polars.from_arrow(pyarrow.table(series))
    return _eager(held, plain, attach)


# --- frames elsewhere -----------------------------------------------------------------------------


def _lazy(whole: LazyFrame, columns: Sequence[str]) -> Table:
    """Return a lazy frame under plain names.

    To Spark a dot is a step into a column, to DuckDB a star is all of them, and Polars takes a name
    between `^` and `$` for a pattern. The names of outputs are put on last for the same reason.
    """
    given = dict(whole.collect_schema())
    plain = {name: f"{PLAIN}{index}" for index, name in enumerate(given)}

    def finish(frame: LazyFrame, outputs: Mapping[str, nw.Expr], own: Sequence[str]) -> Any:
        added = {f"{PLAIN}{len(plain) + n}": output for n, output in enumerate(outputs.values())}
        done = frame.select(*own, **added)
        if frame.implementation.is_polars():  # beside the columns: what is the same for everyone
            done = frame.with_columns(**added).select(*own, *added)
        return _named(done, [*given, *outputs])

    frame: LazyFrame = nw.from_native(_named(whole, list(plain.values())))
    types = {plain[name]: dtype for name, dtype in given.items()}
    names = {name: plain[name] for name in columns}
    return Table(frame, names, types, whole.implementation.is_polars(), finish)


def _named(frame: LazyFrame, names: Sequence[str]) -> Any:
    """Return a frame of its own library with other names, column by column."""
    native: Any = frame.to_native()
    if frame.implementation in _SPARK:
        return native.toDF(*names)
    renamed = dict(zip(frame.collect_schema().names(), names, strict=True))
    if frame.implementation.is_polars():
        return native.rename(renamed)
    if "*" in renamed:
        raise ColumnError("to DuckDB a column named * is all columns: rename it")
    return frame.rename(renamed).to_native()
