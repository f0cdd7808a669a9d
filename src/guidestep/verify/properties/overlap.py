"""No rule is subsumed by another of the same conclusion: it would never change an answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import z3

from guidestep.language.rulebase import Rule
from guidestep.outcome import Family, Outcome
from guidestep.verify.properties.obligation import Scene
from guidestep.verify.solve import Questions, Settled
from guidestep.verify.terms import Bool, asserted, disj, neg


@dataclass(frozen=True, slots=True)
class Overlap:
    """Whether a rule is subsumed by others: `by` are those that are true whenever it is.

    `seconds` is the solver's time; `settled` is false where it ran out of time.
    """

    rule: str
    by: tuple[str, ...]
    settled: bool
    seconds: float


def overlaps(scene: Scene, questions: Questions) -> Iterator[Overlap]:
    """Yield, for each rule that is not alone in its conclusion, which others subsume it.

    Each answer of the solver rules out all that are not true of the patient it shows, so that
    there are far fewer questions than pairs.
    """
    patient = scene.patients[0]
    peers: dict[tuple[Outcome, bool], list[Rule]] = defaultdict(list)
    for rule in patient.subject.compiled.decision.rules:
        if rule.then is not None and rule.family not in (Family.REQUIREMENT, Family.CONFLICT):
            peers[rule.then, rule.optional is not None].append(rule)
    for rules in peers.values():
        truths = {rule.id: patient.true(rule.id) for rule in rules}
        if len(rules) > 1:
            for rule in rules:
                yield _overlap(rule.id, truths, questions)


def _overlap(rule: str, truths: dict[str, Bool], questions: Questions) -> Overlap:
    left = [other for other in truths if other != rule]
    reply = questions.ask(truths[rule])
    seconds = reply.seconds
    if reply.settled is Settled.NO:  # never true: that is for reachability to tell
        left = []
    while left:
        reply = questions.ask(truths[rule], disj(neg(truths[other]) for other in left))
        seconds += reply.seconds
        if reply.settled is Settled.OPEN:
            return Overlap(rule, tuple(left), False, seconds)
        if reply.model is None:
            break
        left = [other for other in left if _true(reply.model, truths[other])]
    return Overlap(rule, tuple(left), True, seconds)


def _true(model: z3.ModelRef, term: Bool) -> bool:
    return bool(z3.is_true(model.eval(asserted(term), model_completion=True)))
