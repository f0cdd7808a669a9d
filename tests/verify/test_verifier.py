"""What `verify` says: a planted fault breaks its property and shows a patient; time never lies."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import z3

import guidestep
from guidestep.guideline import Guideline, SettingError
from guidestep.language.lowering import FALSE, all_of, any_of, is_false, is_true, negated
from guidestep.language.tree import Expression, Field, IsMember, Reference
from guidestep.outcome import Outcome
from guidestep.verify import Report, Result, Witness
from guidestep.verify.verifier import BUILT_IN
from tests.drifting import load_drifting
from tests.verify.planting import (
    CERVICAL,
    copied,
    failing,
    knee,
    passes,
    planted_decision,
    shown,
)

ALL = (*BUILT_IN, "not-subsumed")


@cache
def sound() -> Report:
    return guidestep.load(CERVICAL).verify()


def known(witness: Witness) -> int:
    """The number of inputs that a witness knows."""
    return sum(
        len(section)
        for name, section in witness.assessment.items()
        if name != "data_absent_reasons" and isinstance(section, dict)
    )


def good(guideline: Guideline, report: Report, check: str, folder: Path, most: int) -> None:
    """Check the patients of a failure: readable, few inputs, replayed, and cases that pass."""
    patients = shown(report, check)
    assert patients
    for number, witness in enumerate(patients):
        guideline.model.read(witness.assessment)
        assert known(witness) <= most, witness.assessment
        again = guideline.recommend(witness.assessment, profile=report.profile)
        assert again.outcome is witness.recommendation.outcome
        assert again.agreement
        assert passes(guideline, witness, folder / f"{check}-{number}")


# --- the shipped guideline ------------------------------------------------------------------------


def test_the_shipped_guideline_is_proved() -> None:
    report = sound()
    assert report.holds
    assert not report.failures
    assert set(report.counts()) == {Result.HOLDS}


def test_every_built_in_property_is_reported_in_order() -> None:
    checks = [section.check for section in sound().sections]
    assert tuple(checks[: len(ALL)]) == ALL
    own = [property_.id for property_ in guidestep.load(CERVICAL).base.properties]
    assert checks[len(ALL) :] == own


def test_what_is_proved_says_its_facts() -> None:
    sections = {section.check: section for section in sound().sections}
    assert sections["worsening-numb-arms-are-urgent"].findings[0].facts == ("F120", "F122")


def test_a_report_without_times_is_always_the_same() -> None:
    once, again = sound().to_json(times=False), guidestep.load(CERVICAL).verify()
    assert once == again.to_json(times=False)
    assert "seconds" not in once
    assert "seconds" in json.loads(sound().to_json())


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(SettingError):
        guidestep.load(CERVICAL).verify(profile="nobody")


# --- each property can fail: faults in the rules -------------------------------------------------


def test_unreachable_rule(tmp_path: Path) -> None:
    when = "bend is stiff and knee.flexion > 70"
    rule = f"- {{id: over-bent, statement: Two ends, when: {when}, facts: [F1]}}\n"
    guideline = knee(tmp_path / "g", red_flags=("", rule))
    report = guideline.verify()
    assert failing(report) == {"reachable"}
    (finding,) = report.failures
    assert (finding.about, finding.witnesses, finding.result) == ("over-bent", (), Result.FAILS)


def test_unreachable_band(tmp_path: Path) -> None:
    case = "      - {when: knee.flexion < 60, is: stiff}\n"
    other = "      - {when: knee.flexion <= 59 and knee.fever is present, is: hot}\n"
    guideline = knee(tmp_path / "g", findings=(case, case + other))
    report = guideline.verify()
    assert failing(report) == {"reachable"}
    assert {finding.about for finding in report.failures} == {"bend:hot"}


def test_unreachable_in_a_profile_with_assumptions_off_is_accepted(tmp_path: Path) -> None:
    report = knee(tmp_path / "g").verify(profile="bare")
    accepted = [f for s in report.sections for f in s.findings if f.result is Result.ACCEPTED]
    assert {finding.about for finding in accepted} == {"onward", "B2"}
    assert report.holds
    assert all("ASM-2" in finding.note for finding in accepted)


SUBSUMED = (
    "- {id: locked-and-hot, statement: Locked in fever, facts: [F1],"
    " when: knee.locked is present and knee.fever is present}\n"
)


def test_subsumed_rule(tmp_path: Path) -> None:
    report = knee(tmp_path / "g", red_flags=("", SUBSUMED)).verify()
    assert failing(report) == {"not-subsumed"}
    (finding,) = report.failures
    assert finding.about == "locked-and-hot"
    assert finding.statement == "whenever locked-and-hot is true, so is locked"


ACCEPTED = """\
accepted:
  - property: not-subsumed
    about: [locked-and-hot]
    because: It has advice of its own.
    facts: [F1]
"""


def test_a_finding_may_be_accepted(tmp_path: Path) -> None:
    guideline = knee(tmp_path / "g", red_flags=("", SUBSUMED), properties=("", ACCEPTED))
    report = guideline.verify()
    assert report.holds
    (finding,) = [f for s in report.sections for f in s.findings if f.result is Result.ACCEPTED]
    assert (finding.about, finding.note) == ("locked-and-hot", "It has advice of its own.")
    assert finding.facts == ("F1",)
    assert "It has advice of its own." in str(report)


def test_accepting_one_rule_accepts_no_other(tmp_path: Path) -> None:
    other = SUBSUMED.replace("locked-and-hot", "locked-hot-too").replace("fever", "rash")
    guideline = knee(tmp_path / "g", red_flags=("", SUBSUMED + other), properties=("", ACCEPTED))
    assert {finding.about for finding in guideline.verify().failures} == {"locked-hot-too"}


def test_own_property(tmp_path: Path) -> None:
    claim = (
        "properties:\n  - {id: no-fever, statement: Nobody with fever bends, facts: [F1],"
        " when: knee.fever is present, never: 'actions.bending in (start, progress)'}\n"
        "  - {id: no-rash, statement: Nobody with a rash bends, facts: [F1],"
        " when: knee.rash is present, never: outcome is recommend}\n"
    )
    guideline = knee(tmp_path / "g", properties=("", claim))
    report = guideline.verify()
    assert failing(report) == {"no-rash"}
    good(guideline, report, "no-rash", tmp_path, most=9)
    (witness,) = shown(report, "no-rash")
    assert witness.recommendation.outcome is Outcome.RECOMMEND


def test_own_property_of_two_patients(tmp_path: Path) -> None:
    claim = (
        "properties:\n  - {id: hold-changes-nothing, statement: How long, facts: [F1],"
        " unchanged_by: [programme.holds]}\n"
        "  - {id: flexion-changes-nothing, statement: How far, facts: [F1],"
        " unchanged_by: [knee.flexion]}\n"
    )
    guideline = knee(tmp_path / "g", properties=("", claim))
    report = guideline.verify()
    assert failing(report) == {"flexion-changes-nothing"}
    good(guideline, report, "flexion-changes-nothing", tmp_path, most=9)
    one, other = shown(report, "flexion-changes-nothing")
    differing = {
        path
        for path in guideline.fields
        if guideline.model.read(one.assessment).value(path)
        != guideline.model.read(other.assessment).value(path)
    }
    assert differing == {"knee.flexion"}


def test_time_alone(tmp_path: Path) -> None:
    change = ("- program.symptom_trend is improved\n", "- program.weeks_since_program_start >= 6\n")
    folder = copied(CERVICAL, tmp_path / "g", {"progression.yaml": change})
    (folder / "properties.yaml").unlink()
    guideline = load_drifting(folder)
    report = guideline.verify()
    assert failing(report) == {"time-alone"}
    good(guideline, report, "time-alone", tmp_path, most=45)
    now, later = shown(report, "time-alone")
    assert "progress M2" not in _steps(now)
    assert "progress M2" in _steps(later)


def _steps(witness: Witness) -> set[str]:
    return {f"{step.action.value} {step.id}" for step in witness.recommendation.steps}


# --- each property can fail: bugs in the decision -------------------------------------------------

Change = Callable[[Expression], Expression]

BENT = IsMember(Field("programme.bend"), ("B1",))
NOT_BEGUN = IsMember(Field("programme.bend"), ("none",))

DECISIONS: dict[str, tuple[str, Change, set[str]]] = {
    "no outcome": ("outcome:surveillance", lambda _: FALSE, {"one-outcome"}),
    "two outcomes": (
        "outcome:surveillance",
        lambda given: any_of(given, is_true(Reference("swelling"))),
        {"one-outcome", "urgency"},
    ),
    "two steps": ("B2:continue", lambda given: any_of(given, BENT), {"one-step-a-track"}),
    "an unknown red flag is false": (
        "urgent_referral:firm",
        is_true,
        {"no-exercise-with-a-red-flag", "stable", "nothing-gained-by-leaving-out"},
    ),
    "nothing is urgent afterwards": (
        "urgent_referral:any",
        lambda given: all_of(given, negated(is_true(IsMember(Field("visit.stage"), ("done",))))),
        {"urgency"},
    ),
    "unknown is enough": (
        "B1:start",
        lambda given: any_of(given, all_of(NOT_BEGUN, negated(is_false(Reference("begin"))))),
        {"stable", "nothing-gained-by-leaving-out"},
    ),
}


@pytest.mark.parametrize("bug", DECISIONS)
def test_a_bug_in_the_decision_is_found(
    bug: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    name, change, broken = DECISIONS[bug]
    planted_decision(monkeypatch, name, change)
    guideline = knee(tmp_path / "g")
    report = guideline.verify()
    assert failing(report) == broken
    for check in sorted(broken):
        if bug == "no outcome":
            (finding,) = report.failures
            assert (finding.witnesses, finding.result) == ((), Result.FAILS)
            assert "no outcome" in finding.note
        else:
            good(guideline, report, check, tmp_path, most=9)


def test_every_built_in_property_is_seen_to_fail() -> None:
    broken = set().union(*(found for _, _, found in DECISIONS.values()))
    elsewhere = {"time-alone", "reachable", "not-subsumed", "boundaries"}
    assert broken | elsewhere == set(ALL)


# --- not proved is not proved ---------------------------------------------------------------------


def test_too_little_time_never_proves(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(z3.Solver, "check", lambda *_: z3.unknown)
    report = knee(tmp_path / "g").verify()
    assert not report.holds
    # What one patient has shown needs no solver, and a solver that never answers shows nobody.
    assert set(report.counts()) == {Result.NOT_PROVED}
    assert all("did not finish in 10 s" in finding.note for finding in report.failures)


def test_a_tiny_limit_changes_holds_to_not_proved_alone() -> None:
    report = guidestep.load(CERVICAL).verify(seconds=0.001)
    results = {(s.check, f.about, f.statement): f for s in report.sections for f in s.findings}
    assert set(report.counts()) <= {Result.HOLDS, Result.NOT_PROVED}
    for finding in results.values():
        if finding.result is Result.NOT_PROVED:
            # In so short a time a patient may be found and not be looked for better.
            assert finding.note in (
                "the solver did not finish in 0.001 s",
                "the solver's patient is not confirmed by the engines: a matter of rounding",
            )


def test_what_the_engines_do_not_confirm_is_not_proved(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    claim = (
        "properties:\n  - {id: no-rash, statement: Nobody with a rash bends, facts: [F1],"
        " when: knee.rash is present, never: outcome is recommend}\n"
    )
    monkeypatch.setattr("guidestep.verify.witnesses.replay", lambda *_: None)
    (finding,) = knee(tmp_path / "g", properties=("", claim)).verify().failures
    assert (finding.check, finding.result) == ("no-rash", Result.NOT_PROVED)
    assert "not confirmed" in finding.note


# --- profiles -------------------------------------------------------------------------------------


def test_profiles_claim_what_they_can(tmp_path: Path) -> None:
    claim = (
        "properties:\n  - {id: on-asm-3, statement: Swelling, facts: [F1], assumes: [ASM-3],"
        " when: knee.swollen is present, never: outcome is recommend}\n"
    )
    guideline = knee(tmp_path / "g", properties=("", claim))
    claimed = {
        p: [s.check for s in guideline.verify(profile=p).sections] for p in ("usual", "bare")
    }
    assert "on-asm-3" in claimed["usual"]
    assert "on-asm-3" not in claimed["bare"]


def test_the_default_profile_is_verified(tmp_path: Path) -> None:
    guideline = knee(tmp_path / "g")
    assert guideline.verify().profile == guideline.default_profile == "usual"
    assert guideline.verify(profile="strict").profile == "strict"
