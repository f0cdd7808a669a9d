"""What to assess first: the unknown inputs that undecided rules wait for, most decisive first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from guidestep.answer.voice import Voice
from guidestep.assessment import Assessment
from guidestep.outcome import Outcome
from guidestep.recommendation import Missing, StepAdvice

Waiting = dict[str, list[tuple[str, Outcome]]]
"""For each input, the rules or steps that wait for it and the outcome they could give."""


def wait(waiting: Waiting, name: str, outcome: Outcome, paths: Iterable[str]) -> None:
    """Note that a rule waits for some inputs."""
    for path in paths:
        waiting.setdefault(path, []).append((name, outcome))


def awaited(steps: Iterable[StepAdvice]) -> Waiting:
    """Return the inputs that steps wait for."""
    waiting: Waiting = {}
    for step in steps:
        wait(waiting, step.id, Outcome.RECOMMEND, step.waiting_for)
    return waiting


def listed(voice: Voice, assessment: Assessment, waiting: Waiting) -> tuple[Missing, ...]:
    """Return the inputs in order: those that could bring the most urgent outcome first.

    Among equals, the input that most rules wait for comes first, then the order of the model.
    """
    fields, order = voice.fields, voice.order

    def decisive(path: str) -> tuple[int, int, int]:
        rules = waiting[path]
        return min(outcome.precedence for _, outcome in rules), -len(rules), order[path]

    return tuple(
        Missing(
            path=path,
            label=fields[path].label,
            question=fields[path].question,
            unit=fields[path].unit,
            members=fields[path].members,
            rules=tuple(dict.fromkeys(rule for rule, _ in waiting[path])),
            could_lead_to=min((o for _, o in waiting[path]), key=lambda o: o.precedence),
            absent_reason=_absent_reason(assessment.data_absent_reasons, path),
        )
        # What stands for an open point is no question to ask.
        for path in sorted(waiting.keys() & order.keys(), key=decisive)
    )


def _absent_reason(reasons: Mapping[str, object], path: str) -> str | None:
    reason = reasons.get(path)
    return None if reason is None else str(reason)
