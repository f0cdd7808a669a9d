"""`guidestep check`: every fault of a guideline, and whether its cases pass."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from guidestep.cases import Case, check_cases, read_cases, run_case
from guidestep.cli.guidelines import folder_of
from guidestep.cli.output import counted, say, show_faults
from guidestep.engines.errors import EngineError
from guidestep.guideline import Guideline, load
from guidestep.language.diagnostics import Diagnostic, GuidelineError


def check(
    path: Annotated[str, typer.Argument(metavar="PATH|ID", help="A guideline's folder or id.")],
    with_cases: Annotated[
        bool, typer.Option("--cases", help="Run the cases of the guideline as well.")
    ] = False,
) -> None:
    """Print every fault of a guideline, each with its place and what to write instead.

    The exit code is 1 where there is a fault or where a case fails, and 0 otherwise.
    """
    folder = folder_of(path)
    guideline, cases, faults = _read(folder)
    if guideline is None or faults:
        show_faults(faults, sys.stdout)
        say(counted(len(faults), "fault"))
        raise typer.Exit(1)
    if with_cases and not _run(guideline, cases):
        raise typer.Exit(1)
    say(_summary(guideline, len(cases)) + (", all cases pass" if with_cases and cases else ""))


def _read(folder: Path) -> tuple[Guideline | None, tuple[Case, ...], tuple[Diagnostic, ...]]:
    """Return what can be read of a guideline and its cases, and the faults of both."""
    guideline: Guideline | None = None
    cases: tuple[Case, ...] = ()
    faults: list[Diagnostic] = []
    try:
        guideline = load(folder)
    except GuidelineError as error:
        faults += error.diagnostics
    try:
        cases = read_cases(folder)
    except GuidelineError as error:
        faults += error.diagnostics
    if guideline is not None:
        from guidestep.interop.fhir.mapping import mapping_faults

        faults += check_cases(guideline, cases)
        faults += mapping_faults(guideline)
    # The error puts faults in order and drops those found twice.
    return guideline, cases, GuidelineError(faults).diagnostics


def _run(guideline: Guideline, cases: tuple[Case, ...]) -> bool:
    """Run the cases, print the differences and return whether there were none."""
    failed = 0
    for case in cases:
        try:
            differences = run_case(guideline, case)
        except EngineError as error:
            differences = (str(error),)
        if differences:
            failed += 1
            say(f"{case.span}: case-failed: '{case.id}' is not answered as expected")
            for difference in differences:
                say(f"  - {difference}")
    if failed:
        say(f"{failed} of {counted(len(cases), 'case')} failed")
    return not failed


def _summary(guideline: Guideline, cases: int) -> str:
    rules = len(guideline.rules) + len(guideline.base.progressions)
    counts = (
        counted(rules, "rule"),
        counted(len(guideline.facts), "fact"),
        counted(len(guideline.steps), "step"),
        counted(cases, "case"),
    )
    return f"{guideline.id} {guideline.version}: no faults in {', '.join(counts)}"
