"""Cohorts in memory: looked at where they lie, in pieces, and answered as everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from guidestep.engines.frame import held
from guidestep.frame import CohortError, synthesize
from guidestep.frame.recommend import prepared
from tests.frame.cohorts import shipped

pytestmark = pytest.mark.filterwarnings("ignore::guidestep.frame.ColumnWarning")

AGE, WEEKS, RPE = "scope.age_years", "program.weeks_since_program_start", "program.rpe_value"
START, ASSESSED = "encounter.program_start_date", "encounter.assessment_date"
TEXT = "neurologic.new_neurologic_deficit_description"
REASON = f"data_absent_reasons.{WEEKS}"


def cohort(rows: int) -> pl.DataFrame:
    frame = synthesize(shipped(), rows, seed=5)
    assert isinstance(frame, pl.DataFrame)
    return frame


def answered(frame: pl.DataFrame) -> pl.DataFrame:
    return shipped().recommend_frame(frame, detail="rules").drop(frame.columns)


def test_a_frame_in_parts_is_answered_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = cohort(1000)
    whole = answered(frame)
    # Parts that begin where no byte of a column of bits does, and pieces that take of several.
    parts = [frame[:3], frame[3:70], frame[70:71], frame[71:500], frame[500:]]
    for chunk in (64, 128, 512, held.CHUNK):
        monkeypatch.setattr(held, "CHUNK", chunk)
        assert answered(pl.concat(parts, rechunk=False)).equals(whole)
        assert answered(frame[3:].vstack(frame[:3])).equals(whole[3:].vstack(whole[:3]))


def under_nulls(values: list[int], known: int) -> pl.Series:
    """Return a column with values also where it is null: where bits of `known` are not set."""
    buffers = [pa.py_buffer(bytes([known])), pa.py_buffer(np.array(values, np.int64))]
    series = pl.from_arrow(pa.Array.from_buffers(pa.int64(), len(values), buffers))
    assert isinstance(series, pl.Series)
    return series


def test_what_stands_under_a_null_is_not_looked_at() -> None:
    frame = cohort(4)
    ages = [40, 400, 75, -1]
    given = answered(frame.with_columns(under_nulls(ages, 0b0101).alias(AGE)))
    assert given.equals(answered(frame.with_columns(pl.Series(AGE, [40, None, 75, None]))))
    with pytest.raises(CohortError, match="1 row has"):
        answered(frame.with_columns(under_nulls(ages, 0b0111).alias(AGE)))


def test_a_fault_in_any_piece_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held, "CHUNK", 64)
    frame = cohort(400)
    for row in (0, 63, 64, 399):
        for path, wrong in ((AGE, 121), (AGE, -1), (RPE, float("nan")), (RPE, float("inf"))):
            spoilt = pl.when(pl.int_range(pl.len()) == row).then(wrong).otherwise(pl.col(path))
            with pytest.raises(CohortError, match=path):
                answered(frame.with_columns(spoilt.alias(path)))


@pytest.mark.parametrize(
    "kind", [pl.Int8, pl.Int16, pl.Int64, pl.UInt8, pl.UInt64, pl.Int128, pl.Float32, pl.Float64]
)
def test_numbers_of_any_size(kind: type[pl.DataType]) -> None:
    # The lazy frame is answered by expressions alone.
    frame = cohort(500).with_columns(pl.col(AGE).cast(kind))
    lazy = shipped().recommend_frame(frame.lazy(), detail="rules").collect().drop(frame.columns)
    assert answered(frame).equals(lazy)


@pytest.mark.parametrize("kind", [pl.String, pl.Categorical])
def test_members_as_texts(kind: type[pl.DataType]) -> None:
    frame = cohort(500)
    assert answered(frame.with_columns(pl.col(pl.Enum).cast(kind))).equals(answered(frame))


def test_members_in_another_order() -> None:
    frame = cohort(500)
    turned = {
        name: pl.col(name).cast(pl.String).cast(pl.Enum(list(dtype.categories)[::-1]))
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Enum)
    }
    assert answered(frame).equals(answered(frame.with_columns(**turned)))


def spoilt(frame: pl.DataFrame, row: int, **values: object) -> pl.DataFrame:
    """Return a frame with other values in one row."""
    here = pl.int_range(pl.len()) == row
    return frame.with_columns(
        pl.when(here).then(pl.lit(value, frame.schema[name])).otherwise(name).alias(name)
        for name, value in values.items()
    )


TODAY = date(2026, 5, 4)
FAULTS = [
    (START, {START: date(2026, 5, 5), ASSESSED: TODAY}),
    (WEEKS, {START: date(2010, 1, 1), ASSESSED: TODAY, WEEKS: None}),
    (WEEKS, {WEEKS: -0.5}),
    (TEXT, {TEXT: "é" * 501}),
]


@pytest.mark.parametrize(("path", "wrong"), FAULTS)
def test_what_can_be_at_fault_in_one_way_is_found_in_any_piece(
    path: str, wrong: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "CHUNK", 64)
    frame = cohort(300)
    for row in (0, 63, 64, 299):
        with pytest.raises(CohortError, match=f"{path}: 1 row has"):
            answered(spoilt(frame, row, **wrong))


@pytest.mark.parametrize(
    "right",
    [
        {START: TODAY, ASSESSED: TODAY},
        {START: date(2026, 5, 5), ASSESSED: None},
        {START: date(2010, 1, 1), ASSESSED: TODAY, WEEKS: 5.0},
        {TEXT: "é" * 500},
    ],
)
def test_what_is_no_fault_is_answered(right: dict[str, object]) -> None:
    frame = spoilt(cohort(100), 50, **right)
    lazy = shipped().recommend_frame(frame.lazy(), detail="rules").collect()
    assert answered(frame).equals(lazy.drop(frame.columns))


def test_a_value_beside_the_reason_why_there_is_none_is_found() -> None:
    frame = cohort(200).with_columns(pl.lit(None, pl.String).alias(REASON))
    answered(frame)
    both = spoilt(frame, 70, **{WEEKS: 3.0, REASON: "not-performed"})
    with pytest.raises(CohortError, match=WEEKS):
        answered(both)


def with_dates(frame: pl.DataFrame) -> pl.DataFrame:
    """Return a cohort of whom more is known: when the program began, but not for how long."""
    weeks = pl.int_range(pl.len()) % 12 * 5
    days = pl.lit(TODAY).alias(ASSESSED), (pl.lit(TODAY) - pl.duration(days=weeks)).alias(START)
    some = pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.col(WEEKS))
    return frame.with_columns(*days, some.alias(WEEKS))


def no_weeks(frame: pl.DataFrame) -> pl.DataFrame:
    return with_dates(frame).drop(WEEKS)


def reasons(frame: pl.DataFrame) -> pl.DataFrame:
    why = pl.when(pl.col(WEEKS).is_null() & (pl.int_range(pl.len()) % 2 == 0)).then(
        pl.lit("unknown")
    )
    return with_dates(frame).with_columns(why.alias(REASON))


@pytest.mark.parametrize("made", [with_dates, no_weeks, reasons, lambda frame: frame])
def test_weeks_follow_from_dates(made: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    frame = made(cohort(1000))
    for on_invalid in ("error", "flag"):
        given = shipped().recommend_frame(frame, detail="rules", on_invalid=on_invalid)
        lazy = shipped().recommend_frame(frame.lazy(), detail="rules", on_invalid=on_invalid)
        assert given.equals(lazy.collect())


def test_polars_is_left_nothing_to_calculate() -> None:
    frame = with_dates(cohort(10))
    answered(frame)
    ready = prepared(shipped(), None)
    assert ready.in_memory
    ready.in_memory.clear()
    answered(frame)
    (engine,) = ready.in_memory.values()
    assert not engine.leaves.fields


@pytest.mark.parametrize("rows", [0, 1, 64, 65, 1000, 100_000, 1_000_000, 1_100_000])
@pytest.mark.parametrize("cores", [1, 2, 3, 8])
def test_no_core_waits_for_another(rows: int, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pl, "thread_pool_size", lambda: cores)
    starts = held.Held(pl.DataFrame({"a": np.zeros(rows, np.int8)})).starts()
    sizes = [min(start + starts.step, rows) - start for start in starts]
    assert sum(sizes) == rows
    assert starts.step % 64 == 0
    assert max(sizes, default=0) <= held.CHUNK
    if rows > held.CHUNK:
        assert len(sizes) % cores == 0
        assert max(sizes) - min(sizes) <= 64 * len(sizes)
    elif rows <= held.BLOCK:
        assert len(sizes) <= 1
