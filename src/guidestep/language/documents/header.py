"""`guideline.yaml`: what the guideline is, for whom, its parameters and profiles."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from guidestep.language.documents.shapes import Definition, Document, Identified, Number, Slug, Text


class Review(Document):
    """How far the source has been reviewed; printed with every recommendation."""

    status: Literal["pending_human_review", "reviewed", "approved"]
    statement: Text


class SourceDocument(Document):
    """The text the guideline is taken from."""

    title: Text
    publisher: Text
    updated: date
    url: str = ""
    sections: tuple[Text, ...] = ()


class Intended(Document):
    """Who the guideline is for, what for, and what it does not cover."""

    user: Text
    use: Text
    population: Text
    exclusions: tuple[Text, ...] = ()
    limitations: tuple[Text, ...] = ()


class DemographicUse(Document):
    """Whether an attribute of the person is an input, and how."""

    used: bool
    how: str = ""


class SourceAttributes(Document):
    """The 13 source attributes of an evidence-based decision support intervention.

    Source: 45 CFR 170.315(b)(11)(iv)(A)(1) to (13).
    """

    bibliographic_citation: Text
    developer: Text
    funding: Text
    release_date: date
    revision_date: date | None = None
    race: DemographicUse
    ethnicity: DemographicUse
    language: DemographicUse
    sexual_orientation: DemographicUse
    gender_identity: DemographicUse
    sex: DemographicUse
    date_of_birth: DemographicUse
    social_determinants_of_health: DemographicUse
    health_status_assessments: DemographicUse


class ParameterEntry(Definition):
    """A number that a site may set, within bounds."""

    default: Number
    minimum: Number
    maximum: Number
    unit: str | None = None


class ProfileEntry(Identified):
    """Which assumptions are on, and whether declared optional evidence may be missing."""

    title: Text
    default: bool = False
    assumptions: Literal["all", "none"] | tuple[Slug, ...]
    without: tuple[Slug, ...] = ()
    optional_evidence: Literal["accepted", "refused"] = "accepted"


class GuidelineEntry(Identified):
    """`guideline.yaml`: what the guideline is."""

    format: Literal[1]
    title: Text
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    assessment: Slug
    review: Review
    source: SourceDocument
    intended: Intended
    source_attributes: SourceAttributes
    profiles: Annotated[tuple[ProfileEntry, ...], Field(min_length=1)]
    parameters: tuple[ParameterEntry, ...] = ()
