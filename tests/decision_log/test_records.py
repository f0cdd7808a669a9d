"""What a decision takes from a recommendation, and what it refuses."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import statistics
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

import guidestep
from guidestep.decision_log import Card, Decision, Feedback, Head
from guidestep.recommendation import Recommendation
from tests.decision_log.conftest import NOON, at


def test_what_is_taken(answers: list[Recommendation]) -> None:
    for answer in answers:
        decision = Decision.of(answer, when=NOON)
        assert decision.outcome == answer.outcome
        assert [step.id for step in decision.steps] == [step.id for step in answer.steps]
        heard = {rule.id: rule.verdict for rule in decision.rules}
        for reason in (*answer.reasons, *answer.conflicts, *answer.cautions):
            assert reason.rule in heard
        assert all(heard[reason.rule] == reason.verdict for reason in answer.reasons)
        assert decision.missing == tuple(missing.path for missing in answer.missing)
        assert decision.versions["guidestep"] == answer.versions.guidestep


def test_of_a_recommendation_read_from_json(answers: list[Recommendation]) -> None:
    again = Recommendation.from_json(answers[0].to_json())
    decision = Decision.of(again, when=NOON)
    assert decision.patient_data is None
    evidence = answers[0].evidence
    assert evidence is not None
    given = Decision.of(again, when=NOON, assessment=evidence.assessment)
    assert given.patient_data is evidence.assessment
    assert decision.rules == Decision.of(answers[0], when=NOON).rules


def test_times_are_utc(answers: list[Recommendation]) -> None:
    east = timezone(timedelta(hours=9))
    decision = Decision.of(answers[0], when=datetime(2026, 3, 2, 21, 0, tzinfo=east))
    assert (decision.when, decision.when.tzinfo) == (NOON, UTC)
    with pytest.raises(ValueError, match="time zone"):
        Decision.of(answers[0], when=datetime(2026, 3, 2))
    with pytest.raises(ValueError, match="time zone"):
        Feedback(card="c", outcome="accepted", at=datetime(2026, 3, 2))


def test_cards(answers: list[Recommendation]) -> None:
    decision = Decision.of(
        answers[0],
        when=NOON,
        cards=[{"uuid": "a", "summary": "s", "suggestions": [{"uuid": "b"}, {}]}, Card("c")],
        card_ids=["d"],
    )
    assert decision.cards == (Card("a", "s", ("b",)), Card("c"), Card("d"))
    with pytest.raises(ValueError, match="without a uuid"):
        Decision.of(answers[0], when=NOON, cards=[{"summary": "s"}])


def test_another_guideline(answers: list[Recommendation]) -> None:
    guideline = guidestep.load("cervical-spasm-opll")
    assert Decision.of(answers[0], when=NOON, guideline=guideline)
    other = Recommendation.from_json(answers[0].to_json().replace(guideline.digest, "0" * 64))
    with pytest.raises(ValueError, match="another guideline"):
        Decision.of(other, when=NOON, guideline=guideline)


def test_what_is_out_of_bounds(answers: list[Recommendation]) -> None:
    ahead = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    with pytest.raises(ValueError, match="before or after all time"):
        Feedback(card="c", outcome="accepted", at=ahead)
    for id_ in ("", "x" * 37):
        with pytest.raises(ValueError, match="1 to 36"):
            Feedback(card="c", outcome="accepted", at=NOON, id=id_)
        with pytest.raises(ValueError, match="1 to 36"):
            dataclasses.replace(Decision.of(answers[0], when=NOON), id=id_)


def test_what_is_no_feedback() -> None:
    with pytest.raises(ValueError, match="accepted or overridden"):
        Feedback(card="c", outcome="ignored", at=at(0))  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "x:1", "ab" * 32, f"{'ab' * 32}:", f"{'AB' * 32}:1"])
def test_what_is_no_head(text: str) -> None:
    with pytest.raises(ValueError, match="HASH:SEQUENCE"):
        Head.read(text)


def test_a_head_is_read_back() -> None:
    head = Head(12, "ab" * 32)
    assert Head.read(f" {head}\n") == head


def test_the_patient_is_not_in_its_text(answers: list[Recommendation]) -> None:
    assert "Assessment" not in repr(Decision.of(answers[0], when=NOON))


def test_it_is_cheap(answers: list[Recommendation]) -> None:
    """Once the recommendation is put together, which whoever shows it does."""
    for answer in answers:
        Decision.of(answer, when=NOON)
    costs = []
    for _ in range(200):
        before = time.thread_time()
        for answer in answers:
            Decision.of(answer, when=NOON, card_ids=["a", "b"])
        costs.append((time.thread_time() - before) / len(answers))
    assert statistics.median(costs) < 100e-6


@pytest.mark.parametrize(
    "name", ["chain", "database", "errors", "log", "overrides", "records", "rows"]
)
def test_the_examples_run(name: str) -> None:
    module = importlib.import_module(f"guidestep.decision_log.{name}")
    found = doctest.testmod(module)
    assert (found.failed, found.attempted > 0) == (0, True)
