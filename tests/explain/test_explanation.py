"""Explanations: the law that they agree with the engines, and what they show."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep import Guideline, Recommendation
from guidestep.assessment import CervicalAssessment
from guidestep.explain.evidence import Evidence
from guidestep.explain.explanation import Why
from guidestep.explain.why import Explainer
from guidestep.language.tree import IsMember, Reference
from guidestep.outcome import Outcome
from tests.explain.ankle import AnkleAssessment
from tests.explain.expressions import EXPRESSIONS
from tests.explain.patients import INTAKE, shipped_guideline
from tests.strategies.assessments import (
    AssessmentDict,
    assessment_dicts,
    cervical_assessments,
    changed,
)

MISSING = st.sampled_from([0.05, 0.3, 0.7])


def evidence_of(recommendation: Recommendation) -> Evidence:
    assert recommendation.evidence is not None
    return recommendation.evidence


def agree(evidence: Evidence) -> None:
    """The truth at the root of each tree is the engine's verdict on the rule.

    A conflict is there or it is not: where its condition is unknown the engines say no.
    """
    decision, verdicts = evidence.compiled.decision, evidence.verdicts
    names = {rule.id: rule.id for rule in decision.rules}
    names |= {rule.id: rule.id for rule in decision.progressions}
    names |= {id_: f"{id_}:open" for id_ in decision.open_points}
    for id_, name in names.items():
        rule = Explainer(evidence).rule(id_)
        assert rule.condition is not None
        assert rule.verdict == str(verdicts[name]).lower().replace("none", "unknown")
        seen = rule.condition.said
        if rule.family == "conflict" and seen == "unknown":
            seen = "false"
        assert seen == rule.verdict, id_


@settings(max_examples=40, deadline=None)
@given(
    patient=MISSING.flatmap(cervical_assessments),
    profile=st.sampled_from(["source", "strict", "bare"]),
)
def test_the_truth_at_the_root_is_the_engines(patient: CervicalAssessment, profile: str) -> None:
    # Not a fixture: Hypothesis would print all of it with a failure.
    recommendation = shipped_guideline().recommend(patient, profile=profile, engine="compiled")
    agree(evidence_of(recommendation))
    # What is said holds together: it goes to JSON and to HTML without a fault.
    json.dumps(recommendation.explain().to_dict())
    recommendation.explain()._repr_html_()


@settings(max_examples=150, deadline=None)
@given(
    patient=MISSING.flatmap(lambda missing: assessment_dicts(AnkleAssessment, missing)),
    profile=st.sampled_from(["usual", "bare"]),
)
def test_the_truth_at_the_root_is_the_engines_for_every_kind_of_node(
    ankles: Guideline, patient: AssessmentDict, profile: str
) -> None:
    recommendation = ankles.recommend(patient, profile=profile, engine="compiled")
    agree(evidence_of(recommendation))


def test_a_membership_is_decided_while_the_band_is_not(ankles: Guideline) -> None:
    # The pain is unknown, so the grade is bad or fair, and one of the two in any case.
    recommendation = ankles.recommend({"ankle.flexion": 3}, engine="compiled")
    trees = Explainer(evidence_of(recommendation))
    both = IsMember(Reference("grade"), ("bad", "fair"))
    tree = trees.why(both)
    assert (tree.said, tree.seen) == ("true", "grade of the ankle: undecided, bad or fair")
    assert [(one.text, one.said, one.seen) for one in tree.below] == [
        ("bad: pain (at rest) is severe", "unknown", "not assessed"),
        (
            "fair: flexion is less than the setting 'least flexion' (20 degrees unless changed)",
            "true",
            "flexion: 3 degrees; least flexion: 20 degrees",
        ),
        ("poor: age is more than 60 years", "unknown", "not assessed"),
    ]


def ask(ankles: Guideline, written: str, profile: str = "usual", **patient: object) -> Why:
    index = next(i for i, (text, _) in enumerate(EXPRESSIONS) if text == written)
    known = {path.replace("__", "."): value for path, value in patient.items()}
    recommendation = ankles.recommend(known, profile=profile, engine="compiled")
    tree = Explainer(evidence_of(recommendation)).rule(f"rule-{index}").condition
    assert tree is not None
    return tree


def test_a_score_shows_its_interval_and_its_items(ankles: Guideline) -> None:
    tree = ask(ankles, "points >= 2", ankle__warm=True, ankle__pain="severe")
    assert (tree.said, tree.seen) == ("true", "points of the ankle: from 2 to 3")
    assert [(one.text, one.said) for one in tree.below] == [
        ("2 points: warm ankle is true", "true"),
        ('1 point: "grade of the ankle" is bad or fair', "true"),
        ("-1 point: signs of a sprain are present", "unknown"),
    ]


def test_an_open_point_is_named(ankles: Guideline) -> None:
    tree = ask(ankles, "worse", profile="bare", ankle__warm=True)
    assert tree == Why('"MRI looks worse" holds', "unknown", "open point ASM-1")
    tree = ask(ankles, "open_grade is bad", profile="bare", ankle__warm=True)
    assert tree == Why('"grade by an assumption" is bad', "unknown", "open point ASM-1")


def test_a_parameter_shows_what_the_site_has_set(ankles: Guideline) -> None:
    own = ankles.configure(least_flexion=30)
    tree = ask(own, "ankle.flexion <= least_flexion", ankle__flexion=25)
    assert (tree.said, tree.seen) == ("true", "flexion: 25 degrees; least flexion: 30 degrees")


def test_a_definition_is_expanded_once(ankles: Guideline) -> None:
    recommendation = ankles.recommend({"ankle.warm": True}, engine="compiled")
    trees = Explainer(evidence_of(recommendation))
    hot = ankles.base.definitions["hot"].expression
    first, second = trees.why(Reference("hot")), trees.why(Reference("hot"))
    assert first.below == (trees.why(hot),)
    assert (second.below, second.seen) == ((), "explained above")


def test_a_reason_for_absence_is_shown(cervical: Guideline) -> None:
    known = {
        **changed(INTAKE, neurologic__gait_instability=None),
        "data_absent_reasons": {"neurologic.gait_instability": "asked-declined"},
    }
    recommendation = cervical.recommend(known, engine="compiled")
    tree = Explainer(evidence_of(recommendation)).rule("unstable-gait").condition
    assert tree == Why("unsteady gait is present", "unknown", "not assessed: asked-declined")


def test_what_was_ruled_out_is_listed_when_a_step_is_recommended(cervical: Guideline) -> None:
    recommendation = cervical.recommend(INTAKE, engine="compiled")
    assert recommendation.outcome is Outcome.RECOMMEND
    explanation = recommendation.explain()
    trees = Explainer(evidence_of(recommendation))
    ruled_out = {one.rule for one in explanation.ruled_out}
    red_flags = {id_ for id_, rule in cervical.rules.items() if rule.family == "red_flag"}
    assert red_flags <= ruled_out
    assert all(trees.why(cervical.rules[name].when).said == "false" for name in ruled_out)
    assert [s.title for s in explanation.sections if s.title.startswith("start")] == [
        "start M1: Static stretching and muscle energy technique",
        "start N1: Supervised neuromuscular training",
    ]
    text = str(explanation)
    assert "Checked and ruled out" in text
    assert "[false] unstable-gait (red flag): Unsteady gait" in text


def test_a_conflict_that_cannot_be_seen_is_not_ruled_out(cervical: Guideline) -> None:
    # A stored number of weeks could still contradict the dates; the engines see no conflict.
    known = changed(INTAKE, encounter__program_start_date=None, program__sessions_completed=None)
    recommendation = cervical.recommend(known, engine="compiled")
    evidence = evidence_of(recommendation)
    conflicts = {"weeks-disagree", "programme-entries-contradict"}
    assert {evidence.verdicts[id_] for id_ in conflicts} == {False}
    ruled_out = {one.rule for one in recommendation.explain().ruled_out}
    assert recommendation.outcome is Outcome.RECOMMEND
    assert not conflicts & ruled_out


def test_nothing_is_ruled_out_where_something_is_found(cervical: Guideline) -> None:
    known = changed(INTAKE, neurologic__gait_instability="present")
    recommendation = cervical.recommend(known, engine="compiled")
    explanation = recommendation.explain()
    assert explanation.ruled_out == ()
    assert str(explanation).splitlines()[:5] == [
        "Why: stop rehabilitation, refer urgently",
        "",
        "This answer",
        "  [true] unstable-gait (red flag): Unsteady gait",
        "    [true] unsteady gait is present (seen: present)",
    ]


@pytest.mark.parametrize("hoffmann", ["negative", None])
def test_each_rule_that_spoke_is_explained_once(cervical: Guideline, hoffmann: str | None) -> None:
    known = changed(
        INTAKE,
        program__requested_action="thrust_manipulation",
        neurologic__hoffmann_left=hoffmann,
    )
    recommendation = cervical.recommend(known, engine="compiled")
    explained = [
        rule.rule for section in recommendation.explain().sections for rule in section.rules
    ]
    wanted = {one.rule for one in recommendation.reasons + recommendation.cautions}
    wanted |= {one.rule for one in recommendation.conflicts}
    wanted |= {one.rule for one in recommendation.not_evaluable}
    assert set(explained) == wanted
    assert len(explained) == len(wanted)


def test_a_dose_outside_its_range_is_explained(cervical: Guideline) -> None:
    known = changed(
        INTAKE,
        encounter__care_stage="active_program",
        program__mobility_step="M1",
        program__stretch_hold_s=60,
    )
    recommendation = cervical.recommend(known, engine="compiled")
    assert "M1:dose 2" in {caution.rule for caution in recommendation.cautions}
    rules = [r for s in recommendation.explain().sections for r in s.rules]
    dose = next(rule for rule in rules if rule.rule == "M1:dose 2")
    assert dose.verdict == "true"
    assert dose.statement.startswith("hold: what is done lies outside")


def test_where_no_rule_decides_there_is_no_tree(ankles: Guideline) -> None:
    recommendation = ankles.recommend({}, engine="compiled")
    assert Explainer(evidence_of(recommendation)).rule("no-rule", "None").condition is None


def test_html_is_escaped_and_balanced(cervical: Guideline) -> None:
    known = changed(INTAKE, neurologic__new_neurologic_deficit_description="<script>&\"'")
    html = cervical.recommend(known, engine="compiled").explain()._repr_html_()
    assert "<script" not in html
    for tag in ("ul", "li", "details", "summary", "div"):
        assert len(re.findall(f"<{tag}[ >]", html)) == html.count(f"</{tag}>")


def test_an_answer_read_back_cannot_be_explained(cervical: Guideline) -> None:
    recommendation = cervical.recommend(INTAKE, engine="compiled")
    with pytest.raises(LookupError, match="without its assessment"):
        Recommendation.from_json(recommendation.to_json()).explain()
