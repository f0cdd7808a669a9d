"""`guidestep fhir`: a guideline, an answer or an assessment as FHIR R4 resources."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from guidestep.assessment.errors import named
from guidestep.cli.assessments import UnreadableError, read_assessment
from guidestep.cli.guidelines import guideline_of
from guidestep.cli.output import Failure, say, show_faults
from guidestep.engines.errors import EngineError
from guidestep.guideline import Guideline, SettingError
from guidestep.language.diagnostics import GuidelineError

if TYPE_CHECKING:
    from guidestep.assessment import Assessment
    from guidestep.interop.fhir import FhirMapping
    from guidestep.interop.fhir.outgoing import Context

_BASE = re.compile(r"https?://[^\s/|#][^\s|#]*")

NOBODY = "Patient/example"
"""Who is meant where nobody is named: by its id no patient of anybody."""

app = typer.Typer(
    name="fhir",
    help="Write a guideline, an answer or an assessment as FHIR R4.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Chosen = Annotated[
    str | None, typer.Option("--guideline", metavar="PATH|ID", help="A guideline's folder or id.")
]
Base = Annotated[
    str | None,
    typer.Option("--base", metavar="URL", help="Where the site publishes; else a reserved name."),
]
Patient = Annotated[
    str, typer.Argument(metavar="FILE", help="An assessment in YAML or JSON; - is standard input.")
]
Subject = Annotated[
    str, typer.Option("--subject", metavar="REF", help="Whose it is, as Patient/1.")
]
Encounter = Annotated[
    str | None, typer.Option("--encounter", metavar="REF", help="At which encounter.")
]
When = Annotated[
    str | None,
    typer.Option("--when", metavar="TIME", help="As 2026-03-02T09:00:00Z; else now."),
]


@app.command()
def guideline(chosen: Chosen = None, base: Base = None) -> None:
    """Print a Bundle of a guideline: PlanDefinition, Library, activities, form and codes."""
    from guidestep.interop.fhir import outgoing

    mapping = _mapping(guideline_of(chosen), base)
    _print(
        outgoing.guideline_bundle(mapping.guideline, mapping.canonical, mapping.data_requirements)
    )


@app.command()
def recommendation(
    file: Patient,
    subject: Subject = NOBODY,
    encounter: Encounter = None,
    when: When = None,
    profile: Annotated[
        str | None, typer.Option(help="Which assumptions are on; else the guideline's default.")
    ] = None,
    ask: Annotated[
        bool, typer.Option("--ask", help="Ask for the fewest inputs that decide, not all missing.")
    ] = False,
    chosen: Chosen = None,
    base: Base = None,
) -> None:
    """Print a Bundle of the answer to an assessment: drafts and proposals for a clinician."""
    from guidestep.interop.fhir import outgoing

    mapping = _mapping(guideline_of(chosen), base)
    context = _context(mapping, subject, encounter, when)
    assessment = _assessment(file, mapping.guideline)
    try:
        answer = mapping.guideline.recommend(assessment, profile=profile)
        asked = tuple(each.path for each in answer.next_questions()) if ask else None
    except (EngineError, SettingError) as error:
        raise Failure(str(error)) from None
    except ModuleNotFoundError as error:
        raise Failure(f"--ask: {error}") from None
    _print(outgoing.recommendation_bundle(answer, replace(context, asked=asked)))


@app.command()
def assessment(
    file: Patient,
    subject: Subject = NOBODY,
    encounter: Encounter = None,
    when: When = None,
    chosen: Chosen = None,
    base: Base = None,
) -> None:
    """Print an assessment as a QuestionnaireResponse, which guidestep reads back."""
    from guidestep.interop.fhir import outgoing

    mapping = _mapping(guideline_of(chosen), base)
    context = _context(mapping, subject, encounter, when)
    _print(outgoing.assessment_response(_assessment(file, mapping.guideline), context))


def _mapping(asked: Guideline, base: str | None) -> FhirMapping:
    from guidestep.interop.fhir import Canonical, load_mapping

    if base is not None and not _BASE.fullmatch(base):
        raise Failure(f"--base is an address such as https://example.org/fhir, not {named(base)}")
    canonical = Canonical() if base is None else Canonical(base.rstrip("/"))
    try:
        return load_mapping(asked, canonical=canonical)
    except GuidelineError as error:
        raise Failure(f"fhir.yaml is at fault; see 'guidestep check'\n{error}") from None


def _context(
    mapping: FhirMapping, subject: str, encounter: str | None, when: str | None
) -> Context:
    from guidestep.interop.fhir.outgoing import Context

    try:
        moment = datetime.now(UTC) if when is None else datetime.fromisoformat(when)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        form = "a time with its zone, such as 2026-03-02T09:00:00Z"
        raise Failure(f"--when is {form}, not {named(when or '')}")
    try:
        return Context(
            mapping.guideline,
            subject,
            moment,
            encounter=encounter,
            canonical=mapping.canonical,
            requirements=mapping.data_requirements,
        )
    except ValueError as error:
        raise Failure(f"--{error}") from None


def _assessment(file: str, asked: Guideline) -> Assessment:
    try:
        return read_assessment(file, asked.model, date.today())
    except UnreadableError as error:
        show_faults(error.faults, sys.stderr)
        raise typer.Exit(2) from None


def _print(resource: object) -> None:
    say(json.dumps(resource, ensure_ascii=False, indent=2))
