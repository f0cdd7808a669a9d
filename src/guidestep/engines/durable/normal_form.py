"""A condition as rules can test it: the alternatives that make it true, those that make it false.

durable_rules has no unknown: a missing property and a false condition look the same to it. So a
condition is never negated in a rule. It is taken apart into two *forms*, one for true and one for
false, each a list of alternatives, each alternative a list of literals that must all hold of what
is known. If no alternative of either form holds, the condition is unknown. Strong Kleene logic is
a distributive lattice, so the usual laws of De Morgan and of distribution keep its meaning; the
law of the excluded middle is not one of its laws, and is not used.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import chain, product
from math import prod
from typing import Any, TypeAlias
from typing import Literal as OneOf

from guidestep.engines.durable.facts import ABSENT, Facet, Shape, Source
from guidestep.engines.durable.facts import UNKNOWN as UNKNOWN_MARK

Key: TypeAlias = tuple[int, Facet]
"""A facet of a source, by its slot."""

Operator: TypeAlias = OneOf["$lt", "$lte", "$gt", "$gte", "$eq", "$neq", "$ex"]

_HOLDS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$lt": operator.lt,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
    "$eq": operator.eq,
    "$neq": operator.ne,
    "$ex": lambda known, value: True,
}


@dataclass(frozen=True, slots=True)
class Literal:
    """One comparison of a facet of a source with a number: what a node of the network tests.

    `$ex` asks whether it is there at all, whatever the number.
    """

    source: Source
    facet: Facet
    operator: Operator
    value: str

    def __str__(self) -> str:
        test = f'{{"{self.source.properties[self.facet]}":{self.value}}}'
        # Equality is written without an operator: durable_rules does not know `$eq` there.
        return test if self.operator == "$eq" else f'{{"{self.operator}":{test}}}'

    def holds(self, number: float) -> bool:
        """Whether a known number passes the test."""
        return _HOLDS[self.operator](number, float(self.value))

    @property
    def of_unknown(self) -> bool:
        """Whether the test is passed when the source is unknown, which it is then marked as."""
        is_truth = self.source.shape is Shape.TRUTH
        return self.facet == ABSENT or (is_truth and self.holds(UNKNOWN_MARK))

    @property
    def key(self) -> Key:
        """What is tested: a facet of a source."""
        return self.source.slot, self.facet


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

    @property
    def asked(self) -> Source | None:
        """The source that decides the condition alone, as both forms ask one thing of it."""
        match self.true, self.false:
            case ((one,),), ((other,),) if one.source is other.source:
                # Of a score they would ask two things, its bounds.
                return None if one.source.shape is Shape.SCORE else one.source
            case _:
                return None


TRUE = Forms(((),), (), total=True)
FALSE = ~TRUE
UNKNOWN = Forms((), ())


def single(literal: Literal, contrary: Literal, *, total: bool = False) -> Forms:
    """Return the forms of a single test, given what holds when it is known not to."""
    return Forms(((literal,),), ((contrary,),), total)


def conjunction(operands: Sequence[Forms]) -> Forms:
    """Return the forms of `and`: true where all are, false where one is."""
    choices = product(*(operand.true for operand in operands))
    true = shortest(chain.from_iterable(choice) for choice in choices)
    false = shortest(chain.from_iterable(operand.false for operand in operands))
    if () in false:
        return FALSE
    made = Forms(true, false, all(operand.total for operand in operands))
    return made if made.asked is None else replace(made, total=made.total or _is_total(made))


def _is_total(forms: Forms) -> bool:
    """Whether forms that ask one thing of one source tell also when it is unknown.

    So it is where a condition that is never unknown has made those beside it superfluous.
    """
    tests = [test for form in (forms.true, forms.false) for (test,) in form]
    return any(test.of_unknown for test in tests)


def shortest(form: Iterable[Iterable[Literal]]) -> tuple[Alternative, ...]:
    """Return the alternatives that can match at all and that no shorter one makes superfluous."""
    tidied = dict.fromkeys(each for each in map(tidy, form) if each is not None)
    sets = [frozenset(each) for each in tidied]
    return tuple(
        each for each, own in zip(tidied, sets, strict=True) if not any(o < own for o in sets)
    )


def tidy(literals: Iterable[Literal]) -> Alternative | None:
    """Return an alternative in a fixed order, without the tests that others make superfluous.

    Returns `None` if it can never match, as a facet has one value.
    """
    by_key: dict[Key, list[Literal]] = {}
    for literal in dict.fromkeys(literals):
        by_key.setdefault(literal.key, []).append(literal)
    tidied: list[Literal] = []
    for _, tests in sorted(by_key.items(), key=_in_order):
        if len(tests) == 1:
            tidied += tests
            continue
        places = passing(tests)
        if not reduce(frozenset.intersection, places):
            return None
        kept: dict[frozenset[int], Literal] = {}
        for test, own in zip(tests, places, strict=True):
            if not any(other <= own for other in kept):
                kept = {other: each for other, each in kept.items() if not own < other}
                kept[own] = test
        tidied += kept.values()
    return tuple(tidied)


def _in_order(item: tuple[Key, object]) -> tuple[int, str]:
    """Return what sorts facets the same way in every process."""
    slot, facet = item[0]
    return slot, str(facet)


def passing(tests: Sequence[Literal]) -> list[frozenset[int]]:
    """Return where each of some tests of one facet is passed, among the values it can have.

    Their bounds are numbered 1, 3, 5 ..., and the gaps between these 0, 2, 4 ...
    """
    bounds = sorted({float(test.value) for test in tests})
    points = range(2 * len(bounds) + 1)
    return [
        frozenset(
            point
            for point in points
            if _HOLDS[test.operator](point, 2 * bounds.index(float(test.value)) + 1)
        )
        for test in tests
    ]


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


def effort(form: tuple[Alternative, ...]) -> int:
    """Return how many tests the alternatives have beyond their first ones."""
    return sum(len(alternative) - 1 for alternative in form)


def weight(forms: Forms) -> int:
    """Return how much wider than a single test a condition is."""
    return len(forms.true) + len(forms.false) + _length(forms.true) + _length(forms.false)
