"""The tree of one rule on one patient: the guideline's own words, with what was found at each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, cast

from guidestep.assessment import FieldKind
from guidestep.engines.compiled.trace import Seen, trace
from guidestep.explain.evidence import Evidence
from guidestep.explain.explanation import RuleWhy, Said, Why
from guidestep.explain.prose import prose
from guidestep.explain.shape import parts
from guidestep.explain.words import (
    FAMILIES,
    label_words,
    listed,
    member_words,
    path_words,
    quantity,
    uncapitalised,
    value_words,
)
from guidestep.language.decision import excused_name
from guidestep.language.lowering import TRUE
from guidestep.language.rulebase import Defined, Progression, Rule
from guidestep.language.tree import (
    And,
    Arithmetic,
    AtLeast,
    Call,
    Cases,
    Constant,
    Count,
    Expression,
    Field,
    IsKnown,
    Negative,
    Node,
    Parameter,
    Reference,
    WeightedSum,
    walk,
)
from guidestep.language.types import Kind
from guidestep.logic import Truth, interval, word
from guidestep.outcome import Family

_QUANTITIES = (Arithmetic, Negative, Call, Count, WeightedSum, Cases, Parameter)
OPEN_POINT = "open point"
NOT_ASSESSED = "not assessed"
EXPLAINED = "explained above"


@dataclass(slots=True)
class Explainer:
    """Makes the trees of one patient's answer; each definition is expanded the first time only."""

    evidence: Evidence
    _expanded: set[str] = field(default_factory=set)

    # --- rules ------------------------------------------------------------------------------

    def rule(self, name: str, statement: str = "") -> RuleWhy:
        """Return one rule with its tree.

        `name` is the id of a rule or a progression, the name of a dose that is checked, or the
        id of the assumption whose absence leaves a point open. Anything else has no tree.
        `statement` is what to call it where the guideline has no statement of its own.
        """
        base, verdicts = self.evidence.base, self.evidence.verdicts
        found: Rule | Progression | None = base.rules.get(name) or next(
            (one for one in base.progressions if one.id == name), None
        )
        if found is not None:
            family = found.family if isinstance(found, Rule) else "progression"
            said = self._said(found.when, verdicts[name])
            notes = tuple(self._notes(found)) if isinstance(found, Rule) else ()
            tree = self.why(found.when)
            return RuleWhy(name, FAMILIES[family], found.statement, said, tree, notes)
        if name in base.assumptions:
            assumption = base.assumptions[name]
            assert assumption.open_when is not None
            said = self._said(assumption.open_when, verdicts[f"{name}:open"])
            tree = self.why(assumption.open_when)
            return RuleWhy(name, OPEN_POINT, assumption.entry.question, said, tree)
        for definition in self.evidence.compiled.program.definitions:
            if definition.name == name:
                tree = self.why(_stated(definition.expression))
                return RuleWhy(name, FAMILIES[Family.CAUTION], statement, tree.said, tree)
        return RuleWhy(name, OPEN_POINT, statement, "unknown")

    def ruled_out(self) -> Iterator[RuleWhy]:
        """Yield the rules that could have stopped exercise and are false, without their trees."""
        for rule in self.evidence.compiled.decision.rules:
            if rule.family in (Family.REQUIREMENT, Family.SURVEILLANCE) or rule.then is None:
                continue
            # A conflict that cannot be seen counts as none; ruled out it is only when seen.
            if self.found(rule.when) is False:
                yield RuleWhy(rule.id, FAMILIES[rule.family], rule.statement, "false")

    def _notes(self, rule: Rule) -> Iterator[Why]:
        if rule.scope is not None and rule.scope != TRUE:
            yield self._noted("applies when", rule.scope)
        if rule.optional is not None and self.evidence.verdicts.get(excused_name(rule.id)) is True:
            yield self._noted(f"may stay unknown by {rule.optional.assumes}", rule.optional.when)

    def _noted(self, name: str, condition: Expression) -> Why:
        tree = self.why(condition)
        return replace(tree, text=f"{name}: {tree.text}")

    # --- conditions and quantities ----------------------------------------------------------

    def why(self, node: Expression) -> Why:
        """Return the tree of one condition or quantity."""
        base = self.evidence.base
        heading, inner = parts(node)
        said = self._said(node, self.found(node))
        if inner:
            seen = self._count(inner) if isinstance(node, AtLeast) else ""
            return Why(heading, said, seen, tuple(self.why(one) for one in inner))
        inputs = {one: None for one in walk(node) if isinstance(one, Field | Parameter | Reference)}
        seen = "; ".join(filter(None, (self._seen(one, len(inputs) == 1) for one in inputs)))
        below = [
            self._expand(base.definitions[one.name])
            for one in inputs
            if isinstance(one, Reference) and one.name in base.definitions
        ]
        return Why(prose(node, base), said, seen, tuple(why for whys in below for why in whys))

    def found(self, node: Expression) -> Seen:
        """Return the truth or the value of an expression for this patient."""
        seen = trace(
            self._with_bands(node),
            self.evidence.value,
            lambda name: cast(Seen, self.evidence.verdicts[name]),
            self.evidence.compiled.parameters,
        )
        return seen.verdict

    def _with_bands(self, node: Expression) -> Expression:
        """Return the expression with the cases of each band in the place of its name.

        Its label alone would not do: of an undecided band some labels may be ruled out already.
        """
        if isinstance(node, Reference):
            band = self._band(node.name)
            return node if band is None else band
        changed = {
            part.name: _changed(getattr(node, part.name), self._with_bands)
            for part in fields(node)
            if part.name != "span"
        }
        return replace(node, **changed)

    def _band(self, name: str) -> Cases | None:
        defined = self.evidence.base.definitions.get(name)
        if defined is None or not isinstance(defined.expression, Cases):
            return None
        labels = (label for _, label in defined.expression.cases)
        # By the names under which the engines decided them, which an open point leaves unknown.
        cases = tuple((Reference(f"{name}:case {i}"), label) for i, label in enumerate(labels))
        return Cases(cases, defined.expression.otherwise)

    def _said(self, node: Expression, found: Seen) -> Said:
        return cast(Said, word(cast(Truth, found))) if self._is_condition(node) else "value"

    def _is_condition(self, node: Expression) -> bool:
        base = self.evidence.base
        match node:
            case Constant(value=value):
                return isinstance(value, bool)
            case Field(path=path) if path in base.model.fields():
                return base.model.fields()[path].kind is FieldKind.BOOLEAN
            case Reference(name=name) if name in base.definitions:
                return base.definitions[name].type.kind is Kind.CONDITION
            case _:
                return not isinstance(node, _QUANTITIES)

    # --- what was seen ----------------------------------------------------------------------

    def _seen(self, node: Expression, alone: bool) -> str:
        base, evidence = self.evidence.base, self.evidence
        match node:
            case Field(path=path) if path in base.model.fields():
                spec = base.model.fields()[path]
                value = evidence.value(path)
                words = NOT_ASSESSED if value is None else value_words(value, spec.unit)
                reason = evidence.assessment.data_absent_reasons.get(path)
                if value is None and reason is not None:
                    words = f"{words}: {reason.value}"
                return words if alone else f"{label_words(spec.label)}: {words}"
            case Parameter(name=name):
                unit = next(entry.unit for entry in base.entry.parameters if entry.id == name)
                return f"{path_words(name)}: {quantity(evidence.compiled.parameters[name], unit)}"
            case Reference(name=name) if name in base.definitions:
                return self._named(base.definitions[name])
            case _:
                return ""

    def _named(self, defined: Defined) -> str:
        """Return what a definition came to; the truth of a condition stands at its line already."""
        closed = self._closed(defined)
        if closed is not None:
            return f"{OPEN_POINT} {closed}"
        above = EXPLAINED if defined.id in self._expanded else ""
        if defined.type.kind is Kind.CONDITION:
            return above
        value = f"{uncapitalised(defined.statement)}: {self._value(defined)}"
        return f"{value}, {above}" if above else value

    def _value(self, defined: Defined) -> str:
        if isinstance(defined.expression, Cases):
            labels = [
                label
                for label in defined.type.members
                if self.evidence.verdicts[f"{defined.id}:{label}"] is not False
            ]
            words = listed([member_words(label) for label in labels], "or")
            return words if len(labels) == 1 else f"undecided, {words}"
        verdict = self.evidence.verdicts[defined.id]
        match verdict:
            case (low, high):
                same = low == high
                return quantity(low) if same else f"from {quantity(low)} to {quantity(high)}"
            case None:
                return word(None)
            case _:
                return value_words(verdict, defined.type.unit)

    def _closed(self, defined: Defined) -> str | None:
        off = self.evidence.compiled.off
        return next((id_ for id_ in defined.grounds.assumes if id_ in off), None)

    def _count(self, operands: Iterable[Expression]) -> str:
        low, high = interval((cast(Truth, self.found(one)), 1) for one in operands)
        return f"{low:g} so far, at most {high:g}" if low != high else f"{low:g}"

    def _expand(self, defined: Defined) -> tuple[Why, ...]:
        """Return what a definition means, unless that was said above or is an open point."""
        if defined.id in self._expanded or self._closed(defined):
            return ()
        self._expanded.add(defined.id)
        match defined.expression:
            case Cases(cases=cases):
                return tuple(self._noted(member_words(label), when) for when, label in cases)
            case WeightedSum(items=items):
                return tuple(self._noted(quantity(n, "{point}"), when) for when, n in items)
            case node if defined.type.kind is Kind.CONDITION:
                return (self.why(node),)
            case node:
                return (self._noted(f"{uncapitalised(defined.statement)} is", node),)


def _stated(expression: Expression) -> Expression:
    """Return what a program makes two-valued, 'known and true', as it was before."""
    match expression:
        case And(operands=(IsKnown(operand=known), stated)) if known == stated:
            return stated
        case _:
            return expression


def _changed(value: Any, change: Callable[[Expression], Expression]) -> Any:
    """Return a part of a node with every expression in it changed."""
    if isinstance(value, Node):
        return change(cast(Expression, value))
    return tuple(_changed(one, change) for one in value) if isinstance(value, tuple) else value
