"""Decisions and feedback go in, receipts come out, and what is kept is what was given."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from guidestep.decision_log import Coding, Decision, DecisionLog, Feedback, Head, LogUnavailable
from guidestep.decision_log.chain import Chain, Stored
from guidestep.decision_log.rows import read_time, row_of
from guidestep.decision_log.verification import verify
from guidestep.recommendation import Recommendation
from tests.decision_log.appender import decision
from tests.decision_log.conftest import NOON, at


def rows(log: DecisionLog) -> list[Mapping[str, Stored]]:
    with log.storage.reading() as connection:
        return list(log.storage.rows(connection))


def test_a_decision_is_kept_as_it_was_given(
    log: DecisionLog, answers: list[Recommendation]
) -> None:
    answer = answers[0]
    decision = Decision.of(
        answer,
        when=NOON,
        hook="patient-view",
        hook_instance="h1",
        service="s",
        client="https://ehr.example",
        cards=[{"uuid": "c1", "summary": "Réfer", "suggestions": [{"uuid": "s1"}]}],
        user="Practitioner/7",
        location="Location/2",
        encounter="Encounter/3",
    )
    receipt = log.append(decision)
    (row,) = rows(log)
    assert (receipt.sequence, receipt.id, receipt.hash) == (1, decision.id, row["hash"])
    assert row["time"] == "2026-03-02T12:00:00.000000Z"
    assert row["outcome"] == answer.outcome.value
    assert row["guideline_digest"] == answer.guideline.digest
    assert json.loads(str(row["rules"])) == [[r.id, r.verdict] for r in decision.rules]
    assert json.loads(str(row["cards"])) == [
        {"id": "c1", "summary": "Réfer", "suggestions": ["s1"]}
    ]
    assert row["input_digest"] == answer.input_digest
    assert answer.evidence is not None
    assert json.loads(str(row["input"])) == answer.evidence.assessment.to_dict()
    assert log.head() == Head(1, receipt.hash)


def test_feedback_is_joined_to_its_decision(
    log: DecisionLog, answers: list[Recommendation]
) -> None:
    shown = log.append(Decision.of(answers[0], when=NOON, card_ids=["c1", "c2"]))
    first = log.record_feedback(
        Feedback(
            card="c2",
            outcome="overridden",
            at=at(5),
            reason=Coding("patient-refuses"),
            comment="no \x00 time \ud800",
        )
    )
    unknown = log.record_feedback(Feedback(card="c3", outcome="accepted", at=at(6)))
    assert (first.sequence, first.decision) == (2, shown.sequence)
    assert (unknown.sequence, unknown.decision) == (3, None)
    kept = rows(log)
    assert kept[1]["comment"] == "no \ufffd time \ufffd"
    assert kept[2]["previous"] == kept[1]["hash"] == first.hash


@pytest.mark.parametrize("together", [False, True])
@pytest.mark.parametrize(
    ("service", "client", "joined"),
    [
        ("neck", "https://ehr.example", True),
        (None, None, True),  # it was not said
        ("neck", "https://another.example", False),
        ("back", "https://ehr.example", False),
    ],
)
def test_feedback_is_of_the_client_that_got_the_card(
    service: str | None,
    client: str | None,
    joined: bool,
    together: bool,
    log: DecisionLog,
    answers: list[Recommendation],
) -> None:
    given = Decision.of(
        answers[0], when=NOON, card_ids=["c1"], service="neck", client="https://ehr.example"
    )
    shown = log.submit(given)
    if not together:
        shown.result()
    told = log.record_feedback(
        Feedback(card="c1", outcome="accepted", at=at(1), service=service, client=client)
    )
    assert told.decision == (shown.result().sequence if joined else None)


def test_of_several_decisions_with_a_card_feedback_is_of_the_latest_it_can_be_of(
    log: DecisionLog, answers: list[Recommendation]
) -> None:
    def shown(client: str) -> int:
        given = Decision.of(answers[0], when=NOON, card_ids=["c1"], client=client)
        return log.append(given).sequence

    def told(client: str | None) -> int | None:
        given = Feedback(card="c1", outcome="accepted", at=at(1), client=client)
        return log.record_feedback(given).decision

    first, second, third = shown("a"), shown("b"), shown("a")
    assert [told("b"), told("a"), told(None), told("c")] == [second, third, third, None]
    assert first == 1


def test_feedback_in_the_group_of_its_decision(
    log: DecisionLog, answers: list[Recommendation]
) -> None:
    shown = log.submit(Decision.of(answers[0], when=NOON, card_ids=["c1"]))
    told = log.submit_feedback(Feedback(card="c1", outcome="accepted", at=at(1)))
    assert told.result().decision == shown.result().sequence


def test_the_same_decision_is_kept_once(log: DecisionLog, answers: list[Recommendation]) -> None:
    decision = Decision.of(answers[0], when=NOON)
    other = Decision.of(answers[1], when=NOON)
    first = log.append(decision)
    futures = [log.submit(decision), log.submit(other), log.submit(decision)]
    assert [future.result().sequence for future in futures] == [1, 2, 1]
    assert futures[0].result() == first
    assert len(rows(log)) == 2


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE guidestep_record SET outcome = 'x'",
        "DELETE FROM guidestep_record",
        "UPDATE guidestep_log SET version = 2",
        "DELETE FROM guidestep_card",
    ],
)
def test_the_tables_refuse_changes(
    change: str, log: DecisionLog, answers: list[Recommendation]
) -> None:
    log.append(Decision.of(answers[0], when=NOON, card_ids=["c1"]))
    with (
        pytest.raises(DBAPIError, match="only added to"),
        log.storage.engine.begin() as connection,
    ):
        connection.execute(text(change))


def test_closed(log: DecisionLog, answers: list[Recommendation]) -> None:
    futures = [log.submit(Decision.of(answers[0], when=NOON)) for _ in range(100)]
    log.close()
    assert all(future.done() for future in futures)
    with pytest.raises(LogUnavailable, match="closed"):
        log.append(Decision.of(answers[0], when=NOON))
    assert not log.ready()
    log.close()


@pytest.mark.parametrize("odd", ["", "a\x00b", "\ud800", "é\u2028'\"\\", "c" * 10_000])
def test_whatever_a_card_is_called(
    odd: str, log: DecisionLog, answers: list[Recommendation]
) -> None:
    """No text of a client keeps a record, or the ones beside it, out of the log."""
    log.append(Decision.of(answers[0], when=NOON, card_ids=[odd], client=odd, hook=odd))
    told = log.record_feedback(Feedback(card=odd, outcome="accepted", at=at(1), comment=odd))
    assert told.decision == 1
    assert verify(log).holds


@pytest.mark.parametrize("moment", [datetime.min, datetime.max])
def test_any_time_can_be_told(moment: datetime, log: DecisionLog) -> None:
    at_ = moment.replace(tzinfo=UTC)
    log.record_feedback(Feedback(card="c", outcome="accepted", at=at_))
    (row,) = rows(log)
    assert read_time(str(row["response_time"])) == at_


def test_what_is_hashed_is_what_it_always_was() -> None:
    """Logs that were written long ago must verify: these hashes are never to change."""
    made = dataclasses.replace(
        decision(7),
        id="b5c1e2a4-0000-4000-8000-000000000007",
        when=datetime(2026, 3, 2, 9, 30, 0, 5, tzinfo=timezone(timedelta(hours=2))),
    )
    told = Feedback(
        card="card-7",
        outcome="overridden",
        at=datetime(2026, 3, 2, 9, 34, tzinfo=UTC),
        reason=Coding("patient-refuses", display="Möchte nicht"),
        comment="später\x00",
        received=datetime(2026, 3, 2, 9, 35, tzinfo=UTC),
        id="b5c1e2a4-0000-4000-8000-000000000008",
    )
    hashes = ["0" * 64]
    for sequence, (record, about) in enumerate(((made, None), (told, 1)), start=1):
        place = {"sequence": sequence, "previous": hashes[-1], "decision": about}
        hashes.append(Chain().hash({**row_of(record, keep_input=False), **place}))
    assert hashes[1:] == [
        "0a0fb2cefb96b235ff2d6171b6641447dd836df2676ef31275808f175e80cdb9",
        "2bab8e4375cd5466267adb40614b029f111ef422ca12f0aa2ed989a9d8eab114",
    ]
