"""Brute force on what decides a patient: sets of inputs, refuted by completions that differ.

Values that stand for all: of an enumeration its members; of a number those that the program
compares with, one in each cell between them, and the limits; of a date days and weeks from others.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from guidestep.assessment import FieldKind
from guidestep.explain.completions import Completions
from guidestep.language.program import Value
from guidestep.verify.witness import HARMLESS

DRAWS = 4_000
"""So many pairs of completions are drawn before a set of inputs is called open."""

WEEKS = (0, 1, 2, 4, 6, 8)


def representatives(completions: Completions, path: str) -> Sequence[Value]:
    """Return values of an input that stand for all that it may have."""
    spec = completions.specs[path]
    match spec.kind:
        case FieldKind.ENUMERATION:
            return spec.members
        case FieldKind.BOOLEAN:
            return (False, True)
        case FieldKind.TEXT:
            return ("text",)
        case FieldKind.DATE:
            known = {value for value in completions.evidence.given if isinstance(value, date)}
            # A stored number of weeks agrees with one day alone.
            stored = [
                value
                for each, value in completions.evidence.inputs.items()
                if isinstance(value, float) and each in completions.specs
                if completions.specs[each].unit == "wk"
            ]
            return sorted(
                {day - timedelta(days=round(7 * w)) for day in known for w in (*WEEKS, *stored)}
            )
    bounds = [*completions.bounds.get(path, ()), *(WEEKS if spec.derived else ())]
    low, high = spec.minimum, spec.maximum
    assert low is not None
    assert high is not None
    edges = sorted({low, high, *(bound for bound in bounds if low <= bound <= high)})
    if spec.kind is FieldKind.INTEGER:
        near = {int(edge) + more for edge in edges for more in (-1, 0, 1)}
        return [value for value in sorted(near) if low <= value <= high]
    between = [(one + other) / 2 for one, other in itertools.pairwise(edges)]
    return [float(value) for value in (*edges, *between)]


def _usual(values: Sequence[Value]) -> Value:
    return next((value for value in values if value in HARMLESS), values[len(values) // 2])


class Brute:
    """What can be seen of a patient by drawing completions."""

    def __init__(
        self, completions: Completions, askable: Sequence[str], source: random.Random
    ) -> None:
        self.completions = completions
        self.askable = askable
        self.source = source
        self.values = {path: representatives(completions, path) for path in askable}
        self.usual = {path: _usual(values) for path, values in self.values.items()}

    def refuted(self, asked: frozenset[str]) -> bool:
        """Return whether two completions show that answers to these inputs do not decide."""
        return any(self._differ(asked, values) for values in self._draws())

    def _draws(self) -> Iterator[dict[str, Value]]:
        """Yield values of all inputs: harmless ones more often than chance would have it."""
        for _ in range(DRAWS):
            plain = self.source.random()
            yield {
                path: self.usual[path]
                if self.source.random() < plain
                else self.source.choice(values)
                for path, values in self.values.items()
            }

    def _differ(self, asked: frozenset[str], values: dict[str, Value]) -> bool:
        completions = self.completions
        before = {path: values[path] for path in asked}
        more = self.source.random()
        after = {p: v for p, v in values.items() if p in asked or self.source.random() < more}
        early, late = completions.evaluate(before), completions.evaluate(after)
        return (
            completions.answer(early) != completions.answer(late)
            and completions.allowed(early)
            and completions.allowed(late, last=True)
            and completions.follows(early, late)
            and completions.wellformed(before)
            and completions.wellformed(after)
        )


def smaller_sets(askable: Sequence[str], size: int, most: int) -> list[frozenset[str]] | None:
    """Return all sets of one input less than a size, or nothing where there are too many."""
    if size == 0:
        return []
    found = itertools.islice(itertools.combinations(askable, size - 1), most + 1)
    sets = [frozenset(each) for each in found]
    return sets if len(sets) <= most else None
