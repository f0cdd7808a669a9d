"""What a field of an assessment is, and how a model declares one."""

import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias, Union, get_args, get_origin

from pydantic import Field, JsonValue
from pydantic.fields import FieldInfo

from guidestep.assessment.derived import Derivation
from guidestep.assessment.frozen import FrozenDict

Origin: TypeAlias = Literal["source", "ext"]
"""Whether the source needs the field, or safety, audit or an assumption of ours does."""

TODAY = "today"
"""As `not_after`: the day on which the assessment is read, where the caller gives it."""


class FieldKind(StrEnum):
    """The type of a field's value.

    >>> FieldKind("decimal")
    <FieldKind.DECIMAL: 'decimal'>
    """

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    ENUMERATION = "enumeration"
    DATE = "date"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Coding:
    """A code of a terminology that means what the field means.

    >>> snomed("22325002", "Abnormal gait").system
    'http://snomed.info/sct'
    """

    system: str
    code: str
    display: str


def snomed(code: str, display: str) -> Coding:
    """Return a SNOMED CT coding."""
    return Coding("http://snomed.info/sct", code, display)


def loinc(code: str, display: str) -> Coding:
    """Return a LOINC coding."""
    return Coding("http://loinc.org", code, display)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSpec:
    """All that a reader needs to know of one field.

    `unit` is UCUM; `minimum` and `maximum` are inclusive, in that unit, and reject typing errors
    only: they are no clinical cut-offs. `required` fields are never None. `other_units` maps
    further UCUM units to the factor that converts them to `unit`. An `immutable` field cannot be
    changed by care. `not_after` is the path of a date that this date may not follow, or `TODAY`.
    `derived` says how the field is filled when it was not entered.
    """

    label: str
    question: str
    path: str = ""
    section: str = ""
    name: str = ""
    kind: FieldKind = FieldKind.TEXT
    unit: str | None = None
    members: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    max_length: int | None = None
    required: bool = False
    codes: tuple[Coding, ...] = ()
    other_units: Mapping[str, float] = field(default_factory=FrozenDict)
    facts: tuple[str, ...] = ()
    origin: Origin = "source"
    immutable: bool = False
    not_after: str | None = None
    derived: Derivation | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """The units a quantity may be given in, the field's own first."""
        return (self.unit, *self.other_units) if self.unit is not None else ()


@dataclass(frozen=True, slots=True)
class _Declaration:
    """A spec on its way from the declaration to the model, as pydantic's JSON Schema hook."""

    spec: FieldSpec

    def __call__(self, schema: dict[str, JsonValue]) -> None:
        if self.spec.unit is not None:
            schema["x-unit"] = self.spec.unit
        if self.spec.codes:
            schema["x-codes"] = [
                {"system": c.system, "code": c.code, "display": c.display} for c in self.spec.codes
            ]


def _declare(spec: FieldSpec) -> FieldInfo:
    info: FieldInfo = Field(
        title=spec.label,
        description=spec.question,
        ge=spec.minimum,
        le=spec.maximum,
        max_length=spec.max_length,
        json_schema_extra=_Declaration(spec),
    )
    return info


def item(
    label: str,
    question: str,
    *,
    facts: Sequence[str] = (),
    origin: Origin = "source",
    codes: Sequence[Coding] = (),
    max_length: int | None = None,
    not_after: str | None = None,
    immutable: bool = False,
) -> FieldInfo:
    """Declare a field without a unit, inside `Annotated`; its type gives kind and members.

    A field with the default None may be not assessed, one without a default is required.

    >>> from typing import Annotated, Literal
    >>> from guidestep.assessment.base import Section
    >>> class Examination(Section):
    ...     clonus: Annotated[Literal["present", "absent"] | None,
    ...                       item("clonus", "Is there clonus?")] = None
    >>> Examination(clonus="absent").clonus
    'absent'
    """
    return _declare(
        FieldSpec(
            label=label,
            question=question,
            facts=tuple(facts),
            origin=origin,
            codes=tuple(codes),
            max_length=max_length,
            not_after=not_after,
            immutable=immutable,
        )
    )


def quantity(
    label: str,
    question: str,
    *,
    unit: str,
    minimum: float,
    maximum: float,
    other_units: Mapping[str, float] | None = None,
    facts: Sequence[str] = (),
    origin: Origin = "source",
    codes: Sequence[Coding] = (),
    immutable: bool = False,
    derived: Derivation | None = None,
) -> FieldInfo:
    """Declare a number with its UCUM unit and inclusive limits, inside `Annotated`.

    >>> from typing import Annotated
    >>> from guidestep.assessment.base import Section
    >>> class Pain(Section):
    ...     vas: Annotated[float | None, quantity("pain", "How bad is the pain?", unit="mm",
    ...                    minimum=0, maximum=100, other_units={"cm": 10})] = None
    >>> Pain(vas=12).vas
    12.0
    """
    return _declare(
        FieldSpec(
            label=label,
            question=question,
            unit=unit,
            minimum=minimum,
            maximum=maximum,
            other_units=FrozenDict(other_units or {}),
            facts=tuple(facts),
            origin=origin,
            codes=tuple(codes),
            immutable=immutable,
            derived=derived,
        )
    )


def spec_of(section: str, name: str, info: FieldInfo) -> FieldSpec:
    """Return the spec of a declared field, completed with its place, type and members.

    Raises:
        TypeError: The field was not declared with `item` or `quantity`, or its type is none of
            bool, int, float, str, date and a `Literal` of texts, or it has a default but None.
    """
    path = f"{section}.{name}"
    declaration = info.json_schema_extra
    if not isinstance(declaration, _Declaration):
        raise TypeError(f"{path}: declare the field with item(...) or quantity(...)")
    if not info.is_required() and info.default is not None:
        raise TypeError(f"{path}: the only default is None, for 'not assessed'")
    kind, members = _kind_of(path, info.annotation)
    return replace(
        declaration.spec,
        path=path,
        section=section,
        name=name,
        kind=kind,
        members=members,
        required=info.is_required(),
    )


_KINDS: dict[object, FieldKind] = {
    bool: FieldKind.BOOLEAN,
    int: FieldKind.INTEGER,
    float: FieldKind.DECIMAL,
    date: FieldKind.DATE,
    str: FieldKind.TEXT,
}


def _kind_of(path: str, annotation: object) -> tuple[FieldKind, tuple[str, ...]]:
    if get_origin(annotation) in (Union, types.UnionType):
        known = [option for option in get_args(annotation) if option is not type(None)]
        annotation = known[0] if len(known) == 1 else annotation
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) is Literal:
        members = get_args(annotation)
        if all(isinstance(member, str) for member in members):
            return FieldKind.ENUMERATION, members
    kind = _KINDS.get(annotation)
    if kind is None:
        raise TypeError(f"{path}: a field cannot have the type {annotation}")
    return kind, ()
