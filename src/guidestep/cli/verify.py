"""`guidestep verify`: what holds for all patients, and a patient for whatever does not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from guidestep.assessment.errors import named
from guidestep.cli.guidelines import guideline_of
from guidestep.cli.output import Failure, console, say
from guidestep.guideline import Guideline, SettingError

if TYPE_CHECKING:
    from guidestep.verify import Report

ALL = "all"
"""As a profile: every profile of the guideline, one after another."""


def verify(
    path: Annotated[str, typer.Argument(metavar="PATH|ID", help="A guideline's folder or id.")],
    profile: Annotated[
        str | None, typer.Option(help="Which assumptions are on, or 'all' for every profile.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")] = False,
    seconds: Annotated[
        float, typer.Option(min=0.001, max=86_400, help="Time limit of one question, in seconds.")
    ] = 10.0,
    smt: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the questions in SMT-LIB 2 into a folder."),
    ] = None,
    cases: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the patients of what fails as a file of cases."),
    ] = None,
) -> None:
    """Prove the safety properties of a guideline over all patients.

    Whatever fails is shown with a patient whom both engines answer so. The exit code is 1 where
    something fails or could not be proved, and 0 where everything holds or is accepted.
    """
    guideline = guideline_of(path)
    reports = [_report(guideline, each, seconds, smt) for each in _profiles(guideline, profile)]
    if as_json:
        texts = [report.to_json() for report in reports]
        say(texts[0] if len(texts) == 1 else f"[{','.join(texts)}]")
    else:
        say("\n\n".join(str(report) for report in reports))
    if cases is not None:
        _write(cases, "".join(_cases(reports)))
    if not all(report.holds for report in reports):
        raise typer.Exit(1)


def _profiles(guideline: Guideline, wanted: str | None) -> list[str]:
    if wanted == ALL:
        return list(guideline.profiles)
    if wanted is not None and wanted not in guideline.profiles:
        names = ", ".join((*guideline.profiles, ALL))
        raise Failure(f"there is no profile {named(wanted)}; the profiles are {names}")
    return [guideline.default_profile if wanted is None else wanted]


def _report(guideline: Guideline, profile: str, seconds: float, smt: Path | None) -> Report:
    try:
        from guidestep.verify import verify as proved
    except ModuleNotFoundError as error:
        if error.name != "z3":
            raise
        raise Failure("proofs are an extra: pip install 'guidestep[verify]'") from None
    folder = None if smt is None else smt / profile
    try:
        with _progress() as progress:
            return proved(
                guideline, profile=profile, seconds=seconds, export=folder, progress=progress
            )
    except SettingError as error:
        raise Failure(str(error)) from None
    except OSError as error:
        raise Failure(f"{named(str(smt))} cannot be written: {error.strerror or error}") from None


def _cases(reports: list[Report]) -> Iterator[str]:
    for report in reports:
        for finding in report.failures:
            yield from (witness.case for witness in finding.witnesses)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text or "[]\n", encoding="utf-8")
    except OSError as error:
        raise Failure(f"{named(str(path))} cannot be written: {error.strerror or error}") from None


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Show which property is being proved, on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task("encoding")
        yield lambda name: bar.update(task, description=name)
