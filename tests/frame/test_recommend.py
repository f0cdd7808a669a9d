"""A cohort gets, row by row, what each of its patients would get alone."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import pandas as pd
import polars as pl
import pytest

import guidestep
from guidestep import Guideline
from guidestep.engines.support import UnsupportedNode
from guidestep.frame import ColumnError, deciding_rules, to_frame
from guidestep.frame.answers import BITS
from guidestep.frame.recommend import prepared
from guidestep.guideline import SettingError
from tests.answer.model import KneeAssessment
from tests.frame.cohorts import (
    FOLDER,
    Row,
    at_random,
    differences,
    expectations,
    mutated,
    shipped,
)
from tests.frame.conftest import Backend
from tests.guidelines import test_cook_cluster, test_curb65, test_mjoa, test_nexus
from tests.guidelines.instruments import ALL_THREE_VALUED

# What a frame lacks is told in a warning, which tests of columns look at.
pytestmark = pytest.mark.filterwarnings("ignore::guidestep.frame.ColumnWarning")

PROFILES = ("source", "strict", "bare")
DETAILS: tuple[Any, ...] = ("outcome", "rules", "missing")
SOME = 300


@cache
def cohort(count: int) -> tuple[pl.DataFrame, list[Any]]:
    patients = mutated(count)
    frame = to_frame(patients)
    assert isinstance(frame, pl.DataFrame)
    return frame.with_columns(row=pl.int_range(count)), patients


@cache
def wanted(count: int, profile: str) -> list[Row]:
    return expectations(shipped(), cohort(count)[1], profile)


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("profile", PROFILES)
def test_every_row_is_the_recommendation_to_its_patient(profile: str, detail: Any) -> None:
    frame, _ = cohort(3000)
    answers = shipped().recommend_frame(frame, profile=profile, detail=detail)
    rows = answers.to_dicts()
    assert not differences(shipped(), profile, rows, wanted(3000, profile))
    assert ("missing" in rows[0]) is (detail == "missing")
    assert any(name.startswith("rule.") for name in rows[0]) is (detail == "rules")
    assert len({row["outcome"] for row in rows}) > 3


@pytest.mark.parametrize(
    ("profile", "detail"), [("source", "rules"), ("strict", "missing"), ("bare", "outcome")]
)
def test_every_backend_says_the_same(backend: Backend, profile: str, detail: Any) -> None:
    if backend.name == "spark" or (backend.name == "duckdb" and detail != "rules"):
        pytest.skip("in tests of their own: planning takes long")
    given = backend.frame(cohort(SOME)[0])
    answers = shipped().recommend_frame(given, profile=profile, detail=detail)
    assert type(answers) is type(given)
    rows = backend.rows(answers, "row")
    assert not differences(shipped(), profile, rows, wanted(SOME, profile))


def test_rules_that_decided_by_name(backend: Backend) -> None:
    if backend.name == "spark":
        pytest.skip("in a test of its own")
    answers = shipped().recommend_frame(cohort(SOME)[0])
    rows = backend.rows(deciding_rules(shipped(), backend.frame(answers)), "row")
    named = [set(row["deciding_rules"].split("; ")) for row in rows]
    assert named == [right["reasons"] for right in wanted(SOME, "source")]


def test_a_set_of_rules_is_decoded_to_its_last_bit(
    backend: Backend,
) -> None:
    order = list(prepared(shipped(), None).report.reasons)
    last = BITS - 1
    sets = [(1 << last) | 1, (1 << BITS) - 1, (1 << last) + 5, 1 << last, 1, 0]
    answers = {"row": range(len(sets)), "deciding_rules_0": sets, "deciding_rules_1": [0] * 6}
    named = deciding_rules(shipped(), backend.frame(pl.DataFrame(answers)))
    for row, bits in zip(backend.rows(named, "row"), sets, strict=True):
        assert row["deciding_rules"] == "; ".join(
            id_ for at, id_ in enumerate(order[:BITS]) if bits >> at & 1
        )


def test_a_set_means_the_same_in_every_profile() -> None:
    for profile in ("bare", "strict"):
        answers = shipped().recommend_frame(cohort(SOME)[0], profile=profile)
        assert isinstance(answers, pl.DataFrame)
        named = deciding_rules(shipped(), answers).sort("row")["deciding_rules"]
        right = [one["reasons"] for one in wanted(SOME, profile)]
        assert [set(text.split("; ")) for text in named] == right


def test_what_is_no_answer_is_not_decoded() -> None:
    with pytest.raises(ColumnError, match="no answers of cervical-spasm-opll"):
        deciding_rules(shipped(), cohort(SOME)[0])


def test_rows_and_other_columns_stay_as_they_were(backend: Backend) -> None:
    if backend.name == "spark":
        pytest.skip("in a test of its own")
    some = cohort(SOME)[0].select("row", "scope.age_years", "encounter.assessment_date")
    shuffled = some.sample(fraction=1.0, shuffle=True, seed=3)
    shuffled = shuffled.with_columns(a_note=pl.lit("x"), outcome_before=pl.lit(1.5))
    given = backend.frame(shuffled)
    answers = shipped().recommend_frame(given)
    before, after = backend.rows(given, "row"), backend.rows(answers, "row")
    assert [{name: row[name] for name in before[0]} for row in after] == before
    if isinstance(answers, pl.DataFrame):
        assert answers.columns[: shuffled.width] == shuffled.columns
        assert answers.select(shuffled.columns).equals(shuffled)
    elif backend.name != "duckdb":
        plain = answers.collect() if isinstance(answers, pl.LazyFrame) else answers
        kept = plain["row"]
        assert (kept.to_pylist() if hasattr(kept, "to_pylist") else list(kept)) == list(
            shuffled["row"]
        )


def test_a_million_rows_keep_their_order() -> None:
    frame, _ = cohort(SOME)
    many = pl.concat([frame.select("row", "scope.age_years")] * 400)
    answers = shipped().recommend_frame(many)
    assert answers["row"].equals(many["row"])
    few = answers.head(SOME)
    for start in (SOME * 100, SOME * 399):
        assert answers.slice(start, SOME).drop("row").equals(few.drop("row"))


def test_the_index_of_pandas_is_kept() -> None:
    frame = cohort(SOME)[0].head(4).to_pandas()
    for index in ([5, 5, 2, 0], [("a", 1), ("a", 1), ("b", 2), ("c", 3)], list("dcba")):
        frame.index = pd.Index(index)
        answers = shipped().recommend_frame(frame)
        assert answers.index.equals(frame.index)
        assert answers["outcome"].tolist() == [r["outcome"] for r in wanted(SOME, "source")[:4]]


def test_lazy_frames_run_when_asked_and_not_before() -> None:
    ran: list[int] = []

    def watched(frame: pl.DataFrame) -> pl.DataFrame:
        ran.append(frame.height)
        return frame

    lazy = (
        cohort(SOME)[0]
        .lazy()
        .map_batches(watched, projection_pushdown=False, predicate_pushdown=False)
    )
    answers = shipped().recommend_frame(lazy, on_invalid="flag")
    assert not ran
    assert answers.collect().height == SOME
    assert ran == [SOME]
    shipped().recommend_frame(lazy)  # looks once for invalid values
    assert ran == [SOME, SOME]


@pytest.mark.parametrize("detail", DETAILS)
def test_a_prefix_goes_before_every_column(detail: Any) -> None:
    frame, _ = cohort(SOME)
    plain = shipped().recommend_frame(frame, detail=detail, on_invalid="flag")
    named = shipped().recommend_frame(frame, detail=detail, on_invalid="flag", prefix="g.")
    added = plain.columns[frame.width :]
    assert named.columns[frame.width :] == [f"g.{name}" for name in added]
    assert named.select([f"g.{name}" for name in added]).rows() == plain.select(added).rows()
    if detail == "outcome":
        decoded = deciding_rules(shipped(), named, prefix="g.")
        assert decoded["g.deciding_rules"].null_count() == 0


def test_parameters_of_a_site_count() -> None:
    entry = next(iter(shipped().base.entry.parameters))
    strict = shipped().configure(**{entry.id: entry.maximum})
    frame, patients = cohort(SOME)
    rows = strict.recommend_frame(frame, detail="rules").to_dicts()
    assert not differences(strict, None, rows, expectations(strict, patients))


def test_wrong_settings_are_refused() -> None:
    frame, _ = cohort(SOME)
    for wrong in ({"detail": "all"}, {"on_invalid": "ignore"}, {"profile": "none"}):
        with pytest.raises(SettingError):
            shipped().recommend_frame(frame, **wrong)  # type: ignore[arg-type]


# --- other guidelines -----------------------------------------------------------------------------


def all_rows(guideline: Guideline, given: list[dict[str, object]]) -> None:
    patients = [guideline.model.read(one) for one in given]
    frame = to_frame(patients, model=guideline)
    for profile in guideline.profiles:
        right = expectations(guideline, patients, profile)
        for detail in ("rules", "missing"):
            answers: Any = guideline.recommend_frame(frame, profile=profile, detail=detail)  # type: ignore[arg-type]
            assert not differences(guideline, profile, answers.to_dicts(), right)


def test_every_row_of_curb65() -> None:
    given = [test_curb65.patient(word) for word in ALL_THREE_VALUED]
    given += [{**one, "visit.adult_with_pneumonia": None} for one in given[:80]]
    all_rows(test_curb65.GUIDELINE, given)


def test_every_row_of_nexus() -> None:
    blunt = (True, False, None)
    all_rows(
        test_nexus.GUIDELINE,
        [test_nexus.patient(word, blunt=one) for word in ALL_THREE_VALUED for one in blunt],
    )


def test_every_row_of_the_cook_cluster() -> None:
    all_rows(shipped(), [test_cook_cluster.patient(word) for word in ALL_THREE_VALUED])


def test_mjoa_by_its_total() -> None:
    guideline = test_mjoa.GUIDELINE
    given = [test_mjoa.patient(total=total) for total in [*range(19), None]]
    patients = [guideline.model.read(one) for one in given]
    frame: Any = to_frame(patients)
    answers = guideline.recommend_frame(frame.drop(test_mjoa.PARTS), detail="rules")
    assert not differences(guideline, None, answers.to_dicts(), expectations(guideline, patients))


def test_a_derivation_that_no_frame_computes_is_refused() -> None:
    patients = [test_mjoa.GUIDELINE.model.read(test_mjoa.patient((5, 7, 3, 3)))]
    with pytest.raises(UnsupportedNode, match=r"the derivation mjoa.arms \+ mjoa.legs"):
        test_mjoa.GUIDELINE.recommend_frame(to_frame(patients))


def test_a_small_guideline_with_conflicts_requests_and_surveillance() -> None:
    knee = guidestep.load(FOLDER.parents[1] / "tests/answer/guideline", model=KneeAssessment)
    patients = at_random(KneeAssessment, 1500)
    frame = to_frame(patients)
    for profile in knee.profiles:
        right = expectations(knee, patients, profile)
        for detail in DETAILS:
            answers: Any = knee.recommend_frame(frame, profile=profile, detail=detail)
            assert not differences(knee, profile, answers.to_dicts(), right)


def test_patients_drawn_from_the_whole_model() -> None:
    patients = at_random(shipped().model, 600)
    answers: Any = shipped().recommend_frame(to_frame(patients), detail="missing")
    assert not differences(shipped(), None, answers.to_dicts(), expectations(shipped(), patients))


def test_frames_that_lack_columns_say_what_patients_without_those_fields_get() -> None:
    source, (frame, patients) = random.Random(8), cohort(SOME)
    optional = [path for path, spec in shipped().model.fields().items() if not spec.required]
    weeks = "program.weeks_since_program_start"  # filled when it was read
    for share in (0.3, 0.8):
        gone = [path for path in optional if source.random() < share or path == weeks]
        sections: list[Row] = []
        for patient in patients:
            known = patient.to_dict()
            reasons = known.pop("data_absent_reasons", {})
            flat = {f"{s}.{n}": v for s, part in known.items() for n, v in part.items()}
            left = {path: value for path, value in flat.items() if path not in gone}
            sections.append({**left, "data_absent_reasons": reasons})
        right = expectations(shipped(), sections)
        rows = shipped().recommend_frame(frame.drop(gone), detail="missing").to_dicts()
        assert not differences(shipped(), None, rows, right)
