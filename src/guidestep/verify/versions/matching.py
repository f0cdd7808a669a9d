"""Which track and step of one version is which of the other: an id is only a name.

What is alike is paired off first, then what is named alike, then what stands in the same place. A
pair that is wrong is never silent: steps that are paired and not alike are told as changed content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from guidestep.assessment.frozen import FrozenDict
from guidestep.explain.sources import dose_words
from guidestep.language.documents import StepEntry
from guidestep.language.rulebase import (
    Move,
    Progress,
    Rulebase,
    Start,
    StepBack,
    Track,
    Withhold,
)

T = TypeVar("T")
Key: TypeAlias = Callable[[T], object]


def paired(
    old: Iterable[T], new: Iterable[T], *keys: Key[T]
) -> tuple[tuple[T | None, T | None], ...]:
    """Return what of the old is what of the new: with the same first key, else the second ...

    `None` is no key. What is left over stands alone; the order is that of the old, then of the new.

    >>> paired(["a", "B"], ["b", "c"], str, str.lower)
    (('a', None), ('B', 'b'), (None, 'c'))
    """
    olds, news = list(old), list(new)
    partner: dict[int, int] = {}
    for key in keys:
        places: dict[object, list[int]] = {}
        for at, item in enumerate(olds):
            if at not in partner and (found := key(item)) is not None:
                places.setdefault(found, []).append(at)
        taken = set(partner.values())
        for at, item in enumerate(news):
            if at not in taken and (found := key(item)) is not None and places.get(found):
                partner[places[found].pop(0)] = at
    alone = [n for at, n in enumerate(news) if at not in partner.values()]
    pairs = [(o, news[partner[at]] if at in partner else None) for at, o in enumerate(olds)]
    return (*pairs, *((None, n) for n in alone))


@dataclass(frozen=True, slots=True)
class Names:
    """What the tracks and steps of both versions are called in common: as in the old one.

    `tracks` and `steps` pair the ids, `None` where there is no partner; `common` gives the common
    name of each id of the new version.
    """

    tracks: tuple[tuple[str | None, str | None], ...]
    steps: tuple[tuple[str | None, str | None], ...]
    common: Mapping[str, str]

    @property
    def renamed(self) -> tuple[tuple[str, str], ...]:
        """The ids, old and new, of what is called otherwise."""
        pairs = (*self.tracks, *self.steps)
        return tuple((a, b) for a, b in pairs if a is not None and b is not None and a != b)


@dataclass(frozen=True, slots=True)
class _Step:
    entry: StepEntry
    position: int
    said: bool
    """Whether assessments of both models say its id: then that is what it is."""


@dataclass(frozen=True, slots=True)
class _Track:
    track: Track
    position: int
    contents: tuple[object, ...]


_TRACK_KEYS: tuple[Key[_Track], ...] = (
    lambda t: t.track.entry.current,
    lambda t: (t.track.entry.id, t.contents),
    lambda t: t.contents or None,
    lambda t: t.track.entry.id,
    lambda t: t.track.entry.title,
    lambda t: t.position,
)

_STEP_KEYS: tuple[Key[_Step], ...] = (
    lambda s: s.entry.id if s.said else None,
    lambda s: (s.entry.id, content(s.entry)),
    lambda s: content(s.entry),
    lambda s: s.entry.id,
    lambda s: (s.entry.kind, s.entry.title),
    lambda s: (s.entry.kind, s.position),
)


def names(old: Rulebase, new: Rulebase) -> Names:
    """Return the tracks and steps of two versions matched.

    Tracks: those that read the same field for the step a patient is at; then with the same steps in
    content; the same id; the same title; the same place among the tracks. Steps of a track: those
    whose id is a value of that field in both models; then with the same content and dose; the same
    id; the same title; the same place in the track.
    """
    tracks = paired(_tracks(old), _tracks(new), *_TRACK_KEYS)
    of_tracks = tuple(
        (None if a is None else a.track.entry.id, None if b is None else b.track.entry.id)
        for a, b in tracks
    )
    of_steps: list[tuple[str | None, str | None]] = []
    for before, after in (*of_tracks, (None, None)):
        said = _said(old, before) & _said(new, after)
        ours = _steps(old, before, said) if before or not after else ()
        theirs = _steps(new, after, said) if after or not before else ()
        of_steps += [
            (None if a is None else a.entry.id, None if b is None else b.entry.id)
            for a, b in paired(ours, theirs, *_STEP_KEYS)
        ]
    common = {}
    used = {*old.tracks, *old.steps}
    for before, after in (*of_tracks, *of_steps):
        if after is not None:
            common[after] = before or (after if after not in used else f"{after} (new)")
    return Names(of_tracks, tuple(of_steps), FrozenDict(common))


def content(step: StepEntry) -> object:
    """Return what a patient does in a step: what is not wording or grounds."""
    doses = tuple((dose.item, dose_words(dose)) for dose in step.dose)
    return step.kind, plain(step.content), doses, tuple(map(plain, step.conditions))


def plain(text: str) -> str:
    """Return a text as it is read: where it was wrapped does not matter."""
    return " ".join(text.split())


def _tracks(base: Rulebase) -> list[_Track]:
    return [
        _Track(track, at, tuple(content(s) for s in base.steps.values() if s.track == id_))
        for at, (id_, track) in enumerate(base.tracks.items())
    ]


def _steps(base: Rulebase, track: str | None, said: frozenset[str]) -> list[_Step]:
    own = [step for step in base.steps.values() if step.track == track]
    return [_Step(step, at, step.id in said) for at, step in enumerate(own)]


def _said(base: Rulebase, track: str | None) -> frozenset[str]:
    """Return the values of the field that holds the step a patient is at."""
    path = None if track is None else base.tracks[track].entry.current
    return frozenset() if path is None else frozenset(base.model.fields()[path].members)


# --- the new version under the names of the old one -----------------------------------------------


def in_common(base: Rulebase, names: Names) -> Rulebase:
    """Return the new version with its tracks and steps called as in the old one."""
    if all(ours == theirs for ours, theirs in names.common.items()):
        return base

    def call(id_: str) -> str:
        return names.common.get(id_, id_)

    def maybe(id_: str | None) -> str | None:
        return None if id_ is None else call(id_)

    tracks = {
        call(id_): replace(track, entry=track.entry.model_copy(update={"id": call(id_)}))
        for id_, track in base.tracks.items()
    }
    steps = {
        call(id_): step.model_copy(update={"id": call(id_), "track": maybe(step.track)})
        for id_, step in base.steps.items()
    }
    progressions = tuple(
        replace(p, track=call(p.track), move=moved(p.move, call)) for p in base.progressions
    )
    rules = {id_: replace(rule, step=maybe(rule.step)) for id_, rule in base.rules.items()}
    return replace(base, tracks=tracks, steps=steps, progressions=progressions, rules=rules)


def moved(move: Move, call: Callable[[str], str]) -> Move:
    """Return a move with its track and steps called otherwise."""
    match move:
        case Start(step=step):
            return Start(call(step))
        case Progress(origin=origin, to=to):
            return Progress(call(origin), call(to))
        case StepBack(origin=origin, to=to):
            return StepBack(call(origin), call(to))
        case Withhold(track=track, step=step):
            return Withhold(call(track), None if step is None else call(step))


def order(bases: Sequence[tuple[Rulebase, Mapping[str, str]]]) -> frozenset[tuple[str, str]]:
    """Return which step comes before which: where a way of progress leads there, and none back.

    `bases` come with the common names of their steps; the ways of all of them count.
    """
    ways: dict[str, set[str]] = {}
    for base, common in bases:
        for p in base.progressions:
            if isinstance(p.move, Progress):
                origin, to = (common.get(each, each) for each in (p.move.origin, p.move.to))
                ways.setdefault(origin, set()).add(to)
    reached: dict[str, set[str]] = {}
    for step in ways:
        found, todo = set[str](), list(ways[step])
        while todo:
            if (here := todo.pop()) not in found:
                found.add(here)
                todo += ways.get(here, ())
        reached[step] = found
    return frozenset(
        (step, later)
        for step, found in reached.items()
        for later in found
        if step not in reached.get(later, ())
    )
