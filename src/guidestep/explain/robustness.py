"""Which inputs lie near a boundary: how far each can move before the answer changes.

The solver finds the boundaries, and both engines confirm the answer on either side of each.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from guidestep.assessment import FieldKind, FieldSpec
from guidestep.explain.barriers import Barrier
from guidestep.explain.closest import (
    NUMBERS,
    Least,
    NotSettledError,
    fixed,
    least,
    numeric,
    plain,
    span,
)
from guidestep.explain.evidence import Evidence
from guidestep.explain.layout import wrapped
from guidestep.explain.nearest import Flips, session_of
from guidestep.explain.targets import EXERCISE, Target
from guidestep.explain.variants import Variants
from guidestep.explain.why_not import Kept, as_data, known, said_steps
from guidestep.explain.words import OUTCOMES, label_words, quantity, value_words
from guidestep.language.decision import action_name, outcome_name
from guidestep.language.program import Value, Verdict
from guidestep.outcome import Action, Outcome
from guidestep.recommendation import Known
from guidestep.verify import z3
from guidestep.verify.cache import subject_of
from guidestep.verify.patient import same
from guidestep.verify.symbols import Quantity
from guidestep.verify.terms import SOLVER, Bool, asserted, conj, constant, neg

SECONDS = 10.0
"""How long boundaries are looked for."""

WIDTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """Where the answer changes when one number or date moves and all others stay.

    `inclusive` says that it changes at `at` itself; otherwise just beyond. `distance` is in the
    unit of the field, for a date in days, and `share` its part of the range (of a date, of a year).
    `error` is the measurement error that the guideline states, `errors` the distance in such
    errors, and `within_error` says that it is at most one.
    """

    path: str
    label: str
    value: Known
    unit: str | None = None
    direction: Literal["down", "up"]
    at: Known
    inclusive: bool
    distance: float
    share: float
    error: float | None = None
    errors: float | None = None
    within_error: bool = False
    outcome: Outcome
    steps: tuple[str, ...] = ()
    rules: tuple[Barrier, ...] = ()

    def __str__(self) -> str:
        return "\n".join(_lines(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """The boundaries near a patient, the closest first; `str` of it is text to read.

    Those within a measurement error come before all others, which stand by their distance in such
    errors where one is stated, and by their share of the range otherwise.

    `not_settled` are the inputs of which the time was not enough to say whether there is one.
    """

    boundaries: tuple[Boundary, ...]
    not_settled: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Boundary]:
        return iter(self.boundaries)

    def __len__(self) -> int:
        return len(self.boundaries)

    def to_json(self) -> str:
        """Return the same as JSON, the same bytes for the same answer."""
        return json.dumps(as_data(self), ensure_ascii=False, separators=(",", ":"))

    def __str__(self) -> str:
        lines = [] if self.boundaries else ["No number or date lies before a boundary."]
        for boundary in self.boundaries:
            lines += _lines(boundary)
        if self.not_settled:
            lines += wrapped(f"Not settled in the time given: {', '.join(self.not_settled)}.")
        return "\n".join(lines)


def robustness(evidence: Evidence, seconds: float = SECONDS) -> Robustness:
    """Return how far each known number and date can move before the answer changes.

    The answer is the outcome and the action of every step. All other inputs stay, but what derives
    from a date follows it. What is not known has no boundary.

    >>> import guidestep, yaml
    >>> from pathlib import Path
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> visit = yaml.safe_load(Path("docs/examples/progress-to-moderate-load.yaml").read_text())
    >>> found = robustness(guideline.recommend(visit).evidence)
    >>> [(b.direction, b.at, b.inclusive) for b in found if b.path == "program.rpe_value"]
    [('down', 12.0, False), ('up', 14.0, False)]

    Raises:
        EngineDisagreement: The two engines differ beside a boundary.
    """
    with SOLVER:
        search = _Search(evidence, seconds)
        found: list[Boundary] = []
        open_: list[str] = []
        for path in search.paths:
            try:
                found += search.boundaries(path)
            except NotSettledError:
                open_.append(path)
    found.sort(key=closeness)
    return Robustness(boundaries=tuple(found), not_settled=tuple(open_))


def closeness(boundary: Boundary) -> tuple[bool, float]:
    """Return by what boundaries are sorted."""
    away = boundary.share if boundary.errors is None else boundary.errors
    return not boundary.within_error, away


class _Search:
    """Looks for the boundaries of one patient."""

    def __init__(self, evidence: Evidence, seconds: float) -> None:
        self.evidence = evidence
        self.kept = Kept.of(subject_of(evidence.base, evidence.compiled))
        self.variants = Variants(evidence, self.kept.engine)
        self.session = session_of(self.kept.subject).renewed()
        self.end = time.monotonic() + seconds
        self.names = _answer_names(evidence)
        self.now = self.answer(evidence.verdicts)
        nobody = Target("", "", (), in_steps=False)
        self.flips = Flips(self.session, self.variants, nobody, seconds)
        self.errors = {each.entry.field: each.entry.error for each in evidence.base.measurements}

    @property
    def paths(self) -> list[str]:
        """The numbers and dates that are known and do not follow others."""
        return [
            path
            for path, spec in self.variants.specs.items()
            if spec.kind in NUMBERS
            and self.evidence.inputs[path] is not None
            and path not in self.flips.follows
        ]

    def answer(self, verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
        """Return the outcome, and the action of every step where steps are recommended."""
        given = [o for o in Outcome if verdicts[outcome_name(o)] is True]
        steps = self.names if given == [Outcome.RECOMMEND] else ()
        return (*given, *(name for name in steps if verdicts[name] is True))

    def boundaries(self, path: str) -> Iterator[Boundary]:
        """Yield the nearest boundary below a number and the nearest above it."""
        symbol = self.session.patient.values.symbols[path]
        assert isinstance(symbol, Quantity)
        spec = self.variants.specs[path]
        given = numeric(self.evidence.inputs[path])
        elsewhere = self._elsewhere(path)
        grid = None if spec.kind is FieldKind.DECIMAL else Fraction(1)
        for sign in (-1, 1):
            moved = (symbol.value - constant(given)) * sign
            moved = z3.ToReal(moved) if moved.is_int() else moved
            left = self.end - time.monotonic()
            found = least([elsewhere, moved > 0], moved, left, grid)
            if found is not None:
                yield self._confirmed(path, spec, given, sign, found)

    def _elsewhere(self, path: str) -> z3.BoolRef:
        """Return that the answer is another, all inputs being as they are but one."""
        patient = self.session.patient
        recommended = patient.outcome(Outcome.RECOMMEND)
        alike: list[Bool] = [
            patient.outcome(outcome)
            for outcome in Outcome
            if self.evidence.verdicts[outcome_name(outcome)] is True
        ]
        if Outcome.RECOMMEND in self.now:
            alike += [same(patient.true(name), name in self.now) for name in self.names]
            alike.append(recommended)
        flips = self.flips
        terms = [self.session.limits, neg(conj(alike)), *flips.follows.values(), *flips.reasons]
        others = {
            p: value
            for p, value in self.evidence.inputs.items()
            if p != path and p not in self.flips.follows
        }
        formula = z3.And([asserted(term) for term in terms])
        known_ = patient.mask[path]
        if not isinstance(known_, bool):
            formula = z3.substitute(formula, (known_, z3.BoolVal(True)))
        return fixed(formula, patient, others)

    def _confirmed(
        self, path: str, spec: FieldSpec, given: Fraction, sign: int, found: Least
    ) -> Boundary:
        """Return a boundary as the engines see it."""
        at = given + sign * found.value
        inside, outside = self._sides(path, spec, given, at, sign, found.reached)
        before = self.variants.seen({path: inside})
        after = self.variants.seen({path: outside})
        for value, seen in ((inside, before), (outside, after)):
            inputs = self.variants.inputs({path: value})
            if self.kept.subject.engines(inputs) != seen.found:
                raise NotSettledError
        inclusive = numeric(outside) == at or spec.kind is not FieldKind.DECIMAL
        edge = outside if inclusive else inside
        distance = abs(numeric(edge) - given)
        error = self.errors.get(path)
        reached = _Reached(self, self.answer(after.verdicts))
        paths = [path, *(p for p, d in self.variants.following.items() if path in d.inputs)]
        return Boundary(
            path=path,
            label=spec.label,
            value=_shown(self.evidence.inputs[path]),
            unit=spec.unit,
            direction="up" if sign > 0 else "down",
            at=_shown(edge),
            inclusive=inclusive,
            distance=float(distance),
            share=float(distance / span(spec)),
            error=error,
            errors=float(distance) / error if error else None,
            within_error=error is not None and float(distance) <= error,
            outcome=next(o for o in Outcome if after.verdicts[outcome_name(o)] is True),
            steps=said_steps(after),
            rules=self.kept.barriers.of(reached, paths, before, after),
        )

    def _sides(
        self, path: str, spec: FieldSpec, given: Fraction, at: Fraction, sign: int, reached: bool
    ) -> tuple[Value, Value]:
        """Return the last value with the answer as it is, and the first with another."""
        if spec.kind is not FieldKind.DECIMAL:
            pair = plain(spec, at - sign), plain(spec, at)
            if not self._apart(path, *pair):
                raise NotSettledError
            return pair
        edge, away = float(at), sign * math.inf
        pair = (
            (math.nextafter(edge, -away), edge) if reached else (edge, math.nextafter(edge, away))
        )
        if self._apart(path, *pair):
            return pair
        # A rounding of doubles that the solver only holds within limits: halve between the two.
        low, high = float(given), edge + sign * float(span(spec)) * 1e-9
        if not self._apart(path, low, high):
            raise NotSettledError
        while math.nextafter(low, away) != high:
            middle = low + (high - low) / 2
            if middle in (low, high):
                break
            low, high = (low, middle) if self._apart(path, low, middle) else (middle, high)
        return low, high

    def _apart(self, path: str, inside: Value, outside: Value) -> bool:
        answers = [
            self.answer(self.variants.seen({path: value}).verdicts) for value in (inside, outside)
        ]
        return answers[0] == self.now != answers[1]


@dataclass(frozen=True)
class _Reached:
    """The answer beyond a boundary, as what bars it is asked for."""

    search: _Search
    answer: tuple[str, ...]

    def holds(self, verdicts: Mapping[str, Verdict]) -> bool:
        return self.search.answer(verdicts) == self.answer


def _answer_names(evidence: Evidence) -> tuple[str, ...]:
    owners: Iterable[str] = (*evidence.base.steps, *evidence.base.tracks)
    names = (action_name(o, a) for o in owners for a in (*EXERCISE, Action.WITHHOLD))
    return tuple(name for name in names if name in evidence.verdicts)


def _shown(value: Value) -> Known:
    found = known(value)
    assert found is not None
    return found


def _lines(boundary: Boundary) -> Iterator[str]:
    unit = boundary.unit
    at = value_words(boundary.at, unit)
    beyond = "above" if boundary.direction == "up" else "below"
    dated = not isinstance(boundary.at, int | float)
    away = quantity(float(f"{boundary.distance:.6g}"), "d" if dated else unit)
    where = f"changes at {at}" if boundary.inclusive else f"changes just {beyond} {at}"
    now = value_words(boundary.value, unit)
    line = f"{label_words(boundary.label)} ({boundary.path}) is {now}; {where}, {away} away"
    if boundary.error is not None:
        line += f", measurement error {quantity(boundary.error, unit)}"
        line += ": within the error" if boundary.within_error else ""
    yield from wrapped(line, "", "  ", width=WIDTH)
    steps = f": {', '.join(boundary.steps)}" if boundary.steps else ""
    yield from wrapped(f"then {OUTCOMES[boundary.outcome]}{steps}", "  ", "  ", width=WIDTH)
    for rule in boundary.rules:
        texts = "; ".join(each.text for each in rule.thresholds)
        line = f"by {rule.rule} ({rule.family}) [{rule.before}, then {rule.after}]"
        line += f": {texts}" if texts else ""
        yield from wrapped(line, "  ", "  ", width=WIDTH)
