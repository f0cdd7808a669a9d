"""`guidestep check`: all faults, and the cases."""

from __future__ import annotations

from pathlib import Path

import pytest

import guidestep
from guidestep import EngineError, Guideline
from tests.cli.conftest import Command


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_sound_guideline(command: Command, small: Path) -> None:
    result = command("check", small)
    summary = "my-guideline 0.1.0: no faults in 3 rules, 3 facts, 1 step, 4 cases"
    assert (result.code, result.out, result.err) == (0, f"{summary}\n", "")
    assert command("check", small, "--cases").out == f"{summary}, all cases pass\n"


def test_shipped_guidelines_are_sound(command: Command) -> None:
    for id_ in guidestep.shipped():
        assert command("check", id_).code == 0


def test_every_fault_of_rules_and_cases_is_shown(command: Command, small: Path) -> None:
    change(small / "facts.yaml", "category: safety", "categry: safety")
    change(
        small / "cases" / "first.yaml",
        "base: ready-to-stretch\n  set",
        "base: redy-to-stretch\n  set",
    )
    result = command("check", small)
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines() == [
        "cases/first.yaml:28:9: unknown-id: there is no case 'redy-to-stretch'",
        "      base: redy-to-stretch",
        "            ^^^^^^^^^^^^^^^",
        "  hint: did you mean 'ready-to-stretch'?",
        "facts.yaml:10:3: unknown-key: 'categry' is no key",
        "      categry: safety",
        "      ^^^^^^^",
        "  hint: did you mean 'category'?",
        "2 faults",
    ]


def test_misspelt_names_in_cases_are_faults(command: Command, small: Path) -> None:
    change(small / "cases" / "first.yaml", "steps: [stretching]", "steps: [stretchin]")
    result = command("check", small)
    assert result.code == 1
    assert result.out.splitlines() == [
        "cases/first.yaml:33:22: unknown-id: there is no step 'stretchin'",
        "        absent: {steps: [stretchin]}",
        "                         ^^^^^^^^^",
        "  hint: did you mean 'stretching'?",
        "1 fault",
    ]


def test_cases_that_fail(command: Command, small: Path) -> None:
    change(small / "red_flags.yaml", "is present", "is absent")
    assert command("check", small).code == 0
    result = command("check", small, "--cases")
    assert (result.code, result.err) == (1, "")
    assert result.out.splitlines() == [
        "cases/first.yaml:6:7: case-failed: 'ready-to-stretch' is not answered as expected",
        "  - the outcome is urgent_referral, not recommend (because of unsteady-gait)",
        "  - the steps are none, not start stretching",
        "  - 'unsteady-gait' is true, not false",
        "cases/first.yaml:25:7: case-failed: 'unsteady' is not answered as expected",
        "  - the outcome is recommend, not urgent_referral (because of start-stretching)",
        "  - reasons lacks 'unsteady-gait'; it has start-stretching",
        "  - steps has 'stretching', which must not appear",
        "cases/first.yaml:45:7: case-failed: 'pain-not-measured' is not answered as expected",
        "  - the outcome is urgent_referral, not assess_first (because of unsteady-gait)",
        "  - reasons lacks 'pain-measured'; it has unsteady-gait",
        "  - missing lacks 'measures.baseline_pain_vas_mm'; it has none",
        "3 of 4 cases failed",
    ]


def test_engines_that_disagree_on_a_case(
    command: Command, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def disagree(*_: object, **__: object) -> None:
        raise EngineError("the engines disagree")

    monkeypatch.setattr(Guideline, "recommend", disagree)
    result = command("check", small, "--cases")
    assert result.code == 1
    assert result.out.count("  - the engines disagree\n") == 4


def test_a_guideline_without_cases(command: Command, small: Path) -> None:
    (small / "cases" / "first.yaml").unlink()
    result = command("check", small, "--cases")
    assert result.out == "my-guideline 0.1.0: no faults in 3 rules, 3 facts, 1 step, 0 cases\n"


def test_a_folder_that_is_no_guideline(command: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = command("check", "empty")
    assert result.code == 1
    assert result.out == (
        "empty:1:1: not-a-guideline: there is no guideline.yaml in this folder\n"
        "  hint: run 'guidestep new NAME' for a folder that has all it needs\n"
        "1 fault\n"
    )


def test_paths_that_lead_nowhere(command: Command, patient: Path) -> None:
    result = command("check", "cervical-spasm-oppl")
    assert (result.code, result.out) == (2, "")
    assert result.err == (
        "guidestep: there is no guideline cervical-spasm-oppl: no such folder or id; "
        "did you mean 'cervical-spasm-opll'?\n"
    )
    result = command("check", "patient.yaml")
    assert (result.code, result.err) == (
        2,
        "guidestep: patient.yaml is a file; a guideline is a folder that holds guideline.yaml\n",
    )
