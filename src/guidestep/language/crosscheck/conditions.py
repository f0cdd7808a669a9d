"""Conditions that decide nothing: the same for everyone, said twice, or never come to."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.language.crosscheck.whole import Step, Whole
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.documents import BandEntry, ScoreEntry
from guidestep.language.rulebase import Always, Never, Rule, UnchangedBy
from guidestep.language.tree import And, Cases, Constant, Expression, Not, Or, Reference
from guidestep.logic import Truth, all_of, any_of, not_
from guidestep.outcome import Family


def constants(whole: Whole) -> Iterator[Diagnostic]:
    """Yield the conditions of rules and progressions that are the same for every patient."""
    base = whole.base
    for rule in base.rules.values():
        key = "require" if rule.family is Family.REQUIREMENT else "when"
        yield from _constant(whole, rule.when, (True, False), rule.id, key)
        if rule.scope is not None:
            yield from _constant(whole, rule.scope, (False,), rule.id, "when")
        if rule.optional is not None:
            where: tuple[Step, ...] = ("optional_evidence", "when")
            yield from _constant(whole, rule.optional.when, (False,), rule.id, *where)
    # A step may start for everyone of its track, and a notice may be shown to everyone.
    for progression in base.progressions:
        yield from _constant(whole, progression.when, (False,), progression.id, "when")
    for id_, track in base.tracks.items():
        yield from _constant(whole, track.when, (False,), id_, "when")
    for notice in base.notices:
        yield from _constant(whole, notice.when, (False,), notice.entry.id, "when")
    for request in base.requests:
        yield from _constant(whole, request.when, (False,), request.entry.id, "when")
    for id_, assumption in base.assumptions.items():
        if assumption.open_when is not None:
            yield from _constant(whole, assumption.open_when, (False,), id_, "open_when")
    for property_ in base.properties:
        yield from _constant(whole, property_.when, (False,), property_.id, "when")
        match property_.claim:
            case Always(condition=condition):
                yield from _constant(whole, condition, (True, False), property_.id, "always")
            case Never(condition=condition):
                yield from _constant(whole, condition, (True, False), property_.id, "never")
            case UnchangedBy():
                pass


def _constant(
    whole: Whole, expression: Expression, barred: tuple[bool, ...], id_: str, *path: Step
) -> Iterator[Diagnostic]:
    truth = _truth(expression, whole)
    if truth in barred:
        effect = "always applies" if truth else "never applies"
        if path == ("require",):
            effect = "asks for nothing" if truth else "can never be met"
        elif path in (("always",), ("never",)):
            effect = "says nothing of the rules"
        yield Diagnostic(
            "constant-condition",
            whole.span(id_, *path),
            f"this is {'true' if truth else 'false'} of every patient, so '{id_}' {effect}",
            "write a condition that patients differ in, or remove the entry",
        )


def _truth(node: Expression, whole: Whole) -> Truth:
    """Return what a condition comes to for a patient of whom nothing is known, `known` aside."""
    match node:
        case Constant(value=bool(value)):
            return value
        case Not(operand=operand):
            return not_(_truth(operand, whole))
        case And(operands=operands):
            return all_of([_truth(operand, whole) for operand in operands])
        case Or(operands=operands):
            return any_of([_truth(operand, whole) for operand in operands])
        case Reference(name=name) if name in whole.base.definitions:
            return _truth(whole.base.definitions[name].expression, whole)
        case _:
            return None


def duplicates(whole: Whole) -> Iterator[Diagnostic]:
    """Yield rules of one family with the same condition and the same conclusion."""
    seen: dict[tuple[object, ...], str] = {}
    for rule in whole.base.rules.values():
        first = seen.setdefault(_meaning(rule), rule.id)
        if first != rule.id:
            yield _duplicate(whole, rule.id, first)
    for progression in whole.base.progressions:
        first = seen.setdefault(
            (progression.move, progression.when, progression.grounds.assumes), progression.id
        )
        if first != progression.id:
            yield _duplicate(whole, progression.id, first)


def _meaning(rule: Rule) -> tuple[object, ...]:
    return (rule.family, rule.when, rule.scope, rule.then, rule.grounds.assumes, rule.optional)


def _duplicate(whole: Whole, id_: str, first: str) -> Diagnostic:
    return Diagnostic(
        "duplicate-rule",
        whole.span(id_),
        f"'{id_}' has the condition and the conclusion of '{first}'",
        "remove one of them, and keep the facts and citations of both",
    )


def scores(whole: Whole) -> Iterator[Diagnostic]:
    """Yield items of a score that count for nothing."""
    for id_, read in whole.reads.items():
        if not isinstance(read.entry, ScoreEntry):
            continue
        for index, item in enumerate(read.entry.items):
            if item.points == 0:
                yield Diagnostic(
                    "zero-points",
                    whole.span(id_, "items", index, "points"),
                    "an item of 0 points changes nothing",
                    "write its points, or remove the item",
                )


def bands(whole: Whole) -> Iterator[Diagnostic]:
    """Yield the cases of a band, and the `else`, that no patient comes to."""
    for id_, read in whole.reads.items():
        band = whole.base.definitions.get(id_)
        if not isinstance(read.entry, BandEntry) or band is None:
            continue
        assert isinstance(band.expression, Cases)
        seen: dict[Expression, int] = {}
        sure: int | None = None
        for index, (condition, label) in enumerate(band.expression.cases):
            truth = _truth(condition, whole)
            first = sure if sure is not None else seen.setdefault(condition, index)
            if first != index or truth is False:
                reason = "its condition is false of everyone"
                if first != index:
                    reason = f"case {first + 1} is true wherever this one is"
                yield Diagnostic(
                    "unreachable-case",
                    whole.span(id_, "cases", index, "when"),
                    f"no patient comes to this case '{label}': {reason}",
                    "remove it, or correct the condition",
                )
            elif truth is True:
                sure = index
        if sure is not None:
            yield Diagnostic(
                "unreachable-case",
                whole.span(id_, "else"),
                f"no patient comes to 'else': case {sure + 1} is true of everyone",
                "turn the last case into 'else'",
            )
