"""What every assessment that the model accepts has in common, beside the limits of each field."""

from __future__ import annotations

from collections.abc import Mapping

import z3

from guidestep.assessment import FieldSpec
from guidestep.assessment.derived import WeeksBetween
from guidestep.verify.symbols import Mask, Quantity, Values
from guidestep.verify.terms import Bool, conj, implies


def wellformed(specs: Mapping[str, FieldSpec], values: Values, mask: Mask) -> Bool:
    """Return that no date is later than the one it may not follow, and that what can be derived is.

    A derived field is left unknown only where somebody recorded why it is: `absent_reason` is a
    term of its own.
    """
    found: list[Bool] = []
    for path, spec in specs.items():
        if spec.not_after is not None and spec.not_after in specs:
            found.append(
                implies(
                    conj((mask[path], mask[spec.not_after])),
                    _day(values, path) <= _day(values, spec.not_after),
                )
            )
        match spec.derived:
            case WeeksBetween(start=start, end=end) if start in specs and end in specs:
                ordered = _day(values, start) <= _day(values, end)
                given = conj((mask[start], mask[end], ordered))
                found.append(implies(conj((given, z3.Not(absent_reason(path)))), mask[path]))
    return conj(found)


def absent_reason(path: str) -> z3.BoolRef:
    """Return that a data-absent reason is recorded for a derived field."""
    return z3.Bool(f"reason {path}")


def _day(values: Values, path: str) -> z3.ArithRef:
    symbol = values.symbols[path]
    assert isinstance(symbol, Quantity)
    return symbol.value
