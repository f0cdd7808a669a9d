"""Which unknown inputs could still change a condition, and which no longer matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from guidestep.engines.compiled.trace import COMPARISONS, trace
from guidestep.language.program import Definition, Value, Verdict
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
from guidestep.logic import all_of, any_of, not_

_NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class Relevance:
    """Finds the unknown inputs that matter, for one patient.

    `definitions` are those of a program, `verdicts` an engine's for them, `value` gives an input.
    """

    definitions: Mapping[str, Definition]
    verdicts: Mapping[str, Verdict]
    value: Callable[[str], Value]
    _found: dict[str, frozenset[str]] = field(default_factory=dict)

    def of(self, name: str) -> frozenset[str]:
        """Return the paths of the unknown inputs that could change a definition's verdict.

        An input counts only while it matters: in `a or b` nothing is asked once `a` is true.
        """
        found = self._found
        todo = [name]
        # Definitions refer to definitions in chains of any length: what a definition needs is
        # looked at before it, so that nothing here is as deep as a chain is long.
        while todo:
            current = todo[-1]
            if current not in found:
                expression = self.definitions[current].expression
                needed = [
                    node.name
                    for node in walk(expression)
                    if isinstance(node, Reference) and node.name not in found
                ]
                if needed:
                    todo += needed
                    continue
                found[current] = self._look(expression)[1]
            todo.pop()
        return found[name]

    def _look(self, node: Expression) -> tuple[Verdict | str, frozenset[str]]:
        """Return what a node comes to, and the unknown inputs that could change it."""
        match node:
            case Field(path=path):
                value = self.value(path)
                return value, frozenset({path}) if value is None else _NONE
            case IsMember(subject=Field(path=path), members=members):
                value = self.value(path)
                return (None, frozenset({path})) if value is None else (value in members, _NONE)
            case Reference(name=name):
                return self.verdicts[name], self._found[name]
            case Not(operand=operand):
                truth, open_ = self._look(operand)
                return not_(truth if isinstance(truth, bool) else None), open_
            case And(operands=operands):
                return self._joined(operands, decides=False)
            case Or(operands=operands):
                return self._joined(operands, decides=True)
            case IsKnown(operand=operand):
                verdict, open_ = self._look(operand)
                if isinstance(verdict, tuple):
                    return verdict[0] == verdict[1], open_
                return verdict is not None, open_
            case Constant(value=value):
                return value, _NONE
            case Compare(left=Field() | Constant() as left, right=Field() | Constant() as right):
                (one, open_), (other, more) = self._look(left), self._look(right)
                if one is None or other is None:
                    return None, open_ | more
                return COMPARISONS[node.operator](one, other), _NONE
            case WeightedSum():
                return self._traced(node), self._below(node)
            case _:
                verdict = self._traced(node)
                return verdict, self._below(node) if verdict is None else _NONE

    def _traced(self, node: Expression) -> Verdict | str:
        return trace(node, self.value, self.verdicts.__getitem__).verdict

    def _joined(
        self, operands: tuple[Expression, ...], *, decides: bool
    ) -> tuple[Verdict, frozenset[str]]:
        looks = [self._look(operand) for operand in operands]
        truths = [truth if isinstance(truth, bool) else None for truth, _ in looks]
        joined = any_of(truths) if decides else all_of(truths)
        opens = [open_ for _, open_ in looks]
        # One operand that decides for good settles the whole, whatever the others wait for.
        if any(t is decides and not open_ for t, open_ in zip(truths, opens, strict=True)):
            return joined, _NONE
        return joined, _NONE.union(*opens)

    def _below(self, node: Expression) -> frozenset[str]:
        return _NONE.union(*(self._look(child)[1] for child in children(node)))
