"""The type checker: resolves names and finds what cannot be meant.

Returns the resolved tree (a name that is a parameter becomes a `Parameter`) with its type, or
reports faults. A fault inside an expression silences what would only follow from it.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from guidestep.assessment import FieldKind, FieldSpec
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.source import Span
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
from guidestep.language.types import CONDITION, DATE, DECIMAL, INTEGER, TEXT, Kind, Type

Report = Callable[[Diagnostic], None]
Checked = tuple[Expression, Type]

_ARITY: dict[str, tuple[int, int]] = {
    "min": (1, 20),
    "max": (1, 20),
    "abs": (1, 1),
    "round": (2, 2),
    "sqrt": (1, 1),
    "ln": (1, 1),
    "log10": (1, 1),
    "exp": (1, 1),
    "days_between": (2, 2),
    "weeks_between": (2, 2),
    "age_in_years": (2, 2),
}
_DATE_FUNCTIONS = {
    "days_between": replace(INTEGER, unit="d"),
    "weeks_between": replace(DECIMAL, unit="wk"),
    "age_in_years": replace(INTEGER, unit="a"),
}


def closest(word: str, words: Iterable[str]) -> str:
    """Return the most similar of `words`, or an empty string when none is close.

    >>> closest("gait_instabilty", ["gait_instability", "gait_change"])
    'gait_instability'
    """
    found = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return found[0] if found else ""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return a hint naming the most similar word, or an empty string."""
    found = closest(word, words)
    return f"did you mean '{found}'?" if found else ""


def field_type(spec: FieldSpec) -> Type:
    """Return the type that a field of the assessment has in expressions."""
    match spec.kind:
        case FieldKind.BOOLEAN:
            return CONDITION
        case FieldKind.INTEGER:
            return replace(INTEGER, unit=spec.unit)
        case FieldKind.DECIMAL:
            return replace(DECIMAL, unit=spec.unit)
        case FieldKind.ENUMERATION:
            return Type(Kind.ENUMERATION, members=spec.members)
        case FieldKind.DATE:
            return DATE
        case FieldKind.TEXT:
            return TEXT


@dataclass(frozen=True, slots=True)
class Scope:
    """The names an expression may use."""

    fields: Mapping[str, FieldSpec]
    parameters: Mapping[str, Type]
    definitions: Mapping[str, Type | None]
    """`None` for a definition that is itself at fault: what uses it is passed over."""


class Checker:
    """Checks expressions in one scope."""

    def __init__(self, scope: Scope, report: Report) -> None:
        self.scope = scope
        self.report = report

    def condition(self, node: Expression) -> Expression | None:
        """Return the resolved condition, or `None` after reporting why it is none."""
        checked = self.check(node)
        if checked is None:
            return None
        resolved, type_ = checked
        if type_.kind is Kind.CONDITION:
            return resolved
        hint = {
            Kind.ENUMERATION: f"write 'is {type_.members[0]}'" if type_.members else "",
            Kind.TEXT: "free text is never read by a rule; only 'is known' applies",
        }.get(type_.kind, "compare it with something")
        self._fault("not-a-condition", node.span, f"this is {_a(type_)}, not a condition", hint)
        return None

    def quantity(self, node: Expression) -> Checked | None:
        """Return the resolved number or date with its type, or `None` after reporting."""
        checked = self.check(node)
        if checked is None or checked[1].is_number or checked[1].kind is Kind.DATE:
            return checked
        self._fault(
            "not-a-number",
            node.span,
            f"this is {_a(checked[1])}, not a number or a date",
            "a condition belongs under 'findings:', ordered conditions under 'bands:'",
        )
        return None

    def _fault(self, code: str, span: Span, message: str, hint: str = "") -> None:
        self.report(Diagnostic(code, span, message, hint))

    def check(self, node: Expression) -> Checked | None:
        """Return the resolved node and its type, or `None` after reporting its faults."""
        match node:
            case Constant(value=bool()):
                return node, CONDITION
            case Constant(value=int()):
                return node, INTEGER
            case Constant(value=float()):
                return node, DECIMAL
            case Constant():
                return node, DATE
            case Field(path=path):
                return self._field(node, path)
            case Reference(name=name):
                return self._name(node, name)
            case Parameter(name=name):
                return node, self.scope.parameters[name]
            case Not(operand=operand):
                inner = self.condition(operand)
                return None if inner is None else (replace(node, operand=inner), CONDITION)
            case And() | Or() | AtLeast() | Count():
                operands = [self.condition(operand) for operand in node.operands]
                known = tuple(operand for operand in operands if operand is not None)
                if len(known) < len(operands):
                    return None
                type_ = replace(INTEGER, interval=True) if isinstance(node, Count) else CONDITION
                return replace(node, operands=known), type_
            case IsKnown(operand=operand):
                checked = self.check(operand)
                return None if checked is None else (replace(node, operand=checked[0]), CONDITION)
            case IsMember():
                return self._membership(node)
            case Compare():
                return self._comparison(node)
            case Arithmetic():
                return self._arithmetic(node)
            case Negative(operand=operand):
                number = self._number(operand)
                return None if number is None else (replace(node, operand=number[0]), number[1])
            case Call():
                return self._call(node)
            case WeightedSum(items=items):
                pairs = [(self.condition(condition), weight) for condition, weight in items]
                found = tuple((c, weight) for c, weight in pairs if c is not None)
                whole = all(isinstance(weight, int) for _, weight in items)
                type_ = replace(INTEGER if whole else DECIMAL, interval=True)
                return None if len(found) < len(pairs) else (replace(node, items=found), type_)
            case Cases(cases=cases):
                return self._cases(node, cases)

    # --- names ------------------------------------------------------------------------------

    def _field(self, node: Field, path: str) -> Checked | None:
        spec = self.scope.fields.get(path)
        if spec is not None:
            return node, field_type(spec)
        self._fault(
            "unknown-field",
            node.span,
            f"'{path}' is not a field of the assessment",
            self._field_hint(path),
        )
        return None

    def _field_hint(self, path: str) -> str:
        same = [p for p in self.scope.fields if p.rsplit(".", 1)[-1] == path.rsplit(".", 1)[-1]]
        return f"did you mean '{same[0]}'?" if same else did_you_mean(path, self.scope.fields)

    def _name(self, node: Reference, name: str) -> Checked | None:
        if name in self.scope.parameters:
            return Parameter(name, span=node.span), self.scope.parameters[name]
        if name in self.scope.definitions:
            type_ = self.scope.definitions[name]
            return None if type_ is None else (node, type_)
        fields = [path for path in self.scope.fields if path.endswith(f".{name}")]
        hint = (
            f"a field is written with its section: '{fields[0]}'"
            if fields
            else did_you_mean(name, [*self.scope.definitions, *self.scope.parameters])
        )
        self._fault(
            "unknown-name",
            node.span,
            f"'{name}' is no finding, value, score, band or parameter of this guideline",
            hint,
        )
        return None

    # --- conditions -------------------------------------------------------------------------

    def _membership(self, node: IsMember) -> Checked | None:
        checked = self.check(node.subject)
        if checked is None:
            return None
        subject, type_ = checked
        if type_.kind is not Kind.ENUMERATION:
            hint = "use '==', '<' and the like for numbers and dates"
            if type_.kind is Kind.CONDITION:
                hint = "a condition stands alone: write it, or 'not' before it"
            self._fault(
                "is-on-number",
                node.span,
                f"'is' compares an enumeration with its members, and this is {_a(type_)}",
                hint,
            )
            return None
        for member in node.members:
            if member not in type_.members:
                hint = did_you_mean(member, type_.members) or f"use {_one_of(type_.members)}"
                if member == "not_assessed":
                    hint = "write 'is unknown'"
                self._fault(
                    "unknown-member", node.span, f"'{member}' is not one of its members", hint
                )
                return None
        if set(node.members) == set(type_.members):
            self._fault(
                "always-true",
                node.span,
                "all members are listed, so this is true of every patient assessed",
                "write 'is known' if that is what is meant",
            )
        return replace(node, subject=subject), CONDITION

    def _comparison(self, node: Compare) -> Checked | None:
        if self._compares_member(node):
            return None
        left, right = self.check(node.left), self.check(node.right)
        if left is None or right is None:
            return None
        (left_node, left_type), (right_node, right_type) = left, right
        dates = left_type.kind is Kind.DATE and right_type.kind is Kind.DATE
        if not dates and not (left_type.is_number and right_type.is_number):
            self._fault(
                "type-mismatch",
                node.span,
                f"{_a(left_type)} cannot be compared with {_a(right_type)}",
                "numbers compare with numbers, dates with dates; use 'is' for members",
            )
            return None
        if right_type.interval and not left_type.interval:
            self._fault(
                "score-on-the-left",
                node.span,
                "a score or count stands on the left of a comparison",
                "turn the comparison round",
            )
            return None
        if not self._same_unit(node, left_type, right_type):
            return None
        self._within_range(node, left_node, right_node)
        return replace(node, left=left_node, right=right_node), CONDITION

    def _compares_member(self, node: Compare) -> bool:
        """Report `field == member`, whose right side would only be called an unknown name."""
        if not isinstance(node.left, Field) or not isinstance(node.right, Reference):
            return False
        spec = self.scope.fields.get(node.left.path)
        if spec is None or node.right.name not in spec.members:
            return False
        word = "is" if node.operator == "==" else "is not"
        self._fault(
            "equals-on-member",
            node.span,
            "members of an enumeration are compared with 'is'",
            f"write '{node.left.path} {word} {node.right.name}'",
        )
        return True

    def _within_range(self, node: Compare, left: Expression, right: Expression) -> None:
        if not isinstance(left, Field) or not isinstance(right, Constant):
            return
        spec = self.scope.fields[left.path]
        value = right.value
        if isinstance(value, bool | date) or spec.minimum is None or spec.maximum is None:
            return
        if not spec.minimum <= value <= spec.maximum:
            unit = f" {spec.unit}" if spec.unit else ""
            self._fault(
                "out-of-range",
                node.span,
                f"{left.path} lies between {spec.minimum:g} and {spec.maximum:g}{unit}, "
                f"so comparing it with {value:g} decides nothing",
                "check the number and its unit",
            )

    def _same_unit(self, node: Compare | Arithmetic | Call, left: Type, right: Type) -> bool:
        if left.unit is None or right.unit is None or left.unit == right.unit:
            return True
        self._fault(
            "unit-mismatch",
            node.span,
            f"one side is in {left.unit}, the other in {right.unit}",
            "convert one of them, for example 'x / 7' from days to weeks",
        )
        return False

    def _cases(self, node: Cases, cases: tuple[tuple[Expression, str], ...]) -> Checked | None:
        pairs = [(self.condition(condition), label) for condition, label in cases]
        found = tuple((c, label) for c, label in pairs if c is not None)
        labels = tuple(dict.fromkeys([*(label for _, label in cases), node.otherwise]))
        type_ = Type(Kind.ENUMERATION, members=labels)
        return None if len(found) < len(pairs) else (replace(node, cases=found), type_)

    # --- numbers ----------------------------------------------------------------------------

    def _number(self, node: Expression) -> Checked | None:
        checked = self.check(node)
        if checked is None or checked[1].is_number:
            return checked
        hint = "use days_between(...) for dates" if checked[1].kind is Kind.DATE else ""
        self._fault("not-a-number", node.span, f"this is {_a(checked[1])}, not a number", hint)
        return None

    def _arithmetic(self, node: Arithmetic) -> Checked | None:
        left, right = self._number(node.left), self._number(node.right)
        if left is None or right is None:
            return None
        resolved = replace(node, left=left[0], right=right[0])
        if node.operator in "+-":
            if not self._same_unit(node, left[1], right[1]):
                return None
            unit = left[1].unit or right[1].unit
        elif node.operator == "*":
            # A product of two units has a unit of its own, which this language does not track.
            unit = None if left[1].unit and right[1].unit else left[1].unit or right[1].unit
        else:
            unit = None if right[1].unit else left[1].unit
            if isinstance(right[0], Constant) and right[0].value == 0:
                self._fault("always-unknown", node.span, "a division by zero is unknown for ever")
                return None
        whole = node.operator != "/" and left[1].kind is right[1].kind is Kind.INTEGER
        return resolved, Type(Kind.INTEGER if whole else Kind.DECIMAL, unit=unit)

    def _call(self, node: Call) -> Checked | None:
        least, most = _ARITY[node.function]
        if not least <= len(node.arguments) <= most:
            wanted = str(least) if least == most else f"{least} to {most}"
            self._fault(
                "wrong-arguments",
                node.span,
                f"'{node.function}' takes {wanted} arguments, not {len(node.arguments)}",
                "rounding is declared with its digits: 'round(x, 1)'"
                if node.function == "round"
                else "",
            )
            return None
        if node.function in _DATE_FUNCTIONS:
            return self._date_call(node)
        numbers = [self._number(argument) for argument in node.arguments]
        known = [number for number in numbers if number is not None]
        if len(known) < len(numbers):
            return None
        resolved = replace(node, arguments=tuple(argument for argument, _ in known))
        first = replace(known[0][1], interval=False)
        match node.function:
            case "min" | "max":
                for _, type_ in known[1:]:
                    if not self._same_unit(node, first, type_):
                        return None
                whole = all(type_.kind is Kind.INTEGER for _, type_ in known)
                return resolved, replace(first, kind=Kind.INTEGER if whole else Kind.DECIMAL)
            case "round":
                digits = resolved.arguments[1]
                if not isinstance(digits, Constant) or digits.value not in range(13):
                    self._fault(
                        "wrong-arguments",
                        node.span,
                        "the digits of 'round' are a whole number from 0 to 12",
                        "write 'round(x, 1)'",
                    )
                    return None
                return resolved, replace(first, kind=Kind.DECIMAL)
            case "abs":
                return resolved, first
            case _:
                return resolved, DECIMAL

    def _date_call(self, node: Call) -> Checked | None:
        arguments = [self.check(argument) for argument in node.arguments]
        found: list[Expression] = []
        for argument, checked in zip(node.arguments, arguments, strict=True):
            if checked is None:
                return None
            if checked[1].kind is not Kind.DATE:
                self._fault(
                    "type-mismatch",
                    argument.span,
                    f"'{node.function}' takes two dates, and this is {_a(checked[1])}",
                )
                return None
            found.append(checked[0])
        return replace(node, arguments=tuple(found)), _DATE_FUNCTIONS[node.function]


def _a(type_: Type) -> str:
    names = {
        Kind.CONDITION: "a condition",
        Kind.ENUMERATION: "an enumeration",
        Kind.DATE: "a date",
        Kind.TEXT: "free text",
    }
    return names.get(type_.kind, "a score" if type_.interval else "a number")


def _one_of(members: tuple[str, ...]) -> str:
    return members[0] if len(members) == 1 else f"{', '.join(members[:-1])} or {members[-1]}"
