"""The shape in which a condition reads best: bounds taken together, a list or a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from guidestep.language.tree import (
    And,
    AtLeast,
    Compare,
    Comparison,
    Constant,
    Expression,
    Not,
    Or,
    Parameter,
)

_FLIPPED: dict[Comparison, Comparison] = {
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
    "==": "==",
    "!=": "!=",
}

Range: TypeAlias = tuple[Compare, Compare]
"""The two halves of a chained comparison, `low <= x <= high`, the lower bound first."""


def as_range(left: Expression, right: Expression) -> Range | None:
    """Return two comparisons as one range, where they are a lower and an upper bound of the same.

    >>> from guidestep.language.tree import Field
    >>> x = Field("a.b")
    >>> low, high = Compare("<=", Constant(1), x), Compare("<", x, Constant(3))
    >>> as_range(low, high) == (Compare(">=", x, Constant(1)), high)
    True
    >>> as_range(high, low) is None
    True
    """
    if not isinstance(left, Compare) or not isinstance(right, Compare):
        return None
    low, high = subject_first(left), subject_first(right)
    if low.left == high.left and low.operator in (">", ">=") and high.operator in ("<", "<="):
        return low, high
    return None


def subject_first(node: Compare) -> Compare:
    """Return a comparison with its bound on the right: `12 <= x` reads as `x >= 12`.

    >>> from guidestep.language.tree import Field
    >>> subject_first(Compare("<=", Constant(12), Field("a.b"))).operator
    '>='
    """
    if isinstance(node.left, Constant | Parameter) and not isinstance(
        node.right, Constant | Parameter
    ):
        return Compare(_FLIPPED[node.operator], node.right, node.left, span=node.span)
    return node


def grouped(operands: Sequence[Expression]) -> list[Expression]:
    """Return the operands of a conjunction with each lower and upper bound taken together.

    >>> from guidestep.language.tree import Field
    >>> x = Field("a.b")
    >>> low, high = Compare("<=", Constant(1), x), Compare("<=", x, Constant(3))
    >>> len(grouped([Field("a.c"), low, high]))
    2
    """
    found: list[Expression] = []
    for one in operands:
        if found and as_range(found[-1], one) is not None:
            found[-1] = And((found[-1], one), span=one.span)
        else:
            found.append(one)
    return found


def parts(node: Expression) -> tuple[str, Sequence[Expression]]:
    """Return the heading and the operands of a condition that reads best as a list.

    Without operands for one that reads best as a sentence.

    >>> from guidestep.language.tree import Field
    >>> parts(Or((Field("a.b"), Field("a.c"))))
    ('any of these holds', (Field(path='a.b'), Field(path='a.c')))
    """
    match node:
        case And(operands=operands) if len(found := grouped(operands)) > 1:
            return "all of these hold", found
        case Or(operands=operands) if len(operands) > 1:
            return "any of these holds", operands
        case Not(operand=Or(operands=operands)) if len(operands) > 1:
            return "none of these holds", operands
        case Not(operand=And(operands=operands)) if len(operands) > 1:
            return "not all of these hold", operands
        case AtLeast(least=least, operands=operands):
            return f"at least {least} of these hold", operands
        case _:
            return "", ()
