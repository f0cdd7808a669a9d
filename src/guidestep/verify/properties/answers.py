"""Exactly one outcome for every patient, and at most one step and action a track."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.language.decision import action_name
from guidestep.outcome import Action, Outcome
from guidestep.verify.patient import EXERCISE
from guidestep.verify.properties.obligation import Obligation, Scenes
from guidestep.verify.terms import at_most_one, disj, neg


def one_outcome(scenes: Scenes) -> Iterator[Obligation]:
    """Every well-formed patient gets exactly one outcome."""
    scene = scenes.anyone
    given = [scene.patients[0].outcome(outcome) for outcome in Outcome]
    yield Obligation("", "some outcome is given", scene, (neg(disj(given)),))
    yield Obligation("", "no two outcomes are given", scene, (neg(at_most_one(given)),))


def one_step_a_track(scenes: Scenes) -> Iterator[Obligation]:
    """No track gives two steps, or one step with two actions, at once."""
    scene = scenes.anyone
    patient, base = scene.patients[0], scenes.subject.base
    for track in base.tracks:
        steps = [step.id for step in base.steps.values() if step.track == track]
        given = [patient.action(step, action) for step in steps for action in EXERCISE]
        if action_name(track, Action.WITHHOLD) in scenes.subject.names:
            given.append(patient.action(track, Action.WITHHOLD))
        statement = f"the track {track} has at most one step and one action"
        yield Obligation(track, statement, scene, (neg(at_most_one(given)),))
