"""The files of a cohort: found, looked into, and read and written by Polars, DuckDB or Spark.

A frame stays in its file until it is written or counted. What is written gets its name when it is
whole: there is never half a file under it.
"""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guidestep.assessment.errors import named, shown
from guidestep.assessment.fields import FieldKind, FieldSpec
from guidestep.assessment.values import allowed
from guidestep.cli.output import Failure

if TYPE_CHECKING:
    import polars

PARQUET, CSV = ".parquet", ".csv"

_ROW, _BAD = "guidestep row", "guidestep bad"


@dataclass(frozen=True, slots=True)
class Source:
    """The files of a cohort, all of one kind; `typed` are the columns of CSV that are no texts."""

    files: tuple[Path, ...]
    kind: str
    typed: Mapping[str, FieldSpec]


@dataclass(frozen=True, slots=True)
class Engine:
    """Reads a cohort as a lazy frame, and writes one to a place of some kind."""

    read: Callable[[Source], Any]
    write: Callable[[Any, Path, str], None]


# --- finding them, and looking into them ----------------------------------------------------------


def found(names: Sequence[Path], fields: Mapping[str, FieldSpec]) -> Source:
    """Return the files under some names; a folder stands for the Parquet files in it.

    `fields` gives the fields by the columns that may hold them. Each file is opened, and each value
    in CSV is looked at: the libraries do not tell in which row they met a wrong one.
    """
    files: list[Path] = []
    for name in names:
        if not name.exists():
            raise Failure(f"{named(str(name))}: no such file or folder")
        parts = sorted(name.glob(f"*{PARQUET}")) if name.is_dir() else [name]
        if not parts:
            raise Failure(f"{named(str(name))} is a folder without Parquet files")
        files += parts
    kinds = {CSV if file.suffix == CSV else PARQUET for file in files}
    if len(kinds) > 1:
        raise Failure("the files of a cohort are all Parquet or all CSV")
    (kind,) = kinds
    typed: Mapping[str, FieldSpec] = {}
    for file in files:
        typed = {**typed, **_look_into_csv(file, fields)} if kind == CSV else _look_into(file)
    return Source(tuple(files), kind, typed)


def _look_into(file: Path) -> Mapping[str, FieldSpec]:
    import polars
    from polars.exceptions import PolarsError

    try:
        polars.read_parquet_schema(file)
    except (PolarsError, OSError) as error:
        hint = "" if file.suffix == PARQUET else "; the name of a CSV file ends in .csv"
        raise Failure(f"{named(str(file))} is no Parquet file: {told(error)}{hint}") from None
    return {}


def _look_into_csv(file: Path, fields: Mapping[str, FieldSpec]) -> Mapping[str, FieldSpec]:
    """Return the columns that are no texts; all their values are of their type."""
    import polars
    from polars.exceptions import PolarsError

    _look_at_names(file)
    try:
        frame = _texts([file])
        names = frame.collect_schema().names()
        typed = {name: fields[name] for name in names if name in fields}
        typed = {name: spec for name, spec in typed.items() if spec.kind in _SQL_TYPES}
        wrong = [_value(n, s).is_null() & polars.col(n).is_not_null() for n, s in typed.items()]
        rows = frame.with_row_index(_ROW, offset=1).with_columns(
            polars.any_horizontal(polars.lit(False), *wrong).alias(_BAD)
        )
        # With every column, so that each line is looked at to its end.
        bad = rows.filter(_BAD).head(1).collect(engine="streaming")
        told_of = bad.with_columns(_value(name, spec).alias(name) for name, spec in typed.items())
    except (PolarsError, OSError) as error:
        raise Failure(f"{named(str(file))} cannot be read as CSV: {told(error)}") from None
    for name, spec in typed.items():
        if len(bad) and bad[name][0] is not None and told_of[name][0] is None:
            # The first row is the one below the names, as in a spreadsheet without them.
            raise Failure(
                f"{named(str(file))}: row {bad[_ROW][0]}, column {name}: "
                f"got {shown(bad[name][0])}, allowed is {allowed(spec)}"
            )
    return typed


def _look_at_names(file: Path) -> None:
    """Refuse a file with two columns of one name, of which a library would rename the second."""
    try:
        with file.open(newline="", encoding="utf-8-sig") as text:
            names = next(csv.reader(text), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return  # what is wrong with it is told where it is read
    # Columns without a name, as behind a last comma, are none of ours.
    twice = [name for name, times in Counter(names).items() if name and times > 1]
    if twice:
        raise Failure(f"{named(str(file))} has several columns named {named(twice[0])}: keep one")


def _texts(files: Sequence[Path]) -> polars.LazyFrame:
    """Return files of CSV as texts; no type is guessed, so that an id of 007 stays what it is."""
    import polars

    return polars.scan_csv(list(files), infer_schema=False, null_values=[""])


def _value(name: str, spec: FieldSpec) -> polars.Expr:
    """Return the values of a column of texts, null where there is none."""
    import polars

    text = polars.col(name)
    match spec.kind:
        case FieldKind.INTEGER:
            return text.cast(polars.Int64, strict=False)
        case FieldKind.DECIMAL:
            return text.cast(polars.Float64, strict=False)
        case FieldKind.DATE:
            day = text.str.to_date("%Y-%m-%d", strict=False)
            return polars.when(text.str.len_chars() == len("2026-01-31")).then(day)
        case _:
            lower = text.str.to_lowercase()
            return polars.when(lower.is_in(["true", "false"])).then(lower == "true")


_SQL_TYPES: Mapping[FieldKind, str] = {
    FieldKind.INTEGER: "BIGINT",
    FieldKind.DECIMAL: "DOUBLE",
    FieldKind.DATE: "DATE",
    FieldKind.BOOLEAN: "BOOLEAN",
}


def told(error: Exception) -> str:
    """Return what a library says of a failure, in one line."""
    text = getattr(error, "strerror", None) or next(iter(str(error).strip().splitlines()), "")
    return text[:1].lower() + text[1:] if text else type(error).__name__


# --- what reads and writes them -------------------------------------------------------------------


@contextmanager
def with_polars() -> Iterator[Engine]:
    """Yield Polars, which streams from file to file."""
    import polars

    def read(source: Source) -> polars.LazyFrame:
        if source.kind == PARQUET:
            return polars.scan_parquet(list(source.files))
        typed = (_value(name, spec).alias(name) for name, spec in source.typed.items())
        return _texts(source.files).with_columns(*typed)

    def write(frame: polars.LazyFrame, place: Path, kind: str) -> None:
        if kind == PARQUET:
            frame.sink_parquet(place)
        else:
            frame.sink_csv(place)

    with polars.Config():
        # Nothing is ever held as a whole, also not where somebody only collects a count.
        polars.Config.set_engine_affinity("streaming")
        yield Engine(read, write)


@contextmanager
def with_duckdb() -> Iterator[Engine]:
    """Yield DuckDB, which puts on disk what does not fit into memory."""
    import duckdb

    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        connection.execute("SET temp_directory = ?", [folder])

        def read(source: Source) -> duckdb.DuckDBPyRelation:
            files: Any = [str(file) for file in source.files]
            if source.kind == PARQUET:
                return connection.read_parquet(files)
            texts = connection.read_csv(
                files, header=True, delimiter=",", quotechar='"', escapechar='"', all_varchar=True
            )
            casts = [
                f"CAST({_quoted(name)} AS {_SQL_TYPES[spec.kind]}) AS {_quoted(name)}"
                for name, spec in source.typed.items()
            ]
            return texts.project(f"* REPLACE ({', '.join(casts)})") if casts else texts

        def write(frame: duckdb.DuckDBPyRelation, place: Path, kind: str) -> None:
            if kind == PARQUET:
                frame.write_parquet(str(place))
            else:
                frame.write_csv(str(place), header=True)

        yield Engine(read, write)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def with_spark(master: str) -> Iterator[Engine]:
    """Yield Spark: the session that there is, or one of its own. It reads and writes Parquet."""
    from pyspark.sql import DataFrame, SparkSession

    running = SparkSession.getActiveSession()
    builder = SparkSession.builder.master(master).appName("guidestep")
    # Its own bar would go to files too, and over the line that says what is going on.
    session = running or builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    if running is None:
        session.sparkContext.setLogLevel("ERROR")

    def read(source: Source) -> DataFrame:
        return session.read.parquet(*(str(file.absolute()) for file in source.files))

    def write(frame: DataFrame, place: Path, kind: str) -> None:
        frame.write.mode("overwrite").parquet(str(place.absolute()))

    try:
        yield Engine(read, write)
    finally:
        if running is None:
            session.stop()


def engine_of(name: str, master: str) -> AbstractContextManager[Engine]:
    """Return polars, duckdb or spark, to be used in a `with`; `master` is for Spark."""
    match name:
        case "polars":
            return with_polars()
        case "duckdb":
            return with_duckdb()
        case _:
            return with_spark(master)


# --- a place that is there when it is whole -------------------------------------------------------


@contextmanager
def written_whole(out: Path) -> Iterator[Path]:
    """Yield the place beside `out` to write a file or a folder to; it becomes `out` at the end."""
    part, old = (out.with_name(f"{out.name}.{end}") for end in ("part", "old"))
    try:
        yield part
        if out.is_dir():  # a folder cannot be put in the place of another
            os.replace(out, old)
        os.replace(part, out)
    finally:
        try:
            _remove(part, old)
        except KeyboardInterrupt:  # Polars lets one interrupt arrive twice, the second time here
            _remove(part, old)
            raise


def _remove(*places: Path) -> None:
    for place in places:
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)
