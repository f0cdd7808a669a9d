"""The protocol part of an answer: one step and one action a track, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from guidestep.answer.voice import TrackVoice, Voice, spoken
from guidestep.explain.evidence import Evidence
from guidestep.explain.relevance import Relevance
from guidestep.language.decision import action_name
from guidestep.language.rulebase import Progress, Progression, Start, StepBack, Withhold
from guidestep.outcome import Action
from guidestep.recommendation import StepAdvice

_EXERCISE = (Action.START, Action.CONTINUE, Action.PROGRESS)


def advised(
    voice: Voice, evidence: Evidence, relevance: Callable[[], Relevance]
) -> Iterator[tuple[StepAdvice, int]]:
    """Yield each track's step with its action, and the mark of what it rests on.

    `relevance` is asked for only where an answer is not remembered.
    """
    for track in voice.tracks:
        advisor = _Advisor(voice, evidence, relevance, track)
        step, mark = track.memory.recall(evidence.given, advisor.advise)
        if step is not None:
            yield step, mark


class _Advisor:
    """Advises one patient on one track."""

    def __init__(
        self,
        voice: Voice,
        evidence: Evidence,
        relevance: Callable[[], Relevance],
        track: TrackVoice,
    ) -> None:
        self.voice = voice
        self.evidence = evidence
        self.relevance = relevance
        self.track = track

    def advise(self) -> tuple[StepAdvice, int] | tuple[None, int]:
        given = self.exercise()
        if given is not None:
            said = [p for p in self.track.progressions if self.speaks(p, *given)]
            return self.advice(*given, said)
        name = action_name(self.track.track.entry.id, Action.WITHHOLD)
        return self.withheld() if self.evidence.verdicts.get(name) is True else (None, 0)

    @property
    def place(self) -> str | None:
        """The step the patient is at, or `None` when none has begun."""
        entry = self.track.track.entry
        place = None if entry.current is None else self.evidence.value(entry.current)
        return None if place is None or place in entry.outside else str(place)

    def exercise(self) -> tuple[str, Action] | None:
        for step in self.track.steps:
            for action in _EXERCISE:
                if self.evidence.verdicts.get(action_name(step.id, action)) is True:
                    return step.id, action
        return None

    def speaks(self, progression: Progression, step: str, action: Action) -> bool:
        """Whether a progression is a reason for an exercise action."""
        verdict = self.evidence.verdicts[progression.id]
        match progression.move:
            case Start(step=to):
                return action is Action.START and to == step and verdict is True
            case Progress(origin=origin, to=to) if origin == self.place:
                if action is Action.PROGRESS:
                    return to == step and verdict is True
                return action is Action.CONTINUE and step == origin and verdict is not True
            case StepBack(origin=origin, to=to) if origin == self.place:
                return action is Action.CONTINUE and to == step and verdict is not False
            case _:
                return False

    def withheld(self) -> tuple[StepAdvice, int]:
        bars: list[Progression] = []
        starts: list[Progression] = []
        named = first = None
        for p in self.track.progressions:
            verdict = self.evidence.verdicts[p.id]
            match p.move:
                case Withhold(step=step) if verdict is not False:
                    bars.append(p)
                    named = named or step
                case Start(step=step):
                    first = first or step
                    if self.place is None and verdict is not True:
                        starts.append(p)
                case _:
                    pass
        step_id = named or self.place or first or self.track.track.entry.id
        # What bars the whole track is reason enough; a start it bars adds nothing.
        return self.advice(step_id, Action.WITHHOLD, bars or starts)

    def advice(self, step: str, action: Action, said: list[Progression]) -> tuple[StepAdvice, int]:
        waiting: set[str] = set()
        for p in said:
            verdict = self.evidence.verdicts[p.id]
            # What is decided waits for nothing, unless it asks whether something is known.
            if verdict is None or (verdict is False and p.id in self.voice.learnable):
                waiting |= self.relevance().of(p.id)
        reasons = tuple(
            self.voice.reason(
                self.voice.prepared[p.id], spoken(self.evidence.verdicts[p.id]), self.evidence
            )
            for p in said
        )
        waits = self.voice.ordered(waiting)
        return self.voice.advice(self.track.track, step, action, self.place, reasons, waits)
