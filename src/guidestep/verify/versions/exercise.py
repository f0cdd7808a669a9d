"""More and less exercise: the order of steps, for answers and as terms of the solver."""

from __future__ import annotations

from dataclasses import dataclass

from guidestep.verify.patient import EXERCISE
from guidestep.verify.terms import Bool, conj, disj, neg
from guidestep.verify.versions.answers import Said
from guidestep.verify.versions.both import Both, Version
from guidestep.verify.versions.matching import order


@dataclass(frozen=True, slots=True)
class Amount:
    """Which exercise is more than which; `later` holds the pairs of an earlier and a later step."""

    later: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, both: Both) -> Amount:
        """Return the order of the steps of two versions, by their common names."""
        old, new = both.old.guideline.base, both.new.guideline.base
        return cls(order([(old, {}), (new, both.names.common)]))

    def exceeds(self, step: str | None, other: str | None) -> bool:
        """Return whether a step is more than another, or cannot be compared with it.

        >>> amount = Amount(frozenset({("M1", "M2")}))
        >>> amount.exceeds("M2", "M1"), amount.exceeds("M1", "M2"), amount.exceeds(None, "M1")
        (True, False, False)
        >>> amount.exceeds("M1", None), amount.exceeds("M1", "N1"), amount.exceeds("N1", "M1")
        (True, True, True)
        """
        if step is None or step == other:
            return False
        return other is None or (step, other) not in self.later

    def somewhere(self, one: Said, other: Said) -> bool:
        """Return whether the first answer gives more exercise than the second in some track."""
        ours, theirs = one.exercise, other.exercise
        return any(self.exceeds(step, theirs.get(track)) for track, step in ours.items())

    def term(self, both: Both, one: Version, other: Version) -> Bool:
        """Return the same as a term: one of the two versions gives more than the other."""
        return disj(
            conj((mine, theirs))
            for track in both.tracks
            for step, mine in _done(one, track).items()
            for against, theirs in _done(other, track).items()
            if self.exceeds(step, against)
        )


def _done(version: Version, track: str) -> dict[str | None, Bool]:
    """Return which step of a track is done, and `None` that none is."""
    steps: dict[str | None, Bool] = {}
    for (action, step), term in version.tracks.get(track, {}).items():
        if action in EXERCISE:
            steps[step] = disj((steps.get(step, False), term))
    steps[None] = neg(disj(steps.values()))
    return steps
