"""The typed tree in English: conditions and quantities as a clinician reads them.

The words leave no doubt about what belongs together: a condition within another of a different
kind stands in brackets, and a definition is named by its statement in quotation marks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from guidestep.assessment import FieldKind
from guidestep.engines.support import UnsupportedNode
from guidestep.explain.shape import as_range, grouped, subject_first
from guidestep.explain.words import (
    label_words,
    listed,
    members_words,
    path_words,
    quantity,
    uncapitalised,
    unit_words,
    value_words,
    verb,
)
from guidestep.language.rulebase import Rulebase
from guidestep.language.tree import (
    And,
    Arithmetic,
    AtLeast,
    Call,
    Cases,
    Compare,
    Comparison,
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
from guidestep.language.types import Kind

_DENIED: dict[Comparison, Comparison] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}
_NUMBERS: dict[Comparison, str] = {
    "<": "less than",
    "<=": "at most",
    ">": "more than",
    ">=": "at least",
    "==": "exactly",
    "!=": "not exactly",
}
_DATES: dict[Comparison, str] = {
    "<": "before",
    "<=": "on or before",
    ">": "after",
    ">=": "on or after",
    "==": "the same day as",
    "!=": "not the same day as",
}
_ARITHMETIC = {"+": "plus", "-": "minus", "*": "times", "/": "divided by"}
_CALLS = {
    "min": "the smallest of",
    "max": "the largest of",
    "abs": "the absolute value of",
    "sqrt": "the square root of",
    "ln": "the natural logarithm of",
    "log10": "the decimal logarithm of",
    "exp": "the exponential of",
    "days_between": "the days from",
    "weeks_between": "the weeks from",
    "age_in_years": "the completed years from",
}


class _Binding(IntEnum):
    """How a phrase holds together: only a whole one stands within another without brackets."""

    WHOLE = 0
    AND = 1
    OR = 2
    LIST = 3


@dataclass(frozen=True, slots=True)
class _Phrase:
    text: str
    binding: _Binding = _Binding.WHOLE

    def within(self, binding: _Binding = _Binding.WHOLE) -> str:
        """Return the text as it stands within a phrase of the given binding."""
        free = self.binding is _Binding.WHOLE or (
            self.binding is binding and binding is not _Binding.LIST
        )
        return self.text if free else f"({self.text})"


def prose(expression: Expression, base: Rulebase) -> str:
    """Return an expression in English, labels and units as the guideline's model gives them.

    Reads every node, surface and core. Raises `UnsupportedNode` on one that is none of the tree's.

    >>> import guidestep
    >>> base = guidestep.load("cervical-spasm-opll").base
    >>> gait = IsMember(Field("neurologic.gait_instability"), ("present",))
    >>> age = Compare("<", Field("scope.age_years"), Constant(18))
    >>> prose(And((gait, Not(age))), base)
    'unsteady gait is present and age is at least 18 years'
    >>> prose(Not(IsKnown(Field("neurologic.mri_status"))), base)
    'cervical MRI is not known'
    """
    return _Prose(base).phrase(expression).text


class _Prose:
    """Reads the expressions of one guideline."""

    def __init__(self, base: Rulebase) -> None:
        self.base = base
        self.fields = base.model.fields()
        self.parameters = {entry.id: entry for entry in base.entry.parameters}

    # --- conditions -------------------------------------------------------------------------

    def phrase(self, node: Expression) -> _Phrase:
        """Return any expression; a field or a definition that is a condition, as one."""
        match node:
            case Constant(value=bool(value)):
                return _Phrase("always" if value else "never")
            case Field() if self.is_condition(node):
                return _Phrase(f"{self.subject(node)} is true")
            case Reference() if self.is_condition(node):
                return _Phrase(f"{self.subject(node)} holds")
            case Not(operand=operand):
                return self.denial(operand)
            case And(operands=(left, right)) if (both := as_range(left, right)) is not None:
                return self.range(*both)
            case And(operands=operands):
                return self.joined(grouped(operands), _Binding.AND, "always")
            case Or(operands=operands):
                return self.joined(operands, _Binding.OR, "never")
            case AtLeast(least=least, operands=operands):
                return self.items(f"at least {least} of: ", operands)
            case Compare():
                return self.comparison(node)
            case IsMember(subject=subject, members=members):
                # 'is a or b' needs brackets beside other conditions; 'is a' does not.
                binding = _Binding.WHOLE if len(members) == 1 else _Binding.LIST
                return _Phrase(f"{self.says(subject)} {members_words(members)}", binding)
            case IsKnown(operand=operand):
                return _Phrase(f"{self.says(operand)} known")
            case _:
                return self.quantity(node)

    def is_condition(self, node: Expression) -> bool:
        match node:
            case Field(path=path):
                return path in self.fields and self.fields[path].kind is FieldKind.BOOLEAN
            case Reference(name=name):
                defined = self.base.definitions.get(name)
                # What a program adds beside the guideline's own definitions are conditions.
                return defined is None or defined.type.kind is Kind.CONDITION
            case _:
                return False

    def denial(self, operand: Expression) -> _Phrase:
        match operand:
            case Constant(value=bool(value)):
                return self.phrase(Constant(not value))
            case Field() if self.is_condition(operand):
                return _Phrase(f"{self.subject(operand)} is false")
            case IsMember(subject=subject, members=(member,)):
                return _Phrase(f"{self.says(subject)} not {members_words([member])}")
            case IsMember(subject=subject, members=(one, other)):
                pair = [members_words([one]), members_words([other])]
                return _Phrase(f"{self.says(subject)} neither {' nor '.join(pair)}")
            case IsMember(subject=subject, members=members):
                text = f"{self.says(subject)} none of {members_words(members)}"
                return _Phrase(text, _Binding.LIST)
            case IsKnown(operand=inner):
                return _Phrase(f"{self.says(inner)} not known")
            case Compare():
                node = Compare(_DENIED[operand.operator], operand.left, operand.right)
                return self.comparison(node)
            case AtLeast(least=least, operands=operands):
                return self.items(f"fewer than {least} of: ", operands)
            case Or(operands=operands) if len(operands) > 1:
                return self.items("none of: ", operands)
            case And(operands=operands) if len(operands) > 1:
                return self.items("not all of: ", operands)
            case Reference():
                return _Phrase(f"{self.subject(operand)} does not hold")
            case _:
                return _Phrase(f"({self.phrase(operand).text}) does not hold")

    def joined(self, operands: Sequence[Expression], binding: _Binding, empty: str) -> _Phrase:
        phrases = [self.phrase(one) for one in operands]
        if len(phrases) < 2:
            return phrases[0] if phrases else _Phrase(empty)
        word = f" {binding.name.lower()} "
        return _Phrase(word.join(phrase.within(binding) for phrase in phrases), binding)

    def items(self, heading: str, operands: Sequence[Expression]) -> _Phrase:
        listed_ = "; ".join(self.phrase(one).within() for one in operands)
        return _Phrase(f"{heading}{listed_}", _Binding.LIST)

    # --- comparisons ------------------------------------------------------------------------

    def comparison(self, node: Compare) -> _Phrase:
        node = subject_first(node)
        match node:
            case Compare(left=Count(operands=operands), right=Constant(value=value)):
                words = {**_NUMBERS, "<": "fewer than"}[node.operator]
                return self.items(f"{words} {value_words(value)} of: ", operands)
            case _:
                dates = self.is_date(node.left) or self.is_date(node.right)
                words = (_DATES if dates else _NUMBERS)[node.operator]
                bound = self.bound(node.right, node.left)
                return _Phrase(f"{self.subject(node.left)} is {words} {bound}")

    def range(self, low: Compare, high: Compare) -> _Phrase:
        start = "from" if low.operator == ">=" else "from above"
        end = "to" if high.operator == "<=" else "to below"
        first, last = (
            self.bound(side.right, side.left, bare=side is low and low.right != high.right)
            for side in (low, high)
        )
        return _Phrase(f"{self.subject(low.left)} is {start} {first} {end} {last}")

    def bound(self, node: Expression, beside: Expression, *, bare: bool = False) -> str:
        """Return what something is compared with: a plain number takes the other side's unit."""
        match node:
            case Constant(value=int() | float() as value) if not isinstance(value, bool):
                unit = self.unit(beside)
                said = unit_words(unit) in self.subject(beside).split() if unit else True
                # 'repetitions completed is at least 15' needs no 'repetitions' at its end.
                plain = bare or (said and (unit or "{").startswith("{"))
                return quantity(value, None if plain else unit)
            case _:
                return self.subject(node)

    def is_date(self, node: Expression) -> bool:
        match node:
            case Constant(value=value):
                return isinstance(value, date)
            case Field(path=path):
                return path in self.fields and self.fields[path].kind is FieldKind.DATE
            case Reference(name=name):
                defined = self.base.definitions.get(name)
                return defined is not None and defined.type.kind is Kind.DATE
            case _:
                return False

    def unit(self, node: Expression) -> str | None:
        match node:
            case Field(path=path):
                return self.fields[path].unit if path in self.fields else None
            case Reference(name=name):
                defined = self.base.definitions.get(name)
                return None if defined is None else defined.type.unit
            case Parameter(name=name):
                return self.parameters[name].unit
            case Arithmetic(operator="+" | "-", left=left, right=right):
                return self.unit(left) or self.unit(right)
            case Negative(operand=operand):
                return self.unit(operand)
            case Call(function="min" | "max" | "abs" | "round", arguments=arguments):
                return self.unit(arguments[0])
            case Call(function=function):
                spans = {"days_between": "d", "weeks_between": "wk", "age_in_years": "a"}
                return spans.get(function)
            case _:
                return None

    # --- what is spoken about ---------------------------------------------------------------

    def subject(self, node: Expression) -> str:
        """Return what a condition is about, as it stands before its verb."""
        match node:
            case Field(path=path):
                return label_words(self.fields[path].label if path in self.fields else path)
            case Reference(name=name):
                return self.name(name)
            case Constant(value=bool()):
                return f"({self.phrase(node).text})"
            case Constant() | Parameter():
                return self.quantity(node).text
            case _:
                return self.phrase(node).within()

    def says(self, node: Expression) -> str:
        """Return what a condition is about, with its verb."""
        subject = self.subject(node)
        return f"{subject} {verb(subject) if isinstance(node, Field) else 'is'}"

    def name(self, name: str) -> str:
        defined = self.base.definitions.get(name)
        if defined is not None:
            return f'"{uncapitalised(defined.statement)}"'
        rule = self.base.rules.get(name)
        return f'"{uncapitalised(rule.statement) if rule is not None else name}"'

    def quantity(self, node: Expression) -> _Phrase:
        match node:
            case Constant(value=value):
                return _Phrase(value_words(value))
            case Field() | Reference():
                return _Phrase(self.subject(node))
            case Parameter(name=name):
                entry = self.parameters[name]
                default = quantity(entry.default, entry.unit)
                return _Phrase(f"the setting '{path_words(name)}' ({default} unless changed)")
            case Arithmetic(operator=operator, left=left, right=right):
                sides = (self.operand(left), self.operand(right))
                return _Phrase(f" {_ARITHMETIC[operator]} ".join(sides), _Binding.LIST)
            case Negative(operand=operand):
                return _Phrase(f"minus {self.operand(operand)}", _Binding.LIST)
            case Call(function="round", arguments=arguments):
                return self.rounded(arguments)
            case Call(function=function, arguments=arguments):
                between = "to" if function.endswith(("_between", "_years")) else "and"
                operands = listed([self.operand(one) for one in arguments], between)
                return _Phrase(f"{_CALLS[function]} {operands}", _Binding.LIST)
            case Count(operands=operands):
                return self.items("how many are true of: ", operands)
            case WeightedSum(items=items):
                points = "; ".join(
                    f"{quantity(weight, '{point}')} if {self.phrase(condition).within()}"
                    for condition, weight in items
                )
                return _Phrase(f"the sum of: {points}", _Binding.LIST)
            case Cases(cases=cases, otherwise=otherwise):
                first = "; otherwise ".join(
                    f"{members_words([label])} if {self.phrase(condition).within()}"
                    for condition, label in cases
                )
                last = members_words([otherwise])
                return _Phrase(f"{first}; otherwise {last}", _Binding.LIST)
            case _:
                raise UnsupportedNode("prose", type(node).__name__)

    def operand(self, node: Expression) -> str:
        return self.quantity(node).within()

    def rounded(self, arguments: Sequence[Expression]) -> _Phrase:
        what = self.operand(arguments[0])
        match arguments[1:]:
            case () | (Constant(value=0),):
                to = "a whole number"
            case (Constant(value=int(digits)),):
                to = f"the nearest {10**-digits}" if digits < 0 else quantity(digits, "{decimal}")
            case _:
                to = f"{self.operand(arguments[1])} decimals"
        return _Phrase(f"{what} rounded to {to}", _Binding.LIST)
