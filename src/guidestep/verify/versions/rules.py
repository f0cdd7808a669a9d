"""The rules that make the difference for one patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from guidestep.language.rulebase import Grounds, Progression, Rule
from guidestep.language.tree import Field, Reference, walk
from guidestep.recommendation import Reason, Recommendation
from guidestep.verify.patient import Patient
from guidestep.verify.terms import Bool
from guidestep.verify.versions.matching import Key, Names, moved, paired, plain
from guidestep.verify.versions.result import Responsible

Pairs: TypeAlias = tuple[tuple[str | None, str | None], ...]
"""The ids of rules in both versions."""

ABSENT = "not there"


@dataclass(frozen=True, slots=True)
class _Rule:
    rule: Rule | Progression
    kind: str
    condition: object
    """Equal for conditions that are the same term of the solver, whatever they are called."""


_KEYS: tuple[Key[_Rule], ...] = (
    lambda r: (r.kind, r.rule.id, r.condition),
    lambda r: (r.kind, plain(r.rule.statement), r.condition),
    lambda r: (r.kind, r.rule.id),
    lambda r: (r.kind, plain(r.rule.statement)),
    lambda r: (r.kind, r.condition),
)


def rule_pairs(old: Patient, new: Patient) -> Pairs:
    """Return which rule is which: alike in condition and name, in condition and statement, ..."""
    return tuple(
        (None if a is None else a.rule.id, None if b is None else b.rule.id)
        for a, b in paired(_rules(old), _rules(new), *_KEYS)
    )


def _rules(patient: Patient) -> list[_Rule]:
    base = patient.subject.base
    found: list[_Rule] = []
    rules: tuple[Rule | Progression, ...] = (*base.rules.values(), *base.progressions)
    for rule in rules:
        kind = rule.family.value if isinstance(rule, Rule) else type(rule.move).__name__
        truth = patient.truth(rule.id)
        condition = (_key(truth.true), _key(truth.false)) if _judged(patient, rule.id) else None
        found.append(_Rule(rule, kind, condition))
    return found


def _key(term: Bool) -> object:
    return term if isinstance(term, bool) else ("term", term.get_id())


def _judged(patient: Patient, rule: str) -> bool:
    return rule in patient.subject.names


def responsible(
    pairs: Pairs,
    names: Names,
    patients: tuple[Patient, Patient],
    answers: tuple[Recommendation, Recommendation],
) -> tuple[Responsible, ...]:
    """Return the rules whose verdict differs, that decide in one alone, or conclude otherwise."""
    (old, new), (before, after) = patients, answers
    ours, theirs = ({r.rule: r for r in answer.reasons} for answer in (before, after))
    named = {rule for pair in pairs for rule in pair}
    # Open points decide too, and that no rule does.
    points = dict.fromkeys(id_ for id_ in (*ours, *theirs) if id_ not in named)
    found: list[Responsible] = []
    for one, other in (*pairs, *((id_, id_) for id_ in points)):
        decides = one in ours, other in theirs
        verdicts = _verdict(before, one), _verdict(after, other)
        # A rule of one version alone matters where it decides.
        differ = verdicts[0] != verdicts[1] and ABSENT not in verdicts
        otherwise = all(decides) and _concludes(old, one, {}) != _concludes(
            new, other, names.common
        )
        if differ or otherwise or decides[0] is not decides[1]:
            reason = theirs.get(other or "") or ours.get(one or "")
            statement, grounds = _said(reason, (new, other), (old, one))
            found.append(
                Responsible(one, other, statement, verdicts, decides, grounds.facts, grounds.cites)
            )
    return tuple(sorted(found, key=lambda r: r.verdicts[0] == r.verdicts[1]))


def _concludes(patient: Patient, id_: str | None, common: Mapping[str, str]) -> object:
    """Return what follows from a rule, by the common names."""
    base = patient.subject.base
    for p in base.progressions:
        if p.id == id_:
            return moved(p.move, lambda name: common.get(name, name))
    rule = base.rules.get(id_ or "")
    return None if rule is None else rule.then


def _verdict(answer: Recommendation, rule: str | None) -> str:
    assert answer.evidence is not None  # it was asked just now
    if rule is None or rule not in answer.evidence.verdicts:
        return ABSENT
    verdict = answer.evidence.verdicts[rule]
    return "unknown" if verdict is None else str(verdict).lower()


def _said(reason: Reason | None, *sides: tuple[Patient, str | None]) -> tuple[str, Grounds]:
    if reason is not None:
        return reason.statement, Grounds(reason.facts, reason.cites)
    for patient, id_ in sides:
        base = patient.subject.base
        rules: Mapping[str, Rule | Progression] = {
            **base.rules,
            **{p.id: p for p in base.progressions},
        }
        if id_ is not None and id_ in rules:
            return rules[id_].statement, rules[id_].grounds
    return "", Grounds()


def read_by(patient: Patient, names: list[str]) -> dict[str, None]:
    """Return the inputs that some definitions read, by way of others too."""
    definitions = {d.name: d.expression for d in patient.subject.program.definitions}
    found: dict[str, None] = {}
    seen, todo = set[str](), [name for name in names if name in definitions]
    while todo:
        name = todo.pop()
        if name in seen:
            continue
        seen.add(name)
        for node in walk(definitions[name]):
            match node:
                case Field(path=path) if path in patient.subject.specs:
                    found[path] = None
                case Reference(name=other):
                    todo.append(other)
    return found
