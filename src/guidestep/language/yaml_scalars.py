"""What a plain scalar stands for, strictly: whatever YAML readers disagree about is a fault.

A plain scalar is null, a boolean, an integer, a decimal, an ISO date, or else text:

| written                           | value                     |
|-----------------------------------|---------------------------|
| `null`, or nothing                | None                      |
| `true`, `false`                   | bool                      |
| `12`, `-3`                        | int, of up to 15 digits   |
| `0.5`, `-1.25`, `1.5e-3`          | float                     |
| `2026-02-24`                      | date                      |
| anything in `_WORDS`, `_SURPRISES`| a fault: `yaml-surprise`  |
| anything else                     | str                       |
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from guidestep.language.yaml_tree import Value

MAX_DIGITS = 15
"""The most digits of an integer: every such number is exact in JSON, in a float and in a solver."""

_SHOWN = 40


class Fault(NamedTuple):
    """A fault without its place."""

    code: str
    message: str
    hint: str


class _Surprise(NamedTuple):
    pattern: re.Pattern[str]
    meaning: str
    instead: Callable[[str], str]


def resolve(text: str) -> tuple[Value, Fault | None]:
    """Return the value of a plain scalar, and the fault if it is written in an unclear way.

    A faulty scalar has its own text as value.

    >>> resolve("12"), resolve("left"), resolve("2026-02-24")
    ((12, None), ('left', None), (datetime.date(2026, 2, 24), None))
    >>> resolve("no")[1].message
    "'no' is a boolean to YAML 1.1 and text to YAML 1.2"
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text], None
    if text in _WORDS:
        meaning, instead = _WORDS[text]
        return text, _surprise(text, meaning, instead)
    if text[0] not in "+-.0123456789":
        return text, None
    for pattern, read in _READERS:
        if pattern.fullmatch(text):
            return read(text)
    for surprise in _SURPRISES:
        if surprise.pattern.fullmatch(text):
            # The rewriting of a number of a million digits helps nobody, and takes long.
            instead = surprise.instead(text) if len(text) <= _SHOWN else ""
            return text, _surprise(text, surprise.meaning, instead)
    return text, None


def shorten(text: str) -> str:
    """Return a text as a message shows it: on one line and not too long."""
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 3] + "..."


def _surprise(text: str, meaning: str, instead: str) -> Fault:
    quoted = f'"{text}" with quotes if it is text'
    hint = f"write {instead}, or {quoted}" if instead else f"write {quoted}"
    return Fault("yaml-surprise", f"'{shorten(text)}' {meaning}", hint)


def _integer(text: str) -> tuple[Value, Fault | None]:
    digits = len(text.lstrip("-"))
    if digits <= MAX_DIGITS:
        return int(text), None
    message = f"a number of {digits} digits is too long, {MAX_DIGITS} are exact"
    return text, Fault("number-too-long", message, f'write "{text}" with quotes if it is text')


def _decimal(text: str) -> tuple[Value, Fault | None]:
    value = float(text)
    vanished = value == 0 and re.search("[1-9]", text.lower().partition("e")[0])
    if math.isfinite(value) and not vanished:
        return value, None
    message = f"'{shorten(text)}' is too {'small' if vanished else 'large'} for a decimal"
    return text, Fault("number-too-long", message, f'write "{text}" with quotes if it is text')


def _date(text: str) -> tuple[Value, Fault | None]:
    try:
        return date.fromisoformat(text), None
    except ValueError:
        message = f"'{text}' is not a day of the calendar"
        hint = f'write a day such as 2026-02-24, or "{text}" with quotes if it is text'
        return text, Fault("bad-date", message, hint)


def _seconds(text: str) -> str:
    """Return a sexagesimal number such as `1:30` as the decimal one that YAML 1.1 reads."""
    whole, point, fraction = _unscored(text).lstrip("-").partition(".")
    total = 0
    for part in whole.split(":"):
        total = total * 60 + int(part)
    return f"{'-' * text.startswith('-')}{total}{point if fraction else ''}{fraction}"


def _unscored(text: str) -> str:
    return text.replace("_", "").removeprefix("+")


def _unprefixed(text: str) -> str:
    number = _unscored(text)
    has_digits = len(number.removeprefix("-")) > len("0x")
    return str(int(number, 0)) if has_digits else ""


def _padded_date(text: str) -> str:
    year, month, day = text.split("-")
    return f"{year}-{month:0>2}-{day:0>2}"


def _decimal_form(text: str) -> str:
    """Return a number with digits on both sides of the point, no needless zero or plus sign."""
    number, _, exponent = _unscored(text).lower().partition("e")
    sign = "-" * number.startswith("-")
    whole, point, fraction = number.removeprefix("-").partition(".")
    whole = whole.lstrip("0") or "0"
    if point or exponent:
        whole = f"{whole}.{fraction or '0'}"
    if exponent:
        # Without its sign, an exponent makes the number text to YAML 1.1.
        whole += "e" + (exponent if exponent[0] in "+-" else f"+{exponent}")
    return sign + whole


_CONSTANTS: dict[str, Value] = {"": None, "null": None, "true": True, "false": False}

_BOOLEAN = "is a boolean to YAML 1.1 and text to YAML 1.2"

_NO_NUMBER = "is infinity or not-a-number to YAML, and no number here"
_NOT_HERE = "is not how a boolean is written here"

_WORDS: dict[str, tuple[str, str]] = {
    word: (meaning, instead)
    for words, meaning, instead in (
        (("yes", "Yes", "YES", "on", "On", "ON", "y", "Y"), _BOOLEAN, "true"),
        (("no", "No", "NO", "off", "Off", "OFF", "n", "N"), _BOOLEAN, "false"),
        (("True", "TRUE"), _NOT_HERE, "true"),
        (("False", "FALSE"), _NOT_HERE, "false"),
        (("~", "Null", "NULL"), "is not how null is written here", "null"),
        (("=",), "is a default value to YAML 1.1 and text to YAML 1.2", ""),
        ((".inf", ".Inf", ".INF"), _NO_NUMBER, ""),
        (("+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"), _NO_NUMBER, ""),
        ((".nan", ".NaN", ".NAN"), _NO_NUMBER, "null"),
    )
    for word in words
}

_READERS: tuple[tuple[re.Pattern[str], Callable[[str], tuple[Value, Fault | None]]], ...] = (
    (re.compile(r"-?(0|[1-9][0-9]*)"), _integer),
    (re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+([eE][-+][0-9]+)?"), _decimal),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), _date),
)

_TIME = (
    r"([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]*)?)?[ \t]*(Z|[-+][0-9]{1,2}(:?[0-9]{2})?)?"
)

# The first row that matches names the surprise: the special ones stand before the general ones.
_SURPRISES: tuple[_Surprise, ...] = tuple(
    _Surprise(re.compile(pattern), meaning, instead)
    for pattern, meaning, instead in (
        (
            r"[-+]?0x[0-9a-fA-F_]+",
            "is a hexadecimal number to YAML",
            _unprefixed,
        ),
        (
            r"[-+]?0b[01_]+",
            "is a binary number to YAML 1.1 and text to YAML 1.2",
            _unprefixed,
        ),
        (
            r"[-+]?0o[0-7_]+",
            "is text to YAML 1.1 and an octal number to YAML 1.2",
            _unprefixed,
        ),
        (
            r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}" + _TIME,
            "is a date with a time, and only dates have a meaning here",
            lambda text: _padded_date(re.split("[Tt \t]", text)[0]),
        ),
        (
            r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}",
            "is a date without its zeros",
            _padded_date,
        ),
        (
            r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?",
            "is a number in base 60 to YAML 1.1 and text to YAML 1.2",
            _seconds,
        ),
        (
            r"[-+]?(?=[^_]*_)([0-9][0-9_]*(\.[0-9_]*)?|\.[0-9][0-9_]*)([eE][-+]?[0-9]+)?",
            "is a number to YAML 1.1 and text to YAML 1.2",
            _decimal_form,
        ),
        (
            r"[-+]?0[0-9]+",
            "starts with a zero, as octal numbers do in YAML 1.1",
            _decimal_form,
        ),
        (
            r"[-+]?0[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?",
            "is a number with a needless zero",
            _decimal_form,
        ),
        (
            r"[-+]?(\.[0-9]+|[0-9]+\.)([eE][-+]?[0-9]+)?",
            "is a number without a digit on each side of the point",
            _decimal_form,
        ),
        (
            r"[-+]?([0-9]+[eE][-+]?|[0-9]+\.[0-9]+[eE])[0-9]+",
            "is text to YAML 1.1 and a number to YAML 1.2",
            _decimal_form,
        ),
        (
            r"\+[0-9]+(\.[0-9]+)?([eE][-+][0-9]+)?",
            "is a number with a needless plus sign",
            _decimal_form,
        ),
    )
)
