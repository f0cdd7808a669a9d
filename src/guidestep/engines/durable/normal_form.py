"""A condition as rules can test it: the alternatives that make it true, those that make it false.

durable_rules has no unknown: a missing property and a false condition look the same to it. So a
condition is never negated in a rule. It is taken apart into two *forms*, one for true and one for
false, each a list of alternatives, each alternative a list of literals that must all hold of what
is known. If no alternative of either form holds, the condition is unknown. Strong Kleene logic is
a distributive lattice, so the usual laws of De Morgan and of distribution keep its meaning; the
law of the excluded middle is not one of its laws, and is not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, product
from math import prod
from typing import Literal as OneOf
from typing import TypeAlias

from guidestep.engines.durable.facts import Source

Operator: TypeAlias = OneOf["$lt", "$lte", "$gt", "$gte", "$eq", "$neq"]


@dataclass(frozen=True, slots=True)
class Literal:
    """One comparison of a property of a source with a number: what a node of the network tests."""

    source: Source
    property: str
    operator: Operator
    value: str

    def __str__(self) -> str:
        test = f'{{"{self.property}":{self.value}}}'
        # Equality is written without an operator: durable_rules does not know `$eq` there.
        return test if self.operator == "$eq" else f'{{"{self.operator}":{test}}}'


Alternative: TypeAlias = tuple[Literal, ...]

WIDEST = 16
"""The most alternatives of a form, and the most literals of an alternative."""


@dataclass(frozen=True)
class Forms:
    """A condition as what makes it true and what makes it false.

    `total` says that it is never unknown: then what is not true is false.
    """

    true: tuple[Alternative, ...]
    false: tuple[Alternative, ...]
    total: bool = False

    def __invert__(self) -> Forms:
        return Forms(self.false, self.true, self.total)

    @property
    def constant(self) -> bool | None:
        """True or false if it is so whatever the patient, otherwise `None`."""
        return True if () in self.true else False if () in self.false else None

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """The sources that the forms read, each once."""
        literals = chain.from_iterable(self.true + self.false)
        return tuple({literal.source.slot: literal.source for literal in literals}.values())


TRUE = Forms(((),), (), total=True)
FALSE = ~TRUE
UNKNOWN = Forms((), ())


def single(literal: Literal, contrary: Literal, *, total: bool = False) -> Forms:
    """Return the forms of a single test, given what holds when it is known not to."""
    return Forms(((literal,),), ((contrary,),), total)


def conjunction(operands: Sequence[Forms]) -> Forms:
    """Return the forms of `and`: true where all are, false where one is."""
    true = tuple(
        dict.fromkeys(
            tuple(dict.fromkeys(chain.from_iterable(choice)))
            for choice in product(*(operand.true for operand in operands))
        )
    )
    false = tuple(dict.fromkeys(chain.from_iterable(operand.false for operand in operands)))
    if () in false:
        return FALSE
    return Forms(true, false, all(operand.total for operand in operands))


def disjunction(operands: Sequence[Forms]) -> Forms:
    """Return the forms of `or`, by De Morgan."""
    return ~conjunction([~operand for operand in operands])


def is_narrow(operands: Sequence[Forms]) -> bool:
    """Whether the conjunction of the operands keeps within `WIDEST`, without building it."""
    return (
        prod(len(operand.true) for operand in operands) <= WIDEST
        and sum(len(operand.false) for operand in operands) <= WIDEST
        and sum(_length(operand.true) for operand in operands) <= WIDEST
    )


def _length(form: tuple[Alternative, ...]) -> int:
    """Return the length of the longest alternative."""
    return max(map(len, form), default=0)


def weight(forms: Forms) -> int:
    """Return how much wider than a single test a condition is."""
    return len(forms.true) + len(forms.false) + _length(forms.true) + _length(forms.false)
