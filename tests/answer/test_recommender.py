"""What an answer says: outcome, basis, reasons, missing, steps, and what rides along."""

import json
import pickle
from hashlib import sha256
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import guidestep
import guidestep.frame
from guidestep import Action, Basis, Outcome, Recommendation
from guidestep.guideline import shipped_folder
from tests.answer.conftest import USUAL, Ask
from tests.answer.model import KneeAssessment


def said(recommendation: Recommendation) -> list[tuple[str, str]]:
    return [(reason.rule, reason.verdict) for reason in recommendation.reasons]


def steps(recommendation: Recommendation) -> list[str]:
    return [f"{step.action} {step.id}" for step in recommendation.steps]


def missing(recommendation: Recommendation) -> list[str]:
    return [item.path for item in recommendation.missing]


# --- outcomes, in order of precedence -----------------------------------------------------------


def test_all_known_and_well_starts(ask: Ask) -> None:
    answer = ask()
    assert answer.outcome is Outcome.RECOMMEND
    assert answer.basis is Basis.SOURCE
    assert steps(answer) == ["start B1"]
    assert said(answer) == [("begin", "true")]
    assert (answer.missing, answer.possible, answer.not_evaluable) == ((), (), ())


def test_a_red_flag_comes_before_everything(ask: Ask) -> None:
    answer = ask(knee__locked="present", knee__swollen="present", knee__age=9, knee__flexion=None)
    assert answer.outcome is Outcome.URGENT_REFERRAL
    assert said(answer) == [("locked", "true")]
    assert [(s.path, s.value) for s in answer.reasons[0].seen] == [("knee.locked", "present")]
    assert answer.steps == ()


def test_a_referral_tells_which_higher_outcome_is_still_possible(ask: Ask) -> None:
    answer = ask(knee__swollen="present", knee__locked=None)
    assert answer.outcome is Outcome.REFERRAL
    assert answer.basis is Basis.ASSUMPTION
    assert answer.possible == (Outcome.URGENT_REFERRAL,)
    assert missing(answer) == ["knee.locked"]
    assert answer.reasons[0].urgency == "not specified by source"


def test_not_eligible_hides_no_possible_referral(ask: Ask) -> None:
    answer = ask(knee__age=17, knee__swollen=None, knee__locked=None)
    assert answer.outcome is Outcome.NOT_ELIGIBLE
    assert answer.possible == (Outcome.URGENT_REFERRAL, Outcome.REFERRAL)
    assert missing(answer) == ["knee.locked", "knee.swollen"]


@pytest.mark.parametrize("path", ["knee__locked", "knee__swollen", "knee__age"])
def test_one_unknown_item_blocks_exercise_and_is_named(ask: Ask, path: str) -> None:
    answer = ask(**{path: None})
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert missing(answer) == [path.replace("__", ".")]
    assert [verdict for _, verdict in said(answer)] == ["unknown"]
    assert answer.steps == ()


def test_missing_inputs_come_most_decisive_first(ask: Ask) -> None:
    answer = ask(knee__age=None, knee__swollen=None, knee__locked=None, knee__flexion=None)
    assert missing(answer) == ["knee.locked", "knee.swollen", "knee.age", "knee.flexion"]
    first = answer.missing[0]
    assert first.could_lead_to is Outcome.URGENT_REFERRAL
    assert first.question == "Is the knee locked?"
    assert first.rules == ("locked",)
    assert ("measured", "unmet") in said(answer)
    assert next(r.step for r in answer.reasons if r.rule == "measured") == "A0"
    assert [(p.id, p.content) for p in answer.preparation] == [("A0", "Measure flexion.")]
    assert ask(knee__locked=None).preparation == ()


def test_a_requirement_that_is_unknown_is_not_met(ask: Ask) -> None:
    answer = ask(knee__scale=None)
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert said(answer) == [("scale-set", "unmet")]
    assert missing(answer) == ["knee.scale"]
    assert ask(knee__scale="off").outcome is Outcome.ASSESS_FIRST


def test_a_recorded_reason_for_absence_is_shown(knee: guidestep.Guideline) -> None:
    patient = {path: value for path, value in USUAL.items() if path != "knee.locked"}
    patient["data_absent_reasons"] = {"knee.locked": "asked-declined"}
    assert knee.recommend(patient).missing[0].absent_reason == "asked-declined"


def test_after_the_programme_comes_surveillance(ask: Ask) -> None:
    answer = ask(visit__stage="done", programme__bend="B2")
    assert answer.outcome is Outcome.SURVEILLANCE
    assert said(answer) == [("over", "true")]


def test_where_no_rule_decides_the_answer_says_so(
    tmp_path_factory: pytest.TempPathFactory, knee: guidestep.Guideline
) -> None:
    folder = tmp_path_factory.mktemp("silent") / "knee"
    copytree(Path(__file__).parent / "guideline", folder)
    (folder / "surveillance.yaml").unlink()
    silent = guidestep.load(folder, model=KneeAssessment)
    answer = silent.recommend({**USUAL, "visit.stage": "done"})
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert said(answer) == [("no-rule-decides", "unknown")]


# --- optional evidence, conflicts, cautions, open points ----------------------------------------


def test_declared_optional_evidence_is_not_evaluable_and_never_negative(ask: Ask) -> None:
    answer = ask(knee__scan="not_done", knee__tear=None, knee__fever=None)
    assert answer.outcome is Outcome.RECOMMEND
    assert [(n.rule, n.missing) for n in answer.not_evaluable] == [
        ("torn", ("knee.tear",)),
        ("feverish", ("knee.fever",)),
    ]
    assert answer.basis is Basis.ASSUMPTION
    assert [a.id for a in answer.assumptions] == ["ASM-1"]


def test_it_blocks_while_the_condition_for_it_is_unknown(ask: Ask) -> None:
    assert ask(knee__scan=None, knee__tear=None).outcome is Outcome.ASSESS_FIRST
    assert ask(knee__scan="done", knee__tear=None).outcome is Outcome.ASSESS_FIRST


def test_a_strict_profile_refuses_optional_evidence(ask: Ask) -> None:
    answer = ask("strict", knee__scan="not_done", knee__tear=None)
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert missing(answer) == ["knee.tear"]
    assert ask("strict", knee__rash=None).outcome is Outcome.ASSESS_FIRST
    assert ask(knee__rash=None).outcome is Outcome.RECOMMEND


def test_a_caution_is_told_and_changes_nothing(ask: Ask) -> None:
    answer = ask(knee__rash="present")
    assert answer.outcome is Outcome.RECOMMEND
    assert [c.rule for c in answer.cautions] == ["spotted"]


def test_a_conflict_is_listed_and_leads_to_assess_first(ask: Ask) -> None:
    answer = ask(knee__scan="not_done", knee__tear="absent")
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert [c.rule for c in answer.conflicts] == ["unscanned-tear"]
    assert said(answer) == [("unscanned-tear", "true")]


def test_a_conflict_hides_no_red_flag(ask: Ask) -> None:
    answer = ask(knee__scan="not_done", knee__tear="present")
    assert answer.outcome is Outcome.URGENT_REFERRAL
    assert [c.rule for c in answer.conflicts] == ["unscanned-tear"]


def test_an_open_point_is_undetermined_by_the_source(ask: Ask) -> None:
    active = {"visit__stage": "active", "programme__bend": "B1", "programme__better": True}
    answer = ask("bare", **active)
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert answer.basis is Basis.UNDETERMINED
    assert [r.rule for r in answer.reasons] == ["ASM-2"]
    assert answer.missing == ()
    assert ask(**active).outcome is Outcome.RECOMMEND


def test_a_rule_is_inactive_while_its_assumption_is_off(ask: Ask) -> None:
    assert ask("bare", knee__swollen="present").outcome is Outcome.RECOMMEND


# --- tracks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "expected", "why"),
    [
        ({"knee__flexion": 20}, "start B1", ["begin"]),
        ({"knee__flexion": 19.5}, "withhold B1", ["begin"]),
        ({"programme__bend": "B1"}, "continue B1", ["onward"]),
        (
            {"programme__bend": "B1", "programme__better": True, "knee__flexion": 90},
            "progress B2",
            ["onward"],
        ),
        (
            {"programme__bend": "B1", "programme__better": True, "knee__flexion": 89.9},
            "continue B1",
            ["onward"],
        ),
        ({"programme__bend": "B2"}, "continue B2", []),
        ({"programme__bend": "B2", "knee__flexion": 59}, "continue B1", ["back"]),
        ({"programme__bend": "B1", "knee__fever": None}, "withhold R", ["rest"]),
    ],
)
def test_one_action_a_track(
    ask: Ask, changes: dict[str, object], expected: str, why: list[str]
) -> None:
    stage = "active" if "programme__bend" in changes else "intake"
    answer = ask(visit__stage=stage, **changes)
    assert steps(answer) == [expected]
    assert [reason.rule for reason in answer.steps[0].reasons] == why


def test_a_step_names_the_input_its_criterion_waits_for(ask: Ask) -> None:
    answer = ask(visit__stage="active", programme__bend="B1", knee__flexion=95)
    assert answer.steps[0].waiting_for == ("programme.better",)
    assert missing(answer) == ["programme.better"]
    assert answer.missing[0].could_lead_to is Outcome.RECOMMEND


def test_nothing_is_asked_that_can_no_longer_matter(ask: Ask) -> None:
    answer = ask(visit__stage="active", programme__bend="B1", knee__flexion=50)
    assert answer.steps[0].action is Action.CONTINUE
    assert answer.missing == ()


def test_a_step_says_where_the_patient_is_now(ask: Ask) -> None:
    active = {"visit__stage": "active", "programme__bend": "B2"}
    assert ask().steps[0].current is None
    assert ask(**active, knee__flexion=50).steps[0].current == "B2"
    assert ask(**active, knee__fever=None).steps[0].current == "B2"


def test_what_a_band_came_to(ask: Ask) -> None:
    def bend(flexion: float | None) -> list[tuple[str | None, tuple[str, ...]]]:
        return [(r.label, r.possible) for r in ask(knee__flexion=flexion).results]

    assert bend(75) == [("fair", ())]
    assert bend(None) == []


def test_an_unknown_step_back_goes_back(ask: Ask) -> None:
    answer = ask(visit__stage="active", programme__bend="B2", knee__flexion=None)
    assert steps(answer) == ["continue B1"]
    assert answer.steps[0].waiting_for == ("knee.flexion",)


def test_the_dose_is_given_as_printed_and_checked(ask: Ask) -> None:
    active = {"visit__stage": "active", "programme__bend": "B1"}
    dose = ask(**active).steps[0].dose
    assert [(d.item, d.low, d.high, d.unit, d.not_specified) for d in dose] == [
        ("hold", 10, 30, "s", False),
        ("sessions", None, None, None, True),
    ]
    for hold, warned in ((9.9, True), (10, False), (30, False), (30.1, True)):
        cautions = ask(**active, programme__holds=hold).cautions
        assert bool(cautions) is warned
    assert cautions[0].statement == "hold: what is done lies outside the printed 10-30 seconds"


def test_parameters_move_a_threshold_within_their_bounds(knee: guidestep.Guideline) -> None:
    patient = {
        **USUAL,
        "visit.stage": "active",
        "programme.bend": "B1",
        "programme.better": True,
        "knee.flexion": 95,
    }
    assert steps(knee.recommend(patient)) == ["progress B2"]
    site = knee.configure(least_flexion=100)
    assert steps(site.recommend(patient)) == ["continue B1"]
    used = site.recommend(patient).guideline.parameters
    assert [(p.id, p.value) for p in used] == [("least_flexion", 100)]
    for value in (79, 121, True, "90", float("nan")):
        with pytest.raises(guidestep.SettingError, match="80 to 120 deg"):
            knee.configure(least_flexion=value)  # type: ignore[arg-type]
    with pytest.raises(guidestep.SettingError, match="no parameter 'most_flexion'"):
        knee.configure(most_flexion=1)


# --- what rides along ---------------------------------------------------------------------------


def test_notices_by_outcome_with_the_values_they_show(ask: Ask) -> None:
    answer = ask()
    assert [n.id for n in answer.notices] == ["watch", "measured-flexion"]
    assert [(s.path, s.value, s.unit) for s in answer.notices[1].seen] == [
        ("knee.flexion", 75.0, "deg"),
        ("visit.on", "2026-03-01", None),
    ]
    assert [n.id for n in ask(knee__locked="present").notices] == ["watch"]


def test_a_request_is_answered_never_obeyed(ask: Ask) -> None:
    active = {"visit__stage": "active", "programme__bend": "B1", "visit__asks": "load"}
    refused = ask(**active).answers[0]
    assert (refused.granted, refused.answer) == (False, "The criterion is not met.")
    granted = ask(**active, programme__better=True, knee__flexion=100).answers[0]
    assert (granted.granted, granted.answer) == (True, "The next step is due.")
    assert ask().answers == ()


def test_a_request_where_nothing_is_advised_points_to_the_outcome(ask: Ask) -> None:
    answer = ask(visit__asks="load", knee__locked="present").answers[0]
    assert not answer.granted
    assert answer.answer.startswith("Not granted: nothing is started or changed at this visit")


def test_everything_an_answer_rests_on_is_listed_once(ask: Ask) -> None:
    answer = ask(knee__locked="present")
    assert answer.facts == ("F1", "F2")
    assert [c.id for c in answer.citations] == ["book"]
    assert answer.review.statement == "Nobody has reviewed this."


def test_an_open_choice_is_never_recommended_away(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A track without a place is a choice: while it is open nothing is recommended."""
    folder = tmp_path_factory.mktemp("choice") / "knee"
    copytree(Path(__file__).parent / "guideline", folder)
    steps_file = folder / "steps.yaml"
    steps_file.write_text(
        steps_file.read_text().replace(
            "tracks:", "tracks:\n  - {id: imaging, title: Imaging, when: true}"
        )
        + "".join(
            f"  - {{id: {id_}, track: imaging, kind: action, title: X, content: Z, facts: [F2]}}\n"
            for id_ in ("x-ray", "no-x-ray")
        )
    )
    progression = folder / "progression.yaml"
    progression.write_text(
        progression.read_text()
        + "- {id: image, statement: Rash, start: x-ray, when: knee.rash is present, facts: [F2]}\n"
        + "- {id: spare, statement: Not, start: no-x-ray, when: knee.rash is absent, facts: [F2]}\n"
    )
    guideline = guidestep.load(folder, model=KneeAssessment)
    assert steps(guideline.recommend(USUAL)) == ["start no-x-ray", "start B1"]
    answer = guideline.recommend({k: v for k, v in USUAL.items() if k != "knee.rash"})
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert said(answer) == [("image", "unknown"), ("spare", "unknown")]
    assert missing(answer) == ["knee.rash"]


# --- the object ---------------------------------------------------------------------------------


def test_the_answer_names_its_makers(ask: Ask, knee: guidestep.Guideline) -> None:
    answer = ask()
    assert (answer.guideline.version, answer.guideline.digest) == ("1.2.3", knee.digest)
    assert (answer.guideline.source, answer.guideline.source_updated) == ("On knees", "2026-01-02")
    assert answer.engines == ("durable", "compiled")
    assert answer.agreement
    alone = knee.recommend(USUAL, engine="compiled")
    assert alone.engines == ("compiled",)
    assert not alone.agreement
    read = KneeAssessment.read(USUAL).model_dump_json(exclude_none=True)
    assert answer.input_digest == sha256(read.encode()).hexdigest()
    assert answer.input_digest != ask(knee__flexion=76).input_digest


def test_an_answer_cannot_be_changed(ask: Ask) -> None:
    with pytest.raises(AttributeError):
        ask().outcome = Outcome.SURVEILLANCE  # type: ignore[misc]


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "knee__locked": st.sampled_from([None, "absent", "present"]),
        "knee__swollen": st.sampled_from([None, "absent", "present"]),
        "knee__fever": st.sampled_from([None, "absent", "present"]),
        "knee__scan": st.sampled_from([None, "done", "not_done"]),
        "knee__tear": st.sampled_from([None, "absent", "present"]),
        "knee__flexion": st.sampled_from([None, 0, 19, 20, 59.5, 60, 89, 90, 160]),
        "knee__age": st.sampled_from([None, 17, 18, 40]),
        "programme__bend": st.sampled_from(["none", "B1", "B2"]),
        "programme__better": st.sampled_from([None, True, False]),
        "visit__stage": st.sampled_from(["intake", "active", "done"]),
        "visit__asks": st.sampled_from([None, "nothing", "load"]),
        "profile": st.sampled_from(["usual", "strict", "bare"]),
    },
)


@given(changes=CHANGES)
def test_json_there_and_back_and_the_same_bytes(ask: Ask, changes: dict[str, object]) -> None:
    answer = ask(**changes)
    text = answer.to_json()
    assert ask(**changes).to_json() == text
    back = Recommendation.from_json(text)
    assert back == answer
    assert back.to_json() == text
    assert json.loads(text)["outcome"] == answer.outcome.value
    with pytest.raises(LookupError, match="read back without its assessment"):
        back.explain()


@given(whole=CHANGES, gone=st.sets(st.sampled_from(sorted(USUAL)[:-2])))
def test_learning_more_never_takes_an_exercise_back(
    ask: Ask, whole: dict[str, object], gone: set[str]
) -> None:
    gone = {path for path in gone if not path.startswith(("programme.bend", "visit.stage"))}
    less = ask(**{**whole, **{path.replace(".", "__"): None for path in gone}})
    excused = {path for rule in less.not_evaluable for path in rule.missing}
    more = ask(**{**whole, **{path.replace(".", "__"): None for path in gone & excused}})
    if less.outcome is not Outcome.RECOMMEND or more.conflicts:
        return
    assert more.outcome is Outcome.RECOMMEND
    moved = {(s.id, s.action) for s in less.steps if s.action in (Action.START, Action.PROGRESS)}
    assert moved <= {(s.id, s.action) for s in more.steps}


def test_a_pickle_holds_no_patient(ask: Ask, knee: guidestep.Guideline) -> None:
    answer = ask()
    copy = pickle.loads(pickle.dumps(answer))
    assert copy == answer
    assert hash(copy) == hash(answer)
    assert copy.evidence is None
    again = pickle.loads(pickle.dumps(knee))
    assert again.recommend(USUAL) == answer


def test_minus_zero_is_zero_whoever_came_before(knee: guidestep.Guideline) -> None:
    texts = [
        knee.recommend({**USUAL, "knee.flexion": value}, profile="strict").to_json()
        for value in (-0.0, 0.0)
    ]
    assert '"value":-0.0' not in texts[0] + texts[1]


def test_wrong_settings_are_named(knee: guidestep.Guideline) -> None:
    with pytest.raises(guidestep.SettingError, match=r"no profile 'none'; .* usual, strict, bare"):
        knee.recommend(USUAL, profile="none")
    with pytest.raises(guidestep.SettingError, match="no profile ''"):
        knee.recommend(USUAL, profile="")
    with pytest.raises(guidestep.SettingError, match="no engine 'fast'"):
        knee.recommend(USUAL, engine="fast")
    with pytest.raises(guidestep.AssessmentError, match=r"knee\.flexion"):
        knee.recommend({**USUAL, "knee.flexion": "75"})


def test_the_digest_of_the_input_does_not_depend_on_the_order_of_reasons() -> None:
    required = {
        "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
        "neurologic": {"red_flag_adjudication": "none"},
        "program": {
            "mobility_step": "not_started",
            "neuromuscular_step": "not_started",
            "resistance_step": "withheld",
            "requested_action": "none",
        },
    }
    reasons = {"neurologic.hoffmann_left": "unable", "scope.age_years": "asked-declined"}
    turned = dict(reversed(reasons.items()))
    guideline = guidestep.load("cervical-spasm-opll")
    one, other = (
        guideline.recommend({**required, "data_absent_reasons": each}) for each in (reasons, turned)
    )
    assert one.to_json() == other.to_json()


@pytest.mark.parametrize("off", ["ASM-10", "ASM-14", "ASM-23", "ASM-27"])
def test_nothing_rests_on_an_assumption_that_is_off(tmp_path: Path, off: str) -> None:
    rules = tmp_path / "rules"
    copytree(shipped_folder() / "cervical-spasm-opll", rules)
    header = rules / "guideline.yaml"
    profile = f"  - {{id: site, title: Ours, assumptions: all, without: [{off}]}}\n"
    header.write_text(header.read_text().replace("profiles:\n", f"profiles:\n{profile}", 1))
    site = guidestep.load(rules)
    cohort = guidestep.frame.synthesize(site, 300, seed=3)
    told = 0
    for patient in guidestep.frame.from_frame(cohort, site):
        answer = site.recommend(patient, profile="site")
        assert off not in {used.id for used in answer.assumptions}
        assert not [step.id for step in answer.steps if off in step.assumes]
        told += off in {used.id for used in site.recommend(patient).assumptions}
    assert told  # with it on, answers do rest on it
