"""What a guideline says to every patient of a frame, in one pass over its columns."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import narwhals as nw

from guidestep.assessment.errors import named
from guidestep.engines.frame import Evaluated, FrameEngine, LazyFrame
from guidestep.frame.answers import SEPARATOR, Answers, Detail
from guidestep.frame.columns import Reading, read_columns
from guidestep.frame.faults import CohortError, invalid_values, wrong_types
from guidestep.frame.libraries import Table, names_of, opened, table_of
from guidestep.frame.report import Report, report
from guidestep.frame.schema import ColumnError, ColumnWarning, bind, columns_of
from guidestep.guideline import Guideline, SettingError
from guidestep.spelling import did_you_mean

if TYPE_CHECKING:
    import polars as pl

    from guidestep.frame.in_memory import InMemory

OnInvalid: TypeAlias = Literal["error", "flag"]
Frame = TypeVar("Frame")

DETAILS: tuple[Detail, ...] = ("outcome", "rules", "missing")

INVALID = "invalid"
"""The column that names the fields whose values were not used, under `on_invalid="flag"`."""

TEMPORARY = "guidestep_t"
"""How the names of columns begin that are there only while an answer is computed."""

KEPT = 32
"""For how many ways to read cohorts in memory is kept what answers them."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one profile of a guideline says of a cohort, made once; `paths` are the fields read.

    `in_memory` keeps what answers cohorts in memory, by how their columns are read.
    """

    report: Report
    engine: FrameEngine
    paths: tuple[str, ...]
    in_memory: dict[tuple[object, ...], InMemory] = field(default_factory=dict)


_PREPARED: WeakKeyDictionary[Guideline, dict[str, Prepared]] = WeakKeyDictionary()


def prepared(guideline: Guideline, profile: str | None) -> Prepared:
    """Return one profile of a guideline, ready for frames.

    Raises:
        SettingError: There is no such profile.
        UnsupportedNode: It uses what cannot be said of columns with the same result everywhere.
    """
    name = guideline.default_profile if profile is None else profile
    kept = _PREPARED.setdefault(guideline, {})
    if name not in kept:
        compiled = guideline.compiled(name)
        made = report(guideline.base, compiled)
        kept[name] = Prepared(made, FrameEngine(made.program), compiled.paths)
    return kept[name]


@dataclass(frozen=True, slots=True)
class Cohort:
    """A frame as it is read for a guideline.

    `given` are the names of its columns, `bound` gives the column of each field.
    """

    guideline: Guideline
    given: Sequence[str]
    bound: Mapping[str, str]
    table: Table
    reading: Reading

    def check(self) -> None:
        """Look for values that are no values of their field; a lazy frame is run once for it.

        Raises:
            CohortError: There are some.
        """
        passed: Collection[str] = ()
        if self.table.held is not None:
            from guidestep.frame.in_memory import sound

            passed = sound(self.table.held, self.reading)
        faults = invalid_values(self.guideline, self.table.frame, self.bound, self.reading, passed)
        if faults:
            raise CohortError(faults)

    def evaluate(
        self,
        engine: FrameEngine,
        paths: Sequence[str],
        *,
        truths: Iterable[str],
        verdicts: Iterable[str] = (),
    ) -> Evaluated:
        """Return what an engine finds; `paths` are the fields that it reads."""
        frame, source = self.computed(paths), self.source(paths)
        return engine.evaluate(frame, source, truths=truths, verdicts=verdicts, prefix=TEMPORARY)

    def source(self, paths: Sequence[str]) -> dict[str, nw.Expr]:
        """Return the column of each field that has one, in the frame to compute on."""
        return {path: nw.col(name) for path, name in self._columns(paths).items()}

    def computed(self, paths: Sequence[str], needed: Container[str] | None = None) -> LazyFrame:
        """Return the frame to compute on, with the columns of all fields or of those needed."""
        # What is read is made a column first: a rule refers to it many times.
        made = {
            name: self.reading.values[path]
            for path, name in self._columns(paths).items()
            if needed is None or path in needed
        }
        frame = self.table.frame
        return frame.with_columns(**made) if made else frame

    def _columns(self, paths: Sequence[str]) -> dict[str, str]:
        values = self.reading.values
        return {p: f"{TEMPORARY}in{index}" for index, p in enumerate(paths) if p in values}


def read_cohort(
    guideline: Guideline,
    frame: object,
    paths: Collection[str],
    *,
    columns: Mapping[str, str] | None,
    clean: bool,
    today: date | None,
    further: Sequence[str] = (),
) -> Cohort:
    """Return a frame as it is read; with `clean` a value that is none of its field is unknown.

    A warning names those of `paths` that have no column. `further` are columns of no field that
    are computed on as well.

    Raises:
        CohortError: Columns have the wrong type.
        ColumnError: A column is not there, or the frame is of no known kind.
        SettingError: `today` is no date.
        UnknownFieldError: `columns` names a field that the model does not have.
    """
    if today is not None and type(today) is not date:
        raise SettingError(f"today is a date, such as date(2026, 3, 2), not {today!r}")
    whole = opened(frame)
    # A name in pandas may be anything; what is no text is no field.
    given = [name for name in names_of(whole) if isinstance(name, str)]
    bound = bind(columns_of(guideline.model), given, columns)
    for name in further:
        if name not in given:
            hint = did_you_mean(name, given)
            raise ColumnError(
                f"the frame has no column {named(name)}" + (f"; {hint}" if hint else "")
            )
    table = table_of(whole, tuple(dict.fromkeys([*bound.values(), *further])))
    reading = read_columns(
        guideline.model.fields(),
        {path: table.names[column] for path, column in bound.items()},
        table.types,
        table.frame.implementation,
        clean=clean,
        today=today,
    )
    if reading.wrong:
        raise CohortError(wrong_types(guideline, bound, reading.wrong))
    _say_missing([path for path in paths if path not in bound and path not in reading.values])
    return Cohort(guideline, given, bound, table, reading)


def flagging(on_invalid: str) -> bool:
    """Return whether invalid values are flagged, rather than an error.

    Raises:
        SettingError: It is neither.
    """
    if on_invalid not in ("error", "flag"):
        raise SettingError(f"on_invalid is error or flag, not {on_invalid!r}")
    return on_invalid == "flag"


def recommend_frame(
    guideline: Guideline,
    frame: Frame,
    *,
    detail: Detail = "outcome",
    columns: Mapping[str, str] | None = None,
    profile: str | None = None,
    on_invalid: OnInvalid = "error",
    today: date | None = None,
    prefix: str = "",
) -> Frame:
    """Return a frame with what the guideline says to each of its patients, one row each.

    See `Guideline.recommend_frame`.
    """
    if detail not in DETAILS:
        raise SettingError(f"there is no detail {detail!r}; the details are {', '.join(DETAILS)}")
    flags = flagging(on_invalid)
    ready = prepared(guideline, profile)
    cohort = read_cohort(guideline, frame, ready.paths, columns=columns, clean=flags, today=today)
    table, answers = cohort.table, Answers(ready.report, cohort.table.enums)
    _no_collision([*answers.names(detail), *([INVALID] if flags else [])], cohort.given, prefix)
    if not flags:
        cohort.check()
    result: Frame
    if table.attach is not None and detail != "missing":
        result = table.attach(_in_memory(ready, cohort, detail, prefix, flags=flags))
        return result
    found = cohort.evaluate(
        ready.engine,
        ready.paths,
        truths=answers.truths,
        verdicts=ready.report.rules.values() if detail == "rules" else (),
    )
    wanted = answers.columns(found, detail)
    if flags:
        wanted[INVALID] = _named(cohort.reading)
    outputs = {f"{prefix}{name}": column for name, column in wanted.items()}
    result = table.finish(found.frame, outputs, table.frame.collect_schema().names())
    return result


def _in_memory(
    ready: Prepared, cohort: Cohort, detail: Detail, prefix: str, *, flags: bool
) -> pl.DataFrame:
    """Return the answers alone, worked out on bits: many times as fast as by columns."""
    from guidestep.frame.in_memory import InMemory

    held, plain, filled = cohort.table.held, cohort.reading.plain, cohort.reading.filled
    assert held is not None
    source = cohort.source(ready.paths)
    looked_at = {path: plain[path] for path in source if path in plain}
    followed = {path: filled[path] for path in source if path in filled}
    members = {path: tuple(held.members.get(name, ())) for path, name in looked_at.items()}
    key = (
        frozenset(source),
        frozenset(looked_at.items()),
        frozenset(followed.items()),
        frozenset(members.items()),
        detail,
    )
    engine = ready.in_memory.get(key)
    if engine is None:
        engine = InMemory(
            ready.report, source, looked_at, held.members, followed, rules=detail == "rules"
        )
        if len(ready.in_memory) >= KEPT:
            ready.in_memory.clear()
        ready.in_memory[key] = engine
    answers = engine.answered(cohort.computed(ready.paths, engine.leaves.fields), held)
    if flags:
        whole = cohort.computed(ready.paths)
        invalid: Any = whole.with_columns(**{INVALID: _named(cohort.reading)}).select(INVALID)
        answers = answers.hstack(invalid.to_native().collect())
    return answers.rename(lambda name: f"{prefix}{name}") if prefix else answers


def _say_missing(paths: Collection[str]) -> None:
    if paths:
        text = f"not assessed for anybody, as the frame has no such columns: {', '.join(paths)}"
        warnings.warn(text, ColumnWarning, stacklevel=5)


def _no_collision(names: Collection[str], given: Collection[str], prefix: str) -> None:
    taken = {name.lower(): name for name in given}
    outputs = [f"{prefix}{name}".lower() for name in names]
    same = [taken[name] for name in outputs if name in taken]
    if same:
        raise ColumnError(
            f"the frame already has columns named {', '.join(same)}; "
            f"give prefix={(prefix or 'guidestep_')!r} or another one"
        )


def _named(reading: Reading) -> nw.Expr:
    """Return the fields at fault of each row as one text, or null."""
    invalid = {path: reading.invalid(path) for path in reading.faults}
    if not invalid:
        return nw.lit(None, nw.String)
    terms = [nw.when(bad).then(nw.lit(path)) for path, bad in invalid.items()]
    named = nw.concat_str(*terms, separator=SEPARATOR, ignore_nulls=True)
    return nw.when(reduce(or_, invalid.values())).then(named)
