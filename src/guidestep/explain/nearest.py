"""The nearest patient with another answer: the fewest changed inputs, then the smallest change.

An implicit hitting set finds how few: with all inputs as given, the solver names some of which one
must change; a cheapest set with one of each is let free next, until the answer can be had.
Source: M. Davies, F. Bacchus, *Solving MAXSAT by solving a sequence of simpler SAT instances*
(2011). Whatever is a cheapest change then lies within the inputs that were named.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache

from guidestep.assessment import FieldKind
from guidestep.assessment.derived import Derivation, WeeksBetween
from guidestep.explain.cheapest import cheapest_hitting
from guidestep.explain.closest import (
    NUMBERS,
    NotSettledError,
    beside,
    fixed,
    least,
    numeric,
    plain,
    span,
)
from guidestep.explain.targets import EXERCISE, Target
from guidestep.explain.variants import Variants
from guidestep.language.program import Value
from guidestep.outcome import Action, Outcome
from guidestep.verify import z3
from guidestep.verify.patient import Subject
from guidestep.verify.solve import MILLISECONDS
from guidestep.verify.symbols import Choice, Quantity, Symbol, Truths, equals, given_as, read
from guidestep.verify.terms import Bool, asserted, conj, constant, disj, implies, neg
from guidestep.verify.wellformed import absent_reason
from guidestep.verify.witness import HARMLESS, ORDINARY_DAY

IMMUTABLE = 1000
"""What changing an immutable input costs: more than all others together."""

SLACK = Fraction(1, 10**6)
"""Two changes that differ by less than this share of a range are alike."""

MOST_LITERALS = 5000
ROUNDS = 12


@dataclass(frozen=True)
class Flip:
    """Inputs that are otherwise, with their values.

    `nearest` says that no change of as few inputs is smaller; without it that was not settled.
    """

    changes: Mapping[str, Value]
    nearest: bool


class Session:
    """A patient of a subject in the solver, kept from one question to the next."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.patient = patient = subject.anyone()
        for outcome in Outcome:
            patient.outcome(outcome)
        for step in (*subject.exercise_steps, *subject.tracks):
            for action in (*EXERCISE, Action.WITHHOLD):
                patient.action(step, action)
        self.conflicted = patient.conflicted()
        self.limits = z3.And([asserted(t) for t in subject.limits(patient) if t is not True])
        self._new()

    def _new(self) -> None:
        self.solver = z3.Solver()
        self.solver.add(self.limits)
        self.literals: dict[tuple[str, Value], z3.BoolRef] = {}

    def literal(self, path: str, value: Value) -> z3.BoolRef | None:
        """Return a literal that holds an input to a value; `None` where it has no other."""
        term = given_as(path, self.patient.values, self.patient.mask, value)
        if isinstance(term, bool):
            return None
        if (path, value) not in self.literals:
            found = z3.Bool(f"{path} is {value!r}")
            self.solver.add(z3.Implies(found, term))
            self.literals[path, value] = found
        return self.literals[path, value]

    def renewed(self) -> Session:
        """Return the session, without what it remembers if that has become much."""
        if len(self.literals) > MOST_LITERALS:
            self._new()
        return self


@lru_cache(maxsize=16)
def session_of(subject: Subject) -> Session:
    """Return the session of a subject, made when first asked for."""
    return Session(subject)


class Flips:
    """Looks for the patients nearest to one to whom the answer is a target."""

    def __init__(
        self, session: Session, variants: Variants, target: Target, seconds: float
    ) -> None:
        self.session = session
        self.patient = session.patient
        self.variants = variants
        self.end = time.monotonic() + seconds
        self.specs = session.subject.specs
        self.given = variants.evidence.inputs
        self.blocked: list[Bool] = []
        self.wanted = target.term(self.patient)
        self.follows: dict[str, Bool] = {}
        self.same = self._same()
        self.limits = self._limits()
        self.order = tuple(self.same)
        self.cost = {p: IMMUTABLE if self.specs[p].immutable else 1 for p in self.order}

    def find(self) -> Flip | None:
        """Return the nearest flip that was not blocked; `None` if it is proved that there is none.

        Raises:
            NotSettledError: The time was not enough.
        """
        solver = self.session.solver
        solver.push()
        try:
            solver.add(*(asserted(t) for t in (self.wanted, *self.limits, *self.blocked)))
            named: list[frozenset[str]] = []
            chosen: frozenset[str] = frozenset()
            while more := self._named(chosen):
                if frozenset() in more:
                    return None
                named += more
                chosen = cheapest_hitting(named, self.order, self.cost)
            chosen, nearest = self._chosen(named, sum(self.cost[path] for path in chosen))
        finally:
            solver.pop()
        return self._valued(chosen, nearest)

    def block(self, changes: Mapping[str, Value]) -> None:
        """Leave a flip out that the engines do not confirm."""
        terms: list[Bool] = []
        for path in self.order:
            if path in changes:
                terms.append(equals(self.patient.values.symbols[path], changes[path]))
            else:
                terms.append(self._unchanged(path))
        self.blocked.append(neg(conj(terms)))

    def anyone(self) -> bool:
        """Return whether the answer is ever the target, whoever the patient is."""
        return bool(self._ask([self.wanted]) == z3.sat)

    # --- the patient ----------------------------------------------------------------------------

    def _same(self) -> dict[str, z3.BoolRef]:
        """Return literals that hold each input to what it is, a derived one to what it follows."""
        found: dict[str, z3.BoolRef] = {}
        for path in self.specs:
            given = self.given[path]
            derived = self.variants.following.get(path)
            if derived is not None and set(derived.inputs) <= set(self.specs):
                self.follows[path] = self._followed(path, derived)
                found[path] = z3.Bool(f"{path} follows")
            elif (literal := self.session.literal(path, given)) is not None:
                found[path] = literal
        return found

    def _followed(self, path: str, derived: Derivation) -> Bool:
        """Return that a field is what derives from others, and unknown where nothing does."""
        mask = self.patient.mask
        if not isinstance(derived, WeeksBetween):
            # What the solver cannot compute may be anything once its inputs are otherwise.
            values = self.patient.values
            changed = (neg(given_as(p, values, mask, self.given[p])) for p in derived.inputs)
            return disj((*changed, given_as(path, values, mask, self.given[path])))
        start, end = (self._number(each) for each in derived.inputs)
        given = conj((mask[derived.start], mask[derived.end], start <= end))
        weeks = self._number(path) == z3.ToReal(end - start) / 7
        return disj((conj((given, mask[path], weeks)), conj((neg(given), neg(mask[path])))))

    def _limits(self) -> list[Bool]:
        """Return what holds of all that may be found: no input is lost, no conflict is new."""
        mask = self.patient.mask
        found = [mask[path] for path, value in self.given.items() if value is not None]
        found += [implies(self.same[path], term) for path, term in self.follows.items()]
        found += self.reasons
        if self.variants.evidence.verdicts.get("conflict:any") is not True:
            found.append(neg(self.session.conflicted))
        return [term for term in found if term is not True]

    @property
    def reasons(self) -> list[Bool]:
        """Of each derived field, whether a reason is recorded for not knowing it."""
        recorded = self.variants.reasons
        derived = [path for path, spec in self.specs.items() if spec.derived is not None]
        return [absent_reason(p) if p in recorded else neg(absent_reason(p)) for p in derived]

    def _unchanged(self, path: str) -> Bool:
        if path in self.follows:
            return self.follows[path]
        return given_as(path, self.patient.values, self.patient.mask, self.given[path])

    def _number(self, path: str) -> z3.ArithRef:
        symbol = self.patient.values.symbols[path]
        assert isinstance(symbol, Quantity)
        return symbol.value

    # --- which inputs ---------------------------------------------------------------------------

    def _ask(self, assumptions: Iterable[Bool] = ()) -> z3.CheckSatResult:
        left = self.end - time.monotonic()
        if left <= 0:
            raise NotSettledError
        solver = self.session.solver
        solver.set("timeout", max(1, int(left * MILLISECONDS)))
        found = solver.check(*(asserted(term) for term in assumptions))
        if found == z3.unknown:
            raise NotSettledError
        return found

    def _named(self, free: frozenset[str]) -> list[frozenset[str]]:
        """Return sets of inputs of each of which one must change, apart from each other and `free`.

        None at all where changing `free` is enough; an empty one where nothing is.
        """
        paths = {literal.get_id(): path for path, literal in self.same.items()}
        found: list[frozenset[str]] = []
        loose = set(free)
        solver = self.session.solver
        while self._ask(self.same[p] for p in self.order if p not in loose) == z3.unsat:
            core = frozenset(paths[literal.get_id()] for literal in solver.unsat_core())
            found.append(core)
            if not core:
                break
            loose |= core
        return found

    def _chosen(self, named: Sequence[frozenset[str]], cost: int) -> tuple[frozenset[str], bool]:
        """Return the first of the nearest cheapest sets, and whether it is settled to be one."""
        free = [path for path in self.order if self._cheap(path, named, cost)]
        if sum(self.cost[path] for path in free) == cost:
            return frozenset(free), True
        solver = self.session.solver
        solver.add(*(self.same[path] for path in self.order if path not in free))
        pairs = [(self.same[path], self.cost[path]) for path in free]
        solver.add(z3.PbGe(pairs, sum(self.cost[path] for path in free) - cost))
        nearest = self._draw_near(free)
        # Of those that are as near, the one whose changes stand first in the model.
        self._ask()
        model = solver.model()
        todo = [free[::-1]]
        while todo:
            some = todo.pop()
            literals = [self.same[path] for path in some]
            if not all(z3.is_true(model.eval(one)) for one in literals):
                if self._ask(literals) != z3.sat:
                    if len(some) > 1:
                        middle = len(some) // 2
                        todo += [some[middle:], some[:middle]]
                    continue
                model = solver.model()
            solver.add(*literals)
        return self._changed(model, free), nearest

    def _cheap(self, path: str, named: Sequence[frozenset[str]], cost: int) -> bool:
        """Return whether an input can be one of a cheapest set."""
        rest = [one for one in named if path not in one]
        if len(rest) == len(named):
            return False
        best = cheapest_hitting(rest, self.order, self.cost)
        return self.cost[path] + sum(self.cost[each] for each in best) <= cost

    def _changed(self, model: z3.ModelRef, free: Iterable[str]) -> frozenset[str]:
        return frozenset(p for p in free if not z3.is_true(model.eval(self.same[p])))

    def _draw_near(self, free: Sequence[str]) -> bool:
        """Let the changes be as small as they can be; return whether that is settled."""
        numbers = [path for path in free if self._moves(path)]
        if not numbers:
            return True
        solver = self.session.solver
        whole = self._distance(free, solver.add)
        best: Fraction | None = None
        try:
            for _ in range(ROUNDS):
                nearer: list[Bool] = [] if best is None else [whole < constant(best)]
                if self._ask(nearer) == z3.unsat:
                    return True
                now = self._nearest(self._changed(solver.model(), free))
                if best is not None and now >= best:
                    return False
                best = now
            return False
        finally:
            if best is not None:
                solver.add(whole <= constant(best + SLACK))

    def _moves(self, path: str) -> bool:
        """Return whether an input is a number that is known, so that it can move a little."""
        return self.given[path] is not None and self.specs[path].kind in NUMBERS

    def _distance(self, free: Iterable[str], say: Callable[..., None]) -> z3.ArithRef:
        """Return how far inputs are changed: numbers by their share of the range, others by one."""
        parts: list[z3.ArithRef] = []
        for path in free:
            if self._moves(path):
                away = z3.Real(f"distance {path}")
                moved = self._number(path) - constant(numeric(self.given[path]))
                moved = (z3.ToReal(moved) if moved.is_int() else moved) / constant(
                    span(self.specs[path])
                )
                # What follows moves by itself; only where it does not follow it is a change.
                idle = self.same[path] if path in self.follows else False
                say(
                    away >= 0,
                    asserted(disj((idle, away >= moved))),
                    asserted(disj((idle, away >= -moved))),
                )
                parts.append(away)
            else:
                parts.append(z3.If(self.same[path], z3.RealVal(0), z3.RealVal(1)))
        return z3.Sum(parts)

    # --- their values ---------------------------------------------------------------------------

    def _residual(self, chosen: frozenset[str]) -> z3.BoolRef:
        """Return what must hold of the chosen inputs, all others being as they are."""
        fixed_: dict[str, Value] = {p: v for p, v in self.given.items() if p not in chosen}
        terms = [self.session.limits, self.wanted, *self.limits, *self.blocked]
        for path in self.follows:
            # What follows is exact in the solver, where a double is near it.
            if path not in chosen:
                fixed_.pop(path)
        formula = z3.And([asserted(term) for term in terms])
        same = [(self.same[p], z3.BoolVal(p not in chosen)) for p in self.follows]
        return fixed(z3.substitute(formula, *same) if same else formula, self.patient, fixed_)

    def _nearest(self, chosen: frozenset[str]) -> Fraction:
        """Return how near a change of the chosen inputs can be."""
        numbers = [path for path in self.order if path in chosen and self._moves(path)]
        terms: list[Bool] = [self._residual(chosen)]
        others = len(chosen) - len(numbers)
        if not numbers:
            return Fraction(others)
        whole = self._distance(numbers, lambda *found: terms.extend(found))
        only = self.specs[numbers[0]] if len(numbers) == 1 else None
        grid = 1 / span(only) if only is not None and only.kind is not FieldKind.DECIMAL else None
        found = least(terms, whole, self.end - time.monotonic(), grid)
        if found is None:
            raise NotSettledError
        return found.value + others

    def _valued(self, chosen: frozenset[str], nearest: bool) -> Flip:
        """Return the chosen inputs with the values nearest to what they were, or ordinary ones."""
        paths = [path for path in self.order if path in chosen]
        solver = z3.Solver()
        solver.set("timeout", max(1, int((self.end - time.monotonic()) * MILLISECONDS)))
        solver.add(self._residual(chosen))
        numbers = [path for path in paths if self._moves(path)]
        if len(numbers) > 1:
            whole = self._distance(numbers, solver.add)
            found = least(solver.assertions(), whole, self.end - time.monotonic())
            if found is not None:
                solver.add(whole <= constant(found.value + SLACK))
        if solver.check() != z3.sat:
            raise NotSettledError
        for path in paths:
            solver.add(asserted(self._first(solver, path)))
        if solver.check() != z3.sat:
            raise NotSettledError
        model = solver.model()
        changes = {path: self._read(model, path) for path in paths}
        return Flip(changes, nearest)

    def _first(self, solver: z3.Solver, path: str) -> Bool:
        """Return the first value of an input that the others allow."""
        symbol = self.patient.values.symbols[path]
        for term in self._wishes(solver, path, symbol):
            if solver.check(asserted(term)) == z3.sat:
                return term
        return True

    def _wishes(self, solver: z3.Solver, path: str, symbol: Symbol) -> Iterable[Bool]:
        match symbol:
            case Truths(value=term):
                yield neg(term)
                yield term
            case Choice(members=members):
                harmless = [member for member in members if member in HARMLESS]
                for member in dict.fromkeys((*harmless, *members)):
                    yield members[member]
            case Quantity(value=value):
                spec = self.specs[path]
                anchor = self._anchor(path)
                away = z3.Real(f"away {path}")
                moved = value - constant(anchor)
                moved = z3.ToReal(moved) if moved.is_int() else moved
                terms = [*solver.assertions(), away >= moved, away >= -moved]
                try:
                    grid = Fraction(1) if value.is_int() else None
                    found = least(terms, away, self.end - time.monotonic(), grid)
                except NotSettledError:
                    return
                if found is not None:
                    for number in beside(spec, anchor, found.value):
                        yield value == constant(number)
            case _:
                return

    def _anchor(self, path: str) -> Fraction:
        """Return the value from which to look: what was given, or the middle of the range."""
        spec = self.specs[path]
        given = self.given[path]
        if given is not None:
            return numeric(given)
        if spec.kind in NUMBERS and spec.minimum is not None and spec.maximum is not None:
            return numeric(plain(spec, (numeric(spec.minimum) + numeric(spec.maximum)) / 2))
        dates = [value for value in self.given.values() if isinstance(value, date)]
        return numeric(max(dates, default=ORDINARY_DAY))

    def _read(self, model: z3.ModelRef, path: str) -> Value:
        symbol = self.patient.values.symbols[path]
        whole = isinstance(symbol, Quantity) and symbol.value.is_int()
        value = read(model, symbol, whole=whole)
        spec = self.specs[path]
        if spec.kind in NUMBERS:
            return plain(spec, numeric(value))
        return value
