"""Override rates: what is counted, and that the intervals are Wilson's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.decision_log import Card, Coding, Decision, DecisionLog, Feedback
from guidestep.decision_log.overrides import Rate, rates, wilson
from guidestep.recommendation import Recommendation
from tests.decision_log.conftest import NOON, at

ID = "cervical-spasm-opll"


def told(log: DecisionLog, card: str, outcome: str, when: float, reason: str | None = None) -> None:
    coding = None if reason is None else Coding(reason)
    log.record_feedback(
        Feedback(card=card, outcome=outcome, at=at(when), reason=coding)  # type: ignore[arg-type]
    )


def test_what_is_counted(log: DecisionLog, answers: list[Recommendation]) -> None:
    log.append(Decision.of(answers[0], when=NOON, cards=[Card("a", rules=("R1", "R2")), Card("b")]))
    log.append(Decision.of(answers[0], when=NOON, cards=[Card("c", rules=("R1",))]))
    log.append(Decision.of(answers[0], when=NOON, cards=[Card("d", rules=("R1",))]))
    log.append(Decision.of(answers[0], when=NOON))  # no card: nothing was shown
    told(log, "a", "accepted", 1)
    told(log, "c", "overridden", 3, "patient-refuses")
    told(log, "c", "accepted", 2)  # came later, is of before
    told(log, "a", "overridden", 5)
    told(log, "nowhere", "overridden", 5)
    found = rates(log)
    assert found.unknown_cards == 1
    first, second = found.rules[ID, "R1"], found.rules[ID, "R2"]
    assert (first.shown, first.accepted, first.overridden, first.unanswered) == (3, 0, 2, 1)
    assert first.reasons == {"patient-refuses": 1, "no reason given": 1}
    assert (second.shown, second.overridden) == (1, 1)
    for rule in Decision.of(answers[0], when=NOON).rules:  # of card b, which names none
        assert found.rules[ID, rule.id] == Rate(shown=1)
    outcome = found.outcomes[ID, answers[0].outcome.value]
    assert (outcome.shown, outcome.accepted, outcome.overridden) == (4, 0, 2)
    assert outcome.override_rate == 1.0
    assert rates(log, guideline="another").rules == {}


def test_a_card_that_is_shown_twice_counts_twice(
    log: DecisionLog, answers: list[Recommendation]
) -> None:
    for _ in range(2):
        log.append(Decision.of(answers[0], when=NOON, cards=[Card("a", rules=("R1",))]))
    told(log, "a", "accepted", 1)
    assert rates(log).rules[ID, "R1"].shown == 2
    assert rates(log).rules[ID, "R1"].accepted == 1  # of the later one


def test_a_clock_that_is_ahead_has_not_the_last_word_for_good(
    log: DecisionLog, answers: list[Recommendation]
) -> None:
    log.append(Decision.of(answers[0], when=NOON, cards=[Card("a", rules=("R1",))]))
    ahead = Feedback(card="a", outcome="accepted", at=at(1e9), received=at(10))
    log.record_feedback(ahead)
    assert rates(log).rules[ID, "R1"].accepted == 1
    log.record_feedback(Feedback(card="a", outcome="overridden", at=at(20), received=at(21)))
    found = rates(log).rules[ID, "R1"]
    assert (found.accepted, found.overridden) == (0, 1)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe, Stat Med 1998; 17: 857-872, table I, method 3
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_intervals(successes: int, trials: int, low: float, high: float) -> None:
    found = wilson(successes, trials)
    assert found is not None
    assert found == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_laws_of_the_interval(pair: tuple[int, int]) -> None:
    successes, trials = pair
    found, mirrored = wilson(successes, trials), wilson(trials - successes, trials)
    assert found is not None
    assert mirrored is not None
    low, high = found
    assert 0 <= low <= successes / trials <= high <= 1
    assert low < high
    assert mirrored == (pytest.approx(1 - high, abs=1e-9), pytest.approx(1 - low, abs=1e-9))
    wider = wilson(successes * 2, trials * 2)
    assert wider is not None
    assert wider[1] - wider[0] < high - low


def test_of_nothing() -> None:
    assert wilson(0, 0) is None
    assert Rate(shown=3).override_rate is None
    assert Rate().to_dict()["override_rate_of_shown"] is None
