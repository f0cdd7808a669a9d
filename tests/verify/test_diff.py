"""Versions are equal only if no patient is told otherwise; each difference has a patient."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest
import yaml

import guidestep
from guidestep import Guideline, SettingError
from guidestep.cases import read_cases, run_case
from guidestep.frame import synthesize, to_frame
from guidestep.language.rulebase import Withhold
from guidestep.language.tree import Arithmetic, Call, Compare, Constant, Field
from guidestep.outcome import Outcome
from guidestep.verify.diff import diff
from guidestep.verify.versions.matching import paired
from guidestep.verify.versions.result import Decisions, Diff, Exercise, Witness
from tests.answer.model import KneeAssessment
from tests.cli.conftest import Command, command  # noqa: F401 (a fixture)
from tests.drifting import drifting, load_drifting
from tests.frame import cohorts
from tests.frame.test_impact import bending
from tests.verify.versions import CHOICE, KNEE, answer, at_random, edited, model_with, renamed

Edits = Mapping[str, Sequence[tuple[str, str]]]


@pytest.fixture(scope="module")
def knee() -> Guideline:
    return guidestep.load(KNEE, model=KneeAssessment)


def ids(witness: Witness) -> list[tuple[str | None, str | None]]:
    return [(rule.before, rule.after) for rule in witness.rules]


def assert_sound(found: Diff, old: Guideline, new: Guideline) -> None:
    """Assert that every witness is answered by both versions as the region says."""
    assert found.complete
    assert not found.open
    for region in found.regions:
        witness = region.witness
        before = old.recommend(witness.old_assessment, profile=found.old.profile)
        after = new.recommend(witness.assessment, profile=found.new.profile)
        assert (before.outcome, after.outcome) == region.outcomes
        assert (before, after) == (witness.before, witness.after)
        if region.outcomes[0] is region.outcomes[1]:
            assert answer(before) != answer(after)
        assert witness.rules


def only(found: Diff) -> Witness:
    (region,) = found.regions
    return region.witness


# --- equal ----------------------------------------------------------------------------------------


def test_a_guideline_equals_itself(knee: Guideline) -> None:
    found = diff(knee, knee)
    assert (found.decisions, found.exercise, found.equal) == (Decisions.EQUAL, Exercise.EQUAL, True)
    assert found.complete
    assert (*found.regions, *found.open, *found.content, *found.texts, *found.also) == ()
    assert "equal: no patient gets another outcome, step or action" in str(found)


@pytest.mark.parametrize("seed", range(8))
def test_everything_renamed_and_reordered_is_equal(tmp_path: Path, seed: int) -> None:
    old = edited(tmp_path / "old", CHOICE)
    new = renamed(tmp_path / "new", tmp_path / "old", random.Random(seed))
    found = diff(old, new)
    assert found.equal, str(found)
    assert found.exercise is Exercise.EQUAL
    assert not found.outside
    assert ("B1", "C1") in found.renamed
    assert ("B2", "C2") in found.renamed


def test_another_wording_is_told_and_no_difference(knee: Guideline, tmp_path: Path) -> None:
    new = edited(
        tmp_path / "new",
        {
            "red_flags.yaml": [
                ("The knee is locked", "The knee is stuck"),
                ("[F1]", "[F2]"),
            ],
            "citations.yaml": [("The book", "The second book")],
        },
    )
    found = diff(knee, new)
    assert found.equal
    told = [str(changed) for changed in found.texts]
    assert "rule locked: statement: The knee is locked -> The knee is stuck" in told
    assert "rule locked: facts: F1 -> F2" in told
    assert any(text.startswith("citation book: entry:") for text in told)


def test_an_equal_condition_in_other_words_is_equal(knee: Guideline, tmp_path: Path) -> None:
    new = edited(
        tmp_path / "new",
        {
            "eligibility.yaml": [("knee.age < 18", "not knee.age >= 18")],
            "progression.yaml": [("knee.flexion >= 20", "20 <= knee.flexion")],
        },
    )
    assert diff(knee, new).equal


# --- different ------------------------------------------------------------------------------------


def test_a_changed_threshold_has_its_boundary_patient(knee: Guideline, tmp_path: Path) -> None:
    new = edited(tmp_path / "new", {"eligibility.yaml": [("knee.age < 18", "knee.age < 16")]})
    found = diff(knee, new)
    assert found.decisions is Decisions.DIFFERENT
    assert_sound(found, knee, new)
    assert {region.outcomes[0] for region in found.regions} == {Outcome.NOT_ELIGIBLE}
    for region in found.regions:
        age = region.witness.assessment["knee"]
        assert isinstance(age, dict)
        assert age["age"] == 16  # on the new threshold; on the old one they agree
        assert ids(region.witness)[0] == ("child", "child")
        changes = {b.value: b.changes for b in region.witness.beside}
        assert changes == {15: False, 16: True, 17: True, 18: False, 19: False}
    # Two years more of patients: more of them exercise.
    assert found.exercise is Exercise.LOOSER
    assert found.more is not None
    assert found.less is None


def test_inclusive_and_exclusive(knee: Guideline, tmp_path: Path) -> None:
    new = edited(tmp_path / "new", {"eligibility.yaml": [("knee.age < 18", "knee.age <= 18")]})
    found = diff(knee, new)
    assert_sound(found, knee, new)
    assert all(r.witness.assessment["knee"]["age"] == 18 for r in found.regions)  # type: ignore[index]
    assert found.exercise is Exercise.STRICTER


def test_a_dropped_condition(knee: Guideline, tmp_path: Path) -> None:
    new = edited(
        tmp_path / "new", {"progression.yaml": [("improved and bend is free", "improved")]}
    )
    found = diff(knee, new)
    assert_sound(found, knee, new)
    (words,) = {(region.before, region.after) for region in found.regions}
    assert words == ("recommend: continue B1", "recommend: progress B2")
    witness = only(found)
    assert ids(witness) == [("onward", "onward")]
    assert witness.rules[0].facts == ("F2",)
    assert witness.rules[0].verdicts[1] == "true"
    assert found.exercise is Exercise.LOOSER


def test_rules_added_and_removed(knee: Guideline, tmp_path: Path) -> None:
    rash = "- {id: rash, statement: A rash, when: knee.rash is present, facts: [F1]}\n"
    new = edited(tmp_path / "new", {"red_flags.yaml": [("- {id: locked", f"{rash}- {{id: locked")]})
    for one, other, pair in ((knee, new, (None, "rash")), (new, knee, ("rash", None))):
        found = diff(one, other)
        assert_sound(found, one, other)
        assert all(pair in ids(region.witness) for region in found.regions)
        assert any(changed.about == "rash" for changed in found.texts)
    assert diff(knee, new).exercise is Exercise.STRICTER
    assert diff(new, knee).exercise is Exercise.LOOSER


def test_incomparable(knee: Guideline, tmp_path: Path) -> None:
    new = edited(
        tmp_path / "new",
        {
            "eligibility.yaml": [("knee.age < 18", "knee.age < 16")],
            "progression.yaml": [("knee.flexion >= 20", "knee.flexion >= 30")],
        },
    )
    found = diff(knee, new)
    assert found.exercise is Exercise.INCOMPARABLE
    assert found.more is not None
    assert found.less is not None
    assert found.less.after.steps[0].action.value == "withhold"
    assert found.less.before.steps[0].action.value == "start"


def test_a_choice_that_changes_is_more_and_less(tmp_path: Path) -> None:
    old = edited(tmp_path / "old", CHOICE)
    new = edited(
        tmp_path / "new",
        {
            "progression.yaml": [
                ("start: P1, when: knee.rash is absent", "start: P2, when: knee.rash is absent"),
                ("start: P2, when: knee.rash is present", "start: P1, when: knee.rash is present"),
            ]
        },
        source=tmp_path / "old",
    )
    found = diff(old, new)
    assert_sound(found, old, new)
    assert found.exercise is Exercise.INCOMPARABLE
    assert ("recommend: start P1", "recommend: start P2") in {
        (region.before, region.after) for region in found.regions
    }


def test_a_withheld_step_of_another_name_is_a_difference(knee: Guideline) -> None:
    moves = tuple(
        replace(p, move=Withhold("bending", None)) if p.id == "rest" else p
        for p in knee.base.progressions
    )
    new = Guideline(replace(knee.base, progressions=moves))
    found = diff(knee, new)
    assert_sound(found, knee, new)
    assert found.exercise is Exercise.EQUAL
    assert {region.before for region in found.regions} == {"recommend: withhold R"}
    assert all(("rest", "rest") in ids(region.witness) for region in found.regions)


def test_profiles(knee: Guideline, tmp_path: Path) -> None:
    new = edited(
        tmp_path / "new",
        {
            "guideline.yaml": [
                (
                    "{id: usual, title: All assumptions, default: true, assumptions: all}",
                    "{id: usual, title: Most, default: true, assumptions: all, without: [ASM-3]}",
                ),
            ]
        },
    )
    found = diff(knee, new)
    assert_sound(found, knee, new)
    assert found.decisions is Decisions.DIFFERENT
    assert diff(knee, new, profile="bare").equal
    with pytest.raises(SettingError, match="there is no profile"):
        diff(knee, new, profile="loose")


def test_parameters(knee: Guideline, tmp_path: Path) -> None:
    set_ = knee.configure(least_flexion=100)
    found = diff(knee, set_)
    assert_sound(found, knee, set_)
    assert found.exercise is Exercise.STRICTER
    assert "parameter least_flexion: 90 -> 100" in str(found)
    renamed_ = edited(
        tmp_path / "new",
        {
            name: [("least_flexion", "flexion_wanted")]
            for name in ("guideline.yaml", "findings.yaml")
        },
    )
    assert diff(knee, renamed_).equal
    assert diff(set_, renamed_.configure(flexion_wanted=100)).equal


# --- content --------------------------------------------------------------------------------------


def test_a_changed_dose_is_content(knee: Guideline, tmp_path: Path) -> None:
    new = edited(tmp_path / "new", {"steps.yaml": [("low: 10, high: 30", "low: 10, high: 60")]})
    found = diff(knee, new)
    assert found.decisions is Decisions.EQUAL
    assert not found.equal
    assert [str(changed) for changed in found.content] == [
        "step B1: dose, hold: 10-30 seconds -> 10-60 seconds"
    ]
    assert "but the content of steps is not" in str(found)


def test_steps_that_are_exchanged(tmp_path: Path) -> None:
    """In a choice a step is its content; where assessments name it, it is its id."""
    old = edited(tmp_path / "old", CHOICE)
    choice = edited(
        tmp_path / "choice",
        {
            "steps.yaml": [
                ("Soft brace, content: Wear it.", "Hard brace, content: Sleep in it."),
                (
                    "P2, track: brace, title: Hard brace, content: Sleep in it.",
                    "P2, track: brace, title: Soft brace, content: Wear it.",
                ),
            ]
        },
        source=tmp_path / "old",
    )
    found = diff(old, choice)
    assert found.decisions is Decisions.DIFFERENT
    assert not found.content
    assert ("P1", "P2") in found.renamed
    place = edited(
        tmp_path / "place",
        {
            "steps.yaml": [
                ("content: Bend.", "content: Swap."),
                ("content: Bend more.", "content: Bend."),
                ("content: Swap.", "content: Bend more."),
            ]
        },
        source=tmp_path / "old",
    )
    found = diff(old, place)
    assert found.decisions is Decisions.EQUAL
    assert {changed.about for changed in found.content} == {"B1", "B2"}


def test_what_rides_along(knee: Guideline, tmp_path: Path) -> None:
    new = edited(
        tmp_path / "new",
        {
            "notices.yaml": [("when: knee.flexion is known", "when: knee.flexion >= 30")],
            "cautions.yaml": [("when: knee.rash is present", "when: knee.rash is not present")],
        },
    )
    found = diff(knee, new)
    assert found.decisions is Decisions.EQUAL
    assert list(found.also) == [
        "caution spotted: for other patients than before",
        "notice measured-flexion: for other patients than before",
    ]


def test_pairs() -> None:
    assert paired("ab", "ba", str) == (("a", "a"), ("b", "b"))
    assert paired("a", "", str) == (("a", None),)
    assert paired("aa", "a", lambda _: None, lambda _: 1) == (("a", "a"), ("a", None))


# --- different models -----------------------------------------------------------------------------


def test_other_limits_and_members(knee: Guideline, tmp_path: Path) -> None:
    narrow = model_with(flexion=(0, 80))
    new = edited(tmp_path / "new", {}, model=narrow)
    found = diff(knee, new)
    # Nobody bends beyond 80 in both: the ways to B2 need 90.
    assert found.decisions is Decisions.EQUAL
    assert found.outside == ("knee.flexion is compared within the limits of both models",)
    changed = edited(tmp_path / "changed", {"progression.yaml": [(">= 20", ">= 70")]}, model=narrow)
    found = diff(knee, changed)
    assert_sound(found, knee, changed)
    assert all(r.witness.assessment["knee"]["flexion"] <= 80 for r in found.regions)  # type: ignore[index]


def test_a_field_of_one_model_alone(knee: Guideline, tmp_path: Path) -> None:
    new = edited(
        tmp_path / "new",
        {"red_flags.yaml": [("knee.locked is present", "knee.locked is present or knee.warm")]},
        model=model_with(more=True),
    )
    found = diff(knee, new)
    assert_sound(found, knee, new)
    (outside,) = found.outside
    assert outside == "knee.warm is a field of the new model alone: only that version sees it"
    witness = found.regions[0].witness
    assert "warm" not in witness.old_assessment["knee"]  # type: ignore[operator]


def test_values_without_anything_in_common(knee: Guideline, tmp_path: Path) -> None:
    # A guideline that loads has one unit; the model of this one is exchanged behind its back.
    other = Guideline(replace(knee.base, model=model_with(unit="rad")))
    found = diff(knee, other)
    assert found.outside == (
        "knee.flexion has no value in common: only patients without it are compared",
    )
    assert found.decisions is Decisions.EQUAL
    renaming = {
        "steps.yaml": [("B1", "D1"), ("B2", "D2")],
        "progression.yaml": [("B1", "D1"), ("B2", "D2")],
        "assumptions.yaml": [("B1", "D1")],
    }
    members = edited(tmp_path / "steps", renaming, model=model_with(bend=("none", "D1", "D2")))
    assert diff(knee, members).equal
    found = diff(knee, members.configure(least_flexion=100))
    assert_sound(found, knee, members.configure(least_flexion=100))
    (region,) = found.regions
    assert (region.before, region.after) == ("recommend: progress B2", "recommend: continue D1")
    places = [
        data["programme"]["bend"]  # type: ignore[index]
        for data in (region.witness.old_assessment, region.witness.assessment)
    ]
    assert places == ["B1", "D1"]
    with pytest.raises(SettingError, match="only guidelines over the same assessments"):
        diff(knee, members, cohort=to_frame(bending(3)))


# --- what is not settled --------------------------------------------------------------------------


def test_no_time(knee: Guideline) -> None:
    found = diff(knee, knee.configure(least_flexion=100), seconds=1e-9)
    assert found.decisions is Decisions.NOT_SETTLED
    assert found.exercise is Exercise.NOT_SETTLED
    assert not found.complete
    assert not found.equal
    assert "decisions: not settled" in str(found)
    assert diff(knee, knee, seconds=1e-9).decisions is Decisions.NOT_SETTLED


def test_a_bound_on_the_regions(knee: Guideline, tmp_path: Path) -> None:
    new = edited(tmp_path / "new", {"eligibility.yaml": [("knee.age < 18", "knee.age < 16")]})
    found = diff(knee, new, regions=1)
    assert len(found.regions) == 1
    assert not found.complete
    assert found.decisions is Decisions.DIFFERENT
    assert "whether there are others is not settled" in str(found)


@pytest.mark.parametrize(
    "bad", [{"seconds": 0}, {"seconds": "1"}, {"regions": 0}, {"regions": True}]
)
def test_settings_that_cannot_be(knee: Guideline, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match="positive"):
        diff(knee, knee, **bad)  # type: ignore[arg-type]


def test_what_the_solver_cannot_compute_is_not_settled(knee: Guideline) -> None:
    """The exponential of an age is free within limits: no engine confirms what the solver finds."""

    def with_power(limit: float) -> Guideline:
        power = Call("exp", (Field("knee.age"),))
        rules = dict(knee.base.rules)
        rules["locked"] = replace(rules["locked"], when=Compare("<", power, Constant(limit)))
        return Guideline(replace(knee.base, rules=rules))

    # The exponential is at least one of every age: neither limit is ever reached.
    found = diff(with_power(0.25), with_power(0.5))
    assert found.decisions is Decisions.NOT_SETTLED
    assert found.complete
    assert found.open
    assert not found.regions
    assert found.limits == ("a power",)
    assert "engines say otherwise" in str(found)


def test_a_product_that_the_solver_cannot_compute_has_a_patient(knee: Guideline) -> None:
    def with_product(limit: float) -> Guideline:
        product = Arithmetic("*", Field("knee.flexion"), Field("programme.holds"))
        rules = dict(knee.base.rules)
        rules["locked"] = replace(rules["locked"], when=Compare(">", product, Constant(limit)))
        return Guideline(replace(knee.base, rules=rules))

    old, new = with_product(1000), with_product(5000)
    found = diff(old, new)
    assert found.decisions is Decisions.DIFFERENT
    assert found.limits == ("a product of two inputs",)
    for region in found.regions:
        data = region.witness.assessment
        product = data["knee"]["flexion"] * data["programme"]["holds"]  # type: ignore[index]
        assert 1000 < product <= 5000


def test_roundings_are_not_settled_and_never_equal(knee: Guideline) -> None:
    """A tenth is not a double: what is a tenth of it may differ in the last digit."""

    def with_tenth(tenth: Arithmetic) -> Guideline:
        rules = dict(knee.base.rules)
        rules["locked"] = replace(rules["locked"], when=Compare(">=", tenth, Constant(9)))
        return Guideline(replace(knee.base, rules=rules))

    bend = Field("knee.flexion")
    times = with_tenth(Arithmetic("*", bend, Constant(0.1)))
    found = diff(times, with_tenth(Arithmetic("/", bend, Constant(10))))
    assert found.decisions is Decisions.NOT_SETTLED
    assert diff(times, times).equal


# --- the shipped guideline ------------------------------------------------------------------------

SHIPPED = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"


def test_the_shipped_guideline() -> None:
    old = cohorts.shipped()
    new = old.configure(reassessment_overdue_weeks=2)
    found = diff(old, new)
    assert_sound(found, old, new)
    assert found.exercise is Exercise.STRICTER
    assert found.seconds < 60  # some seconds; this only fails where something is badly wrong
    assert {(region.before, region.after) for region in found.regions} == {
        ("recommend: progress M2", "recommend: continue M1"),
        ("recommend: progress R2", "recommend: continue R1"),
        ("recommend: progress M2, progress R2", "recommend: continue M1, continue R1"),
    }


def test_a_cohort_has_the_shares_that_impact_finds() -> None:
    old = cohorts.shipped()
    new = old.configure(reassessment_overdue_weeks=2)
    frame = synthesize(old, 4000, seed=1)
    found, impact = diff(old, new, cohort=frame), guidestep.impact(old, new, frame)
    assert found.cohort is not None
    assert (found.cohort.patients, found.cohort.count + found.cohort.basis) == (4000, impact.count)
    shares = {(region.before, region.after): region.count for region in found.regions}
    assert {(c.before, c.after): c.count for c in impact.changes} == {
        pair: count for pair, count in shares.items() if count
    }
    assert "patients (" in str(found)


def test_a_cohort_and_renamed_steps(tmp_path: Path) -> None:
    old = edited(tmp_path / "old", CHOICE)
    braces = [("P1", "Q1"), ("P2", "Q2")]
    steps = {
        "steps.yaml": [*braces, ("brace,", "support,")],
        "progression.yaml": braces,
        "eligibility.yaml": [("knee.age < 18", "knee.age < 50")],
    }
    new = edited(tmp_path / "new", steps, source=tmp_path / "old")
    patients = bending(300)
    found = diff(old, new, cohort=to_frame(patients))
    assert_sound(found, old, new)

    def old_name(name: str) -> str:
        return name.replace("Q", "P").replace("support", "brace")

    changed = sum(
        answer(old.recommend(patient, engine="compiled"))
        != answer(new.recommend(patient, engine="compiled"), old_name)
        for patient in patients
    )
    assert found.cohort is not None
    assert found.cohort.count == changed > 0
    assert sum(region.count or 0 for region in found.regions) == changed


def test_the_case_file_passes_under_the_new_version(tmp_path: Path) -> None:
    folder = copytree(SHIPPED, tmp_path / "new")
    file = folder / "referrals.yaml"
    red = (folder / "red_flags.yaml").read_text()
    assert "neurologic.gait_instability is present" in red
    (folder / "red_flags.yaml").write_text(
        red.replace(
            "neurologic.gait_instability is present",
            "neurologic.gait_instability is present and neurologic.gait_change is present",
        )
    )
    assert file.exists()
    new = load_drifting(folder)
    found = diff(cohorts.shipped(), new)
    assert_sound(found, cohorts.shipped(), new)
    for old in (folder / "cases").iterdir():
        old.unlink()
    (folder / "cases" / "diff.yaml").write_text(found.cases())
    cases = read_cases(folder)
    assert len(cases) == len(found.regions) > 0
    assert [run_case(new, case) for case in cases] == [()] * len(cases)


# --- never equal while a patient differs ----------------------------------------------------------


@pytest.mark.parametrize("seed", range(16))
def test_random_versions(knee: Guideline, seed: int) -> None:
    rng = random.Random(seed)
    old = at_random(knee, rng, 3)
    new = at_random(old, rng, 1)
    found = diff(old, new, seconds=20)
    told = {(region.before, region.after) for region in found.regions}
    told |= {(each.before, each.after) for each in found.open}
    assert found.complete
    for patient in [*cohorts.at_random(KneeAssessment, 100, seed), *bending(60)]:
        before, after = (g.recommend(patient, engine="compiled") for g in (old, new))
        if answer(before) != answer(after):
            words = before.outcome.value, after.outcome.value
            if before.outcome is after.outcome:
                pair = [
                    f"{a.outcome.value}: {a.steps[0].action} {a.steps[0].id}"
                    if a.steps
                    else f"{a.outcome.value}: nothing on bending"
                    for a in (before, after)
                ]
                words = pair[0], pair[1]
            assert words in told
    for region in found.regions:
        assert answer(region.witness.before) != answer(region.witness.after)


# --- the command ----------------------------------------------------------------------------------


def changed_guideline(folder: Path) -> Path:
    copytree(SHIPPED, folder)
    file = folder / "guideline.yaml"
    text = file.read_text()
    assert "default: 4" in text
    file.write_text(text.replace("default: 4", "default: 2"))
    return folder


def test_the_command(command: Command, tmp_path: Path) -> None:  # noqa: F811
    changed_guideline(tmp_path / "new")
    with drifting():
        same = command("diff", "cervical-spasm-opll", "cervical-spasm-opll")
        assert (same.code, same.err) == (0, "")
        assert "decisions: equal" in same.out
        found = command("diff", "cervical-spasm-opll", "new", "--cases", "cases.yaml")
        assert found.code == 1
        assert "stricter" in found.out
        assert len(yaml.safe_load((tmp_path / "cases.yaml").read_text())) == 3
        assert command("synth", "300", "--out", "patients.csv").code == 0
        arguments = ("--json", "--profile", "strict", "--cohort", "patients.csv")
        as_json = command("diff", "cervical-spasm-opll", "new", *arguments)
        assert as_json.code == 1
        data = json.loads(as_json.out)
        assert data["exercise"] == "stricter"
        assert data["cohort"]["patients"] == 300
        assert sum(region["count"] for region in data["regions"]) == data["cohort"]["count"]
        assert data["regions"][0]["witness"]["assessment"]["encounter"]["assessment_date"]


def test_the_command_refuses_what_it_cannot_use(command: Command, tmp_path: Path) -> None:  # noqa: F811
    (tmp_path / "text.parquet").write_text("no")
    (tmp_path / "empty").mkdir()
    name = "cervical-spasm-opll"
    for arguments, says in (
        ((name, "nowhere"), "there is no guideline"),
        ((name, "empty"), "at fault"),
        ((name,), "missing argument"),
        ((name, name, "--profile", "loose"), "there is no profile"),
        ((name, name, "--cohort", "nothing.parquet"), "no such file"),
        ((name, name, "--cohort", "text.parquet"), "no Parquet file"),
        ((name, name, "--seconds", "0"), "seconds"),
        ((name, name, "--regions", "x"), "regions"),
        ((name, name, "--cases", "no/such/folder.yaml"), "cannot be written"),
    ):
        found = command("diff", *arguments)
        assert found.code == 2, arguments
        assert says in found.err
        assert "Traceback" not in found.err


def test_without_the_solver_it_names_the_extra() -> None:
    script = "import sys; sys.modules['z3'] = None\nimport guidestep\nguidestep.diff\n"
    done = subprocess.run([sys.executable, "-c", script], stderr=subprocess.PIPE, check=False)
    assert "pip install 'guidestep[verify]'" in done.stderr.decode()
