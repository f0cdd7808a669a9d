"""A program as a graph of steps over columns, in which nothing is written twice.

A condition is two steps, neither of which is ever unknown: that it is true, and that it is false.
So no null reaches `and`, `or` or `not`, and what a backend would make of one does not matter. Each
distinct step is kept once, and simplified where its operands allow: a column that is not there is
unknown for everyone, and so is much of what is built on it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from guidestep.engines.compiled import functions
from guidestep.engines.compiled.trace import COMPARISONS
from guidestep.engines.frame.steps import (
    Condition,
    Found,
    Operation,
    Parameter,
    Score,
    Step,
    Value,
)
from guidestep.engines.support import UnsupportedNode
from guidestep.language.program import Program
from guidestep.language.tree import (
    And,
    Arithmetic,
    Call,
    Compare,
    Comparison,
    Constant,
    Expression,
    Field,
    Function,
    IsKnown,
    IsMember,
    Negative,
    Node,
    Not,
    Or,
    Reference,
    WeightedSum,
    children,
)
from guidestep.language.types import Kind

OPPOSITE: Mapping[Comparison, Comparison] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}


class Graph:
    """The steps of a program, each once, every step after its operands.

    `present` tells of the path of an input whether it has a column. Raises `UnsupportedNode` on
    what cannot be said of whole columns, `LookupError` on a reference to no earlier definition.
    """

    def __init__(self, program: Program, present: Callable[[str], bool]) -> None:
        self.steps: list[Step] = []
        self.implied: list[int] = []
        self.definitions: dict[str, Found] = {}
        self._numbers: dict[tuple[Operation, tuple[int, ...], str, Parameter], int] = {}
        self.present = present
        self.kinds = {entry.path: entry.type.kind for entry in program.inputs}
        self.yes = self.add(Operation.CONSTANT, (), parameter=True)
        self.no = self.add(Operation.CONSTANT, (), parameter=False)
        self.unknown = self.add(Operation.CONSTANT)
        for definition in program.definitions:
            self.definitions[definition.name] = self._read(definition.expression)

    def _read(self, expression: Expression) -> Found:
        order: list[Expression] = []
        todo = [expression]
        while todo:
            node = todo.pop()
            if type(node) not in READERS:
                raise UnsupportedNode("frame", type(node).__name__)
            order.append(node)
            todo.extend(reversed(children(node)))
        # Backwards, every node follows its children, and finds them on top: first child first.
        done: list[Found] = []
        for node in reversed(order):
            done.append(READERS[type(node)](self, node, [done.pop() for _ in children(node)]))
        return done.pop()

    # --- steps ------------------------------------------------------------------------------

    def add(
        self, operation: Operation, operands: Sequence[int] = (), parameter: Parameter = None
    ) -> int:
        """Return the number of a step, the same for the same step."""
        # The type is part of the key: to Python, 1 and True and 1.0 are the same.
        key = (operation, tuple(operands), type(parameter).__name__, parameter)
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.steps)
            self.steps.append(Step(operation, tuple(operands), parameter))
            self.implied.append(0)
            self.implied[found] = self._implied(found)
        return found

    def not_(self, number: int) -> int:
        """Return the step that another is not so."""
        if number in (self.yes, self.no):
            return self.no if number == self.yes else self.yes
        step = self.steps[number]
        return (
            step.operands[0]
            if step.operation is Operation.NOT
            else self.add(Operation.NOT, (number,))
        )

    def all_(self, operands: Sequence[int]) -> int:
        """Return the step that all of some are so."""
        kept = dict.fromkeys(number for number in operands if number != self.yes)
        for number in list(kept):
            others = self._together(other for other in kept if other != number)
            if others >> number & 1:
                del kept[number]  # another one implies it
                continue
            step = self.steps[number]
            if step.operation is Operation.ALL:
                rest = [part for part in step.operands if not others >> part & 1]
                if len(rest) == 1:
                    del kept[number]
                    kept[rest[0]] = None
        together = self._together(kept)
        if self.no in kept or any(together >> self.not_(number) & 1 for number in kept):
            return self.no
        return self._joined(Operation.ALL, kept, self.yes)

    def any_(self, operands: Sequence[int]) -> int:
        """Return the step that one of some is so."""
        kept = dict.fromkeys(number for number in operands if number != self.no)
        if self.yes in kept or any(self.not_(number) in kept for number in kept):
            return self.yes
        for number in list(kept):
            if any(self.implied[number] >> other & 1 for other in kept if other != number):
                del kept[number]  # another one is so whenever it is
        return self._joined(Operation.ANY, kept, self.no)

    def _joined(self, operation: Operation, kept: Collection[int], neutral: int) -> int:
        if len(kept) < 2:
            return next(iter(kept), neutral)
        return self.add(operation, sorted(kept))

    def _together(self, numbers: Iterable[int]) -> int:
        """Return all that follows if some steps are so, as a set of bits."""
        together = 0
        for number in numbers:
            together |= self.implied[number]
        return together

    def _implied(self, number: int) -> int:
        """Return the steps that are so whenever one is, as a set of bits."""
        step = self.steps[number]
        found = 1 << number
        match step.operation:
            case Operation.ALL:
                found |= self._together(step.operands)
            case Operation.MEMBER | Operation.COMPARE | Operation.TRUTH:
                found |= self._together(self.known(operand) for operand in step.operands)
            case Operation.NOT:
                inner = self.steps[step.operands[0]]
                if inner.operation is Operation.ANY:
                    found |= self._together(self.not_(operand) for operand in inner.operands)
            case _:
                pass
        return found

    def known(self, number: int) -> int:
        """Return the step that a value is known."""
        step = self.steps[number]
        if step.operation is Operation.CONSTANT:
            return self.no if step.parameter is None else self.yes
        if step.operation is Operation.TOTAL:
            return self.yes
        return self.add(Operation.KNOWN, (number,))

    def leaf(self, true: int, *values: int) -> Condition:
        """Return a condition that is known as soon as the values are that it looks at."""
        known = self.all_([self.known(value) for value in values])
        return Condition(true, self.all_([known, self.not_(true)]), known)

    def settled(self, true: int) -> Condition:
        """Return a condition that is never unknown."""
        return Condition(true, self.not_(true), self.yes)

    def compared(self, sign: Comparison, left: int, right: int) -> Condition:
        """Return the comparison of two values."""
        steps = [self.steps[left], self.steps[right]]
        if self.unknown in (left, right):
            return Condition(self.no, self.no, self.no)
        if all(step.operation is Operation.CONSTANT for step in steps):
            holds = COMPARISONS[sign](*(step.parameter for step in steps))
            return self.settled(self.yes if holds else self.no)
        return self.leaf(self.add(Operation.COMPARE, (left, right), sign), left, right)

    def value(self, found: Found) -> int:
        """Return a value; of a score the one it is sure to have, if there is one."""
        match found:
            case Value(step=step):
                return step
            case Score(low=low, high=high):
                return low if low == high else self.add(Operation.EXACT, (low, high))
            case Condition():
                raise TypeError("a condition stands where a value is needed")

    def computed(
        self,
        operation: Operation,
        operands: Sequence[int],
        parameter: Parameter,
        of_constants: Callable[..., Any],
    ) -> Value:
        """Return a value that is unknown as soon as one of its operands is."""
        if self.unknown in operands:
            return Value(self.unknown)
        steps = [self.steps[number] for number in operands]
        if all(step.operation is Operation.CONSTANT for step in steps):
            result = of_constants(*(step.parameter for step in steps))
            return Value(self.add(Operation.CONSTANT, (), result))
        return Value(self.add(operation, operands, parameter))


def _condition(found: Found) -> Condition:
    if not isinstance(found, Condition):
        raise TypeError("a value stands where a condition is needed")
    return found


# --- how each node is read ------------------------------------------------------------------------


def _constant(graph: Graph, node: Constant, operands: Sequence[Found]) -> Found:
    if isinstance(node.value, bool):
        return graph.settled(graph.yes if node.value else graph.no)
    return Value(graph.add(Operation.CONSTANT, (), node.value))


def _field(graph: Graph, node: Field, operands: Sequence[Found]) -> Found:
    kind = graph.kinds.get(node.path)
    if kind is None:
        raise LookupError(f"no input of the program has the path {node.path!r}")
    there = graph.present(node.path)
    column = graph.add(Operation.FIELD, (), node.path) if there else graph.unknown
    if kind is not Kind.CONDITION:
        return Value(column)
    if not there:
        return Condition(graph.no, graph.no, graph.no)
    true, false = (graph.add(Operation.TRUTH, (column,), truth) for truth in (True, False))
    return Condition(true, false, graph.known(column))


def _reference(graph: Graph, node: Reference, operands: Sequence[Found]) -> Found:
    if node.name not in graph.definitions:
        raise LookupError(f"no definition so far has the name {node.name!r}")
    return graph.definitions[node.name]


def _not(graph: Graph, node: Not, operands: Sequence[Found]) -> Found:
    operand = _condition(operands[0])
    return Condition(operand.false, operand.true, operand.known)


def _and(graph: Graph, node: And, operands: Sequence[Found]) -> Found:
    parts = [_condition(operand) for operand in operands]
    if len(parts) == 2:
        asked, so = parts
        if asked.known == graph.yes and asked.true == so.known:
            return graph.settled(so.true)  # `known and so` is false wherever it is not true
    true = graph.all_([part.true for part in parts])
    if all(part.known == graph.yes for part in parts):
        return graph.settled(true)
    false = graph.any_([part.false for part in parts])
    return Condition(true, false, graph.any_([true, false]))


def _or(graph: Graph, node: Or, operands: Sequence[Found]) -> Found:
    parts = [_condition(operand) for operand in operands]
    true = graph.any_([part.true for part in parts])
    if all(part.known == graph.yes for part in parts):
        return graph.settled(true)
    false = graph.all_([part.false for part in parts])
    return Condition(true, false, graph.any_([true, false]))


def _compare(graph: Graph, node: Compare, operands: Sequence[Found]) -> Found:
    left, right = operands[0], graph.value(operands[1])
    if not isinstance(left, Score) or left.low == left.high:
        return graph.compared(node.operator, graph.value(left), right)
    sign = node.operator
    if sign in ("==", "!="):
        at = [graph.compared("==", bound, right).true for bound in (left.low, left.high)]
        beyond = graph.any_(
            [
                graph.compared(">", left.low, right).true,
                graph.compared("<", left.high, right).true,
            ]
        )
        same = graph.all_(at)
        true, false = (same, beyond) if sign == "==" else (beyond, same)
    else:
        # The bound that is last to satisfy a comparison, and the one that is last to fail it.
        last, first = (left.high, left.low) if sign in ("<", "<=") else (left.low, left.high)
        true = graph.compared(sign, last, right).true
        false = graph.compared(OPPOSITE[sign], first, right).true
    return Condition(true, false, graph.any_([true, false]))


def _is_member(graph: Graph, node: IsMember, operands: Sequence[Found]) -> Found:
    subject = graph.value(operands[0])
    if subject == graph.unknown:
        return Condition(graph.no, graph.no, graph.no)
    each = [graph.add(Operation.MEMBER, (subject,), member) for member in node.members]
    return graph.leaf(graph.any_(each), subject)


def _is_known(graph: Graph, node: IsKnown, operands: Sequence[Found]) -> Found:
    match operands[0]:
        case Condition(known=known):
            return graph.settled(known)
        case Value(step=step):
            return graph.settled(graph.known(step))
        case Score(low=low, high=high):
            return graph.settled(graph.compared("==", low, high).true)


def _negative(graph: Graph, node: Negative, operands: Sequence[Found]) -> Found:
    return graph.computed(Operation.NEGATIVE, (graph.value(operands[0]),), None, operator.neg)


def _arithmetic(graph: Graph, node: Arithmetic, operands: Sequence[Found]) -> Found:
    parts = [graph.value(operand) for operand in operands]
    of_constants = functions.ARITHMETIC[node.operator]
    return graph.computed(Operation.ARITHMETIC, parts, node.operator, of_constants)


def _call(graph: Graph, node: Call, operands: Sequence[Found]) -> Found:
    name, parts = node.function, [graph.value(operand) for operand in operands]
    if name not in FUNCTIONS:
        raise UnsupportedNode("frame", f"{name}(): its last digit differs between backends")
    if name != "round":
        return graph.computed(Operation.CALL, parts, name, functions.FUNCTIONS[name])
    digits = graph.steps[parts[1]].parameter if len(parts) > 1 else 0
    if not isinstance(digits, int):
        raise UnsupportedNode("frame", "round() to digits that are not a whole constant")
    return graph.computed(Operation.ROUND, parts[:1], digits, partial(_rounded, digits))


def _rounded(digits: int, number: float) -> Any:
    return functions.FUNCTIONS["round"](number, digits)


def _weighted_sum(graph: Graph, node: WeightedSum, operands: Sequence[Found]) -> Found:
    items = [_condition(operand) for operand in operands]
    weights = tuple(float(weight) for _, weight in node.items)
    if not items:
        zero = graph.add(Operation.CONSTANT, (), 0.0)
        return Score(zero, zero)
    pairs = list(zip(items, weights, strict=True))
    # A true item counts in both bounds, an unknown one in the bound that it can move.
    low = [graph.not_(item.false) if weight < 0 else item.true for item, weight in pairs]
    high = [graph.not_(item.false) if weight > 0 else item.true for item, weight in pairs]
    return Score(
        graph.add(Operation.TOTAL, low, weights), graph.add(Operation.TOTAL, high, weights)
    )


FUNCTIONS: frozenset[Function] = frozenset(
    {"min", "max", "abs", "round", "sqrt", "days_between", "weeks_between", "age_in_years"}
)
"""The built-in functions that give the same to the last bit on every backend.

Logarithms and powers do not: a patient on the very edge of a threshold would get another answer.
"""

READERS: Mapping[type[Node], Callable[..., Found]] = {
    Constant: _constant,
    Field: _field,
    Reference: _reference,
    Not: _not,
    And: _and,
    Or: _or,
    Compare: _compare,
    IsMember: _is_member,
    IsKnown: _is_known,
    Negative: _negative,
    Arithmetic: _arithmetic,
    Call: _call,
    WeightedSum: _weighted_sum,
}
"""The nodes of the core, each with what reads it into the graph."""
