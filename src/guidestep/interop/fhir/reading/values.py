"""One value of an Observation, a component or an answer: the value of a field, or what is wrong.

Nothing is guessed: a text is never taken for a code, a unit without a code for a unit, a number
with a comparator for a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from guidestep.assessment import DataAbsentReason, FieldKind, FieldSpec, Problem, Value
from guidestep.assessment.errors import named, shown
from guidestep.assessment.values import check
from guidestep.interop.fhir.canonical import UCUM
from guidestep.interop.fhir.mapping.sources import Source
from guidestep.interop.fhir.reading.json_access import Body, codings, element, elements, text
from guidestep.interop.fhir.reading.problems import ProblemCode, listed
from guidestep.interop.fhir.reading.times import parse
from guidestep.interop.fhir.reading.units import (
    LONGEST,
    MissingConverter,
    conversion,
    is_number,
)
from guidestep.spelling import did_you_mean

ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
"""The code system of the reasons for which a value is missing."""

ABSENT_EXTENSION = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

_REASONS = {reason.value: reason for reason in DataAbsentReason}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a value could not be read."""

    code: ProblemCode
    message: str
    hint: str = ""


class Found(NamedTuple):
    """A value, or a reason for there being none, or what is wrong; and what was recorded."""

    value: Value = None
    reason: DataAbsentReason | None = None
    fault: Fault | None = None
    recorded: str = ""


def read_value(source: Source, holder: Body, *, bare_numbers: bool = False) -> Found | None:
    """Return what the `value[x]` of an element says of a field, or None where it has none.

    With `bare_numbers` a number without a unit is in that of the field: where the question itself
    names the unit.
    """
    if len(holder) == 1:
        # Most answers are a value and nothing else, which leaves no room for a reason.
        ((key, given),) = holder.items()
        if isinstance(key, str) and key.startswith("value"):
            return _given(source, key, given, bare_numbers=bare_numbers)
    keys = [key for key in holder if isinstance(key, str) and key.startswith("value")]
    absent = _absent_reason(holder)
    if len(keys) > 1 or (keys and absent is not None):
        names = listed(sorted(keys))
        also = " and a reason for there being none" if absent is not None else ""
        return _fault("malformed", f"it has {names}{also}", "an element has one value")
    if absent is not None:
        return absent
    if not keys:
        return None
    return _given(source, keys[0], holder[keys[0]], bare_numbers=bare_numbers)


def _given(source: Source, key: str, given: object, *, bare_numbers: bool) -> Found:
    if key in ("valueQuantity", "valueInteger", "valueDecimal"):
        return _number(source.spec, source, key, given, bare_numbers=bare_numbers)
    match source.spec.kind:
        case FieldKind.ENUMERATION:
            return _member(source, key, given)
        case FieldKind.DATE if key in ("valueDateTime", "valueDate"):
            return _day(source.spec, given)
        case FieldKind.TEXT if key == "valueString":
            return _checked(source.spec, given, "")
        case FieldKind.BOOLEAN if key == "valueBoolean":
            return _checked(source.spec, given, shown(given))
    return _wrong_type(source.spec, key)


def _fault(code: ProblemCode, message: str, hint: str = "", recorded: str = "") -> Found:
    return Found(fault=Fault(code, message, hint), recorded=recorded)


def _wrong_type(spec: FieldSpec, key: str) -> Found:
    wanted = {
        FieldKind.ENUMERATION: "a code",
        FieldKind.INTEGER: "a quantity",
        FieldKind.DECIMAL: "a quantity",
        FieldKind.DATE: "a date",
        FieldKind.TEXT: "a text",
        FieldKind.BOOLEAN: "true or false",
    }[spec.kind]
    message = f"its value is given as {named(key)}, and {spec.label} is {wanted}"
    return _fault("wrong-type", message, "a value of another kind is not translated")


def _checked(spec: FieldSpec, value: object, recorded: str) -> Found:
    kept = check(spec, value)
    if isinstance(kept, Problem):
        code: ProblemCode = "out-of-range" if kept.code == "out-of-range" else "wrong-type"
        return _fault(code, kept.message.partition(": ")[2] or kept.message, kept.hint, recorded)
    return Found(kept, recorded=recorded)


# --- codes --------------------------------------------------------------------------------------


def _member(source: Source, key: str, given: object) -> Found:
    spec = source.spec
    if key == "valueCoding" and type(given) is dict:
        # One code, as nearly all answers are; whatever is odd about it is looked at below.
        system, code = given.get("system"), given.get("code")
        if isinstance(system, str) and isinstance(code, str):
            found = source.answers.get((system, code))
            if found is not None:
                return Found(found, recorded=found)
    if key == "valueBoolean" and isinstance(given, bool) and given in source.truths:
        return Found(source.truths[given], recorded=str(given).lower())
    if key == "valueCodeableConcept" and isinstance(given, Mapping):
        codes = list(codings(given))
    elif key == "valueCoding" and isinstance(given, Mapping):
        codes = list(codings({"coding": [given]}))
    else:
        return _wrong_type(spec, key)
    meant: dict[str, None] = {}
    for system, code in codes:
        if (member := source.answers.get((system, code))) is not None:
            meant[member] = None
    if len(meant) == 1:
        member = next(iter(meant))
        return Found(member, recorded=member)
    written = listed(code for _, code in codes) or "no code"
    if meant:
        message = f"its codes mean different things: {', '.join(sorted(meant))}"
        return _fault("unknown-answer", message, "record one answer", written)
    known = dict.fromkeys((*spec.members, *(code for _, code in source.answers)))
    hint = did_you_mean(codes[0][1], known) if codes else "a text alone is not read"
    hint = hint or f"coded answers to it are {', '.join(known)}; map others in fhir.yaml"
    return _fault("unknown-answer", f"{written} is no answer that is known here", hint, written)


# --- numbers ------------------------------------------------------------------------------------


def _number(
    spec: FieldSpec, source: Source, key: str, given: object, *, bare_numbers: bool
) -> Found:
    if spec.kind not in (FieldKind.INTEGER, FieldKind.DECIMAL):
        return _wrong_type(spec, key)
    if key == "valueQuantity":
        return _quantity(spec, source, given)
    number = _plain(given)
    if number is None:
        return _fault("wrong-type", f"{shown(given)} is no number")
    if bare_numbers or (source.local and spec.unit is not None and is_number(spec.unit)):
        return _checked(spec, _whole(spec, number), shown(number))
    message = f"{shown(number)} has no unit"
    return _fault("unit-not-coded", message, f"give a Quantity in {spec.unit or '1'} (UCUM)")


def _quantity(spec: FieldSpec, source: Source, given: object) -> Found:
    if not isinstance(given, Mapping):
        return _fault("malformed", "its quantity is not an object")
    number = _plain(given.get("value"))
    unit, code = spec.unit or "1", text(given, "code")
    written = text(given, "unit") or code
    if number is None:
        if (absent := _absent_reason(given)) is not None:
            return absent
        return _fault("no-value", "its quantity has no number")
    recorded = f"{shown(number)} {named(written)}".rstrip()
    if "comparator" in given:
        comparator = shown(given["comparator"]).strip("'")
        message = f"{comparator} {recorded} is not an exact value"
        return _fault("comparator", message, "measure it again", f"{comparator} {recorded}")
    if text(given, "system") != UCUM or not code:
        message = f"the unit of {recorded} is not coded in UCUM"
        hint = f"system {UCUM} and code, such as {', '.join(spec.units) or '1'}"
        return _fault("unit-not-coded", message, hint, recorded)
    if source.units and code not in source.units:
        message = f"{recorded} is not in a unit of this measurement"
        hint = f"units that count are {', '.join(source.units)}"
        return _fault("unit", message, hint, recorded)
    if code == unit:
        return _checked(spec, _whole(spec, number), recorded)
    if code in spec.other_units:
        return _checked(spec, {"value": number, "unit": code}, recorded)
    return _convert(spec, number, code, unit, recorded)


def _convert(spec: FieldSpec, number: float, code: str, unit: str, recorded: str) -> Found:
    shown_unit = named(code[:LONGEST])
    try:
        change = conversion(code, unit)
    except MissingConverter as error:
        return _fault("unit", f"{shown_unit} cannot be converted to {unit}", str(error), recorded)
    if change is None:
        message = f"{shown_unit} does not convert to {unit}"
        hint = "another instrument or a wrong unit: check what was measured"
        return _fault("unit", message, hint, recorded)
    try:
        converted = change(number)
    except (OverflowError, ValueError):
        return _fault("out-of-range", f"{recorded} is out of range", "", recorded)
    return _checked(spec, _whole(spec, converted), recorded)


def _plain(given: object) -> int | float | None:
    """Return a number of JSON, however it was read; a truth is none."""
    if isinstance(given, bool):
        return None
    if isinstance(given, Decimal):
        return float(given)
    return given if isinstance(given, int | float) else None


def _whole(spec: FieldSpec, number: float) -> int | float:
    """Return 2 for 2.0 where the field holds whole numbers."""
    if spec.kind is FieldKind.INTEGER and isinstance(number, float) and number.is_integer():
        return int(number)
    return number


# --- dates and reasons --------------------------------------------------------------------------


def _day(spec: FieldSpec, given: object) -> Found:
    when = parse(given) if isinstance(given, str) else None
    if when is None:
        return _fault("wrong-type", f"{shown(given)} is no date of FHIR", "write YYYY-MM-DD")
    if when.day is None:
        message = f"{shown(given)} names no day"
        return _fault("imprecise-date", message, "record the day", shown(given))
    return Found(when.day, recorded=when.day.isoformat())


def _absent_reason(holder: Body) -> Found | None:
    """Return the reason for which an element has no value, by element or extension, or None."""
    if "dataAbsentReason" in holder:
        concept = element(holder, "dataAbsentReason")
        return _reason([code for system, code in codings(concept) if system == ABSENT])
    places = [holder, *(element(holder, key) for key in holder if str(key).startswith("_value"))]
    stated = [
        text(extension, "valueCode")
        for place in places
        for extension in elements(place, "extension")
        if text(extension, "url") == ABSENT_EXTENSION
    ]
    return _reason(stated) if stated else None


def _reason(codes: list[str]) -> Found:
    known = {code for code in codes if code in _REASONS}
    if len(known) == 1:
        (code,) = known
        return Found(reason=_REASONS[code], recorded=code)
    written = listed(codes) or "without a code"
    message = f"its reason for being absent is {written}"
    hint = f"reasons that are kept are {', '.join(_REASONS)}"
    return _fault("absent-reason", message, hint, written)


__all__ = ["ABSENT", "ABSENT_EXTENSION", "Fault", "Found", "read_value"]
