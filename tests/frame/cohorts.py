"""Patients for cohorts, and what a recommendation to each says, as the columns of an answer."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import guidestep
from guidestep import Assessment, AssessmentError, Guideline, Recommendation
from guidestep.assessment import DataAbsentReason, FieldKind, FieldSpec
from guidestep.assessment.reading import REASONS
from guidestep.cases import read_cases
from guidestep.frame.recommend import prepared

FOLDER = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
BITS = 48
Row = dict[str, Any]


@cache
def shipped() -> Guideline:
    return guidestep.load(FOLDER)


def mutated(count: int, seed: int = 1) -> list[Assessment]:
    """Return assessments like those of the guideline's cases, with a few or many fields changed."""
    model, source = shipped().model, random.Random(seed)
    cases = [case.assessment for case in read_cases(FOLDER)]
    return _readable(count, model, lambda: _mutant(source, cases, model))


def at_random(model: type[Assessment], count: int, seed: int = 1) -> list[Assessment]:
    """Return assessments of any model, each field drawn by itself."""
    source = random.Random(seed)
    return _readable(count, model, lambda: _drawn(source, model))


def _readable(count: int, model: type[Assessment], draw: Any) -> list[Assessment]:
    found: list[Assessment] = []
    while len(found) < count:
        try:
            found.append(model.read(draw()))
        except AssessmentError:  # what nobody could have entered
            continue
    return found


def _mutant(source: random.Random, cases: Sequence[Any], model: type[Assessment]) -> Row:
    rate = source.choice((0.0, 0.05, 0.15, 0.4))
    case, other = source.choice(cases), source.choice(cases)
    values = {f"{s}.{n}": v for s, part in case.items() if s != REASONS for n, v in part.items()}
    for path, spec in model.fields().items():
        if source.random() < rate and not spec.required:
            values.pop(path, None)
        elif source.random() < rate and not (spec.required and source.random() < 0.8):
            theirs = other.get(spec.section, {}).get(spec.name)
            known = theirs is not None and source.random() < 0.7
            values[path] = theirs if known else _value(source, spec)
    return _with_reasons(source, values, model, 0.2)


def _drawn(source: random.Random, model: type[Assessment]) -> Row:
    missing = source.choice((0.0, 0.1, 0.3, 0.6))
    values = {
        path: _value(source, spec)
        for path, spec in model.fields().items()
        if spec.required or source.random() >= missing
    }
    return _with_reasons(source, values, model, 0.1)


def _with_reasons(source: random.Random, values: Row, model: type[Assessment], share: float) -> Row:
    absent = [path for path in model.fields() if path not in values]
    if absent and source.random() < share:
        paths = source.sample(absent, min(2, len(absent)))
        reasons = {path: source.choice([r.value for r in DataAbsentReason]) for path in paths}
        return {**values, REASONS: reasons}
    return values


def _value(source: random.Random, spec: FieldSpec) -> object:
    match spec.kind:
        case FieldKind.ENUMERATION:
            return source.choice(spec.members)
        case FieldKind.BOOLEAN:
            return source.random() < 0.5
        case FieldKind.DATE:
            return date(2026, 3, 1) - timedelta(days=source.randrange(-3, 120))
        case FieldKind.TEXT:
            return source.choice(("", "weak grip", "a 'quoted' text"))
        case _:
            low, high = int(spec.minimum or 0), int(spec.maximum or 0)
            whole = source.choice((low, high, source.randint(low, high)))
            if spec.kind is FieldKind.INTEGER:
                return whole
            return min(float(high), whole + source.choice((0.0, 0.5, 0.1)))


# --- what is expected -----------------------------------------------------------------------------


def expected(guideline: Guideline, given: Recommendation, profile: str | None) -> Row:
    """Return what the columns ought to be, as a recommendation has it, and its reasons."""
    said: Row = {
        "outcome": given.outcome.value,
        "basis": given.basis.value,
        "missing_count": len(given.missing),
        "not_evaluable_count": len(given.not_evaluable),
        "missing": "; ".join(item.path for item in given.missing),
        "reasons": {reason.rule for reason in given.reasons},
    }
    for track in guideline.base.tracks:
        steps = [step for step in given.steps if step.track == track]
        assert len(steps) < 2
        said[f"{track}_step"] = steps[0].id if steps else None
        said[f"{track}_action"] = steps[0].action.value if steps else None
    assert given.evidence is not None
    for id_ in (*guideline.base.rules, *(p.id for p in guideline.base.progressions)):
        if id_ in given.evidence.verdicts:
            said[f"rule.{id_}"] = given.evidence.verdicts[id_]
    return said


def expectations(
    guideline: Guideline, patients: Iterable[Any], profile: str | None = None
) -> list[Row]:
    return [
        expected(
            guideline, guideline.recommend(patient, profile=profile, engine="compiled"), profile
        )
        for patient in patients
    ]


def differences(
    guideline: Guideline,
    profile: str | None,
    rows: Sequence[Mapping[str, Any]],
    wanted: Sequence[Row],
    prefix: str = "",
) -> list[str]:
    """Return what the answers of a frame say otherwise than recommendations; at most ten."""
    order = list(prepared(guideline, profile).report.reasons)
    found: list[str] = []
    for number, (row, right) in enumerate(zip(rows, wanted, strict=True)):
        got = {name.removeprefix(prefix): value for name, value in row.items()}
        reasons = [id_ for at, id_ in enumerate(order) if _bit(got, at)]
        decoded = {"reasons": set(reasons), "deciding_rule": reasons[0] if reasons else None}
        ought = {**right, "deciding_rule": next((i for i in order if i in right["reasons"]), None)}
        assert got["deciding_rule"] == decoded["deciding_rule"], (number, reasons)
        for name, value in ought.items():
            optional = name == "missing" or name.startswith("rule.")
            if optional and name not in got:
                continue
            seen = decoded.get(name, got.get(name, "no such column"))
            if type(seen) is not type(value) or seen != value:
                found.append(f"row {number}, {name}: expected {value!r}, got {seen!r}")
    return found[:10]


def _bit(row: Mapping[str, Any], at: int) -> bool:
    return bool(int(row[f"deciding_rules_{at // BITS}"]) >> (at % BITS) & 1)
