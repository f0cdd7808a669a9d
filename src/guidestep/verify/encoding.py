"""A program as terms of the solver: the fifth reader of the tree.

A condition is a pair of terms, that it is true and that it is false, by the strong Kleene tables
of `guidestep.logic`; a number is known or not and has a value; a score is its least and its
greatest value. Only what is asked for is encoded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeAlias, cast

import z3

from guidestep.engines.compiled.fold import fold
from guidestep.engines.support import UnsupportedNode
from guidestep.language.program import Definition, Program
from guidestep.language.tree import (
    CORE,
    And,
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Negative,
    Not,
    Or,
    Reference,
    WeightedSum,
    walk,
)
from guidestep.verify.numbers import Number, Numbers, compared, fixed
from guidestep.verify.symbols import Choice, Mask, Quantity, Text, Truths, Values
from guidestep.verify.terms import Bool, asserted, conj, constant, disj, neg, rational


@dataclass(frozen=True, slots=True)
class Truth:
    """A condition: that it is true, and that it is false; neither is unknown."""

    true: Bool
    false: Bool

    @property
    def known(self) -> Bool:
        """That it is not unknown."""
        return disj((self.true, self.false))


@dataclass(frozen=True, slots=True)
class Score:
    """A sum with unknown items: whether it is decided, its least and its greatest value."""

    decided: Bool
    low: z3.ArithRef
    high: z3.ArithRef
    least: Fraction
    most: Fraction
    whole: bool

    @property
    def number(self) -> Number:
        """The sum where it is decided."""
        return Number(self.decided, self.low, self.least, self.most, self.whole)


@dataclass(frozen=True, slots=True)
class Picked:
    """An enumeration field."""

    known: Bool
    choice: Choice


@dataclass(frozen=True, slots=True)
class Noted:
    """A text field."""

    known: Bool


Term: TypeAlias = Truth | Number | Score | Picked | Noted


def sure(term: Bool) -> Truth:
    """Return a condition that is never unknown."""
    return Truth(term, neg(term))


class Encoding:
    """Encodes the definitions of one program for one patient, each when it is first asked for."""

    def __init__(self, program: Program, values: Values, mask: Mask, numbers: Numbers) -> None:
        self._definitions: Mapping[str, Definition] = {d.name: d for d in program.definitions}
        self._kinds = {given.path: given.type.kind for given in program.inputs}
        self._values = values
        self._mask = mask
        self._numbers = numbers
        self._terms: dict[str, Term] = {}

    def term(self, name: str) -> Term:
        """Return a definition.

        Raises:
            LookupError: The program has no such definition.
        """
        todo = [name]
        while todo:
            current = todo[-1]
            if current not in self._terms:
                expression = self._definitions[current].expression
                needed = [
                    node.name
                    for node in walk(expression)
                    if isinstance(node, Reference) and node.name not in self._terms
                ]
                if needed:
                    todo += needed
                    continue
                self._terms[current] = self.encode(expression)
            todo.pop()
        return self._terms[name]

    @property
    def encoded(self) -> tuple[str, ...]:
        """The definitions that were asked for so far, and all that they refer to."""
        return tuple(self._terms)

    def truth(self, name: str) -> Truth:
        """Return a definition that is a condition."""
        return _truth(self.term(name))

    def encode(self, expression: Expression) -> Term:
        """Return an expression of the core whose references are encoded already."""
        return fold(expression, self._node, CORE, "proof")

    def condition(self, expression: Expression) -> Truth:
        """Return a condition of the core, after all that it refers to."""
        for node in walk(expression):
            if isinstance(node, Reference):
                self.term(node.name)
        return _truth(self.encode(expression))

    def _node(self, node: Expression, below: list[Term]) -> Term:
        match node:
            case Constant(value=value):
                return _constant(value)
            case Field(path=path):
                return self._field(path)
            case Reference(name=name):
                return self._terms[name]
            case Not():
                operand = _truth(below[0])
                return Truth(operand.false, operand.true)
            case And():
                truths = [_truth(each) for each in below]
                return Truth(conj(t.true for t in truths), disj(t.false for t in truths))
            case Or():
                truths = [_truth(each) for each in below]
                return Truth(disj(t.true for t in truths), conj(t.false for t in truths))
            case IsKnown():
                return sure(_known(below[0]))
            case IsMember(members=members):
                subject = cast("Picked", below[0])
                inside = disj(
                    subject.choice.members[m] for m in members if m in subject.choice.members
                )
                return Truth(conj((subject.known, inside)), conj((subject.known, neg(inside))))
            case Compare(operator=operator):
                return _compare(operator, below[0], _number(below[1]))
            case Negative():
                return self._numbers.negative(_number(below[0]))
            case Arithmetic():
                return self._numbers.arithmetic(node, _number(below[0]), _number(below[1]))
            case Call():
                return self._numbers.call(node, [_number(each) for each in below])
            case WeightedSum(items=items):
                weights = [rational(weight) for _, weight in items]
                return self._score([_truth(each) for each in below], weights)
            case _:
                raise UnsupportedNode("proof", type(node).__name__)

    def _field(self, path: str) -> Term:
        known = self._mask[path]
        match self._values.symbols[path]:
            case Truths(value=value):
                return Truth(conj((known, value)), conj((known, neg(value))))
            case Choice() as choice:
                return Picked(known, choice)
            case Quantity(value=value, low=low, high=high):
                only = low if low == high else None
                return Number(known, value, low, high, value.is_int(), only, value)
            case Text():
                return Noted(known)

    def _score(self, items: Sequence[Truth], weights: Sequence[Fraction]) -> Score:
        """Return a sum: a true item moves both ends, an unknown one the end that it can move."""
        lows: list[z3.ArithRef] = []
        highs: list[z3.ArithRef] = []
        for item, weight in zip(items, weights, strict=True):
            for ends, open_ in ((lows, weight < 0), (highs, weight > 0)):
                moved = neg(item.false) if open_ else item.true
                if moved is True:
                    ends.append(constant(weight))
                elif moved is not False:
                    ends.append(z3.If(moved, constant(weight), z3.IntVal(0)))
        least = sum((w for w in weights if w < 0), Fraction(0))
        most = sum((w for w in weights if w > 0), Fraction(0))
        low = z3.Sum(lows) if lows else z3.IntVal(0)
        high = z3.Sum(highs) if highs else z3.IntVal(0)
        decided = low == high
        # Doubles add halves and quarters exactly; of other fractions every sum is rounded.
        if any(weight.denominator not in (1, 2, 4, 8) for weight in weights):
            low = self._numbers.total(low, least, most)
            high = self._numbers.total(high, least, most)
        return Score(decided, low, high, least, most, all(w.denominator == 1 for w in weights))


def _constant(value: bool | float | date) -> Term:
    if isinstance(value, bool):
        return sure(value)
    return fixed(Fraction(value.toordinal()) if isinstance(value, date) else rational(value))


def _truth(term: Term) -> Truth:
    assert isinstance(term, Truth)
    return term


def _number(term: Term) -> Number:
    if isinstance(term, Score):
        return term.number
    assert isinstance(term, Number)
    return term


def _known(term: Term) -> Bool:
    return term.number.known if isinstance(term, Score) else term.known


def _compare(operator: str, left: Term, right: Number) -> Truth:
    if isinstance(left, Score):
        return _compare_score(operator, left, right)
    assert isinstance(left, Number)
    one, other = left.term, right.term
    if right.constant is not None and left.sharp is not None and _simple(right.constant):
        one = left.sharp
    elif left.constant is not None and right.sharp is not None and _simple(left.constant):
        other = right.sharp
    holds: Bool = compared(operator, one, other)
    if left.constant is not None and right.constant is not None:
        holds = z3.is_true(z3.simplify(asserted(holds)))
    known = conj((left.known, right.known))
    return Truth(conj((known, holds)), conj((known, neg(holds))))


def _simple(number: Fraction) -> bool:
    """Whether a quotient of whole numbers that is not this number differs from it clearly."""
    return number.denominator <= 10**6 and abs(number) < 10**6


_DENIED: Mapping[str, str] = {"!=": "==", ">=": "<", ">": "<="}


def _compare_score(operator: str, left: Score, right: Number) -> Truth:
    """Return a comparison that is decided as soon as every possible sum decides it alike."""
    if operator in _DENIED:
        denied = _compare_score(_DENIED[operator], left, right)
        return Truth(denied.false, denied.true)
    if operator == "==":
        true: Bool = z3.And(left.low == right.term, left.high == right.term)
        false: Bool = z3.Or(left.low > right.term, left.high < right.term)
    else:
        true = compared(operator, left.high, right.term)
        false = neg(compared(operator, left.low, right.term))
    return Truth(conj((right.known, true)), conj((right.known, false)))
