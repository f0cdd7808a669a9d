"""`guidestep cohort`: the answers to all patients in a file, and what they come to."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from guidestep.assessment.errors import UnknownFieldError, named
from guidestep.cli.cohort_files import CSV, PARQUET, engine_of, found, told, written_whole
from guidestep.cli.guidelines import guideline_of
from guidestep.cli.output import Failure, complain, console, counted, say
from guidestep.engines.support import UnsupportedNode
from guidestep.guideline import SettingError

EXTRA = {
    "narwhals": "guidestep[cohort]",
    "polars": "guidestep[cohort]",
    "duckdb": "duckdb",
    "pyarrow": "pyarrow",
    "pyspark": "guidestep[spark]",
}
"""What to install for a module that is not there."""

LIBRARIES = ("polars", "_duckdb", "duckdb", "pyspark", "py4j")
"""The modules whose errors are failures of reading, computing or writing, not faults of ours."""


class Library(StrEnum):
    """What computes the answers."""

    POLARS = "polars"
    DUCKDB = "duckdb"
    SPARK = "spark"


class Detail(StrEnum):
    """How much is written of each patient."""

    OUTCOME = "outcome"
    RULES = "rules"
    MISSING = "missing"


class OnInvalid(StrEnum):
    """What becomes of values that are none of their field."""

    ERROR = "error"
    FLAG = "flag"


def cohort(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="Parquet or CSV, or a folder of Parquet files."),
    ],
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where the answers go: NAME.parquet or NAME.csv."),
    ] = None,
    engine: Annotated[
        Library, typer.Option(help="What computes; Spark reads and writes folders of Parquet.")
    ] = Library.POLARS,
    guideline: Annotated[
        str | None, typer.Option(metavar="PATH|ID", help="A guideline's folder or id.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Which assumptions are on; else the guideline's default.")
    ] = None,
    detail: Annotated[
        Detail, typer.Option(help="Add every rule's verdict, or what is missing.")
    ] = Detail.OUTCOME,
    on_invalid: Annotated[
        OnInvalid, typer.Option(help="Refuse invalid values, or take them as not assessed.")
    ] = OnInvalid.ERROR,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="FIELD=NAME", help="The column that holds a field; may be repeated."),
    ] = None,
    prefix: Annotated[
        str, typer.Option(metavar="TEXT", help="How the names of the columns added begin.")
    ] = "",
    summary: Annotated[bool, typer.Option(help="Print what the answers come to.")] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", "--force", help="Replace the output if it is there.")
    ] = False,
    master: Annotated[
        str, typer.Option(envvar="SPARK_MASTER", help="The Spark cluster.")
    ] = "local[*]",
) -> None:
    """Answer for all patients in a file, one row each, and print what the answers come to.

    The columns are named by field paths, such as scope.age_years. A file larger than the memory is
    no trouble. Without --out the summary alone is made.
    """
    if out is None and not summary:
        raise Failure("there is nothing to do: give --out FILE, or leave --no-summary out")
    if out is not None:
        _check(out, engine, overwrite=overwrite)
    asked, columns = guideline_of(guideline), _columns(column or ())
    with _failures(), _notes(), _progress() as progress:
        task = progress.add_task(f"reading {files[0]}" + (" and more" if files[1:] else ""))
        fields = {columns.get(path, path): spec for path, spec in asked.model.fields().items()}
        source = found(files, fields)
        if engine is Library.SPARK and source.kind == CSV:
            raise Failure("Spark reads Parquet alone; --engine polars and duckdb read CSV")
        with engine_of(engine.value, master) as library:
            frame: Any = library.read(source)
            totals: Any = None
            settings: Any = {
                "columns": columns,
                "profile": profile,
                "on_invalid": on_invalid.value,
                "today": date.today(),
            }
            if summary:
                progress.update(task, description="counting")
                totals = asked.summarize(frame, **settings)
            if out is not None:
                progress.update(task, description=f"writing {out}")
                answers = asked.recommend_frame(
                    frame, detail=detail.value, prefix=prefix, **settings
                )
                with written_whole(out) as place:
                    library.write(answers, place, out.suffix)
    if out is not None:
        say(f"wrote {out}")
    if totals is not None:
        _print(totals.rows())


# --- what was asked for ---------------------------------------------------------------------------


def _check(out: Path, engine: Library, *, overwrite: bool) -> None:
    """Refuse a place that cannot be written, or must not be."""
    name = named(str(out))
    if engine is Library.SPARK:
        if out.suffix != PARQUET:
            raise Failure(f"{name} must be named NAME.parquet: Spark writes a folder of Parquet")
    elif out.suffix not in (PARQUET, CSV):
        raise Failure(f"{name} must be named NAME.parquet or NAME.csv")
    if not out.parent.is_dir():
        raise Failure(f"{name} cannot be written: there is no folder {named(str(out.parent))}")
    if out.exists() and not overwrite:
        raise Failure(f"{name} is there already; --overwrite replaces it")
    if out.is_dir() and (engine is not Library.SPARK or not _of_spark(out)):
        raise Failure(f"{name} is a folder, which is not replaced")


def _of_spark(folder: Path) -> bool:
    """Whether a folder holds nothing but what Spark writes."""
    return all(entry.name.startswith(("part-", "_", ".")) for entry in folder.iterdir())


def _columns(pairs: Iterable[str]) -> dict[str, str]:
    columns = {}
    for pair in pairs:
        field, sign, name = pair.partition("=")
        if not (field and sign and name):
            raise Failure(f"--column takes FIELD=NAME, such as scope.age_years=age, not {pair!r}")
        columns[field] = name
    return columns


# --- what goes wrong, and what takes long ---------------------------------------------------------


@contextmanager
def _failures() -> Iterator[None]:
    """End the command with one message, whatever is wrong with the files or the libraries."""
    try:
        from guidestep.frame import CohortError, ColumnError

        try:
            yield
        except (CohortError, ColumnError, SettingError, UnknownFieldError) as error:
            raise Failure(_as_options(str(error))) from None
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRA:
            raise
        raise Failure(f"this needs {missing}: pip install '{EXTRA[missing]}'") from None
    except UnsupportedNode as error:
        raise Failure(f"this guideline cannot be run over a cohort: {error}") from None
    except RuntimeError as error:
        if "interrupted" not in str(error):
            raise
        raise KeyboardInterrupt from None  # as DuckDB tells of it
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        raise Failure(f"{name}{told(error)}") from None
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in LIBRARIES:
            raise
        raise Failure(f"the work stopped: {told(error)}") from None


def _as_options(text: str) -> str:
    """Return a message of the library with the options of this command in it."""
    text = text.replace("on_invalid='flag'", "--on-invalid flag")
    return re.sub(r"prefix='(\w+)'", r"--prefix \1", text)


@contextmanager
def _notes() -> Iterator[None]:
    """Print each warning about columns once, as a line."""
    from guidestep.frame import ColumnWarning

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            yield
        finally:
            ours = (each for each in caught if issubclass(each.category, ColumnWarning))
            for text in dict.fromkeys(str(each.message) for each in ours):
                complain(f"note: {text}")


def _progress() -> Progress:
    """Return a line that says what is going on and for how long; only a terminal shows it."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    )


# --- the summary ----------------------------------------------------------------------------------

_SECTIONS = {
    "outcome": ("Outcomes", "Outcome", ""),
    "basis": ("Who decides", "Basis", ""),
    "step": ("Steps", "Step", "Action"),
    "missing": ("Missing where something has to be assessed first", "Input", "Is"),
    "red_flag": ("Red flags", "Rule", "Says"),
    "never_fired": ("Rules that are true of nobody", "Rule", "Says"),
    "invalid": ("Values that were not used", "Field", "Is"),
}


def _print(rows: Sequence[tuple[str, str, str, int, float | None]]) -> None:
    """Print a summary; what each rule comes to is left to `Guideline.summarize`."""
    ((_, _, label, patients, _), *rest) = rows
    say(f"{label}: {counted(patients, 'patient')}")
    paper = console()
    for about, (title, name, detail) in _SECTIONS.items():
        # A step that nobody gets is no news; that a rule is true of nobody may be.
        some = [row for row in rest if row[0] == about and (row[3] or about != "step")]
        if some:
            with paper.capture() as printed:
                paper.print(_table(title, name, detail, some))
            # Rich fills the last column with spaces, which nobody wants in a file.
            say("\n" + "\n".join(line.rstrip() for line in printed.get().splitlines()))


def _table(
    title: str, name: str, detail: str, rows: Iterable[tuple[str, str, str, int, float | None]]
) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column(name, no_wrap=True, overflow="ignore")
    table.add_column("Patients", justify="right", no_wrap=True)
    table.add_column("Share", justify="right", no_wrap=True)
    table.add_column(detail)
    for _, called, more, count, share in rows:
        part = "" if share is None else f"{share:.1%}"
        # As Text, so that brackets in a statement are not taken for markup.
        table.add_row(*map(Text, (called, str(count), part, more)))
    return table
