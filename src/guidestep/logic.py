"""Three-valued logic, defined once: strong Kleene over true, false and unknown.

A truth is a Python `bool`, or `None` for *unknown*. Every reader of the tree takes its meaning
of `and`, `or` and `not` from this module: an engine may compute them another way, and is then
tested against these functions.

Source: S. C. Kleene, *Introduction to Metamathematics* (1952), section 64, the strong tables.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

Truth: TypeAlias = bool | None
"""True, false, or `None` for unknown."""


def not_(operand: Truth) -> Truth:
    """Return the negation; the negation of unknown is unknown.

    >>> not_(True), not_(None)
    (False, None)
    """
    return None if operand is None else not operand


def all_of(operands: Iterable[Truth]) -> Truth:
    """Return the conjunction: one false decides, otherwise one unknown leaves it unknown.

    >>> all_of([True, None]), all_of([False, None]), all_of([])
    (None, False, True)
    """
    unknown = False
    for operand in operands:
        if operand is False:
            return False
        unknown = unknown or operand is None
    return None if unknown else True


def any_of(operands: Iterable[Truth]) -> Truth:
    """Return the disjunction: one true decides, otherwise one unknown leaves it unknown.

    >>> any_of([False, None]), any_of([True, None]), any_of([])
    (None, True, False)
    """
    unknown = False
    for operand in operands:
        if operand is True:
            return True
        unknown = unknown or operand is None
    return None if unknown else False


def interval(items: Iterable[tuple[Truth, float]]) -> tuple[float, float]:
    """Return the least and the greatest weighted sum that the unknown items still allow.

    >>> interval([(True, 1), (None, 2), (False, 4), (None, -1)])
    (0, 3)
    """
    low: float = 0
    high: float = 0
    for truth, weight in items:
        if truth is False:
            continue
        if truth is True or weight < 0:
            low += weight
        if truth is True or weight > 0:
            high += weight
    return low, high


def word(truth: Truth) -> str:
    """Return the truth as a word a clinician reads: `true`, `false` or `unknown`.

    >>> word(None)
    'unknown'
    """
    return "unknown" if truth is None else "true" if truth else "false"
