"""The cases of the shipped guideline: each is answered as it says, and together they see it all."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

import guidestep
from guidestep import Guideline, Outcome, Recommendation
from guidestep.cases import Case, check_cases, read_cases, run_case
from guidestep.outcome import Family

FOLDER = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
CASES = read_cases(FOLDER)

NEVER_UNKNOWN = {
    "after-the-programme": "reads the stage of care, which is always known",
    "red-flag-questions-answered": "asks whether things are known",
    "cord-screen-at-this-visit": "asks whether things are known",
    "baseline-motion-and-pain": "asks whether things are known",
    "baseline-shoulder": "asks whether things are known",
    "baseline-on-both-sides": "asks whether things are known",
    "programme-start-date": "asks whether a date is known",
    "limb-entries-contradict": "a conflict: data that are not there contradict nothing",
    "gait-or-onset-entries-contradict": "a conflict: data that are not there contradict nothing",
    "imaging-entries-contradict": "a conflict: data that are not there contradict nothing",
    "scope-entries-contradict": "a conflict: data that are not there contradict nothing",
    "programme-entries-contradict": "a conflict: data that are not there contradict nothing",
    "weeks-disagree": "a conflict: data that are not there contradict nothing",
}
"""The rules that are true or false for everyone, by construction."""


@cache
def guideline() -> Guideline:
    return guidestep.load(FOLDER)


@cache
def answers() -> tuple[Recommendation, ...]:
    return tuple(guideline().recommend(c.assessment, profile=c.entry.profile) for c in CASES)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_case(case: Case) -> None:
    differences = run_case(guideline(), case)
    assert not differences, "\n".join([f"{case.span}: {case.entry.statement}", *differences])


def test_the_cases_name_only_what_there_is() -> None:
    assert [fault.render() for fault in check_cases(guideline(), CASES)] == []


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 80


def test_every_outcome_is_seen() -> None:
    assert {answer.outcome for answer in answers()} == set(Outcome)


def test_every_profile_is_seen() -> None:
    assert {answer.guideline.profile for answer in answers()} == set(guideline().profiles)


def test_every_rule_is_seen_true_false_and_unknown() -> None:
    seen: dict[str, set[object]] = defaultdict(set)
    for answer in answers():
        assert answer.evidence is not None
        for name, verdict in answer.evidence.verdicts.items():
            seen[name].add(verdict)
    base = guideline().base
    rules = [rule.id for rule in base.rules.values() if rule.family is not Family.OPEN_POINT]
    unseen = {
        (name, verdict)
        for name in [*rules, *(progression.id for progression in base.progressions)]
        for verdict in (True, False, None)
        if verdict not in seen[name]
    }
    # A contradiction is there or it is not: what is not recorded contradicts nothing.
    conflicts = {rule.id for rule in base.rules.values() if rule.family is Family.CONFLICT}
    assert unseen == {(name, None) for name in conflicts.union(NEVER_UNKNOWN)}
