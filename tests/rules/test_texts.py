"""What must be said, word for word, and what must not."""

import re
from functools import cache

import pytest
from tests.strategies.assessments import minimal

import guidestep
from guidestep.outcome import Family, Outcome


@cache
def cervical() -> guidestep.Guideline:
    return guidestep.load("cervical-spasm-opll")


def test_a_new_deficit_is_examined_now() -> None:
    rule = cervical().rules["new-deficit-at-any-time"]
    assert rule.advice == (
        "Re-examine now, and hold all exercise until the deficit is explained. "
        "Refer at once if it is on the list of signs."
    )


def test_no_advice_on_a_flag_a_referral_or_a_deficit_sets_a_time() -> None:
    delay = re.compile(r"\b(wait|later|in \w+ (days?|weeks?|months?)|next visit)\b", re.I)
    for rule in cervical().rules.values():
        if rule.family in (Family.RED_FLAG, Family.REFERRAL):
            assert not delay.search(rule.advice + rule.urgency), rule.id


def test_every_referral_says_that_the_source_gives_no_urgency() -> None:
    referrals = [r for r in cervical().rules.values() if r.then is Outcome.REFERRAL]
    assert len(referrals) >= 8
    for rule in referrals:
        assert rule.urgency.startswith("Not specified by the source"), rule.id


def test_a_medicine_beside_a_flag_comes_with_the_history_of_falls() -> None:
    notice = next(n for n in cervical().base.notices if n.entry.id == "medicine-beside-the-flag")
    assert set(notice.entry.shows) >= {"adjuncts.adjunct_drug", "adjuncts.history_of_falls"}


@pytest.mark.parametrize("profile", ["source", "strict", "bare"])
def test_reports_of_children_reach_no_adult_in_any_profile(profile: str) -> None:
    patient = minimal(cervical().model)
    for age in (30, 50, 70):
        patient["scope"] = {"age_years": age, "pll_calcification": "present"}
        answer = cervical().recommend(patient, profile=profile)
        reasons = {fact for reason in answer.reasons for fact in reason.facts}
        assert not {"F101", "F102"} & (set(answer.facts) | reasons)
        assert reasons <= set(answer.facts)


def test_every_answer_names_its_source_and_its_date() -> None:
    answer = cervical().recommend(minimal(cervical().model))
    assert answer.guideline.source_updated == "2026-02-24"
    assert answer.guideline.source_url.endswith("886093")
    card = answer.card()
    assert "2026-02-24" in card
    assert "886093" in card
