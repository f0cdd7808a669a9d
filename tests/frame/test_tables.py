"""Assessments to frames and back: nothing is lost, and a faulty row is named."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

import duckdb
import narwhals as nw
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep import Assessment, AssessmentError
from guidestep.assessment import CervicalAssessment, Section, item
from guidestep.frame import ColumnError, ColumnWarning, from_frame, tables, to_frame
from guidestep.frame.schema import columns_of
from tests.answer.model import KneeAssessment
from tests.frame.conftest import Backend
from tests.guidelines.models import Curb65Assessment
from tests.strategies.assessments import assessment_dicts, minimal


class Notes(Section):
    remark: Annotated[str | None, item("remark", "What else?", max_length=40)] = None
    count: Annotated[int | None, item("count", "How many?")] = None
    certain: Annotated[bool | None, item("certain", "Is it certain?")] = None
    since: Annotated[date | None, item("since", "Since when?")] = None


class NotesAssessment(Assessment):
    """Nothing is required; the whole number has no limits."""

    model_id = "notes"
    notes: Notes = Notes()


class KneeAndNotes(KneeAssessment):
    """A model with a section more than its base."""

    model_id = "knee-and-notes"
    notes: Notes = Notes()


MODELS = (CervicalAssessment, KneeAssessment, Curb65Assessment)
BACKENDS = ("polars", "pandas", "pyarrow")


@st.composite
def cohorts(draw: st.DrawFn) -> tuple[type[Assessment], list[Assessment]]:
    model = draw(st.sampled_from(MODELS))
    missing = draw(st.sampled_from([0.1, 0.6]))
    dicts = draw(st.lists(assessment_dicts(model, missing), max_size=3))
    return model, [model.read(data) for data in dicts]


@pytest.mark.parametrize("backend", BACKENDS)
@settings(max_examples=25)
@given(cohort=cohorts())
def test_what_goes_in_comes_out(
    backend: str, cohort: tuple[type[Assessment], list[Assessment]]
) -> None:
    model, assessments = cohort
    frame = to_frame(assessments, backend=backend, model=model)
    found = list(from_frame(frame, model))
    assert found == assessments
    # 1 == 1.0 == True: the types must be the same too.
    read = model.reader(tuple(model.fields()))
    assert [list(map(type, read(a))) for a in found] == [
        list(map(type, read(a))) for a in assessments
    ]


@settings(max_examples=25)
@given(
    rows=st.lists(
        st.builds(
            lambda **values: NotesAssessment.read({"notes": values}),
            remark=st.none() | st.text(max_size=40),
            count=st.none() | st.integers(-(2**63), 2**63 - 1),
            certain=st.none() | st.booleans(),
            since=st.none() | st.dates(),
        ),
        max_size=4,
    ),
    backend=st.sampled_from(BACKENDS),
)
def test_whole_ranges_come_out(rows: list[NotesAssessment], backend: str) -> None:
    frame = to_frame(rows, backend=backend, model=NotesAssessment)
    assert list(map(repr, from_frame(frame, NotesAssessment))) == list(map(repr, rows))


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_columns_have_their_types(backend: str) -> None:
    for model in (*MODELS, NotesAssessment):
        frame = nw.from_native(to_frame([], backend=backend, model=model), eager_only=True)
        expected = {name: c.dtype_in(backend) for name, c in columns_of(model).items()}
        assert dict(frame.schema) == expected
        assert len(frame) == 0


def test_reasons_have_columns_only_where_there_are_any() -> None:
    known = {**minimal(KneeAssessment), "data_absent_reasons": {"knee.tear": "unable"}}
    frame = to_frame([KneeAssessment.read(minimal(KneeAssessment)), KneeAssessment.read(known)])
    polars = nw.from_native(frame, eager_only=True)
    assert [c for c in polars.columns if c.startswith("data_abs")] == [
        "data_absent_reasons.knee.tear"
    ]
    assert polars["data_absent_reasons.knee.tear"].to_list() == [None, "unable"]


def test_a_derived_value_is_written() -> None:
    data = minimal()
    data["encounter"]["program_start_date"] = "2026-02-01"
    frame = nw.from_native(to_frame([CervicalAssessment.read(data)]), eager_only=True)
    assert frame["program.weeks_since_program_start"].to_list() == [4.0]


def test_what_to_frame_refuses() -> None:
    knee = KneeAssessment.read(minimal(KneeAssessment))
    with pytest.raises(TypeError, match="say of which model"):
        to_frame([])
    with pytest.raises(TypeError, match="assessment 1 is a CervicalAssessment, not a KneeAssessm"):
        to_frame([knee, CervicalAssessment.read(minimal())])
    more = KneeAndNotes.read(minimal(KneeAssessment))
    with pytest.raises(TypeError, match="assessment 0 is a KneeAndNotes, not a KneeAssessment"):
        to_frame([more], model=KneeAssessment)
    with pytest.raises(ColumnError, match="with 'duckdb'; the backends are polars, pandas"):
        to_frame([knee], backend="duckdb")
    with pytest.raises(ColumnError, match="with 'polras'; the backends are"):
        to_frame([knee], backend="polras")
    with pytest.raises(ColumnError, match="modin is not installed: pip install modin"):
        to_frame([knee], backend="modin")
    large = NotesAssessment.read({"notes": {"count": 2**63}})
    with pytest.raises(AssessmentError, match=r"notes\.count: row 0: count: got 9223372036854775"):
        to_frame([large])


def test_pandas_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables.importlib.util, "find_spec", lambda _: None)
    knee = KneeAssessment.read(minimal(KneeAssessment) | {"visit.on": date(1, 1, 1)})
    frame: Any = to_frame([knee], backend="pandas")
    assert str(frame.dtypes["visit.on"]) == "datetime64[s]"
    assert list(from_frame(frame, KneeAssessment)) == [knee]


# --- reading --------------------------------------------------------------------------------------

STEADY: dict[str, object] = {
    "visit.stage": ["intake", "active", "done"],
    "programme.bend": ["none", "B1", "B2"],
}


def knees(frame: Any, **options: Any) -> list[KneeAssessment]:
    return list(from_frame(frame, KneeAssessment, **options))


def values(frame: Any, path: str, **options: Any) -> list[object]:
    return [knee.value(path) for knee in knees(frame, **options)]


def test_pandas_as_people_have_it() -> None:
    frame = pd.DataFrame(
        {
            "visit.stage": pd.Categorical(["intake", "active", "done"]),
            "programme.bend": ["none", "B1", "B2"],
            "knee.age": [50, None, 60],
            "knee.flexion": [1.5, float("nan"), 3],
            "knee.locked": ["present", None, float("nan")],
            "programme.better": [True, None, False],
            "visit.on": pd.to_datetime(["2026-01-02", None, "2026-01-04"]),
            "patient": ["a", "b", "c"],
        }
    )
    assert values(frame, "knee.age") == [50, None, 60]
    assert [type(v) for v in values(frame, "knee.age")] == [int, type(None), int]
    assert values(frame, "knee.flexion") == [1.5, None, 3.0]
    assert values(frame, "knee.locked") == ["present", None, None]
    assert values(frame, "programme.better") == [True, None, False]
    assert values(frame, "visit.on") == [date(2026, 1, 2), None, date(2026, 1, 4)]
    assert [type(v) for v in values(frame, "visit.on")] == [date, type(None), date]


def test_scalars_of_numpy_and_decimals() -> None:
    objects = {
        "knee.age": [np.int64(50), np.float64(60), Decimal("70")],
        "knee.flexion": [np.float32(1.5), Decimal("2.25"), np.float64("nan")],
        "programme.better": [np.bool_(True), pd.NA, np.bool_(False)],
        "visit.on": [
            np.datetime64("2026-01-02T00:00:00.000000000"),
            pd.NaT,
            pd.Timestamp("2026-01-04", tz="Europe/Berlin"),
        ],
        "knee.tear": [np.str_("present"), None, np.datetime64("NaT")],
    }
    frame = pd.DataFrame(STEADY)
    for name, column in objects.items():
        frame[name] = pd.Series(column, dtype=object)
    assert values(frame, "knee.age") == [50, 60, 70]
    assert values(frame, "knee.flexion") == [1.5, 2.25, None]
    assert values(frame, "programme.better") == [True, None, False]
    assert values(frame, "visit.on") == [date(2026, 1, 2), None, date(2026, 1, 4)]
    assert values(frame, "knee.tear") == ["present", None, None]
    plain = {type(v) for name in objects for v in values(frame, name)}
    assert plain == {int, float, bool, date, str, type(None)}


FAULTS: list[tuple[Callable[[dict[str, Any]], Any], str, list[Any], str]] = [
    (pl.DataFrame, "knee.flexion", [1.0, float("nan"), 2.0], "row 1: flexion: got nan"),
    (pa.table, "knee.flexion", [1.0, float("nan"), 2.0], "row 1: flexion: got nan"),
    (pl.DataFrame, "knee.flexion", [1.0, 2.0, 161.0], "row 2: flexion: got 161.0"),
    (pl.DataFrame, "knee.age", [1.0, 2.5, 3.0], "row 1: age: got 2.5, allowed is a whole number"),
    (pd.DataFrame, "knee.age", [1.0, None, 2.5], "row 2: age: got 2.5"),
    (pl.DataFrame, "knee.age", ["50", None, None], "row 0: age: got '50'"),
    (pl.DataFrame, "knee.age", [True, None, None], "row 0: age: got True"),
    (pl.DataFrame, "programme.better", [0, 1, 1], "row 0: improved: got 0, allowed is true or"),
    (pl.DataFrame, "knee.tear", [None, "presnt", None], "row 1: tear on the scan: got 'presnt'"),
    (pl.DataFrame, "visit.on", [None, None, datetime(2026, 1, 1, 12)], "row 2: date of visit: got"),
    (pd.DataFrame, "visit.on", [None, pd.Timestamp(1), None], "row 1: date of visit: got Timest"),
]


@pytest.mark.parametrize(("make", "path", "column", "message"), FAULTS)
def test_a_faulty_row_is_named(
    make: Callable[[dict[str, Any]], Any], path: str, column: list[Any], message: str
) -> None:
    with pytest.raises(AssessmentError) as caught:
        knees(make({**STEADY, path: column}))
    (problem,) = caught.value.problems
    assert problem.path == path
    assert problem.message.startswith(message)


def test_the_rows_before_a_faulty_one_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "BATCH", 2)
    frame = pl.DataFrame({**STEADY, "knee.age": [1, 2, 999]})
    rows = from_frame(frame, KneeAssessment)
    assert [next(rows).knee.age, next(rows).knee.age] == [1, 2]
    with pytest.raises(AssessmentError, match="row 2: age: got 999"):
        next(rows)


def test_a_null_in_a_required_column_is_a_fault() -> None:
    frame = pl.DataFrame({**STEADY, "visit.stage": ["intake", None, None]})
    with pytest.raises(AssessmentError, match=r"visit\.stage: row 1: stage: nothing given"):
        knees(frame)


def test_a_required_column_that_is_missing() -> None:
    with (
        pytest.warns(ColumnWarning, match=r"visit\.stge: did you mean 'visit\.stage'"),
        pytest.raises(AssessmentError, match=r"the frame has no column 'visit\.stage'") as caught,
    ):
        from_frame(pl.DataFrame({"visit.stge": ["intake"]}), KneeAssessment)
    assert [p.path for p in caught.value.problems] == ["visit.stage", "programme.bend"]


def test_reasons_are_read_and_checked() -> None:
    why = "data_absent_reasons.knee.tear"
    frame = pl.DataFrame({**STEADY, why: [None, "unable", None]})
    assert [dict(knee.data_absent_reasons) for knee in knees(frame)] == [
        {},
        {"knee.tear": "unable"},
        {},
    ]
    with pytest.raises(AssessmentError, match=r"row 1: .*got the data-absent reason 'tired'"):
        knees(frame.with_columns(pl.Series(why, [None, "tired", None])))
    with pytest.raises(AssessmentError, match=r"row 1: .*got 'absent' and the data-absent reason"):
        knees(frame.with_columns(pl.lit("absent").alias("knee.tear")))


def test_other_names_and_a_last_day() -> None:
    frame = pl.DataFrame(
        {"stage": STEADY["visit.stage"], "bend": STEADY["programme.bend"], "years": [1, 2, 3]}
    )
    names = {"visit.stage": "stage", "programme.bend": "bend", "knee.age": "years"}
    assert values(frame, "knee.age", columns=names) == [1, 2, 3]
    curb = pl.DataFrame({"visit.day": [date(2026, 1, 2)]})
    (found,) = from_frame(curb, Curb65Assessment, today=date(2026, 1, 2))
    assert found.value("visit.day") == date(2026, 1, 2)
    with pytest.raises(AssessmentError, match=r"row 0: .*after today"):
        list(from_frame(curb, Curb65Assessment, today=date(2026, 1, 1)))


def test_one_column_for_two_fields() -> None:
    frame = pl.DataFrame({**STEADY, "both": ["present", "absent", None]})
    names = {"knee.locked": "both", "knee.swollen": "both"}
    for native in (frame, frame.lazy()):
        found = knees(native, columns=names)
        assert [(k.knee.locked, k.knee.swollen) for k in found] == [
            ("present", "present"),
            ("absent", "absent"),
            (None, None),
        ]


def test_rows_without_any_field_are_rows() -> None:
    assert list(from_frame(pl.DataFrame({"patient": [1, 2]}), NotesAssessment)) == [
        NotesAssessment(),
        NotesAssessment(),
    ]
    assert list(from_frame(pl.DataFrame(), NotesAssessment)) == []


def test_every_kind_of_frame(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "BATCH", 2)
    rows = [
        KneeAssessment.read(
            {
                "visit": {"stage": "intake", "on": date(2026, 1, 1 + age) if age % 2 else None},
                "knee": {"age": age, "flexion": 1.5 if age % 3 else None, "tear": "absent"},
                "programme": {"bend": "B1", "better": None if age % 2 else False},
                "data_absent_reasons": {"knee.rash": "unable"},
            }
        )
        for age in range(5)
    ]
    frame = to_frame(rows)
    assert isinstance(frame, pl.DataFrame)
    found = knees(backend.frame(frame))
    assert sorted(found, key=lambda knee: knee.knee.age or 0) == rows


def test_types_of_duckdb() -> None:
    frame = duckdb.sql(
        'select \'intake\' as "visit.stage", \'B1\' as "programme.bend", 1.5 as "knee.flexion", '
        '3::hugeint as "knee.age", timestamp \'2026-01-02\' as "visit.on"'
    )
    (knee,) = knees(frame)
    assert (knee.knee.flexion, knee.knee.age, knee.visit.on) == (1.5, 3, date(2026, 1, 2))


def test_frames_of_narwhals() -> None:
    for native in (pl.DataFrame(STEADY), pl.LazyFrame(STEADY)):
        assert len(knees(nw.from_native(native))) == 3


def test_only_the_columns_of_fields_are_collected() -> None:
    def fail(_: pl.Series) -> pl.Series:
        raise AssertionError("computed a column that belongs to the user")

    costly = pl.col("visit.stage").map_batches(fail, return_dtype=pl.String).alias("mine")
    frame = pl.LazyFrame(STEADY).with_columns(costly)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert len(knees(frame)) == 3


@pytest.mark.parametrize("junk", [[1], "frame", None, 3])
def test_what_is_no_frame(junk: Any) -> None:
    with pytest.raises(TypeError):
        from_frame(junk, KneeAssessment)
