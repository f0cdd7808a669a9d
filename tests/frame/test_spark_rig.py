"""The frames the other tests are run on are what they say, and Spark is a cluster."""

from __future__ import annotations

import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import narwhals as nw
import polars as pl
import pytest

from tests.frame.conftest import Backend
from tests.frame.spark import WORKERS, assert_native, processes, read, require_java

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

FRAME = pl.DataFrame(
    {
        "row": [0, 1, 2, 3],
        "flag": [True, None, False, True],
        "number": [1.5, None, -2.0, 0.0],
        "day": [date(2024, 2, 29), None, date(1900, 1, 1), date(2100, 12, 31)],
        "text": ["a", None, "", "b"],
        "a.choice": pl.Series(["x", "y", None, "x"], dtype=pl.Enum(["x", "y"])),
    }
)


def test_a_frame_goes_there_and_back(backend: Backend) -> None:
    columns = [name for name in FRAME.columns if name != "day"]
    rows = backend.rows(backend.frame(FRAME.select(columns).reverse()), "row")
    assert rows == FRAME.select(columns).to_dicts()


def test_an_empty_frame_has_its_columns(backend: Backend) -> None:
    frame = backend.frame(FRAME.clear())
    assert nw.from_native(frame).collect_schema().names() == FRAME.columns
    assert backend.rows(frame, "row") == []


def test_an_expression_is_the_same_everywhere(backend: Backend) -> None:
    frame = nw.from_native(backend.frame(FRAME))
    above = nw.when(nw.col("number") > 0).then(nw.lit("above")).otherwise(nw.lit("not above"))
    rows = backend.rows(frame.select("row", above.alias("number")).to_native(), "row")
    assert [row["number"] for row in rows] == ["above", "not above", "not above", "not above"]


def test_each_executor_is_a_process(spark: SparkSession) -> None:
    driver = spark.sparkContext._gateway.proc.pid
    executors = processes(spark.range(0, 8, numPartitions=8))
    assert len(executors) == WORKERS
    assert not executors & {driver, os.getpid()}
    for process in executors:
        os.kill(process, 0)  # raises where there is no such process on this machine


def test_a_frame_is_computed_by_both_executors(spark: SparkSession, tmp_path: Path) -> None:
    assert len(processes(read(spark, FRAME, tmp_path / "frame"))) == WORKERS


def test_spark_writes_what_it_reads(spark: SparkSession, tmp_path: Path) -> None:
    target = str(tmp_path / "written")
    read(spark, FRAME, tmp_path / "frame").write.parquet(target)
    assert len(list(Path(target).glob("part-*.parquet"))) == WORKERS
    written = pl.read_parquet(f"{target}/*.parquet").sort("row")
    assert written.equals(FRAME.cast({"a.choice": pl.String}))


def test_column_expressions_are_native(spark: SparkSession, tmp_path: Path) -> None:
    frame = nw.from_native(read(spark, FRAME, tmp_path / "frame"))
    known = frame.with_columns((~nw.col("flag") & (nw.col("text") == "a")).alias("PythonUDF"))
    assert_native(known.to_native())
    assert_native(known.filter(nw.col("number") > 0).sort("row").to_native())
    assert_native(known.group_by("text").agg(nw.col("number").sum()).to_native())


def test_python_functions_are_not_native(spark: SparkSession, tmp_path: Path) -> None:
    from pyspark.sql.functions import udf

    frame = read(spark, FRAME, tmp_path / "frame")
    double = udf(lambda value: value * 2, "double")
    for foreign, step in (
        (frame.select(double("number")), "EvalPython"),
        (frame.filter(double("number") > 1).select("row"), "EvalPython"),
        (frame.select("row").mapInArrow(lambda batches: batches, "row long"), "MapInArrow"),
        (spark.createDataFrame([(1,)], "row long"), "Scan ExistingRDD"),
    ):
        with pytest.raises(AssertionError, match=step):
            assert_native(foreign)


def test_without_java_the_tests_fail(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match=r"no java in JAVA_HOME; .* need Java 17"):
        require_java()


def test_an_old_java_is_too_old(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n", encoding="utf-8")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(pytest.fail.Exception, match=r"is too old or broken: .*11\.0\.2"):
        require_java()
