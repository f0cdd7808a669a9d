"""The exported questions put to a second solver, cvc5: it proves what Z3 proves."""

from __future__ import annotations

from pathlib import Path

import cvc5  # type: ignore[import-untyped]
import pytest

import guidestep
from guidestep.verify import Result, verify
from tests.verify.planting import CERVICAL, copied

MILLISECONDS = 20_000


def second(file: Path) -> str:
    """Return what cvc5 answers to a file in SMT-LIB 2."""
    manager = cvc5.TermManager()
    solver = cvc5.Solver(manager)
    solver.setOption("tlimit-per", str(MILLISECONDS))
    symbols = cvc5.SymbolManager(manager)
    parser = cvc5.InputParser(solver, symbols)
    parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, file.read_text("utf-8"), file.name)
    said: list[str] = []
    while not (command := parser.nextCommand()).isNull():
        said.append(command.invoke(solver, symbols).strip())
    return next(answer for answer in said if answer)


@pytest.fixture(scope="module", params=["source", "strict", "bare"])
def exported(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    folder = tmp_path_factory.mktemp("smt")
    report = verify(guidestep.load(CERVICAL), profile=request.param, export=folder)
    assert report.holds
    return folder


def test_cvc5_proves_the_shipped_guideline(exported: Path) -> None:
    files = sorted(exported.iterdir())
    assert len(files) > 100
    assert {file.name: said for file in files if (said := second(file)) != "unsat"} == {}


def test_every_question_says_what_it_proves(exported: Path) -> None:
    for file in exported.iterdir():
        head = file.read_text("utf-8").split("\n")[:3]
        assert file.suffix == ".smt2"
        assert head[0].startswith("; ")
        assert head[1:] == ["; holds if the answer is unsat", "(set-logic ALL)"]


def test_every_own_property_is_exported(tmp_path: Path) -> None:
    guideline = guidestep.load(CERVICAL)
    verify(guideline, export=tmp_path)
    names = {file.stem for file in tmp_path.iterdir()}
    assert {property_.id for property_ in guideline.base.properties} <= names


def test_cvc5_finds_a_planted_fault_too(tmp_path: Path) -> None:
    change = ("neurologic.ue_weakness_laterality is bilateral", "neurologic.mri_status is done")
    folder = copied(CERVICAL, tmp_path / "g", {"red_flags.yaml": change})
    report = verify(guidestep.load(folder), export=tmp_path / "smt")
    finding = next(f for f in report.failures if f.check == "worsening-weak-arms-are-urgent")
    assert finding.result is Result.FAILS
    assert second(tmp_path / "smt" / f"{finding.check}.smt2") == "sat"
    assert second(tmp_path / "smt" / "worsening-numb-arms-are-urgent.smt2") == "unsat"
