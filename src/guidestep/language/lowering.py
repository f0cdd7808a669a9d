"""From the surface tree to the core: what the engines need not know is written out here.

Parameters become the numbers a site has set, counts become weighted sums, bands become conditions
on their cases, and a definition whose assumption is off becomes an input that nobody ever gives,
named by the assumption: it is unknown for everyone, and says why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from guidestep.language.program import Definition
from guidestep.language.rulebase import Defined
from guidestep.language.tree import (
    And,
    Arithmetic,
    AtLeast,
    Call,
    Cases,
    Compare,
    Constant,
    Count,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Negative,
    Not,
    Or,
    Parameter,
    Reference,
    WeightedSum,
)
from guidestep.language.types import CONDITION

OPEN = "open point "
"""How the path of an input begins that stands for an assumption that is off."""

TRUE = Constant(True)
FALSE = Constant(False)


def all_of(*operands: Expression) -> Expression:
    """Return the conjunction, without the constants that decide nothing."""
    return _joined(And, FALSE, TRUE, operands)


def any_of(*operands: Expression) -> Expression:
    """Return the disjunction, without the constants that decide nothing."""
    return _joined(Or, TRUE, FALSE, operands)


def none_of(*operands: Expression) -> Expression:
    """Return that no operand is true."""
    return negated(any_of(*operands))


def negated(operand: Expression) -> Expression:
    """Return the negation; of a constant and of a negation, without a node of its own."""
    match operand:
        case Constant(value=bool(value)):
            return Constant(not value)
        case Not(operand=inner):
            return inner
        case _:
            return Not(operand)


def is_true(operand: Expression) -> Expression:
    """Return the two-valued condition that the operand is known and true."""
    return operand if two_valued(operand) else And((IsKnown(operand), operand))


def is_false(operand: Expression) -> Expression:
    """Return the two-valued condition that the operand is known and false."""
    denial = negated(operand)
    return denial if two_valued(operand) else And((IsKnown(operand), denial))


def two_valued(node: Expression) -> bool:
    """Whether a condition can never be unknown, as far as its own shape tells."""
    match node:
        case Constant() | IsKnown():
            return True
        case Not(operand=operand):
            return two_valued(operand)
        case And(operands=(IsKnown(operand=first), second)):
            return second in (first, negated(first)) or two_valued(second)
        case And(operands=operands) | Or(operands=operands):
            return all(two_valued(operand) for operand in operands)
        case _:
            return False


def _joined(
    kind: type[And] | type[Or],
    deciding: Constant,
    neutral: Constant,
    operands: Iterable[Expression],
) -> Expression:
    kept = [operand for operand in operands if operand != neutral]
    if deciding in kept:
        return deciding
    if len(kept) < 2:
        return kept[0] if kept else neutral
    return kind(tuple(kept))


class Lowering:
    """Lowers the expressions of one guideline under one setting of parameters and assumptions."""

    def __init__(
        self,
        definitions: Mapping[str, Defined],
        parameters: Mapping[str, float],
        off: Collection[str],
    ) -> None:
        self._parameters = parameters
        self._off = off
        self._bands = {
            id_: defined.expression
            for id_, defined in definitions.items()
            if isinstance(defined.expression, Cases)
        }

    def definition(self, defined: Defined) -> list[Definition]:
        """Return the core definitions that one definition of the guideline comes down to."""
        closed_by = next((id_ for id_ in defined.grounds.assumes if id_ in self._off), None)
        node = defined.expression
        match node:
            case Cases(cases=cases):
                conditions = [
                    _open(closed_by, "condition") if closed_by else self.lower(condition)
                    for condition, _ in cases
                ]
                found = [
                    Definition(f"{defined.id}:case {index}", condition, CONDITION)
                    for index, condition in enumerate(conditions)
                ]
                for label in defined.type.members:
                    formula = self._in_band(defined.id, node, (label,))
                    found.append(Definition(f"{defined.id}:{label}", formula, CONDITION))
                return found
            case WeightedSum(items=items) if closed_by:
                unknown = _open(closed_by, "condition")
                sums = WeightedSum(tuple((unknown, weight) for _, weight in items))
                return [Definition(defined.id, sums, defined.type)]
            case _:
                lowered = (
                    _open(closed_by, defined.type.kind.value) if closed_by else self.lower(node)
                )
                return [Definition(defined.id, lowered, defined.type)]

    def lower(self, node: Expression) -> Expression:
        """Return an expression in the core."""
        match node:
            case Constant() | Field() | Reference():
                return node
            case Parameter(name=name):
                return Constant(self._parameters[name], span=node.span)
            case Not(operand=operand):
                return replace(node, operand=self.lower(operand))
            case And() | Or():
                return replace(node, operands=self._all(node.operands))
            case AtLeast(least=least, operands=operands):
                items = tuple((operand, 1) for operand in self._all(operands))
                count = WeightedSum(items, span=node.span)
                return Compare(">=", count, Constant(least), span=node.span)
            case Count(operands=operands):
                items = tuple((operand, 1) for operand in self._all(operands))
                return WeightedSum(items, span=node.span)
            case Compare() | Arithmetic():
                return replace(node, left=self.lower(node.left), right=self.lower(node.right))
            case IsMember(subject=Reference(name=name), members=members) if name in self._bands:
                if len(members) == 1:
                    return Reference(f"{name}:{members[0]}", span=node.span)
                return self._in_band(name, self._bands[name], members)
            case IsMember():
                return node
            case IsKnown(operand=Reference(name=name)) if name in self._bands:
                band = self._bands[name]
                labels = dict.fromkeys([*(label for _, label in band.cases), band.otherwise])
                return any_of(*(is_true(Reference(f"{name}:{label}")) for label in labels))
            case IsKnown(operand=operand) | Negative(operand=operand):
                return replace(node, operand=self.lower(operand))
            case Call(arguments=arguments):
                return replace(node, arguments=self._all(arguments))
            case WeightedSum(items=pairs):
                lowered = tuple((self.lower(condition), weight) for condition, weight in pairs)
                return replace(node, items=lowered)
            case Cases():
                raise TypeError("a band stands only in a definition of its own")

    def _all(self, nodes: tuple[Expression, ...]) -> tuple[Expression, ...]:
        return tuple(self.lower(node) for node in nodes)

    def _in_band(self, name: str, band: Cases, members: Collection[str]) -> Expression:
        """Return that the first true case of a band has one of `members` as its label.

        Nested from the last case to the first, this is exact in Kleene logic: an undecided case
        does not matter when it and all that may follow it agree.
        """
        found: Expression = TRUE if band.otherwise in members else FALSE
        for index in reversed(range(len(band.cases))):
            case = Reference(f"{name}:case {index}")
            if band.cases[index][1] in members:
                found = any_of(case, found)
            else:
                found = all_of(negated(case), found)
        return found


def _open(assumption: str, kind: str) -> Expression:
    return Field(f"{OPEN}{assumption} {kind}")
