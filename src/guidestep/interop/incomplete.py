"""What can be said of a patient whose required fields are not all recorded.

No recommendation can be made. But a red flag that is recorded is not kept back for want of a date:
the rules are asked with every missing field unknown, and what they then find true is true whatever
is recorded later, as the guideline's checks at load and its proofs show.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date

from guidestep.assessment import Assessment, AssessmentError, FieldKind, FieldSpec, Problem
from guidestep.guideline import Guideline
from guidestep.language.program import Value
from guidestep.language.rulebase import Rule
from guidestep.outcome import Outcome

URGENT = (Outcome.URGENT_REFERRAL, Outcome.REFERRAL)
"""The outcomes that are told even if nothing else can be."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Why no recommendation is made, and what is found all the same.

    `missing` are paths of required fields without a value, `faults` what the values say against
    each other, `found` the rules for a referral that are true already, the most urgent first, and
    `possible` those that some answer to a missing field makes true.
    """

    missing: tuple[str, ...]
    faults: tuple[Problem, ...]
    found: tuple[Rule, ...]
    possible: tuple[Rule, ...]

    @property
    def outcome(self) -> Outcome | None:
        """The most urgent outcome that is found already."""
        return self.found[0].then if self.found else None

    def needed(self, fields: Container[str]) -> tuple[str, ...]:
        """Return the fields to record, or to correct, each once."""
        at_fault = [fault.path for fault in self.faults if fault.path in fields]
        return tuple(dict.fromkeys([*self.missing, *at_fault]))


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
    found, possible = _referrals(guideline, profile, data, on)
    return Incomplete(tuple(missing), tuple(faults), found, possible)


def rests_on(rule: Rule, guideline: Guideline) -> str:
    """Return the facts, citations and assumptions of a rule, or an empty text if it has none."""
    marks = [f"[{guideline.citations[id_].number or id_}]" for id_ in rule.grounds.cites]
    parts = (rule.grounds.facts, marks, rule.grounds.assumes)
    return "; ".join(", ".join(ids) for ids in parts if ids)


def _referrals(
    guideline: Guideline, profile: str | None, data: Mapping[str, object], on: date
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Return the rules for a referral that are true whatever the missing fields are, and may be."""
    settled = _settled(guideline, data, on)
    if settled is None:
        return (), ()
    assessment, unknown = settled
    channels = guideline.channels(profile)
    values = channels.inputs(assessment)
    paths = [put.path for put in channels.compiled.program.inputs]
    inputs = dict(zip(paths, values, strict=True)) | dict.fromkeys(unknown & {*paths})
    names = [definition.name for definition in channels.compiled.program.definitions]

    def true(**answered: Value) -> set[str]:
        asked = tuple((inputs | answered)[path] for path in paths)
        verdicts = channels.verdicts(asked)
        return {name for name, verdict in zip(names, verdicts, strict=True) if verdict is True}

    now = true()
    fields = guideline.model.fields()
    later = {
        name
        for path in sorted(unknown & {*paths})
        for member in fields[path].members
        for name in true(**{path: member})
    }
    rules = [rule for rule in channels.compiled.decision.rules if rule.then in URGENT]
    rules.sort(key=lambda rule: URGENT.index(rule.then or Outcome.REFERRAL))
    return (
        tuple(rule for rule in rules if rule.id in now),
        tuple(rule for rule in rules if rule.id in later - now),
    )


def _settled(
    guideline: Guideline, data: Mapping[str, object], on: date
) -> tuple[Assessment, set[str]] | None:
    """Return an assessment of what is recorded, and the fields in it that only stand in.

    What values say against each other is left out with all that follows from it.
    """
    model = guideline.model
    fields = model.fields()
    known = {path: value for path, value in data.items() if path in fields}
    required = {path: spec for path, spec in fields.items() if spec.required}
    while True:
        unknown = required.keys() - known.keys()
        stand_ins = {path: _stand_in(required[path], on) for path in unknown}
        try:
            assessment = model.read({**known, **stand_ins}, today=on)
        except AssessmentError as error:
            at_fault = {problem.path for problem in error.problems}
            at_fault |= {fields[path].not_after or "" for path in at_fault if path in fields}
            if not at_fault & known.keys():
                return None
            known = {path: value for path, value in known.items() if path not in at_fault}
        else:
            return assessment, set(unknown) | (_derived_from(fields, unknown) - known.keys())


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
