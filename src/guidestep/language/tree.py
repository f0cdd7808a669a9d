"""The typed expression tree: what every engine, proof and printer reads.

Nodes are data without behaviour. A reader dispatches on the class and raises on one it does not
know, so that no operator is ever passed over in silence. Three-valued meaning is that of
`guidestep.logic`; a value that is not known is `None`.

Two families: the *surface* nodes as written (all of them), which prose and explanation read, and
the *core* (`CORE`), to which `guidestep.language.lowering` reduces them for the engines.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, TypeAlias

from guidestep.language.source import NOWHERE, Span

Comparison: TypeAlias = Literal["<", "<=", ">", ">=", "==", "!="]
ArithmeticOperator: TypeAlias = Literal["+", "-", "*", "/"]
Function: TypeAlias = Literal[
    "min",
    "max",
    "abs",
    "round",
    "sqrt",
    "ln",
    "log10",
    "exp",
    "days_between",
    "weeks_between",
    "age_in_years",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all nodes share: the place they were written at, which does not count in equality."""

    span: Span = field(default=NOWHERE, compare=False, repr=False)


# --- leaves -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A literal: a truth, a number or a date."""

    value: bool | int | float | date


@dataclass(frozen=True, slots=True)
class Field(Node):
    """An input: a field of the assessment by its dotted path; unknown when not assessed.

    A boolean field is a condition as it stands.
    """

    path: str


@dataclass(frozen=True, slots=True)
class Reference(Node):
    """A definition of the guideline by its id: a finding, a value, a score or a band."""

    name: str


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A parameter of the guideline by its id (surface: lowered to the constant a site has set)."""

    name: str


# --- conditions ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Not(Node):
    """Kleene negation."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class And(Node):
    """Kleene conjunction of any number of conditions; true when there are none."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Kleene disjunction of any number of conditions; false when there are none."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class AtLeast(Node):
    """At least `least` of the operands are true (surface: lowered to a count)."""

    least: int
    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """Two numbers or two dates compared; unknown if either is.

    A score or count on the left (`WeightedSum`, `Count`, or a reference to one) is compared as an
    interval: decided as soon as every value it can still take gives the same answer.
    """

    operator: Comparison
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class IsMember(Node):
    """An enumeration field or a band has one of `members`; unknown while it is not assessed."""

    subject: Expression
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IsKnown(Node):
    """Whether the operand, of any type, is known: itself never unknown."""

    operand: Expression


# --- numbers and dates --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """Two numbers combined; unknown if either is, and on division by zero."""

    operator: ArithmeticOperator
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Negative(Node):
    """A number with its sign turned."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A built-in function; unknown if an argument is, or where the function is undefined.

    `round(x, digits)` rounds half away from zero. `days_between(a, b)` is `b - a` in days,
    `weeks_between(a, b)` the same divided by 7, `age_in_years(birth, on)` completed years.
    """

    function: Function
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Count(Node):
    """How many of the conditions are true: an interval while some are unknown (surface)."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class WeightedSum(Node):
    """The sum of the weights of the true items: an interval while some are unknown."""

    items: tuple[tuple[Expression, float], ...]


@dataclass(frozen=True, slots=True)
class Cases(Node):
    """A band: the label of the first case whose condition is true (surface).

    While a condition is unknown the label is one of those still possible.
    """

    cases: tuple[tuple[Expression, str], ...]
    otherwise: str


Expression: TypeAlias = (
    Constant
    | Field
    | Reference
    | Parameter
    | Not
    | And
    | Or
    | AtLeast
    | Compare
    | IsMember
    | IsKnown
    | Arithmetic
    | Negative
    | Call
    | Count
    | WeightedSum
    | Cases
)

CORE: tuple[type[Node], ...] = (
    Constant,
    Field,
    Reference,
    Not,
    And,
    Or,
    Compare,
    IsMember,
    IsKnown,
    Arithmetic,
    Negative,
    Call,
    WeightedSum,
)
"""The node classes an engine must know; a `Reference` in the core never names a band."""


def children(node: Expression) -> tuple[Expression, ...]:
    """Return the direct sub-expressions of a node, in the order written.

    >>> children(Not(Field("a.b")))
    (Field(path='a.b'),)
    """
    match node:
        case Constant() | Field() | Reference() | Parameter():
            return ()
        case Not(operand=operand) | IsKnown(operand=operand) | Negative(operand=operand):
            return (operand,)
        case And(operands=operands) | Or(operands=operands):
            return operands
        case AtLeast(operands=operands) | Count(operands=operands):
            return operands
        case Compare(left=left, right=right) | Arithmetic(left=left, right=right):
            return (left, right)
        case IsMember(subject=subject):
            return (subject,)
        case Call(arguments=arguments):
            return arguments
        case WeightedSum(items=items):
            return tuple(condition for condition, _ in items)
        case Cases(cases=cases):
            return tuple(condition for condition, _ in cases)


def walk(node: Expression) -> list[Expression]:
    """Return the node and all its sub-expressions, parents before children.

    >>> len(walk(And((Field("a.b"), Not(Field("a.c"))))))
    4
    """
    found: list[Expression] = []
    todo = [node]
    while todo:
        current = todo.pop()
        found.append(current)
        todo.extend(reversed(children(current)))
    return found
