"""Checks of comparisons: what may be compared, and whether that can come out both ways."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from guidestep.language.checker.numbers import NumberChecks
from guidestep.language.checker.scope import Checked
from guidestep.language.checker.wording import (
    FREE_TEXT,
    TURNED,
    a,
    member_span,
    mismatch_hint,
    one_of,
    turned_round,
    written,
)
from guidestep.language.tree import Compare, Constant, Expression, Field, IsMember, Reference
from guidestep.language.types import CONDITION, Kind
from guidestep.spelling import did_you_mean


class ComparisonChecks(NumberChecks):
    """Checks comparisons of numbers and dates, and of enumerations with their members."""

    def _membership(self, node: IsMember) -> Checked | None:
        checked = self.check(node.subject)
        if checked is None:
            return None
        subject, type_ = checked
        if type_.kind is not Kind.ENUMERATION:
            hint = "use '==', '<' and the like for numbers and dates"
            if type_.kind is Kind.CONDITION:
                name = written(node.subject) or "it"
                hint = f"a condition stands alone: write '{name}' or 'not {name}'"
            elif type_.kind is Kind.TEXT:
                hint = FREE_TEXT
            self._fault(
                "is-on-number",
                node.span,
                f"'is' compares an enumeration with its members, and this is {a(type_)}",
                hint,
            )
            return None
        for member in node.members:
            if member not in type_.members:
                hint = did_you_mean(member, type_.members) or f"use {one_of(type_.members)}"
                if member in ("not_assessed", "missing"):
                    hint = "write 'is unknown'"
                name = written(node.subject) or "this"
                self._fault(
                    "unknown-member",
                    member_span(node, member),
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
                f"{a(left_type)} cannot be compared with {a(right_type)}",
                mismatch_hint(node, left_type, right_type),
            )
            return None
        if right_type.interval and not left_type.interval:
            self._fault(
                "score-on-the-left",
                node.span,
                "a score or count stands on the left of a comparison",
                turned_round(node),
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
            left, right, operator = right, left, TURNED[operator]
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
