"""Robustness: every boundary is where the engines change their answer, and none is nearer."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from guidestep import Guideline, Recommendation
from guidestep.assessment import FieldKind, FieldSpec
from guidestep.explain.robustness import Boundary, _Search, closeness
from guidestep.language.program import Value

EXAMPLES = sorted(Path("docs/examples").glob("*.yaml"))


def visit(name: str, **changes: object) -> dict[str, Any]:
    data: dict[str, Any] = yaml.safe_load(Path("docs/examples", f"{name}.yaml").read_text())
    for path, value in changes.items():
        section, _, field = path.partition("__")
        data[section][field] = value
    return data


def grid(spec: FieldSpec, given: Any, sign: int) -> Iterator[Value]:
    """Yield the values on one side of a given one, the nearest first; decimals by tenths."""
    if spec.kind is FieldKind.DATE:
        yield from (given + timedelta(days=sign * away) for away in range(1, 400))
        return
    assert spec.minimum is not None
    assert spec.maximum is not None
    parts = 10 if spec.kind is FieldKind.DECIMAL else 1
    first = math.floor(given * parts) + 1 if sign > 0 else math.ceil(given * parts) - 1
    last = int((spec.maximum if sign > 0 else spec.minimum) * parts)
    for number in range(first, last + sign, sign):
        yield number / parts if parts > 1 else number


def scanned(search: _Search, path: str, sign: int) -> Value:
    """Return the first value of the grid with another answer, as the compiled engine says."""
    spec, given = search.variants.specs[path], search.evidence.inputs[path]
    latest = search.evidence.inputs["encounter.assessment_date"]
    start = search.evidence.inputs["encounter.program_start_date"]
    for value in grid(spec, given, sign):
        if isinstance(value, date):
            assert isinstance(latest, date)
            if path != "encounter.assessment_date" and value > latest:
                return None
            if path == "encounter.assessment_date" and isinstance(start, date) and value < start:
                return None
        if search.answer(search.variants.seen({path: value}).verdicts) != search.now:
            return value
    return None


def shown(value: Value) -> object:
    return value.isoformat() if isinstance(value, date) else value


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_boundaries_are_those_of_a_scan(cervical: Guideline, example: Path) -> None:
    answer = cervical.recommend(yaml.safe_load(example.read_text()))
    found = answer.robustness(seconds=60)
    assert not found.not_settled
    assert answer.evidence is not None
    search = _Search(answer.evidence, 60)
    by_side: dict[tuple[str, str], Boundary] = {(b.path, b.direction): b for b in found}
    for path in search.paths:
        for sign, direction in ((-1, "down"), (1, "up")):
            first = scanned(search, path, sign)
            boundary = by_side.get((path, direction))
            if first is None:
                assert boundary is None or isinstance(boundary.at, str), boundary
            else:
                assert boundary is not None, (path, direction, first)
                _same(search.variants.specs[path], boundary, first, sign)


def _same(spec: FieldSpec, boundary: Boundary, first: Value, sign: int) -> None:
    if boundary.inclusive:
        assert boundary.at == shown(first)
    else:
        assert isinstance(boundary.at, float)
        assert isinstance(first, float)
        assert first == pytest.approx(boundary.at + sign * 0.1)


def test_a_range_changes_just_beyond_its_ends(cervical: Guideline) -> None:
    found = cervical.recommend(visit("progress-to-moderate-load")).robustness()
    exertion = [b for b in found if b.path == "program.rpe_value"]
    assert [(b.direction, b.at, b.inclusive, b.distance) for b in exertion] == [
        ("down", 12.0, False, 1.0),
        ("up", 14.0, False, 1.0),
    ]
    assert exertion[0].rules[0].rule == "low-load-to-moderate-load"
    assert "changes just above 14" in str(found)
    repetitions = next(b for b in found if b.path == "program.reps_completed")
    assert (repetitions.at, repetitions.inclusive) == (14, True)


def test_dates_move_by_days_and_what_derives_follows(cervical: Guideline) -> None:
    found = cervical.recommend(visit("worse-at-six-weeks")).robustness()
    assert {(b.path, b.at) for b in found if isinstance(b.at, str)} == {
        ("encounter.assessment_date", "2026-04-12"),
        ("encounter.program_start_date", "2026-03-03"),
    }
    assert not [b for b in found if b.path == "program.weeks_since_program_start"]


def test_what_lies_within_the_measurement_error_is_marked(cervical: Guideline) -> None:
    near = cervical.recommend(visit("eligible-intake", neurologic__mjoa_total=15)).robustness()
    score = next(b for b in near if b.path == "neurologic.mjoa_total" and b.direction == "down")
    assert (score.at, score.error, score.within_error) == (14, 1.21, True)
    assert score.errors == pytest.approx(1 / 1.21)
    assert "within the error" in str(score)
    far = cervical.recommend(visit("eligible-intake")).robustness()
    assert not any(b.within_error for b in far)


def test_the_closest_comes_first(cervical: Guideline) -> None:
    found = cervical.recommend(visit("progress-to-moderate-load")).robustness()
    keys = [closeness(b) for b in found]
    assert keys == sorted(keys)
    data = visit("eligible-intake", neurologic__mjoa_total=15)
    assert next(iter(cervical.recommend(data).robustness())).within_error


def test_the_unknown_has_no_boundary(cervical: Guideline) -> None:
    answer: Recommendation = cervical.recommend(visit("eligible-intake", scope__age_years=None))
    assert not [b for b in answer.robustness() if b.path == "scope.age_years"]


def test_json_names_every_boundary(cervical: Guideline) -> None:
    found = cervical.recommend(visit("eligible-intake")).robustness()
    data = json.loads(found.to_json())
    assert [each["path"] for each in data["boundaries"]] == [b.path for b in found]


def test_a_time_limit_leaves_inputs_open(cervical: Guideline) -> None:
    found = cervical.recommend(visit("eligible-intake")).robustness(seconds=0)
    assert not found.boundaries
    assert "scope.age_years" in found.not_settled
