"""What is made once for all cards: it mixes nothing, changes with nobody, and knows no patient."""

from __future__ import annotations

import functools
import gc
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from types import FunctionType
from typing import Any

import guidestep
from guidestep.guideline import Guideline
from guidestep.interop.cds_hooks import respond
from guidestep.interop.fhir import outgoing
from tests.interop.cds_hooks.standins import (
    EXAMPLES,
    NO_DATA,
    ON,
    Origin,
    Trouble,
    call,
    cervical,
    example,
    order,
    served,
)

RULES = Path(__file__).parents[3] / "rules" / "cervical-spasm-opll"
WHEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
NAMES = sorted(path.stem for path in EXAMPLES.glob("*.yaml"))


def answer(data: Mapping[str, object], guideline: Guideline | None = None, **more: Any) -> Any:
    """Return the body of an answer, with ids that are counted."""
    numbers = count()
    given = served(data, guideline=guideline or cervical(), **more)
    drafts = [order("N1"), order("R2", "r-2")]
    new_id = lambda: f"id-{next(numbers)}"  # noqa: E731
    return respond(call(orders=drafts), given, NO_DATA, ON, when=WHEN, new_id=new_id).body


def altered(folder: Path) -> Guideline:
    """Return the guideline with the same ids, and other words and numbers behind them."""
    shutil.copytree(RULES, folder, ignore=shutil.ignore_patterns("cases"))
    for name, old, new in (
        ("citations.yaml", "title: Guideline Directed Topic Overview", "title: Another Overview"),
        ("citations.yaml", "the publisher's own overview", "an overview of nobody"),
        ("steps.yaml", "low: 10", "low: 10.0"),
        ("guideline.yaml", "status: pending_human_review", "status: reviewed"),
    ):
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, (name, old)
        path.write_text(text.replace(old, new), encoding="utf-8")
    return guidestep.load(folder)


def test_guidelines_with_the_same_ids_are_not_mixed(tmp_path: Path) -> None:
    first, second = cervical(), altered(tmp_path / "cervical-spasm-opll")
    data = example("eligible-intake")
    for _ in range(2):
        one, other = (json.dumps(answer(data, guideline)) for guideline in (first, second))
        assert "Guideline Directed Topic Overview" in one
        assert "Another Overview" not in one
        assert "Another Overview" in other
        assert "Guideline Directed Topic Overview" not in other
        assert "an overview of nobody" in other
        assert '{"value": 10, ' in one
        assert '{"value": 10.0, ' in other
        assert "PENDING HUMAN REVIEW" not in other


def test_parameters_and_profiles_are_not_mixed() -> None:
    parameters = cervical().base.entry.parameters
    lowest = cervical().configure(**{each.id: each.minimum for each in parameters})
    highest = cervical().configure(**{each.id: each.maximum for each in parameters})
    # Told by guidelines of which each has answered nothing before.
    alone = {}
    for name in NAMES:
        for guideline in (lowest, highest):
            fresh = guidestep.load(RULES).configure(**guideline.parameters)
            alone[name, guideline] = answer(example(name), fresh)
    for name in NAMES:
        assert alone[name, lowest] != alone[name, highest]
        for guideline in (lowest, highest, lowest):
            assert answer(example(name), guideline) == alone[name, guideline]


def _spoil(part: Any) -> None:
    """Change all that can be changed in a JSON value."""
    if isinstance(part, dict):
        for value in part.values():
            _spoil(value)
        part.clear()
        part["spoilt"] = True
    elif isinstance(part, list):
        for value in part:
            _spoil(value)
        part.append("spoilt")


def test_an_answer_may_be_changed_and_no_other_changes() -> None:
    for name in ("eligible-intake", "progress-to-moderate-load", "red-flag-mid-programme"):
        first = answer(example(name))
        text = json.dumps(first)
        _spoil(first)
        assert json.dumps(answer(example(name))) == text
        context = outgoing.Context(cervical(), "Patient/1", WHEN)
        recommendation = cervical().recommend(example(name))
        requests: Any = outgoing.service_requests(recommendation, context)
        text = json.dumps(requests)
        assert len(requests) > 0
        _spoil(requests)
        assert json.dumps(outgoing.service_requests(recommendation, context)) == text


def _remembered() -> Iterator[object]:
    """Yield what the functions of the package that remember something hold."""
    for found in gc.get_objects():
        if not str(getattr(found, "__module__", "")).startswith("guidestep."):
            continue
        if isinstance(found, functools._lru_cache_wrapper):
            yield from gc.get_referents(found)
        elif isinstance(found, FunctionType) and hasattr(found, "__wrapped__"):
            yield from (cell.cell_contents for cell in found.__closure__ or ())


def test_nothing_of_a_patient_is_remembered() -> None:
    mark = "Mustermann"
    path = "scope.spasm_status"
    troubles = [Trouble(path, f"{mark} said so", f"Observation/{mark}-1", f"ask {mark}")]
    for name in NAMES:
        data = example(name)
        origins = {path: Origin(f"Observation/{mark}-{at}", ON) for at, path in enumerate(data)}
        body = answer(data, problems=troubles, provenance=origins)
        assert mark in json.dumps(body)
    held = [repr(part) for part in _remembered() if isinstance(part, dict)]
    assert any("Guideline Directed Topic Overview" in text for text in held)
    assert not [text for text in held if mark in text]
