"""A program compiled to one Python function: every definition a few statements, in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

from guidestep.engines.compiled import conditions, numbers
from guidestep.engines.compiled.fold import fold
from guidestep.engines.compiled.writer import Code, Condition, Value, Writer, as_condition, variable
from guidestep.language.program import Program, Verdict
from guidestep.language.program import Value as InputValue
from guidestep.language.tree import (
    And,
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Negative,
    Node,
    Not,
    Or,
    Reference,
    WeightedSum,
)
from guidestep.language.types import Kind

Emit: TypeAlias = Callable[[Writer, Any, Sequence[Code]], Code]
"""Given a node and the code of its children: writes what statements it needs, returns its code."""


def _constant(writer: Writer, node: Constant, operands: Sequence[Code]) -> Code:
    if isinstance(node.value, bool):
        return conditions.ALWAYS if node.value else conditions.NEVER
    whole = node.value if type(node.value) is int else None
    return Value(writer.constant(node.value), known=True, whole=whole)


def _field(writer: Writer, node: Field, operands: Sequence[Code]) -> Code:
    if node.path not in writer.fields:
        raise LookupError(f"no input of the program has the path {node.path!r}")
    return writer.fields[node.path]


def _reference(writer: Writer, node: Reference, operands: Sequence[Code]) -> Code:
    if node.name not in writer.definitions:
        raise LookupError(f"no definition so far has the name {node.name!r}")
    return writer.definitions[node.name]


EMITTERS: dict[type[Node], Emit] = {
    Constant: _constant,
    Field: _field,
    Reference: _reference,
    Not: conditions.not_,
    And: conditions.all_of,
    Or: conditions.any_of,
    Compare: conditions.compare,
    IsMember: conditions.is_member,
    IsKnown: conditions.is_known,
    Arithmetic: numbers.arithmetic,
    Negative: numbers.negative,
    Call: numbers.call,
    WeightedSum: numbers.weighted_sum,
}

SUPPORTED: frozenset[type[Node]] = frozenset(EMITTERS)
"""The node classes that this engine runs."""


class CompiledEngine:
    """A program as one Python function: made once, then asked about one patient after another.

    `source` is the generated text. Holds no state, so that any number of threads may share it.

    Raises `UnsupportedNode` on a node, operator or function that is not of the core, `LookupError`
    on a field that is no input or a reference to no earlier definition, and `TypeError` where a
    condition and a value are confused.

    >>> from guidestep.language.program import Definition, Input
    >>> from guidestep.language.types import CONDITION, INTEGER
    >>> grown_up = Compare(">=", Field("person.age"), Constant(18))
    >>> program = Program(
    ...     "example",
    ...     (Input("person.age", INTEGER),),
    ...     (Definition("grown-up", grown_up, CONDITION),),
    ... )
    >>> engine = CompiledEngine(program)
    >>> engine.evaluate([17]), engine.evaluate([None])
    ((False,), (None,))
    """

    __slots__ = ("_function", "program", "source")

    def __init__(self, program: Program) -> None:
        self.program = program
        self.source, constants = generate(program)
        # Without built-ins, the code can reach nothing but its inputs and its constants.
        namespace: dict[str, Any] = {"__builtins__": {}, **constants}
        exec(compile(self.source, "<guidestep compiled>", "exec"), namespace)  # noqa: S102
        self._function: Callable[[Sequence[InputValue]], tuple[Verdict, ...]]
        self._function = namespace["evaluate"]

    def evaluate(self, inputs: Sequence[InputValue], /) -> tuple[Verdict, ...]:
        """Return one verdict for each definition, in their order.

        `inputs` are in the order of `Program.inputs`; raises `ValueError` if their number differs.
        """
        return self._function(inputs)


def generate(program: Program) -> tuple[str, Mapping[str, object]]:
    """Return the source text of `evaluate(inputs)`, and the constants that it knows by name."""
    writer = Writer()
    unpacked = [writer.fresh("i") for _ in program.inputs]
    for name, entry in zip(unpacked, program.inputs, strict=True):
        kind = entry.type.kind
        writer.fields[entry.path] = (
            variable(name) if kind is Kind.CONDITION else Value(name, decimal=kind is Kind.DECIMAL)
        )

    def emit(node: Expression, operands: list[Code]) -> Code:
        return EMITTERS[type(node)](writer, node, operands)

    verdicts: list[str] = []
    for definition in program.definitions:
        told = conditions.told_alone(definition.expression)
        code: Code = fold(told or definition.expression, emit, EMITTERS, "compiled")
        if told is not None:
            code = conditions.sure(as_condition(code))
        if isinstance(code, Condition):
            code = writer.named(code)
        writer.definitions[definition.name] = code
        verdicts.append(f"{code.verdict}, ")
    source = writer.function("evaluate", "inputs", unpacked, f"({''.join(verdicts)})")
    return source, MappingProxyType(writer.constants | {numbers.UNDEFINED: ArithmeticError})
