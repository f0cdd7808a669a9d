"""Red flags: none is passed over, and none makes an answer less urgent."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.language.decision import excused_name
from guidestep.outcome import Family, Outcome
from guidestep.verify.properties.obligation import Obligation, Scenes
from guidestep.verify.terms import disj, neg


def no_exercise_with_a_red_flag(scenes: Scenes) -> Iterator[Obligation]:
    """No exercise while a red flag is true, or unknown without declared optional evidence."""
    scene = scenes.anyone
    patient = scene.patients[0]
    exercise = patient.exercises()
    for rule in scenes.subject.compiled.decision.rules:
        if rule.family is not Family.RED_FLAG:
            continue
        flag = patient.truth(rule.id)
        yield Obligation(
            rule.id, f"no exercise while {rule.id} is true", scene, (exercise, flag.true)
        )
        unexcused = neg(patient.true(excused_name(rule.id)))
        yield Obligation(
            rule.id,
            f"no exercise while {rule.id} is unknown, unless it is declared optional",
            scene,
            (exercise, neg(flag.known), unexcused),
        )


def urgency(scenes: Scenes) -> Iterator[Obligation]:
    """A true rule never gives an outcome less urgent than its own, whatever the rest is.

    For a red flag, whose outcome is the most urgent, that is: true never less urgent than false.
    """
    scene = scenes.anyone
    patient = scene.patients[0]
    for rule in scenes.subject.compiled.decision.rules:
        if rule.then is None or rule.family is Family.REQUIREMENT:
            continue
        then = rule.then
        less = disj(patient.outcome(o) for o in Outcome if o.precedence > then.precedence)
        statement = f"while {rule.id} is true, the outcome is {then.value} or more urgent"
        yield Obligation(rule.id, statement, scene, (patient.true(rule.id), less))
