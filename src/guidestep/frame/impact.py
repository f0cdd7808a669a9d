"""Two guidelines over one cohort: for whom the answer changes, to what, and by which rules."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

import narwhals as nw

from guidestep.assessment.frozen import FrozenDict
from guidestep.engines.frame import LazyFrame
from guidestep.frame.answers import SEPARATOR
from guidestep.frame.comparison import Comparison, compared
from guidestep.frame.libraries import collected
from guidestep.frame.recommend import TEMPORARY, Cohort, prepared, read_cohort
from guidestep.frame.summary import backend_of, counted
from guidestep.frame.tables import frame_of
from guidestep.guideline import Guideline, SettingError

if TYPE_CHECKING:
    from narwhals.dtypes import DType
    from narwhals.typing import IntoDataFrame

SHOWN = 10
"""How many changes, and how many rules of each, the text of an impact shows."""

_TYPES: Mapping[str, DType] = {
    "before": nw.String(),
    "after": nw.String(),
    "count": nw.Int64(),
    "share": nw.Float64(),
    "rules": nw.String(),
    "examples": nw.String(),
}

Group: TypeAlias = Mapping[str, Any]
"""The rows of a cohort with the same answers, before and after; the values are by column."""

Answer: TypeAlias = Sequence[str | None]
"""The outcome, the basis, and of each track the action and the step."""

_ROW, _RANK = f"{TEMPORARY}row", f"{TEMPORARY}rank"


@dataclass(frozen=True, slots=True)
class Change:
    """Patients whose answer changes from the same to the same; `share` is that of all, 0 to 1.

    `rules` gives the ids of the rules whose verdict differs, or that decide in one guideline and
    not in the other, with the number of these patients for whom they do, the most first.
    `examples` are the ids of some patients, the least first, or the numbers of their rows from 0.
    """

    before: str
    after: str
    count: int
    share: float
    rules: Mapping[str, int]
    examples: tuple[object, ...]

    def __str__(self) -> str:
        lines = [f"{self.count} ({self.share:.2%}): {self.before} -> {self.after}"]
        if self.rules:
            counted = [f"{rule} ({count})" for rule, count in self.rules.items()]
            lines.append(f"by {', '.join(_shown(counted, 'rules'))}")
        if self.examples:
            lines.append(f"such as {', '.join(map(str, self.examples))}")
        return "\n    ".join(lines)


@dataclass(frozen=True, slots=True)
class Impact:
    """What another guideline, or another setting of one, changes for a cohort.

    `count` of `patients` change, the `share` of them is from 0 to 1; `changes` come with the most
    frequent first. `table` has one row for each, with the columns `before`, `after`, `count`,
    `share`, `rules` and `examples`, the last two as texts with `; ` between the names.
    """

    patients: int
    count: int
    share: float
    changes: tuple[Change, ...]
    table: IntoDataFrame = field(repr=False, compare=False)

    def __str__(self) -> str:
        head = f"{self.count} of {self.patients} patients ({self.share:.2%}) get another answer"
        return "\n- ".join([head, *_shown([str(change) for change in self.changes], "changes")])


def _shown(texts: Sequence[str], what: str) -> list[str]:
    """Return the first of some texts, and how many more there are."""
    more = len(texts) - SHOWN
    return [*texts[:SHOWN], f"{more} more {what}"] if more > 0 else list(texts)


def impact(
    old: Guideline,
    new: Guideline,
    frame: object,
    *,
    columns: Mapping[str, str] | None = None,
    profile: str | None = None,
    today: date | None = None,
    id: str | None = None,  # noqa: A002 (what it is called in a frame of patients)
    examples: int = 5,
) -> Impact:
    """Return for whom of a cohort the answer changes from one guideline to another.

    Both are asked under `profile`, or each under its default; to compare settings of one, give it
    and what `configure` makes of it. The frame, `columns` and `today` are as for
    `Guideline.recommend_frame`. `id` names the column by which patients are named in the examples;
    without it they are the numbers of rows, from 0, and on Spark, where rows have no order, there
    are none.

    An answer changes where its outcome or basis does, or the step or action of a track. Only
    counts and the examples leave the frame, which is read once for the counts, once for the
    examples, and once to look for invalid values.

    >>> import guidestep, guidestep.frame
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> cohort = guidestep.frame.synthesize(guideline, 1000, seed=1)
    >>> stricter = guideline.configure(reassessment_overdue_weeks=2)
    >>> found = guidestep.impact(guideline, stricter, cohort, id="patient")
    >>> found.count == sum(change.count for change in found.changes)
    True

    Raises:
        SettingError: The guidelines read different models, or there is no such profile.
        CohortError: Columns have the wrong type or invalid values; it names each.
        ColumnError: A column is not there, or the frame is of no known kind.
        UnknownFieldError: `columns` names a field that the model does not have.
    """
    if old.model is not new.model:
        raise SettingError(
            f"{old.id} reads {old.model.__name__} and {new.id} reads {new.model.__name__}: "
            "only guidelines over the same assessments can be compared"
        )
    if not isinstance(examples, int) or isinstance(examples, bool) or examples < 0:
        raise SettingError(f"examples is a whole number that is not negative, not {examples!r}")
    ready = prepared(old, profile), prepared(new, profile)
    both = compared(*(each.report for each in ready))
    paths = tuple(dict.fromkeys(path for each in ready for path in each.paths))
    further = () if id is None else (id,)
    cohort = read_cohort(
        old, frame, paths, columns=columns, clean=False, today=today, further=further
    )
    cohort.check()
    by = None if id is None else cohort.table.names[id]
    if by is None and examples:
        cohort, by = _numbered(cohort)
    rows = both.rows(cohort, paths, () if by is None else (by,))
    groups = _groups(both, rows)
    patients = sum(int(group["count"]) for group in groups)
    changed = [group for group in groups if group[both.before[0]] is not None]
    some = _examples(both, rows, by, examples) if changed and by is not None and examples else []
    changes = _changes(both, patients, changed, some, examples)
    count = sum(change.count for change in changes)
    share = count / patients if patients else 0.0
    return Impact(patients, count, share, changes, _table(changes, backend_of(frame)))


def _groups(both: Comparison, rows: LazyFrame) -> list[dict[str, Any]]:
    """Return how many patients have the same answers, and for how many each rule differs."""
    counts = {"count": nw.len()}
    for n in range(len(both.rules)):
        counts |= {name: counted(nw.col(name)) for name in (both.verdict(n), both.differs(n))}
    return collected(rows.group_by(*both.before, *both.after).agg(**counts))


def _examples(both: Comparison, rows: LazyFrame, by: str, examples: int) -> list[tuple[Group, Any]]:
    """Return the ids of some patients whose answers change, a few of each group."""
    keys = [*both.before, *both.after]
    if rows.implementation.is_polars():
        rows = rows.filter(~nw.col(keys[0]).is_null())
    # Elsewhere such a filter would be moved ahead of all columns, and they would be written into it
    # again and again; those whose answers stay are a group like the others, a few of them too.
    ranked = rows.select(*keys, by, **{_RANK: nw.col(by).rank("ordinal").over(keys)})
    some = collected(ranked.filter(nw.col(_RANK) <= examples))
    return [(row, row[by]) for row in some if row[keys[0]] is not None and row[by] is not None]


def _changes(
    both: Comparison,
    patients: int,
    groups: Iterable[Group],
    some: Iterable[tuple[Group, Any]],
    examples: int,
) -> tuple[Change, ...]:
    """Return the changes, those together that read alike, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    differ: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    verdicts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    ids: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for group in groups:
        key = _words(both, group)
        counts[key] += int(group["count"])
        for n, rule in enumerate(both.rules):
            differ[key][rule] += int(group[both.differs(n)])
            verdicts[key][rule] += int(group[both.verdict(n)])
    for group, id_ in some:
        ids[_words(both, group)].append(id_)
    found = []
    for key, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        # What a rule says comes before what follows from it, where both are as frequent.
        order = sorted(both.rules, key=lambda r: (-differ[key][r], -verdicts[key][r]))
        rules = {rule: differ[key][rule] for rule in order if differ[key][rule]}
        names = tuple(sorted(ids[key])[:examples])
        found.append(Change(*key, count, count / patients, FrozenDict(rules), names))
    return tuple(found)


def _words(both: Comparison, group: Group) -> tuple[str, str]:
    """Return what is told of the answers of a group, before and after."""
    before, after = (
        [aspect.value(group[column]) for aspect, column in zip(both.aspects, columns, strict=True)]
        for columns in (both.before, both.after)
    )
    return _told(both, before, after), _told(both, after, before)


def _told(both: Comparison, answer: Answer, other: Answer) -> str:
    """Return the outcome of an answer, and what else is not as in another."""
    outcome, basis = answer[:2]
    text = f"{outcome} ({basis})" if answer[:2] != other[:2] else f"{outcome}"
    if outcome != other[0]:
        return text
    steps = [
        f"{answer[n]} {answer[n + 1]}" if answer[n] else f"nothing on {both.aspects[n].name}"
        for n in range(2, len(answer), 2)
        if answer[n : n + 2] != other[n : n + 2]
    ]
    return f"{text}: {', '.join(steps)}" if steps else text


def _table(changes: Sequence[Change], backend: str) -> IntoDataFrame:
    data: Mapping[str, Sequence[object]] = {
        "before": [change.before for change in changes],
        "after": [change.after for change in changes],
        "count": [change.count for change in changes],
        "share": [change.share for change in changes],
        "rules": [SEPARATOR.join(change.rules) for change in changes],
        "examples": [SEPARATOR.join(map(str, change.examples)) for change in changes],
    }
    return frame_of(data, _TYPES, backend)


def _numbered(cohort: Cohort) -> tuple[Cohort, str | None]:
    """Return a cohort with the numbers of its rows, and their column, if rows have an order."""
    frame, native = cohort.table.frame, cohort.table.frame.to_native()
    if frame.implementation.is_polars():
        native = native.with_row_index(_ROW)
    elif frame.implementation.is_duckdb():
        native = native.project(f"*, row_number() OVER () - 1 AS {_ROW}")
    else:
        return cohort, None
    table = replace(cohort.table, frame=nw.from_native(native))
    return replace(cohort, table=table), _ROW
