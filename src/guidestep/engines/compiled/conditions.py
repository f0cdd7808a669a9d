"""The code of conditions: for each node, when it is true and when it is false."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from guidestep.engines.compiled.writer import (
    Code,
    Condition,
    Score,
    Value,
    Writer,
    as_condition,
    variable,
)
from guidestep.engines.support import UnsupportedNode
from guidestep.language.tree import (
    And,
    Compare,
    Comparison,
    Expression,
    IsKnown,
    IsMember,
    Not,
    Or,
)

OPPOSITE: Mapping[Comparison, Comparison] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}

INTERVAL: Mapping[Comparison, str] = {
    "<": "{high} < {x}",
    "<=": "{high} <= {x}",
    ">": "{low} > {x}",
    ">=": "{low} >= {x}",
    "==": "{low} == {x} == {high}",
    "!=": "not {low} <= {x} <= {high}",
}
"""When every value from `low` to `high` compares so with `x`."""

EXACT = 2**53
"""Integers below are the same number as a float."""

ALWAYS = Condition("True", "False", total=True)
NEVER = Condition("False", "True", total=True)


def not_(writer: Writer, node: Not, operands: Sequence[Code]) -> Condition:
    """Negation: true and false change places."""
    operand = as_condition(operands[0])
    return replace(
        operand,
        true=operand.false,
        false=operand.true,
        name=None,
        doubtful=not operand.doubtful,
    )


def all_of(writer: Writer, node: And, operands: Sequence[Code]) -> Condition:
    """Conjunction: true if all are, false if one is."""
    parts = [as_condition(operand) for operand in operands]
    if len(parts) < 2:
        return parts[0] if parts else ALWAYS
    if told_alone(node) is not None:
        return sure(parts[1])
    return writer.shallow(
        Condition(
            _joined(" and ", (part.true for part in parts)),
            _joined(" or ", (part.false for part in parts)),
            1 + max(part.depth for part in parts),
            total=all(part.total for part in parts),
        )
    )


def any_of(writer: Writer, node: Or, operands: Sequence[Code]) -> Condition:
    """Disjunction: true if one is, false if all are."""
    parts = [as_condition(operand) for operand in operands]
    if len(parts) < 2:
        return parts[0] if parts else NEVER
    return writer.shallow(
        Condition(
            _joined(" or ", (part.true for part in parts)),
            _joined(" and ", (part.false for part in parts)),
            1 + max(part.depth for part in parts),
            doubtful=True,
            total=all(part.total for part in parts),
        )
    )


def compare(writer: Writer, node: Compare, operands: Sequence[Code]) -> Condition:
    """Comparison of two values, or of a score as an interval with a value."""
    if node.operator not in OPPOSITE:
        raise UnsupportedNode("compiled", f"the comparison {node.operator!r}")
    left, right = operands[0], writer.value(operands[1])
    opposite = OPPOSITE[node.operator]
    if isinstance(left, Score):
        bounds = {"low": left.low, "high": left.high, "x": right.name}
        holds, fails = (
            INTERVAL[operator].format(**bounds) for operator in (node.operator, opposite)
        )
        # An interval may lie on both sides: that both are known does not decide.
        return Condition(_guarded([right], holds), _guarded([right], fails))
    value = writer.value(left)
    value, right = _alike(writer, value, right), _alike(writer, right, value)
    return Condition(
        _guarded([value, right], f"{value.name} {node.operator} {right.name}"),
        _guarded([value, right], f"{value.name} {opposite} {right.name}"),
        total=value.known and right.known,
        known=_all_known([value, right]),
    )


def is_member(writer: Writer, node: IsMember, operands: Sequence[Code]) -> Condition:
    """Membership; `None` is a member of nothing, so that only the false form has to look."""
    subject = writer.value(operands[0])
    if len(node.members) == 1:
        member = writer.constant(node.members[0])
        holds, fails = f"{subject.name} == {member}", f"{subject.name} != {member}"
    else:
        members = writer.constant(frozenset(node.members))
        holds, fails = f"{subject.name} in {members}", f"{subject.name} not in {members}"
    return Condition(
        f"({holds})",
        _guarded([subject], fails),
        total=subject.known,
        known=_all_known([subject]),
    )


def is_known(writer: Writer, node: IsKnown, operands: Sequence[Code]) -> Condition:
    """Whether there is a verdict; a variable of its own, since its two forms would double."""
    match operands[0]:
        case Condition(total=True):
            return ALWAYS
        case Condition(name=str(name)) | Value(name=name, known=False):
            return Condition(f"({name} is not None)", f"({name} is None)", total=True)
        case Condition(known=str(known)):
            return Condition(f"({known})", f"(not ({known}))", total=True)
        case Condition(true=true, false=false):
            return variable(writer.assign("k", f"True if ({true} or {false}) else False"))
        case Score(low=low, high=high):
            return Condition(f"({low} == {high})", f"({low} != {high})", total=True)
        case _:
            return ALWAYS


def sure(told: Condition) -> Condition:
    """Being known and true: what is unknown is not."""
    return Condition(told.true, f"(not {told.true})", told.depth, total=True)


def told_alone(expression: Expression) -> Expression | None:
    """Return what an expression asks to be known and true, if that is all it asks.

    Many do, and as a conjunction like any other each would be looked at three times. Only the same
    object counts: to compare trees that nest as deep as they like would be to recurse.
    """
    match expression:
        case And(operands=(IsKnown(operand=asked), told)) if _bare(asked) is _bare(told):
            return told
        case _:
            return None


def _bare(expression: Expression) -> Expression:
    """Return what a negation negates, or the expression itself."""
    return expression.operand if isinstance(expression, Not) else expression


def _alike(writer: Writer, value: Value, other: Value) -> Value:
    """Return a literal integer as a float, if it is compared with one: Python is faster at that."""
    if other.decimal and value.whole is not None and abs(value.whole) < EXACT:
        return Value(writer.constant(float(value.whole)), known=True)
    return value


def _joined(word: str, parts: Iterable[str]) -> str:
    return f"({word.join(parts)})"


def _guarded(values: Sequence[Value], test: str) -> str:
    return _joined(" and ", [*_guards(values), test])


def _all_known(values: Sequence[Value]) -> str | None:
    return " and ".join(_guards(values)) or None


def _guards(values: Sequence[Value]) -> list[str]:
    return [f"{value.name} is not None" for value in values if not value.known]
