"""The safety invariants of the cervical guideline, over random patients near its own cases.

Each patient is a case of the guideline with some fields changed or left out, so that the random
walk stays where decisions change; wholly random patients nearly all have a red flag.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn
from tests.strategies.assessments import cervical_dicts, values

import guidestep
from guidestep import Outcome, Recommendation
from guidestep.assessment import CervicalAssessment, FieldKind, FieldSpec
from guidestep.cases import read_cases

FOLDER = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
GUIDELINE = guidestep.load(FOLDER)
SPECS = {
    path: spec
    for path, spec in CervicalAssessment.fields().items()
    if spec.kind not in (FieldKind.DATE, FieldKind.TEXT)
}
OPTIONAL = [path for path, spec in SPECS.items() if not spec.required]
MOVES = {"start", "progress"}
Patient = dict[str, dict[str, object]]

PATIENTS: list[Patient] = [
    {section: dict(part) for section, part in case.assessment.items() if isinstance(part, Mapping)}
    for case in read_cases(FOLDER)
    if case.entry.profile in (None, "source")
]

RED_FLAGS: dict[str, dict[str, object]] = {
    "F121": {
        "neurologic.ue_weakness_laterality": "bilateral",
        "neurologic.ue_weakness_trend": "progressive",
    },
    "F122": {
        "neurologic.ue_numbness_laterality": "bilateral",
        "neurologic.ue_numbness_trend": "progressive",
    },
    "F123": {"neurologic.gait_instability": "present"},
    "F124": {"neurologic.le_symptoms": "present", "neurologic.red_flag_adjudication": "none"},
    "F125": {"neurologic.bowel_dysfunction": "present", "neurologic.red_flag_adjudication": "none"},
    "F126": {
        "neurologic.bladder_dysfunction": "present",
        "neurologic.red_flag_adjudication": "none",
    },
    "F127": {
        "neurologic.mri_cord_compression": "significant",
        "neurologic.mri_myelomalacia": "present",
    },
}


@st.composite
def near_cases(draw: DrawFn, changes: int = 3) -> Patient:
    """A patient of a case with up to this many fields set to something valid, or left out."""
    patient = draw(st.sampled_from(PATIENTS))
    for path in draw(st.lists(st.sampled_from(sorted(SPECS)), max_size=changes, unique=True)):
        patient = put(patient, {path: draw(_value(SPECS[path]))})
    return patient


def _value(spec: FieldSpec) -> st.SearchStrategy[object]:
    return values(spec) if spec.required else values(spec) | st.none()


def put(patient: Patient, fields: Mapping[str, object]) -> Patient:
    """The same patient with some fields set, or left out where the value is None."""
    new = {section: dict(part) for section, part in patient.items()}
    for path, value in fields.items():
        section, _, name = path.partition(".")
        if value is None:
            new.get(section, {}).pop(name, None)
        else:
            new.setdefault(section, {})[name] = value
    return new


def get(patient: Patient, path: str) -> object:
    section, _, name = path.partition(".")
    return patient.get(section, {}).get(name)


def ask(patient: Patient, profile: str = "source") -> Recommendation:
    return GUIDELINE.recommend(patient, profile=profile, engine="compiled")


def moves(answer: Recommendation) -> set[str]:
    """What starts or progresses."""
    return {f"{s.action} {s.id}" for s in answer.steps if s.action.value in MOVES}


def excused(answer: Recommendation) -> set[str]:
    return {item.rule for item in answer.not_evaluable}


@given(near_cases(), st.data())
@settings(max_examples=400, deadline=None)
def test_a_taking_information_away_never_starts_or_progresses_exercise(
    patient: Patient, data: st.DataObject
) -> None:
    known = [path for path in OPTIONAL if get(patient, path) is not None]
    path = data.draw(st.sampled_from(known or OPTIONAL))
    before, after = ask(patient), ask(put(patient, {path: None}))
    # A contradiction is gone with one of its entries, and optional evidence is declared.
    if not before.conflicts and excused(after) <= excused(before):
        assert moves(after) <= moves(before)


@given(st.sampled_from(PATIENTS), st.data())
@settings(max_examples=600, deadline=None)
def test_a_recommendation_stays_whatever_is_learnt(patient: Patient, data: st.DataObject) -> None:
    optional = st.lists(st.sampled_from(OPTIONAL), max_size=2)
    patient = put(patient, dict.fromkeys(data.draw(optional)))
    before = ask(patient)
    path = data.draw(st.sampled_from([p for p in OPTIONAL if get(patient, p) is None]))
    after = ask(put(patient, {path: data.draw(values(SPECS[path]))}))
    if before.outcome is not Outcome.RECOMMEND or after.conflicts:
        return
    if excused(after) == excused(before):
        assert after.outcome is Outcome.RECOMMEND
        assert moves(before) <= moves(after)


@pytest.mark.parametrize("flag", RED_FLAGS)
@given(patient=near_cases() | cervical_dicts())
@settings(max_examples=60, deadline=None)
def test_b_a_red_flag_is_urgent_whatever_else_is_recorded(flag: str, patient: Patient) -> None:
    patient = {k: v for k, v in patient.items() if k != "data_absent_reasons"}
    answer = ask(put(patient, RED_FLAGS[flag]))
    assert answer.outcome is Outcome.URGENT_REFERRAL
    assert flag in answer.facts
    assert not answer.steps


@given(near_cases(), st.integers(1, 400))
@settings(max_examples=300, deadline=None)
def test_c_time_alone_never_advances_a_step(patient: Patient, days: int) -> None:
    start = get(patient, "encounter.program_start_date")
    if not isinstance(start, date):
        return
    patient = put(patient, {"program.weeks_since_program_start": None})
    later = put(patient, {"encounter.program_start_date": start - timedelta(days=days)})
    assert moves(ask(later)) <= moves(ask(patient))


@given(near_cases(), st.floats(0, 20), st.floats(0, 20))
@settings(max_examples=200, deadline=None)
def test_c_an_older_measurement_never_advances_a_step(
    patient: Patient, weeks: float, more: float
) -> None:
    path = "program.weeks_since_last_rom_reassessment"
    early, late = put(patient, {path: weeks}), put(patient, {path: weeks + more})
    assert moves(ask(late)) <= moves(ask(early))


@given(near_cases())
@settings(max_examples=200, deadline=None)
def test_d_a_new_deficit_is_never_left_to_time(patient: Patient) -> None:
    answer = ask(put(patient, {"neurologic.new_neurologic_deficit": "present"}))
    assert answer.outcome in (
        Outcome.URGENT_REFERRAL,
        Outcome.REFERRAL,
        Outcome.NOT_ELIGIBLE,
        Outcome.ASSESS_FIRST,
    )
    assert "wait" not in answer.to_json().casefold()
    assert "wait" not in answer.card().casefold()


@given(near_cases())
@settings(max_examples=200, deadline=None)
def test_e_thrust_and_drugs_are_never_recommended(patient: Patient) -> None:
    for request in ("thrust_manipulation", "start_adjunct_drug"):
        answer = ask(put(patient, {"program.requested_action": request}))
        assert [a.granted for a in answer.answers] == [False]
        for step in answer.steps:
            told = " ".join([step.title, step.content, *step.conditions, step.next]).casefold()
            assert not any(w in told for w in ("thrust", "pregabalin", "gabapentin", "duloxetine"))
        assert " mg" not in answer.to_json()


@given(near_cases() | cervical_dicts())
@settings(max_examples=200, deadline=None)
def test_f_every_answer_says_what_it_rests_on(patient: Patient) -> None:
    answer = ask(patient)
    used = {assumption.id for assumption in answer.assumptions}
    assert answer.facts
    assert answer.reasons
    grounds = [(part.facts, part.cites, part.assumes) for part in answer.reasons]
    grounds += [(part.facts, part.cites, part.assumes) for part in answer.steps]
    grounds += [(part.facts, part.cites, part.assumes) for part in answer.cautions]
    grounds += [(part.facts, part.cites, part.assumes) for part in answer.notices]
    for facts, cites, assumes in grounds:
        assert facts or cites or assumes
        assert set(facts) <= set(answer.facts)
        assert set(assumes) <= used
    assert answer.review.status == "pending_human_review"
    always = {"human-review-pending", "watch-for-cord-symptoms", "surveillance-goes-on"}
    assert always <= {notice.id for notice in answer.notices}


@given(near_cases() | cervical_dicts())
@settings(max_examples=300, deadline=None)
def test_g_without_assumptions_no_exercise_starts_on_an_open_point(patient: Patient) -> None:
    answer = ask(patient, "bare")
    assert not moves(answer)
    if ask(patient).outcome is Outcome.RECOMMEND:
        assert answer.outcome is Outcome.ASSESS_FIRST
        assert any(reason.rule.startswith("ASM-") for reason in answer.reasons)


@given(near_cases() | cervical_dicts())
@settings(max_examples=300, deadline=None)
def test_h_reports_of_children_never_reach_an_adult(patient: Patient) -> None:
    answer = ask(patient)
    age = get(patient, "scope.age_years")
    if age is None or (isinstance(age, int) and age >= 18):
        assert not {"F101", "F102"} & set(answer.facts)
    else:
        assert answer.outcome is not Outcome.RECOMMEND


@given(near_cases())
@settings(max_examples=200, deadline=None)
def test_i_imaging_not_done_is_never_negative(patient: Patient) -> None:
    patient = put(patient, {"neurologic.mri_status": "not_done"})
    answer = ask(patient)
    if answer.outcome in (Outcome.RECOMMEND, Outcome.SURVEILLANCE):
        assert "cord-compression-with-myelomalacia" in excused(answer)
    assert ask(patient, "strict").outcome not in (Outcome.RECOMMEND, Outcome.SURVEILLANCE)


@given(near_cases(), st.data())
@settings(max_examples=200, deadline=None)
def test_the_safety_pack_only_adds_caution(patient: Patient, data: st.DataObject) -> None:
    pack = [path for path in OPTIONAL if path.startswith("safety_screen.")]
    unasked = put(patient, dict.fromkeys(pack))
    answered = put(unasked, {path: data.draw(values(SPECS[path])) for path in pack})
    assert moves(ask(answered)) <= moves(ask(unasked))


@given(near_cases())
@settings(max_examples=200, deadline=None)
def test_the_strict_profile_is_never_more_permissive(patient: Patient) -> None:
    assert moves(ask(patient, "strict")) <= moves(ask(patient))


@given(near_cases(), st.data())
@settings(max_examples=200, deadline=None)
def test_a_drug_never_changes_the_outcome(patient: Patient, data: st.DataObject) -> None:
    drugs = [
        path
        for path in OPTIONAL
        if path.startswith("adjuncts.") and not path.endswith("planned_manual_technique")
    ]
    other = put(patient, {path: data.draw(_value(SPECS[path])) for path in drugs})
    first, second = ask(patient), ask(other)
    assert first.outcome is second.outcome
    assert moves(first) == moves(second)
