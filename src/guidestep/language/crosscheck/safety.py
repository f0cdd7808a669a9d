"""Stability: as more is known, what lets exercise start stays true, what bars it stays false."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.language.crosscheck.whole import Whole
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.rulebase import Progress, Progression, Rulebase, Start, StepBack, Withhold
from guidestep.language.stability import Stays, unstable
from guidestep.language.tree import Expression
from guidestep.outcome import Family


def stability(whole: Whole) -> Iterator[Diagnostic]:
    """Yield the conditions that more knowledge could overturn where that is unsafe."""
    meanings = {id_: defined.expression for id_, defined in whole.base.definitions.items()}
    for expression, stays in _demands(whole.base):
        fault = unstable(expression, stays, meanings)
        if fault is not None:
            yield fault


def _demands(base: Rulebase) -> Iterator[tuple[Expression, Stays]]:
    for rule in base.rules.values():
        if rule.optional is not None:
            # What excuses a missing answer must not cease to excuse it.
            yield rule.optional.when, Stays.TRUE
        if rule.family is Family.REQUIREMENT:
            yield rule.when, Stays.TRUE
            if rule.scope is not None:
                yield rule.scope, Stays.FALSE
        elif rule.family not in (Family.CONFLICT, Family.SURVEILLANCE):
            yield rule.when, Stays.FALSE
    for track in base.tracks.values():
        yield track.when, Stays.TRUE
        yield track.when, Stays.FALSE
    for progression in base.progressions:
        match progression.move:
            case Start() | Progress():
                yield progression.when, Stays.TRUE
                if not _is_last(progression, base):
                    # The next in order starts only where this one is false.
                    yield progression.when, Stays.FALSE
            case StepBack() | Withhold():
                yield progression.when, Stays.FALSE


def _is_last(progression: Progression, base: Rulebase) -> bool:
    rivals = [
        other
        for other in base.progressions
        if other.track == progression.track and _origin(other) == _origin(progression)
    ]
    return rivals[-1] is progression


def _origin(progression: Progression) -> str | None:
    match progression.move:
        case Progress(origin=origin):
            return origin
        case Start():
            return ""
        case _:
            return None
