"""`findings.yaml`: findings, values, scores and bands, which rules call by their ids."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from guidestep.language.documents.shapes import (
    Condition,
    Definition,
    Document,
    Number,
    Quantity,
    Slug,
)


class FindingEntry(Definition):
    """A named condition."""

    when: Condition


class ValueEntry(Definition):
    """A named expression of a number or a date."""

    value: Quantity
    unit: str | None = None


class ScoreItem(Document):
    """One item of a score and its points."""

    when: Condition
    points: Number
    label: str = ""


class ScoreEntry(Definition):
    """A weighted sum of conditions; unknown items leave an interval."""

    items: Annotated[tuple[ScoreItem, ...], Field(min_length=1)]


class BandCase(Document):
    """One case of a band: its condition and its label."""

    when: Condition
    label: Annotated[Slug, Field(alias="is")]


class BandEntry(Definition):
    """Ordered cases: the first that is true gives the label."""

    cases: Annotated[tuple[BandCase, ...], Field(min_length=1)]
    otherwise: Annotated[Slug, Field(alias="else")]


class FindingsFile(Document):
    """`findings.yaml`: the definitions that rules refer to."""

    findings: tuple[FindingEntry, ...] = ()
    values: tuple[ValueEntry, ...] = ()
    scores: tuple[ScoreEntry, ...] = ()
    bands: tuple[BandEntry, ...] = ()
