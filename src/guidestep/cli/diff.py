"""`guidestep diff`: for which patients two versions of a guideline differ."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guidestep.assessment.errors import named
from guidestep.cli.guidelines import guideline_of
from guidestep.cli.output import Failure, complain, say
from guidestep.guideline import Guideline, SettingError

if TYPE_CHECKING:
    from guidestep.verify.versions.result import Diff

EXTRA = {"z3": "guidestep[verify]", "narwhals": "guidestep[cohort]", "polars": "guidestep[cohort]"}
"""What to install for a module that is not there."""


def diff(
    old: Annotated[str, typer.Argument(metavar="OLD", help="A guideline's folder or id.")],
    new: Annotated[str, typer.Argument(metavar="NEW", help="Another version of it.")],
    profile: Annotated[
        str | None, typer.Option(help="Which assumptions are on; else the default of each.")
    ] = None,
    cohort: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Patients, Parquet or CSV: count whose answer changes."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    cases: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the patients as a file of cases for NEW."),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=0.001, max=86_400, help="Time limit of the comparison, in seconds.")
    ] = 60.0,
    regions: Annotated[
        int, typer.Option(min=1, help="How many groups of patients are told at most.")
    ] = 100,
) -> None:
    """Print for which patients two versions of a guideline differ, proved to be all of them.

    Each group comes with one of its patients, whom the engines of both versions answer so. Ids, the
    order of files and wording are no difference. The exit code is 0 where every patient is told to
    do the same, and 1 where they differ or it could not be settled.
    """
    found = _compared(guideline_of(old), guideline_of(new), profile, cohort, seconds, regions)
    if cases is not None:
        try:
            cases.write_text(found.cases(), encoding="utf-8")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise Failure(f"{named(str(cases))} cannot be written: {reason}") from None
    say(found.to_json() if as_json else str(found))
    if not found.equal:
        raise typer.Exit(1)


def _compared(
    old: Guideline,
    new: Guideline,
    profile: str | None,
    cohort: Path | None,
    seconds: float,
    regions: int,
) -> Diff:
    try:
        from guidestep.verify.diff import diff as compared

        with _patients(old, cohort) as frame:
            return compared(
                old,
                new,
                profile=profile,
                cohort=frame,
                today=date.today(),
                seconds=seconds,
                regions=regions,
            )
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRA:
            raise
        raise Failure(f"this needs {missing}: pip install '{EXTRA[missing]}'") from None
    except SettingError as error:
        raise Failure(str(error)) from None


@contextmanager
def _patients(guideline: Guideline, cohort: Path | None) -> Iterator[Any]:
    """Yield the frame of a file; its faults end the command, its warnings are one line each."""
    if cohort is None:
        yield None
        return
    from guidestep.cli.cohort_files import found, told, with_polars
    from guidestep.engines.support import UnsupportedNode
    from guidestep.frame import CohortError, ColumnError, ColumnWarning

    source = found([cohort], guideline.model.fields())
    with warnings.catch_warnings(record=True) as caught, with_polars() as library:
        warnings.simplefilter("always")
        try:
            yield library.read(source)
        except (CohortError, ColumnError) as error:
            raise Failure(str(error)) from None
        except UnsupportedNode as error:
            raise Failure(f"this guideline cannot be run over a cohort: {error}") from None
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "polars":
                raise
            raise Failure(f"{named(str(cohort))}: {told(error)}") from None
    ours = (each for each in caught if issubclass(each.category, ColumnWarning))
    for text in dict.fromkeys(str(each.message) for each in ours):
        complain(f"note: {text}")
