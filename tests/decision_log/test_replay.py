"""Past decisions come out the same; where they do not, it is said what differs and why."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import guidestep
from guidestep.cli.new import skeleton
from guidestep.decision_log import Decision, DecisionLog
from guidestep.decision_log.replay import Difference, Replay
from guidestep.guideline import Guideline
from guidestep.recommendation import Recommendation
from tests.decision_log.conftest import NOON, at

PATIENT = {
    "encounter": {"care_stage": "intake", "assessment_date": "2026-01-15"},
    "scope": {"acute_spasm_status": "resolved"},
    "neurologic": {
        "gait_instability": "absent",
        "mri_status": "not_done",
        "red_flag_adjudication": "none",
    },
    "measures": {"baseline_pain_vas_mm": 40},
    "program": {
        "mobility_step": "not_started",
        "neuromuscular_step": "not_started",
        "resistance_step": "withheld",
        "requested_action": "none",
    },
}


@pytest.fixture
def other(tmp_path: Path) -> Callable[[str, str, str], Guideline]:
    """The small guideline with a text of one file changed."""

    def changed(file: str, old: str, new: str) -> Guideline:
        folder = Path(shutil.copytree(str(skeleton()), tmp_path / "other"))
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), encoding="utf-8")
        return guidestep.load(folder)

    return changed


def replayed(log: DecisionLog, guideline: Guideline) -> tuple[Replay, list[Difference]]:
    replay = Replay(log, lambda id_: guideline if id_ == guideline.id else None)
    return replay, list(replay.differences())


def test_the_same_comes_out(log: DecisionLog, answers: list[Recommendation]) -> None:
    for index, answer in enumerate(answers):
        log.append(Decision.of(answer, when=at(index)))
    replay, differences = replayed(log, guidestep.load("cervical-spasm-opll"))
    assert differences == []
    assert replay.tally.to_dict() == {
        "decisions": len(answers),
        "same": len(answers),
        "different": 0,
        "alarming": 0,
        "another_version": 0,
        "without_input": 0,
        "not_replayed": 0,
    }


def test_parameters_profile_and_engine_are_those_of_then(
    log: DecisionLog, answers: list[Recommendation]
) -> None:
    guideline = guidestep.load("cervical-spasm-opll")
    set_ = guideline.configure(reassessment_overdue_weeks=2)
    evidence = answers[0].evidence
    assert evidence is not None
    for answer in (
        set_.recommend(evidence.assessment, profile="strict"),
        guideline.recommend(evidence.assessment, engine="compiled"),
    ):
        log.append(Decision.of(answer, when=NOON))
    replay, differences = replayed(log, guideline)
    assert (differences, replay.tally.same) == ([], 2)


def test_what_cannot_be_replayed_is_counted(sqlite: str, answers: list[Recommendation]) -> None:
    with DecisionLog.open(sqlite) as log:  # keeps no input
        log.append(Decision.of(answers[0], when=NOON))
    with DecisionLog.open(sqlite, keep_input=True) as log:
        log.append(Decision.of(Recommendation.from_json(answers[0].to_json()), when=NOON))
        log.append(dataclasses.replace(Decision.of(answers[0], when=NOON), guideline="another"))
        replay, differences = replayed(log, guidestep.load("cervical-spasm-opll"))
    assert differences == []
    tally = replay.tally
    assert (tally.decisions, tally.without_input, tally.not_replayed) == (3, 2, 1)


def test_another_version_with_another_answer(
    log: DecisionLog, other: Callable[[str, str, str], Guideline]
) -> None:
    small = guidestep.load(Path(str(skeleton())))
    answer = small.recommend(PATIENT)
    log.append(Decision.of(answer, when=NOON))
    later = other("guideline.yaml", "0.1.0", "0.2.0")
    replay, differences = replayed(log, later)
    assert (differences, replay.tally.another_version, replay.tally.same) == ([], 1, 1)


def test_another_answer(log: DecisionLog, other: Callable[[str, str, str], Guideline]) -> None:
    small = guidestep.load(Path(str(skeleton())))
    log.append(Decision.of(small.recommend(PATIENT), when=NOON))
    later = other(
        "red_flags.yaml",
        "neurologic.gait_instability is present",
        "neurologic.gait_instability is absent",
    )
    (difference,) = replayed(log, later)[1]
    assert (difference.cause, difference.alarming, difference.sequence) == (
        "another version",
        False,
        1,
    )
    parts = {part.name: (part.then, part.now) for part in difference.parts}
    assert parts["outcome"] == ("recommend", "urgent_referral")
    assert parts["steps"] == (["mobility: start stretching"], [])


def test_the_same_guideline_with_another_answer_is_alarming(
    log: DecisionLog, answers: list[Recommendation]
) -> None:
    decision = Decision.of(answers[0], when=NOON)
    log.append(dataclasses.replace(decision, outcome="surveillance"))
    replay, (difference,) = replayed(log, guidestep.load("cervical-spasm-opll"))
    assert difference.alarming
    assert replay.tally.alarming == 1
    assert [str(part) for part in difference.parts] == [
        f"outcome: surveillance -> {decision.outcome}"
    ]


def test_a_kept_input_that_is_not_the_one_that_was_asked(
    log: DecisionLog, answers: list[Recommendation]
) -> None:
    decision = Decision.of(answers[0], when=NOON)
    log.append(dataclasses.replace(decision, input_digest="0" * 64))
    (difference,) = replayed(log, guidestep.load("cervical-spasm-opll"))[1]
    assert [part.name for part in difference.parts] == ["input digest"]


def test_what_the_guideline_refuses_now(log: DecisionLog, answers: list[Recommendation]) -> None:
    decision = Decision.of(answers[0], when=NOON)
    log.append(dataclasses.replace(decision, profile="gone"))
    log.append(dataclasses.replace(Decision.of(answers[0], when=NOON), parameters={"gone": 1.0}))
    differences = replayed(log, guidestep.load("cervical-spasm-opll"))[1]
    assert [str(d.parts[0]) for d in differences] == ["answer: given -> refused: SettingError"] * 2
