"""What a guideline says to every patient of a frame, in one pass over its columns."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Literal, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import narwhals as nw

from guidestep.engines.frame import FrameEngine
from guidestep.frame.answers import SEPARATOR, Answers, Detail
from guidestep.frame.columns import Reading, read_columns
from guidestep.frame.faults import CohortError, invalid_values, wrong_types
from guidestep.frame.libraries import opened, table_of
from guidestep.frame.report import Report, report
from guidestep.frame.schema import ColumnError, ColumnWarning, bind, columns_of
from guidestep.guideline import Guideline, SettingError

OnInvalid: TypeAlias = Literal["error", "flag"]
Frame = TypeVar("Frame")

DETAILS: tuple[Detail, ...] = ("outcome", "rules", "missing")

INVALID = "invalid"
"""The column that names the fields whose values were not used, under `on_invalid="flag"`."""

TEMPORARY = "guidestep_t"
"""How the names of columns begin that are there only while an answer is computed."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What one profile of a guideline says of a cohort, made once; `paths` are the fields read."""

    report: Report
    engine: FrameEngine
    paths: tuple[str, ...]


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


def recommend_frame(
    guideline: Guideline,
    frame: Frame,
    *,
    detail: Detail = "outcome",
    columns: Mapping[str, str] | None = None,
    profile: str | None = None,
    on_invalid: OnInvalid = "error",
    prefix: str = "",
) -> Frame:
    """Return a frame with what the guideline says to each of its patients, one row each.

    See `Guideline.recommend_frame`.
    """
    if detail not in DETAILS:
        raise SettingError(f"there is no detail {detail!r}; the details are {', '.join(DETAILS)}")
    if on_invalid not in ("error", "flag"):
        raise SettingError(f"on_invalid is error or flag, not {on_invalid!r}")
    ready = prepared(guideline, profile)
    whole = opened(frame)
    given = whole.collect_schema().names()
    bound = bind(columns_of(guideline.model), given, columns)
    _say_missing([path for path in ready.paths if path not in bound])
    table = table_of(whole, tuple(dict.fromkeys(bound.values())))
    reading = read_columns(
        guideline.model.fields(),
        {path: table.names[column] for path, column in bound.items()},
        table.types,
        table.frame.implementation,
        clean=on_invalid == "flag",
    )
    if reading.wrong:
        raise CohortError(wrong_types(guideline, bound, reading.wrong))
    if on_invalid == "error":
        faults = invalid_values(guideline, table.frame, bound, reading)
        if faults:
            raise CohortError(faults)
    # What is read is made a column first: a rule refers to it many times.
    columns_read = {path: f"{TEMPORARY}in{index}" for index, path in enumerate(ready.paths)}
    source = {path: nw.col(columns_read[path]) for path in ready.paths if path in reading.values}
    answers = Answers(ready.report, table.enums)
    found = ready.engine.evaluate(
        table.frame.with_columns(**{columns_read[path]: reading.values[path] for path in source}),
        source,
        truths=answers.truths,
        verdicts=ready.report.rules.values() if detail == "rules" else (),
        prefix=TEMPORARY,
    )
    wanted = answers.columns(found, detail)
    if on_invalid == "flag":
        wanted[INVALID] = _named(reading)
    outputs = {f"{prefix}{name}": column for name, column in wanted.items()}
    _no_collision(outputs, given, prefix)
    before = set(table.frame.collect_schema().names())
    spare = [name for name in found.frame.collect_schema().names() if name not in before]
    result: Frame = table.finish(found.frame, outputs, spare)
    return result


def _say_missing(paths: Collection[str]) -> None:
    if paths:
        text = f"not assessed for anybody, as the frame has no such columns: {', '.join(paths)}"
        warnings.warn(text, ColumnWarning, stacklevel=4)


def _no_collision(outputs: Collection[str], given: Collection[str], prefix: str) -> None:
    taken = {name.lower(): name for name in given}
    same = [taken[name.lower()] for name in outputs if name.lower() in taken]
    if same:
        raise ColumnError(
            f"the frame already has columns named {', '.join(same)}; "
            f"give prefix={(prefix or 'guidestep_')!r} or another one"
        )


def _named(reading: Reading) -> nw.Expr:
    """Return the fields at fault of each row as one text, or null."""
    terms = [nw.when(bad).then(nw.lit(path)) for path, bad in reading.invalid.items()]
    if not terms:
        return nw.lit(None, nw.String)
    named = nw.concat_str(*terms, separator=SEPARATOR, ignore_nulls=True)
    return nw.when(reduce(or_, reading.invalid.values())).then(named)
