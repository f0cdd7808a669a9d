"""Boolean terms for the solver, folded where a constant decides: small terms are quick to prove.

A truth constant is Python's own `bool`; everything else is a term of Z3. Terms belong to one
global context of the library, which no two threads may use at once: `SOLVER` is the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import TypeAlias

import z3

Bool: TypeAlias = bool | z3.BoolRef
"""A constant or a term."""

SOLVER = threading.RLock()
"""Held by whoever makes terms or asks a solver."""


def conj(operands: Iterable[Bool]) -> Bool:
    """Return the conjunction.

    >>> conj([True, False]), conj([])
    (False, True)
    """
    kept: dict[int, z3.BoolRef] = {}
    for operand in operands:
        if operand is False:
            return False
        if operand is not True:
            kept[operand.get_id()] = operand
    found = list(kept.values())
    if len(found) < 2:
        return found[0] if found else True
    return _joined(z3.Z3_mk_and, found)


def disj(operands: Iterable[Bool]) -> Bool:
    """Return the disjunction.

    >>> disj([True, False]), disj([])
    (True, False)
    """
    kept: dict[int, z3.BoolRef] = {}
    for operand in operands:
        if operand is True:
            return True
        if operand is not False:
            kept[operand.get_id()] = operand
    found = list(kept.values())
    if len(found) < 2:
        return found[0] if found else False
    return _joined(z3.Z3_mk_or, found)


def _joined(make: Callable[..., object], operands: Sequence[z3.BoolRef]) -> z3.BoolRef:
    """Return operands joined: they are conditions, which `z3.And` would make sure of again."""
    context = z3.main_ctx()
    terms = (z3.Ast * len(operands))(*(operand.ast for operand in operands))
    return z3.BoolRef(make(context.ref(), len(operands), terms), context)


def neg(operand: Bool) -> Bool:
    """Return the negation.

    >>> neg(True)
    False
    """
    if isinstance(operand, bool):
        return not operand
    return operand.arg(0) if z3.is_not(operand) else z3.Not(operand)


def implies(premise: Bool, conclusion: Bool) -> Bool:
    """Return that the conclusion holds wherever the premise does."""
    return disj((neg(premise), conclusion))


def at_most_one(operands: Iterable[Bool]) -> Bool:
    """Return that no two of the operands are true."""
    found = list(operands)
    return conj(
        neg(conj((first, second))) for at, first in enumerate(found) for second in found[at + 1 :]
    )


def asserted(term: Bool) -> z3.BoolRef:
    """Return the term as one of Z3, constants too."""
    return z3.BoolVal(term) if isinstance(term, bool) else term


def rational(number: float) -> Fraction:
    """Return a number as it is printed: 0.15 is 15 hundredths, not the nearest double.

    Doubles and their printed forms are in the same order, so comparisons come out alike.

    >>> rational(0.15)
    Fraction(3, 20)
    """
    return Fraction(repr(number)) if isinstance(number, float) else Fraction(number)


def constant(number: Fraction) -> z3.ArithRef:
    """Return a rational constant, an integer where it is one."""
    if number.denominator == 1:
        return z3.IntVal(number.numerator)
    return z3.Q(number.numerator, number.denominator)
