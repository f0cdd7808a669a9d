"""What one track of a protocol gets, written as definitions: its step, its action, and why.

The same policy as in `guidestep.answer.protocol`, for all patients at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guidestep.answer.voice import TrackVoice
from guidestep.frame.draft import Asked, Choice, Draft
from guidestep.language.decision import action_name
from guidestep.language.lowering import (
    FALSE,
    TRUE,
    all_of,
    any_of,
    is_false,
    is_true,
    negated,
    none_of,
)
from guidestep.language.rulebase import Progress, Progression, Start, StepBack, Withhold
from guidestep.language.tree import Expression, Field, IsKnown, IsMember, Reference
from guidestep.outcome import Action, Outcome

_EXERCISE = (Action.START, Action.CONTINUE, Action.PROGRESS)


@dataclass(frozen=True, slots=True)
class TrackReport:
    """A track: the step and the action it gets, if any."""

    track: str
    steps: Choice
    actions: Choice


class TrackReporter:
    """Writes the report of one track into a draft; `said` gathers when each rule is a reason."""

    def __init__(self, draft: Draft, track: TrackVoice) -> None:
        self.draft = draft
        self.track = track
        self.said: dict[str, list[Expression]] = {}

    def report(self, lists: Expression) -> TrackReport:
        """Return what the track gets, and note its reasons and what they wait for."""
        track, name = self.track, self.track.track.entry.id
        here = self.draft.outcome(Outcome.RECOMMEND)
        earlier: list[Expression] = []
        chosen: dict[tuple[str, Action], Expression] = {}
        for step in track.steps:
            for action in _EXERCISE:
                done = action_name(step.id, action)
                if done in self.draft.names:
                    found = is_true(Reference(done))
                    chosen[step.id, action] = all_of(here, found, none_of(*earlier))
                    earlier.append(found)
        withheld: Expression = FALSE
        if action_name(name, Action.WITHHOLD) in self.draft.names:
            held = is_true(Reference(action_name(name, Action.WITHHOLD)))
            withheld = self.draft.define(
                f"report:{name}:withheld", all_of(here, held, none_of(*earlier))
            )
        for p in track.progressions:
            ways = [self.speaks(p, *key, when) for key, when in chosen.items()]
            self.say(p.id, any_of(*ways))
        steps = {(step, action): when for (step, action), when in chosen.items()}
        held_at = self.withheld(withheld)
        self.settle(name, lists)
        by_step: dict[str, list[Expression]] = {}
        by_action: dict[str, list[Expression]] = {}
        for (step_id, action), when in steps.items():
            by_step.setdefault(step_id, []).append(when)
            by_action.setdefault(action.value, []).append(when)
        for step_id, when in held_at:
            by_step.setdefault(step_id, []).append(when)
        by_action[Action.WITHHOLD.value] = [withheld]
        return TrackReport(
            name,
            self.choice(f"report:{name}:step", by_step),
            self.choice(f"report:{name}:action", by_action),
        )

    def choice(self, name: str, ways: Mapping[str, list[Expression]]) -> Choice:
        """Return some values with the definitions under which each is taken."""
        joined = {value: any_of(*found) for value, found in ways.items()}
        return tuple(
            (value, self.draft.define(f"{name}:{value}", when).name)
            for value, when in joined.items()
            if when != FALSE
        )

    def speaks(
        self, progression: Progression, step: str, action: Action, chosen: Expression
    ) -> Expression:
        """Return that a progression is a reason for an exercise action, as far as it can be."""
        verdict = Reference(progression.id)
        match progression.move:
            case Start(step=to) if action is Action.START and to == step:
                return all_of(chosen, is_true(verdict))
            case Progress(origin=origin, to=to) if action is Action.PROGRESS and to == step:
                return all_of(chosen, self.at(origin), is_true(verdict))
            case Progress(origin=origin) if action is Action.CONTINUE and origin == step:
                return all_of(chosen, self.at(origin), negated(is_true(verdict)))
            case StepBack(origin=origin, to=to) if action is Action.CONTINUE and to == step:
                return all_of(chosen, self.at(origin), negated(is_false(verdict)))
            case _:
                return FALSE

    def at(self, *members: str) -> Expression:
        """Return that the patient is known to be at one of some steps."""
        path = self.track.track.entry.current
        return FALSE if path is None else is_true(IsMember(Field(path), members))

    def withheld(self, withheld: Expression) -> list[tuple[str, Expression]]:
        """Return under which step the track is withheld, and note why."""
        if withheld == FALSE:
            return []
        track, entry = self.track, self.track.track.entry
        bars = [
            (p, negated(is_false(Reference(p.id))))
            for p in track.progressions
            if isinstance(p.move, Withhold)
        ]
        barred = self.draft.define(
            f"report:{entry.id}:bars", all_of(withheld, any_of(*(when for _, when in bars)))
        )
        for p, when in bars:
            self.say(p.id, all_of(barred, when))
        places = [step.id for step in track.steps if entry.current is not None]
        begun = self.at(*places)
        for p in track.progressions:
            if isinstance(p.move, Start):
                start = all_of(
                    withheld, negated(barred), negated(begun), negated(is_true(Reference(p.id)))
                )
                self.say(p.id, start)
        found: list[tuple[str, Expression]] = []
        earlier: list[Expression] = []

        def take(step: str, when: Expression) -> None:
            found.append((step, all_of(withheld, none_of(*earlier), when)))
            earlier.append(when)

        for p, when in bars:
            if isinstance(p.move, Withhold) and p.move.step is not None:
                take(p.move.step, when)
        for place in places:
            take(place, self.at(place))
        starts = [p.move.step for p in track.progressions if isinstance(p.move, Start)]
        take(starts[0] if starts else entry.id, TRUE)
        return found

    def say(self, id_: str, when: Expression) -> None:
        """Note when a progression is a reason, and when it still waits for an input."""
        if when == FALSE:
            return
        self.draft.reason(self.draft.voice.prepared[id_], when)
        self.said.setdefault(id_, []).append(when)

    def settle(self, name: str, lists: Expression) -> None:
        """Note what the reasons of the track wait for, each input once."""
        waits: dict[str, list[Expression]] = {}
        for id_, ways in self.said.items():
            verdict = Reference(id_)
            open_ends = negated(IsKnown(verdict))
            # What is decided waits for nothing, unless it asks whether something is known.
            if id_ in self.draft.voice.learnable:
                open_ends = negated(is_true(verdict))
            said = self.draft.define(f"waits:{name}:{id_}", all_of(any_of(*ways), open_ends))
            for path, open_ in self.draft.openness.of(id_).items():
                waits.setdefault(path, []).append(all_of(said, open_))
        for path, found in waits.items():
            asks = self.draft.define(f"asks:{name}:{path}", all_of(negated(lists), any_of(*found)))
            asked = Asked(asks.name, Outcome.RECOMMEND, listed=False)
            self.draft.missing.setdefault(path, []).append(asked)
