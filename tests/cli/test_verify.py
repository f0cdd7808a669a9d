"""`guidestep verify`: the report, the exit code, and the files that it writes."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command

CLAIM = """\

  - id: no-guessed-motion
    statement: Nobody whose motion was guessed stretches
    when: measures.rom_method is visual_estimate
    never: outcome is recommend
    facts: [F1]
    cites: [my-source]
"""


@pytest.fixture
def broken(small: Path) -> Path:
    """The small guideline with a property that does not hold."""
    file = small / "properties.yaml"
    file.write_text(file.read_text(encoding="utf-8").rstrip("\n") + CLAIM, encoding="utf-8")
    return small


def test_what_holds(command: Command, small: Path) -> None:
    result = command("verify", small)
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith("my-guideline 0.1.0, profile source\nZ3 ")
    assert "     holds  unsteady-is-urgent  0.0" in result.out
    assert "fails" not in result.out


def test_what_fails_is_shown_with_a_patient(command: Command, broken: Path) -> None:
    result = command("verify", broken)
    assert (result.code, result.err) == (1, "")
    assert "     fails  no-guessed-motion" in result.out
    assert "patient: recommend start stretching" in result.out
    assert "measures.rom_method: visual_estimate" in result.out


def test_as_json(command: Command, broken: Path) -> None:
    result = command("verify", broken, "--json")
    report = json.loads(result.out)
    assert (result.code, report["holds"], report["profile"]) == (1, False, "source")
    (check,) = [check for check in report["checks"] if check["result"] == "fails"]
    assert check["check"] == "no-guessed-motion"
    assert check["findings"][0]["witnesses"][0]["outcome"] == "recommend"


def test_every_profile(command: Command) -> None:
    result = command("verify", "cervical-spasm-opll", "--profile", "all", "--json")
    reports = json.loads(result.out)
    assert result.code == 0
    assert [report["profile"] for report in reports] == ["source", "strict", "bare"]
    assert all(report["holds"] for report in reports)


def test_one_profile(command: Command) -> None:
    result = command("verify", "cervical-spasm-opll", "--profile", "bare")
    assert result.code == 0
    assert ", profile bare\n" in result.out
    assert "accepted: M1: start M1 can be recommended" in result.out


def test_a_profile_that_is_not_there(command: Command, small: Path) -> None:
    result = command("verify", small, "--profile", "nobody")
    assert (result.code, result.out) == (2, "")
    assert result.err == "guidestep: there is no profile nobody; the profiles are source, all\n"


def test_a_guideline_that_is_not_there(command: Command) -> None:
    result = command("verify", "nowhere")
    assert (result.code, result.out) == (2, "")
    assert "nowhere" in result.err
    assert "Traceback" not in result.err


def test_a_guideline_at_fault(command: Command, small: Path) -> None:
    file = small / "red_flags.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("gait_instability", "gait_instabilty"), encoding="utf-8")
    result = command("verify", small)
    assert result.code in (1, 2)
    assert "unknown-field" in result.out + result.err
    assert "Traceback" not in result.out + result.err


def test_cases_of_what_fails_are_cases_that_pass(
    command: Command, broken: Path, tmp_path: Path
) -> None:
    file = tmp_path / "broken.yaml"
    assert command("verify", broken, "--cases", file).code == 1
    assert file.read_text(encoding="utf-8").startswith("- id: no-guessed-motion\n")
    (broken / "cases" / "broken.yaml").write_bytes(file.read_bytes())
    result = command("check", broken, "--cases")
    assert (result.code, result.err) == (0, "")
    assert "5 cases, all cases pass" in result.out


def test_cases_where_nothing_fails(command: Command, small: Path, tmp_path: Path) -> None:
    assert command("verify", small, "--cases", tmp_path / "none.yaml").code == 0
    assert (tmp_path / "none.yaml").read_text(encoding="utf-8") == "[]\n"


def test_questions_are_written(command: Command, small: Path, tmp_path: Path) -> None:
    assert command("verify", small, "--smt", tmp_path / "smt").code == 0
    names = {file.name for file in (tmp_path / "smt" / "source").iterdir()}
    assert {"unsteady-is-urgent.smt2", "one-outcome-1.smt2"} <= names


@pytest.mark.parametrize("option", ["--smt", "--cases"])
def test_what_cannot_be_written(option: str, command: Command, small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    result = command("verify", small, option, tmp_path / "file" / "below")
    assert result.code == 2
    assert result.err.endswith("cannot be written: Not a directory\n")


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything is open to root")
def test_a_folder_that_is_read_only(command: Command, small: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    result = command("verify", small, "--smt", closed / "smt")
    assert (result.code, result.err.endswith("Permission denied\n")) == (2, True)


def test_no_time_proves_nothing(
    command: Command, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    z3 = pytest.importorskip("z3")
    monkeypatch.setattr(z3.Solver, "check", lambda *_: z3.unknown)
    result = command("verify", small, "--seconds", "0.001", "--json")
    assert result.code == 1
    checks = json.loads(result.out)["checks"]
    assert {f["result"] for check in checks for f in check["findings"]} == {"not proved"}


def test_without_the_solver(command: Command, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("guidestep.verify")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "z3", None)
    result = command("verify", small)
    assert (result.code, result.out) == (2, "")
    assert result.err == "guidestep: proofs are an extra: pip install 'guidestep[verify]'\n"
