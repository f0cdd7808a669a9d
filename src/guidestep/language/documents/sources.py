"""What rules rest on: citations, facts with their figures, ambiguities and assumptions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Discriminator, Field, PlainSerializer, Tag

from guidestep.assessment.frozen import FrozenDict
from guidestep.language.documents.shapes import Condition, Document, Identified, Number, Slug, Text


class Figure(Document):
    """A number as printed, and on which side of a boundary the printed number itself lies.

    `{at_least: 6, unit: wk}` is "6+ weeks": 6.0 belongs to what lies above. A printed range,
    `{from: 30, to: 70}`, includes both its ends. `reading` says how a number that is not printed
    follows from a word of the text; it marks the number as ours.
    """

    exactly: Number | None = None
    at_least: Number | None = None
    more_than: Number | None = None
    at_most: Number | None = None
    less_than: Number | None = None
    low: Annotated[Number | None, Field(alias="from")] = None
    high: Annotated[Number | None, Field(alias="to")] = None
    unit: str | None = None
    reading: str = ""


def _kind_of_figure(value: object) -> str:
    return "mapping" if isinstance(value, Mapping | Figure) else "number"


def _plain_figures(figures: Mapping[str, Figure | Number]) -> dict[str, object]:
    """Return figures as they are written in YAML."""
    return {
        name: figure.model_dump(by_alias=True, exclude_defaults=True)
        if isinstance(figure, Figure)
        else figure
        for name, figure in figures.items()
    }


Figures = Annotated[
    Mapping[
        str,
        Annotated[
            Annotated[Number, Tag("number")] | Annotated[Figure, Tag("mapping")],
            Discriminator(_kind_of_figure),
        ],
    ],
    AfterValidator(FrozenDict),
    PlainSerializer(_plain_figures),
    Field(default_factory=FrozenDict),
]
"""Figures by name. A bare number is one that nothing is compared with, such as a p-value."""


class CitationEntry(Identified):
    """`citations.yaml`: a bibliographic entry, and how good it is."""

    number: int | None = None
    title: Text
    authors: str = ""
    publisher: str = ""
    year: int | None = None
    kind: Literal[
        "guideline",
        "systematic_review",
        "randomized_trial",
        "cohort",
        "case_series",
        "case_report",
        "publisher_overview",
        "derivation_study",
        "regulation",
        "unknown",
    ]
    strength: Literal["high", "moderate", "low", "very_low", "not_assessable"]
    population_match: Literal["good", "partial", "poor", "not_assessable"]
    resolved: bool
    mapping: Literal["printed", "inferred", "unresolved", "not_in_source"]
    mapping_note: str = ""
    identifiers: Annotated[
        Mapping[str, str],
        AfterValidator(FrozenDict),
        PlainSerializer(dict),
        Field(default_factory=FrozenDict),
    ]
    caveats: tuple[Text, ...] = ()
    figures: Figures


class FactEntry(Identified):
    """`facts.yaml`: one statement of the source, in our own words.

    A fact that nothing uses must say why it decides nothing.
    """

    section: Text
    category: Slug
    statement: Text
    figures: Figures
    cites: tuple[Slug, ...] = ()
    decides_nothing: str = ""


class AmbiguityEntry(Identified):
    """`ambiguities.yaml`: a question the source leaves open, and what treats it."""

    weight: Literal["low", "medium", "high", "safety"]
    facts: tuple[Slug, ...] = ()
    question: Text
    treatment: Text
    treated_by: Annotated[tuple[Slug, ...], Field(min_length=1)]


class AssumptionEntry(Identified):
    """`assumptions.yaml`: our answer to a question that the source leaves open; switchable.

    While a profile has it off, rules that assume it are inactive, definitions that assume it are
    unknown, and the outcome is `assess_first` for everyone for whom `open_when` is not false.
    """

    version: int = 1
    title: Text
    statement: Text
    question: Text
    facts: tuple[Slug, ...] = ()
    cites: tuple[Slug, ...] = ()
    open_when: Condition = None
    figures: Figures
