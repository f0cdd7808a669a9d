"""What more knowledge, less knowledge and time can do to an answer."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.outcome import Action, Outcome
from guidestep.verify.properties.obligation import Obligation, Scene, Scenes
from guidestep.verify.terms import conj, disj, neg

GAINS = (Action.START, Action.PROGRESS)


def stable(scenes: Scenes) -> Iterator[Obligation]:
    """Once `recommend`, always `recommend`, whatever the unknown inputs turn out to be.

    Nor is a start or a progress taken back. Contradictions and declared optional evidence that
    turns out positive are left aside.
    """
    scene = scenes.learning
    before, after = scene.patients
    kept = (before.outcome(Outcome.RECOMMEND), neg(after.outcome(Outcome.RECOMMEND)))
    yield Obligation("", "what is recommended stays recommended", scene, kept)
    for step in scenes.subject.exercise_steps:
        for action in GAINS:
            lost = conj((before.action(step, action), neg(after.action(step, action))))
            statement = f"{action.value} {step} is not taken back by learning more"
            yield Obligation(step, statement, scene, (lost,))


def nothing_gained_by_leaving_out(scenes: Scenes) -> Iterator[Obligation]:
    """Taking information away never starts or progresses a step, nor lets any exercise go on."""
    scene = scenes.learning
    less, more = scene.patients
    for step in scenes.subject.exercise_steps:
        gained = disj(less.action(step, action) for action in GAINS)
        had = disj(more.action(step, action) for action in GAINS)
        statement = f"leaving something out never starts or progresses {step}"
        yield Obligation(step, statement, scene, (gained, neg(had)))
    statement = "leaving something out never lets exercise go on that would be barred"
    yield Obligation("", statement, scene, (less.exercises(), neg(more.outcome(Outcome.RECOMMEND))))


def time_alone(scenes: Scenes) -> Iterator[Obligation]:
    """Time alone never starts or progresses a step: the date of the visit and durations move."""
    if not scenes.moving:
        return
    scene: Scene = scenes.waiting
    now, later = scene.patients
    for step in scenes.subject.exercise_steps:
        for action in GAINS:
            gained = (later.action(step, action), neg(now.action(step, action)))
            statement = f"time alone does not {action.value} {step}"
            yield Obligation(step, statement, scene, gained)
