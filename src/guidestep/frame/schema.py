"""The columns of a cohort: what a frame may hold for a guideline, one row a patient."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals as nw

from guidestep.assessment.base import Assessment
from guidestep.assessment.errors import UnknownFieldError, named
from guidestep.assessment.fields import FieldKind, FieldSpec
from guidestep.assessment.frozen import FrozenDict
from guidestep.assessment.reading import REASONS
from guidestep.assessment.values import allowed
from guidestep.guideline import Guideline
from guidestep.spelling import closest, did_you_mean

if TYPE_CHECKING:
    from narwhals.dtypes import DType

ENUM_BACKENDS = frozenset({"polars"})
"""The backends in which an enumeration is an Enum of its members; elsewhere it is text."""

_SHOWN = 60
"""Characters of what a column allows that the table of a schema shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a cohort: a field of the assessment model, named by its dotted path.

    `unit` is UCUM; `minimum` and `maximum` are inclusive, in that unit. `members` are the values
    of an enumeration. A `required` column has no null. `read` is whether a rule of the guideline
    reads the column. `not_after` is the column of dates that these may not follow, or `today`.
    `formula` says how a null is filled from other columns, in the rule language, or is empty.

    >>> import guidestep
    >>> column = schema(guidestep.load("cervical-spasm-opll"))["scope.age_years"]
    >>> column.kind.value, column.unit, column.minimum, column.maximum, column.required
    ('integer', 'a', 0, 120, False)
    >>> column.dtype, column.allowed
    (Int64, 'a whole number from 0 to 120 a')
    """

    name: str
    kind: FieldKind
    label: str
    question: str
    allowed: str
    unit: str | None = None
    members: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    required: bool = False
    read: bool = False
    not_after: str | None = None
    formula: str = ""

    @property
    def dtype(self) -> DType:
        """The type of the column, where the backend has enumerations."""
        return nw.Enum(self.members) if self.members else _TYPES[self.kind]

    def dtype_in(self, backend: str) -> DType:
        """Return the type of the column in a backend, such as "polars" or "pyarrow".

        >>> import guidestep
        >>> column = schema(guidestep.load("cervical-spasm-opll"))["neurologic.gait_instability"]
        >>> column.dtype_in("polars"), column.dtype_in("duckdb")
        (Enum(categories=['present', 'absent']), String)
        """
        return self.dtype if backend in ENUM_BACKENDS else _TYPES[self.kind]


_TYPES: dict[FieldKind, DType] = {
    FieldKind.BOOLEAN: nw.Boolean(),
    FieldKind.INTEGER: nw.Int64(),
    FieldKind.DECIMAL: nw.Float64(),
    FieldKind.ENUMERATION: nw.String(),
    FieldKind.DATE: nw.Date(),
    FieldKind.TEXT: nw.String(),
}


class Schema(FrozenDict[str, Column]):
    """The columns of a cohort by name, in the order of the model; its text is a table.

    >>> import guidestep
    >>> print(str(schema(guidestep.load("cervical-spasm-opll"))).splitlines()[0].split())
    ['column', 'type', 'null', 'read', 'allowed']
    """

    __slots__ = ()

    def __str__(self) -> str:
        rows = [("column", "type", "null", "read", "allowed")]
        for column in self.values():
            what = column.allowed
            rows.append(
                (
                    column.name,
                    column.kind.value,
                    "no" if column.required else "yes",
                    "yes" if column.read else "no",
                    what if len(what) <= _SHOWN else f"{what[: _SHOWN - 3]}...",
                )
            )
        widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
        return "\n".join(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in rows
        )


def schema(guideline: Guideline) -> Schema:
    """Return the columns that a frame may have for a guideline: all fields of its model.

    A frame may lack any column that is not required: what it lacks is not assessed.

    >>> import guidestep
    >>> columns = schema(guidestep.load("cervical-spasm-opll"))
    >>> len(columns), [name for name, column in columns.items() if column.required][0]
    (104, 'encounter.care_stage')
    """
    return columns_of(guideline.model, read=guideline.fields)


def columns_of(model: type[Assessment], *, read: Collection[str] = ()) -> Schema:
    """Return the columns of an assessment model; `read` are those that a guideline reads."""
    return Schema({path: _column(spec, path in read) for path, spec in model.fields().items()})


def _column(spec: FieldSpec, read: bool) -> Column:
    return Column(
        name=spec.path,
        kind=spec.kind,
        label=spec.label,
        question=spec.question,
        allowed=allowed(spec),
        unit=spec.unit,
        members=spec.members,
        minimum=spec.minimum,
        maximum=spec.maximum,
        max_length=spec.max_length,
        required=spec.required,
        read=read,
        not_after=spec.not_after,
        formula=spec.derived.formula if spec.derived is not None else "",
    )


# --- which column holds which field ---------------------------------------------------------------


class ColumnError(ValueError):
    """A column that was asked for and is not in the frame, or a frame that cannot be made."""


class ColumnWarning(UserWarning):
    """A column that is passed over, though its name looks like a misspelt field path."""


def bind(
    columns: Schema, names: Sequence[str], renamed: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the column of a frame for each field path, in the order of the model.

    `names` are the columns of the frame and `renamed` maps field paths to columns with other
    names. After the fields come data-absent reasons, under `data_absent_reasons.PATH`. A column
    that belongs to no field is passed over; it is mentioned in a warning where it looks like a
    misspelt path.

    >>> import guidestep
    >>> columns = schema(guidestep.load("cervical-spasm-opll"))
    >>> bind(columns, ["patient", "age"], {"scope.age_years": "age"})
    {'scope.age_years': 'age'}

    Raises:
        UnknownFieldError: `renamed` names a field that the model does not have.
        ColumnError: `renamed` is no mapping, or names a column that the frame does not have.
    """
    known = (*columns, *(f"{REASONS}.{path}" for path in columns))
    if renamed is not None and not isinstance(renamed, Mapping):
        raise ColumnError(
            f"columns maps paths to names of columns, {{'scope.age_years': 'age'}}, not {renamed!r}"
        )
    given, present = dict(renamed or {}), set(names)
    for path, name in given.items():
        if path not in known:
            hint = did_you_mean(str(path), columns)
            raise UnknownFieldError(
                f"there is no field {named(str(path))}" + (f"; {hint}" if hint else "")
            )
        if not isinstance(name, str) or name not in present:
            hint = did_you_mean(str(name), names)
            raise ColumnError(
                f"the frame has no column {named(str(name))}, which is to hold {path}"
                + (f"; {hint}" if hint else "")
            )
    bound = {path: given.get(path, path) for path in known if given.get(path, path) in present}
    _warn(columns, [n for n in names if n not in set(bound.values()) and n not in known])
    return bound


def _warn(columns: Schema, strangers: Sequence[str]) -> None:
    """Mention the columns that look as if a field were meant."""
    leaves = {path.partition(".")[2]: path for path in columns}
    sections = {path.partition(".")[0] for path in columns}
    hints: list[str] = []
    for name in strangers:
        prefix = f"{REASONS}." if name.startswith(f"{REASONS}.") else ""
        path = name.removeprefix(prefix)
        match = leaves.get(path.rpartition(".")[2]) or closest(path, columns)
        if match:
            hints.append(f"{named(name)}: did you mean '{prefix}{match}'?")
        elif prefix or ("." in path and path.partition(".")[0] in sections):
            hints.append(f"{named(name)}: there is no such field")
    if hints:
        text = "columns passed over that look like fields:"
        warnings.warn("\n- ".join([text, *hints]), ColumnWarning, stacklevel=4)
