"""`guidestep cohort`: the answers of a file of patients, or one message that says why not."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import guidestep
from guidestep.frame import synthesize
from tests.cli.conftest import Command
from tests.frame.cohorts import shipped

ENGINES = ("polars", "duckdb")
HEAD = "patient,encounter.care_stage,neurologic.gait_instability,measures.baseline_pain_vas_mm"

Write = Callable[[str, str | bytes], Path]


@pytest.fixture
def patients(write: Write) -> Path:
    """Three patients of the small guideline, with an id that must stay a text."""
    rows = ["007,intake,absent,40", "008,intake,present,", "009,,,12.5"]
    return write("patients.csv", "\n".join([HEAD, *rows]) + "\n")


@pytest.mark.parametrize("engine", ENGINES)
def test_a_visit_of_tomorrow_is_refused_as_for_one_patient(
    command: Command, small: Path, write: Write, engine: str
) -> None:
    tomorrow = date.today() + timedelta(days=1)
    lines = [f"{HEAD},encounter.assessment_date", f"007,intake,absent,40,{date.today()}"]
    write("late.csv", "\n".join([*lines, f"008,intake,absent,40,{tomorrow}"]) + "\n")
    call = ("cohort", "late.csv", "--guideline", small, "--engine", engine)
    result = command(*call)
    assert result.code == 2
    assert f"1 row has what is no value of it ({tomorrow})" in result.err
    assert "give a day, none after today" in result.err
    flagged = command(*call, "--on-invalid", "flag", "--out", "out.csv")
    assert flagged.code == 0
    assert pl.read_csv("out.csv")["invalid"].to_list() == [None, "encounter.assessment_date"]


def small_answers(small: Path, file: Path) -> pl.DataFrame:
    typed = {"measures.baseline_pain_vas_mm": pl.Float64}
    frame = pl.read_csv(file, infer_schema=False, schema_overrides=typed)
    with pytest.warns(UserWarning, match="not assessed for anybody"):
        return guidestep.load(small).recommend_frame(frame)


def texts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a frame as any library would write it: enumerations are texts."""
    return frame.with_columns(pl.col(pl.Enum).cast(pl.String))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_answers_are_written_beside_all_columns(
    command: Command, small: Path, patients: Path, engine: str, kind: str
) -> None:
    out = f"out.{kind}"
    call = ("cohort", patients, "--guideline", small, "--engine", engine, "--out", out)
    result = command(*call)
    assert result.code == 0
    assert result.out.startswith(
        f"wrote {out}\nmy-guideline 0.1.0, source: 3 patients\n\nOutcomes\n"
    )
    assert result.err.startswith("guidestep: note: not assessed for anybody, as the frame has no")
    assert result.err.count("\n") == 1
    wanted = texts(small_answers(small, patients))
    if kind == "parquet":
        assert texts(pl.read_parquet(out)).equals(wanted)
        assert pl.read_parquet(out)["patient"].to_list() == ["007", "008", "009"]
    else:
        assert Path(out).read_text() == wanted.write_csv()
    assert sorted(path.name for path in Path().iterdir()) == [out, "patients.csv", "small"]


def test_the_summary_alone(command: Command, tmp_path: Path) -> None:
    frame = synthesize(shipped(), 500, seed=2)
    assert isinstance(frame, pl.DataFrame)
    folder = tmp_path / "parts"
    folder.mkdir()
    frame.head(200).write_parquet(folder / "1.parquet")
    frame.tail(300).write_parquet(folder / "2.parquet")
    result = command("cohort", folder)
    assert (result.code, result.err) == (0, "")
    summary = shipped().summarize(frame)
    assert isinstance(summary, pl.DataFrame)
    for about, name, detail, count, share in summary.rows():
        told = about in ("outcome", "basis", "missing", "red_flag") or (about == "step" and count)
        if told:
            line = f"{name} {count} {share:.1%} {detail}".split()
            assert any(
                printed.split()[: len(line)][:3] == line[:3] for printed in lines(result.out)
            )
    assert not [line for line in lines(result.out) if line != line.rstrip()]
    again = command("cohort", folder / "1.parquet", folder / "2.parquet")
    assert again.out == result.out


def lines(text: str) -> list[str]:
    return text.split("\n")


def test_detail_profile_prefix_and_columns(command: Command, small: Path, patients: Path) -> None:
    text = patients.read_text().replace("neurologic.gait_instability", "gait")
    patients.write_text(text)
    result = command(
        *("cohort", patients, "--guideline", small, "--out", "a.parquet", "--no-summary"),
        *("--detail", "rules", "--prefix", "g_", "--column", "neurologic.gait_instability=gait"),
        *("--profile", "source"),
    )
    assert (result.code, result.out) == (0, "wrote a.parquet\n")
    frame = pl.read_parquet("a.parquet")
    assert frame["g_outcome"].to_list()[1] == "urgent_referral"
    assert any(name.startswith("g_rule.") for name in frame.columns)
    missing = command(
        *("cohort", patients, "--guideline", small, "--out", "b.csv", "--no-summary"),
        *("--detail", "missing"),
    )
    assert missing.code == 0
    assert "missing" in pl.read_csv("b.csv").columns


@pytest.mark.parametrize("engine", ENGINES)
def test_invalid_values_are_refused_or_flagged(
    command: Command, small: Path, patients: Path, engine: str
) -> None:
    patients.write_text(patients.read_text().replace("absent,40", "absnt,400"))
    call = ("cohort", patients, "--guideline", small, "--engine", engine, "--out", "a.parquet")
    result = command(*call)
    assert (result.code, result.out) == (2, "")
    assert "neurologic.gait_instability: 1 row has what is no value of it (absnt)" in result.err
    assert "measures.baseline_pain_vas_mm: 1 row has what is no value of it (400.0)" in result.err
    assert "--on-invalid flag" in result.err
    assert not Path("a.parquet").exists()
    result = command(*call, "--on-invalid", "flag")
    assert result.code == 0
    assert "Values that were not used" in result.out
    assert pl.read_parquet("a.parquet")["invalid"].to_list() == [
        "neurologic.gait_instability; measures.baseline_pain_vas_mm",
        None,
        None,
    ]


def test_nothing_is_overwritten_unasked(command: Command, small: Path, patients: Path) -> None:
    Path("a.csv").write_text("mine")
    call = ("cohort", patients, "--guideline", small, "--out", "a.csv")
    result = command(*call)
    message = "guidestep: a.csv is there already; --overwrite replaces it\n"
    assert (result.code, result.out, result.err) == (2, "", message)
    assert Path("a.csv").read_text() == "mine"
    assert command(*call, "--force").code == 0
    assert "outcome" in Path("a.csv").read_text()
    # The answers of last time are in the way of those of this time.
    result = command("cohort", "a.csv", "--guideline", small, "--out", "b.csv")
    assert result.code == 2
    assert "already has columns named outcome, basis" in result.err
    assert result.err.endswith("give --prefix guidestep_ or another one\n")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",40", ",4o", "row 1, column measures.baseline_pain_vas_mm: got '4o', allowed is a num"),
        (",12.5", ", 12.5", "row 3, column measures.baseline_pain_vas_mm: got ' 12.5'"),
        (
            "008,intake,present,",
            "008,intake,present,,9",
            "cannot be read as CSV: found more fields",
        ),
        ("007", "\udcff", "cannot be read as CSV: invalid utf-8 sequence"),
        (f"{HEAD}\n", "", "the cohort cannot be read"),
    ],
)
def test_values_of_csv_that_are_none(
    command: Command, small: Path, patients: Path, old: str, new: str, message: str
) -> None:
    text = patients.read_text().replace(old, new, 1)
    if message == "the cohort cannot be read":
        text = ""
        message = "cannot be read as CSV: empty CSV"
    patients.write_bytes(text.encode("utf-8", "surrogateescape"))
    result = command("cohort", patients, "--guideline", small)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_the_types_of_csv(command: Command, tmp_path: Path, engine: str) -> None:
    days = "encounter.assessment_date"
    rows = [f"scope.age_years,{days},note", "52,2026-01-15,yes", ',"",""', "60,2026-01-16,"]
    Path("a.csv").write_text("\n".join(rows) + "\n")
    call = ("cohort", "a.csv", "--engine", engine, "--no-summary", "--out")
    assert command(*call, "a.parquet").code == 0
    frame = pl.read_parquet("a.parquet").select("scope.age_years", days, "note")
    assert frame.dtypes == [pl.Int64, pl.Date, pl.String]
    assert frame.null_count().row(0) == (1, 1, 2)
    for value in ("2026-1-15", "2026-02-30", "15.01.2026"):
        Path("a.csv").write_text(f"{days}\n2026-01-15\n{value}\n")
        result = command(*call, "b.parquet")
        assert result.err == (
            f"guidestep: a.csv: row 2, column {days}: got '{value}', "
            "allowed is a date written YYYY-MM-DD\n"
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["no.parquet"], "no.parquet: no such file or folder"),
        (["bad.parquet"], "bad.parquet is no Parquet file: "),
        (["notes.txt"], "notes.txt is no Parquet file: "),
        (["empty"], "empty is a folder without Parquet files"),
        (["a.csv", "bad.parquet"], "the files of a cohort are all Parquet or all CSV"),
        (["a.csv", "--no-summary"], "there is nothing to do: give --out FILE"),
        (["a.csv", "--out", "a.txt"], "a.txt must be named NAME.parquet or NAME.csv"),
        (["a.csv", "--out", "no/b.csv"], "no/b.csv cannot be written: there is no folder no"),
        (["a.csv", "--out", "d.csv", "--force"], "d.csv is a folder, which is not replaced"),
        (["a.csv", "--column", "age"], "--column takes FIELD=NAME"),
        (["a.csv", "--column", "scope.age=x"], "there is no field scope.age; did you mean"),
        (["a.csv", "--column", "scope.age_years=x"], "the frame has no column x"),
        (["a.csv", "--profile", "none"], "there is no profile 'none'"),
        (["a.csv", "--engine", "none"], "invalid value for '--engine'"),
        (["a.csv", "--detail", "none"], "invalid value for '--detail'"),
        (["a.csv", "--guideline", "nowhere"], "there is no guideline nowhere"),
        (["twice.csv"], "twice.csv has several columns named scope.age_years: keep one"),
        (["a.csv", "twice.csv", "--engine", "duckdb"], "twice.csv has several columns named"),
        (["a.csv", "--engine", "spark"], "Spark reads Parquet alone"),
        (["a.csv", "--engine", "spark", "--out", "b.csv"], "b.csv must be named NAME.parquet"),
        ([], "missing argument 'FILE...'"),
    ],
)
def test_faults_are_one_line(
    command: Command, tmp_path: Path, arguments: list[str], message: str
) -> None:
    Path("a.csv").write_text("scope.age_years\n52\n")
    Path("twice.csv").write_text("scope.age_years,other,scope.age_years\n52,1,12\n")
    Path("bad.parquet").write_text("no Parquet at all")
    Path("notes.txt").write_text("notes")
    for folder in ("empty", "d.csv"):
        Path(folder).mkdir()
    before = sorted(tmp_path.rglob("*"))
    result = command("cohort", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"guidestep: {message}")
    assert result.err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_columns_without_a_name_are_passed_over(command: Command, engine: str) -> None:
    Path("a.csv").write_text("scope.age_years,,\n52,,\n")
    assert command("cohort", "a.csv", "--engine", engine).code == 0


# --- in a process of its own ----------------------------------------------------------------------


def cohort(
    *arguments: str, code: str = "pass", **settings: Any
) -> subprocess.CompletedProcess[str]:
    script = f"import sys; {code}; from guidestep.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", script, "cohort", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **settings,
    )


@pytest.mark.parametrize(
    ("name", "engine", "install"),
    [
        ("narwhals", "polars", "guidestep[cohort]"),
        ("polars", "polars", "guidestep[cohort]"),
        ("duckdb", "duckdb", "duckdb"),
        ("pyspark", "spark", "guidestep[spark]"),
    ],
)
def test_without_an_extra_it_says_so(tmp_path: Path, name: str, engine: str, install: str) -> None:
    frame = synthesize(shipped(), 3)
    assert isinstance(frame, pl.DataFrame)
    frame.write_parquet(tmp_path / "a.parquet")
    code = f"sys.modules[{name!r}] = None"
    result = cohort("a.parquet", "--engine", engine, code=code, cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"guidestep: this needs {name}: pip install '{install}'\n"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_disk_that_is_full_leaves_nothing(tmp_path: Path, small: Path, engine: str) -> None:
    pl.DataFrame({"patient": pl.int_range(200_000, eager=True)}).with_columns(
        pl.lit("intake").alias("encounter.care_stage")
    ).write_parquet(tmp_path / "a.parquet")
    before = sorted(tmp_path.iterdir())
    # A file may not grow beyond this, as if there were no more space.
    limit = (100_000, 100_000)
    result = cohort(
        *("a.parquet", "--guideline", str(small), "--engine", engine),
        *("--no-summary", "--out", "b.parquet"),
        cwd=tmp_path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit),
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert "too large" in result.stderr.lower()
    assert "Traceback" not in result.stderr
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.slow
def test_an_interrupt_leaves_nothing(tmp_path: Path) -> None:
    frame = synthesize(shipped(), 20_000)
    assert isinstance(frame, pl.DataFrame)
    frame.write_parquet(tmp_path / "a.parquet")
    script = "from guidestep.cli import main; main()"
    arguments = ["cohort", *["a.parquet"] * 100, "--no-summary", "--out", "b.parquet"]
    process = subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + 60
    while not (tmp_path / "b.parquet.part").exists() and time.monotonic() < end:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "guidestep: interrupted\n")
    assert os.listdir(tmp_path) == ["a.parquet"]
