"""The smallest set of inputs that decides a patient, whatever the answers are.

An implicit hitting set: every completion that shows that some inputs do not decide gives a set of
inputs of which at least one must be asked; a smallest set that has one of each is tried next.
Source: M. Davies, F. Bacchus, *Solving MAXSAT by solving a sequence of simpler SAT instances*
(2011), the same loop for another question.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from guidestep.explain.completions import Completions, Verdicts
from guidestep.explain.smallest import smallest_hitting
from guidestep.outcome import Outcome
from guidestep.verify.patient import Subject
from guidestep.verify.undecided import Difference, Undecided, UnsettledError


@dataclass(frozen=True)
class Deciding:
    """Inputs that decide; `smallest` says that it is proved that no smaller set does."""

    inputs: frozenset[str]
    smallest: bool


def deciding(
    subject: Subject, completions: Completions, relevant: Sequence[str], seconds: float
) -> Deciding:
    """Return a smallest set of the relevant inputs that decides.

    All of them always do, and are returned where the time is not enough.
    """
    if not relevant:
        return Deciding(frozenset(), smallest=True)
    end = time.monotonic() + seconds
    proved = True
    try:
        undecided = _answerable(subject, completions, relevant, seconds)
        askable = tuple(undecided.asked)
        sets: list[frozenset[str]] = []
        found = _permissive(undecided, askable)
        inputs: frozenset[str] = frozenset()
        while found is not None:
            needed = needed_of(completions, askable, found)
            if not any(inputs.isdisjoint(one) for one in needed):
                # The engine does not see the difference that the solver does, which computes some
                # numbers only within limits: to ask more is safe, and may be more than needed.
                needed, proved = [frozenset(askable) - inputs], False
            sets += needed
            inputs = smallest_hitting(sets, askable)
            if time.monotonic() > end:
                raise UnsettledError
            found = undecided.difference(inputs)
    except UnsettledError:
        return Deciding(frozenset(relevant), smallest=False)
    return Deciding(inputs, proved)


def _answerable(
    subject: Subject, completions: Completions, relevant: Sequence[str], seconds: float
) -> Undecided:
    """Return the question about the inputs that some completion knows.

    What would contradict the patient's data whatever the answer, such as a finding of an imaging
    that was not done, is nothing to ask.
    """
    undecided = Undecided(subject, completions, relevant, seconds)
    if undecided.answerable(relevant):
        return undecided
    possible = [path for path in relevant if undecided.answerable([path])]
    if len(possible) == len(relevant):
        return undecided
    return Undecided(subject, completions, possible, seconds)


def _permissive(undecided: Undecided, askable: Collection[str]) -> Difference | None:
    """Return a first completion, with as much known and as little found as there is one."""
    return (
        undecided.difference((), Outcome.RECOMMEND, askable)
        or undecided.difference((), None, askable)
        or undecided.difference(())
    )


def needed_of(
    completions: Completions, askable: Collection[str], found: Difference
) -> list[frozenset[str]]:
    """Return sets of inputs of each of which one must be asked, as a completion shows.

    While two completions of one patient have different answers, the inputs that the earlier lacks
    hold one that must be asked. So the sets are the smaller, the more the earlier knows.
    """
    view = _View(completions, askable, found)
    if not view.differs(found.before):
        return []
    view.extend()
    sets = [
        frozenset(askable) - less
        for path in view.after - found.before
        if view.differs(less := view.after - {path})
    ]
    least = view.grown(found.before)
    return [*sets, frozenset(askable) - least]


class _View:
    """A completion with another answer than earlier ones, as the engine sees it."""

    def __init__(
        self, completions: Completions, askable: Collection[str], found: Difference
    ) -> None:
        self.completions = completions
        self.askable = askable
        self.values = found.values
        self.after = found.after
        self.verdicts = self.look(found.after)
        self.answer = completions.answer(self.verdicts)

    def look(self, known: Iterable[str]) -> Verdicts:
        return self.completions.evaluate({path: self.values[path] for path in known})

    def possible(self, known: frozenset[str], verdicts: Verdicts, *, last: bool = False) -> bool:
        """Return whether the completion with these inputs known is one."""
        added = {path: self.values[path] for path in known}
        allowed = self.completions.allowed(verdicts, last=last)
        return allowed and self.completions.wellformed(added)

    def differs(self, known: frozenset[str]) -> bool:
        """Return whether an earlier completion, with these inputs, has another answer."""
        verdicts = self.look(known)
        return (
            self.completions.answer(verdicts) != self.answer
            and self.possible(known, verdicts)
            and self.completions.follows(verdicts, self.verdicts)
        )

    def extend(self) -> None:
        """Let as much be known in the later completion as leaves its answer alone."""
        for path in self.askable:
            more = self.after | {path}
            if path not in self.after:
                verdicts = self.look(more)
                same = self.completions.answer(verdicts) == self.answer
                if same and self.possible(more, verdicts, last=True):
                    self.after, self.verdicts = more, verdicts

    def grown(self, known: frozenset[str]) -> frozenset[str]:
        """Return as much of the later completion as an earlier one may know and still differ."""
        for path in self.askable:
            if path in self.after and path not in known:
                more = known | {path}
                more |= {p for p in self.completions.derivable(more) if p in self.after}
                if self.differs(more):
                    known = more
        return known
