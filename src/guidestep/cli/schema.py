"""`guidestep schema`: JSON Schemas of what goes in, of what comes out, and of the rules between."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer
from pydantic import TypeAdapter

from guidestep.assessment import Assessment
from guidestep.assessment.errors import named
from guidestep.cli.guidelines import guideline_of
from guidestep.cli.output import Failure, say
from guidestep.language.files import json_schemas
from guidestep.recommendation import Recommendation
from guidestep.spelling import did_you_mean

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = Mapping[str, object]


class Subject(StrEnum):
    """What there is a schema of."""

    ASSESSMENT = "assessment"
    GUIDELINE = "guideline"
    RECOMMENDATION = "recommendation"


def schema(
    subject: Annotated[Subject, typer.Argument(help="Of what.", show_default=False)],
    file: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="One file of a guideline, such as findings.yaml."),
    ] = None,
    guideline: Annotated[
        str | None,
        typer.Option(metavar="PATH|ID", help="The guideline whose assessment is meant."),
    ] = None,
) -> None:
    """Print a JSON Schema (draft 2020-12).

    Of an assessment, with the UCUM unit of each number as "x-unit"; of the files of a guideline,
    as one object by file name, or of one of them; of a recommendation as --json prints it.
    """
    if file is not None and subject is not Subject.GUIDELINE:
        raise Failure("--file goes with 'schema guideline' only")
    match subject:
        case Subject.ASSESSMENT:
            found: object = assessment_schema(guideline_of(guideline).model)
        case Subject.GUIDELINE:
            found = json_schemas() if file is None else _of_file(file)
        case Subject.RECOMMENDATION:
            found = recommendation_schema()
    say(as_text(found).rstrip())


def assessment_schema(model: type[Assessment]) -> Schema:
    """Return the JSON Schema of the assessments of a model."""
    return {"$schema": DIALECT, **model.model_json_schema()}


def recommendation_schema() -> Schema:
    """Return the JSON Schema of a recommendation."""
    return {"$schema": DIALECT, **TypeAdapter(Recommendation).json_schema()}


def file_schemas() -> Mapping[str, str]:
    """Return the schemas of a guideline's files as texts, by the name of the schema's file."""
    return {
        # `cases/*.yaml` are all alike.
        f"{name.partition('/')[0].removesuffix('.yaml')}.json": as_text(found)
        for name, found in json_schemas().items()
    }


def as_text(found: object) -> str:
    """Return a schema as it is published."""
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _of_file(name: str) -> Schema:
    schemas = json_schemas()
    # Any file of cases will do as a name.
    key = "cases/*.yaml" if name.startswith("cases/") else name
    if key not in schemas:
        hint = did_you_mean(key, schemas) or f"the files are {', '.join(schemas)}"
        raise Failure(f"a guideline has no file {named(name)}; {hint}")
    return schemas[key]
