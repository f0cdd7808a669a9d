"""The protocol: tracks, steps with their doses, progressions, notices and requests."""

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


class TrackEntry(Identified):
    """One of the parallel strands of a protocol: at most one step and one action each.

    `current` is the enumeration field that holds the step a patient is at; its members are the
    ids of steps, and those in `outside`, which mean that no step has begun. A track without it is
    a choice: the first step whose `start` is true, and `assess_first` while that is open.
    """

    title: Text
    when: Condition = True
    current: Path | None = None
    outside: tuple[Slug, ...] = ()


class DoseEntry(Grounded):
    """One item of a dose: a range as printed, a text, or 'not specified by source'.

    `check` names a field holding what is really done: outside the range, a caution is given.
    """

    item: Text
    low: Number | None = None
    high: Number | None = None
    unit: str | None = None
    text: str = ""
    not_specified: bool = False
    check: Path | None = None


class StepEntry(Identified, Grounded):
    """A protocol step and its dose."""

    track: Slug | None = None
    kind: Literal["exercise", "assessment", "withheld", "action"] = "exercise"
    title: Text
    content: Text
    dose: tuple[DoseEntry, ...] = ()
    conditions: tuple[Text, ...] = ()
    next: str = ""


class StepsFile(Document):
    """`steps.yaml`: the tracks and the steps."""

    tracks: tuple[TrackEntry, ...] = ()
    steps: tuple[StepEntry, ...] = ()


class ProgressionEntry(Identified, Grounded):
    """`progression.yaml`: how a track moves, in one of four forms.

    `start: STEP` (nothing begun yet), `from: STEP, to: STEP` (progress),
    `from: STEP, back_to: STEP` (the earlier step continues while `when` is not false),
    `withhold: TRACK` (no exercise in the track while `when` is not false; `step` names it).
    """

    statement: Text
    when: Condition
    start: Slug | None = None
    origin: Annotated[Slug | None, Field(alias="from")] = None
    to: Slug | None = None
    back_to: Slug | None = None
    withhold: Slug | None = None
    step: Slug | None = None
    advice: str = ""


class NoticeEntry(Identified, Grounded):
    """`notices.yaml`: what rides along with an answer.

    `outcomes` restricts it to some outcomes; `shows` lists fields whose values are printed.
    """

    kind: Literal[
        "monitoring",
        "surveillance",
        "prescriber",
        "adjunct",
        "evidence",
        "scope",
        "caution",
        "information",
    ]
    statement: Text
    when: Condition = True
    outcomes: tuple[
        Literal[
            "urgent_referral",
            "referral",
            "not_eligible",
            "assess_first",
            "recommend",
            "surveillance",
        ],
        ...,
    ] = ()
    shows: tuple[Path, ...] = ()


class Grant(Document):
    """The track and action that would grant a request."""

    track: Slug
    action: Literal["start", "continue", "progress"]


class RequestEntry(Identified, Grounded):
    """`requests.yaml`: something a clinician may ask for; answered, never obeyed.

    Granted only when the rules themselves give `granted_by`; without it, never granted.
    """

    statement: Text
    when: Condition
    granted_by: Grant | None = None
    if_granted: str = ""
    otherwise: Text
