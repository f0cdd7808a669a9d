"""Why: one expression with the truth or the value that was seen at every node of it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, TypeAlias, cast, get_args

from guidestep.engines.compiled.fold import fold
from guidestep.engines.compiled.functions import ARITHMETIC, FUNCTIONS
from guidestep.language.program import Value, Verdict
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
    Node,
    Not,
    Or,
    Parameter,
    Reference,
    WeightedSum,
)
from guidestep.logic import Truth, all_of, any_of, interval, not_

Seen: TypeAlias = Verdict | str
"""A verdict, or the text of an enumeration field or of a band."""

NODES: frozenset[type[Node]] = frozenset(get_args(Expression))
"""The node classes that can be traced: all of them, surface and core."""

COMPARISONS: Mapping[Comparison, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class TraceNode:
    """One node of an expression, what was found for it, and the same for its children.

    `verdict` is a truth, a value, a (low, high) pair for a score or count, or the text of an
    enumeration field or band; `None` is unknown.
    """

    node: Expression
    verdict: Seen
    children: tuple[TraceNode, ...]


def trace(
    expression: Expression,
    values: Callable[[str], Value],
    verdicts: Callable[[str], Seen],
    parameters: Mapping[str, float] = MappingProxyType({}),
) -> TraceNode:
    """Return the expression with what was seen at every node.

    `values` gives a field's value by path, `verdicts` what was found for a definition by id (for
    a band its label, or `None` while it is undecided), `parameters` what the site has set. Raises
    `UnsupportedNode` on a node that is none of the tree's.

    >>> tree = And((Field("arm.weak"), IsKnown(Field("arm.weak"))))
    >>> seen = trace(tree, {"arm.weak": None}.get, {}.get)
    >>> seen.verdict, [child.verdict for child in seen.children]
    (False, [None, False])
    """

    def see(node: Expression, below: list[TraceNode]) -> TraceNode:
        match node:
            case Constant(value=value):
                return TraceNode(node, value, ())
            case Field(path=path):
                return TraceNode(node, values(path), ())
            case Reference(name=name):
                return TraceNode(node, verdicts(name), ())
            case Parameter(name=name):
                return TraceNode(node, parameters[name], ())
            case _:
                return TraceNode(node, _verdict(node, below), tuple(below))

    return fold(expression, see, NODES, "trace")


def _verdict(node: Expression, below: Sequence[TraceNode]) -> Seen:
    """Return what a node with children comes to, given what was seen at them."""
    seen = [child.verdict for child in below]
    match node:
        case Not():
            return not_(_truth(seen[0]))
        case And():
            return all_of(map(_truth, seen))
        case Or():
            return any_of(map(_truth, seen))
        case AtLeast(least=least):
            return _compare(">=", _counted(seen), least)
        case Count():
            return _counted(seen)
        case WeightedSum(items=items):
            weights = [weight for _, weight in items]
            return interval(zip(map(_truth, seen), weights, strict=True))
        case Compare(operator=comparison):
            return _compare(comparison, seen[0], _number(seen[1]))
        case IsMember(members=members):
            return _is_member(below[0], members)
        case IsKnown():
            return _number(seen[0]) is not None
        case Negative():
            number = _number(seen[0])
            return None if number is None else -number
        case Arithmetic(operator=symbol):
            return cast(Seen, ARITHMETIC[symbol](*map(_number, seen)))
        case Call(function=function):
            return cast(Seen, FUNCTIONS[function](*map(_number, seen)))
        case Cases():
            labels = _possible(node, map(_truth, seen))
            return labels.pop() if len(labels) == 1 else None
        case _:
            raise AssertionError(f"{type(node).__name__} has no children")


def _truth(seen: Seen) -> Truth:
    return cast(Truth, seen)


def _number(seen: Seen) -> Any:
    """Return the value; of a score the one it is sure to have, if there is one."""
    if isinstance(seen, tuple):
        low, high = seen
        return low if low == high else None
    return seen


def _counted(seen: Iterable[Seen]) -> tuple[float, float]:
    return interval((_truth(one), 1) for one in seen)


def _compare(comparison: Comparison, left: Seen, right: Any) -> Truth:
    if left is None or right is None:
        return None
    compare = COMPARISONS[comparison]
    if not isinstance(left, tuple):
        return compare(left, right)
    low, high = left
    if comparison in ("==", "!=") and low < right < high:
        return None
    at_low, at_high = compare(low, right), compare(high, right)
    return at_low if at_low == at_high else None


def _possible(band: Cases, truths: Iterable[Truth]) -> set[str]:
    """Return the labels that a band may still have: to the first case that is sure."""
    labels = set()
    for truth, (_, label) in zip(truths, band.cases, strict=True):
        if truth is not False:
            labels.add(label)
        if truth is True:
            return labels
    return labels | {band.otherwise}


def _is_member(subject: TraceNode, members: Sequence[str]) -> Truth:
    """Membership of a field or a band: decided once every label still possible gives the same."""
    if isinstance(subject.node, Cases):
        labels = _possible(subject.node, [_truth(child.verdict) for child in subject.children])
    elif isinstance(subject.verdict, str):
        labels = {subject.verdict}
    else:
        return None
    if labels <= set(members):
        return True
    return False if labels.isdisjoint(members) else None
