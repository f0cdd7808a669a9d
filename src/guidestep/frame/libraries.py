"""The data frame libraries: how a frame of each comes in, and goes out as the same kind.

Frames in memory (Polars, pandas, PyArrow) are computed by Polars, whatever made them; a lazy
Polars frame, a DuckDB relation and a Spark frame stay what they are, and nothing runs until their
owner asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import narwhals as nw

from guidestep.engines.frame import LazyFrame
from guidestep.frame.schema import ColumnError

if TYPE_CHECKING:
    import polars as pl
    from narwhals.dtypes import DType

KINDS = "Polars (eager or lazy), pandas, PyArrow, DuckDB and PySpark"


@dataclass(frozen=True, slots=True)
class Table:
    """A lazy frame to compute on, made of some columns of the user's or of all.

    `names` gives the name in `frame` of each of those columns, `types` its type. `enums` says
    whether a text of a known list can be an Enum. `finish` returns the user's frame with outputs,
    given this frame with further columns, the outputs, and the names of the columns it had. Of a
    frame in memory `attach` returns the user's frame with answers beside it, row by row.
    """

    frame: LazyFrame
    names: Mapping[str, str]
    types: Mapping[str, DType]
    enums: bool
    finish: Callable[[LazyFrame, Mapping[str, nw.Expr], Sequence[str]], Any]
    attach: Callable[[pl.DataFrame], Any] | None = None


def opened(frame: object) -> nw.DataFrame[Any] | LazyFrame:
    """Return a frame as Narwhals knows it.

    Raises:
        ColumnError: It is no frame of a supported library, or its columns cannot be told apart.
    """
    try:
        known: Any = nw.from_native(frame)
        names = known.collect_schema().names()
    except TypeError:
        raise ColumnError(f"a {type(frame).__name__} is no data frame of {KINDS}") from None
    except Exception as error:  # each library says it in its own way
        raise ColumnError(f"the columns of the frame cannot be read: {error}") from error
    if not names:
        raise ColumnError("the frame has no columns")
    library: nw.Implementation = known.implementation
    if library.is_duckdb() or library.is_pyspark() or library.is_pyspark_connect():
        same = {name for name in names if [n.lower() for n in names].count(name.lower()) > 1}
        if same:
            listed = ", ".join(sorted(same))
            raise ColumnError(f"{library.value} cannot tell these columns apart: {listed}")
    return known  # type: ignore[no-any-return]


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
    elif library.is_polars() or library.is_duckdb():
        schema = whole.collect_schema()
        names = {name: name for name in columns}
        return Table(whole, names, schema, library.is_polars(), _added)
    elif library.is_pyspark() or library.is_pyspark_connect():
        return _spark(whole, columns)
    raise ColumnError(f"frames of {library.value} are not supported; {KINDS} are")


def _added(frame: LazyFrame, outputs: Mapping[str, nw.Expr], own: Sequence[str]) -> Any:
    if frame.implementation.is_polars():
        done = frame.with_columns(**outputs)
        spare = [name for name in frame.collect_schema().names() if name not in set(own)]
        return done.drop(*spare).to_native()  # by name it might take a column for a pattern
    return frame.select(*own, **outputs).to_native()


# --- frames in memory -----------------------------------------------------------------------------


def _eager(
    some: LazyFrame, names: Mapping[str, str], attach: Callable[[pl.DataFrame], Any]
) -> Table:
    def finish(frame: LazyFrame, outputs: Mapping[str, nw.Expr], own: Sequence[str]) -> Any:
        # First beside the columns, so that what is the same for everyone is there for everyone.
        answers = frame.with_columns(**outputs).select(*outputs)
        return attach(answers.to_native().collect(engine="streaming"))

    return Table(some, names, some.collect_schema(), True, finish, attach)


def _in_memory(whole: nw.DataFrame[Any], columns: Sequence[str]) -> Table:
    def attach(answers: pl.DataFrame) -> Any:
        native = whole.to_native()
        if whole.implementation.is_polars():
            return native.hstack(answers)
        arrow = answers.to_arrow()
        for name in arrow.column_names:
            native = native.append_column(name, arrow.column(name))
        return native

    some = whole.select(*(columns or whole.columns[:1])).lazy(backend="polars")
    names = {name: name for name in columns}
    return _eager(some, names, attach)


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

    series = {}
    for name in columns or whole.columns[:1]:
        try:
            series[name] = pyarrow.Array.from_pandas(native[name])
        except pyarrow.ArrowInvalid as error:
            raise ColumnError(f"the column {name} holds values of several types: {error}") from None
    arrow: Any = polars.from_arrow(pyarrow.table(series))
    some: LazyFrame = nw.from_native(arrow.lazy())
    names = {name: name for name in columns}
    return _eager(some, names, attach)


# --- frames elsewhere -----------------------------------------------------------------------------


def _spark(whole: LazyFrame, columns: Sequence[str]) -> Table:
    """Return a Spark frame under plain names: to Spark a dot is a step into a column."""
    given = whole.collect_schema()
    plain = {name: f"guidestep_c{index}" for index, name in enumerate(given)}
    native: Any = whole.to_native()
    frame: LazyFrame = nw.from_native(native.toDF(*plain.values()))

    def finish(frame: LazyFrame, outputs: Mapping[str, nw.Expr], own: Sequence[str]) -> Any:
        added = {f"guidestep_o{index}": output for index, output in enumerate(outputs.values())}
        done: Any = _added(frame, added, own)
        return done.toDF(*given, *outputs)

    types = {plain[name]: dtype for name, dtype in given.items()}
    return Table(frame, {name: plain[name] for name in columns}, types, False, finish)
