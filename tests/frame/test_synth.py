"""Synthetic cohorts: valid whatever the seed, the same for the same seed, and all rules in them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

import narwhals as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import guidestep
from guidestep import Assessment, AssessmentError, Guideline, Outcome, SettingError
from guidestep.assessment import CervicalAssessment, Section, Value, WeeksBetween, item, quantity
from guidestep.cases import read_cases
from guidestep.frame import (
    ColumnError,
    from_frame,
    synth,
    synthesize,
    synthetic_chunks,
    to_frame,
    write_synthetic,
)
from guidestep.frame.draws import Population
from guidestep.guideline import shipped_folder
from tests.answer.model import KneeAssessment
from tests.guidelines.instruments import HERE
from tests.guidelines.models import Curb65Assessment, MjoaAssessment, NexusAssessment
from tests.strategies.assessments import minimal

CERVICAL = guidestep.load("cervical-spasm-opll")
CASES = read_cases(shipped_folder() / CERVICAL.id)


@dataclass(frozen=True)
class Twice:
    """A derivation of a whole number, which the field below does not always allow."""

    inputs: tuple[str, ...] = ("odd.number",)
    formula: str = "2 * odd.number"

    def compute(self, *values: Value) -> Value:
        (number,) = values
        assert isinstance(number, int)
        return None if number == 5 else 2 * number


@dataclass(frozen=True)
class Word:
    """A derivation from a truth value, a date, a number and a member; "none" is not allowed."""

    inputs: tuple[str, ...] = ("odd.yes", "odd.born", "odd.free", "odd.one")
    formula: str = "..."

    def compute(self, *values: Value) -> Value:
        yes, born, free, one = values
        assert isinstance(yes, bool)
        assert isinstance(born, date)
        assert isinstance(free, float)
        assert one == "only"
        if born.year < 1980:
            return "old"
        return "none" if free > 50 else "yes" if yes else "no"


class Odd(Section):
    """Declarations that few models have."""

    number: Annotated[int, quantity("n", "n?", unit="1", minimum=0, maximum=9)]
    twice: Annotated[
        int | None, quantity("2n", "2n?", unit="1", minimum=0, maximum=9, derived=Twice())
    ] = None
    first: Annotated[date | None, item("first", "First?", not_after="odd.second")] = None
    second: Annotated[date, item("second", "Second?", not_after="odd.third")]
    third: Annotated[date | None, item("third", "Third?", not_after="odd.first")] = None
    weeks: Annotated[
        float | None,
        quantity(
            "weeks",
            "Weeks?",
            unit="wk",
            minimum=1,
            maximum=20,
            derived=WeeksBetween("odd.born", "odd.second"),
        ),
    ] = None
    born: Annotated[date | None, item("born", "Born?", not_after="odd.second")] = None
    free: Annotated[float | None, item("free", "How much?")] = None
    count: Annotated[int | None, item("count", "How many?")] = None
    remark: Annotated[str, item("remark", "What else?", max_length=4)]
    yes: Annotated[bool | None, item("yes", "Yes?")] = None
    one: Annotated[Literal["only"], item("one", "One?")]
    word: Annotated[
        Literal["old", "yes", "no"] | None,
        quantity("word", "Word?", unit="1", minimum=None, maximum=None, derived=Word()),  # type: ignore[arg-type]
    ] = None


class OddAssessment(Assessment):
    model_id = "odd"
    odd: Odd


ODD = [
    {"number": 4, "first": "2026-01-01", "second": "2026-01-01", "third": "2026-01-01"},
    {"number": 9, "twice": 3, "second": "2025-01-01", "born": "1950-01-01", "weeks": 2.0},
    {"number": 5, "twice": 8, "second": "0001-01-03", "first": "0001-01-01", "count": -7},
]


def odd_archetypes() -> list[Assessment]:
    same = {"remark": "text", "one": "only"}
    return [OddAssessment.read({"odd": {**same, **entry}}) for entry in ODD]


def polars(frame: object) -> pl.DataFrame:
    assert isinstance(frame, pl.DataFrame)
    return frame


@pytest.fixture(scope="module")
def many() -> pl.DataFrame:
    return polars(synthesize(CERVICAL, 6000, seed=1))


# --- all rows are valid ---------------------------------------------------------------------------


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**70),
    missing=st.sampled_from([0.0, 0.15, 0.9, 1.0]),
    model=st.sampled_from(
        (CervicalAssessment, KneeAssessment, Curb65Assessment, MjoaAssessment, NexusAssessment)
    ),
    archetypes=st.booleans(),
)
def test_what_is_drawn_evenly_is_valid(
    seed: int, missing: float, model: type[Assessment], archetypes: bool
) -> None:
    empty = Population.of(model, (), ())
    frame = empty.draw(np.random.default_rng(seed), 20, missing)
    found = list(from_frame(frame, model))
    assert len(found) == 20
    if archetypes:  # of all sorts, and with nothing between them
        frame = Population.of(model, found, range(20)).draw(
            np.random.default_rng(seed), 20, missing
        )
        assert len(list(from_frame(frame, model))) == 20


@pytest.mark.parametrize("archetypes", [[], odd_archetypes()])
@pytest.mark.parametrize("seed", range(8))
def test_odd_declarations_are_kept(archetypes: list[Assessment], seed: int) -> None:
    population = Population.of(OddAssessment, archetypes, [1.0] * len(archetypes))
    frame = population.draw(np.random.default_rng(seed), 200, 0.1)
    found = list(from_frame(frame, OddAssessment))
    assert len(found) == 200
    again = polars(to_frame(found))
    assert again.equals(frame)  # what is derived was there already


@settings(max_examples=10)
@given(seed=st.integers(0, 2**64))
def test_patients_from_cases_are_valid(seed: int) -> None:
    frame = polars(synthesize(CERVICAL, 100, seed=seed))
    found = list(from_frame(frame, CERVICAL))
    assert polars(to_frame(found)).equals(frame.drop("patient", "synthetic"))


# --- what is in them ------------------------------------------------------------------------------


def verdicts(patients: Iterable[Assessment]) -> dict[str, Counter[object]]:
    """Return how often each definition with truth values has each of them."""
    channels = CERVICAL.channels()
    engine = channels.engine("compiled")
    names = [definition.name for definition in channels.compiled.program.definitions]
    seen: dict[str, Counter[object]] = {name: Counter() for name in names}
    for patient in patients:
        found = engine.evaluate(channels.inputs(patient))
        for name, verdict in zip(names, found, strict=True):
            if verdict is None or isinstance(verdict, bool):
                seen[name][verdict] += 1
    return seen


def test_every_rule_and_every_outcome_is_there(many: pl.DataFrame) -> None:
    seen = verdicts(from_frame(many, CERVICAL))
    wanted = verdicts(CERVICAL.model.read(case.assessment) for case in CASES)
    rules = {*CERVICAL.rules, *(p.id for p in CERVICAL.base.progressions)}
    assert rules <= set(seen)
    for name in rules:
        assert seen[name][True], name
        assert seen[name][False], name
    # Also unknown, where a case shows that the rule can be; and so with all other definitions.
    lost = {name: set(wanted[name]) - set(seen[name]) for name in wanted}
    assert {name: lacking for name, lacking in lost.items() if lacking} == {}
    # The ordinary are frequent and the emergencies rare.
    outcomes = {outcome: seen[f"outcome:{outcome}"][True] / 6000 for outcome in Outcome}
    assert 0.01 < outcomes[Outcome.URGENT_REFERRAL] < 0.1
    assert outcomes[Outcome.RECOMMEND] > 0.2
    assert min(outcomes.values()) > 0.01


def test_patients_differ_from_their_cases() -> None:
    def knee(word: str) -> Assessment:
        return KneeAssessment.read(
            {**minimal(KneeAssessment), "knee": {"locked": word, "swollen": word, "age": 50}}
        )

    rng = np.random.default_rng(0)
    two = Population.of(KneeAssessment, [knee("present"), knee("absent")], [1, 1])
    frame = two.draw(rng, 20_000, 0)
    mixed = (frame["knee.locked"] != frame["knee.swollen"]).mean()
    assert isinstance(mixed, float)
    assert 0.01 < mixed < 0.06
    frame = Population.of(KneeAssessment, [knee("present")], [1]).draw(rng, 20_000, 0)
    other = (frame["knee.locked"] == "absent").mean()
    assert isinstance(other, float)
    assert 0.0005 < other < 0.005
    assert frame["knee.age"].n_unique() > 20


def test_the_columns(many: pl.DataFrame) -> None:
    columns = guidestep.frame.schema(CERVICAL)
    assert many.columns == ["patient", "synthetic", *columns]
    assert many["synthetic"].all()
    names = many["patient"].to_list()
    assert (names[0], names[-1]) == ("synthetic-00000001", "synthetic-00006000")
    types = nw.from_native(many).schema
    for name, column in columns.items():
        assert types[name] == column.dtype
        if column.required:
            assert many[name].null_count() == 0
    age = many["scope.age_years"].drop_nulls()
    assert age.n_unique() > 50  # not only what the cases say


def test_the_share_of_missing_values() -> None:
    some = CERVICAL.model.read(CASES[0].assessment)
    always = [
        path
        for path, spec in CERVICAL.fields.items()
        if not spec.required and some.value(path) is not None
    ]
    assert len(always) > 20
    whole = polars(synthesize(CERVICAL, 4000, missing=0))
    for missing in (0.05, 0.4):
        frame = polars(synthesize(CERVICAL, 4000, missing=missing))
        for path in always:
            share = 1 - frame[path].count() / whole[path].count()
            assert share == pytest.approx(missing, abs=0.05), path
    nothing = polars(synthesize(CERVICAL, 50, missing=1))
    optional = [path for path, spec in CERVICAL.model.fields().items() if not spec.required]
    assert nothing.select(pl.all_horizontal(pl.col(optional).is_null()).all()).item()


def test_without_cases_all_that_is_allowed_is_drawn() -> None:
    frame = polars(synthesize(CERVICAL, 2000, missing=0, cases=()))
    for path, spec in CERVICAL.model.fields().items():
        values = frame[path].drop_nulls()
        if spec.members:
            assert set(values) == set(spec.members)
        elif spec.minimum is not None and spec.maximum is not None and spec.derived is None:
            width = spec.maximum - spec.minimum
            low, high = float(values.min()), float(values.max())  # type: ignore[arg-type]
            assert low < spec.minimum + width / 10, path
            assert high > spec.maximum - width / 10, path


def test_the_cases_of_another_guideline() -> None:
    folder = HERE / "curb65"
    curb = guidestep.load(folder, model=Curb65Assessment)
    cases = read_cases(folder)
    drawn = polars(synthesize(curb, 3000, cases=cases, missing=0))
    systolic = {curb.model.read(case.assessment).value("severity.systolic") for case in cases}
    common = drawn["severity.systolic"].drop_nulls().is_in(list(systolic - {None})).mean()
    evenly = polars(synthesize(curb, 3000, missing=0))["severity.systolic"]
    assert isinstance(common, float)
    assert common > 2 * evenly.is_in(list(systolic - {None})).mean()  # type: ignore[operator]
    assert len(list(from_frame(drawn, curb))) == 3000


# --- the same again -------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_patients() -> None:
    first, again = (polars(synthesize(CERVICAL, 300, seed=3)) for _ in range(2))
    assert first.equals(again)
    assert not first.equals(polars(synthesize(CERVICAL, 300, seed=4)))


def test_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth, "CHUNK", 100)
    parts = [polars(part) for part in synthetic_chunks(CERVICAL, 250, seed=3)]
    assert [len(part) for part in parts] == [100, 100, 50]
    whole = polars(synthesize(CERVICAL, 250, seed=3))
    assert whole.equals(pl.concat(parts))
    assert whole["patient"].n_unique() == 250
    fields = [name for name in whole.columns if "." in name]
    assert not parts[0].select(fields).equals(parts[1].select(fields))
    # No part depends on how many follow.
    assert polars(next(synthetic_chunks(CERVICAL, 1000, seed=3))).equals(parts[0])


@pytest.mark.parametrize("backend", ["pandas", "pyarrow"])
def test_other_backends_have_the_same(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth, "CHUNK", 30)
    wanted = list(from_frame(synthesize(CERVICAL, 70), CERVICAL))
    frame = synthesize(CERVICAL, 70, backend=backend)
    assert nw.from_native(frame).implementation.value == backend
    assert list(from_frame(frame, CERVICAL)) == wanted


def test_nobody() -> None:
    frame = polars(synthesize(CERVICAL, 0))
    assert frame.shape == (0, 106)
    assert frame.schema == polars(synthesize(CERVICAL, 1)).schema


# --- files ----------------------------------------------------------------------------------------


def test_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synth, "CHUNK", 100)
    wanted = polars(synthesize(CERVICAL, 250, seed=5, missing=0.3))
    done: list[int] = []
    path = tmp_path / "a.parquet"
    write_synthetic(path, CERVICAL, 250, seed=5, missing=0.3, advance=done.append)
    assert done == [100, 100, 50]
    assert pl.read_parquet(path).equals(wanted)
    metadata = pl.read_parquet_metadata(path)
    assert metadata["synthetic"] == "true"
    assert json.loads(metadata["guidestep.synthesize"]) == {
        "guideline": CERVICAL.id,
        "version": CERVICAL.version,
        "digest": CERVICAL.digest,
        "patients": 250,
        "seed": 5,
        "missing": 0.3,
        "guidestep": guidestep.channels.versions().guidestep,
    }
    write_synthetic(tmp_path / "b.parquet", CERVICAL, 250, seed=5, missing=0.3)
    assert path.read_bytes() == (tmp_path / "b.parquet").read_bytes()
    write_synthetic(tmp_path / "a.csv", CERVICAL, 250, seed=5, missing=0.3)
    assert (tmp_path / "a.csv").read_text() == wanted.write_csv()
    # A file with other types, as people have it, gives the same assessments.
    frame = pl.read_csv(tmp_path / "a.csv", infer_schema_length=None)
    assert list(from_frame(frame, CERVICAL)) == list(from_frame(wanted, CERVICAL))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "a.parquet", "b.parquet"]


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_a_file_is_there_when_it_is_whole(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(synth, "CHUNK", 10)

    def stop(_: int) -> None:
        raise KeyboardInterrupt

    path = tmp_path / name
    path.write_text("mine")
    with pytest.raises(KeyboardInterrupt):
        write_synthetic(path, CERVICAL, 100, advance=stop)
    assert path.read_text() == "mine"
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "parquet: underlying IO error: File too large (os error 27)"

    def full(*_: object, **__: object) -> None:
        raise pl.exceptions.ComputeError(text)

    monkeypatch.setattr(pl.LazyFrame, "sink_parquet", full)
    with pytest.raises(OSError, match=r"^File too large \(os error 27\)$"):
        write_synthetic(tmp_path / "a.parquet", CERVICAL, 1)
    text = "something else"
    with pytest.raises(pl.exceptions.ComputeError, match="something else"):
        write_synthetic(tmp_path / "a.parquet", CERVICAL, 1)
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_that_comes_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unlink, interrupts = Path.unlink, iter([KeyboardInterrupt])

    def interrupted(path: Path, missing_ok: bool = False) -> None:
        for interrupt in interrupts:
            raise interrupt
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_synthetic(tmp_path / "a.csv", CERVICAL, 1, advance=lambda _: 1 // 0)
    assert list(tmp_path.iterdir()) == []


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": -1}, "the number of patients is a whole number that is not negative, not -1"),
        ({"count": 2.5}, "the number of patients is a whole number"),
        ({"seed": -1}, "the seed is a whole number that is not negative, not -1"),
        ({"seed": True}, "the seed is a whole number"),
        ({"missing": 1.01}, r"the share of missing values lies between 0 and 1, not 1\.01"),
        ({"missing": float("nan")}, "the share of missing values lies between 0 and 1, not nan"),
        ({"missing": "0.1"}, "the share of missing values lies between 0 and 1"),
    ],
)
def test_arguments_out_of_bounds(options: dict[str, Any], message: str) -> None:
    arguments: dict[str, Any] = {"count": 1, **options}
    for function in (synthesize, synthetic_chunks):
        with pytest.raises(SettingError, match=message):
            function(CERVICAL, **arguments)


def test_other_faults(tmp_path: Path) -> None:
    with pytest.raises(ColumnError, match="no frame can be made with 'excel'"):
        synthetic_chunks(CERVICAL, 1, backend="excel")
    with pytest.raises(SettingError, match=r"a\.txt must be named NAME\.parquet or NAME\.csv"):
        write_synthetic(tmp_path / "a.txt", CERVICAL, 1)
    for name in ("a.csv", "a.parquet"):
        with pytest.raises(FileNotFoundError):
            write_synthetic(tmp_path / "no" / name, CERVICAL, 1)


def test_cases_that_are_of_another_model() -> None:
    knees = read_cases(Path(__file__).parents[1] / "answer" / "guideline")
    other = knees or read_cases(HERE / "curb65")
    with pytest.raises(AssessmentError, match="in the case '"):
        synthesize(CERVICAL, 1, cases=other)


@pytest.mark.parametrize("name", ["numpy", "polars"])
def test_without_the_extra_it_says_so(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "guidestep.frame.draws")
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=rf"need {name}: pip install 'guidestep\[cohort"):
        synthesize(CERVICAL, 1)


def guideline_of_nobody() -> Guideline:
    return guidestep.load(HERE / "nexus", model=NexusAssessment)


def test_a_guideline_whose_cases_are_not_known_is_drawn_evenly() -> None:
    frame = polars(synthesize(guideline_of_nobody(), 50))
    assert len(list(from_frame(frame, NexusAssessment))) == 50
