"""UCUM conversion, by pint with ucumvert; what does not surely convert does not convert.

Only unusual units come here: those that a field declares are converted without pint.

Source: The Unified Code for Units of Measure, http://unitsofmeasure.org.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Protocol, cast

from guidestep.assessment.values import DIGITS

LONGEST = 40
"""The longest unit that is looked at."""

_LOCK = threading.Lock()


class MissingConverter(RuntimeError):  # noqa: N818 (it is the converter that is missing)
    """Pint or ucumvert is not installed."""


@dataclass(frozen=True, slots=True)
class Conversion:
    """From one unit to another: `slope * value + start`."""

    slope: float
    start: float

    def __call__(self, value: float) -> float:
        """Return a value in the other unit, without the noise of binary numbers."""
        return float(f"{self.slope * value + self.start:.{DIGITS}g}")


def is_number(unit: str) -> bool:
    """Return whether a unit is a bare number: 1, a percentage or an annotation."""
    return unit in ("1", "%") or unit.startswith("{")


def convertible(given: str, wanted: str) -> bool:
    """Return whether a unit converts to another.

    >>> convertible("[in_i]", "mm"), convertible("deg", "mm"), convertible("1", "deg")
    (True, False, False)

    Raises:
        MissingConverter: Pint or ucumvert is not installed.
    """
    return conversion(given, wanted) is not None


@lru_cache(maxsize=1024)
def conversion(given: str, wanted: str) -> Conversion | None:
    """Return the conversion from one UCUM unit to another, or None where there is none.

    A count of one thing is no count of another: annotations are compared as they are written.

    >>> conversion("[in_i]", "mm")(2)
    50.8

    Raises:
        MissingConverter: Pint or ucumvert is not installed.
    """
    if given == wanted:
        return Conversion(1.0, 0.0)
    if not 0 < len(given) <= LONGEST or is_number(given) != is_number(wanted):
        return None
    if is_number(given):
        # A bare 1 may be a score; a percentage, or a count of something else, may not.
        if given == "1" and wanted != "%":
            return Conversion(1.0, 0.0)
        return {("1", "%"): Conversion(100.0, 0.0)}.get((given, wanted))
    if "{" in given or "{" in wanted:
        # UCUM drops annotations; millilitres a minute per 1.73 m2 are another measurement still.
        return None
    with _LOCK:
        return _converted(given, wanted)


def prepare() -> None:
    """Load the converter now, which takes about a second, and not with the first odd unit.

    Raises:
        MissingConverter: Pint or ucumvert is not installed.
    """
    with _LOCK:
        _registry()


class _Quantity(Protocol):
    """What is used of a quantity of pint."""

    magnitude: float
    units: object

    def to(self, units: object) -> _Quantity: ...
    def to_base_units(self) -> _Quantity: ...


class _Registry(Protocol):
    def from_ucum(self, code: str) -> object: ...

    @property
    def Quantity(self) -> Callable[[float, object], _Quantity]: ...  # noqa: N802 (pint's name)


@cache
def _registry() -> _Registry:
    try:
        from ucumvert import PintUcumRegistry
    except ModuleNotFoundError as error:
        raise MissingConverter(
            "other units than the field's own need an extra: pip install 'guidestep[fhir]'"
        ) from error
    return cast("_Registry", PintUcumRegistry())


def _converted(given: str, wanted: str) -> Conversion | None:
    registry = _registry()
    source, target = _parsed(registry, given), _parsed(registry, wanted)
    if source is None or target is None:
        return None
    try:
        kind = str(source.to_base_units().units)
        if kind != str(target.to_base_units().units):
            return None
        if kind == "dimensionless" and ("/" in given) != ("/" in wanted):
            return None  # a quotient of two likes, such as days a week, is no number of something
        low, high = (
            registry.Quantity(value * source.magnitude, source.units).to(target.units).magnitude
            / target.magnitude
            for value in (0.0, 1.0)
        )
    except Exception:  # pint and ucumvert raise errors of many kinds; none of them is a unit
        return None
    return Conversion(high - low, low)


def _parsed(registry: _Registry, code: str) -> _Quantity | None:
    try:
        found = registry.from_ucum(code)
    except Exception:  # the same
        return None
    return cast("_Quantity", found) if hasattr(found, "to_base_units") else None
