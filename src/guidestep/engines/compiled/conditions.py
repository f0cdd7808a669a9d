"""The code of conditions: for each node, when it is true and when it is false."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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
from guidestep.language.tree import And, Compare, Comparison, IsKnown, IsMember, Not, Or

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

ALWAYS = Condition("True", "False")
NEVER = Condition("False", "True")


def not_(writer: Writer, node: Not, operands: Sequence[Code]) -> Condition:
    """Negation: true and false change places."""
    operand = as_condition(operands[0])
    return Condition(operand.false, operand.true, operand.depth, doubtful=not operand.doubtful)


def all_of(writer: Writer, node: And, operands: Sequence[Code]) -> Condition:
    """Conjunction: true if all are, false if one is."""
    parts = [as_condition(operand) for operand in operands]
    if len(parts) < 2:
        return parts[0] if parts else ALWAYS
    return writer.shallow(
        Condition(
            _joined(" and ", (part.true for part in parts)),
            _joined(" or ", (part.false for part in parts)),
            1 + max(part.depth for part in parts),
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
        return Condition(_guarded([right], holds), _guarded([right], fails))
    value = writer.value(left)
    value, right = _alike(writer, value, right), _alike(writer, right, value)
    return Condition(
        _guarded([value, right], f"{value.name} {node.operator} {right.name}"),
        _guarded([value, right], f"{value.name} {opposite} {right.name}"),
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
    return Condition(f"({holds})", _guarded([subject], fails))


def is_known(writer: Writer, node: IsKnown, operands: Sequence[Code]) -> Condition:
    """Whether there is a verdict; a variable of its own, since its two forms would double."""
    match operands[0]:
        case Condition(name=str(name)) | Value(name=name, known=False):
            return Condition(f"({name} is not None)", f"({name} is None)")
        case Condition(true=true, false=false):
            return variable(writer.assign("k", f"True if ({true} or {false}) else False"))
        case Score(low=low, high=high):
            return Condition(f"({low} == {high})", f"({low} != {high})")
        case _:
            return ALWAYS


def sure(told: Code) -> Condition:
    """Being known and true: what is unknown is not."""
    true = as_condition(told).true
    return Condition(true, f"(not {true})", total=True)


def _alike(writer: Writer, value: Value, other: Value) -> Value:
    """Return a literal integer as a float, if it is compared with one: Python is faster at that."""
    if other.decimal and value.whole is not None and abs(value.whole) < EXACT:
        return Value(writer.constant(float(value.whole)), known=True)
    return value


def _joined(word: str, parts: Iterable[str]) -> str:
    return f"({word.join(parts)})"


def _guarded(values: Sequence[Value], test: str) -> str:
    guards = [f"{value.name} is not None" for value in values if not value.known]
    return _joined(" and ", [*guards, test])
