"""The type checker: resolves names and finds what cannot be meant.

Returns the resolved tree (a name that is a parameter becomes a `Parameter`) with its type, or
reports faults. A fault inside an expression silences what would only follow from it.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from guidestep.assessment import FieldKind, FieldSpec
from guidestep.language.contradictions import always_any, never_all
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.properties import ACTIONS, OUTCOME, REQUESTS, RULES, SECTIONS, STEPS
from guidestep.language.source import Span
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
_USE = {
    "min": "write 'min(first, second)'",
    "max": "write 'max(first, second)'",
    "abs": "write 'abs(x)'",
    "round": "rounding is declared with its digits: 'round(x, 1)'",
    "sqrt": "write 'sqrt(x)'",
    "ln": "write 'ln(x)'",
    "log10": "write 'log10(x)'",
    "exp": "write 'exp(x)'",
    "days_between": "write 'days_between(first_date, second_date)'",
    "weeks_between": "write 'weeks_between(first_date, second_date)'",
    "age_in_years": "write 'age_in_years(date_of_birth, on_date)'",
}
_TURNED: dict[Comparison, Comparison] = {
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
    "==": "==",
    "!=": "!=",
}
_ANSWER = {STEPS: "track", ACTIONS: "track", RULES: "rule or progression", REQUESTS: "request"}
_FREE_TEXT = "free text is never read by a rule; only 'is known' applies"
_DATE_FUNCTIONS = {
    "days_between": replace(INTEGER, unit="d"),
    "weeks_between": replace(DECIMAL, unit="wk"),
    "age_in_years": replace(INTEGER, unit="a"),
}


def closest(word: str, words: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the most similar of `words`, or an empty string when none is close.

    >>> closest("gait_instabilty", ["gait_instability", "gait_change"])
    'gait_instability'
    """
    found = difflib.get_close_matches(word, list(words), n=1, cutoff=cutoff)
    return found[0] if found else ""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return a hint naming the most similar word, or an empty string."""
    found = closest(word, words)
    return f"did you mean '{found}'?" if found else ""


def field_hint(path: str, fields: Iterable[str]) -> str:
    """Return a hint for a path that is no field: a similar one, or those of its section.

    >>> field_hint("knee.sweling", ["knee.swelling", "knee.pain"])
    "did you mean 'knee.swelling'?"
    """
    known = list(fields)
    section, _, name = path.rpartition(".")
    same = [other for other in known if other.rpartition(".")[2] == name]
    if same:
        return f"did you mean '{same[0]}'?"
    siblings = [other.rpartition(".")[2] for other in known if other.startswith(f"{section}.")]
    if not siblings:
        return did_you_mean(path, known)
    longer = next((other for other in siblings if other.startswith(name)), "")
    if found := longer or closest(name, siblings):
        return f"did you mean '{section}.{found}'?"
    return f"the fields of {section} are {', '.join(siblings)}" if len(siblings) <= 12 else ""


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
    incomplete: bool = False
    """Whether definitions could not be read: a name that is not there is then passed over."""
    answer: Mapping[str, Type] = field(default_factory=dict)
    """The names of the answer, which only properties may use."""


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
        name = _written(node) or "it"
        hint = {
            Kind.ENUMERATION: f"write '{name} is {type_.members[0]}'" if type_.members else "",
            Kind.TEXT: _FREE_TEXT,
            Kind.DATE: f"compare it, as in '{name} >= date(\"2026-02-24\")'",
        }.get(type_.kind, f"compare it, as in '{name} >= 1'")
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
                self._joined(node, known)
                type_ = replace(INTEGER, interval=True) if isinstance(node, Count) else CONDITION
                return replace(node, operands=known), type_
            case IsKnown(operand=operand):
                checked = self.check(operand)
                if checked is None:
                    return None
                self._may_be_unknown(node, checked[0])
                return replace(node, operand=checked[0]), CONDITION
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
        if path in self.scope.answer:
            return Reference(path, span=node.span), self.scope.answer[path]
        section = path.partition(".")[0]
        hint = field_hint(path, (*self.scope.fields, *self.scope.answer))
        if section in SECTIONS and not any(f.startswith(f"{section}.") for f in self.scope.fields):
            if self.scope.answer:
                self._no_answer(node, section)
                return None
            hint = "only properties speak of the answer; rules make it"
        self._fault("unknown-field", node.span, f"'{path}' is not a field of the assessment", hint)
        return None

    def _name(self, node: Reference, name: str) -> Checked | None:
        if name in self.scope.parameters:
            return Parameter(name, span=node.span), self.scope.parameters[name]
        if name in self.scope.definitions:
            type_ = self.scope.definitions[name]
            return None if type_ is None else (node, type_)
        if name in self.scope.answer:
            return node, self.scope.answer[name]
        if self.scope.incomplete:
            return None
        fields = [path for path in self.scope.fields if path.endswith(f".{name}")]
        hint = did_you_mean(name, [*self.scope.definitions, *self.scope.parameters])
        hint = hint or "define it in findings.yaml, or correct the name"
        if name == OUTCOME:
            hint = "only properties speak of the outcome; rules make it"
        elif fields:
            hint = f"a field is written with its section: '{fields[0]}'"
        elif any(name in spec.members for spec in self.scope.fields.values()):
            hint = f"a member stands after 'is' or in a list: 'section.field in (..., {name})'"
        self._fault(
            "unknown-name",
            node.span,
            f"'{name}' is no finding, value, score, band or parameter of this guideline",
            hint,
        )
        return None

    def _no_answer(self, node: Field, section: str) -> None:
        """Report a name of the answer that nothing has."""
        if self.scope.incomplete:
            return
        what, id_ = _ANSWER[section], node.path.removeprefix(f"{section}.")
        names = [name for name in self.scope.answer if name.startswith(f"{section}.")]
        similar = closest(id_, [name.removeprefix(f"{section}.") for name in names])
        hint = f"write '{section}.' and the id of a {what}, with '_' for '-'"
        if similar:
            hint = f"did you mean '{section}.{similar}'?"
        elif not names:
            hint = f"the guideline has no {what}: leave this condition out"
        message = f"'{node.path}' names no {what} of this guideline"
        self._fault("unknown-name", node.span, message, hint)

    # --- conditions -------------------------------------------------------------------------

    def _joined(self, node: And | Or | AtLeast | Count, operands: tuple[Expression, ...]) -> None:
        for index, operand in enumerate(operands):
            if operand in operands[:index]:
                self._fault(
                    "duplicate-condition",
                    operand.span,
                    "this condition stands twice",
                    "leave one of them out, or correct it",
                )
                return
        if isinstance(node, And) and never_all(operands):
            self._fault(
                "always-false",
                node.span,
                "these conditions are never true together",
                "join them with 'or', or correct one of them",
            )
        elif isinstance(node, Or) and always_any(operands):
            self._fault(
                "always-true",
                node.span,
                "one of these conditions is true of every patient assessed",
                "join them with 'and', or correct one of them",
            )

    def _may_be_unknown(self, node: IsKnown, operand: Expression) -> None:
        required = isinstance(operand, Field) and self.scope.fields[operand.path].required
        if isinstance(operand, Reference) and operand.name in self.scope.answer:
            # Of the answer, verdicts alone can be unknown.
            required = not operand.name.startswith(f"{RULES}.")
        if required or isinstance(operand, Constant | Parameter | IsKnown):
            self._fault(
                "always-true",
                node.span,
                f"'{_written(node.operand) or 'this'}' is never unknown",
                "leave this condition out",
            )

    def _membership(self, node: IsMember) -> Checked | None:
        checked = self.check(node.subject)
        if checked is None:
            return None
        subject, type_ = checked
        if type_.kind is not Kind.ENUMERATION:
            hint = "use '==', '<' and the like for numbers and dates"
            if type_.kind is Kind.CONDITION:
                name = _written(node.subject) or "it"
                hint = f"a condition stands alone: write '{name}' or 'not {name}'"
            elif type_.kind is Kind.TEXT:
                hint = _FREE_TEXT
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
                if member in ("not_assessed", "missing"):
                    hint = "write 'is unknown'"
                name = _written(node.subject) or "this"
                self._fault(
                    "unknown-member",
                    _member_span(node, member),
                    f"'{member}' is not a member of {name}",
                    hint,
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
                _mismatch_hint(node, left_type, right_type),
            )
            return None
        if right_type.interval and not left_type.interval:
            self._fault(
                "score-on-the-left",
                node.span,
                "a score or count stands on the left of a comparison",
                _turned_round(node),
            )
            return None
        if not self._same_unit(node, left_type, right_type):
            return None
        self._within_range(node, left_node, right_node)
        return replace(node, left=left_node, right=right_node), CONDITION

    def _compares_member(self, node: Compare) -> bool:
        """Report `field == member`, whose right side would only be called an unknown name."""
        if not isinstance(node.left, Field | Reference) or not isinstance(node.right, Reference):
            return False
        name = node.left.path if isinstance(node.left, Field) else node.left.name
        spec, type_ = self.scope.fields.get(name), self.scope.answer.get(name)
        members = spec.members if spec is not None else type_.members if type_ is not None else ()
        if node.right.name not in members:
            return False
        word = "is" if node.operator == "==" else "is not"
        self._fault(
            "equals-on-member",
            node.span,
            "members of an enumeration are compared with 'is'",
            f"write '{name} {word} {node.right.name}'",
        )
        return True

    def _within_range(self, node: Compare, left: Expression, right: Expression) -> None:
        """Report a comparison that every value of a field within its limits decides alike."""
        operator = node.operator
        if isinstance(left, Constant):
            left, right, operator = right, left, _TURNED[operator]
        if not isinstance(left, Field) or not isinstance(right, Constant):
            return
        spec = self.scope.fields[left.path]
        value = right.value
        if isinstance(value, bool | date) or spec.minimum is None or spec.maximum is None:
            return
        low, high = spec.minimum, spec.maximum
        true_of_all, false_of_all = {
            "<": (high < value, low >= value),
            "<=": (high <= value, low > value),
            ">": (low > value, high <= value),
            ">=": (low >= value, high < value),
            "==": (low == high == value, not low <= value <= high),
            "!=": (not low <= value <= high, low == high == value),
        }[operator]
        if true_of_all or false_of_all:
            unit = f" {spec.unit}" if spec.unit else ""
            self._fault(
                "out-of-range",
                node.span,
                f"{left.path} lies between {low:g} and {high:g}{unit}, "
                f"so this is {'true' if true_of_all else 'false'} of every patient assessed",
                "check the number and its unit",
            )

    def _same_unit(self, node: Compare | Arithmetic | Call, left: Type, right: Type) -> bool:
        if left.unit is None or right.unit is None or left.unit == right.unit:
            return True
        hint = "convert one of them, or correct the field"
        if {left.unit, right.unit} == {"d", "wk"}:
            hint = "divide the days by 7"
        self._fault(
            "unit-mismatch",
            node.span,
            f"one side is in '{left.unit}', the other in '{right.unit}'",
            hint,
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
        hint = {
            Kind.DATE: "write 'days_between(first_date, second_date)' for the time between dates",
            Kind.CONDITION: "write 'count(first, second)' for how many conditions are true",
            Kind.ENUMERATION: "name a number field, or give each member its points in a score",
        }.get(checked[1].kind, _FREE_TEXT)
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
                self._fault(
                    "always-unknown",
                    node.span,
                    "a division by zero is unknown for ever",
                    "write the number that is meant",
                )
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
                f"'{node.function}' takes {wanted} argument{'' if most == 1 else 's'}, "
                f"not {len(node.arguments)}",
                _USE[node.function],
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
                        node.arguments[1].span,
                        "the digits of 'round' are a whole number from 0 to 12",
                        _USE["round"],
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
                    _USE[node.function],
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


def _written(node: Expression) -> str:
    """Return the text of a node as its author wrote it, if it stands on one line and is short."""
    span = node.span
    if span.line != span.end_line:
        return ""
    text = span.source.line(span.line)[span.column - 1 : span.end_column - 1]
    return text if len(text) <= 80 else ""


def _member_span(node: IsMember, member: str) -> Span:
    """Return where a member stands, or the whole condition if that is not plain to see."""
    span, subject = node.span, node.subject.span
    if span.line != span.end_line or subject.end_line != span.line:
        return span
    text = span.source.line(span.line)[: span.end_column - 1]
    found = re.compile(rf"\b{re.escape(member)}\b").search(text, subject.end_column - 1)
    if found is None:
        return span
    return Span(span.source, span.line, found.start() + 1, span.line, found.end() + 1)


def _mismatch_hint(node: Compare, left: Type, right: Type) -> str:
    kinds = (left.kind, right.kind)
    if Kind.TEXT in kinds:
        return _FREE_TEXT
    if Kind.CONDITION in kinds:
        name = _written(node.left if left.kind is Kind.CONDITION else node.right) or "it"
        return f"a condition stands alone: write '{name}' or 'not {name}'"
    if Kind.ENUMERATION in kinds:
        name = _written(node.left if left.kind is Kind.ENUMERATION else node.right) or "it"
        members = left.members or right.members
        return f"compare an enumeration with a member: '{name} is {members[0]}'"
    return "numbers compare with numbers, and dates with dates: date('2026-02-24')"


def _turned_round(node: Compare) -> str:
    left, right = _written(node.left), _written(node.right)
    if not left or not right:
        return "turn the comparison round"
    return f"write '{right} {_TURNED[node.operator]} {left}', and join a further bound with 'and'"
