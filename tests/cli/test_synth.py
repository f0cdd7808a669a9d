"""`guidestep synth`: a file of synthetic patients, or one line that says why not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

import guidestep
from guidestep.cases import read_cases
from guidestep.frame import from_frame, synthesize
from tests.cli.conftest import Command


def test_a_parquet_file(command: Command) -> None:
    result = command("synth", "300", "--out", "a.parquet", "--seed", "7", "--missing", "0.3")
    assert (result.code, result.out, result.err) == (
        0,
        "wrote a.parquet: 300 synthetic patients\n",
        "",
    )
    frame = pl.read_parquet("a.parquet")
    guideline = guidestep.load("cervical-spasm-opll")
    wanted = synthesize(guideline, 300, seed=7, missing=0.3)
    assert isinstance(wanted, pl.DataFrame)
    assert frame.equals(wanted)
    assert pl.read_parquet_metadata("a.parquet")["synthetic"] == "true"


def test_a_csv_file_of_another_guideline(command: Command, small: Path) -> None:
    result = command("synth", "1", "--out", "a.csv", "--guideline", small)
    assert (result.code, result.out) == (0, "wrote a.csv: 1 synthetic patient\n")
    # Its own cases are used, not those of the shipped guideline.
    wanted = synthesize(guidestep.load(small), 1, cases=read_cases(small))
    assert isinstance(wanted, pl.DataFrame)
    assert Path("a.csv").read_text() == wanted.write_csv()
    assert len(list(from_frame(wanted, guidestep.load(small)))) == 1


def test_nothing_is_overwritten_unasked(command: Command) -> None:
    Path("a.csv").write_text("mine")
    result = command("synth", "2", "--out", "a.csv")
    assert (result.code, result.out, result.err) == (
        2,
        "",
        "guidestep: a.csv is there already; --overwrite replaces it\n",
    )
    assert Path("a.csv").read_text() == "mine"
    assert command("synth", "2", "--out", "a.csv", "--overwrite").code == 0
    assert len(pl.read_csv("a.csv")) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["3"], "missing option '--out'; try 'guidestep synth --help'"),
        (["--out", "a.csv"], "missing argument 'N'; try 'guidestep synth --help'"),
        (["x", "--out", "a.csv"], "invalid value for 'N':"),
        (["--out", "a.csv", "--", "-1"], "invalid value for 'N':"),
        (["3", "--out", "a.csv", "--missing", "1.5"], "invalid value for '--missing':"),
        (["3", "--out", "a.csv", "--seed", "-1"], "invalid value for '--seed':"),
        (["3", "--out", "a.txt"], "a.txt must be named NAME.parquet or NAME.csv"),
        (["3", "--out", "no/a.csv"], "no/a.csv cannot be written: no such file or directory"),
        (["3", "--out", "no/a.parquet"], "no/a.parquet cannot be written: no such file or"),
        (["3", "--out", ".", "--overwrite"], ". must be named NAME.parquet or NAME.csv"),
        (["3", "--out", "a.csv", "--guideline", "nowhere"], "there is no guideline nowhere"),
    ],
)
def test_faults_are_one_line(
    command: Command, tmp_path: Path, arguments: list[str], message: str
) -> None:
    result = command("synth", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"guidestep: {message}")
    assert result.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_faulty_cases(command: Command, small: Path) -> None:
    (path,) = (small / "cases").glob("*.yaml")
    text = path.read_text()
    path.write_text(text.replace("intake", "intak"))
    result = command("synth", "3", "--out", "a.csv", "--guideline", small)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("guidestep: a case is at fault: encounter.care_stage: in the case")
    assert result.err.endswith("see 'guidestep check --cases'\n")
    path.write_text("- id: 3")
    result = command("synth", "3", "--out", "a.csv", "--guideline", small)
    assert result.code == 2
    assert result.err.endswith("the cases of small are at fault; see 'guidestep check'\n")


@pytest.mark.parametrize("name", ["narwhals", "numpy", "polars"])
def test_without_the_extra_it_says_so(tmp_path: Path, name: str) -> None:
    code = f"import sys; sys.modules[{name!r}] = None; from guidestep.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-c", code, "synth", "3", "--out", str(tmp_path / "a.csv")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "guidestep: synthetic cohorts are an extra: pip install 'guidestep[cohort]'\n"
    )
