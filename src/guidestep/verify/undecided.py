"""Whether a patient is decided once some inputs are known: asked of all completions at once.

The program is encoded for this one patient, twice: *before*, in which some inputs were asked and
nothing else is added, and *after*, a completion of that. What the patient's data have settled is a
constant, so that only what is still open reaches the solver.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import z3

from guidestep.assessment import FieldKind
from guidestep.assessment.derived import WeeksBetween
from guidestep.explain.completions import URGENT, Completions
from guidestep.language.program import Definition, Input, Program, Value, Verdict
from guidestep.language.tree import Constant
from guidestep.language.types import Kind
from guidestep.outcome import Outcome
from guidestep.verify.encoding import Encoding
from guidestep.verify.numbers import Numbers
from guidestep.verify.patient import Patient, Subject, optional_stays_silent, same_answer
from guidestep.verify.solve import Questions, Reply, Settled
from guidestep.verify.symbols import (
    Choice,
    Mask,
    Quantity,
    Symbol,
    Text,
    Truths,
    Values,
    read,
    symbolize,
)
from guidestep.verify.terms import Bool, conj, constant, disj, implies, neg, rational
from guidestep.verify.wellformed import absent_reason


@dataclass(frozen=True)
class Difference:
    """A person whose answer is not decided by what was asked.

    `values` are those of all inputs that may be asked; `before` are known when the questions are
    answered, `after` in a completion of that, whose answer is another.
    """

    values: Mapping[str, Value]
    before: frozenset[str]
    after: frozenset[str]


class UnsettledError(Exception):
    """The solver could not settle a question within its time."""


class Undecided:
    """Finds, for sets of inputs of one patient, whether asking them decides the answer.

    `askable` are the inputs that matter; no other is ever added.
    """

    def __init__(
        self,
        subject: Subject,
        completions: Completions,
        askable: Iterable[str],
        seconds: float,
    ) -> None:
        self.subject = subject
        self.completions = completions
        self.asked = {path: z3.Bool(f"asked {path}") for path in askable}
        self.program = self._residual()
        self.values = self._values()
        self.numbers = Numbers()
        self.before = self._patient(self._before())
        mask = self.before.mask
        self.later = {path: z3.Bool(f"later {path}") for path in self.asked}
        after = {path: disj((mask[path], later)) for path, later in self.later.items()}
        self.after = self._patient({**mask, **after})
        self.differ = self._differ()
        self.derived = self._derived()
        self.questions = Questions(self._limits(), seconds)

    def difference(
        self, asked: Collection[str], outcome: Outcome | None = None, known: Iterable[str] = ()
    ) -> Difference | None:
        """Return a completion that shows that a set of inputs does not decide, if there is one.

        One may be wished with an outcome, and with inputs that are known in it.

        Raises:
            UnsettledError: The time was not enough.
        """
        exactly = [term if path in asked else neg(term) for path, term in self.asked.items()]
        wishes = [self.after.mask[path] for path in known]
        wishes += [] if outcome is None else [self.after.outcome(outcome)]
        found = None
        if self.derived is not True:
            found = self._told(self.questions.ask(self.differ, *exactly, *wishes, self.derived))
        return found or self._told(self.questions.ask(self.differ, *exactly, *wishes))

    def answerable(self, paths: Iterable[str]) -> bool:
        """Return whether some completion knows all of these inputs.

        Raises:
            UnsettledError: The time was not enough.
        """
        return self._told(self.questions.ask(*(self.asked[path] for path in paths))) is not None

    def _told(self, reply: Reply) -> Difference | None:
        match reply.settled:
            case Settled.NO:
                return None
            case Settled.OPEN:
                raise UnsettledError
        model = reply.model
        assert model is not None
        values: dict[str, Value] = {}
        for path in self.asked:
            kind = self.subject.specs[path].kind
            whole = kind in (FieldKind.INTEGER, FieldKind.DATE)
            value = read(model, self.values.symbols[path], whole=whole)
            if kind is FieldKind.DATE and isinstance(value, int):
                value = date.fromordinal(value)
            values[path] = value

        def known(patient: Patient) -> frozenset[str]:
            return frozenset(path for path in self.asked if _holds(model, patient.mask[path]))

        return Difference(values, known(self.before), known(self.after))

    # --- the patient in the solver ----------------------------------------------------------

    def _residual(self) -> Program:
        """Return the program in which what is decided for good is a constant."""
        program, learnable = self.subject.program, self.subject.learnable
        found = zip(program.definitions, self.completions.evidence.found, strict=True)
        definitions: list[Definition] = []
        for definition, verdict in found:
            settled = None if definition.name in learnable else _settled(verdict)
            if settled is not None:
                definition = Definition(definition.name, settled, definition.type)
            definitions.append(definition)
        return Program(program.name, program.inputs, tuple(definitions))

    def _values(self) -> Values:
        """Return the values: constants where the patient's data have them."""
        inputs = self.completions.evidence.inputs
        fresh = [given for given in self.program.inputs if given.path in self.asked]
        values = symbolize(fresh, self.subject.specs)
        known = {
            given.path: _fixed(given, inputs[given.path])
            for given in self.program.inputs
            if given.path not in self.asked
        }
        return Values({**values.symbols, **known}, values.within)

    def _before(self) -> Mask:
        """Return what is known when some inputs were asked, and what derives from them."""
        inputs = self.completions.evidence.inputs
        mask: dict[str, Bool] = {path: value is not None for path, value in inputs.items()}
        mask.update(self.asked)
        for path in self.completions.derivable(self.asked):
            derived = self.subject.specs[path].derived
            if path in self.asked and isinstance(derived, WeeksBetween):
                ordered = self._number(derived.start) <= self._number(derived.end)
                both = (mask[derived.start], mask[derived.end], ordered)
                mask[path] = disj((self.asked[path], conj(both)))
        return mask

    def _derived(self) -> Bool:
        """Return that what derives from others agrees with them to the last digit, also if entered.

        It is as a rule so, and wished first: the solver knows some numbers only within limits, and
        takes for no conflict what lies just beyond what a rule allows.
        """
        found: list[Bool] = []
        for path in self.asked:
            derived = self.subject.specs[path].derived
            if isinstance(derived, WeeksBetween) and all(map(self._is_had, derived.inputs)):
                days = self._number(derived.end) - self._number(derived.start)
                found.append(self._number(path) * 7 == z3.ToReal(days))
        return conj(found)

    def _is_had(self, path: str) -> bool:
        """Whether an input is known, or may be asked."""
        return path in self.asked or self.completions.value(path, {}) is not None

    def _number(self, path: str) -> z3.ArithRef:
        symbol = self.values.symbols[path]
        assert isinstance(symbol, Quantity)
        return symbol.value

    def _patient(self, mask: Mask) -> Patient:
        encoding = Encoding(self.program, self.values, mask, self.numbers)
        return Patient(self.subject, self.values, mask, encoding)

    def _differ(self) -> Bool:
        """Return that the answers before and after differ."""
        if self.completions.steps:
            return neg(same_answer(self.before, self.after))
        return disj(conj((self.before.outcome(o), neg(self.after.outcome(o)))) for o in Outcome)

    def _limits(self) -> list[Bool]:
        """Return what holds of every completion."""
        before, after = self.before, self.after
        reasons = self.completions.evidence.assessment.data_absent_reasons
        derived = [path for path, spec in self.subject.specs.items() if spec.derived is not None]
        limits: list[Bool] = [
            absent_reason(path) if path in reasons else neg(absent_reason(path)) for path in derived
        ]
        limits += [neg(each.true(r)) for r in self.completions.silent for each in (before, after)]
        conflicts = self.completions.conflicts
        limits += [neg(before.true(rule)) for rule in conflicts]
        urgent = disj(after.outcome(outcome) for outcome in URGENT)
        limits.append(implies(disj(after.true(rule) for rule in conflicts), urgent))
        limits += [optional_stays_silent(before, after), before.wellformed, after.wellformed]
        return [*limits, *self.values.within, *self.numbers.within]


def _holds(model: z3.ModelRef, term: Bool) -> bool:
    if isinstance(term, bool):
        return term
    return bool(z3.is_true(model.eval(term, model_completion=True)))


def _settled(verdict: Verdict) -> Constant | None:
    """Return what a definition that only more knowledge could change has come to for good."""
    if isinstance(verdict, tuple):
        low, high = verdict
        return Constant(low) if low == high else None
    return None if verdict is None else Constant(verdict)


def _fixed(given: Input, value: Value) -> Symbol:
    """Return an input that has one value, whatever it is where it is not known."""
    match given.type.kind:
        case Kind.CONDITION:
            return Truths(value is True)
        case Kind.ENUMERATION:
            return Choice({member: member == value for member in given.type.members})
        case Kind.TEXT:
            return Text()
        case _:
            number = Fraction(0)
            if isinstance(value, date):
                number = Fraction(value.toordinal())
            elif isinstance(value, int | float):
                number = rational(value)
            return Quantity(constant(number), number, number)
