"""What a guideline says to a cohort as a whole: counts and shares, in one pass over its rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw

from guidestep.engines.frame import Evaluated
from guidestep.frame.libraries import collected
from guidestep.frame.recommend import TEMPORARY, OnInvalid, flagging, prepared, read_cohort
from guidestep.frame.report import Report
from guidestep.frame.tables import frame_of
from guidestep.guideline import Guideline
from guidestep.language.decision import action_name
from guidestep.outcome import Action, Basis, Family, Outcome

if TYPE_CHECKING:
    from narwhals.dtypes import DType
    from narwhals.typing import IntoDataFrame

MOST = 10
"""How many of the missing inputs are named."""

_TYPES: Mapping[str, DType] = {
    "about": nw.String(),
    "name": nw.String(),
    "detail": nw.String(),
    "count": nw.Int64(),
    "share": nw.Float64(),
}

Key: TypeAlias = tuple[str, str, str]
"""What a count is about, the name of it, and a detail."""

_PATIENTS: Key = ("cohort", "patients", "")


def summarize(
    guideline: Guideline,
    frame: object,
    *,
    columns: Mapping[str, str] | None = None,
    profile: str | None = None,
    on_invalid: OnInvalid = "error",
    today: date | None = None,
) -> IntoDataFrame:
    """Return how many patients of a frame get what, and what they lack.

    See `Guideline.summarize`.
    """
    flags = flagging(on_invalid)
    ready = prepared(guideline, profile)
    # Cleaned in either case, so that what is invalid is counted in the one pass over the data.
    cohort = read_cohort(guideline, frame, ready.paths, columns=columns, clean=True, today=today)
    report, reading = ready.report, cohort.reading
    found = cohort.evaluate(
        ready.engine, ready.paths, truths=_truths(report), verdicts=report.rules.values()
    )
    wanted = dict(_answers(report, found))
    wanted |= {("invalid", path, ""): reading.invalid(path) for path in reading.faults}
    # By number: the libraries differ in what the name of a column may be. And as columns first,
    # since what is the same for everybody has to be there for everybody.
    names = {key: f"{TEMPORARY}n{index}" for index, key in enumerate(wanted)}
    rows = found.frame.with_columns(**{names[key]: when for key, when in wanted.items()})
    names[_PATIENTS] = f"{TEMPORARY}n"
    numbers = {name: counted(nw.col(name)) for name in names.values()}
    (row,) = collected(rows.select(**{**numbers, names[_PATIENTS]: nw.len()}))
    counts = {key: int(row[name]) for key, name in names.items()}
    if not flags and any(counts[key] for key in counts if key[0] == "invalid"):
        cohort.check()
    told = list(_told(guideline, profile or guideline.default_profile, counts))
    patients = counts[_PATIENTS]
    data: dict[str, list[object]] = {name: [] for name in _TYPES}
    for key, count in told:
        share = count / patients if patients else None
        for values, value in zip(data.values(), (*key, count, share), strict=True):
            values.append(value)
    return frame_of(data, _TYPES, backend_of(frame))


def counted(condition: nw.Expr) -> nw.Expr:
    """Return how many rows satisfy a condition, as a whole number in every library."""
    return nw.when(condition).then(nw.lit(1)).count()


def backend_of(frame: object) -> str:
    """Return the library in which a table about a frame is made: Polars where it is lazy."""
    known: Any = nw.from_native(frame)
    eager = isinstance(known, nw.DataFrame)
    return str(known.implementation.value) if eager else "polars"


def _truths(report: Report) -> list[str]:
    names = [name for choice in (report.outcomes, report.bases) for _, name in choice]
    for track in report.tracks:
        names += [name for _, name in (*track.steps, *track.actions)]
    names += [asked.definition for asks in report.missing.values() for asked in asks]
    return list(dict.fromkeys(names))


def _answers(report: Report, found: Evaluated) -> Iterator[tuple[Key, nw.Expr]]:
    """Yield the conditions that are counted of the answers."""
    truths = found.truths
    bases = sorted(report.bases, key=lambda pair: list(Basis).index(Basis(pair[0])))
    for about, choice in (("outcome", report.outcomes), ("basis", bases)):
        for name, definition in choice:
            yield (about, name, ""), truths[definition]
    possible = {definition.name for definition in report.program.definitions}
    for track in report.tracks:
        for step, here in track.steps:
            for action, done in track.actions:
                # Any step may be withheld; which can be started or reached, the guideline says.
                withheld = action == Action.WITHHOLD.value
                if withheld or action_name(step, Action(action)) in possible:
                    yield ("step", step, action), truths[here] & truths[done]
    undecided = truths[dict(report.outcomes)[Outcome.ASSESS_FIRST.value]]
    for path, asks in report.missing.items():
        lacking = reduce(or_, (truths[asked.definition] for asked in asks))
        yield ("missing", path, ""), undecided & lacking
    for id_, definition in report.rules.items():
        verdict = found.verdicts[definition]
        assert isinstance(verdict, nw.Expr)
        yield ("rule", id_, "true"), verdict
        yield ("rule", id_, "known"), ~verdict.is_null()


def _told(
    guideline: Guideline, profile: str, counts: Mapping[Key, int]
) -> Iterator[tuple[Key, int]]:
    """Yield the rows of a summary, in order."""
    patients, fields, base = counts[_PATIENTS], guideline.model.fields(), guideline.base
    statements = {rule.id: rule.statement for rule in base.rules.values()}
    statements |= {move.id: move.statement for move in base.progressions}
    of: defaultdict[str, dict[tuple[str, str], int]] = defaultdict(dict)
    for (about, name, detail), count in counts.items():
        of[about][name, detail] = count
    yield ("cohort", "patients", f"{guideline.id} {guideline.version}, {profile}"), patients
    for about in ("outcome", "basis", "step"):
        for (name, detail), count in of[about].items():
            yield (about, name, detail), count
    for (path, _), count in _most(of["missing"])[:MOST]:
        yield ("missing", path, fields[path].label), count
    fired = {(id_, ""): count for (id_, detail), count in of["rule"].items() if detail == "true"}
    flags = {key: n for key, n in fired.items() if key[0] in _red_flags(guideline)}
    for (id_, _), count in _most(flags):
        yield ("red_flag", id_, statements[id_]), count
    for (id_, _), count in fired.items():
        if not count:
            yield ("never_fired", id_, statements[id_]), count
    for (id_, _), true in fired.items():
        known = of["rule"][id_, "known"]
        yield ("rule", id_, "true"), true
        yield ("rule", id_, "false"), known - true
        yield ("rule", id_, "unknown"), patients - known
    for (path, _), count in _most(of["invalid"]):
        yield ("invalid", path, fields[path].label), count


def _red_flags(guideline: Guideline) -> set[str]:
    return {rule.id for rule in guideline.rules.values() if rule.family is Family.RED_FLAG}


def _most(counts: Mapping[tuple[str, str], int]) -> list[tuple[tuple[str, str], int]]:
    """Return what was counted at all, the most first; equals stay in their order."""
    some = ((key, count) for key, count in counts.items() if count)
    return sorted(some, key=lambda pair: -pair[1])
