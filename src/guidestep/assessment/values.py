"""One given value against one field: the value to keep, or the problem with it."""

import math
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, TypeAlias

from pydantic import BeforeValidator

from guidestep.assessment.derived import Value
from guidestep.assessment.errors import Problem, ProblemCode, shown
from guidestep.assessment.fields import FieldKind, FieldSpec
from guidestep.spelling import did_you_mean

DIGITS = 12
"""Significant digits kept when a unit is converted: hides binary noise, loses no measurement."""


def _is_iso(text: str) -> bool:
    """Whether the text has the form YYYY-MM-DD, as far as `date.fromisoformat` does not check."""
    return len(text) == 10 and text[4] == "-" and text[7] == "-"


def iso_day(value: object) -> object:
    """Return the date that a text `YYYY-MM-DD` writes, and anything else unchanged.

    >>> iso_day("2026-03-01"), iso_day(20260301)
    (datetime.date(2026, 3, 1), 20260301)

    Raises:
        ValueError: The text is not of that form, or names no day of the calendar.
    """
    if not isinstance(value, str):
        return value
    if not _is_iso(value):
        raise ValueError("a date is written YYYY-MM-DD")
    return date.fromisoformat(value)


Day: TypeAlias = Annotated[date, BeforeValidator(iso_day)]
"""The type of a date field: a `datetime.date`, or the text `YYYY-MM-DD` of one."""


def allowed(spec: FieldSpec) -> str:
    """Return what the field accepts, as a noun phrase.

    >>> allowed(FieldSpec(label="x", question="?", kind=FieldKind.DECIMAL, unit="mm", minimum=0,
    ...                   maximum=100))
    'a number from 0 to 100 mm'
    """
    match spec.kind:
        case FieldKind.ENUMERATION:
            return f"one of {', '.join(spec.members)}"
        case FieldKind.INTEGER | FieldKind.DECIMAL:
            noun = "a whole number" if spec.kind is FieldKind.INTEGER else "a number"
            unit = f" {spec.unit}" if spec.unit is not None else ""
            if spec.minimum is None or spec.maximum is None:
                return f"{noun} in{unit}" if unit else noun
            return f"{noun} from {spec.minimum:g} to {spec.maximum:g}{unit}"
        case FieldKind.DATE:
            return "a date written YYYY-MM-DD"
        case FieldKind.TEXT:
            limit = f" of at most {spec.max_length} characters" if spec.max_length else ""
            return f"a text{limit}"
        case FieldKind.BOOLEAN:
            return "true or false"


def problem(spec: FieldSpec, given: object, code: ProblemCode, hint: str = "") -> Problem:
    """Return the problem of a value that the field does not accept."""
    message = f"{spec.label}: got {shown(given)}, allowed is {allowed(spec)}"
    return Problem(spec.path, message, hint, code)


def missing(spec: FieldSpec) -> Problem:
    """Return the problem of a required field without a value."""
    return Problem(
        spec.path,
        f"{spec.label}: nothing given, and the field is required",
        f"give {allowed(spec)}",
        "missing",
    )


def check(spec: FieldSpec, given: object) -> Value | Problem:
    """Return the value that the field keeps for what was given, or the problem with it.

    >>> pain = FieldSpec(path="measures.pain", label="pain", question="?", unit="mm", minimum=0,
    ...                  maximum=100, kind=FieldKind.DECIMAL, other_units={"cm": 10})
    >>> check(pain, {"value": 6.2, "unit": "cm"})
    62.0
    >>> check(pain, 620).message
    'pain: got 620, allowed is a number from 0 to 100 mm'
    """
    if type(given) is float and _fits(spec, given):
        return given  # by far the commonest: at once
    if given is None:
        return missing(spec) if spec.required else None
    if isinstance(given, str) and given == "not_assessed" and not spec.required:
        hint = "leave the field out, or give null, and say why in data_absent_reasons"
        return problem(spec, given, _WRONG_TYPE[spec.kind], hint)
    match spec.kind:
        case FieldKind.ENUMERATION:
            return _member(spec, given)
        case FieldKind.INTEGER | FieldKind.DECIMAL:
            return _quantity(spec, given) if isinstance(given, Mapping) else _number(spec, given)
        case FieldKind.DATE:
            return _day(spec, given)
        case FieldKind.TEXT:
            return _text(spec, given)
        case FieldKind.BOOLEAN:
            return given if isinstance(given, bool) else problem(spec, given, "not-a-boolean")


_WRONG_TYPE: dict[FieldKind, ProblemCode] = {
    FieldKind.ENUMERATION: "not-a-member",
    FieldKind.INTEGER: "not-a-number",
    FieldKind.DECIMAL: "not-a-number",
    FieldKind.DATE: "not-a-date",
    FieldKind.TEXT: "not-a-text",
    FieldKind.BOOLEAN: "not-a-boolean",
}


def _member(spec: FieldSpec, given: object) -> Value | Problem:
    if not isinstance(given, str):
        return problem(spec, given, "not-a-member")
    if given not in spec.members:
        return problem(spec, given, "not-a-member", did_you_mean(given, spec.members))
    return spec.members[spec.members.index(given)]


def _fits(spec: FieldSpec, given: float) -> bool:
    low, high = spec.minimum, spec.maximum
    if low is None or high is None:
        return False
    return spec.kind is FieldKind.DECIMAL and low <= given <= high


def _number(spec: FieldSpec, given: object) -> Value | Problem:
    if isinstance(given, str):
        return problem(spec, given, "not-a-number", _unquoted(spec, given))
    if isinstance(given, bool) or not isinstance(given, int | float):
        return problem(spec, given, "not-a-number")
    if isinstance(given, float) and not math.isfinite(given):
        hint = "leave the field out, or give null, where there is no value"
        return problem(spec, given, "not-finite", hint)
    if spec.kind is FieldKind.INTEGER and isinstance(given, float):
        whole = f"write {int(given)}, not {shown(given)}" if given.is_integer() else ""
        return problem(spec, given, "not-a-number", whole)
    if (spec.minimum is not None and given < spec.minimum) or (
        spec.maximum is not None and given > spec.maximum
    ):
        return problem(spec, given, "out-of-range", _in_unit(spec))
    if spec.kind is FieldKind.INTEGER:
        return given
    try:
        return float(given)
    except OverflowError:
        return problem(spec, given, "not-finite")


def _quantity(spec: FieldSpec, given: Mapping[object, object]) -> Value | Problem:
    form = f'write {{"value": 12, "unit": "{spec.unit}"}}'
    if set(given) != {"value", "unit"} or spec.unit is None:
        return problem(spec, given, "wrong-shape", form if spec.unit is not None else "")
    value, unit = given["value"], given["unit"]
    if not isinstance(unit, str) or unit not in spec.units:
        message = (
            f"{spec.label}: got the unit {shown(unit)}, allowed is one of {', '.join(spec.units)}"
        )
        return Problem(spec.path, message, "give the unit as a UCUM code", "unknown-unit")
    if value is None:
        return problem(spec, given, "not-a-number", "leave the field out, or give null")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return (
            _number(spec, value)
            if not isinstance(value, Mapping)
            else problem(spec, given, "wrong-shape", form)
        )
    if unit == spec.unit:
        return _number(spec, value)
    try:
        converted: float = float(f"{value * spec.other_units[unit]:.{DIGITS}g}")
    except OverflowError:
        return problem(spec, given, "out-of-range")
    if spec.kind is FieldKind.INTEGER and converted.is_integer():
        converted = int(converted)
    kept = _number(spec, converted)
    # The problem repeats what was given, not what it was converted to.
    return problem(spec, given, kept.code, kept.hint) if isinstance(kept, Problem) else kept


def _day(spec: FieldSpec, given: object) -> Value | Problem:
    if isinstance(given, datetime):
        hint = f"give the date alone: {given.date().isoformat()}"
        return problem(spec, given, "not-a-date", hint)
    if isinstance(given, date):
        return given
    if not isinstance(given, str):
        return problem(spec, given, "not-a-date", 'write it as "2026-03-01"')
    if not _is_iso(given):
        return problem(spec, given, "not-a-date", "write it as 2026-03-01")
    try:
        return date.fromisoformat(given)
    except ValueError:
        digits = given.replace("-", "").isdecimal()
        hint = "there is no such day in the calendar" if digits else "write it as 2026-03-01"
        return problem(spec, given, "not-a-date", hint)


def _text(spec: FieldSpec, given: object) -> Value | Problem:
    if not isinstance(given, str):
        return problem(spec, given, "not-a-text")
    if spec.max_length is not None and len(given) > spec.max_length:
        return problem(spec, given, "too-long", f"shorten it: it has {len(given)} characters")
    try:
        given.encode()
    except UnicodeEncodeError:
        return problem(spec, given, "not-a-text", "it holds half a character (a lone surrogate)")
    return given


def _unquoted(spec: FieldSpec, given: str) -> str:
    """Return the hint for a text where a number belongs."""
    text = given.strip()
    try:
        number = len(text) <= 20 and math.isfinite(float(text))
    except ValueError:
        number = False
    if number:
        return f"write {text}, not {shown(given)}"
    return f"write the number alone, in {spec.unit}" if spec.unit is not None else ""


def _in_unit(spec: FieldSpec) -> str:
    """Return the hint for a number out of range, where another unit may be the reason."""
    if not spec.other_units:
        return ""
    unit = next(iter(spec.other_units))
    return f'in another unit, write {{"value": ..., "unit": "{unit}"}}'
