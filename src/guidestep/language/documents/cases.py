"""`cases/*.yaml`: patients, and the answers that the guideline must give."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from guidestep.language.documents.shapes import Document, Identified, Path, Slug, Text


class MustNotAppear(Document):
    """What an answer must not contain."""

    steps: tuple[Text, ...] = ()
    reasons: tuple[Slug, ...] = ()
    notices: tuple[Slug, ...] = ()
    missing: tuple[Path, ...] = ()
    facts: tuple[Slug, ...] = ()
    words: tuple[Text, ...] = ()


class Expectation(Document):
    """What a case expects; what is left out is not checked, a list given is a subset.

    `steps` is the exact list, each written as `start M1`.
    """

    outcome: Literal[
        "urgent_referral", "referral", "not_eligible", "assess_first", "recommend", "surveillance"
    ]
    basis: Literal["source", "assumption", "undetermined_by_source"] | None = None
    steps: tuple[Text, ...] | None = None
    reasons: tuple[Slug, ...] = ()
    missing: tuple[Path, ...] = ()
    not_evaluable: tuple[Slug, ...] = ()
    conflicts: tuple[Slug, ...] = ()
    cautions: tuple[Slug, ...] = ()
    notices: tuple[Slug, ...] = ()
    assumptions: tuple[Slug, ...] = ()
    possible: tuple[Slug, ...] = ()
    verdicts: dict[str, bool | Literal["unknown"]] = Field(default_factory=dict)
    absent: MustNotAppear = MustNotAppear()


class CaseEntry(Identified):
    """`cases/*.yaml`: a patient and the answer the guideline must give.

    `base` names another case whose assessment this one starts from; `set` changes fields by
    their dotted path, `without` leaves fields out.
    """

    statement: Text
    base: Slug | None = None
    assessment: dict[str, object] = Field(default_factory=dict)
    set: dict[str, str | bool | int | float | date | None] = Field(default_factory=dict)
    without: tuple[Path, ...] = ()
    profile: Slug | None = None
    facts: tuple[Slug, ...] = ()
    expect: Expectation
