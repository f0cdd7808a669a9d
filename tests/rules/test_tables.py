"""The long lists of the cervical guideline, item by item: what must be known, what contradicts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

import guidestep
from guidestep import Recommendation
from guidestep.cases import read_cases

FOLDER = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
GUIDELINE = guidestep.load(FOLDER)
Fields = Mapping[str, object]
CASES = {case.id: case.assessment for case in read_cases(FOLDER)}


def ask(
    case: str, fields: Fields = MappingProxyType({}), profile: str = "source"
) -> Recommendation:
    """The answer to a case with some fields changed, written `section__field=value`."""
    patient = {k: dict(part) for k, part in CASES[case].items() if isinstance(part, Mapping)}
    for key, value in fields.items():
        section, _, name = key.partition("__")
        patient.setdefault(section, {})[name] = value
    return GUIDELINE.recommend(patient, profile=profile)


def reasons(answer: Recommendation) -> set[str]:
    return {reason.rule for reason in answer.reasons}


REQUIRED = {
    "red-flag-questions-answered": """
        ue_weakness_laterality ue_numbness_laterality gait_instability le_symptoms
        bowel_dysfunction bladder_dysfunction mri_status""",
    "cord-screen-at-this-visit": """
        hand_weakness_laterality gait_change hoffmann_left hoffmann_right
        new_neurologic_deficit""",
    "baseline-motion-and-pain": """
        rom_method baseline_cervical_flexion_deg baseline_cervical_extension_deg
        baseline_pain_vas_mm""",
    "baseline-on-both-sides": """
        baseline_cervical_rotation_left_deg baseline_cervical_rotation_right_deg
        baseline_cervical_lateral_bending_left_deg baseline_cervical_lateral_bending_right_deg
        shoulder_strength_left_mrc shoulder_strength_right_mrc
        shoulder_elevation_left_deg shoulder_elevation_right_deg
        shoulder_impingement_left shoulder_impingement_right""",
}
SECTIONS = {spec.name: spec.section for spec in GUIDELINE.model.fields().values()}


@pytest.mark.parametrize(
    ("rule", "name"), [(rule, name) for rule, names in REQUIRED.items() for name in names.split()]
)
def test_each_item_of_a_requirement_is_wanted(rule: str, name: str) -> None:
    case = "week-three" if rule == "cord-screen-at-this-visit" else "intake-complete"
    answer = ask(case, {f"{SECTIONS[name]}__{name}": None})
    assert answer.outcome.value == "assess_first"
    assert rule in reasons(answer)
    assert f"{SECTIONS[name]}.{name}" in {missing.path for missing in answer.missing}


@pytest.mark.parametrize("limb", ["weakness", "numbness"])
def test_a_course_is_wanted_where_there_is_something_to_follow(limb: str) -> None:
    side, trend = f"neurologic__ue_{limb}_laterality", f"neurologic__ue_{limb}_trend"
    fields = {side: "left", trend: None}
    assert "red-flag-questions-answered" in reasons(ask("week-three", fields))
    assert ask("week-three", {trend: None}).outcome.value == "recommend"


PAIRS = [
    ("baseline-motion-and-pain", "baseline_cervical_rotation_{}_deg"),
    ("baseline-motion-and-pain", "baseline_cervical_lateral_bending_{}_deg"),
    ("baseline-shoulder", "shoulder_strength_{}_mrc"),
    ("baseline-shoulder", "shoulder_elevation_{}_deg"),
    ("baseline-shoulder", "shoulder_impingement_{}"),
]


@pytest.mark.parametrize(("rule", "name"), PAIRS)
def test_the_source_is_met_with_one_side_and_our_reading_with_both(rule: str, name: str) -> None:
    left = {f"measures__{name.format('left')}": None}
    right = {f"measures__{name.format('right')}": None}
    for one in (left, right):
        assert reasons(ask("intake-complete", one)) == {"baseline-on-both-sides"}
        assert "ASM-21" in reasons(ask("intake-complete", one, "bare"))
    assert reasons(ask("intake-complete", {**left, **right})) == {rule, "baseline-on-both-sides"}


HAND = "neurologic__hand_weakness_"
WEAK = "neurologic__ue_weakness_"
NUMB = "neurologic__ue_numbness_"
CONTRADICTIONS: list[tuple[str, str, Fields]] = [
    *(
        ("limb-entries-contradict", "week-three", fields)
        for fields in (
            {f"{HAND}trend": "stable"},
            {f"{HAND}onset": "pre_existing"},
            {f"{HAND}laterality": "left", f"{HAND}onset": "pre_existing"},
            {f"{HAND}laterality": "left", f"{HAND}trend": "stable"},
            {
                f"{HAND}laterality": "bilateral",
                f"{HAND}trend": "stable",
                f"{HAND}onset": "pre_existing",
            },
            {f"{WEAK}trend": "improving"},
            {f"{WEAK}laterality": "left"},
            {f"{NUMB}trend": "stable"},
            {f"{NUMB}laterality": "left"},
        )
    ),
    *(
        ("gait-or-onset-entries-contradict", "week-three", fields)
        for fields in (
            {"neurologic__gait_instability": "present"},
            {"neurologic__gait_change_cause": "non_neurological_documented"},
            {"neurologic__gait_change": "present"},
            {"neurologic__le_symptoms_onset": "pre_existing"},
            {"neurologic__sphincter_symptom_onset": "pre_existing"},
        )
    ),
    *(
        ("imaging-entries-contradict", "mri-not-done", fields)
        for fields in (
            {"neurologic__mri_cord_compression": "none"},
            {"neurologic__mri_myelomalacia": "absent"},
            {"neurologic__mri_date": "2026-02-16"},
            {"scope__pll_imaging_modality": "mri"},
        )
    ),
    *(
        ("scope-entries-contradict", "no-lesion", fields)
        for fields in (
            {"scope__pll_extent_clinician_grade": "minor"},
            {"scope__pll_lesion_type": "calcification"},
        )
    ),
    ("scope-entries-contradict", "no-spasm-at-intake", {"scope__acute_spasm_status": "recurred"}),
    *(
        ("programme-entries-contradict", "intake-complete", fields)
        for fields in (
            {"program__mobility_step": "M2"},
            {"program__neuromuscular_step": "N1"},
            {"program__resistance_step": "R1"},
            {"encounter__program_start_date": "2026-02-23"},
            {"program__sessions_prescribed": 1, "program__sessions_completed": 2},
        )
    ),
    ("programme-entries-contradict", "week-three", {"program__rpe_value": 5.9}),
]


@pytest.mark.parametrize(("rule", "case", "fields"), CONTRADICTIONS)
def test_each_contradiction_is_reported_and_starts_nothing(
    rule: str, case: str, fields: Fields
) -> None:
    assert rule not in {reason.rule for reason in ask(case).conflicts}
    answer = ask(case, fields)
    assert rule in {reason.rule for reason in answer.conflicts}
    assert "ASM-08" in {assumption.id for assumption in answer.assumptions}
    assert not answer.steps


SOUND: list[Fields] = [
    {"neurologic__gait_change": "present", "neurologic__gait_change_cause": "neurological"},
    {
        f"{HAND}laterality": "left",
        f"{HAND}trend": "stable",
        f"{HAND}onset": "pre_existing",
        f"{WEAK}laterality": "left",
        f"{WEAK}trend": "stable",
    },
    {f"{NUMB}laterality": "bilateral", f"{NUMB}trend": "stable"},
    {
        "neurologic__bowel_dysfunction": "present",
        "neurologic__sphincter_symptom_onset": "pre_existing",
    },
    {
        "neurologic__bladder_dysfunction": "present",
        "neurologic__sphincter_symptom_onset": "pre_existing",
    },
    {"neurologic__le_symptoms": "present", "neurologic__le_symptoms_onset": "pre_existing"},
    {"scope__cervical_muscle_spasm": "absent"},
]


@pytest.mark.parametrize("fields", SOUND)
def test_what_fits_together_is_no_contradiction(fields: Fields) -> None:
    assert not ask("week-three", fields).conflicts


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("result", ["positive", "equivocal"])
@pytest.mark.parametrize("sign", ["babinski", "inverted_supinator"])
def test_each_sign_outside_the_source_stops_the_start(sign: str, result: str, side: str) -> None:
    answer = ask("intake-complete", {f"neurologic__{sign}_{side}": result})
    assert reasons(answer) == {"cord-signs-outside-the-source"}


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize(
    ("age", "cut"),
    [(40, 20), (49, 20), (50, 19), (59, 19), (60, 17), (69, 17), (70, 16), (79, 16)],
)
def test_the_grip_count_is_slow_on_the_cut_off_of_the_decade(age: int, cut: int, side: str) -> None:
    other = "right" if side == "left" else "left"
    for count, slow in ((cut - 1, True), (cut, True), (cut + 1, False)):
        fields = {
            "scope__age_years": age,
            f"neurologic__grip_release_10s_{side}": count,
            f"neurologic__grip_release_10s_{other}": 40,
        }
        answer = ask("intake-complete", fields)
        assert ("slow-grip-and-release" in {c.rule for c in answer.cautions}) is slow


@pytest.mark.parametrize("age", [39, 80])
def test_there_is_no_grip_cut_off_outside_the_decades(age: int) -> None:
    grips = {"neurologic__grip_release_10s_left": 5, "neurologic__grip_release_10s_right": 5}
    answer = ask("intake-complete", {"scope__age_years": age, **grips})
    assert "slow-grip-and-release" not in {caution.rule for caution in answer.cautions}


CLUSTER: list[Fields] = [
    {"neurologic__gait_change": "present", "neurologic__gait_change_cause": "unknown"},
    {"neurologic__gait_instability": "present"},
    {"neurologic__hoffmann_left": "positive"},
    {"neurologic__hoffmann_right": "positive"},
    {"neurologic__inverted_supinator_left": "positive"},
    {"neurologic__inverted_supinator_right": "positive"},
    {"neurologic__babinski_left": "positive"},
    {"neurologic__babinski_right": "positive"},
]


@pytest.mark.parametrize("first", CLUSTER)
@pytest.mark.parametrize("second", CLUSTER)
def test_two_signs_and_the_age_make_a_cluster(first: Fields, second: Fields) -> None:
    def item(sign: Mapping[str, object]) -> str:
        return next(iter(sign)).removeprefix("neurologic__").split("_")[0]

    answer = ask("intake-complete", {**first, **second})
    cluster = "myelopathy-cluster" in {caution.rule for caution in answer.cautions}
    assert cluster is (item(first) != item(second))


OPEN: list[tuple[str, str, Fields]] = [
    ("ASM-01", "intake-complete", {"scope__age_years": 29}),
    ("ASM-01", "intake-complete", {"scope__age_years": 71}),
    ("ASM-05", "week-three", {f"{WEAK}laterality": "left", f"{WEAK}trend": "stable"}),
    ("ASM-05", "week-three", {f"{NUMB}laterality": "left", f"{NUMB}trend": "stable"}),
    ("ASM-06", "intake-complete", {"neurologic__hoffmann_left": "equivocal"}),
    ("ASM-06", "intake-complete", {"neurologic__hoffmann_right": "positive"}),
    ("ASM-08", "week-three", {"neurologic__sphincter_symptom_onset": "pre_existing"}),
    ("ASM-08", "week-three", {f"{HAND}onset": "pre_existing"}),
    ("ASM-08", "mri-not-done-in-programme", {"neurologic__mri_date": "2026-02-16"}),
    ("ASM-08", "week-three", {"program__weeks_since_program_start": 4}),
    ("ASM-08", "week-three", {"neurologic__patient_reported_hand_clumsiness": "left"}),
    (
        "ASM-08",
        "week-three",
        {"scope__cervical_muscle_spasm": "absent", "scope__acute_spasm_status": "ongoing"},
    ),
    ("ASM-10", "week-three", {"program__symptom_trend": "worsened"}),
    ("ASM-10", "intake-complete", {"neurologic__new_neurologic_deficit": "present"}),
    (
        "ASM-11",
        "week-three",
        {
            "neurologic__bowel_dysfunction": "present",
            "neurologic__red_flag_adjudication": "non_cord_cause_recorded_by_clinician",
        },
    ),
    (
        "ASM-11",
        "week-three",
        {
            "neurologic__bladder_dysfunction": "present",
            "neurologic__red_flag_adjudication": "non_cord_cause_recorded_by_clinician",
        },
    ),
    (
        "ASM-11",
        "week-three",
        {
            "neurologic__gait_change": "present",
            "neurologic__gait_change_cause": "non_neurological_documented",
        },
    ),
    ("ASM-12", "intake-complete", {"neurologic__mri_cord_compression": "mild"}),
    ("ASM-12", "intake-complete", {"neurologic__mri_myelomalacia": "present"}),
    ("ASM-14", "week-three", {"encounter__program_start_date": "2026-01-26"}),
    ("ASM-15", "week-three", {"scope__acute_spasm_status": "recurred"}),
    ("ASM-16", "week-three", {"program__symptom_trend": "mixed"}),
    ("ASM-17", "week-three", {"program__reps_completed": 15}),
    ("ASM-19", "week-three", {"adjuncts__planned_manual_technique": "thrust_manipulation"}),
    ("ASM-19", "week-three", {"program__requested_action": "thrust_manipulation"}),
    ("ASM-24", "week-three", {"program__one_rm_method": None}),
    ("ASM-25", "intake-complete", {"scope__prior_cervical_surgery": "other"}),
    (
        "ASM-27",
        "week-three",
        {"program__neuromuscular_step": "not_started"},
    ),
]


@pytest.mark.parametrize(("assumption", "case", "fields"), OPEN)
def test_an_open_point_is_named_where_it_matters(
    assumption: str, case: str, fields: Fields
) -> None:
    answer = ask(case, fields, "bare")
    assert answer.outcome.value == "assess_first"
    assert assumption in reasons(answer)


QUIET: list[tuple[str, str, Fields]] = [
    ("ASM-01", "intake-complete", {"scope__age_years": 30}),
    ("ASM-01", "intake-complete", {"scope__age_years": 70}),
    ("ASM-05", "week-three", {}),
    ("ASM-06", "week-three", {}),
    ("ASM-08", "week-three", {}),
    ("ASM-10", "week-three", {}),
    ("ASM-11", "week-three", {}),
    ("ASM-12", "week-three", {}),
    ("ASM-12", "mri-not-done", {}),
    ("ASM-13", "week-three", {}),
    ("ASM-14", "week-three", {"encounter__program_start_date": "2026-01-27"}),
    ("ASM-14", "improved-at-ten-weeks", {}),
    ("ASM-15", "week-three", {}),
    ("ASM-16", "week-three", {}),
    (
        "ASM-16",
        "week-three",
        {"program__symptom_trend": "improved", "program__mobility_step": "M2"},
    ),
    ("ASM-17", "week-three", {"program__reps_completed": 14}),
    ("ASM-17", "week-three", {"program__reps_completed": 15, "program__resistance_step": "R2"}),
    ("ASM-19", "week-three", {"adjuncts__planned_manual_technique": "soft_tissue"}),
    ("ASM-21", "intake-complete", {}),
    ("ASM-21", "week-three", {"measures__shoulder_impingement_left": None}),
    ("ASM-22", "intake-complete", {}),
    ("ASM-24", "intake-complete", {}),
    ("ASM-24", "week-three", {}),
    ("ASM-25", "week-three", {}),
    ("ASM-27", "week-three", {}),
    *(
        (assumption, "after-programme", {})
        for assumption in ("ASM-02", "ASM-03", "ASM-04", "ASM-15", "ASM-24", "ASM-25", "ASM-27")
    ),
]


@pytest.mark.parametrize(("assumption", "case", "fields"), QUIET)
def test_an_open_point_is_silent_where_it_does_not_matter(
    assumption: str, case: str, fields: Fields
) -> None:
    assert assumption not in reasons(ask(case, fields, "bare"))


def test_the_prescriber_sees_every_item_of_the_screen() -> None:
    present = "hepatic_disease maoi_use_past_14_days uncontrolled_narrow_angle_glaucoma"
    present += " opioid_or_cns_depressant_use chronic_respiratory_disease pregnancy"
    present += " history_of_falls neuropathic_pain cervical_dystonia_diagnosis"
    fields: dict[str, object] = {f"adjuncts__{name}": "present" for name in present.split()}
    fields |= {"adjuncts__adjunct_drug": "duloxetine", "adjuncts__creatinine_clearance_ml_min": 28}
    answer = ask("week-three", fields)
    notice = next(n for n in answer.notices if n.id == "drugs-are-for-a-prescriber")
    assert {seen.path for seen in notice.seen} == {key.replace("__", ".") for key in fields}
