"""Cohorts in memory: looked at where they lie, in pieces, and answered as everywhere else."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from guidestep.engines.frame import held
from guidestep.frame import CohortError, synthesize
from tests.frame.cohorts import shipped

pytestmark = pytest.mark.filterwarnings("ignore::guidestep.frame.ColumnWarning")

AGE, WEEKS, RPE = "scope.age_years", "program.weeks_since_program_start", "program.rpe_value"


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
