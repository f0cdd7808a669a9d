"""Random valid assessments, made from the declarations of the model itself."""

from collections.abc import Mapping
from datetime import date, timedelta

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from guidestep.assessment import (
    Assessment,
    CervicalAssessment,
    DataAbsentReason,
    FieldKind,
    FieldSpec,
)

ANCHOR = date(2026, 3, 1)
"""Assessments are dated within 30 days of it; earlier dates lie up to 400 days before."""

AssessmentDict = dict[str, dict[str, object]]


def values(spec: FieldSpec) -> SearchStrategy[object]:
    """Valid values of one field, dates aside; every member and both limits are likely."""
    low, high = spec.minimum, spec.maximum
    match spec.kind:
        case FieldKind.ENUMERATION:
            return st.sampled_from(spec.members)
        case FieldKind.BOOLEAN:
            return st.booleans()
        case FieldKind.TEXT:
            return st.text(max_size=spec.max_length)
        case FieldKind.INTEGER:
            assert low is not None
            assert high is not None
            return st.sampled_from([int(low), int(high)]) | st.integers(int(low), int(high))
        case FieldKind.DECIMAL:
            assert low is not None
            assert high is not None
            return (
                st.sampled_from([float(low), float(high)])
                | st.integers(int(low), int(high)).map(float)
                | st.floats(low, high)
            )
        case FieldKind.DATE:
            raise AssertionError("dates depend on each other: see assessment_dicts")


@st.composite
def assessment_dicts(draw: DrawFn, model: type[Assessment], missing: float = 0.3) -> AssessmentDict:
    """Random valid data for a model, with this share of the optional fields missing.

    Dates are ISO texts. Some of the missing fields have a data-absent reason.
    """
    data: AssessmentDict = {}
    absent: list[str] = []
    dates: dict[str, date] = {}
    for path, spec in sorted(model.fields().items(), key=lambda item: item[1].not_after != "today"):
        # Drawn so that 0, to which an example shrinks, leaves the field out.
        if not spec.required and draw(st.integers(0, 999)) < missing * 1000:
            absent.append(path)
            continue
        value: object
        if spec.kind is FieldKind.DATE:
            limit = dates.get(spec.not_after or "")
            days = draw(st.integers(-30, 30) if limit is None else st.integers(-360, 0))
            dates[path] = (limit or ANCHOR) + timedelta(days=days)
            value = dates[path].isoformat()
        else:
            value = draw(values(spec))
        data.setdefault(spec.section, {})[spec.name] = value
    # A derived field may carry a reason too: it is then left as recorded.
    if absent and (paths := draw(st.lists(st.sampled_from(absent), max_size=3, unique=True))):
        reasons = [reason.value for reason in DataAbsentReason]
        data["data_absent_reasons"] = {path: draw(st.sampled_from(reasons)) for path in paths}
    return data


def cervical_dicts(missing: float = 0.3) -> SearchStrategy[AssessmentDict]:
    """Random valid data for the cervical assessment."""
    return assessment_dicts(CervicalAssessment, missing)


def cervical_assessments(missing: float = 0.3) -> SearchStrategy[CervicalAssessment]:
    """Random valid cervical assessments."""
    return cervical_dicts(missing).map(CervicalAssessment.read)


def minimal(model: type[Assessment] = CervicalAssessment) -> AssessmentDict:
    """The smallest valid data: the first member of each required field, dated `ANCHOR`."""
    data: AssessmentDict = {}
    for spec in model.fields().values():
        if spec.required:
            first = spec.members[0] if spec.members else ANCHOR.isoformat()
            data.setdefault(spec.section, {})[spec.name] = first
    return data


def changed(data: Mapping[str, Mapping[str, object]], **fields: object) -> AssessmentDict:
    """The same data with some fields set, written `section__field=value`."""
    copy: AssessmentDict = {section: dict(content) for section, content in data.items()}
    for key, value in fields.items():
        section, _, name = key.partition("__")
        copy.setdefault(section, {})[name] = value
    return copy
