"""Case files: bases and changes, every fault with its report, every difference in words."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from textwrap import dedent

import pytest

import guidestep
from guidestep import Guideline, GuidelineError, Recommendation
from guidestep.cases import Case, check_cases, read_cases, run_case
from guidestep.cli.new import skeleton

FIRST = """
    - id: first
      statement: One
      assessment:
        encounter: {care_stage: intake, assessment_date: 2026-01-15}
        scope: {age_years: 50, acute_spasm_status: resolved}
        neurologic: {gait_instability: absent, mri_status: not_done, red_flag_adjudication: none}
        measures: {baseline_pain_vas_mm: 40}
        program:
          mobility_step: not_started
          neuromuscular_step: not_started
          resistance_step: withheld
          requested_action: none
      expect: {outcome: recommend}
"""


@cache
def guideline() -> Guideline:
    return guidestep.load(Path(str(skeleton())))


def folder(path: Path, *texts: str) -> Path:
    (path / "cases").mkdir()
    for index, text in enumerate(texts):
        (path / "cases" / f"{index}.yaml").write_text(dedent(text), encoding="utf-8")
    return path


def report(path: Path) -> str:
    with pytest.raises(GuidelineError) as error:
        read_cases(path)
    return str(error.value)


def cases(path: Path, *texts: str) -> dict[str, Case]:
    return {case.id: case for case in read_cases(folder(path, *texts))}


def differences(path: Path, change: str, expect: str) -> tuple[str, ...]:
    text = f"- {{id: it, statement: It, base: first, {change}, expect: {{{expect}}}}}\n"
    return run_case(guideline(), cases(path, FIRST, text)["it"])


# --- reading --------------------------------------------------------------------------------------


def test_a_guideline_without_cases_has_none(tmp_path: Path) -> None:
    assert read_cases(tmp_path) == ()


def test_files_that_are_not_yaml_are_not_cases(tmp_path: Path) -> None:
    folder(tmp_path, FIRST)
    (tmp_path / "cases" / "README.md").write_text("# Cases", encoding="utf-8")
    assert [case.id for case in read_cases(tmp_path)] == ["first"]


def test_cases_that_would_never_run_are_faults(tmp_path: Path) -> None:
    folder(tmp_path, FIRST)
    (tmp_path / "cases" / "more").mkdir()
    (tmp_path / "cases" / "other.yml").write_text("[]", encoding="utf-8")
    assert report(tmp_path) == dedent(
        """\
        cases/more:1:1: unknown-file: cases/more is no file of cases
          hint: name it cases/NAME.yaml
        cases/other.yml:1:1: unknown-file: cases/other.yml is no file of cases
          hint: name it cases/NAME.yaml
        2 faults"""
    )


def test_cases_are_a_folder(tmp_path: Path) -> None:
    (tmp_path / "cases").write_text("", encoding="utf-8")
    assert report(tmp_path) == (
        "cases:1:1: unknown-file: cases is a file\n  hint: make it a folder of YAML files\n1 fault"
    )


def test_a_case_starts_from_its_base_wherever_that_stands(tmp_path: Path) -> None:
    later = """
        - id: third
          statement: Three
          base: second
          set: {scope.age_years: 60, measures.baseline_pain_vas_mm: null}
          without: [neurologic.mri_status]
          expect: {outcome: recommend}
        - id: second
          statement: Two
          base: first
          assessment:
            scope: {age_years: 55, cervical_muscle_spasm: present}
            data_absent_reasons: {measures.rom_method: not-asked}
            program.mobility_step: M1
          set:
            data_absent_reasons.neurologic.mri_date: not-asked
            encounter.program_start_date: 2026-01-02
          expect: {outcome: recommend}
    """
    found = cases(tmp_path, later, FIRST)
    assert list(found) == ["third", "second", "first"]
    assert found["third"].assessment == {
        "encounter": {
            "care_stage": "intake",
            "assessment_date": date(2026, 1, 15),
            "program_start_date": date(2026, 1, 2),
        },
        "scope": {
            "age_years": 60,
            "acute_spasm_status": "resolved",
            "cervical_muscle_spasm": "present",
        },
        "neurologic": {"gait_instability": "absent", "red_flag_adjudication": "none"},
        "measures": {},
        "program": {
            "mobility_step": "M1",
            "neuromuscular_step": "not_started",
            "resistance_step": "withheld",
            "requested_action": "none",
        },
        "data_absent_reasons": {
            "measures.rom_method": "not-asked",
            "neurologic.mri_date": "not-asked",
        },
    }
    # The case it starts from stays as it is.
    assert found["first"].assessment["scope"] == {"age_years": 50, "acute_spasm_status": "resolved"}


def test_every_fault_of_the_files_is_reported_at_its_place(tmp_path: Path) -> None:
    bad = """
        - {id: a, statement: A, base: b, expect: {outcome: recommend}}
        - {id: b, statement: B, base: c, expect: {outcome: recommend}}
        - {id: c, statement: C, base: a, expect: {outcome: recommend}}
        - {id: d, statement: D, base: fist, expect: {outcome: recomend}}
        - {id: e, statement: E, base: fist, expect: {outcome: recommend}}
        - {id: first, statement: F, expect: {outcome: recommend}}
    """
    folder(tmp_path, FIRST, bad, "a: 1\n", "- &x [1]\n")
    lines = [line for line in report(tmp_path).split("\n") if line.startswith("cases/")]
    assert lines == [
        "cases/1.yaml:4:31: cycle: 'a' starts from itself: a -> b -> c -> a",
        "cases/1.yaml:5:55: bad-value: 'outcome' cannot be 'recomend'",
        "cases/1.yaml:6:31: unknown-id: there is no case 'fist'",
        "cases/1.yaml:7:8: duplicate-id: 'first' is already the id of the case at cases/0.yaml:2:7",
        "cases/2.yaml:1:1: wrong-shape: cases/2.yaml is a list of cases",
        "cases/3.yaml:1:3: yaml-alias: anchor '&x' is not allowed",
    ]


def test_names_that_the_guideline_does_not_have(tmp_path: Path) -> None:
    text = """
        - id: misspelt
          statement: None of these names is there
          base: first
          set: {scope.age_yeers: 3}
          without: [scope.agee]
          profile: sauce
          facts: [F9]
          expect:
            outcome: recommend
            steps: [start stretchin]
            reasons: [unsteady-gaite]
            missing: [scope.x]
            possible: [urgent]
            verdicts: {unsteady-gai: true, pain-measured: true}
            absent: {steps: [stretch], reasons: [x], notices: [z], missing: [a.b], facts: [F8]}
    """
    found = cases(tmp_path, FIRST, text)
    faults = check_cases(guideline(), found.values())
    assert [f"{fault.span} {fault.message} {fault.hint}".rstrip() for fault in faults] == [
        "cases/1.yaml:5:9 there is no field 'scope.age_yeers' did you mean 'scope.age_years'?",
        "cases/1.yaml:6:13 there is no field 'scope.agee' did you mean 'scope.age_years'?",
        "cases/1.yaml:7:12 there is no profile 'sauce' did you mean 'source'?",
        "cases/1.yaml:8:11 there is no fact 'F9'",
        "cases/1.yaml:11:13 there is no action of a step 'start stretchin' "
        "did you mean 'start stretching'?",
        "cases/1.yaml:12:15 there is no rule 'unsteady-gaite' did you mean 'unsteady-gait'?",
        "cases/1.yaml:13:15 there is no field 'scope.x'",
        "cases/1.yaml:14:16 there is no outcome 'urgent'",
        "cases/1.yaml:15:16 there is no rule 'unsteady-gai' did you mean 'unsteady-gait'?",
        "cases/1.yaml:16:22 there is no step 'stretch' did you mean 'stretching'?",
        "cases/1.yaml:16:42 there is no rule 'x'",
        "cases/1.yaml:16:56 there is no notice 'z'",
        "cases/1.yaml:16:70 there is no field 'a.b'",
        "cases/1.yaml:16:84 there is no fact 'F8'",
    ]


# --- running --------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def short_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Recommendation, "card", lambda self: f"Answer: {self.outcome.upper()}")


@pytest.mark.parametrize(
    ("change", "expect", "expected"),
    [
        ("set: {}", "outcome: recommend, basis: source, steps: [start stretching]", []),
        (
            "set: {neurologic.gait_instability: present}",
            "outcome: recommend, basis: assumption, steps: [start stretching]",
            [
                "the outcome is urgent_referral, not recommend (because of unsteady-gait)",
                "the basis is source, not assumption",
                "the steps are none, not start stretching",
            ],
        ),
        (
            "without: [neurologic.gait_instability]",
            "outcome: assess_first, possible: [urgent_referral, referral], "
            "missing: [neurologic.gait_instability, scope.age_years], reasons: [pain-measured]",
            [
                "reasons lacks 'pain-measured'; it has unsteady-gait",
                "missing lacks 'scope.age_years'; it has neurologic.gait_instability",
                "possible lacks 'referral'; it has urgent_referral",
            ],
        ),
        (
            "without: [neurologic.gait_instability]",
            "outcome: assess_first, conflicts: [a], cautions: [a], notices: [a], "
            "assumptions: [a], not_evaluable: [a]",
            [
                "not_evaluable lacks 'a'; it has none",
                "conflicts lacks 'a'; it has none",
                "cautions lacks 'a'; it has none",
                "notices lacks 'a'; it has none",
                "assumptions lacks 'a'; it has none",
            ],
        ),
        (
            "without: [measures.baseline_pain_vas_mm, scope.acute_spasm_status]",
            "outcome: assess_first, verdicts: {pain-measured: unknown, unsteady-gait: true, "
            "acute_spasm: false, nothing: true}",
            [
                "'pain-measured' is false, not unknown",
                "'unsteady-gait' is false, not true",
                "'acute_spasm' is unknown, not false",
                "'nothing' has no verdict in the profile source",
            ],
        ),
        (
            "set: {}",
            "outcome: recommend, absent: {steps: [start stretching, stretching, x], "
            "reasons: [start-stretching], notices: [a], missing: [a.b], facts: [F3], "
            "words: [rEcommend, STRETCHES for, nowhere]}",
            [
                "steps has 'start stretching', which must not appear",
                "steps has 'stretching', which must not appear",
                "reasons has 'start-stretching', which must not appear",
                "facts has 'F3', which must not appear",
                "the card says 'rEcommend', which must not appear",
                "the JSON says 'rEcommend', which must not appear",
                "the JSON says 'STRETCHES for', which must not appear",
            ],
        ),
        (
            "set: {scope.age_years: 500}",
            "outcome: recommend",
            [
                "the assessment of 'it' cannot be read: scope.age_years: age: "
                "got 500, allowed is a whole number from 0 to 120 a"
            ],
        ),
        (
            "assessment: {encounter: 3, scope.age_years: 4, neurologic.mri_status: done}",
            "outcome: recommend",
            [
                "the assessment of 'it' cannot be read: encounter: "
                "got 3, allowed is a mapping of field names to values"
            ],
        ),
    ],
)
def test_differences(tmp_path: Path, change: str, expect: str, expected: list[str]) -> None:
    assert list(differences(tmp_path, change, expect)) == expected
