"""What is claimed of the answers: properties, and the errors of measurement."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from guidestep.language.documents.shapes import (
    Condition,
    Document,
    Grounded,
    Identified,
    Number,
    Path,
    Slug,
    Text,
)
from guidestep.language.properties import BuiltIn


class PropertyEntry(Identified, Grounded):
    """`properties.yaml`: what holds of every answer, in one of three forms.

    `never: CONDITION` (true of nobody for whom `when` is true), `always: CONDITION` (true, and not
    merely unknown, of everyone for whom it is), `unchanged_by: [FIELD]` (inputs that change
    neither the outcome nor the step or action of any track).
    """

    statement: Text
    when: Condition = True
    never: Condition = None
    always: Condition = None
    unchanged_by: Annotated[tuple[Path, ...], Field(min_length=1)] = ()


class AcceptedEntry(Grounded):
    """`properties.yaml`: something that a check of every guideline finds, and why it may stay."""

    property: BuiltIn
    about: Annotated[tuple[Slug, ...], Field(min_length=1)]
    because: Text


class PropertiesFile(Document):
    """`properties.yaml`: the properties, and what is accepted of the checks of all guidelines."""

    properties: tuple[PropertyEntry, ...] = ()
    accepted: tuple[AcceptedEntry, ...] = ()


class MeasurementEntry(Identified, Grounded):
    """`measurements.yaml`: how far a measured value may lie from the true one.

    `error` is in the unit of the field and has the same size on both sides.
    """

    statement: Text
    field: Path
    kind: Literal[
        "minimal_detectable_change", "standard_error", "limits_of_agreement", "repeatability"
    ]
    error: Number
    unit: str | None = None
    cites: Annotated[tuple[Slug, ...], Field(min_length=1)]
