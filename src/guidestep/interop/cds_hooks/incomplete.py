"""What can be said of a patient whose required fields are not all recorded.

No recommendation can be made. But a red flag that is recorded is not kept back for want of a date:
the rules are asked with every missing field unknown, and what they then find true is true whatever
is recorded later, as the guideline's checks at load and its proofs show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from guidestep.assessment import AssessmentError, FieldKind, FieldSpec, Problem
from guidestep.guideline import ENGINES
from guidestep.interop.cds_hooks.served import Reading, Served
from guidestep.language.rulebase import Rule
from guidestep.outcome import Outcome

URGENT = (Outcome.URGENT_REFERRAL, Outcome.REFERRAL)
"""The outcomes that are told even if nothing else can be."""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """Why no recommendation is made, and what is found all the same.

    `missing` are paths of required fields without a value, `faults` what the values say against
    each other, `found` the rules for a referral that are true already, the most urgent first.
    """

    missing: tuple[str, ...]
    faults: tuple[Problem, ...]
    found: tuple[Rule, ...]

    @property
    def outcome(self) -> Outcome | None:
        """The most urgent outcome that is found already."""
        return self.found[0].then if self.found else None


def incomplete(served: Served, reading: Reading, faults: Sequence[Problem], on: date) -> Incomplete:
    """Return what can be said although the reading makes no assessment.

    Raises:
        EngineDisagreement: The two engines differ on what is recorded.
    """
    return Incomplete(tuple(reading.missing_required), tuple(faults), _found(served, reading, on))


def _found(served: Served, reading: Reading, on: date) -> tuple[Rule, ...]:
    """Return the rules for a referral that are true with all that is not recorded unknown."""
    model = served.guideline.model
    fields = model.fields()
    known = {path: value for path, value in reading.data.items() if path in fields}
    required = {path: spec for path, spec in fields.items() if spec.required}
    for _ in range(3):  # what values say against each other is left out, and with it what follows
        unknown = set(required) - set(known)
        stand_ins = {path: _stand_in(required[path], on) for path in unknown}
        try:
            assessment = model.read({**known, **stand_ins})
        except AssessmentError as error:
            at_fault = {problem.path for problem in error.problems}
            at_fault |= {fields[path].not_after or "" for path in at_fault if path in fields}
            if not at_fault & set(known):
                return ()
            known = {path: value for path, value in known.items() if path not in at_fault}
            continue
        break
    else:
        return ()
    unknown |= _derived_from(fields, unknown) - set(known)
    channels = served.guideline._of(served.profile or served.guideline.default_profile)
    values = channels.read(assessment) + channels.open
    inputs = tuple(
        None if put.path in unknown else value
        for put, value in zip(channels.compiled.program.inputs, values, strict=True)
    )
    verdicts = channels.verdicts(inputs, ENGINES)
    names = [definition.name for definition in channels.compiled.program.definitions]
    true = {name for name, verdict in zip(names, verdicts, strict=True) if verdict is True}
    found = [
        rule for rule in channels.compiled.decision.rules if rule.then in URGENT and rule.id in true
    ]
    return tuple(sorted(found, key=lambda rule: URGENT.index(rule.then or Outcome.REFERRAL)))


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


def _derived_from(fields: Mapping[str, FieldSpec], unknown: set[str]) -> set[str]:
    """Return the fields that are filled from those that are unknown."""
    return {
        path
        for path, spec in fields.items()
        if spec.derived is not None and unknown & set(spec.derived.inputs)
    }
