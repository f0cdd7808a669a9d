"""Random well-typed programs and patients for them.

One generator, written against a single question, `below(n)`: which of the n choices, the first
being the simplest? Asked of a `random.Random` it is fast, asked of Hypothesis it shrinks, and asked
of a list of recorded answers it repeats, or simplifies, what was found.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeAlias, TypeVar

from hypothesis import strategies as st

from guidestep.language.program import Definition, Input, Program, Value
from guidestep.language.tree import (
    And,
    Arithmetic,
    ArithmeticOperator,
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
    Not,
    Or,
    Reference,
    WeightedSum,
    walk,
)
from guidestep.language.types import CONDITION, DATE, DECIMAL, INTEGER, Kind, Type

T = TypeVar("T")
Below: TypeAlias = Callable[[int], int]

INTEGERS = (0, 1, 2, 3, -1, 10, 15)
DECIMALS = (0.0, 0.5, 1.0, 1.5, 2.5, -0.5, 0.1, 2.675, 1e-9, 1e200)
DATES = (
    date(2000, 2, 29),
    date(2001, 2, 28),
    date(2001, 3, 1),
    date(2004, 2, 29),
    date(1999, 12, 31),
    date(2026, 1, 15),
)
MEMBERS = ("none", "mild", "severe", "not done")
SIGNS: tuple[Comparison, ...] = (">=", ">", "<", "<=", "==", "!=")
OPERATORS: tuple[ArithmeticOperator, ...] = ("+", "-", "*", "/")
OF_DATES: tuple[Function, ...] = ("days_between", "weeks_between", "age_in_years")
OF_ONE: tuple[Function, ...] = ("abs", "sqrt", "ln", "log10", "exp")
OF_MANY: tuple[Function, ...] = ("min", "max")
WEIGHTS: tuple[float, ...] = (1, 2, -1, 0.5, -2, 3, -0.5, 0)
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Size:
    """How large a program may become; what is drawn lies between the least and this."""

    inputs: int = 3  # of each of the five types; at least one
    definitions: int = 24
    depth: int = 3
    wide: int = 40  # operands of the odd very wide `and` or `or`
    deep: int = 30  # levels of the odd very deep condition


SMALL = Size(inputs=2, definitions=5, depth=2, wide=6, deep=14)
USUAL = Size()


def seeded(source: random.Random) -> Below:
    """Return choices that a random number generator makes."""
    draw = source.random
    return lambda n: int(draw() * n)


def recorded(below: Below, choices: list[int]) -> Below:
    """Return the same choices, each also appended to a list."""

    def choose(n: int) -> int:
        choices.append(below(n))
        return choices[-1]

    return choose


def replayed(choices: Sequence[int]) -> Below:
    """Return the choices of a list, as far as they exist, and the simplest when it runs out."""
    rest: Iterator[int] = iter(choices)
    return lambda n: min(next(rest, 0), n - 1)


def make_program(below: Below, size: Size = USUAL) -> Program:
    """Return one random program."""
    return _Maker(below, size).program()


class _Maker:
    """The program as it grows: its inputs and what its expressions may refer to so far."""

    def __init__(self, below: Below, size: Size) -> None:
        self.below = below
        self.size = size
        self.inputs: list[Input] = []
        self.names: dict[str, list[str]] = {"condition": [], "number": [], "score": [], "date": []}
        self.kinds: dict[str, Kind] = {}
        enumeration = Type(Kind.ENUMERATION, members=MEMBERS)
        for type_ in (CONDITION, INTEGER, DECIMAL, enumeration, DATE):
            for number in range(1 + below(size.inputs)):
                self.inputs.append(Input(f"{type_.kind}.f{number}", type_))
                self.kinds[self.inputs[-1].path] = type_.kind

    def program(self) -> Program:
        definitions = []
        for number in range(1 + self.below(self.size.definitions)):
            kinds = ("condition",) * 6 + ("number", "number", "score", "score", "date")
            kind, name, depth = self.pick(kinds), f"d{number}", self.size.depth
            expression: Expression
            match kind:
                case "condition":
                    expression, type_ = self.condition(depth), CONDITION
                case "number":
                    expression = self.number(depth)
                    type_ = Type(self.number_kind(expression))
                case "score":
                    expression = self.score(depth)
                    type_ = Type(self.number_kind(expression), interval=True)
                case _:
                    expression, type_ = self.date(), DATE
            definitions.append(Definition(name, expression, type_))
            self.names[kind].append(name)
            self.kinds[name] = type_.kind
        return Program("random", tuple(self.inputs), tuple(definitions))

    # --- choices --------------------------------------------------------------------------------

    def pick(self, options: Sequence[T]) -> T:
        return options[self.below(len(options))]

    def field(self, *kinds: Kind) -> Field:
        return Field(self.pick([each.path for each in self.inputs if each.type.kind in kinds]))

    def reference(self, kind: str, otherwise: Callable[[], Expression]) -> Expression:
        """Refer to a definition, half the time a recent one, so that chains grow long."""
        names = self.names[kind]
        if not names:
            return otherwise()
        return Reference(self.pick(names if self.below(2) else names[-2:]))

    def number_kind(self, expression: Expression) -> Kind:
        """Return whether a number or score is an integer, as a type checker would."""
        parts: tuple[Expression, ...] = ()
        match expression:
            case Constant(value=value):
                whole = isinstance(value, int)
            case Field(path=name) | Reference(name=name):
                whole = self.kinds[name] is Kind.INTEGER
            case WeightedSum(items=items):
                whole = all(isinstance(weight, int) for _, weight in items)
            case Call(function="days_between" | "age_in_years"):
                whole = True
            case Negative(operand=operand):
                whole, parts = True, (operand,)
            case Call(function="min" | "max" | "abs", arguments=arguments):
                whole, parts = True, arguments
            case Arithmetic(operator="+" | "-" | "*", left=left, right=right):
                whole, parts = True, (left, right)
            case _:
                whole = False
        whole = whole and all(self.number_kind(part) is Kind.INTEGER for part in parts)
        return Kind.INTEGER if whole else Kind.DECIMAL

    # --- expressions ----------------------------------------------------------------------------

    def condition(self, depth: int) -> Expression:
        choice = self.below(13 if depth > 0 else 7)
        match choice:
            case 0 | 1:
                return self.field(Kind.CONDITION)
            case 2 | 3:
                return self.reference("condition", lambda: self.field(Kind.CONDITION))
            case 4:
                members = [each for each in MEMBERS if self.below(2)] or [self.pick(MEMBERS)]
                return IsMember(self.field(Kind.ENUMERATION), tuple(members))
            case 5:
                return self.comparison(depth)
            case 6:
                return self.is_known(depth) if self.below(6) else Constant(not self.below(2))
            case 7:
                return Not(self.condition(depth - 1))
            case 8 | 9:
                return And(self.conditions(depth))
            case 10 | 11:
                return Or(self.conditions(depth))
            case _:
                return self.chain() if not self.below(4) else Not(Not(self.condition(depth - 1)))

    def conditions(self, depth: int) -> tuple[Expression, ...]:
        if self.below(10) == 9:
            return tuple(self.condition(0) for _ in range(self.below(self.size.wide + 1)))
        return tuple(self.condition(depth - 1) for _ in range(self.pick((2, 3, 1, 4, 0))))

    def chain(self) -> Expression:
        """Return a condition many levels deep."""
        deep = self.condition(0)
        for _ in range(self.below(self.size.deep + 1)):
            pair = (deep, self.condition(0))
            node = Or(pair) if self.below(2) else And(pair)
            deep = Not(node) if self.below(3) == 2 else node
        return deep

    def comparison(self, depth: int) -> Expression:
        sign = self.pick(SIGNS)
        match self.below(5):
            case 0:
                return Compare(sign, self.field(Kind.INTEGER), Constant(self.pick(INTEGERS)))
            case 1:
                return Compare(sign, self.field(Kind.DECIMAL), self.literal())
            case 2:
                bound: Expression = Constant(self.pick(WEIGHTS))  # where sums of weights fall
                right = bound if self.below(3) else self.number(depth - 1)
                return Compare(sign, self.score(depth - 1), right)
            case 3:
                return Compare(sign, self.date(), self.date())
            case _:
                return Compare(sign, self.number(depth - 1), self.number(depth - 1))

    def is_known(self, depth: int) -> Expression:
        match self.below(5):
            case 0:
                return IsKnown(self.field(*Kind))
            case 1:
                return IsKnown(self.condition(depth - 1))
            case 2:
                return IsKnown(self.number(depth - 1))
            case 3:
                return IsKnown(self.score(depth - 1))
            case _:
                return IsKnown(self.date())

    def score(self, depth: int) -> Expression:
        if self.below(3) == 2:
            return self.reference("score", lambda: WeightedSum(()))
        items = range(self.pick((2, 1, 3, 5, 0)))
        return WeightedSum(tuple((self.condition(depth - 1), self.pick(WEIGHTS)) for _ in items))

    def literal(self) -> Expression:
        return Constant(self.pick(self.pick((INTEGERS, DECIMALS))))

    def number(self, depth: int) -> Expression:
        match self.below(9 if depth > 0 else 4):
            case 0:
                return self.field(Kind.INTEGER)
            case 1:
                return self.field(Kind.DECIMAL)
            case 2:
                return self.literal()
            case 3:
                return self.reference("number", self.literal)
            case 4 | 5:
                sign = self.pick(OPERATORS)
                return Arithmetic(sign, self.number(depth - 1), self.number(depth - 1))
            case 6:
                return Negative(self.number(depth - 1))
            case 7:
                return self.score(depth - 1)
            case _:
                return self.call(depth - 1)

    def call(self, depth: int) -> Expression:
        match self.below(6):
            case 0:
                function = self.pick(OF_DATES)
                return Call(function, (self.date(), self.date()))
            case 1:
                return Call("round", (self.number(depth),))
            case 2:
                return Call("round", (self.number(depth), Constant(self.pick((1, 0, 2, -1)))))
            case 3:
                numbers = tuple(self.number(depth) for _ in range(1 + self.below(3)))
                return Call(self.pick(OF_MANY), numbers)
            case _:
                function = self.pick(OF_ONE)
                return Call(function, (self.number(depth),))

    def date(self) -> Expression:
        match self.below(4):
            case 0 | 1:
                return self.field(Kind.DATE)
            case 2:
                return Constant(self.pick(DATES))
            case _:
                return self.reference("date", lambda: self.field(Kind.DATE))


# --- patients -----------------------------------------------------------------------------------


class Patients:
    """Patients for one program: values at, just below and just above what it compares them with."""

    def __init__(self, program: Program) -> None:
        beside: dict[str, list[Value]] = {entry.path: [] for entry in program.inputs}
        for definition in program.definitions:
            for node in walk(definition.expression):
                match node:
                    case Compare(left=Field(path=path), right=Constant(value=bound)):
                        beside[path].append(bound)
        self.pools = tuple(_pool(entry.type, beside[entry.path]) for entry in program.inputs)
        self._sized = [(pool, len(pool)) for pool in self.pools]

    def draw(self, source: random.Random) -> list[Value]:
        """Return one patient, with nothing, something or everything missing."""
        draw = source.random
        missing = MISSING[int(draw() * len(MISSING))]
        return [pool[int(draw() * n)] if draw() >= missing else None for pool, n in self._sized]

    def choose(self, below: Below) -> list[Value]:
        """Return one patient by choices, of which the simplest is a missing value."""
        return [(None, *pool)[below(1 + n)] for pool, n in self._sized]


MISSING = (0.0, 0.0, 0.05, 0.15, 0.3, 0.5, 0.8, 1.0)


def _pool(type_: Type, bounds: Sequence[Value]) -> tuple[Value, ...]:
    values: list[Value] = []
    match type_.kind:
        case Kind.CONDITION:
            return (False, True)
        case Kind.INTEGER:
            for bound in bounds:
                if isinstance(bound, int | float) and abs(bound) < 1e15:
                    values += [int(bound) - 1, int(bound), int(bound) + 1]
            return tuple(values) + INTEGERS
        case Kind.DECIMAL:
            for bound in bounds:
                if isinstance(bound, int | float):
                    values += [bound - 0.5, float(bound), bound + 0.5]
            return tuple(values) + DECIMALS
        case Kind.DATE:
            for bound in bounds:
                if isinstance(bound, date):
                    values += [bound - DAY, bound, bound + DAY]
            return tuple(values) + DATES
        case _:
            return type_.members


# --- Hypothesis ---------------------------------------------------------------------------------


@st.composite
def programs(draw: st.DrawFn, size: Size = USUAL) -> Program:
    """Programs, which shrink."""
    return make_program(lambda n: draw(st.integers(0, n - 1)), size)


@st.composite
def patients(draw: st.DrawFn, program: Program) -> list[Value]:
    """Patients of one program, which shrink to nothing being known."""
    return Patients(program).choose(lambda n: draw(st.integers(0, n - 1)))


@st.composite
def cases(draw: st.DrawFn, size: Size = USUAL) -> tuple[Program, list[Value]]:
    """Programs, each with a patient."""
    program = draw(programs(size))
    return program, draw(patients(program))
