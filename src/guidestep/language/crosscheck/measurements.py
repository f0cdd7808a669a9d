"""Errors of measurement: each is a positive number, in the unit of a field that is a number."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.assessment import FieldKind
from guidestep.language.crosscheck.whole import Whole
from guidestep.language.diagnostics import Diagnostic
from guidestep.spelling import field_hint


def measurements(whole: Whole) -> Iterator[Diagnostic]:
    """Yield errors of measurement that are not above 0, or do not fit the field they are of."""
    fields = whole.base.model.fields()
    for measurement in whole.base.measurements:
        entry = measurement.entry
        spec = fields.get(entry.field)
        place = whole.span(entry.id, "field")
        if spec is None:
            message = f"'{entry.field}' is not a field of the assessment"
            yield Diagnostic("unknown-field", place, message, field_hint(entry.field, fields))
        elif spec.kind not in (FieldKind.INTEGER, FieldKind.DECIMAL):
            message = f"'{entry.field}' is no number, and only a number is measured"
            yield Diagnostic("bad-measurement", place, message, "name a number field")
        elif spec.unit != entry.unit:
            written = "unit" if entry.unit is not None else "error"
            message = f"the error is in '{entry.unit}', the field in '{spec.unit}'"
            hint = f"write 'unit: \"{spec.unit}\"' and convert the error"
            if entry.unit is None:
                message = f"the field is in '{spec.unit}', and the error has no unit"
                hint = f"write 'unit: \"{spec.unit}\"' if the error is in it"
            elif spec.unit is None:
                message = f"the error is in '{entry.unit}', and the field has no unit"
                hint = "leave out the unit, and convert the error"
            yield Diagnostic("unit-mismatch", whole.span(entry.id, written), message, hint)
        if entry.error <= 0:
            yield Diagnostic(
                "bad-measurement",
                whole.span(entry.id, "error"),
                f"an error of {entry.error:g} would mean that measuring is exact",
                "write the error as printed, a number above 0",
            )
