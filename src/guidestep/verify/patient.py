"""One patient in the solver, and what the guideline says to them: outcome, steps and actions.

`Subject` makes patients of one profile of a guideline. Patients made with the same values are one
person before and after something became known.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from guidestep.assessment import FieldSpec
from guidestep.engines.compiled import CompiledEngine
from guidestep.engines.durable import DurableEngine
from guidestep.engines.errors import EngineDisagreement
from guidestep.language.compiler import Compiled
from guidestep.language.decision import action_name, excused_name, outcome_name
from guidestep.language.program import Engine, Program, Value, Verdict
from guidestep.language.rulebase import Rulebase
from guidestep.language.stability import learnable
from guidestep.outcome import Action, Outcome
from guidestep.verify.encoding import Encoding, Truth
from guidestep.verify.numbers import Numbers
from guidestep.verify.symbols import Mask, Values, masked, symbolize
from guidestep.verify.terms import Bool, asserted, conj, disj, implies, neg
from guidestep.verify.wellformed import wellformed

EXERCISE = (Action.START, Action.CONTINUE, Action.PROGRESS)
CONFLICT = "conflict:any"


@dataclass(frozen=True)
class Patient:
    """A patient: values, which of them are known, and the program as terms about them."""

    subject: Subject
    values: Values
    mask: Mask
    encoding: Encoding

    @cached_property
    def wellformed(self) -> Bool:
        """That an assessment of the model can hold these values."""
        return wellformed(self.subject.specs, self.values, self.mask)

    def truth(self, name: str) -> Truth:
        """Return a condition of the program by its name; one that is not there is false."""
        return self.encoding.truth(name) if name in self.subject.names else Truth(False, True)

    def true(self, name: str) -> Bool:
        """Return that a definition is true."""
        return self.truth(name).true

    def outcome(self, outcome: Outcome) -> Bool:
        """Return that this is the outcome."""
        return self.true(outcome_name(outcome))

    def action(self, step: str, action: Action) -> Bool:
        """Return that the answer gives a step this action: only where steps are recommended."""
        return conj((self.outcome(Outcome.RECOMMEND), self.true(action_name(step, action))))

    def conflicted(self) -> Bool:
        """Return that entries contradict each other."""
        return self.true(CONFLICT)

    def exercises(self, *actions: Action) -> Bool:
        """Return that some step has one of the actions, by default any that is exercise."""
        return disj(
            self.action(step, action)
            for step in self.subject.exercise_steps
            for action in actions or EXERCISE
        )


class Subject:
    """The program of one profile and the inputs of its patients.

    `program` may be that of the profile with more definitions, such as those of properties.
    """

    def __init__(self, base: Rulebase, compiled: Compiled, program: Program | None = None) -> None:
        self.base = base
        self.compiled = compiled
        self.program = program = program or compiled.program
        self.names = frozenset(d.name for d in self.program.definitions)
        self.specs: Mapping[str, FieldSpec] = {
            given.path: spec
            for given in program.inputs
            if (spec := base.model.fields().get(given.path)) is not None
        }
        self.numbers = Numbers()

    def engines(self, inputs: tuple[Value, ...]) -> tuple[Verdict, ...]:
        """Return what both engines find, of the definitions in order.

        Raises:
            EngineDisagreement: The two engines differ.
        """
        first, second = (engine.evaluate(inputs) for engine in self._engines)
        if first != second:
            names = [d.name for d in self.program.definitions]
            pairs = zip(names, first, second, strict=True)
            raise EngineDisagreement([(n, a, b) for n, a, b in pairs if a != b])
        return first

    @cached_property
    def _engines(self) -> tuple[Engine, Engine]:
        return DurableEngine(self.program), self.engine

    @cached_property
    def engine(self) -> CompiledEngine:
        """The engine that is quick to ask; what is shown to anyone is asked of both."""
        return CompiledEngine(self.program)

    @cached_property
    def learnable(self) -> frozenset[str]:
        """The definitions whose truth, once known, may still turn."""
        return learnable(self.program.definitions)

    @cached_property
    def exercise_steps(self) -> tuple[str, ...]:
        """The steps that are exercise."""
        return tuple(
            step.id
            for step in self.base.steps.values()
            if any(action_name(step.id, action) in self.names for action in EXERCISE)
        )

    @cached_property
    def tracks(self) -> tuple[str, ...]:
        """The tracks of the protocol."""
        return tuple(self.base.tracks)

    def patient(self, values: Values, mask: Mask) -> Patient:
        """Return a patient with these values, of which the mask knows some."""
        return Patient(self, values, mask, Encoding(self.program, values, mask, self.numbers))

    def values(
        self, name: str = "", copied: Values | None = None, fresh: Iterable[str] = ()
    ) -> Values:
        """Return values for all inputs; with `copied`, new ones only for the inputs in `fresh`."""
        return symbolize(self.program.inputs, self.specs, name, copied, fresh)

    def mask(self, name: str = "") -> dict[str, Bool]:
        """Return a mask: whatever is not required may be unknown."""
        return masked(self.program.inputs, self.specs, name)

    def anyone(self, name: str = "") -> Patient:
        """Return a patient of whom nothing is said yet."""
        return self.patient(self.values(name), self.mask(name))

    def limits(self, *patients: Patient) -> list[Bool]:
        """Return what holds for all patients: limits of values, arithmetic, the model's rules."""
        within = [term for patient in patients for term in patient.values.within]
        return [*within, *self.numbers.within, *(patient.wellformed for patient in patients)]


def grown(before: Patient, after: Patient) -> Bool:
    """Return that `after` knows all that `before` does, of the same values."""
    return conj(
        implies(known, after.mask[path])
        for path, known in before.mask.items()
        if known is not after.mask[path]
    )


def same_answer(one: Patient, other: Patient) -> Bool:
    """Return that two patients get the same outcome, and the same action of every step."""
    pairs = [(one.outcome(outcome), other.outcome(outcome)) for outcome in Outcome]
    steps = dict.fromkeys((*one.subject.exercise_steps, *other.subject.exercise_steps))
    pairs += [
        (one.action(step, action), other.action(step, action))
        for step in steps
        for action in EXERCISE
    ]
    return conj(same(a, b) for a, b in pairs)


def same(one: Bool, other: Bool) -> Bool:
    """Return that two terms have the same truth."""
    if isinstance(one, bool):
        return other if one else neg(other)
    if isinstance(other, bool):
        return one if other else neg(one)
    return True if one.eq(other) else asserted(one) == asserted(other)


def optional_stays_silent(before: Patient, after: Patient) -> Bool:
    """Return that no declared optional evidence, missing before, comes out true after."""
    excused = [
        rule.id
        for rule in before.subject.compiled.decision.rules
        if excused_name(rule.id) in before.subject.names
    ]
    return conj(neg(conj((before.true(excused_name(rule)), after.true(rule)))) for rule in excused)
