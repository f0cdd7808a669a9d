"""Reading a tree from its leaves up, without recursion: rules may nest as deep as they like."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import TypeVar

from guidestep.engines.support import UnsupportedNode
from guidestep.language.tree import Expression, Node, children

Result = TypeVar("Result")


def fold(
    expression: Expression,
    combine: Callable[[Expression, list[Result]], Result],
    supported: Container[type[Node]],
    reader: str,
) -> Result:
    """Return what `combine` makes of the expression, given what it made of its children.

    Raises `UnsupportedNode`, in the name of `reader`, on a node whose class is not in `supported`.

    >>> from guidestep.language.tree import CORE, And, Field, Not
    >>> tree = And((Field("a"), Not(Field("b"))))
    >>> fold(tree, lambda node, below: 1 + sum(below), CORE, "counting")
    4
    """
    order: list[Expression] = []
    todo = [expression]
    while todo:
        node = todo.pop()
        if type(node) not in supported:
            raise UnsupportedNode(reader, type(node).__name__)
        order.append(node)
        todo.extend(reversed(children(node)))

    # Backwards, every node follows its children, and finds their results on top: first child first.
    done: list[Result] = []
    for node in reversed(order):
        done.append(combine(node, [done.pop() for _ in children(node)]))
    return done.pop()
