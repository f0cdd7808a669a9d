"""The stability check: learning more never takes an exercise back, proved from the shape alone.

Kleene conditions are monotone: filling in an unknown never turns true into false or false into
true. The one exception is `is known`. So a condition *stays true* when `is known` occurs in it
only positively, and *stays false* when it occurs only under a negation; inside `is known`, a count
or a comparison it may not occur at all. What lets exercise start must stay true; what bars it must
stay false.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from guidestep.language.diagnostics import Diagnostic
from guidestep.language.program import Definition
from guidestep.language.tree import (
    And,
    Expression,
    IsKnown,
    Not,
    Or,
    Reference,
    children,
    walk,
)


class Stays(Enum):
    """Which truth of a condition must survive when more becomes known."""

    TRUE = 1
    FALSE = -1


def unstable(
    expression: Expression, stays: Stays, definitions: Mapping[str, Expression]
) -> Diagnostic | None:
    """Return the fault of a condition that more knowledge could overturn, or `None`.

    >>> from guidestep.language.tree import Field
    >>> fault = unstable(IsKnown(Field("a.b")), Stays.FALSE, {})
    >>> fault is not None and fault.code
    'unstable'
    """
    # Each entry: node, its polarity (0 where both count), and the node as the rule wrote it.
    todo: list[tuple[Expression, int, Expression]] = [(expression, 1, expression)]
    seen: set[tuple[str, int]] = set()
    while todo:
        node, polarity, written = todo.pop()
        match node:
            case IsKnown(operand=operand):
                if polarity != stays.value:
                    return _fault(written, stays)
                # Whether something is known is itself sure only where its own truth is.
                todo.append((operand, 0, written))
            case Not(operand=operand):
                todo.append((operand, -polarity, written if written is not node else operand))
            case And() | Or():
                outer = written is not node
                todo.extend((o, polarity, written if outer else o) for o in node.operands)
            case Reference(name=name):
                if (name, polarity) not in seen and name in definitions:
                    seen.add((name, polarity))
                    todo.append((definitions[name], polarity, written))
            case _:
                todo.extend((child, 0, written) for child in children(node))
    return None


def _fault(node: Expression, stays: Stays) -> Diagnostic:
    if stays is Stays.TRUE:
        message = "this could be taken back when more becomes known"
        hint = "let a step depend on what is known, never on 'is unknown'"
    else:
        message = "this could come true only once more becomes known, after a step was started"
        hint = "leave out 'is known': what is unknown already bars every step"
    return Diagnostic("unstable", node.span, message, hint)


def learnable(definitions: Iterable[Definition]) -> frozenset[str]:
    """Return the definitions whose truth, once known, may still turn: those on `is known`.

    `definitions` come in order, each after all that it refers to.
    """
    found: set[str] = set()
    for definition in definitions:
        if any(
            isinstance(node, IsKnown) or (isinstance(node, Reference) and node.name in found)
            for node in walk(definition.expression)
        ):
            found.add(definition.name)
    return frozenset(found)
