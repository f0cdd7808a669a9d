"""Columns that are not what a field needs: each a clear error, or read as not assessed and named.

Wherever an assessment with a value could not be read, a frame does not use the value either.
"""

from __future__ import annotations

import time
import warnings
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import guidestep
from guidestep import AssessmentError, SettingError
from guidestep.assessment.errors import UnknownFieldError
from guidestep.cases import read_cases
from guidestep.frame import CohortError, ColumnError, ColumnWarning, from_frame, to_frame
from guidestep.frame.columns import read_columns
from tests.frame.cohorts import FOLDER, differences, expectations, shipped
from tests.frame.conftest import Backend

AGE, GAIT = "scope.age_years", "neurologic.gait_instability"
ON, BEGUN, SCAN = (
    "encounter.assessment_date",
    "encounter.program_start_date",
    "neurologic.mri_date",
)
STAGE = "encounter.care_stage"
WEEKS = "program.weeks_since_program_start"
PAIN = "measures.baseline_pain_vas_mm"
REASON = "data_absent_reasons."

few_columns = pytest.mark.filterwarnings("ignore:not assessed for anybody")


@cache
def eligible() -> dict[str, object]:
    """Return a patient who is recommended a step."""
    case = next(case for case in read_cases(FOLDER) if case.id == "intake-complete")
    patient = shipped().model.read(case.assessment)
    return {f"{s}.{n}": v for s, part in patient.to_dict().items() for n, v in part.items()}


@cache
def usual() -> pl.DataFrame:
    frame = to_frame([shipped().model.read(eligible())] * 3)
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(row=pl.int_range(3))


def with_column(name: str, values: Any, dtype: Any = None) -> pl.DataFrame:
    """Return three usual patients who differ in one column."""
    return usual().with_columns(pl.Series(name, values, dtype, strict=False))


def faults(frame: Any, **options: Any) -> dict[str, Any]:
    with pytest.raises(CohortError) as caught:
        shipped().recommend_frame(frame, **options)
    return {fault.path: fault for fault in caught.value.faults}


def outcomes(frame: Any, **options: Any) -> list[str]:
    return shipped().recommend_frame(frame, **options)["outcome"].to_list()


def flagged(frame: pl.DataFrame, path: str, rows: list[bool]) -> None:
    """Assert that a field is named in some rows, and counts there as if nothing stood in it."""
    answers = shipped().recommend_frame(frame, on_invalid="flag")
    assert [path in (text or "").split("; ") for text in answers["invalid"]] == rows
    plain = usual()[path]
    kept = frame[path].to_list()
    none = [None if bad else value for bad, value in zip(rows, kept, strict=True)]
    cleaned = frame.with_columns(pl.Series(path, none, plain.dtype, strict=False))
    same = shipped().recommend_frame(cleaned)
    assert answers.drop(path, "invalid").equals(same.drop(path))


# --- types ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "values", "dtype", "hint"),
    [
        (AGE, ["50", "51", None], pl.String, "make it a column of numbers"),
        (AGE, [True, False, None], pl.Boolean, "make it a column of numbers"),
        (AGE, [date(2026, 1, 1)] * 3, pl.Date, "make it a column of numbers"),
        (GAIT, [1, 0, None], pl.Int64, "make it a column of text, or an enumeration"),
        (GAIT, [True, False, None], pl.Boolean, "make it a column of text, or an enumeration"),
        (ON, ["2026-03-01"] * 3, pl.String, "make it a column of dates"),
        (ON, [20260301] * 3, pl.Int64, "make it a column of dates"),
        (AGE, [[50]] * 3, pl.List(pl.Int64), "make it a column of numbers"),
    ],
)
@pytest.mark.parametrize("on_invalid", ["error", "flag"])
def test_a_wrong_type(path: str, values: Any, dtype: Any, hint: str, on_invalid: str) -> None:
    found = faults(with_column(path, values, dtype), on_invalid=on_invalid)
    assert list(found) == [path]
    assert found[path].hint == hint
    assert found[path].count == 0
    assert found[path].message.startswith(f"got a column of {dtype}")


def test_several_wrong_types_are_told_at_once() -> None:
    frame = with_column(AGE, ["a"] * 3).with_columns(pl.lit(1).alias(GAIT))
    with pytest.raises(CohortError, match="2 columns are at fault") as caught:
        shipped().recommend_frame(frame)
    assert {fault.path for fault in caught.value.faults} == {AGE, GAIT}


@pytest.mark.parametrize(
    ("dtype", "values"),
    [
        (pl.Int8, [50, None, 51]),
        (pl.UInt64, [50, None, 51]),
        (pl.Float32, [50.0, None, 51.0]),
        (pl.Decimal(10, 2), [Decimal(50), None, Decimal(51)]),
        (pl.Int128, [50, None, 51]),
    ],
)
def test_numbers_of_every_kind(dtype: Any, values: Any) -> None:
    plain = shipped().recommend_frame(with_column(AGE, [50, None, 51]))
    assert (
        shipped().recommend_frame(with_column(AGE, values, dtype)).drop(AGE).equals(plain.drop(AGE))
    )


@few_columns
def test_columns_of_nulls_alone(backend: Backend) -> None:
    if backend.name == "spark":
        pytest.skip("Parquet has no type of nulls alone")
    some = usual().select("row", ON)
    empty = some.with_columns(pl.lit(None).alias(AGE), pl.lit(None).alias(GAIT))
    typed = some.with_columns(
        pl.lit(None, pl.Int64).alias(AGE), pl.lit(None, pl.String).alias(GAIT)
    )
    found = backend.rows(shipped().recommend_frame(backend.frame(empty)), "row")
    right = backend.rows(shipped().recommend_frame(backend.frame(typed)), "row")
    assert [row["outcome"] for row in found] == ["assess_first"] * 3
    assert [row["deciding_rules_0"] for row in found] == [row["deciding_rules_0"] for row in right]


@few_columns
@pytest.mark.parametrize("value", ["'101'::bit", "uuid()"])
def test_a_type_unknown_to_narwhals_is_not_passed_over(value: str) -> None:
    with pytest.raises((CohortError, ColumnError)):
        shipped().recommend_frame(duckdb.sql(f'select 0 as row, {value} as "{GAIT}"'))


# --- values ---------------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("path", "values", "bad"),
    [
        (AGE, [50.0, NAN, None], [False, True, False]),
        (AGE, [INF, -INF, 120.0], [True, True, False]),
        (AGE, [50.5, 50.0, -0.0], [True, False, False]),
        (AGE, [121, 120, -1], [True, False, True]),
        (PAIN, [100.0, 100.00000000000001, -1e-300], [False, True, True]),
        (PAIN, [NAN, INF, 0.0], [True, True, False]),
        (GAIT, ["present", "Present", "absent "], [False, True, True]),
        (GAIT, ["", "not_assessed", None], [True, True, False]),
        (ON, [datetime(2026, 3, 2), datetime(2026, 3, 2, 0, 0, 0, 1), None], [False, True, False]),
        (SCAN, [date(2026, 3, 3), date(2026, 3, 2), None], [True, False, False]),
    ],
)
def test_what_is_no_value_is_flagged_or_an_error(path: str, values: Any, bad: Any) -> None:
    frame = with_column(ON, [date(2026, 3, 2)] * 3).with_columns(
        pl.Series(path, values, strict=False)
    )
    flagged(frame, path, bad)
    fault = faults(frame)[path]
    assert fault.count == sum(bad)
    assert fault.examples == tuple(
        dict.fromkeys(str(value) for value, out in zip(values, bad, strict=True) if out)
    )
    people = "1 row has" if sum(bad) == 1 else f"{sum(bad)} rows have"
    assert fault.message.startswith(f"{people} what is no value of it (")
    assert shipped().model.fields()[path].members == () or "one of" in fault.message


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (AGE, 121),
        (AGE, -1),
        (PAIN, 100.5),
        (GAIT, "Present"),
        (SCAN, date(2030, 1, 1)),
        (BEGUN, date(2030, 1, 1)),
        (BEGUN, date(1990, 1, 1)),
        ("neurologic.new_neurologic_deficit_description", "x" * 501),
    ],
)
def test_what_one_patient_may_not_have_no_row_has(path: str, value: Any) -> None:
    given = {k: v for k, v in eligible().items() if k != WEEKS}
    with pytest.raises(AssessmentError):
        shipped().model.read({**given, path: value})
    frame = with_column(path, [value] * 3).with_columns(pl.lit(None, pl.Float64).alias(WEEKS))
    answers = shipped().recommend_frame(frame, on_invalid="flag")
    # A derived value out of range is told of the field that is derived.
    assert all(path in text or WEEKS in text for text in answers["invalid"])
    with pytest.raises(CohortError):
        shipped().recommend_frame(frame)


def test_a_message_shows_five_values_and_counts_all() -> None:
    many = pl.concat([usual()] * 4).with_columns(pl.Series(AGE, range(200, 212)))
    fault = faults(many)[AGE]
    assert fault.count == 12
    assert fault.examples == ("200", "201", "202", "203", "204")
    assert str(fault) == (
        "scope.age_years: 12 rows have what is no value of it (200, 201, 202, 203, 204, ...); "
        "allowed is a whole number from 0 to 120 a; "
        "mend them, or give on_invalid='flag' to treat them as not assessed"
    )


def test_a_long_text_is_cut_in_a_message() -> None:
    fault = faults(with_column(GAIT, ["y" * 1000, None, None]))[GAIT]
    assert len(str(fault)) < 300


@few_columns
def test_every_backend_finds_the_same_faults(backend: Backend) -> None:
    if backend.name == "spark":
        pytest.skip("in a test of its own")
    frame = (
        usual()
        .select("row", ON)
        .with_columns(
            pl.Series(AGE, [50.0, 121.0, 7.5]),
            pl.Series(GAIT, ["nearly", None, "present"]),
            pl.Series(SCAN, [date(2030, 1, 1), None, date(2020, 1, 1)]),
        )
    )
    found = faults(backend.frame(frame))
    assert {path: fault.count for path, fault in found.items()} == {AGE: 2, GAIT: 1, SCAN: 1}
    assert set(found[AGE].examples) == {"121.0", "7.5"}
    assert found[SCAN].hint == f"give a day, none after {ON}"
    answers = shipped().recommend_frame(backend.frame(frame), on_invalid="flag")
    named = [row["invalid"] for row in backend.rows(answers, "row")]
    assert [set((text or "").split("; ")) for text in named] == [{GAIT, SCAN}, {AGE}, {AGE}]


@few_columns
def test_a_visit_after_today_is_no_visit(backend: Backend) -> None:
    if backend.name == "spark":
        pytest.skip("in a test of its own")
    day = date(2026, 3, 2)
    days = [day, date(2026, 3, 3), None]
    frame = usual().select("row").with_columns(pl.Series(ON, days, pl.Date))
    ask = shipped().recommend_frame
    with pytest.raises(CohortError) as caught:
        backend.rows(ask(backend.frame(frame), today=day), "row")
    (fault,) = caught.value.faults
    assert (fault.path, fault.count, fault.hint) == (ON, 1, "give a day, none after today")
    answers = ask(backend.frame(frame), on_invalid="flag", today=day)
    assert [row["invalid"] for row in backend.rows(answers, "row")] == [None, ON, None]
    # Without it nothing is asked of the clock.
    backend.rows(ask(backend.frame(frame)), "row")


@pytest.mark.parametrize("today", [20260302, "2026-03-02", True, datetime(2026, 3, 2)])
def test_today_is_a_date(today: Any) -> None:
    with pytest.raises(SettingError, match="today is a date"):
        shipped().recommend_frame(usual(), today=today)
    with pytest.raises(SettingError, match="today is a date"):
        shipped().summarize(usual(), today=today)


def test_a_visit_after_today_is_counted_and_fills_no_weeks() -> None:
    day = date(2026, 3, 2)
    frame = usual().with_columns(
        pl.lit("active_program").alias(STAGE),
        pl.Series(ON, [day, date(2026, 3, 3), date(2030, 1, 1)]),
        pl.lit(date(2026, 2, 2)).alias(BEGUN),
        pl.lit(None, pl.Date).alias(SCAN),
        pl.lit(None, pl.Float64).alias(WEEKS),
    )
    told = shipped().summarize(frame, on_invalid="flag", today=day)
    assert told.filter(pl.col("about") == "invalid").select("name", "count").rows() == [(ON, 2)]
    with pytest.raises(CohortError, match="2 rows have what is no value of it"):
        shipped().summarize(frame, today=day)
    with pytest.raises(CohortError, match=r"none after today"):
        guidestep.impact(shipped(), shipped(), frame, today=day)
    answers = shipped().recommend_frame(frame, detail="missing", on_invalid="flag", today=day)
    unknown = usual().with_columns(frame[ON].replace(frame[ON][1:].to_list(), None))
    assert unknown[ON].null_count() == 2
    cleaned = frame.with_columns(unknown[ON])
    without = shipped().recommend_frame(cleaned, detail="missing")
    assert answers["missing"].to_list() == without["missing"].to_list()
    assert answers["outcome"].to_list() == without["outcome"].to_list()


# --- fields that depend on each other -------------------------------------------------------------


def test_weeks_are_derived_as_for_one_patient() -> None:
    begun = [date(2026, 1, 1), date(2026, 3, 2), None, date(2026, 3, 1), date(2025, 12, 1)]
    entered = [None, None, None, 4.0, None]
    reasons = [None, None, "not-asked", None, "asked-unknown"]
    rows = [
        {**eligible(), STAGE: "active_program", ON: date(2026, 3, 2), BEGUN: b, WEEKS: w}
        | ({"data_absent_reasons": {WEEKS: r}} if r else {})
        for b, w, r in zip(begun, entered, reasons, strict=True)
    ]
    for row in rows:
        row[SCAN] = None
    frame = (
        pl.concat([usual()] * 2)
        .head(5)
        .with_columns(
            pl.lit("active_program").alias(STAGE),
            pl.lit(date(2026, 3, 2)).alias(ON),
            pl.Series(BEGUN, begun, pl.Date),
            pl.Series(WEEKS, entered, pl.Float64),
            pl.Series(REASON + WEEKS, reasons, pl.String),
            pl.lit(None, pl.Date).alias(SCAN),
        )
    )
    one_by_one = [shipped().model.read(row).value(WEEKS) for row in rows]
    assert read(frame, WEEKS) == one_by_one == [60 / 7, 0.0, None, 4.0, None]
    answers = shipped().recommend_frame(frame, detail="rules").to_dicts()
    assert not differences(shipped(), None, answers, expectations(shipped(), rows))


def read(frame: pl.DataFrame, path: str) -> list[Any]:
    """Return a field as the engine is given it, where what is no value is passed over."""
    whole = nw.from_native(frame.lazy())
    columns, types = {name: name for name in frame.columns}, whole.collect_schema()
    fields = shipped().model.fields()
    reading = read_columns(fields, columns, types, whole.implementation, clean=True)
    return whole.select(value=reading.values[path]).collect()["value"].to_list()


# The warning is wrong of a column that is derived: it is known where both dates are.
@pytest.mark.filterwarnings("ignore:not assessed for anybody")
def test_a_derived_value_out_of_range() -> None:
    frame = usual().with_columns(
        pl.Series(BEGUN, [date(1950, 1, 1), date(2026, 3, 1), None]),
        pl.lit(date(2026, 3, 2)).alias(ON),
        pl.lit(None, pl.Date).alias(SCAN),
        pl.lit(None, pl.Float64).alias(WEEKS),
    )
    for given in (frame, frame.drop(WEEKS)):
        fault = faults(given)[WEEKS]
        assert fault.count == 1
        assert fault.hint == f"where it is not entered, it follows from {BEGUN} and {ON}"
        answers = shipped().recommend_frame(given, on_invalid="flag")
        assert answers["invalid"].to_list() == [WEEKS, None, None]


def test_nothing_takes_the_place_of_an_entered_value_that_is_none() -> None:
    frame = usual().with_columns(
        pl.lit("active_program").alias(STAGE),
        pl.Series(BEGUN, [date(2026, 1, 5)] * 3),
        pl.lit(date(2026, 3, 2)).alias(ON),
        pl.lit(None, pl.Date).alias(SCAN),
        pl.Series(WEEKS, [600.0, None, 8.0]),
    )
    answers = shipped().recommend_frame(frame, on_invalid="flag", detail="rules")
    assert answers["invalid"].to_list() == [WEEKS, None, None]
    assert read(frame, WEEKS) == [None, 8.0, 8.0]
    unknown = frame.with_columns(
        pl.Series(WEEKS, [None, None, 8.0]), pl.Series(REASON + WEEKS, ["unable", None, None])
    )
    right = shipped().recommend_frame(unknown, detail="rules")
    columns = [name for name in right.columns if name not in unknown.columns]
    assert answers.select(columns).equals(right.select(columns))


def test_a_value_beside_a_reason_for_its_absence_is_not_used() -> None:
    with pytest.raises(AssessmentError):
        shipped().model.read({**eligible(), "data_absent_reasons": {GAIT: "not-asked"}})
    frame = with_column(REASON + GAIT, ["not-asked", None, None])
    answers = shipped().recommend_frame(frame, on_invalid="flag")
    assert answers["invalid"].to_list() == [GAIT, None, None]


# --- times of day ---------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_datetime_at_midnight_is_a_date(unit: Any) -> None:
    times = pl.Series(ON, [date(2026, 3, 2)] * 3).cast(pl.Datetime(unit))
    assert outcomes(usual().with_columns(times)) == outcomes(usual())


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_time_in_a_zone_is_refused(zone: str) -> None:
    times = pl.Series(ON, [datetime(2026, 7, 1)] * 3).dt.replace_time_zone(zone)
    with pytest.raises(CohortError, match="which day it was depends on the place"):
        shipped().recommend_frame(usual().with_columns(times))


# --- frames of unusual shape ----------------------------------------------------------------------


@few_columns
def test_no_rows(backend: Backend) -> None:
    if backend.name == "spark":
        pytest.skip("in a test of its own")
    for on_invalid in ("error", "flag"):
        given = backend.frame(usual().select("row", AGE, GAIT, ON, SCAN).clear())
        answers = shipped().recommend_frame(given, on_invalid=on_invalid)  # type: ignore[arg-type]
        assert backend.rows(answers, "row") == []


@pytest.mark.parametrize("frame", [pl.DataFrame(), pd.DataFrame(), pa.table({}), pl.LazyFrame()])
def test_no_columns(frame: Any) -> None:
    with pytest.raises(ColumnError, match="the frame has no columns"):
        shipped().recommend_frame(frame)


@few_columns
def test_no_columns_of_fields(backend: Backend) -> None:
    if backend.name == "spark":
        pytest.skip("in a test of its own")
    answers = shipped().recommend_frame(backend.frame(pl.DataFrame({"row": [0, 1]})))
    assert [row["outcome"] for row in backend.rows(answers, "row")] == ["assess_first"] * 2


@pytest.mark.parametrize("what", [[1], {"a": [1]}, "frame.csv", None, pl.Series([1])])
def test_no_frame_at_all(what: Any) -> None:
    with pytest.raises(ColumnError, match="is no data frame of Polars"):
        shipped().recommend_frame(what)


@pytest.mark.parametrize("name", [AGE, "row"])
def test_a_column_twice_in_pandas_or_pyarrow(name: str) -> None:
    frame = usual().to_pandas()
    with pytest.raises(ColumnError, match=f"'{name}' 2 times"):
        shipped().recommend_frame(pd.concat([frame, frame[[name]]], axis=1))
    table = usual().to_arrow()
    with pytest.raises(ColumnError, match=f"'{name}' 2 times"):
        shipped().recommend_frame(table.append_column(name, table[name]))


def test_rows_of_a_frame_with_a_column_twice_are_not_read() -> None:
    frame = usual().to_pandas()
    twice = pd.concat([frame, frame[[AGE]]], axis=1)
    with pytest.raises(ColumnError, match="cannot be told apart"):
        from_frame(twice, shipped())
    patients = usual().to_arrow()
    relation = duckdb.sql(f'select *, 10 as "{AGE}" from patients')
    with pytest.raises(ColumnError, match="cannot tell these columns apart"):
        from_frame(relation, shipped())
    assert patients.num_rows == 3


def test_a_column_twice_in_duckdb() -> None:
    with pytest.raises(ColumnError, match="duckdb cannot tell these columns apart: a, a"):
        shipped().recommend_frame(duckdb.sql(f'select 1 as a, 2 as a, 52 as "{AGE}"'))


@few_columns
def test_columns_that_differ_in_case_only() -> None:
    two = f'select 50 as "{AGE}", 10 as "{AGE.upper()}"'
    with pytest.raises(ColumnError, match="duckdb cannot tell these columns apart"):
        shipped().recommend_frame(duckdb.sql(two))
    # Polars can: the other one is none of ours.
    frame = usual().with_columns(pl.lit(-1).alias(AGE.upper()))
    assert outcomes(frame) == outcomes(usual())


def test_ten_thousand_columns() -> None:
    wide = usual().hstack(pl.DataFrame({f"lab_{n}": [n, None, 0] for n in range(10_000)}))
    began = time.perf_counter()
    answers = shipped().recommend_frame(wide)
    assert time.perf_counter() - began < 30
    assert answers.width == wide.width + len(shipped().recommend_frame(usual()).columns) - len(
        usual().columns
    )
    assert answers["outcome"].to_list() == outcomes(usual())


def test_a_missing_column_is_told_and_counts_as_nulls() -> None:
    with pytest.warns(ColumnWarning, match=f"no such columns: {GAIT}"):
        found = outcomes(usual().drop(GAIT))
    assert found == outcomes(with_column(GAIT, [None] * 3, pl.String))


# --- names ----------------------------------------------------------------------------------------


def test_columns_under_other_names() -> None:
    frame = usual().rename({AGE: "age", GAIT: "gait"})
    named = {AGE: "age", GAIT: "gait"}
    assert outcomes(frame, columns=named) == outcomes(usual())
    fault = faults(frame.with_columns(age=pl.lit(-1)), columns=named)[AGE]
    assert (fault.column, fault.path) == ("age", AGE)
    assert str(fault).startswith("age (scope.age_years): 3 rows")
    # What is named wins over the column that bears the name of the field.
    both = frame.with_columns(pl.lit(-1).alias(AGE))
    assert outcomes(both, columns=named) == outcomes(usual())


@pytest.mark.parametrize(
    ("columns", "error", "says"),
    [
        ({AGE: "agee"}, ColumnError, "no column agee.*did you mean 'age'"),
        ({"scope.age": "age"}, UnknownFieldError, "no field scope.age; did you mean"),
        ({"age": AGE}, UnknownFieldError, "no field age"),
        ({AGE: 7}, ColumnError, "no column 7, which is to hold scope.age_years"),
        ({AGE: ["age"]}, ColumnError, r"no column \['age'\]"),
        ({7: "age"}, UnknownFieldError, "no field 7"),
        ("age", ColumnError, "columns maps paths to names of columns, .*not 'age'"),
        ([AGE], ColumnError, "columns maps paths to names of columns"),
    ],
)
def test_mistakes_in_other_names(columns: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        shipped().recommend_frame(usual().rename({AGE: "age"}), columns=columns)


ODD = ["a b", "a.b", 'a"b', "a'b", "a`b", "{a}", "%s", "é", "a;b", "select", "row id", "\\"]
PATTERNS = ["^a$", "^.*$", "^scope.*$"]


@pytest.mark.parametrize("name", [*ODD, *PATTERNS, "*"])
@pytest.mark.parametrize("lazy", [False, True], ids=["eager", "lazy"])
def test_odd_names_on_polars(name: str, lazy: bool) -> None:
    frame = with_column(AGE, [50, 10, None]).rename({AGE: name})
    given = frame.with_columns(a=pl.lit(3))
    answers: Any = shipped().recommend_frame(given.lazy() if lazy else given, columns={AGE: name})
    found = answers.collect() if lazy else answers
    assert found["outcome"].to_list() == outcomes(with_column(AGE, [50, 10, None]))
    assert found.columns[: given.width] == given.columns


@few_columns
@pytest.mark.parametrize("name", [*ODD, *PATTERNS])
def test_odd_names_on_duckdb(name: str) -> None:
    frame = with_column(AGE, [50, 10, None]).select("row", AGE, ON)
    given = duckdb.connect().from_arrow(frame.rename({AGE: name}).to_arrow())
    answers = shipped().recommend_frame(given, columns={AGE: name})
    found = pl.DataFrame(answers.to_arrow_table()).sort("row")
    assert found["outcome"].to_list() == outcomes(frame)


STRANGE = [*ODD, *PATTERNS, "a0", "value", "guidestep_t5x", "guidestep_c0"]


def test_odd_names_that_are_not_ours_stay(backend: Backend) -> None:
    if backend.name == "spark":
        pytest.skip("in a test of its own")
    mine = {name: pl.lit(f"mine {at}") for at, name in enumerate(STRANGE)}
    frame = (
        usual()
        .select("row", AGE, GAIT, ON)
        .hstack(pl.select(**mine).select(pl.all().repeat_by(3).explode()))
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = shipped().recommend_frame(backend.frame(frame))
    for row in backend.rows(answers, "row"):
        assert [row[name] for name in STRANGE] == [f"mine {at}" for at in range(len(STRANGE))]


@few_columns
def test_a_column_named_star_is_refused_on_duckdb() -> None:
    given = duckdb.sql(f'select 0 as row, 50 as "{AGE}", \'mine\' as "*"')
    with pytest.raises(ColumnError, match="rename it"):
        shipped().recommend_frame(given)


@pytest.mark.parametrize("name", ["guidestep_tin0", "guidestep_c1", "guidestep_t5"])
@pytest.mark.filterwarnings("ignore::guidestep.frame.ColumnWarning")
def test_names_that_are_used_on_the_way_stay_too(name: str) -> None:
    frame = usual().with_columns(pl.lit("mine").alias(name))
    answers = shipped().recommend_frame(frame.lazy()).collect()
    assert answers[name].to_list() == ["mine"] * 3
    assert answers["outcome"].to_list() == outcomes(usual())


@pytest.mark.filterwarnings("ignore:columns passed over that look like fields")
@pytest.mark.parametrize("name", ["outcome", "OUTCOME", "deciding_rules_0", "basis"])
def test_a_column_that_is_there_already_is_not_replaced(name: str) -> None:
    frame = usual().with_columns(pl.lit("mine").alias(name))
    with pytest.raises(ColumnError, match=rf"columns named {name}; give prefix="):
        shipped().recommend_frame(frame)
    answers = shipped().recommend_frame(frame, prefix="g_")
    assert answers[name].to_list() == ["mine"] * 3
    with pytest.raises(ColumnError, match="prefix='g_'"):
        shipped().recommend_frame(answers, prefix="g_")


# --- enumerations, and the types of pandas --------------------------------------------------------


@pytest.mark.parametrize(
    "dtype",
    [
        pl.String,
        pl.Categorical,
        pl.Enum(["absent", "present"]),
        pl.Enum(["x", "absent", "present", "y"]),
        pl.Enum(["present", "absent", "x"]),
    ],
)
def test_members_of_any_type(dtype: Any) -> None:
    plain = shipped().recommend_frame(with_column(GAIT, ["present", "absent", None]))
    found = shipped().recommend_frame(with_column(GAIT, ["present", "absent", None], dtype))
    assert found.drop(GAIT).equals(plain.drop(GAIT))


def test_an_enum_with_fewer_members_or_more() -> None:
    fewer = with_column(GAIT, ["absent", None, "absent"], pl.Enum(["absent"]))
    assert outcomes(fewer) == outcomes(with_column(GAIT, ["absent", None, "absent"]))
    none = with_column(GAIT, [None] * 3, pl.Enum([]))
    assert outcomes(none) == ["assess_first"] * 3
    for dtype in (pl.Enum(["x", "absent"]), pl.Categorical):
        more = with_column(GAIT, ["absent", "x", None], dtype)
        assert faults(more)[GAIT].examples == ("x",)
        flagged(more, GAIT, [False, True, False])


@pytest.mark.parametrize(
    "ages",
    [
        np.array([50, np.nan, 30]),
        pd.array([50, None, 30], dtype="Int64"),
        pd.array([50, None, 30], dtype="Float64"),
        pd.array(pa.array([50, None, 30]), dtype=pd.ArrowDtype(pa.int64())),
        pd.Series([50, None, 30], dtype=object),
        pd.Series([50, pd.NA, 30], dtype=object),
        pd.Series([Decimal(50), None, Decimal(30)], dtype=object),
    ],
    ids=lambda given: f"{type(given).__name__} {given.dtype}",
)
def test_nulls_of_pandas(ages: Any) -> None:
    frame = usual().to_pandas()
    frame[AGE] = ages
    right = outcomes(with_column(AGE, [50, None, 30]))
    assert shipped().recommend_frame(frame)["outcome"].tolist() == right


def test_nan_that_is_a_number_to_arrow_is_no_value() -> None:
    frame = usual().to_pandas()
    frame[AGE] = pd.array(pa.array([50.0, NAN, 30.0]), dtype=pd.ArrowDtype(pa.float64()))
    assert faults(frame)[AGE].count == 1
    answers = shipped().recommend_frame(frame, on_invalid="flag")
    assert answers["invalid"].isna().tolist() == [True, False, True]
    assert answers["outcome"].tolist() == outcomes(with_column(AGE, [50, None, 30]))


@pytest.mark.parametrize(
    "days",
    [
        pd.Series([date(2026, 3, 2), None, date(2026, 3, 2)], dtype=object),
        pd.to_datetime(pd.Series(["2026-03-02", None, "2026-03-02"])),
        pd.Series([date(2026, 3, 2), None, date(2026, 3, 2)], dtype="date32[pyarrow]"),
    ],
    ids=["object", "datetime64", "arrow"],
)
def test_days_of_pandas(days: Any) -> None:
    frame = usual().to_pandas()
    frame[ON] = days
    right = outcomes(with_column(ON, [date(2026, 3, 2), None, date(2026, 3, 2)]))
    assert shipped().recommend_frame(frame)["outcome"].tolist() == right


def test_mixed_values_of_pandas_are_an_error() -> None:
    frame = usual().to_pandas()
    frame[AGE] = pd.Series([50, "x", None], dtype=object)
    with pytest.raises(ColumnError, match=f"the column {AGE} holds values of several types"):
        shipped().recommend_frame(frame)
    frame[AGE] = pd.Series(["x", 50, None], dtype=object)
    with pytest.raises(ColumnError, match=f"the column {AGE} holds values of several types"):
        shipped().recommend_frame(frame)
    frame = usual().to_pandas()
    frame["other"] = pd.Series([50, "x", [None]], dtype=object)
    assert shipped().recommend_frame(frame)["outcome"].tolist() == outcomes(usual())


@pytest.mark.parametrize("name", [AGE, ON, "neurologic.gait_instability"])
def test_an_empty_column_of_pandas_is_unknown(name: str) -> None:
    frame = usual().to_pandas()
    frame[name] = float("nan")
    right = outcomes(with_column(name, [None] * 3))
    assert shipped().recommend_frame(frame)["outcome"].tolist() == right


@pytest.mark.parametrize("name", [0, None, ("a", "b")])
def test_names_of_pandas_that_are_no_text(name: Any) -> None:
    frame = usual().to_pandas()
    frame.columns = pd.Index([*frame.columns[:-1], name], dtype=object)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shipped().recommend_frame(frame)
