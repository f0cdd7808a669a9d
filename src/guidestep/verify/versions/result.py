"""What differs between two versions of a guideline, and what could not be settled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from html import escape

from guidestep.language.program import Value
from guidestep.outcome import Outcome
from guidestep.recommendation import Recommendation


class Decisions(StrEnum):
    """Whether the same patients get the same outcome, steps and actions."""

    EQUAL = "equal"
    DIFFERENT = "different"
    NOT_SETTLED = "not settled"


class Exercise(StrEnum):
    """How much exercise the new version gives, against the old one.

    In a track a patient does a step (its action is `start`, `continue` or `progress`) or nothing.
    A step is more than nothing, and a later step is more than an earlier one: a step is later if
    ways of progress of either version lead to it from the other, and none leads back. Other pairs
    of steps cannot be compared: each is more than the other. The dose of a step does not count.

    `STRICTER`: no patient does more in any track under the new version, and somebody does less in
    one. `LOOSER`: the reverse. `INCOMPARABLE`: somebody does more and somebody less. `EQUAL`:
    nobody does either. `NOT_SETTLED`: the solver did not finish one of the two questions.
    """

    STRICTER = "stricter"
    LOOSER = "looser"
    INCOMPARABLE = "incomparable"
    EQUAL = "equal"
    NOT_SETTLED = "not settled"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two versions."""

    id: str
    version: str
    digest: str
    profile: str
    parameters: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Responsible:
    """A rule that makes the difference for a witness.

    `before` and `after` are its ids, `None` where a version does not have it. Its verdict differs,
    or it decides in one version and not in the other, or something else follows from it.
    """

    before: str | None
    after: str | None
    statement: str
    verdicts: tuple[str, str]
    decides: tuple[bool, bool]
    facts: tuple[str, ...]
    cites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """A witness with another value of one input, on or beside a threshold, and both answers."""

    path: str
    value: float
    before: str
    after: str

    @property
    def changes(self) -> bool:
        """Whether the two versions differ there."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Witness:
    """A patient of whom the two versions say different things, as their engines confirmed.

    `old_assessment` is the patient as the old version reads it, the same unless the models differ.
    `shown` are the known inputs that the responsible rules read, `beside` the same patient on and
    beside the thresholds that changed. `case` is a case file for the new version.
    """

    assessment: Mapping[str, object] = field(repr=False)
    old_assessment: Mapping[str, object] = field(repr=False)
    before: Recommendation = field(repr=False)
    after: Recommendation = field(repr=False)
    rules: tuple[Responsible, ...]
    shown: Mapping[str, Value]
    beside: tuple[Beside, ...]
    case: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Region:
    """All patients whose answer changes from the same to the same.

    Where both outcomes are `recommend`, `before` and `after` name the step and action of each track
    that differs. `count` and `share` (0 to 1) are of a cohort, if one was given.
    """

    before: str
    after: str
    outcomes: tuple[Outcome, Outcome]
    witness: Witness
    count: int | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Open:
    """Patients of whom it is not settled whether they get another answer, and why."""

    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class Changed:
    """One part of the text that is not as before.

    `kind` says of what (step, rule, citation ...), `about` is its id in the new version, or in the
    old one where the new has none, and `part` what of it; `None` is nothing.
    """

    kind: str
    about: str
    part: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        name = f"{self.kind} {self.about}"
        if self.before is None:
            return f"{name}: {self.part} added: {self.after}"
        if self.after is None:
            return f"{name}: {self.part} removed: {self.before}"
        return f"{name}: {self.part}: {self.before} -> {self.after}"


@dataclass(frozen=True, slots=True)
class Patients:
    """What a cohort says: `count` of `patients` get another outcome, step or action.

    Of `basis` more only the basis changes: who decides, the source or an assumption.
    """

    patients: int
    count: int
    share: float
    basis: int


@dataclass(frozen=True, slots=True)
class Diff:
    """What differs between two versions of a guideline.

    `regions` are the patients who get another outcome, step or action, and `complete` says that
    there are no others. `more` and `less` show who does more or less exercise. `content` is what a
    patient does differently in the same step, `texts` what is only said otherwise, `also` notices
    and cautions that others get. `outside` says who is not compared, `limits` what the solver holds
    only within limits.
    """

    old: Side
    new: Side
    decisions: Decisions
    regions: tuple[Region, ...]
    complete: bool
    open: tuple[Open, ...]
    exercise: Exercise
    more: Witness | None
    less: Witness | None
    content: tuple[Changed, ...]
    texts: tuple[Changed, ...]
    also: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    outside: tuple[str, ...]
    limits: tuple[str, ...]
    cohort: Patients | None
    seconds: float

    @property
    def equal(self) -> bool:
        """Whether it is proved that every patient is told to do the same, the dose included."""
        return self.decisions is Decisions.EQUAL and not self.content

    def cases(self) -> str:
        """Return all witnesses as a file of cases for the new version."""
        return "".join(region.witness.case for region in self.regions) or "[]\n"

    def to_json(self) -> str:
        """Return the comparison as JSON; all but `seconds` is the same for the same versions."""
        return json.dumps(_plain(self), indent=2, ensure_ascii=False, default=_value)

    def __str__(self) -> str:
        from guidestep.verify.versions.text import diff_text

        return diff_text(self)

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"


def _value(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    assert isinstance(value, Mapping)
    return dict(value)


def _plain(diff: Diff) -> dict[str, object]:
    cohort = diff.cohort
    return {
        "old": _side(diff.old),
        "new": _side(diff.new),
        "equal": diff.equal,
        "decisions": diff.decisions.value,
        "complete": diff.complete,
        "regions": [
            {
                "before": region.before,
                "after": region.after,
                "count": region.count,
                "share": region.share,
                "witness": _witness(region.witness),
            }
            for region in diff.regions
        ],
        "open": [{"before": o.before, "after": o.after, "reason": o.reason} for o in diff.open],
        "exercise": diff.exercise.value,
        "more": None if diff.more is None else _witness(diff.more),
        "less": None if diff.less is None else _witness(diff.less),
        "content": [_changed(changed) for changed in diff.content],
        "texts": [_changed(changed) for changed in diff.texts],
        "also": list(diff.also),
        "renamed": [list(pair) for pair in diff.renamed],
        "outside": list(diff.outside),
        "limits": list(diff.limits),
        "cohort": None
        if cohort is None
        else {
            "patients": cohort.patients,
            "count": cohort.count,
            "share": cohort.share,
            "basis": cohort.basis,
        },
        "seconds": round(diff.seconds, 3),
    }


def _side(side: Side) -> dict[str, object]:
    return {
        "id": side.id,
        "version": side.version,
        "digest": side.digest,
        "profile": side.profile,
        "parameters": side.parameters,
    }


def _changed(changed: Changed) -> dict[str, object]:
    return {
        "kind": changed.kind,
        "about": changed.about,
        "part": changed.part,
        "before": changed.before,
        "after": changed.after,
    }


def _witness(witness: Witness) -> dict[str, object]:
    return {
        "assessment": witness.assessment,
        "old_assessment": witness.old_assessment,
        "before": _answer(witness.before),
        "after": _answer(witness.after),
        "rules": [
            {
                "before": rule.before,
                "after": rule.after,
                "statement": rule.statement,
                "verdicts": list(rule.verdicts),
                "decides": list(rule.decides),
                "facts": list(rule.facts),
                "cites": list(rule.cites),
            }
            for rule in witness.rules
        ],
        "beside": [
            {"path": b.path, "value": b.value, "before": b.before, "after": b.after}
            for b in witness.beside
        ],
        "case": witness.case,
    }


def _answer(recommendation: Recommendation) -> dict[str, object]:
    return {
        "outcome": recommendation.outcome.value,
        "steps": [f"{step.action.value} {step.id}" for step in recommendation.steps],
        "reasons": [reason.rule for reason in recommendation.reasons],
    }
