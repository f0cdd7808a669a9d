"""Conditions joined so that they say nothing: never true together, or one of them always true."""

from __future__ import annotations

import math
from collections.abc import Iterable

from guidestep.language.tree import And, Compare, Constant, Expression, IsMember, Not, Or


def never_all(operands: Iterable[Expression]) -> bool:
    """Whether no value makes all of some conditions true, as far as their shape tells.

    >>> from guidestep.language.tree import Field
    >>> arm = Field("arm.power")
    >>> never_all([IsMember(arm, ("weak",)), IsMember(arm, ("full",))])
    True
    >>> never_all([Compare(">", arm, Constant(14)), Compare("<", arm, Constant(12))])
    True
    """
    members: dict[Expression, set[str]] = {}
    ranges: dict[Expression, tuple[float, bool, float, bool]] = {}
    stated: set[Expression] = set()
    for operand in _flat(And, operands):
        match operand:
            case IsMember(subject=subject, members=listed):
                members[subject] = members.get(subject, set(listed)) & set(listed)
                if not members[subject]:
                    return True
            case Compare(operator=operator, left=left, right=Constant(value=int() | float() as n)):
                ranges[left] = _narrowed(ranges.get(left), operator, n)
            case Compare(operator=operator, left=Constant(value=int() | float() as n), right=right):
                ranges[right] = _narrowed(ranges.get(right), _TURNED.get(operator, operator), n)
        stated.add(operand)
    empty = any(low > high or (low == high and (a or b)) for low, a, high, b in ranges.values())
    return empty or any(isinstance(one, Not) and one.operand in stated for one in stated)


def always_any(operands: Iterable[Expression]) -> bool:
    """Whether every known value makes one of some conditions true, as far as their shape tells.

    >>> from guidestep.language.tree import Field
    >>> arm = Field("arm.power")
    >>> always_any([Not(IsMember(arm, ("weak",))), Not(IsMember(arm, ("full",)))])
    True
    """
    return never_all(_denied(operand) for operand in _flat(Or, operands))


def _flat(kind: type[And] | type[Or], operands: Iterable[Expression]) -> list[Expression]:
    found: list[Expression] = []
    for operand in operands:
        if isinstance(operand, And | Or) and isinstance(operand, kind):
            found.extend(_flat(kind, operand.operands))
        else:
            found.append(operand)
    return found


_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def _denied(node: Expression) -> Expression:
    match node:
        case Not(operand=operand):
            return operand
        case Compare(operator=operator, left=left, right=right):
            return Compare(_OPPOSITE[operator], left, right)  # type: ignore[arg-type]
        case _:
            return Not(node)


def _narrowed(
    known: tuple[float, bool, float, bool] | None, operator: str, number: float
) -> tuple[float, bool, float, bool]:
    """Return a range (low, without low, high, without high) after one more comparison."""
    low, above, high, below = known or (-math.inf, False, math.inf, False)
    if operator in (">", ">=", "==") and (number, operator == ">") > (low, above):
        low, above = number, operator == ">"
    if operator in ("<", "<=", "==") and (number, operator != "<") < (high, not below):
        high, below = number, operator == "<"
    return low, above, high, below
