"""Nothing is written in vain: every rule, band, step and assumption can speak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from guidestep.language.decision import (
    action_name,
    dose_name,
    excused_name,
    outcome_name,
    unmet_name,
)
from guidestep.language.rulebase import Defined, Grounds, Notice, Progression, Request, Rule
from guidestep.language.tree import Cases, Expression, Reference, walk
from guidestep.outcome import Action, Outcome
from guidestep.verify.patient import EXERCISE, Subject
from guidestep.verify.properties.obligation import Existence, Scenes, Way

RECOMMENDED = outcome_name(Outcome.RECOMMEND)


def reachable(scenes: Scenes) -> Iterator[Existence]:
    """For every rule, progression, band, notice, step, action and assumption, somebody shows it."""
    subject, scene = scenes.subject, scenes.anyone
    base, decision = subject.base, subject.compiled.decision
    rules: tuple[Rule | Progression, ...] = (*decision.rules, *decision.progressions)
    shown: tuple[Notice | Request, ...] = (*base.notices, *base.requests)
    for rule in rules:
        yield Existence(rule.id, f"{rule.id} can be true", scene, ((rule.id,),))
    for defined in base.definitions.values():
        open_ = not subject.compiled.off.isdisjoint(defined.grounds.assumes)
        if isinstance(defined.expression, Cases) and not open_:
            for label in defined.type.members:
                name = f"{defined.id}:{label}"
                statement = f"the band {defined.id} can be {label}"
                yield Existence(name, statement, scene, ((name,),))
    for item in shown:
        id_ = item.entry.id
        if id_ in subject.names:
            yield Existence(id_, f"{id_} can be shown", scene, ((id_,),))
    for step in base.steps.values():
        for action in EXERCISE:
            name = action_name(step.id, action)
            if name in subject.names:
                statement = f"{action.value} {step.id} can be recommended"
                yield Existence(step.id, statement, scene, ((RECOMMENDED, name),))
    for track in base.tracks:
        name = action_name(track, Action.WITHHOLD)
        if name in subject.names:
            statement = f"the track {track} can be withheld"
            yield Existence(track, statement, scene, ((RECOMMENDED, name),))
    for id_ in base.assumptions:
        if id_ not in subject.compiled.off:
            ways = tuple(_speaking(subject, id_))
            yield Existence(id_, f"an answer can rest on {id_}", scene, ways)


def _speaking(subject: Subject, assumption: str) -> Iterator[Way]:
    """Yield the ways in which something that rests on an assumption speaks in an answer."""
    base, decision = subject.base, subject.compiled.decision
    rules: tuple[Rule | Progression, ...] = (*decision.rules, *decision.progressions)
    shown: tuple[Notice | Request, ...] = (*base.notices, *base.requests)
    for rule in rules:
        if assumption in _assumed(rule.grounds, rule.when, base.definitions):
            yield (rule.id,)
    for one in decision.rules:
        if one.optional is not None and one.optional.assumes == assumption:
            yield (excused_name(one.id),)
    for item in shown:
        if assumption in item.grounds.assumes:
            # One without a condition of its own is always shown.
            yield (item.entry.id,) if item.entry.id in subject.names else ()
    for step in base.steps.values():
        doses = [n for n, dose in enumerate(step.dose) if assumption in dose.assumes]
        if assumption in step.assumes or doses:
            for action in EXERCISE:
                yield RECOMMENDED, action_name(step.id, action)
            if step.track is not None and step.kind == "withheld":
                yield RECOMMENDED, action_name(step.track, Action.WITHHOLD)
            # A step of assessment is given with a requirement that is not met.
            yield from ((unmet_name(r.id),) for r in decision.rules if r.step == step.id)
        yield from ((dose_name(step.id, index),) for index in doses)


def _assumed(
    grounds: Grounds, condition: Expression, definitions: Mapping[str, Defined]
) -> frozenset[str]:
    """Return the assumptions of a rule and of all the definitions that it refers to."""
    found = set(grounds.assumes)
    todo, seen = [condition], set[str]()
    while todo:
        for node in walk(todo.pop()):
            if isinstance(node, Reference) and node.name in definitions and node.name not in seen:
                seen.add(node.name)
                found.update(definitions[node.name].grounds.assumes)
                todo.append(definitions[node.name].expression)
    return frozenset(found)
