"""From a question about two versions to a patient, confirmed by the engines of both."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

import z3

from guidestep.assessment import AssessmentError, FieldKind, FieldSpec
from guidestep.assessment.frozen import FrozenDict
from guidestep.engines.errors import EngineError
from guidestep.language.program import Value
from guidestep.recommendation import Recommendation
from guidestep.verify.case_file import case_text
from guidestep.verify.solve import MILLISECONDS, Search
from guidestep.verify.terms import Bool, neg
from guidestep.verify.versions.answers import Change, Said, change, said_by
from guidestep.verify.versions.both import Both
from guidestep.verify.versions.result import Beside, Witness
from guidestep.verify.versions.rules import Pairs, read_by, responsible
from guidestep.verify.witness import ORDINARY_DAY, assessment_of, ordinary

POLISH = 1.0
"""The time limit of each wish for a more ordinary patient, in seconds."""

TRIED = 100
"""How many patients with other numbers are tried where the solver does not compute one."""

MOST_BESIDE = 12
"""How many values on and beside thresholds are shown of one witness at most."""


Assessments: TypeAlias = tuple[Mapping[str, object], Mapping[str, object]]
"""One patient as the old version reads them, and as the new one does."""


class Clock:
    """The time that is left."""

    def __init__(self, seconds: float) -> None:
        self._begin = time.perf_counter()
        self._end = self._begin + seconds

    @property
    def left(self) -> float:
        """The seconds until the time is over, not less than none."""
        return max(0.0, self._end - time.perf_counter())

    @property
    def spent(self) -> float:
        """The seconds since the beginning."""
        return time.perf_counter() - self._begin


@dataclass(frozen=True, slots=True)
class Asked:
    """One patient as both versions read them, and what both say."""

    assessments: Assessments
    before: Recommendation
    after: Recommendation
    said: tuple[Said, Said]


@dataclass(frozen=True, slots=True)
class Seeker:
    """Finds patients before two versions; `rules` are the ids of what is the same rule."""

    both: Both
    rules: Pairs
    clock: Clock

    def found(self, wanted: Bool, shows: Callable[[Said, Said], bool]) -> Witness | str:
        """Return a patient of whom something is true, or why there is none to show.

        The patient is shown only if `shows` is true of what the engines say.
        """
        search = Search(self.both.limits, [wanted], self.clock.left)
        if not self.clock.left or not search.found():
            return "the time was over before a patient was found"
        self._polish(search)
        assert search.model is not None
        try:
            asked = self.ask(*self._read(search.model))
        except AssessmentError as error:
            return f"the solver found a patient whom the model refuses: {error.problems[0].message}"
        except EngineError as error:
            return f"the engines give no answer: {error}"
        if not shows(*asked.said):
            near = self._near(asked, shows)
            if near is None:
                return "the solver found a patient of whom the engines say otherwise"
            asked = near
        return self._told(asked)

    def _near(self, asked: Asked, shows: Callable[[Said, Said], bool]) -> Asked | None:
        """Return a patient with other numbers of whom the engines say what the solver said.

        What the solver does not compute it may take for any number; here some numbers are tried.
        """
        if not self.both.old.patient.subject.numbers.notes:
            return None
        source = random.Random(0)  # noqa: S311 (the same patients each time)
        old, new = self.both.old.patient.subject, self.both.new.patient.subject
        fields = {**old.specs, **new.specs}
        known = [p for p in fields if _value(asked.assessments, p) is not None]
        for _ in range(TRIED):
            values = {
                path: value
                for path in known
                if source.random() < 0.5 and (value := _drawn(source, fields[path])) is not None
            }
            other = self._asked(_changed(asked.assessments, values)) if self.clock.left else None
            if other is not None and shows(*other.said):
                return other
        return None

    def _asked(self, assessments: Assessments) -> Asked | None:
        """Return what both versions say to a patient, if their models accept this one."""
        try:
            return self.ask(*assessments)
        except (AssessmentError, EngineError):
            return None

    def ask(self, ours: Mapping[str, object], theirs: Mapping[str, object]) -> Asked:
        """Return what both versions say to a patient."""
        old, new = self.both.old, self.both.new
        before = old.guideline.recommend(ours, profile=old.profile)
        after = new.guideline.recommend(theirs, profile=new.profile)
        said = said_by(before, {}), said_by(after, self.both.names.common)
        return Asked((ours, theirs), before, after, said)

    def _polish(self, search: Search) -> None:
        """Make the patient little known and ordinary, and if it can be on a changed threshold."""
        search.solver.set("timeout", int(min(POLISH, self.clock.left) * MILLISECONDS) or 1)
        patients = self.both.old.patient, self.both.new.patient
        search.most(patients[0].subject.numbers.roundings)
        for patient in patients:
            known = [k for k in patient.mask.values() if not isinstance(k, bool)]
            search.most([neg(k) for k in known])
        any(search.met(edge) for edge in self.both.edges)
        for patient in patients:
            ordinary(search, [patient])

    def _read(self, model: z3.ModelRef) -> tuple[dict[str, object], dict[str, object]]:
        old, new = self.both.old.patient, self.both.new.patient
        return assessment_of(old, model), assessment_of(new, model)

    def _told(self, asked: Asked) -> Witness:
        old, new = self.both.old.patient, self.both.new.patient
        answers = asked.before, asked.after
        rules = responsible(self.rules, self.both.names, (old, new), answers)
        facts = tuple(
            fact
            for fact in dict.fromkeys(fact for rule in rules for fact in rule.facts)
            if fact in new.subject.base.facts
        )
        step = change(*asked.said, self.both.tracks)
        words = self.words(step)
        id_ = "-".join("".join(c if c.isalnum() else " " for c in " to ".join(words)).split())
        statement = f"Before, {words[0]}; now {words[1]}"
        case = case_text(id_.lower(), statement, asked.assessments[1], asked.after, facts)
        if set_ := self.both.new.guideline.parameters:
            values = ", ".join(f"{name} {value:g}" for name, value in set_.items())
            case = f"# This answer is given with {values}.\n{case}"
        read = {
            **read_by(old, [r.before for r in rules if r.before]),
            **read_by(new, [r.after for r in rules if r.after]),
        }
        return Witness(
            assessment=FrozenDict(asked.assessments[1]),
            old_assessment=FrozenDict(asked.assessments[0]),
            before=asked.before,
            after=asked.after,
            rules=rules,
            shown=FrozenDict(
                {p: v for p in read if (v := _value(asked.assessments, p)) is not None}
            ),
            beside=self._beside(asked),
            case=case,
        )

    def words(self, step: Change | None) -> tuple[str, str]:
        """Return both answers in words, each as its version calls things."""
        if step is None:
            return "the same", "the same"
        names = self.both.names
        called = {common: own for own, common in names.common.items()}
        return step.words(called)

    # --- on and beside the thresholds -------------------------------------------------------------

    def _beside(self, asked: Asked) -> tuple[Beside, ...]:
        """Return the patient with other values of one input, where they cross what changed."""
        found: list[Beside] = []
        for path, thresholds in self.both.thresholds.items():
            if not isinstance(_value(asked.assessments, path), int | float):
                continue
            row = [self._with(asked, path, value) for value in _around(thresholds, self.both, path)]
            answers = [each for each in row if each is not None]
            if len({each.changes for each in answers}) > 1:
                found += answers
        return tuple(found[:MOST_BESIDE])

    def _with(self, asked: Asked, path: str, value: float) -> Beside | None:
        other = self._asked(_changed(asked.assessments, {path: value}))
        if other is None:
            return None
        step = change(*other.said, self.both.tracks)
        before, after = self.words(step)
        if step is None:
            outcome = other.before.outcome.value
            before = after = outcome
        return Beside(path, value, before, after)


def _changed(assessments: Assessments, values: Mapping[str, Value]) -> Assessments:
    """Return a patient with other values of what is known."""

    def other(data: Mapping[str, object]) -> Mapping[str, object]:
        sections = {name: dict(part) for name, part in data.items() if isinstance(part, Mapping)}
        for path, value in values.items():
            section, _, name = path.partition(".")
            if name in sections.get(section, ()):
                sections[section][name] = value
        return sections

    return other(assessments[0]), other(assessments[1])


def _drawn(source: random.Random, spec: FieldSpec) -> Value:
    """Return some number or date that a field may have, `None` for other fields."""
    match spec.kind:
        case FieldKind.DATE:
            return ORDINARY_DAY - timedelta(days=source.randrange(100 * 365))
        case FieldKind.INTEGER | FieldKind.DECIMAL:
            low, high = spec.minimum or 0, 0 if spec.maximum is None else spec.maximum
            number = source.uniform(low, max(low, high))
            return round(number) if spec.kind is FieldKind.INTEGER else round(number, 1)
        case _:
            return None


def _value(assessments: Assessments, path: str) -> Value:
    section, _, name = path.partition(".")
    for data in reversed(assessments):
        part = data.get(section)
        if isinstance(part, Mapping) and name in part:
            value: Value = part[name]
            return value
    return None


def _around(thresholds: tuple[float, ...], both: Both, path: str) -> list[float]:
    """Return the values on some thresholds, and those right beside them."""
    spec = both.old.patient.subject.specs.get(path) or both.new.patient.subject.specs[path]
    whole = spec.kind.value == "integer"
    digits = (
        0 if whole else max(len(f"{at:.10f}".rstrip("0").partition(".")[2]) for at in thresholds)
    )
    step = 10**-digits if digits else 1
    near = {round(at + way * step, digits) for at in thresholds for way in (-1, 0, 1)}
    low, high = spec.minimum, spec.maximum
    kept = sorted(n for n in near if (low is None or n >= low) and (high is None or n <= high))
    return [int(n) if whole else float(n) for n in kept if not whole or float(n).is_integer()]
