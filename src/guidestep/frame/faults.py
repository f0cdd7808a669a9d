"""What is wrong with the columns of a cohort, told so that somebody can mend them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import narwhals as nw

from guidestep.assessment.values import allowed
from guidestep.engines.frame import LazyFrame
from guidestep.frame.columns import Reading, WrongType
from guidestep.frame.libraries import collected
from guidestep.guideline import Guideline

SHOWN = 5
"""How many different values at fault are shown of a column."""


@dataclass(frozen=True, slots=True)
class ColumnFault:
    """One column at fault: of the wrong type (`count` is 0), or with values that cannot be.

    `path` is the field it holds, `count` the number of rows at fault, `examples` some values.
    """

    path: str
    column: str
    message: str
    hint: str
    count: int = 0
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        name = f"{self.column}" if self.column == self.path else f"{self.column} ({self.path})"
        return f"{name}: {self.message}" + (f"; {self.hint}" if self.hint else "")


class CohortError(ValueError):
    """Columns that cannot be used as they are; nothing was answered for anybody.

    `faults` has each column at fault.
    """

    def __init__(self, faults: Iterable[ColumnFault]) -> None:
        self.faults = tuple(faults)
        some = "1 column is" if len(self.faults) == 1 else f"{len(self.faults)} columns are"
        lines = [f"the cohort cannot be read: {some} at fault", *map(str, self.faults)]
        super().__init__("\n- ".join(lines))


def wrong_types(
    guideline: Guideline, bound: Mapping[str, str], wrong: Iterable[WrongType]
) -> list[ColumnFault]:
    """Return the faults of columns whose type cannot hold the values of their field."""
    fields = guideline.model.fields()
    return [
        ColumnFault(
            one.path,
            bound[one.path],
            f"got a column of {one.dtype}, allowed is {allowed(fields[one.path])}",
            one.hint,
        )
        for one in wrong
    ]


def invalid_values(
    guideline: Guideline,
    frame: LazyFrame,
    bound: Mapping[str, str],
    reading: Reading,
    sound: Collection[str] = (),
) -> list[ColumnFault]:
    """Return the faults of columns that hold what is no value of their field.

    `bound` names the columns as the user does; `frame` is read once where nothing is at fault, and
    not at all for the fields of which it is known that they are `sound`.
    """
    asked = [
        (path, fault)
        for path, faults in reading.faults.items()
        if path not in sound
        for fault in faults
    ]
    if not asked:
        return []
    found = frame.select(**{f"a{n}": fault.any() for n, (_, fault) in enumerate(asked)})
    (row,) = collected(found)
    occurs = row.values()
    bad = dict.fromkeys(path for (path, _), here in zip(asked, occurs, strict=True) if here)
    return [_fault(guideline, frame, path, bound.get(path, path), reading) for path in bad]


def _fault(
    guideline: Guideline, frame: LazyFrame, path: str, column: str, reading: Reading
) -> ColumnFault:
    spec = guideline.model.fields()[path]
    rows = frame.filter(reading.invalid(path)).select(value=reading.given[path])
    count = int(rows.select(count=nw.len()).collect().item(0, 0))
    some = rows.head(1000).collect()["value"].to_list()
    examples = tuple(dict.fromkeys(str(value) for value in some))[:SHOWN]
    late = spec.not_after is not None
    hint = f"give a day, none after {spec.not_after}" if late else ""
    if spec.derived is not None:
        hint = f"where it is not entered, it follows from {' and '.join(spec.derived.inputs)}"
    people = "1 row has" if count == 1 else f"{count} rows have"
    return ColumnFault(
        path,
        column,
        f"{people} what is no value of it ({_listed(examples, count)}); allowed is {allowed(spec)}",
        hint or "mend them, or give on_invalid='flag' to treat them as not assessed",
        count,
        examples,
    )


def _listed(examples: Sequence[str], count: int) -> str:
    shown = ", ".join(text if len(text) <= 40 else f"{text[:37]}..." for text in examples)
    return shown + (", ..." if count > len(examples) else "")
