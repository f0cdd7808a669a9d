"""What is listed as missing: only what could still change the outcome."""

from guidestep import Outcome, Recommendation
from tests.explain.patients import INTAKE, shipped_guideline


def recommend(profile: str | None = None, **changes: object) -> Recommendation:
    data = {section: dict(content) for section, content in INTAKE.items()}
    for key, value in changes.items():
        section, _, name = key.partition("__")
        data[section][name] = value
    return shipped_guideline().recommend(data, profile=profile)


def listed(answer: Recommendation) -> list[str]:
    return [missing.path for missing in answer.missing]


GAPS = {
    "neurologic__gait_instability": None,
    "neurologic__gait_change": None,
    "scope__pll_lesion_type": None,
    "measures__rom_method": None,
}
"""What a red flag, a referral, a criterion that asks for a clinician and a requirement wait for."""

PATHS = [key.replace("__", ".") for key in GAPS]


def test_while_everything_is_open_everything_is_listed() -> None:
    answer = recommend(**GAPS)
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert sorted(listed(answer)) == sorted(PATHS)


def test_out_of_scope_only_what_could_lift_the_outcome_waits() -> None:
    answer = recommend(**GAPS, scope__age_years=15)
    assert answer.outcome is Outcome.NOT_ELIGIBLE
    assert listed(answer) == PATHS[:2]
    assert answer.missing[0].rules == ("unstable-gait",)


def test_at_a_referral_only_what_could_make_it_urgent_waits() -> None:
    answer = recommend(**GAPS, neurologic__hand_weakness_laterality="bilateral")
    assert answer.outcome is Outcome.REFERRAL
    assert listed(answer) == PATHS[:1]


def test_what_asks_for_a_clinician_whatever_is_learnt() -> None:
    answer = recommend(**GAPS, scope__age_years=25)
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert listed(answer) == PATHS[:2]


def test_a_requirement_that_fails_for_good() -> None:
    answer = recommend(**{**GAPS, "measures__rom_method": "goniometer"})
    assert listed(answer) == PATHS[:2]
    # It is one of the reasons all the same: what could be done about it is not an answer.
    assert "motion-by-inclinometer" in [reason.rule for reason in answer.reasons]


def test_a_requirement_that_may_still_be_met_waits() -> None:
    assert listed(recommend(measures__rom_method=None)) == ["measures.rom_method"]


def test_entries_that_contradict_each_other() -> None:
    answer = recommend(**GAPS, neurologic__hand_weakness_trend="stable")
    assert answer.conflicts
    assert listed(answer) == PATHS[:2]


def test_what_no_answer_settles_bars_for_good() -> None:
    # Without assumptions whether spasm is there at all stays open, whatever is learnt.
    answer = recommend("bare", **GAPS)
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert listed(answer) == PATHS[:2]


def test_what_was_declined_is_listed_with_its_reason() -> None:
    neurologic = {**INTAKE["neurologic"], "hoffmann_left": None}
    reasons = {"neurologic.hoffmann_left": "unable"}
    data = {**INTAKE, "neurologic": neurologic, "data_absent_reasons": reasons}
    answer = shipped_guideline().recommend(data)
    assert [(each.path, each.absent_reason) for each in answer.missing] == [
        ("neurologic.hoffmann_left", "unable")
    ]
