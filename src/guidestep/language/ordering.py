"""The order of definitions: each after all that it refers to, and the circles that forbid it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from guidestep.language.tree import Expression, Reference, walk


def ordered(
    expressions: Mapping[str, Expression | None],
) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return the names in order, and the circles among them, each closed with its first name.

    `None` stands for an expression that could not be read: it refers to nothing. A chain of
    definitions may be of any length.

    >>> ordered({"b": Reference("a"), "a": None})
    (['a', 'b'], [])
    >>> ordered({"a": Reference("b"), "b": Reference("a")})[1]
    [('a', 'b', 'a')]
    """
    order: list[str] = []
    circles: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in expressions:
        # Each entry of the trail: a name, and the references of its expression still to follow.
        trail: dict[str, Iterator[str]] = {}
        if start not in done:
            trail[start] = _references(expressions, start)
        while trail:
            current = next(reversed(trail))
            name = next(trail[current], None)
            if name is None:
                trail.popitem()
                done.add(current)
                order.append(current)
            elif name in trail:
                names = list(trail)
                circles.append((*names[names.index(name) :], name))
            elif name not in done:
                trail[name] = _references(expressions, name)
    return order, circles


def _references(expressions: Mapping[str, Expression | None], name: str) -> Iterator[str]:
    expression = expressions[name]
    for node in [] if expression is None else walk(expression):
        if isinstance(node, Reference) and node.name in expressions:
            yield node.name
