"""The type checker: resolves names and finds what cannot be meant.

Returns the resolved tree (a name that is a parameter becomes a `Parameter`) with its type, or
reports faults. A fault inside an expression silences what would only follow from it.
"""

from __future__ import annotations

from dataclasses import replace

from guidestep.language.checker.comparisons import ComparisonChecks
from guidestep.language.checker.scope import Checked, field_type
from guidestep.language.checker.wording import FREE_TEXT, a, written
from guidestep.language.contradictions import always_any, never_all
from guidestep.language.properties import ACTIONS, OUTCOME, REQUESTS, RULES, SECTIONS, STEPS
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
from guidestep.language.types import CONDITION, DATE, DECIMAL, INTEGER, Kind, Type
from guidestep.spelling import closest, did_you_mean, field_hint

_ANSWER = {STEPS: "track", ACTIONS: "track", RULES: "rule or progression", REQUESTS: "request"}


class Checker(ComparisonChecks):
    """Checks expressions in one scope."""

    def condition(self, node: Expression) -> Expression | None:
        """Return the resolved condition, or `None` after reporting why it is none."""
        checked = self.check(node)
        if checked is None:
            return None
        resolved, type_ = checked
        if type_.kind is Kind.CONDITION:
            return resolved
        name = written(node) or "it"
        hint = {
            Kind.ENUMERATION: f"write '{name} is {type_.members[0]}'" if type_.members else "",
            Kind.TEXT: FREE_TEXT,
            Kind.DATE: f"compare it, as in '{name} >= date(\"2026-02-24\")'",
        }.get(type_.kind, f"compare it, as in '{name} >= 1'")
        self._fault("not-a-condition", node.span, f"this is {a(type_)}, not a condition", hint)
        return None

    def quantity(self, node: Expression) -> Checked | None:
        """Return the resolved number or date with its type, or `None` after reporting."""
        checked = self.check(node)
        if checked is None or checked[1].is_number or checked[1].kind is Kind.DATE:
            return checked
        self._fault(
            "not-a-number",
            node.span,
            f"this is {a(checked[1])}, not a number or a date",
            "a condition belongs under 'findings:', ordered conditions under 'bands:'",
        )
        return None

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
                f"'{written(node.operand) or 'this'}' is never unknown",
                "leave this condition out",
            )

    def _cases(self, node: Cases, cases: tuple[tuple[Expression, str], ...]) -> Checked | None:
        pairs = [(self.condition(condition), label) for condition, label in cases]
        found = tuple((c, label) for c, label in pairs if c is not None)
        labels = tuple(dict.fromkeys([*(label for _, label in cases), node.otherwise]))
        type_ = Type(Kind.ENUMERATION, members=labels)
        return None if len(found) < len(pairs) else (replace(node, cases=found), type_)
