"""Which unknown inputs could still change a condition, written as conditions of the tree itself.

The same question that `guidestep.explain.relevance` answers for one patient, answered here for all
of them at once: for each definition and each input, the condition that the input is unknown and
still matters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from guidestep.language.lowering import all_of, any_of, is_false, is_true, negated, none_of
from guidestep.language.program import Definition
from guidestep.language.tree import (
    And,
    Compare,
    Constant,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Not,
    Or,
    Reference,
    WeightedSum,
    children,
    walk,
)

Open = dict[str, Expression]
"""For each input that may matter, the two-valued condition that it does."""


class Openness:
    """Writes, for the definitions of a program, when each input is still open in them.

    `define` adds a definition and returns a reference to it.
    """

    def __init__(
        self,
        definitions: Mapping[str, Definition],
        define: Callable[[str, Expression], Reference],
    ) -> None:
        self._definitions = definitions
        self._define = define
        self._found: dict[str, Open] = {}
        self._learnable: set[str] = set()
        for definition in definitions.values():
            if self.learnable(definition.expression):
                self._learnable.add(definition.name)

    def learnable(self, node: Expression) -> bool:
        """Return whether learning an input can turn what is already decided: it asks `is known`."""
        return any(
            isinstance(part, IsKnown)
            or (isinstance(part, Reference) and part.name in self._learnable)
            for part in walk(node)
        )

    def of(self, name: str) -> Open:
        """Return, for each input that a definition may depend on, when it matters."""
        todo = [name]
        # What a definition refers to is looked at before it: chains may be of any length.
        while todo:
            current = todo[-1]
            if current not in self._found:
                expression = self._definitions[current].expression
                needed = [
                    node.name
                    for node in walk(expression)
                    if isinstance(node, Reference) and node.name not in self._found
                ]
                if needed:
                    todo += needed
                    continue
                self._found[current] = {
                    path: self._define(f"{current}?{path}", condition)
                    for path, condition in self._look(expression).items()
                }
            todo.pop()
        return self._found[name]

    def _look(self, node: Expression) -> Open:
        match node:
            case Constant():
                return {}
            case Field(path=path) | IsMember(subject=Field(path=path)):
                return {path: negated(IsKnown(Field(path)))}
            case Reference(name=name):
                return dict(self._found[name])
            case Not(operand=operand) | IsKnown(operand=operand):
                return self._look(operand)
            case Compare(left=Field() | Constant(), right=Field() | Constant()):
                return self._below(node)
            case WeightedSum():
                return self._below(node)
            case And() | Or() if self.learnable(node):
                return _guarded(negated(self._settled(node)), self._below(node))
            case _:
                # Without `is known`, what is decided stays so and waits for nothing.
                return _guarded(negated(IsKnown(node)), self._below(node))

    def _below(self, node: Expression) -> Open:
        ways: dict[str, list[Expression]] = {}
        for child in children(node):
            for path, condition in self._look(child).items():
                ways.setdefault(path, []).append(condition)
        return {path: any_of(*found) for path, found in ways.items()}

    def _settled(self, node: And | Or) -> Expression:
        """Return that one operand decides for good, whatever the others wait for."""
        found: list[Expression] = []
        for operand in node.operands:
            decides = is_false(operand) if isinstance(node, And) else is_true(operand)
            if self.learnable(operand):
                decides = all_of(decides, none_of(*self._look(operand).values()))
            found.append(decides)
        return any_of(*found)


def _guarded(guard: Expression, open_: Open) -> Open:
    return {path: all_of(guard, condition) for path, condition in open_.items()}
