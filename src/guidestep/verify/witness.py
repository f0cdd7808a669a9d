"""From a model of the solver to a patient: as little known and as ordinary as can be, and replayed.

A witness is shown only after both engines found for the whole assessment what the solver found.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

import z3

from guidestep.assessment import AssessmentError, FieldKind, FieldSpec
from guidestep.language.program import Value, Verdict
from guidestep.verify.encoding import Truth
from guidestep.verify.patient import Patient
from guidestep.verify.solve import Search
from guidestep.verify.symbols import Choice, Quantity, equals, read
from guidestep.verify.terms import Bool, asserted, conj, constant, neg, rational
from guidestep.verify.wellformed import absent_reason

HARMLESS = frozenset({"none", "absent", "negative", "no", "normal", "not_applicable", "resolved"})
"""Members of enumerations that a reader passes over."""

ORDINARY_DAY = date(2026, 3, 2)
STEPS = (Fraction(10), Fraction(5), Fraction(1), Fraction(1, 2), Fraction(1, 10), Fraction(1, 100))
"""How round a number may be, the roundest first."""


@dataclass(frozen=True, slots=True)
class Replay:
    """What both engines say to a witness, and of which definitions the solver said otherwise."""

    verdicts: Mapping[str, Verdict]
    differing: tuple[str, ...]


def ordinary(search: Search, patients: Sequence[Patient]) -> None:
    """Make the patients of a search minimal: few known inputs, then ordinary values, then fixed.

    Afterwards the model of the search gives every patient the same values as before.
    """
    # Doubles are exact far more often than not, and then the engines say what the solver says.
    search.most(patients[0].subject.numbers.roundings)
    for patient in patients:
        search.most([neg(known) for known in patient.mask.values() if not isinstance(known, bool)])
    for patient in patients:
        derived = [path for path, spec in patient.subject.specs.items() if spec.derived is not None]
        search.most([z3.Not(absent_reason(path)) for path in derived])
    _together(search, patients)
    for patient in patients:
        for path, symbol in patient.values.symbols.items():
            if not _is_known(search, patient, path):
                continue
            if not any(search.met(wish) for wish in _wishes(search, patient, path)):
                assert search.model is not None
                whole = isinstance(symbol, Quantity) and symbol.value.is_int()
                search.met(equals(symbol, read(search.model, symbol, whole=whole)))


def assessment_of(patient: Patient, model: z3.ModelRef) -> dict[str, object]:
    """Return the assessment that a model describes, as sections of plain values.

    What the model of assessments requires and no rule reads has some ordinary value.
    """
    specs = patient.subject.base.model.fields()
    data: dict[str, dict[str, Value]] = {}
    for path, spec in specs.items():
        value: Value = None
        if path in patient.mask:
            if z3.is_true(model.eval(asserted(patient.mask[path]), model_completion=True)):
                whole = spec.kind in (FieldKind.INTEGER, FieldKind.DATE)
                value = read(model, patient.values.symbols[path], whole=whole)
                if spec.kind is FieldKind.DATE and isinstance(value, int):
                    value = date.fromordinal(value)
        elif spec.required:
            value = _some(spec)
        if value is not None:
            data.setdefault(spec.section, {})[spec.name] = value
    return {**data, **_reasons(patient, model)}


def verdicts_of(patient: Patient, data: Mapping[str, object]) -> Mapping[str, Verdict] | None:
    """Return what both engines find for an assessment; `None` where the model refuses it.

    Raises:
        EngineDisagreement: The two engines differ.
    """
    subject = patient.subject
    try:
        assessment = subject.base.model.read(data)
    except AssessmentError:
        return None
    fields = subject.base.model.fields()
    program = subject.program
    inputs = tuple(assessment.value(i.path) if i.path in fields else None for i in program.inputs)
    names = (definition.name for definition in program.definitions)
    return dict(zip(names, subject.engines(inputs), strict=True))


def replay(patient: Patient, data: Mapping[str, object], model: z3.ModelRef) -> Replay | None:
    """Return what both engines say; `None` where the model of assessments refuses the data.

    Raises:
        EngineDisagreement: The two engines differ.
    """
    verdicts = verdicts_of(patient, data)
    if verdicts is None:
        return None
    differing = tuple(
        name
        for name in patient.encoding.encoded
        if not _agrees(model, patient.encoding.term(name), verdicts[name])
    )
    return Replay(verdicts, differing)


# --- ordinary values ------------------------------------------------------------------------------


def _together(search: Search, patients: Sequence[Patient]) -> None:
    """Leave an input of two patients alike, where it need not differ."""
    first, *others = patients
    for other in others:
        for path, symbol in first.values.symbols.items():
            if other.values.symbols[path] is not symbol:
                search.met(_alike(symbol, other.values.symbols[path]))


def _alike(one: object, other: object) -> Bool:
    match one, other:
        case Quantity(value=a), Quantity(value=b):
            return a == b
        case Choice(members=a), Choice(members=b):
            return conj(asserted(a[member]) == asserted(b[member]) for member in a)
        case _:
            return True


def _is_known(search: Search, patient: Patient, path: str) -> bool:
    assert search.model is not None
    return bool(z3.is_true(search.model.eval(asserted(patient.mask[path]), model_completion=True)))


def _wishes(search: Search, patient: Patient, path: str) -> Iterator[Bool]:
    """Yield ordinary values of an input, the most ordinary first."""
    symbol = patient.values.symbols[path]
    assert search.model is not None
    match symbol:
        case Choice(members=members):
            harmless = [member for member in members if member in HARMLESS]
            for member in dict.fromkeys((*harmless, *members)):
                yield members[member]
        case Quantity(value=term, low=low, high=high):
            now = read(search.model, symbol, whole=term.is_int())
            assert isinstance(now, int | float)
            spec = patient.subject.specs.get(path)
            if spec is not None and spec.kind is FieldKind.DATE:
                yield term == ORDINARY_DAY.toordinal()
                return
            for step in STEPS:
                if term.is_int() and step.denominator > 1:
                    return
                at = round(rational(now) / step) * step
                for near in (at, at + step, at - step):
                    if (low is None or near >= low) and (high is None or near <= high):
                        yield term == constant(near)
        case _:
            return


def _some(spec: FieldSpec) -> Value:
    match spec.kind:
        case FieldKind.ENUMERATION:
            harmless = [member for member in spec.members if member in HARMLESS]
            return (harmless or spec.members)[0]
        case FieldKind.DATE:
            return ORDINARY_DAY
        case FieldKind.BOOLEAN:
            return False
        case FieldKind.TEXT:
            return "text"
        case kind:
            number = spec.minimum if spec.minimum is not None else min(0, spec.maximum or 0)
            return int(number) if kind is FieldKind.INTEGER else float(number)


def _reasons(patient: Patient, model: z3.ModelRef) -> dict[str, object]:
    found = {
        path: "unable"
        for path, spec in patient.subject.specs.items()
        if spec.derived is not None
        and not z3.is_true(model.eval(asserted(patient.mask[path]), model_completion=True))
        and z3.is_true(model.eval(absent_reason(path), model_completion=True))
    }
    return {"data_absent_reasons": found} if found else {}


def _agrees(model: z3.ModelRef, term: object, verdict: Verdict) -> bool:
    """Return whether a model gives a condition the truth that the engines found."""
    if not isinstance(term, Truth):
        return True  # what a number comes to shows in the conditions on it
    true = z3.is_true(model.eval(asserted(term.true), model_completion=True))
    false = z3.is_true(model.eval(asserted(term.false), model_completion=True))
    return (true, false) == (verdict is True, verdict is False)
