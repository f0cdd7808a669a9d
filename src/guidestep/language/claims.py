"""Properties in the core: what breaks each of them, as a condition over a compiled program.

Any engine can judge it: `with_properties` adds one definition a property to the program, true of
exactly the patients who break it. A property on what must not change an answer speaks of two
patients at once, and is left to whoever can compare them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guidestep.language.checker import field_type
from guidestep.language.compiler import Compiled
from guidestep.language.decision import action_name, outcome_name
from guidestep.language.lowering import (
    FALSE,
    TRUE,
    Lowering,
    all_of,
    any_of,
    is_false,
    is_true,
    negated,
    none_of,
)
from guidestep.language.program import Definition, Input, Program
from guidestep.language.properties import (
    ACTIONS,
    NONE,
    OUTCOME,
    REQUESTS,
    RULES,
    STEPS,
    name_of,
)
from guidestep.language.rulebase import (
    Always,
    Never,
    Property,
    Request,
    Rulebase,
    Start,
    UnchangedBy,
    Withhold,
)
from guidestep.language.tree import (
    Expression,
    Field,
    IsMember,
    Reference,
    walk,
)
from guidestep.language.types import CONDITION
from guidestep.outcome import Action, Outcome

_EXERCISE = (Action.START, Action.CONTINUE, Action.PROGRESS)

Labels = Mapping[str, Expression]
"""What a name of the answer can be, and when it is that: two-valued, and one of them is true."""


@dataclass(frozen=True, slots=True)
class LoweredProperty:
    """A property that is claimed in a profile.

    `when` is its premise and `violated` that a patient breaks it: two-valued conditions over the
    definitions of the program. `violated` is `None` for a property of two patients, who differ in
    the inputs it names alone.
    """

    claimed: Property
    when: Expression
    violated: Expression | None

    @property
    def name(self) -> str:
        """The name of its definition in the program of `with_properties`."""
        return f"property:{self.claimed.id}"


def property_definitions(base: Rulebase, compiled: Compiled) -> tuple[LoweredProperty, ...]:
    """Return the properties that a profile claims, in the order written.

    Not claimed is a property that names an assumption which the profile has off, or a rule or a
    request that rests on one.
    """
    lowering = _Lowering(base, compiled)
    return tuple(
        _lowered(property_, lowering)
        for property_ in base.properties
        if _claimed(property_, base, compiled.off)
    )


def with_properties(
    base: Rulebase, compiled: Compiled, properties: Iterable[LoweredProperty]
) -> Program:
    """Return the program with a definition for each property of one patient.

    What it adds comes last: first the inputs that only properties read, in the order of the model,
    then the definitions.
    """
    program = compiled.program
    added = [
        Definition(lowered.name, lowered.violated, CONDITION)
        for lowered in properties
        if lowered.violated is not None
    ]
    known = {input_.path for input_ in program.inputs}
    read = {
        node.path
        for definition in added
        for node in walk(definition.expression)
        if isinstance(node, Field)
    }
    inputs = [
        Input(path, field_type(spec))
        for path, spec in base.model.fields().items()
        if path in read - known
    ]
    return Program(
        f"{program.name} properties", (*program.inputs, *inputs), (*program.definitions, *added)
    )


def answer_labels(base: Rulebase, compiled: Compiled) -> dict[str, Labels]:
    """Return the parts of an answer: the outcome, and the step and the action of each track.

    The keys are the names that properties use. Two answers are alike where all labels are.
    """
    recommended = Reference(outcome_name(Outcome.RECOMMEND))
    there = {definition.name for definition in compiled.program.definitions}
    found: dict[str, Labels] = {
        OUTCOME: {outcome.value: Reference(outcome_name(outcome)) for outcome in Outcome}
    }

    def given(name: str) -> Expression:
        return all_of(recommended, Reference(name)) if name in there else FALSE

    for track in base.tracks:
        own = [step.id for step in base.steps.values() if step.track == track]
        withheld = given(action_name(track, Action.WITHHOLD))
        named = _withheld(base, compiled, track)
        actions = {
            action.value: any_of(*(given(action_name(step, action)) for step in own))
            for action in _EXERCISE
        }
        actions[Action.WITHHOLD.value] = withheld
        steps = {
            step: any_of(
                *(given(action_name(step, action)) for action in _EXERCISE),
                all_of(withheld, named.get(step, FALSE)),
            )
            for step in own
        }
        for section, labels in ((STEPS, steps), (ACTIONS, actions)):
            found[name_of(section, track)] = {**labels, NONE: none_of(*labels.values())}
    return found


def _withheld(base: Rulebase, compiled: Compiled, track: str) -> Labels:
    """Return under what condition each step is the one named where a track is withheld.

    That is the step named by the first progression that bars the track; else the step the patient
    is at; else the one that would start first.
    """
    named: dict[str, list[Expression]] = {}
    own = [p for p in compiled.decision.progressions if p.track == track]
    bars: list[Expression] = []
    for progression in own:
        match progression.move:
            case Withhold(step=str(state)):
                bar = negated(is_false(Reference(progression.id)))
                named.setdefault(state, []).append(all_of(none_of(*bars), bar))
                bars.append(bar)
            case _:
                pass
    entry = base.tracks[track].entry
    places: list[Expression] = []
    for step in base.steps.values() if entry.current is not None else ():
        spec = base.model.fields()[entry.current or ""]
        if step.track == track and step.id in spec.members and step.id not in entry.outside:
            place = IsMember(Field(entry.current or ""), (step.id,))
            named.setdefault(step.id, []).append(all_of(none_of(*bars), is_true(place)))
            places.append(is_true(place))
    first = next((p.move.step for p in own if isinstance(p.move, Start)), None)
    if first is not None:
        named.setdefault(first, []).append(none_of(*bars, *places))
    return {step: any_of(*ways) for step, ways in named.items()}


def _lowered(property_: Property, lowering: _Lowering) -> LoweredProperty:
    when = is_true(lowering.lower(property_.when))
    violated: Expression | None
    match property_.claim:
        case Never(condition=condition):
            violated = all_of(when, is_true(lowering.lower(condition)))
        case Always(condition=condition):
            violated = all_of(when, negated(is_true(lowering.lower(condition))))
        case UnchangedBy():
            violated = None
    return LoweredProperty(property_, when, violated)


def _claimed(property_: Property, base: Rulebase, off: frozenset[str]) -> bool:
    if off.intersection(property_.grounds.assumes):
        return False
    resting = {
        **{name_of(RULES, id_): rule.grounds for id_, rule in base.rules.items()},
        **{name_of(RULES, p.id): p.grounds for p in base.progressions},
        **{name_of(REQUESTS, r.entry.id): r.grounds for r in base.requests},
    }
    return not any(
        off.intersection(resting[node.name].assumes)
        for root in property_.conditions
        for node in walk(root)
        if isinstance(node, Reference) and node.name in resting
    )


class _Lowering(Lowering):
    """Lowers the conditions of properties: the names of the answer have a meaning here."""

    def __init__(self, base: Rulebase, compiled: Compiled) -> None:
        super().__init__(base.definitions, compiled.parameters, compiled.off)
        self._answer = answer_labels(base, compiled)
        there = {definition.name for definition in compiled.program.definitions}
        verdicts = (*base.rules, *(progression.id for progression in base.progressions))
        self._verdicts = {name_of(RULES, id_): Reference(id_) for id_ in verdicts}
        self._grants = {
            name_of(REQUESTS, r.entry.id): self._granted(r, r.entry.id in there)
            for r in base.requests
        }

    def lower(self, node: Expression) -> Expression:
        """Return an expression in the core."""
        match node:
            case IsMember(subject=Reference(name=name), members=members) if name in self._answer:
                return any_of(*(self._answer[name][member] for member in members))
            case Reference(name=name) if name in self._verdicts:
                return self._verdicts[name]
            case Reference(name=name) if name in self._grants:
                return self._grants[name]
            case _:
                return super().lower(node)

    def _granted(self, request: Request, depends: bool) -> Expression:
        grant = request.entry.granted_by
        if grant is None:
            return FALSE
        asked = Reference(request.entry.id) if depends else TRUE
        return all_of(asked, self._answer[name_of(ACTIONS, grant.track)][grant.action])
