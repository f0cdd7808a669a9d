"""Numbers made of bits: how many of some conditions are true, and which of them is the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Words: TypeAlias = npt.NDArray[np.uint64]
"""One truth a bit, the first patient in the lowest; what lies behind the last one means nothing."""

_ALL = np.uint64(2**64 - 1)


def counted(conditions: Sequence[Words]) -> list[Words]:
    """Return how many of some conditions are true, as binary digits, the lowest first.

    Three digits of one weight are added to one of it and one of the next: as adders do in hardware.
    """
    digits: list[Words] = []
    weight = list(conditions)
    while weight:
        carries: list[Words] = []
        while len(weight) > 1:
            one, two = weight.pop(), weight.pop()
            either = one ^ two
            if weight:
                three = weight.pop()
                carries.append((one & two) | (either & three))
                weight.append(either ^ three)
            else:
                carries.append(one & two)
                weight.append(either)
        digits.append(weight[0])
        weight = carries
    return digits


def at_least(digits: Sequence[Words], least: int) -> Words:
    """Return where a number, given as digits, is not less than another."""
    found = np.full_like(digits[0], _ALL if least <= 0 else 0)
    if not 0 < least < 1 << len(digits):
        return found
    # From the lowest digit up: the highest one in which they differ decides.
    np.invert(found, out=found)
    for place, digit in enumerate(digits):
        found = found & digit if least >> place & 1 else found | digit
    return found


def first_true(conditions: Sequence[Words]) -> list[Words]:
    """Return the number of the first true condition, counted from 0, as digits."""
    digits = [
        np.zeros_like(conditions[0]) for _ in range(max(1, (len(conditions) - 1).bit_length()))
    ]
    free = np.invert(digits[0])
    for number, condition in enumerate(conditions):
        here = condition & free
        free ^= here
        for place, digit in enumerate(digits):
            if number >> place & 1:
                digit |= here
    return digits


def write_numbers(digits: Sequence[Words], out: npt.NDArray[np.integer[Any]]) -> None:
    """Write the number of each row, given its binary digits, the lowest first, over zeros."""
    bytes_ = out.view(np.uint8).reshape(len(out), out.itemsize)
    for place in range(0, len(digits), 8):
        bytes_[:, place // 8] = _bytes(digits[place : place + 8])[: len(out)]


def _bytes(digits: Sequence[Words]) -> npt.NDArray[np.uint8]:
    """Return a byte for each row, given up to eight bits of it, the lowest first.

    Eight rows of eight bits stand in one word as a square, which is turned over its diagonal by
    exchanging single bits, pairs and nibbles (H. S. Warren, Hacker's Delight, 2nd ed., 7-3).
    """
    square = np.zeros((digits[0].nbytes, 8), dtype=np.uint8)
    for bit, digit in enumerate(digits):
        square[:, bit] = digit.view(np.uint8)
    words = square.view("<u8").ravel()
    for shift, mask in _EXCHANGES:
        moved = words >> shift
        moved ^= words
        moved &= mask
        words ^= moved
        moved <<= shift
        words ^= moved
    return words.view(np.uint8)


_EXCHANGES = tuple(
    (np.uint64(shift), np.uint64(mask))
    for shift, mask in (
        (7, 0x00AA00AA00AA00AA),
        (14, 0x0000CCCC0000CCCC),
        (28, 0x00000000F0F0F0F0),
    )
)


def any_true(conditions: Sequence[Words]) -> Words:
    """Return where one of some conditions is true."""
    found = conditions[0].copy()
    for condition in conditions[1:]:
        np.bitwise_or(found, condition, out=found)
    return found
