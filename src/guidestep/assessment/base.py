"""The base of all assessment models: what is known of one patient at one visit.

A model is a few `Section` classes and an `Assessment` that names them. Everything else, the
reading, the errors, the description of the fields, follows from the declarations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Annotated, ClassVar, Self, TypeAlias, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationError,
    model_validator,
)

from guidestep.assessment.absent import DataAbsentReason
from guidestep.assessment.consistency import derive, late_dates, misplaced_reasons
from guidestep.assessment.derived import Derivation, Value
from guidestep.assessment.errors import AssessmentError, Problem, UnknownFieldError, named
from guidestep.assessment.fields import TODAY, FieldSpec, spec_of
from guidestep.assessment.frozen import FrozenDict
from guidestep.assessment.json_text import parse
from guidestep.assessment.reading import REASONS, explained, normalise
from guidestep.spelling import did_you_mean

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


_NO_REASONS: FrozenDict[str, DataAbsentReason] = FrozenDict()


def _in_order(reasons: Mapping[str, DataAbsentReason]) -> Mapping[str, DataAbsentReason]:
    """Return reasons in the order of their paths, so that equal assessments are written alike."""
    return FrozenDict(sorted(reasons.items()) if len(reasons) > 1 else reasons)


class Section(BaseModel):
    """A part of an assessment: fields declared with `item` and `quantity`."""

    # Read again where one is given: what was put together unread does not slip in, and the section
    # of an assessment is its own.
    model_config = ConfigDict(**_STRICT, revalidate_instances="always")


Getter: TypeAlias = Callable[[object], Value]
"""What gets the value at one path out of an assessment."""


@dataclass(frozen=True, slots=True)
class _Derived:
    """A field that can be derived: what gets it, and what it is derived from."""

    spec: FieldSpec
    derivation: Derivation
    get: Getter
    sources: tuple[Getter, ...]
    shared: object
    """The section that stands for the one left out: one object for all assessments."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the declarations of a model amount to, worked out once.

    `limits` gets, for each of `dated`, its date and the one that it may not follow. `past` are the
    dates that may not follow the day on which they are read.
    """

    fields: FrozenDict[str, FieldSpec]
    getters: dict[str, Getter]
    dated: tuple[FieldSpec, ...]
    past: tuple[FieldSpec, ...]
    limits: tuple[tuple[Getter, Getter], ...]
    derived: tuple[_Derived, ...]

    def late(self, assessment: object) -> bool:
        """Whether a date follows the one it may not follow: the quick look before the words."""
        for get, get_limit in self.limits:
            given = get(assessment)
            if isinstance(given, date):
                limit = get_limit(assessment)
                if isinstance(limit, date) and given > limit:
                    return True
        return False


class Assessment(BaseModel):
    """What is known of one patient at one visit; a field that is None is *not assessed*.

    >>> from typing import Annotated, Literal
    >>> from guidestep.assessment.fields import item, quantity
    >>> class Joint(Section):
    ...     flexion_deg: Annotated[float | None, quantity("flexion", "How far does the knee flex?",
    ...                            unit="deg", minimum=0, maximum=160)] = None
    ...     effusion: Annotated[Literal["present", "absent"] | None,
    ...                         item("effusion", "Is there an effusion?")] = None
    >>> class KneeAssessment(Assessment):
    ...     model_id = "knee"
    ...     joint: Joint = Joint()
    >>> knee = KneeAssessment.read({"joint": {"flexion_deg": 120}})
    >>> knee.joint.flexion_deg, knee.value("joint.effusion")
    (120.0, None)
    >>> KneeAssessment.reader(["joint.effusion", "joint.flexion_deg"])(knee)
    (None, 120.0)
    >>> knee.to_dict()
    {'joint': {'flexion_deg': 120.0}}
    """

    model_config = _STRICT
    model_id: ClassVar[str]
    _layout: ClassVar[_Layout]

    data_absent_reasons: Annotated[
        Mapping[str, Annotated[DataAbsentReason, Field(strict=False)]],
        AfterValidator(_in_order),
        PlainSerializer(dict),
        Field(default_factory=lambda: _NO_REASONS),
    ]
    """Why fields are missing: path to reason, only for fields that are None."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: object) -> None:
        """Work out the layout, so that a wrong declaration fails where it is written."""
        super().__pydantic_init_subclass__(**kwargs)
        specs: dict[str, FieldSpec] = {}
        for section, info in cls.model_fields.items():
            if section == REASONS:
                continue
            model = info.annotation
            if not isinstance(model, type) or not issubclass(model, Section):
                raise TypeError(f"{cls.__name__}.{section} is not a Section")
            for name, declared in model.model_fields.items():
                specs[f"{section}.{name}"] = spec_of(section, name, declared)
        for spec in specs.values():
            inputs = spec.derived.inputs if spec.derived is not None else ()
            if unknown := [path for path in inputs if path not in specs]:
                raise TypeError(f"{spec.path} is derived from {unknown[0]}, which does not exist")
        getters: dict[str, Getter] = {path: attrgetter(path) for path in specs}
        dated = tuple(spec for spec in specs.values() if spec.not_after in specs)
        cls._layout = _Layout(
            fields=FrozenDict(specs),
            getters=getters,
            dated=dated,
            past=tuple(spec for spec in specs.values() if spec.not_after == TODAY),
            limits=tuple((getters[s.path], getters[s.not_after or ""]) for s in dated),
            derived=tuple(
                _Derived(
                    spec,
                    spec.derived,
                    getters[spec.path],
                    tuple(getters[path] for path in spec.derived.inputs),
                    cls.model_fields[spec.section].default,
                )
                for spec in specs.values()
                if spec.derived is not None
            ),
        )

    @classmethod
    def fields(cls) -> Mapping[str, FieldSpec]:
        """Return the fields by dotted path, in the order of their declaration.

        >>> from guidestep.assessment import CervicalAssessment
        >>> CervicalAssessment.fields()["measures.baseline_pain_vas_mm"].unit
        'mm'
        """
        return cls._layout.fields

    @classmethod
    def read(cls, data: Mapping[str, object] | str | bytes, *, today: date | None = None) -> Self:
        """Return the assessment that a mapping or a JSON text holds.

        Fields are given in their sections or under dotted keys, numbers in the unit of the field
        or as `{"value": 6.2, "unit": "cm"}`, dates as `date` or `YYYY-MM-DD`. `today` is the last
        day an assessment may be dated; without it that is not checked, since the library never
        reads the clock.

        >>> from guidestep.assessment import CervicalAssessment
        >>> CervicalAssessment.read({"scope.age_years": "50"})  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        guidestep.assessment.errors.AssessmentError: the assessment cannot be read: 8 problems
        ...

        Raises:
            AssessmentError: The data are not such an assessment; it names every problem.
        """
        given: object = parse(data) if isinstance(data, str | bytes) else data
        try:
            assessment = cast("Self", cls.__pydantic_validator__.validate_python(given))
        except Exception:  # whatever it was: the careful way accepts it or says what is wrong
            return cls._read_carefully(given, today)
        if today is not None:
            late = tuple(late_dates(cls._layout.past, assessment.value, today))
            if late:
                raise AssessmentError(late)
        return assessment

    @classmethod
    def _read_carefully(cls, given: object, today: date | None) -> Self:
        try:
            plain = normalise(cls.fields(), given, today)
            return cast("Self", cls.__pydantic_validator__.validate_python(plain))
        except ValidationError as error:
            raise explained(cls.fields(), error) from None
        except AssessmentError as error:
            raise error from None
        except Exception as error:  # a mapping that fails when it is read, endless nesting
            message = f"the data cannot be read ({type(error).__name__})"
            raise AssessmentError([Problem("", message, "", "wrong-shape")]) from error

    @model_validator(mode="after")
    def _settle(self) -> Self:
        """Check what fields say together, then fill the derived ones that were not entered."""
        layout, reasons = self._layout, self.data_absent_reasons
        problems: list[Problem] = []
        if layout.late(self):
            problems += late_dates(layout.dated, self.value)
        if reasons:
            problems += misplaced_reasons(layout.fields, self.value, reasons)
        for field in layout.derived:
            if field.get(self) is not None or field.spec.path in reasons:
                continue
            inputs = [source(self) for source in field.sources]
            derived = derive(field.spec, field.derivation, inputs)
            if isinstance(derived, Problem):
                problems.append(derived)
            elif derived is not None:
                self._fill(field, derived)
        if problems:
            raise AssessmentError(problems)
        return self

    def _fill(self, field: _Derived, derived: Value) -> None:
        name, place = field.spec.name, field.spec.section
        section: Section = getattr(self, place)
        if section is field.shared:
            section = section.model_copy()
            object.__setattr__(self, place, section)
        object.__setattr__(section, name, derived)
        section.model_fields_set.add(name)

    def value(self, path: str) -> Value:
        """Return the value at a dotted path; None is *not assessed*.

        Raises:
            UnknownFieldError: The model has no such field.
        """
        try:
            return self._layout.getters[path](self)
        except KeyError:
            raise UnknownFieldError(_unknown(type(self), path)) from None

    @classmethod
    def reader(cls, paths: Sequence[str]) -> Callable[["Assessment"], tuple[Value, ...]]:
        """Return a fast function from an assessment of this model to its values at the paths.

        >>> from guidestep.assessment import CervicalAssessment
        >>> read = CervicalAssessment.reader(["scope.age_years", "program.resistance_step"])

        Raises:
            UnknownFieldError: The model has no such field.
        """
        for path in paths:
            if path not in cls._layout.getters:
                raise UnknownFieldError(_unknown(cls, path))
        # Twice as fast as `attrgetter`, which looks each section up for each of its fields.
        picks = [
            (section, _pick([path.partition(".")[2] for path in run]))
            for section, run in groupby(paths, lambda path: path.partition(".")[0])
        ]

        def read(assessment: Assessment) -> tuple[Value, ...]:
            sections = assessment.__dict__
            found: list[Value] = []
            for section, pick in picks:
                found += pick(sections[section].__dict__)
            return tuple(found)

        return read

    def to_dict(self) -> dict[str, dict[str, bool | int | float | str]]:
        """Return what is known, ready for JSON; `read` makes an equal assessment of it.

        Dates are ISO 8601 texts. Values that were derived are known, and are given with the rest.
        """
        known: dict[str, dict[str, bool | int | float | str]] = {}
        for path, spec in self._layout.fields.items():
            value = self._layout.getters[path](self)
            if value is not None:
                plain = value.isoformat() if isinstance(value, date) else value
                known.setdefault(spec.section, {})[spec.name] = plain
        if self.data_absent_reasons:
            known[REASONS] = {p: reason.value for p, reason in self.data_absent_reasons.items()}
        return known


def _pick(names: Sequence[str]) -> Callable[[Mapping[str, Value]], tuple[Value, ...]]:
    """Return what takes the values under some names out of a mapping."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple([values[name] for name in names])


def _unknown(model: type[Assessment], path: str) -> str:
    hint = did_you_mean(path, model.fields())
    return f"{model.model_id} has no field {named(path)}" + (f"; {hint}" if hint else "")
