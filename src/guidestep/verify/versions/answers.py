"""What a version says to a patient, by common names: outcome, and step and action of each track.

Two answers differ as a `Change`: the outcomes, or, where both are steps, the tracks that differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import z3

from guidestep.language.decision import action_name
from guidestep.language.rulebase import Start, Withhold
from guidestep.outcome import Action, Outcome
from guidestep.recommendation import Recommendation
from guidestep.verify.patient import EXERCISE, Patient
from guidestep.verify.symbols import Choice
from guidestep.verify.terms import Bool, asserted, conj, neg

Advice: TypeAlias = tuple[Action, str]
"""What a track gets: the action, and the common name of the step."""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer; tracks that get nothing are not in it."""

    outcome: Outcome
    tracks: Mapping[str, Advice]

    @property
    def exercise(self) -> Mapping[str, str]:
        """The step that is done in each track, where one is."""
        return {t: step for t, (action, step) in self.tracks.items() if action in EXERCISE}


@dataclass(frozen=True, slots=True)
class Change:
    """From one answer to another: `tracks` are those that differ where both outcomes are steps."""

    before: Outcome
    after: Outcome
    tracks: tuple[tuple[str, Advice | None, Advice | None], ...] = ()

    def words(self, call: Mapping[str, str]) -> tuple[str, str]:
        """Return both answers in words; `call` gives what the new version calls a step or track."""
        if self.before is not self.after or not self.tracks:
            return self.before.value, self.after.value
        before = [_advice(t, advice, {}) for t, advice, _ in self.tracks]
        after = [_advice(t, advice, call) for t, _, advice in self.tracks]
        outcome = self.before.value
        return f"{outcome}: {', '.join(before)}", f"{outcome}: {', '.join(after)}"


def _advice(track: str, advice: Advice | None, call: Mapping[str, str]) -> str:
    if advice is None:
        return f"nothing on {call.get(track, track)}"
    return f"{advice[0].value} {call.get(advice[1], advice[1])}"


def change(before: Said, after: Said, tracks: Iterable[str]) -> Change | None:
    """Return from what to what an answer changes, or `None` where it does not."""
    if before.outcome is not after.outcome:
        return Change(before.outcome, after.outcome)
    pairs = [(t, before.tracks.get(t), after.tracks.get(t)) for t in tracks]
    differ = tuple((t, a, b) for t, a, b in pairs if a != b)
    return Change(before.outcome, after.outcome, differ) if differ else None


def said_in(
    model: z3.ModelRef, patient: Patient, tracks: Mapping[str, Mapping[Advice, Bool]]
) -> Said:
    """Return the answer that a patient gets in a model of the solver."""

    def true(term: Bool) -> bool:
        return bool(z3.is_true(model.eval(asserted(term), model_completion=True)))

    outcome = next(o for o in Outcome if true(patient.outcome(o)))
    found = {
        t: next((a for a, term in ways.items() if true(term)), None) for t, ways in tracks.items()
    }
    return Said(outcome, {t: advice for t, advice in found.items() if advice is not None})


def said_by(recommendation: Recommendation, common: Mapping[str, str]) -> Said:
    """Return the answer of a recommendation."""
    tracks = {
        common.get(s.track, s.track): (s.action, common.get(s.id, s.id))
        for s in recommendation.steps
    }
    return Said(recommendation.outcome, tracks)


# --- the answers as terms -------------------------------------------------------------------------


def tracks_of(patient: Patient, common: Mapping[str, str]) -> dict[str, dict[Advice, Bool]]:
    """Return for each track what it can get, and that it does; at most one is true.

    The policy is that of `guidestep.answer.protocol`: the first step with an exercise action, else
    the track is withheld under the step that bars it, that the patient is at, or that would start.
    """
    base, found = patient.subject.base, dict[str, dict[Advice, Bool]]()
    here = patient.outcome(Outcome.RECOMMEND)
    for id_ in base.tracks:
        steps = [step.id for step in base.steps.values() if step.track == id_]
        ways = [
            ((action, step), conj((here, patient.true(action_name(step, action)))))
            for step in steps
            for action in EXERCISE
        ]
        held = conj((here, patient.true(action_name(id_, Action.WITHHOLD))))
        ways += [((Action.WITHHOLD, step), conj((held, w))) for step, w in _held_at(patient, id_)]
        given: dict[Advice, Bool] = {}
        earlier: list[Bool] = []
        for (action, step), way in ways:
            advice = action, common.get(step, step)
            first = conj((way, *map(neg, earlier)))
            if first is not False:
                given[advice] = _either(given.get(advice, False), first)
                earlier.append(way)
        found[common.get(id_, id_)] = given
    return found


def _either(one: Bool, other: Bool) -> Bool:
    return neg(conj((neg(one), neg(other))))


def _held_at(patient: Patient, track: str) -> Iterator[tuple[str, Bool]]:
    """Yield under which step a track is withheld, the first that holds."""
    own = [p for p in patient.subject.compiled.decision.progressions if p.track == track]
    for p in own:
        if isinstance(p.move, Withhold) and p.move.step is not None:
            yield p.move.step, neg(patient.truth(p.id).false)
    entry = patient.subject.base.tracks[track].entry
    if entry.current is not None:
        symbol = patient.values.symbols.get(entry.current)
        if isinstance(symbol, Choice):
            for member, term in symbol.members.items():
                if member not in entry.outside:
                    yield member, conj((patient.mask[entry.current], term))
    starts = [p.move.step for p in own if isinstance(p.move, Start)]
    yield next(iter(starts), track), True
