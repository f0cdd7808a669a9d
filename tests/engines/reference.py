"""The oracle: what a program means, as a plain walk over its trees. Slow, and obviously right."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from sys import float_info
from typing import Any

from guidestep.language.program import Program, Value, Verdict
from guidestep.language.tree import (
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
)
from guidestep.logic import Truth, all_of, any_of, interval, not_

COMPARE = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
COMBINE = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
NEGATED = {"!=": "==", ">=": "<", ">": "<="}


def reference(program: Program, inputs: Sequence[Value]) -> tuple[Verdict, ...]:
    """Return the verdict of every definition, in order."""
    fields = dict(zip((entry.path for entry in program.inputs), inputs, strict=True))
    verdicts: dict[str, Verdict] = {}
    for definition in program.definitions:
        verdicts[definition.name] = see(definition.expression, fields, verdicts)
    return tuple(verdicts.values())


def see(node: Expression, fields: Mapping[str, Value], verdicts: Mapping[str, Verdict]) -> Any:
    """Return the truth, the value, or for a score the (low, high) pair of one expression."""

    def of(operand: Expression) -> Any:
        return see(operand, fields, verdicts)

    def value(operand: Expression) -> Any:
        found = of(operand)
        if isinstance(found, tuple):
            return found[0] if found[0] == found[1] else None
        return found

    match node:
        case Constant():
            return node.value
        case Field():
            return fields[node.path]
        case Reference():
            return verdicts[node.name]
        case Not():
            return not_(of(node.operand))
        case And():
            return all_of([of(operand) for operand in node.operands])
        case Or():
            return any_of([of(operand) for operand in node.operands])
        case Compare():
            return compare(node.operator, of(node.left), value(node.right))
        case IsMember():
            found = of(node.subject)
            return None if found is None else found in node.members
        case IsKnown():
            return value(node.operand) is not None
        case Negative():
            found = value(node.operand)
            return None if found is None else -found
        case Arithmetic():
            return number(COMBINE[node.operator], value(node.left), value(node.right))
        case Call():
            return number(FUNCTIONS[node.function], *(value(each) for each in node.arguments))
        case WeightedSum():
            return interval([(of(item), weight) for item, weight in node.items])
    raise AssertionError(node)


def compare(sign: str, left: Any, right: Any) -> Truth:
    """Compare two values, or a score as an interval with a value."""
    if left is None or right is None:
        return None
    if not isinstance(left, tuple):
        return bool(COMPARE[sign](left, right))
    low, high = left
    if sign in NEGATED:
        return not_(compare(NEGATED[sign], left, right))
    if sign == "==":
        return True if low == high == right else False if not low <= right <= high else None
    if COMPARE[sign](high, right):
        return True
    return None if COMPARE[sign](low, right) else False


def number(function: Any, *arguments: Any) -> Any:
    """Apply a function: unknown if an argument is, or if there is no finite result."""
    if None in arguments:
        return None
    try:
        result = function(*arguments)
    except (ZeroDivisionError, OverflowError, ValueError):
        return None
    # An integer that no double can hold counts as infinite.
    return result if result is not None and abs(result) <= float_info.max else None


def round_half_up(x: float, digits: int = 0) -> float:
    places = Decimal(1).scaleb(-digits)
    return float(Decimal(repr(x)).quantize(places, ROUND_HALF_UP, Context(prec=1000)))


def completed_years(birth: Any, on: Any) -> int | None:
    if on < birth:
        return None
    years = 0
    while (birth.year + years + 1, birth.month, birth.day) <= (on.year, on.month, on.day):
        years += 1
    return years


FUNCTIONS = {
    "min": lambda *numbers: min(numbers),
    "max": lambda *numbers: max(numbers),
    "abs": abs,
    "round": round_half_up,
    "sqrt": math.sqrt,
    "ln": math.log,
    "log10": math.log10,
    "exp": math.exp,
    "days_between": lambda start, end: (end - start).days,
    "weeks_between": lambda start, end: (end - start).days / 7,
    "age_in_years": completed_years,
}
