"""FHIR data in files: read through the mapping of a guideline, with all that could not be used."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from guidestep.assessment import Assessment
from guidestep.assessment.errors import named
from guidestep.cli.assessments import STDIN, UnreadableError
from guidestep.cli.output import Failure, complain
from guidestep.guideline import Guideline
from guidestep.language.diagnostics import Diagnostic, GuidelineError
from guidestep.language.source import SourceText, Span

if TYPE_CHECKING:
    from guidestep.interop.fhir import FhirMapping, Reading, ReadingProblem

MAX_BYTES = 64 << 20
"""The largest file that is read; a record of one patient at one visit is far smaller."""

FEW = 3
"""Records that are too old, up to which each is told by itself."""


@dataclass(frozen=True, slots=True)
class FhirInput:
    """How FHIR data are read: the mapping, whose data are meant, and the day of the visit."""

    mapping: FhirMapping
    subject: str | None
    on: date


def fhir_input(guideline: Guideline, subject: str | None, on: str | None) -> FhirInput:
    """Return how FHIR data are read; a mapping at fault, or a wrong day, ends the command."""
    from guidestep.interop.fhir import load_mapping

    try:
        day = date.today() if on is None else date.fromisoformat(on)
    except ValueError:
        raise Failure(f"--on is a day, such as 2026-03-02, not {named(on or '')}") from None
    if day > date.today():
        raise Failure(f"--on is {day}, which lies in the future")
    try:
        return FhirInput(load_mapping(guideline), subject, day)
    except GuidelineError as error:
        raise Failure(f"fhir.yaml is at fault; see 'guidestep check'\n{error}") from None


def read_fhir(name: str, given: FhirInput) -> Assessment:
    """Return the assessment in a file of FHIR data; what could not be used goes to standard error.

    Raises:
        UnreadableError: The file is no FHIR JSON, or a required field is nowhere recorded.
    """
    from guidestep.interop.fhir import ReadingError

    data = _json(name)
    try:
        reading = given.mapping.read(data, subject=given.subject, on=given.on)
    except ReadingError as error:
        raise UnreadableError([_fault(name, "fhir", str(error))]) from None
    _show(name, reading.problems)
    if reading.missing_required:
        raise _missing(name, reading)
    return reading.assessment()


def _json(name: str) -> object:
    try:
        if name == STDIN:
            text = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with Path(name).open("rb") as file:
                text = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it cannot be opened"
        raise UnreadableError([_fault(name, "unreadable-file", str(reason))]) from None
    if len(text) > MAX_BYTES:
        message = f"the file is larger than {MAX_BYTES >> 20} MiB"
        raise UnreadableError([_fault(name, "file-too-large", message)])
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 1)
        column = getattr(error, "colno", 1)
        message = getattr(error, "msg", "it cannot be read as JSON in UTF-8")
        fault = _fault(name, "invalid-json", f"not JSON: {message}", line, column)
        raise UnreadableError([fault]) from None
    return found


def _missing(name: str, reading: Reading) -> UnreadableError:
    fields = reading.guideline.model.fields()
    faults = [
        _fault(
            name,
            "missing",
            f"{path}: {fields[path].label}: nothing usable is recorded, and the field is required",
            hint=f"ask: {fields[path].question}",
        )
        for path in reading.missing_required
    ]
    return UnreadableError(faults, reading.missing_required)


def _fault(
    name: str, code: str, message: str, line: int = 1, column: int = 1, hint: str = ""
) -> Diagnostic:
    shown = "<stdin>" if name == STDIN else named(name)
    place = Span(SourceText(shown, ""), line, column, line, column + 1)
    return Diagnostic(code, place, message, hint)


def _show(name: str, problems: tuple[ReadingProblem, ...]) -> None:
    sys.stdout.flush()
    shown = "<stdin>" if name == STDIN else named(name)
    # A form of last month is one thing to say, not one for each of its questions.
    stale = [problem for problem in problems if problem.code == "stale"]
    for problem in problems:
        if problem.code != "stale" or len(stale) <= FEW:
            complain(f"{shown}: {problem.severity}: {problem}")
    if len(stale) > FEW:
        paths = ", ".join(problem.path for problem in stale)
        told = f"{len(stale)} fields are recorded, but too long ago to count: {paths}"
        complain(f"{shown}: warning: {told}\n  hint: {stale[0].hint}")
