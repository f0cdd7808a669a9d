"""A summary counts what the recommendations to the patients say one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pytest

import guidestep
from guidestep import Guideline, SettingError
from guidestep.frame import CohortError, ColumnError, to_frame
from guidestep.outcome import Action, Basis, Family, Outcome
from tests.answer.model import KneeAssessment
from tests.frame.cohorts import Row, at_random, expectations, mutated, shipped
from tests.frame.conftest import Backend

pytestmark = pytest.mark.filterwarnings("ignore::guidestep.frame.ColumnWarning")

KNEE = Path(__file__).parents[1] / "answer" / "guideline"

Told = list[tuple[str, str, str, int, float | None]]


@pytest.fixture(scope="module")
def knee() -> Guideline:
    return guidestep.load(KNEE, model=KneeAssessment)


def told(summary: Any) -> Told:
    table = nw.from_native(summary, eager_only=True)
    assert table.columns == ["about", "name", "detail", "count", "share"]
    return list(table.iter_rows())


def counted(guideline: Guideline, profile: str, answers: list[Row]) -> Told:
    """Return the summary that the answers to single patients come to."""
    total = len(answers)
    fields = guideline.model.fields()
    label = f"{guideline.id} {guideline.version}, {profile}"
    found: list[tuple[str, str, str, int]] = [("cohort", "patients", label, total)]
    for about, values in (("outcome", Outcome), ("basis", Basis)):
        seen = Counter(row[about] for row in answers)
        found += [(about, value.value, "", seen[value.value]) for value in values]
    for track in guideline.base.tracks:
        pairs = Counter((row[f"{track}_step"], row[f"{track}_action"]) for row in answers)
        found += [("step", step, what, n) for (step, what), n in pairs.items() if step]
    first = [row["missing"].split("; ") for row in answers if row["outcome"] == "assess_first"]
    missing = Counter(path for paths in first for path in paths if path)
    order = sorted((path for path in fields if missing[path]), key=lambda path: -missing[path])
    found += [("missing", path, fields[path].label, missing[path]) for path in order[:10]]
    statements = {rule.id: rule.statement for rule in guideline.base.progressions}
    statements |= {rule.id: rule.statement for rule in guideline.rules.values()}
    # Some rest on an assumption that is off.
    rules = {id_: s for id_, s in statements.items() if f"rule.{id_}" in answers[0]}
    verdicts = {id_: Counter(row[f"rule.{id_}"] for row in answers) for id_ in rules}
    for id_, statement in rules.items():
        rule = guideline.rules.get(id_)
        if rule is not None and rule.family is Family.RED_FLAG and verdicts[id_][True]:
            found.append(("red_flag", id_, statement, verdicts[id_][True]))
        if not verdicts[id_][True]:
            found.append(("never_fired", id_, statement, 0))
        for verdict, detail in ((True, "true"), (False, "false"), (None, "unknown")):
            found.append(("rule", id_, detail, verdicts[id_][verdict]))
    return [(*row, row[3] / total) for row in found]


def assert_same(summary: Told, wanted: Told) -> None:
    # Steps that nobody gets are told too; no recommendation knows of them.
    assert {row for row in summary if row[0] != "step" or row[3]} == set(wanted)
    abouts = ("cohort", "outcome", "basis", "step", "missing", "red_flag", "never_fired", "rule")
    order = [row[0] for row in summary]
    assert order == sorted(order, key=abouts.index)
    for about in ("outcome", "missing"):
        assert [r[:4] for r in summary if r[0] == about] == [r[:4] for r in wanted if r[0] == about]
    flags = [row[3] for row in summary if row[0] == "red_flag"]
    assert flags == sorted(flags, reverse=True)


@pytest.mark.parametrize("profile", ["source", "bare"])
def test_it_counts_the_recommendations(profile: str) -> None:
    patients = mutated(400, seed=3)
    summary = told(shipped().summarize(to_frame(patients), profile=profile))
    wanted = counted(shipped(), profile, expectations(shipped(), patients, profile))
    assert_same(summary, wanted)
    possible = {(row[1], row[2]) for row in summary if row[0] == "step"}
    assert ("M1", Action.START.value) in possible
    assert ("R0", Action.START.value) not in possible


def test_every_backend_counts_the_same(backend: Backend, knee: Guideline) -> None:
    patients = at_random(KneeAssessment, 200)
    frame = to_frame(patients)
    assert isinstance(frame, pl.DataFrame)
    given = backend.frame(frame)
    summary = knee.summarize(given)
    lazy = backend.name in ("polars lazy", "duckdb", "spark")
    assert isinstance(summary, pl.DataFrame if lazy else type(given))
    assert_same(told(summary), counted(knee, "usual", expectations(knee, patients)))


def test_the_order_is_always_the_same(knee: Guideline) -> None:
    frame = to_frame(at_random(KneeAssessment, 100))
    assert isinstance(frame, pl.DataFrame)
    assert told(knee.summarize(frame)) == told(knee.summarize(frame.reverse()))


def test_a_frame_without_patients_or_without_columns(knee: Guideline) -> None:
    nobody = told(knee.summarize(to_frame([], model=knee)))
    assert {(row[3], row[4]) for row in nobody} == {(0, None)}
    frame = pl.DataFrame({"patient": [1, 2, 3]})
    for given in (frame, frame.lazy(), duckdb.connect().from_arrow(frame.to_arrow())):
        alone = {row[:3]: row[3] for row in told(knee.summarize(given))}
        assert alone["cohort", "patients", "knee 1.2.3, usual"] == 3
        assert alone["rule", "locked", "unknown"] == 3
        assert alone["outcome", "assess_first", ""] == 3


def invalid(rows: Told) -> list[tuple[str, str, int]]:
    return [(row[1], row[2], row[3]) for row in rows if row[0] == "invalid"]


def test_invalid_values_are_refused_or_counted(knee: Guideline) -> None:
    frame = pl.DataFrame({"knee.flexion": [500.0, -1.0, 90.0], "knee.age": [40, 400, 40]})
    for given in (frame, frame.lazy()):
        with pytest.raises(CohortError, match=r"2 rows have .*500\.0, -1\.0"):
            knee.summarize(given)
        flagged = told(knee.summarize(given, on_invalid="flag"))
        assert invalid(flagged) == [("knee.flexion", "flexion", 2), ("knee.age", "age", 1)]
    clean = frame.with_columns(pl.lit(None, pl.Float64).alias("knee.flexion")).head(1)
    assert told(knee.summarize(clean)) == [
        row for row in told(knee.summarize(frame.head(1), on_invalid="flag")) if row[0] != "invalid"
    ]


def test_columns_and_settings(knee: Guideline) -> None:
    frame = pl.DataFrame({"stuck": ["present", "absent", None]})
    columns = {"knee.locked": "stuck"}
    summary = {row[:2]: row[3] for row in told(knee.summarize(frame, columns=columns))}
    assert summary["red_flag", "locked"] == 1
    with pytest.raises(ColumnError, match="no column nope"):
        knee.summarize(frame, columns={"knee.locked": "nope"})
    with pytest.raises(SettingError, match="no profile 'none'"):
        knee.summarize(frame, profile="none")
    with pytest.raises(SettingError, match="on_invalid is error or flag"):
        knee.summarize(frame, on_invalid="ignore")  # type: ignore[arg-type]
    with pytest.raises(ColumnError, match="no data frame"):
        knee.summarize([1, 2])


def test_only_counts_leave_a_lazy_frame(knee: Guideline, monkeypatch: pytest.MonkeyPatch) -> None:
    heights: list[int] = []
    collect = pl.LazyFrame.collect

    def watched(self: pl.LazyFrame, **settings: Any) -> Any:
        found = collect(self, **settings)
        heights.append(found.height)
        return found

    monkeypatch.setattr(pl.LazyFrame, "collect", watched)
    frame: Iterable[Any] = to_frame(at_random(KneeAssessment, 50))
    assert isinstance(frame, pl.DataFrame)
    knee.summarize(frame.lazy())
    assert heights == [1]
