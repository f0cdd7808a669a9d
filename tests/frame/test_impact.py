"""What changes between two guidelines is what changes between their recommendations."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path
from shutil import copytree
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pytest

import guidestep
from guidestep import Guideline, Recommendation, SettingError
from guidestep.frame import CohortError, ColumnError, synthesize, to_frame
from guidestep.frame.impact import Change, Impact, impact
from tests.answer.conftest import USUAL
from tests.answer.model import KneeAssessment
from tests.drifting import load_drifting
from tests.frame.cohorts import Row, at_random, expected, mutated, shipped
from tests.frame.conftest import Backend

pytestmark = pytest.mark.filterwarnings("ignore::guidestep.frame.ColumnWarning")

KNEE = Path(__file__).parents[1] / "answer" / "guideline"


def bending(count: int) -> list[Any]:
    """Patients of whom many bend their knee just far enough, or not."""
    source = random.Random(1)
    usual = {**USUAL, "visit.stage": "active", "programme.bend": "B1"}
    return [
        KneeAssessment.read(
            {
                **usual,
                "knee.flexion": source.choice((50, 85, 90, 100, 120, 130)),
                "programme.better": source.random() < 0.7,
                "knee.fever": source.choice(("absent", "absent", "present")),
                "programme.bend": source.choice(("none", "B1", "B1", "B2")),
            }
        )
        for _ in range(count // 2)
    ] + at_random(KneeAssessment, count - count // 2)


@pytest.fixture(scope="module")
def knee() -> Guideline:
    return guidestep.load(KNEE, model=KneeAssessment)


def text(answer: Row, other: Row, tracks: list[str]) -> str:
    """Return what is told of an answer that is not as another."""
    head = answer["outcome"]
    if (head, answer["basis"]) != (other["outcome"], other["basis"]):
        head += f" ({answer['basis']})"
    if answer["outcome"] != other["outcome"]:
        return str(head)
    parts = []
    for track in tracks:
        mine, theirs = ([a[f"{track}_{p}"] for p in ("action", "step")] for a in (answer, other))
        if mine != theirs:
            parts.append(f"{mine[0]} {mine[1]}" if mine[0] else f"nothing on {track}")
    return head + (f": {', '.join(parts)}" if parts else "")


def by_hand(
    old: Guideline, new: Guideline, patients: list[Any], profile: str | None = None
) -> dict[tuple[str, str], tuple[list[int], Counter[str]]]:
    """Return, for each change, the rows of its patients, and how often each rule differs."""
    tracks = list(old.base.tracks)
    rows: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    rules: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def ask(guideline: Guideline, patient: Any) -> Recommendation:
        return guideline.recommend(patient, profile=profile, engine="compiled")

    for row, patient in enumerate(patients):
        before, after = (expected(g, ask(g, patient), profile) for g in (old, new))
        key = text(before, after, tracks), text(after, before, tracks)
        if key[0] != key[1]:
            rows[key].append(row)
            decide = before["reasons"] ^ after["reasons"]
            both = [name for name in before if name.startswith("rule.") and name in after]
            differ = {n.removeprefix("rule.") for n in both if before[n] is not after[n]}
            rules[key].update(decide | differ)
    return {key: (rows[key], rules[key]) for key in rows}


def assert_same(found: Impact, wanted: dict[Any, Any], patients: int, shown: int = 5) -> None:
    assert {(c.before, c.after): (c.count, dict(c.rules)) for c in found.changes} == {
        key: (len(rows), dict(rules)) for key, (rows, rules) in wanted.items()
    }
    assert found.patients == patients
    assert found.count == sum(len(rows) for rows, _ in wanted.values())
    assert found.share == pytest.approx(found.count / patients)
    for change in found.changes:
        assert change.examples == tuple(wanted[change.before, change.after][0][:shown])
        assert change.share == pytest.approx(change.count / patients)
        frequencies = list(change.rules.values())
        assert frequencies == sorted(frequencies, reverse=True)
    assert [c.count for c in found.changes] == sorted(
        (c.count for c in found.changes), reverse=True
    )


def test_a_changed_parameter() -> None:
    later = shipped().configure(reassessment_overdue_weeks=2)
    patients = mutated(1500, seed=5)
    found = impact(shipped(), later, to_frame(patients))
    assert_same(found, by_hand(shipped(), later, patients), 1500)
    assert found.changes
    assert "static-to-dynamic" in found.changes[0].rules


def test_every_backend_finds_the_same(backend: Backend, knee: Guideline) -> None:
    stricter = knee.configure(least_flexion=120)
    patients = bending(400)
    frame = to_frame(patients)
    assert isinstance(frame, pl.DataFrame)
    given = backend.frame(frame.with_row_index("visit"))
    found = guidestep.impact(knee, stricter, given, id="visit", examples=2)
    assert_same(found, by_hand(knee, stricter, patients), 400, 2)
    assert found.changes
    lazy = backend.name in ("polars lazy", "duckdb", "spark")
    assert isinstance(found.table, pl.DataFrame if lazy else type(given))
    rows = nw.from_native(found.table, eager_only=True)
    assert rows.columns == ["before", "after", "count", "share", "rules", "examples"]
    assert list(rows.iter_rows()) == [
        (
            *(change.before, change.after, change.count, change.share),
            "; ".join(change.rules),
            "; ".join(map(str, change.examples)),
        )
        for change in found.changes
    ]


def another(tmp_path: Path) -> Guideline:
    """A guideline with a red flag under another id, which also asks for fever."""
    folder = copytree(KNEE, tmp_path / "another")
    rules = folder / "red_flags.yaml"
    said = rules.read_text()
    new = said.replace("id: locked,", "id: alarming,").replace(
        "knee.locked is present", "knee.locked is present or knee.fever is present"
    )
    assert new != said
    rules.write_text(new)
    for file in folder.glob("*.yaml"):
        file.write_text(file.read_text().replace("locked:open", "alarming:open"))
    return load_drifting(folder, KneeAssessment)


def test_another_guideline(tmp_path: Path, knee: Guideline) -> None:
    new, patients = another(tmp_path), bending(400)
    frame = to_frame(patients)
    assert isinstance(frame, pl.DataFrame)
    for given in (frame, duckdb.connect().from_arrow(frame.to_arrow())):
        found = impact(knee, new, given, profile="bare")
        assert_same(found, by_hand(knee, new, patients, "bare"), 400)
    assert any("alarming" in change.rules for change in found.changes)


def test_nothing_changes(knee: Guideline) -> None:
    found = impact(knee, knee, to_frame(at_random(KneeAssessment, 50)))
    assert (found.count, found.share, found.changes) == (0, 0.0, ())
    assert str(found) == "0 of 50 patients (0.00%) get another answer"
    nobody = impact(knee, knee.configure(least_flexion=120), to_frame([], model=knee))
    assert (nobody.patients, nobody.count, nobody.share) == (0, 0, 0.0)


def test_examples_are_ids_in_order_and_as_many_as_asked(knee: Guideline) -> None:
    frame = to_frame(bending(400))
    assert isinstance(frame, pl.DataFrame)
    names = pl.Series("who", [f"p{399 - row:03}" for row in range(400)])
    named = frame.with_columns(names, none=pl.lit(None, pl.String))
    stricter = knee.configure(least_flexion=120)
    rows = impact(knee, stricter, frame, examples=400).changes
    ids = impact(knee, stricter, named, id="who", examples=400).changes
    for by_row, by_id in zip(rows, ids, strict=True):
        assert list(by_id.examples) == sorted(names[int(str(row))] for row in by_row.examples)
    for nothing in ({"examples": 0}, {"id": "none"}):
        changes = impact(knee, stricter, named, **nothing).changes  # type: ignore[arg-type]
        assert changes
        assert all(change.examples == () for change in changes)


def test_what_it_prints() -> None:
    change = Change("refer", "start", 2, 0.25, {"fever": 2, "age": 1}, ("a", "b"))
    assert str(Impact(8, 2, 0.25, (change,), pl.DataFrame())) == (
        "2 of 8 patients (25.00%) get another answer\n"
        "- 2 (25.00%): refer -> start\n"
        "    by fever (2), age (1)\n"
        "    such as a, b"
    )
    many = {f"r{n:02}": 12 - n for n in range(12)}
    assert "r09 (3), 2 more rules" in str(Change("a", "b", 12, 0.5, many, ()))


def test_what_cannot_be_compared(knee: Guideline) -> None:
    frame = pl.DataFrame({"knee.flexion": [90.0, 500.0]})
    with pytest.raises(
        SettingError, match="knee reads KneeAssessment and cervical-spasm-opll read"
    ):
        impact(knee, shipped(), frame)
    with pytest.raises(CohortError, match="500"):
        impact(knee, knee, frame)
    with pytest.raises(ColumnError, match=r"no column patint; did you mean 'patient'\?"):
        impact(knee, knee, pl.DataFrame({"patient": ["a"]}), id="patint")
    with pytest.raises(SettingError, match="no profile 'none'"):
        impact(knee, knee, frame, profile="none")
    for examples in (-1, 1.5, True):
        with pytest.raises(SettingError, match="examples is a whole number"):
            impact(knee, knee, frame, examples=examples)  # type: ignore[arg-type]


def test_importing_the_package_does_not_need_narwhals() -> None:
    code = (
        "import sys, guidestep; assert 'narwhals' not in sys.modules; from guidestep import *;"
        "assert 'narwhals' not in sys.modules; print(guidestep.impact.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "guidestep.frame.impact\n"
    with pytest.raises(AttributeError, match="no attribute 'impacts'"):
        guidestep.impacts  # noqa: B018


def test_a_synthetic_cohort_keeps_the_names_of_its_patients() -> None:
    cohort = synthesize(shipped(), 3000, seed=1)
    later = shipped().configure(reassessment_overdue_weeks=2)
    found = impact(shipped(), later, cohort, id="patient", examples=1)
    assert all(str(change.examples[0]).startswith("synthetic-") for change in found.changes)
