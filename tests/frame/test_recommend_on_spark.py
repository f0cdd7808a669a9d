"""Cohorts on Spark: the same answers, from Parquet to Parquet, and no row passes through Python."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from guidestep.frame import CohortError, ColumnError, deciding_rules, to_frame
from tests.engines.frame.running import difference, random_cohorts
from tests.frame.cohorts import differences, expectations, mutated, shipped
from tests.frame.spark import assert_native, read
from tests.strategies.programs import SMALL

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

pytestmark = pytest.mark.filterwarnings("ignore::guidestep.frame.ColumnWarning")

ROWS = 200
AGE, ON = "scope.age_years", "encounter.assessment_date"


def test_random_programs(spark: SparkSession, tmp_path: Path) -> None:
    for seed, program, patients in random_cohorts(3, 40, SMALL, start=20):
        found = difference(
            program, patients, lambda table, at=seed: read(spark, table, tmp_path / str(at))
        )
        assert not found, (seed, found)


def test_from_parquet_to_parquet(spark: SparkSession, tmp_path: Path) -> None:
    patients = mutated(ROWS, seed=2)
    frame = to_frame(patients)
    assert isinstance(frame, pl.DataFrame)
    frame = frame.with_columns(row=pl.int_range(ROWS))
    given = read(spark, frame, tmp_path / "in")
    answers = shipped().recommend_frame(given)
    assert type(answers) is type(given)
    assert answers.columns[: frame.width] == frame.columns
    assert_native(answers)
    answers.write.parquet(str(tmp_path / "out"))
    written = pl.read_parquet(f"{tmp_path}/out/*.parquet").sort("row")
    assert not differences(shipped(), None, written.to_dicts(), expectations(shipped(), patients))


def test_the_rules_that_decided_are_decoded_in_spark(spark: SparkSession, tmp_path: Path) -> None:
    patients = mutated(20, seed=3)
    frame = to_frame(patients).with_columns(row=pl.int_range(20))  # type: ignore[union-attr]
    answers = shipped().recommend_frame(frame)
    named = deciding_rules(shipped(), read(spark, answers, tmp_path / "in"))
    assert_native(named)
    rows = sorted(named.collect(), key=lambda row: row["row"])
    right = [said["reasons"] for said in expectations(shipped(), patients)]
    assert [set(row["deciding_rules"].split("; ")) for row in rows] == right


def test_values_that_cannot_be(spark: SparkSession, tmp_path: Path) -> None:
    nan = float("nan")
    given = read(spark, pl.DataFrame({AGE: [50.0, nan, 121.0, None]}), tmp_path / "in")
    with pytest.raises(CohortError) as caught:
        shipped().recommend_frame(given)
    assert [fault.count for fault in caught.value.faults] == [2]


def test_a_visit_after_today(spark: SparkSession, tmp_path: Path) -> None:
    day = date(2026, 3, 2)
    frame = pl.DataFrame({"row": [0, 1], ON: [day, date(2026, 3, 3)]})
    given = read(spark, frame, tmp_path / "in")
    with pytest.raises(CohortError, match="none after today") as caught:
        shipped().recommend_frame(given, today=day)
    assert [fault.count for fault in caught.value.faults] == [1]
    answers = shipped().recommend_frame(given, on_invalid="flag", today=day)
    assert_native(answers)
    rows = sorted(answers.collect(), key=lambda row: row["row"])
    assert [row["invalid"] for row in rows] == [None, ON]


def test_odd_names_and_names_that_differ_in_case(spark: SparkSession, tmp_path: Path) -> None:
    odd = {name: ["mine"] for name in ("a.b", "a`b", "^a$", "*", "guidestep_c0", "guidestep_t5")}
    given = read(spark, pl.DataFrame({AGE: [50], **odd}), tmp_path / "in")
    (row,) = shipped().recommend_frame(given, on_invalid="flag").collect()
    assert [row[name] for name in odd] == ["mine"] * len(odd)
    two = spark.sql(f"select 50 as `{AGE}`, 10 as `{AGE.upper()}`")
    with pytest.raises(ColumnError, match="cannot tell these columns apart"):
        shipped().recommend_frame(two)
