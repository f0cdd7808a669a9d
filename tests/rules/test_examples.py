"""The assessments under `docs/examples` get the answers that their first lines promise."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import guidestep

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "examples"
GUIDELINE = guidestep.load(ROOT / "rules" / "cervical-spasm-opll")

ANSWERS = {
    "eligible-intake": ("recommend", "start M1, start N1, withhold R0"),
    "missing-hoffmann": ("assess_first", ""),
    "new-deficit-in-week-two": ("assess_first", ""),
    "no-mri": ("recommend", "start M1, start N1, start R1"),
    "out-of-scope": ("not_eligible", ""),
    "post-programme": ("surveillance", ""),
    "progress-to-moderate-load": ("recommend", "progress M2, continue N1, progress R2"),
    "red-flag-mid-programme": ("urgent_referral", ""),
    "spasm-came-back": ("recommend", "continue M1, continue N1, withhold R0"),
    "thrust-asked-for": ("recommend", "continue M1, continue N1, continue R1"),
    "unanswered-safety-pack": ("recommend", "start M1, start N1, withhold R0"),
    "worse-at-six-weeks": ("referral", ""),
}


def test_every_example_is_listed() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.yaml")} == set(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_an_example_gets_its_answer(name: str) -> None:
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    assert text.startswith("# "), "the first line says what the example shows"
    answer = GUIDELINE.recommend(yaml.safe_load(text))
    steps = ", ".join(f"{step.action} {step.id}" for step in answer.steps)
    assert (answer.outcome.value, steps) == ANSWERS[name]
    assert not answer.conflicts


def test_the_example_without_mri_lists_what_could_not_be_judged() -> None:
    text = (EXAMPLES / "no-mri.yaml").read_text(encoding="utf-8")
    answer = GUIDELINE.recommend(yaml.safe_load(text))
    assert "cord-compression-with-myelomalacia" in {item.rule for item in answer.not_evaluable}
    strict = GUIDELINE.recommend(yaml.safe_load(text), profile="strict")
    assert strict.outcome.value == "assess_first"
