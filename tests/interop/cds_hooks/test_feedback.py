"""Feedback is read whole or refused whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.interop.cds_hooks import BadRequest, conformance, parse_feedback
from guidestep.interop.cds_hooks.feedback import moment
from tests.interop.cds_hooks.calls import CARD, GONE, SUGGESTION, feedback, overridden, spoilt
from tests.interop.cds_hooks.test_request import json_values


def paths(*entries: Any) -> list[str]:
    with pytest.raises(BadRequest) as caught:
        parse_feedback({"feedback": list(entries)})
    return [problem.path for problem in caught.value.problems]


def test_several_cards_are_read_in_order() -> None:
    accepted, refused = parse_feedback({"feedback": [feedback(), overridden()]})
    assert (accepted.card, accepted.outcome) == (CARD, "accepted")
    assert accepted.accepted_suggestions == (SUGGESTION,)
    assert accepted.timestamp == datetime(2026, 3, 2, 10, 5, 31, tzinfo=UTC)
    assert refused.outcome == "overridden"
    assert refused.override_reason == {
        "system": "https://reasons.example",
        "code": "patient-refuses",
    }
    assert refused.user_comment == "later"
    assert refused.timestamp.microsecond == 250000
    assert "later" not in repr(refused)


def test_an_override_needs_no_reason_and_a_reason_no_comment() -> None:
    bare = spoilt(overridden(), "overrideReason", GONE)
    reason = spoilt(overridden(), "overrideReason.userComment", GONE)
    comment = spoilt(overridden(), "overrideReason.reason", GONE)
    found = parse_feedback({"feedback": [bare, reason, comment]})
    assert [each.override_reason is None for each in found] == [True, False, True]
    assert [each.user_comment for each in found] == [None, None, "later"]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("card", GONE, ["card"]),
        ("card", "7", ["card"]),
        ("outcome", GONE, ["outcome"]),
        ("outcome", "ignored", ["outcome"]),
        ("acceptedSuggestions", GONE, ["acceptedSuggestions"]),
        ("acceptedSuggestions", [], ["acceptedSuggestions"]),
        ("acceptedSuggestions", "all", ["acceptedSuggestions"]),
        ("acceptedSuggestions", [7, {}], ["acceptedSuggestions[0]", "acceptedSuggestions[1].id"]),
        ("acceptedSuggestions.0.id", "7", ["acceptedSuggestions[0].id"]),
        ("overrideReason", {"userComment": "a"}, ["overrideReason"]),
        ("outcomeTimestamp", GONE, ["outcomeTimestamp"]),
        ("outcomeTimestamp", "2026-03-02", ["outcomeTimestamp"]),
        ("outcomeTimestamp", "2026-03-02T10:05:31", ["outcomeTimestamp"]),
        ("outcomeTimestamp", "2026-03-02T10:05:31+02:00", ["outcomeTimestamp"]),
        ("outcomeTimestamp", "2026-02-30T10:05:31Z", ["outcomeTimestamp"]),
        ("outcomeTimestamp", 1772445931, ["outcomeTimestamp"]),
    ],
)
def test_what_is_wrong_with_an_acceptance_is_told(
    path: str, value: object, told: list[str]
) -> None:
    assert paths(spoilt(feedback(), path, value)) == [f"feedback[0].{each}" for each in told]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("acceptedSuggestions", [{"id": SUGGESTION}], ["acceptedSuggestions"]),
        ("overrideReason", {}, ["overrideReason"]),
        ("overrideReason", "no", ["overrideReason"]),
        ("overrideReason.userComment", 7, ["overrideReason.userComment"]),
        ("overrideReason.reason", "no", ["overrideReason.reason"]),
        ("overrideReason.reason.code", GONE, ["overrideReason.reason.code"]),
        ("overrideReason.reason.system", GONE, ["overrideReason.reason.system"]),
        ("overrideReason.reason.code", "", ["overrideReason.reason.code"]),
    ],
)
def test_what_is_wrong_with_an_override_is_told(path: str, value: object, told: list[str]) -> None:
    assert paths(spoilt(overridden(), path, value)) == [f"feedback[0].{each}" for each in told]


def test_one_that_is_bad_refuses_all_and_every_problem_is_told() -> None:
    bad = {"card": "7"}
    assert paths(feedback(), bad, 7) == [
        "feedback[1].card",
        "feedback[1].outcome",
        "feedback[1].outcomeTimestamp",
        "feedback[2]",
    ]


@pytest.mark.parametrize("raw", [None, [], {}, {"feedback": []}, {"feedback": {}}, "text", 7])
def test_what_is_no_feedback_is_refused(raw: object) -> None:
    with pytest.raises(BadRequest):
        parse_feedback(raw)


@given(json_values)
def test_any_json_is_read_or_refused(entry: object) -> None:
    with pytest.raises(BadRequest):
        parse_feedback({"feedback": [entry]})


@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["Z", "z", "+00:00", "-00:00"]))
def test_moments_are_read_as_they_were_written(when: datetime, zone: str) -> None:
    text = when.replace(tzinfo=None).isoformat() + zone
    assert moment(text) == when


@given(st.datetimes(), st.integers(1, 14))
def test_a_moment_of_another_zone_is_none(when: datetime, hours: int) -> None:
    local = when.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert moment(local.isoformat()) is None


def test_what_is_read_conforms() -> None:
    document = {"feedback": [feedback(), overridden()]}
    assert not conformance.check("feedback", document)
