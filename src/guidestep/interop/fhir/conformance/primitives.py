"""The primitive types: the JSON value and the form that each has.

Source: HL7 FHIR R4, Data types (the regular expressions there), JSON representation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date

_YEAR = r"([1-9]\d{3}|\d[1-9]\d{2}|\d{2}[1-9]\d|\d{3}[1-9])"
_DAY = rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?"
_TIME = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
_ZONE = r"(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
_LONGEST = 1_048_576
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

_FORMS: Mapping[str, re.Pattern[str]] = {
    "id": re.compile(r"[A-Za-z0-9.-]{1,64}"),
    "code": re.compile(r"\S+( \S+)*"),
    "uri": re.compile(r"\S+"),
    "url": re.compile(r"\S+"),
    "canonical": re.compile(r"\S+"),
    "base64Binary": re.compile(r"(\s*[0-9a-zA-Z+/=]{4}\s*)+"),
    "date": re.compile(_DAY),
    "dateTime": re.compile(
        rf"{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T{_TIME}{_ZONE})?)?)?"
    ),
    "instant": re.compile(rf"{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T{_TIME}{_ZONE}"),
    "time": re.compile(_TIME),
    "string": re.compile(r"[\s\S]*\S[\s\S]*"),
    "markdown": re.compile(r"[\s\S]*\S[\s\S]*"),
    "xhtml": re.compile(r"<div[\s\S]*</div>"),
}
_WHOLE: Mapping[str, tuple[int, int]] = {
    "integer": (-(2**31), 2**31 - 1),
    "unsignedInt": (0, 2**31 - 1),
    "positiveInt": (1, 2**31 - 1),
}

PRIMITIVES = frozenset((*_FORMS, *_WHOLE, "boolean", "decimal"))
"""The names of the primitive types."""


def fault(type_: str, value: object) -> str | None:
    """Return what is wrong with a value of a primitive type, or `None`.

    >>> fault("positiveInt", 0), fault("id", "a-1")
    ('0 is not within 1 and 2147483647', None)
    >>> fault("date", "2026-02-30")
    "'2026-02-30' is no day of the calendar"
    """
    return _CHECKS.get(type_, _text)(type_, value)


def _boolean(_: str, value: object) -> str | None:
    return None if isinstance(value, bool) else f"{_shown(value)} is not true or false"


def _decimal(_: str, value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"{_shown(value)} is no JSON number"
    return None if value == value and abs(value) != float("inf") else "a number is finite"


def _whole(type_: str, value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return f"{_shown(value)} is no whole number"
    low, high = _WHOLE[type_]
    return None if low <= value <= high else f"{value} is not within {low} and {high}"


def _text(type_: str, value: object) -> str | None:
    if not isinstance(value, str):
        return f"{_shown(value)} is no text"
    if not _FORMS[type_].fullmatch(value):
        return f"{_shown(value)} has not the form of {type_}"
    if _CONTROL.search(value):
        return "it holds a control character"
    if len(value) > _LONGEST and type_ != "base64Binary":
        return f"it has more than {_LONGEST} characters"
    if type_ in ("date", "dateTime", "instant") and len(value) >= 10:
        try:
            date.fromisoformat(value[:10])
        except ValueError:
            return f"{_shown(value)} is no day of the calendar"
    return None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


_CHECKS: Mapping[str, Callable[[str, object], str | None]] = {
    "boolean": _boolean,
    "decimal": _decimal,
    **dict.fromkeys(_WHOLE, _whole),
}
