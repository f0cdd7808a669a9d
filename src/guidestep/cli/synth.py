"""`guidestep synth`: a file of synthetic patients."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from guidestep.assessment import AssessmentError
from guidestep.cases import Case, read_cases
from guidestep.cli.guidelines import folder_of, guideline_of
from guidestep.cli.output import Failure, counted, say, show_faults
from guidestep.guideline import Guideline, SettingError
from guidestep.language.diagnostics import GuidelineError

EXTRA = ("narwhals", "polars", "numpy")


def synth(
    count: Annotated[int, typer.Argument(metavar="N", min=0, help="How many patients.")],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where they go: NAME.parquet or NAME.csv.")
    ],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same patients.")] = 0,
    missing: Annotated[
        float, typer.Option(min=0, max=1, help="The share of optional values left out.")
    ] = 0.15,
    guideline: Annotated[
        str | None, typer.Option(metavar="PATH|ID", help="A guideline's folder or id.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it is there.")
    ] = False,
) -> None:
    """Write a file of synthetic patients, one row each, drawn from the guideline's own cases.

    None of them is real: a column says so, and so do the metadata of a Parquet file. All are
    valid assessments, and some thousands of them make every outcome. A file of any size needs
    little memory.
    """
    if out.exists() and not overwrite:
        raise Failure(f"{out} is there already; --overwrite replaces it")
    asked = guideline_of(guideline)
    cases = _cases(folder_of(guideline))
    try:
        _write(out, asked, count, seed, missing, cases)
    except ModuleNotFoundError as error:
        if error.name not in EXTRA:
            raise
        message = "synthetic cohorts are an extra: pip install 'guidestep[cohort]'"
        raise Failure(message) from None
    except SettingError as error:
        raise Failure(str(error)) from None
    except AssessmentError as error:
        problem = error.problems[0]
        raise Failure(
            f"a case is at fault: {problem.path}: {problem.message}; see 'guidestep check --cases'"
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Failure(f"{out} cannot be written: {reason}") from None
    say(f"wrote {out}: {counted(count, 'synthetic patient')}")


def _cases(folder: Path) -> tuple[Case, ...]:
    try:
        return read_cases(folder)
    except GuidelineError as error:
        show_faults(error.diagnostics, sys.stderr)
        raise Failure(f"the cases of {folder.name} are at fault; see 'guidestep check'") from None


def _write(
    out: Path,
    guideline: Guideline,
    count: int,
    seed: int,
    missing: float,
    cases: tuple[Case, ...],
) -> None:
    from guidestep.frame import write_synthetic

    # Only a terminal shows it, and only while the work goes on.
    with Progress(
        TextColumn("patients"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task("patients", total=count)
        write_synthetic(
            out,
            guideline,
            count,
            seed=seed,
            missing=missing,
            cases=cases,
            advance=lambda done: progress.advance(task, done),
        )
