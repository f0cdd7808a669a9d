"""What several fields say together: dates in order, derived values, reasons for what is missing.

Only what cannot be true of any patient is a problem here. Entries that contradict each other
clinically are kept as entered: a guideline reports them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeAlias

from guidestep.assessment.absent import DataAbsentReason
from guidestep.assessment.derived import Derivation, Value
from guidestep.assessment.errors import Problem, named, shown
from guidestep.assessment.fields import TODAY, FieldSpec
from guidestep.assessment.values import check
from guidestep.spelling import did_you_mean

Lookup: TypeAlias = Callable[[str], Value]
"""The value at a path."""


def late_dates(
    specs: Iterable[FieldSpec], value: Lookup, today: date | None = None
) -> Iterator[Problem]:
    """Yield a problem for each date that follows the date it may not follow."""
    for spec in specs:
        if spec.not_after is None:
            continue
        limit = today if spec.not_after == TODAY else value(spec.not_after)
        given = value(spec.path)
        if isinstance(given, date) and isinstance(limit, date) and given > limit:
            message = f"{spec.label}: got {given}, which is after {spec.not_after} ({limit})"
            yield Problem(spec.path, message, "check both dates", "date-order")


def derived_values(
    specs: Iterable[FieldSpec], value: Lookup, reasons: Mapping[str, object]
) -> Iterator[tuple[FieldSpec, Value | Problem]]:
    """Yield the value of each derived field that was not entered and can be computed.

    A field with a recorded reason is left as its recorder left it: unknown.
    """
    for spec in specs:
        if spec.derived is None or value(spec.path) is not None or spec.path in reasons:
            continue
        derived = derive(spec, spec.derived, [value(path) for path in spec.derived.inputs])
        if derived is not None:
            yield spec, derived


def derive(spec: FieldSpec, derivation: Derivation, inputs: Sequence[Value]) -> Value | Problem:
    """Return what a field is derived to be, or the problem with it; None is *cannot be derived*."""
    if None in inputs:
        return None
    computed = derivation.compute(*inputs)
    kept = check(spec, computed) if computed is not None else None
    if isinstance(kept, Problem):
        hint = f"it follows from {' and '.join(derivation.inputs)}: check them"
        return Problem(spec.path, kept.message, hint, kept.code)
    return kept


def misplaced_reasons(
    specs: Mapping[str, FieldSpec], value: Lookup, reasons: Mapping[str, object]
) -> Iterator[Problem]:
    """Yield a problem for each reason that belongs to no field, or to one that has a value."""
    for path, reason in reasons.items():
        spec = specs.get(path)
        if spec is None:
            message = f"data_absent_reasons: there is no field {named(path)}"
            yield Problem(named(path), message, did_you_mean(path, specs), "absent-reason")
        elif (given := value(path)) is not None:
            word = reason.value if isinstance(reason, DataAbsentReason) else shown(reason)
            message = (
                f"{spec.label}: got {shown(given)} and the data-absent reason {word}, "
                "allowed is one of the two"
            )
            yield Problem(path, message, "remove the reason, or the value", "absent-reason")
