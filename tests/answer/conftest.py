"""The small guideline, loaded once, and its usual patient."""

from collections.abc import Callable
from pathlib import Path

import pytest

import guidestep
from guidestep import Recommendation
from tests.answer.model import KneeAssessment

USUAL: dict[str, object] = {
    "visit.stage": "intake",
    "visit.on": "2026-03-01",
    "knee.locked": "absent",
    "knee.swollen": "absent",
    "knee.fever": "absent",
    "knee.scan": "done",
    "knee.tear": "absent",
    "knee.rash": "absent",
    "knee.scale": "set",
    "knee.flexion": 75,
    "knee.age": 40,
    "programme.bend": "none",
}

Ask = Callable[..., Recommendation]


@pytest.fixture(scope="session")
def knee() -> guidestep.Guideline:
    return guidestep.load(Path(__file__).parent / "guideline", model=KneeAssessment)


@pytest.fixture(scope="session")
def ask(knee: guidestep.Guideline) -> Ask:
    """Ask about the usual patient with some fields changed (`__` for the dot), None to unset."""

    def answer(profile: str | None = None, **changes: object) -> Recommendation:
        patient = {**USUAL, **{key.replace("__", "."): value for key, value in changes.items()}}
        known = {path: value for path, value in patient.items() if value is not None}
        return knee.recommend(known, profile=profile)

    return answer
