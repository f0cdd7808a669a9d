"""The code of numbers: each is a statement of its own, so that it is computed once."""

from __future__ import annotations

from collections.abc import Sequence

from guidestep.engines.compiled.functions import ARITHMETIC, FUNCTIONS, LARGEST
from guidestep.engines.compiled.writer import Code, Score, Value, Writer, as_condition
from guidestep.engines.support import UnsupportedNode
from guidestep.language.tree import Arithmetic, Call, Negative, WeightedSum

UNDEFINED = "undefined"
"""The name under which the generated code knows `ArithmeticError`."""


def arithmetic(writer: Writer, node: Arithmetic, operands: Sequence[Code]) -> Value:
    """Two numbers combined, in line: a call would cost more than the operation."""
    if node.operator not in ARITHMETIC:
        raise UnsupportedNode("compiled", f"the operator {node.operator!r}")
    left, right = (writer.value(operand) for operand in operands)
    unknown = [f"{value.name} is None" for value in (left, right) if not value.known]
    name = writer.fresh("n")
    writer.write(
        f"{name} = None",
        f"if not ({' or '.join(unknown) or False}):",
        "    try:",
        f"        {name} = {left.name} {node.operator} {right.name}",
        f"        if not {-LARGEST!r} <= {name} <= {LARGEST!r}:",
        f"            {name} = None",
        f"    except {UNDEFINED}:",
        "        pass",
    )
    return Value(name)


def negative(writer: Writer, node: Negative, operands: Sequence[Code]) -> Value:
    """A number with its sign turned."""
    operand = writer.value(operands[0])
    if operand.known:
        return Value(writer.assign("n", f"-{operand.name}"), known=True)
    return Value(writer.assign("n", f"None if {operand.name} is None else -{operand.name}"))


def call(writer: Writer, node: Call, operands: Sequence[Code]) -> Value:
    """A built-in function."""
    if node.function not in FUNCTIONS:
        raise UnsupportedNode("compiled", f"the function {node.function!r}")
    function = writer.constant(FUNCTIONS[node.function])
    arguments = [writer.value(operand).name for operand in operands]
    return Value(writer.assign("n", f"{function}({', '.join(arguments)})"))


def weighted_sum(writer: Writer, node: WeightedSum, operands: Sequence[Code]) -> Score:
    """A score: a true item moves both bounds, an unknown one the bound that it can move."""
    low, high = writer.fresh("l"), writer.fresh("h")
    writer.write(f"{low} = {high} = 0")
    for operand, (_, weight) in zip(operands, node.items, strict=True):
        item, points = as_condition(operand), writer.constant(weight)
        writer.write(f"if {item.true}:", f"    {low} += {points}", f"    {high} += {points}")
        if weight:
            moved = low if weight < 0 else high
            writer.write(f"elif not {item.false}:", f"    {moved} += {points}")
    return Score(low, high)
