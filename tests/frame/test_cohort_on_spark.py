"""`guidestep cohort --engine spark`: folders of Parquet in, folders of Parquet out."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

import guidestep
from guidestep.cli.app import run
from guidestep.cli.new import skeleton

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


def test_folders_in_and_out(
    spark: SparkSession,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUIDESTEP_TRACEBACK", "1")
    small = shutil.copytree(str(skeleton()), tmp_path / "small")
    gait = ["absent", "present", None] * 4
    frame = pl.DataFrame({"patient": range(12), "neurologic.gait_instability": gait})
    Path("given").mkdir()
    for number in range(2):
        frame[number * 6 : number * 6 + 6].write_parquet(f"given/{number}.parquet")
    call = ["cohort", "given", "--engine", "spark", "--guideline", str(small), "--out", "a.parquet"]
    for more in ([], ["--overwrite"]):
        assert run([*call, *more, "--no-summary"]) == 0
        assert capsys.readouterr().out == "wrote a.parquet\n"
    with pytest.warns(UserWarning, match="not assessed for anybody"):
        wanted = guidestep.load(small).recommend_frame(frame)
    written = pl.read_parquet("a.parquet/*.parquet").sort("patient")
    assert written.equals(wanted.with_columns(pl.col(pl.Enum).cast(pl.String)))
    assert not [path for path in tmp_path.iterdir() if path.suffix in (".part", ".old")]
    # What somebody else has put into a folder stays.
    Path("a.parquet", "notes.txt").write_text("mine")
    assert run([*call, "--overwrite"]) == 2
    assert capsys.readouterr().err == "guidestep: a.parquet is a folder, which is not replaced\n"
    assert Path("a.parquet", "notes.txt").exists()
