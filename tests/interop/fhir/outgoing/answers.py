"""Answers to write as FHIR: those of all cases of the shipped guideline, and drawn ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import guidestep
from guidestep import Guideline, Recommendation
from guidestep.cases import read_cases
from guidestep.guideline import shipped_folder
from guidestep.interop.fhir import outgoing
from guidestep.interop.fhir.outgoing import Context

WHEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
ID = "cervical-spasm-opll"

Json = Any
"""Parsed JSON, of which tests know the shape."""


@cache
def guideline() -> Guideline:
    return guidestep.load(ID)


@cache
def context() -> Context:
    return Context(guideline(), "Patient/1", WHEN, encounter="Encounter/7")


@dataclass(frozen=True)
class Answered:
    """A case with its answer, and all that the answer becomes."""

    id: str
    recommendation: Recommendation
    bundle: Json


@cache
def answered() -> tuple[Answered, ...]:
    """All cases, each written once."""
    found = []
    for case in read_cases(shipped_folder() / ID):
        recommendation = guideline().recommend(case.assessment, profile=case.entry.profile)
        bundle = outgoing.recommendation_bundle(recommendation, context())
        found.append(Answered(case.id, recommendation, bundle))
    return tuple(found)


def resources(bundle: Json, kind: str | None = None) -> list[Json]:
    """The resources of a bundle, those of one type if it is named."""
    found = [entry["resource"] for entry in bundle["entry"]]
    return [one for one in found if kind in (None, one["resourceType"])]


def everything(value: object, way: str = "") -> Iterator[tuple[str, object]]:
    """All that a JSON value holds, with the way to it."""
    yield way, value
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from everything(part, f"{way}.{key}")
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from everything(part, f"{way}[{index}]")


REQUIRED: dict[str, dict[str, object]] = {
    "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
    "neurologic": {"red_flag_adjudication": "none"},
    "program": {
        "mobility_step": "not_started",
        "neuromuscular_step": "not_started",
        "resistance_step": "withheld",
        "requested_action": "none",
    },
}
"""The fields without which the cervical assessment cannot be read."""


def recommend(**fields: object) -> Recommendation:
    """The answer to the required fields and some more, written `section__field=value`."""
    data = {section: dict(content) for section, content in REQUIRED.items()}
    for key, value in fields.items():
        section, _, name = key.partition("__")
        data.setdefault(section, {})[name] = value
    return guideline().recommend(data)
