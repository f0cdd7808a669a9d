"""`guidestep recommend`: the answers to assessments in files."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated

import typer

from guidestep.cli.assessments import STDIN, UnreadableError, read_assessment
from guidestep.cli.fhir import FhirInput, fhir_input, read_fhir
from guidestep.cli.guidelines import guideline_of
from guidestep.cli.output import Failure, complain, head, say, show_faults
from guidestep.engines.errors import EngineError
from guidestep.guideline import Guideline, SettingError
from guidestep.recommendation import Recommendation


def recommend(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="Assessments in YAML or JSON; - is standard input."),
    ],
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, one line for each file.")
    ] = False,
    profile: Annotated[
        str | None, typer.Option(help="Which assumptions are on; else the guideline's default.")
    ] = None,
    guideline: Annotated[
        str | None, typer.Option(metavar="PATH|ID", help="A guideline's folder or id.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="Ask this engine alone: durable or compiled.")
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Add every rule that decided, and what it saw.")
    ] = False,
    why_not: Annotated[
        str | None,
        typer.Option(
            "--why-not", metavar="TARGET", help="Add what bars an outcome or a step, such as R1."
        ),
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Add the fewest questions whose answers decide.")
    ] = False,
    fhir: Annotated[
        bool, typer.Option("--fhir", help="The files hold FHIR R4 JSON: Bundles or resources.")
    ] = False,
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="With --fhir: the day of the visit.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option(metavar="REF", help="With --fhir: whose data, as Patient/1.")
    ] = None,
) -> None:
    """Print what a guideline recommends for each assessment.

    A file at fault does not hide the answers to the others: its faults go to standard error and
    the exit code is 2. With --json every file gives one line, in the order of the files: the
    recommendation, or {"error": {"file": ..., "problems": [...]}}.
    """
    options = {"--explain": explain, "--why-not": why_not is not None, "--ask": ask}
    if as_json and (told := [name for name, given in options.items() if given]):
        raise Failure(f"--json and {told[0]} exclude each other: an explanation is text")
    if files.count(STDIN) > 1:
        raise Failure("standard input can be read only once")
    if not fhir and (on is not None or subject is not None):
        raise Failure("--on and --subject go with --fhir")
    asked = guideline_of(guideline)
    given = fhir_input(asked, subject, on) if fhir else None
    failed = False
    for index, name in enumerate(files):
        if len(files) > 1 and not as_json:
            say() if index else None
            head("standard input" if name == STDIN else name)
        try:
            answer = _answer(asked, name, profile, engine, given)
        except UnreadableError as error:
            failed = True
            _refuse(name, error, as_json=as_json)
        except EngineError as error:
            failed = True
            complain(f"{name}: {error}")
            if as_json:
                say(_error(name, [{"message": str(error)}]))
        else:
            say(answer.to_json() if as_json else answer.card())
            if explain:
                say(f"\n{answer.explain()}")
            if why_not is not None:
                say(f"\n{_barred(answer, why_not)}")
            if ask:
                say(f"\n{_asked(answer)}")
    if failed:
        raise typer.Exit(2)


def _answer(
    asked: Guideline, name: str, profile: str | None, engine: str | None, given: FhirInput | None
) -> Recommendation:
    # The library never reads the clock; here it is known that the assessment is not of tomorrow.
    assessment = (
        read_assessment(name, asked.model, date.today())
        if given is None
        else read_fhir(name, given)
    )
    try:
        return asked.recommend(assessment, profile=profile, engine=engine)
    except SettingError as error:
        raise Failure(str(error)) from None


def _barred(answer: Recommendation, target: str) -> str:
    try:
        return str(answer.why_not(target))
    except (ModuleNotFoundError, SettingError) as error:
        raise Failure(f"--why-not: {error}") from None


def _asked(answer: Recommendation) -> str:
    try:
        return str(answer.next_questions())
    except ModuleNotFoundError as error:
        raise Failure(f"--ask: {error}") from None


def _refuse(name: str, error: UnreadableError, *, as_json: bool) -> None:
    # Whoever sees both streams in one terminal sees them in order.
    sys.stdout.flush()
    show_faults(error.faults, sys.stderr)
    if as_json:
        problems = [
            {
                "code": fault.code,
                "path": path,
                "message": fault.message.removeprefix(f"{path}: "),
                "hint": fault.hint,
                "line": fault.span.line,
                "column": fault.span.column,
            }
            for fault, path in zip(error.faults, error.paths, strict=True)
        ]
        say(_error(name, problems))


def _error(name: str, problems: Sequence[Mapping[str, object]]) -> str:
    return json.dumps({"error": {"file": name, "problems": problems}}, ensure_ascii=False)
