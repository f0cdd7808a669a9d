"""What can be said of a patient whose required fields are not all recorded.

No recommendation can be made. But a red flag that is recorded is not kept back for want of a date:
the rules are asked with every missing field unknown, and what they then find true is true whatever
is recorded later, as the guideline's checks at load and its proofs show.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from guidestep.assessment import Assessment, AssessmentError, FieldKind, FieldSpec, Problem
from guidestep.assessment.reading import REASONS
from guidestep.explain.relevance import Relevance
from guidestep.guideline import Guideline
from guidestep.language.program import Value, Verdict
from guidestep.language.rulebase import Rule
from guidestep.outcome import Outcome
from guidestep.recommendation import Recommendation

URGENT = (Outcome.URGENT_REFERRAL, Outcome.REFERRAL)
"""The outcomes that are told even if nothing else can be."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Why no recommendation is made, and what is found all the same.

    `missing` are paths of required fields without a value, `faults` what the values say against
    each other: those were left out. Of the rules for a referral, the most urgent first, `found` are
    true already, `possible` become true by one answer to a missing field, and `undecided` are not
    ruled out either. `open` are the fields that could decide those two, beside what is missing.
    `asked` is whether the rules could be asked at all; where they could not, nothing is ruled out.
    """

    guideline: Guideline = field(repr=False)
    profile: str
    data: Mapping[str, object] = field(repr=False)
    missing: tuple[str, ...]
    faults: tuple[Problem, ...]
    found: tuple[Rule, ...] = ()
    possible: tuple[Rule, ...] = ()
    undecided: tuple[Rule, ...] = ()
    open: tuple[str, ...] = ()
    asked: bool = False

    @property
    def outcome(self) -> Outcome | None:
        """The most urgent outcome that is found already."""
        return self.found[0].then if self.found else None

    @property
    def needed(self) -> tuple[str, ...]:
        """The fields to record, or to correct: first those without which nothing is recommended."""
        fields = self.guideline.model.fields()
        at_fault = [fault.path for fault in self.faults if fault.path in fields]
        return tuple(dict.fromkeys([*self.missing, *at_fault, *self.open]))

    @property
    def digest(self) -> str:
        """What says whether two sets of data hold the same, as no assessment is made of them."""
        text = json.dumps(dict(self.data), sort_keys=True, default=str, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


class Read(Protocol):
    """What was read of one patient's record."""

    @property
    def data(self) -> Mapping[str, object]:
        """The values by path."""

    @property
    def missing_required(self) -> Sequence[str]:
        """The required fields that have no value."""

    def assessment(self) -> Assessment:
        """Return the assessment, or raise `AssessmentError`."""


def answered(
    guideline: Guideline, profile: str | None, reading: Read, on: date
) -> Recommendation | Incomplete:
    """Return what a guideline says to a record: a recommendation, or why there is none.

    However a record is sent, this is the one way in which it is answered.

    Raises:
        EngineDisagreement: The two engines differ; no answer is given.
        SettingError: There is no such profile.
    """
    faults: tuple[Problem, ...] = ()
    if not reading.missing_required:
        try:
            # As the reading has just read it: there is no need to read it once more.
            assessment = reading.assessment()
        except AssessmentError as error:
            faults = error.problems
        else:
            return guideline.channels(profile).recommend(assessment)
    missing = reading.missing_required
    return incomplete(guideline, profile, reading.data, missing, faults=faults, on=on)


def incomplete(
    guideline: Guideline,
    profile: str | None,
    data: Mapping[str, object],
    missing: Sequence[str],
    *,
    faults: Sequence[Problem] = (),
    on: date,
) -> Incomplete:
    """Return what can be said although what is recorded makes no assessment.

    `data` are the values by path, `missing` the required fields without one, `faults` what reading
    them found wrong, `on` is the day of the visit.

    >>> import guidestep
    >>> from datetime import date
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> data = {"neurologic.gait_instability": "present"}
    >>> missing = ["encounter.care_stage", "encounter.assessment_date"]
    >>> incomplete(guideline, None, data, missing, on=date(2026, 3, 2)).outcome.value
    'urgent_referral'

    Raises:
        EngineDisagreement: The two engines differ on what is recorded.
        SettingError: There is no such profile.
    """
    channels = guideline.channels(profile)
    name = profile or guideline.default_profile
    settled = _settled(guideline, data, on)
    if isinstance(settled, tuple):
        told = tuple(dict.fromkeys([*faults, *settled]))
        return Incomplete(guideline, name, data, tuple(missing), told)
    program, fields = channels.compiled.program, guideline.model.fields()
    paths = [put.path for put in program.inputs]
    values = dict(zip(paths, channels.inputs(settled.assessment), strict=True))
    inputs = values | dict.fromkeys(settled.unknown & {*paths})

    def verdicts(**answered: Value) -> dict[str, Verdict]:
        asked = inputs | answered
        found = channels.verdicts(tuple(asked[path] for path in paths))
        return {d.name: verdict for d, verdict in zip(program.definitions, found, strict=True)}

    now = verdicts()
    rules = [rule for rule in channels.compiled.decision.rules if rule.then in URGENT]
    rules.sort(key=lambda rule: URGENT.index(rule.then or Outcome.REFERRAL))
    # What is unknown may be made true by one answer; what is false stays so whatever is recorded.
    unknown = [rule for rule in rules if now[rule.id] is None]
    later = {
        rule.id
        for path in sorted(settled.unknown & {*paths})
        for member in fields[path].members
        for rule in _true(unknown, verdicts(**{path: member}))
    }
    definitions = {definition.name: definition for definition in program.definitions}
    relevance = Relevance(definitions, now, inputs.__getitem__)
    could = frozenset[str]().union(*(relevance.of(rule.id) for rule in unknown))
    return Incomplete(
        guideline,
        name,
        data,
        tuple(missing),
        tuple(dict.fromkeys([*faults, *settled.faults])),
        found=tuple(_true(rules, now)),
        possible=tuple(rule for rule in unknown if rule.id in later),
        undecided=tuple(rule for rule in unknown if rule.id not in later),
        open=tuple(path for path in fields if path in could),
        asked=True,
    )


def rests_on(rule: Rule, guideline: Guideline) -> str:
    """Return the facts, citations and assumptions of a rule, or an empty text if it has none."""
    marks = [f"[{guideline.citations[id_].number or id_}]" for id_ in rule.grounds.cites]
    parts = (rule.grounds.facts, marks, rule.grounds.assumes)
    return "; ".join(", ".join(ids) for ids in parts if ids)


def _true(rules: Iterable[Rule], verdicts: Mapping[str, Verdict]) -> list[Rule]:
    return [rule for rule in rules if verdicts[rule.id] is True]


# --- an assessment of what is recorded ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Settled:
    """An assessment of what is recorded, the fields in it that only stand in, what was left out."""

    assessment: Assessment
    unknown: Set[str]
    faults: tuple[Problem, ...]


def _settled(
    guideline: Guideline, data: Mapping[str, object], on: date
) -> _Settled | tuple[Problem, ...]:
    """Return an assessment of what is recorded, or the faults for which there is none.

    What values say against each other is left out with all that follows from it.
    """
    model = guideline.model
    fields = model.fields()
    known = {path: value for path, value in data.items() if path in fields}
    reasons = data.get(REASONS)
    required = {path: spec for path, spec in fields.items() if spec.required}
    faults: dict[Problem, None] = {}
    while True:
        unknown = required.keys() - known.keys()
        given = {**known, **{path: _stand_in(required[path], on) for path in unknown}}
        if isinstance(reasons, Mapping):
            given[REASONS] = {path: why for path, why in reasons.items() if path not in given}
        try:
            assessment = model.read(given, today=on)
        except AssessmentError as error:
            faults |= dict.fromkeys(error.problems)
            at_fault = _at_fault(fields, error.problems) & known.keys()
            if at_fault:
                known = {path: value for path, value in known.items() if path not in at_fault}
            elif reasons is not None:
                reasons = None
            else:
                return tuple(faults)
        else:
            followers = _derived_from(fields, unknown) - known.keys()
            return _Settled(assessment, unknown | followers, tuple(faults))


def _at_fault(fields: Mapping[str, FieldSpec], problems: Iterable[Problem]) -> set[str]:
    """Return the fields that problems speak of, with those by which a value was judged or made."""
    found = {problem.path for problem in problems}
    for spec in [fields[path] for path in found if path in fields]:
        found.add(spec.not_after or "")
        if spec.derived is not None:
            found |= set(spec.derived.inputs)
    return found


def _stand_in(spec: FieldSpec, on: date) -> object:
    """Return a valid value of a required field, to be taken out again before a rule sees it."""
    match spec.kind:
        case FieldKind.ENUMERATION:
            return spec.members[0]
        case FieldKind.DATE:
            return on
        case FieldKind.BOOLEAN:
            return False
        case FieldKind.TEXT:
            return "-"
        case _:
            return spec.minimum or 0


def _derived_from(fields: Mapping[str, FieldSpec], unknown: Set[str]) -> set[str]:
    """Return the fields that are filled from those that are unknown."""
    return {
        path
        for path, spec in fields.items()
        if spec.derived is not None and unknown & set(spec.derived.inputs)
    }
