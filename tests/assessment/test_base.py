"""The base: a small model of another kind, the round-trip law, and what junk may do."""

import copy
import doctest
import importlib
import json
import pickle
import pkgutil
from datetime import date
from typing import Annotated, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError, field_validator

import guidestep.assessment
from guidestep.assessment import (
    Assessment,
    AssessmentError,
    CervicalAssessment,
    Day,
    FieldKind,
    Section,
    UnknownFieldError,
    WeeksBetween,
    item,
    quantity,
)
from tests.strategies.assessments import (
    assessment_dicts,
    cervical_assessments,
    cervical_dicts,
    changed,
    minimal,
)


class Visit(Section):
    day: Annotated[Day, item("day of the visit", "When was the visit?", not_after="today")]
    operated: Annotated[Day | None, item("operation", "When?", not_after="visit.day")] = None
    smoker: Annotated[bool | None, item("smoking", "Does the patient smoke?")] = None


class Joint(Section):
    flexion_deg: Annotated[
        float | None,
        quantity("flexion", "How far does it flex?", unit="deg", minimum=0, maximum=160),
    ] = None
    swelling: Annotated[Literal["none", "mild", "tense"] | None, item("swelling", "Any?")] = None
    weeks: Annotated[
        float | None,
        quantity(
            "time since the operation",
            "How long ago?",
            unit="wk",
            minimum=0,
            maximum=52,
            derived=WeeksBetween("visit.operated", "visit.day"),
        ),
    ] = None


class KneeAssessment(Assessment):
    model_id = "knee"
    visit: Visit
    joint: Joint = Joint()


KNEE = {"visit": {"day": "2026-03-01", "smoker": False}, "joint": {"flexion_deg": 120}}


def test_a_model_describes_itself():
    fields = KneeAssessment.fields()
    assert list(fields) == [
        "visit.day",
        "visit.operated",
        "visit.smoker",
        "joint.flexion_deg",
        "joint.swelling",
        "joint.weeks",
    ]
    assert fields is KneeAssessment.fields()
    assert [spec.kind for spec in fields.values()] == [
        FieldKind.DATE,
        FieldKind.DATE,
        FieldKind.BOOLEAN,
        FieldKind.DECIMAL,
        FieldKind.ENUMERATION,
        FieldKind.DECIMAL,
    ]
    assert [spec.required for spec in fields.values()] == [True] + [False] * 5
    assert fields["joint.swelling"].members == ("none", "mild", "tense")
    assert fields["joint.weeks"].derived.formula == "weeks_between(visit.operated, visit.day)"
    assert pickle.loads(pickle.dumps(fields)) == fields


def test_values_are_read_by_path():
    knee = KneeAssessment.read(KNEE)
    assert knee.value("joint.flexion_deg") == 120.0
    assert knee.value("joint.swelling") is None
    assert knee.value("visit.smoker") is False
    assert KneeAssessment.reader(["visit.smoker", "joint.flexion_deg"])(knee) == (False, 120.0)
    assert KneeAssessment.reader(["joint.flexion_deg"])(knee) == (120.0,)
    assert KneeAssessment.reader([])(knee) == ()


def test_an_unknown_path_is_refused_with_the_closest_one():
    text = "knee has no field joint.flexion; did you mean 'joint.flexion_deg'?"
    with pytest.raises(UnknownFieldError) as error:
        KneeAssessment.read(KNEE).value("joint.flexion")
    assert str(error.value) == text
    with pytest.raises(UnknownFieldError) as error:
        KneeAssessment.reader(["visit.day", "joint.flexion"])
    assert str(error.value) == text


@pytest.mark.parametrize("form", [json.dumps(KNEE), json.dumps(KNEE).encode()])
def test_json_text_and_bytes_are_read(form):
    assert KneeAssessment.read(form) == KneeAssessment.read(KNEE)


def test_dotted_keys_are_read_alone_and_beside_sections():
    flat = {"visit.day": "2026-03-01", "visit.smoker": False, "joint.flexion_deg": 120}
    mixed = {"visit": {"day": "2026-03-01"}, "visit.smoker": False, "joint.flexion_deg": 120}
    assert KneeAssessment.read(flat) == KneeAssessment.read(KNEE) == KneeAssessment.read(mixed)


def test_a_section_may_be_null_or_left_out_or_an_object():
    bare = KneeAssessment.read({"visit": KNEE["visit"]})
    assert bare.joint == Joint()
    assert KneeAssessment.read({"visit": KNEE["visit"], "joint": None}) == bare
    made = {"visit": Visit(day=date(2026, 3, 1), smoker=False), "joint": {"flexion_deg": 120}}
    assert KneeAssessment.read(made) == KneeAssessment.read(KNEE)
    assert KneeAssessment.read({**made, "joint.swelling": "mild"}).joint.swelling == "mild"


def test_an_assessment_is_immutable_hashable_and_portable():
    knee = KneeAssessment.read({**KNEE, "data_absent_reasons": {"joint.swelling": "not-asked"}})
    with pytest.raises(ValidationError):
        knee.joint = Joint()
    with pytest.raises(ValidationError):
        knee.joint.swelling = "mild"
    with pytest.raises(TypeError):
        knee.data_absent_reasons["joint.weeks"] = "unable"
    assert hash(knee) == hash(copy.deepcopy(knee))
    assert pickle.loads(pickle.dumps(knee)) == knee
    assert knee != KneeAssessment.read(KNEE)


def test_to_dict_gives_only_what_is_known():
    assert KneeAssessment.read(KNEE).to_dict() == KNEE


def test_a_derived_field_is_filled_only_where_nothing_was_entered():
    operated = changed(KNEE, visit__operated="2026-01-04")
    assert KneeAssessment.read(operated).joint.weeks == 8.0
    assert KneeAssessment.read(changed(operated, joint__weeks=3)).joint.weeks == 3.0
    assert KneeAssessment.read(KNEE).joint.weeks is None
    explained = {**operated, "data_absent_reasons": {"joint.weeks": "asked-unknown"}}
    assert KneeAssessment.read(explained).joint.weeks is None


def test_filling_a_derived_field_leaves_a_shared_section_alone():
    joint = Joint(flexion_deg=120)
    visit = Visit(day=date(2026, 3, 1), operated=date(2026, 1, 4))
    assert KneeAssessment(visit=visit, joint=joint).joint.weeks == 8.0
    assert joint.weeks is None


def test_filling_a_derived_field_of_a_section_left_out_fills_it_for_nobody_else():
    visit = {"day": "2026-03-01", "operated": "2026-02-01"}
    assert KneeAssessment.read({"visit": visit}).joint.weeks == 4.0
    assert KneeAssessment.read({"visit": {"day": "2026-03-01"}}).joint.weeks is None
    assert KneeAssessment.model_fields["joint"].default.weeks is None


def test_a_section_that_was_put_together_unread_is_read():
    unread = Joint.model_construct(flexion_deg=-20.0)
    with pytest.raises(AssessmentError, match=r"joint\.flexion_deg.*allowed is"):
        KneeAssessment.read({"visit": {"day": "2026-03-01"}, "joint": unread})
    with pytest.raises(ValidationError, match="greater than or equal"):
        KneeAssessment(visit=Visit(day=date(2026, 3, 1)), joint=unread)


def test_a_derived_value_out_of_range_is_a_problem_of_the_dates():
    with pytest.raises(AssessmentError) as error:
        KneeAssessment.read(changed(KNEE, visit__operated="2016-01-04"))
    (problem,) = error.value.problems
    assert problem.path == "joint.weeks"
    assert problem.code == "out-of-range"
    assert problem.hint == "it follows from visit.operated and visit.day: check them"


def test_a_models_own_validator_is_reported_like_any_other_problem():
    class Strict(Section):
        score: Annotated[
            int | None, quantity("score", "?", unit="{score}", minimum=0, maximum=10)
        ] = None

        @field_validator("score")
        @classmethod
        def even(cls, score):
            if score % 2:
                raise ValueError("must be even")
            return score

    class Scored(Assessment):
        model_id = "scored"
        part: Strict = Strict()

    with pytest.raises(AssessmentError) as error:
        Scored.read({"part": {"score": 3}})
    (problem,) = error.value.problems
    assert str(problem) == "part.score: score: Value error, must be even"
    assert problem.code == "invalid"


def test_a_wrong_declaration_fails_where_it_is_written():
    class Bare(Section):
        score: int | None = None

    class Odd(Section):
        sides: Annotated[list[str] | None, item("sides", "?")] = None

    class Preset(Section):
        smoker: Annotated[bool, item("smoking", "?")] = False

    for section, text in [
        (Bare, r"part.score: declare the field with item\(...\) or quantity\(...\)"),
        (Odd, r"part.sides: a field cannot have the type list\[str\]"),
        (Preset, "part.smoker: the only default is None, for 'not assessed'"),
        (int, "Wrong.part is not a Section"),
    ]:
        with pytest.raises(TypeError, match=text):
            type("Wrong", (Assessment,), {"__annotations__": {"part": section}, "part": ...})


@given(cervical_dicts())
@settings(max_examples=60, deadline=None)
def test_law_reading_what_to_dict_gives_makes_an_equal_assessment(data):
    assessment = CervicalAssessment.read(data)
    known = assessment.to_dict()
    assert CervicalAssessment.read(known) == assessment
    assert CervicalAssessment.read(json.dumps(known)) == assessment
    assert hash(CervicalAssessment.read(known)) == hash(assessment)


@given(cervical_dicts())
@settings(max_examples=40, deadline=None)
def test_law_the_quick_and_the_careful_way_read_the_same(data):
    reasons = data.pop("data_absent_reasons", {})
    flat = {f"{s}.{n}": value for s, content in data.items() for n, value in content.items()}
    quick = CervicalAssessment.read({**data, "data_absent_reasons": reasons})
    assert CervicalAssessment.read({**flat, "data_absent_reasons": reasons}) == quick


@given(assessment_dicts(KneeAssessment, missing=0.5))
@settings(max_examples=40, deadline=None)
def test_law_the_values_given_are_the_values_read(data):
    knee = KneeAssessment.read(data)
    for section in data.keys() - {"data_absent_reasons"}:
        for name, given_value in data[section].items():
            read = knee.value(f"{section}.{name}")
            assert (read.isoformat() if isinstance(read, date) else read) == given_value


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, "not_assessed", "12", "\ud800", b"x", object(), 1j])
    | st.floats()
    | st.text(max_size=20)
    | st.dates()
    | st.datetimes(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["value", "unit", "", "mm", 3, None]) | st.text(max_size=5),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(sorted(CervicalAssessment.fields())), JUNK, max_size=4))
@settings(max_examples=300, deadline=None)
def test_law_junk_raises_nothing_but_problems_that_name_its_field(junk):
    data = minimal()
    for path, value in junk.items():
        section, _, name = path.partition(".")
        data.setdefault(section, {})[name] = value
    assessment, problems = outcome(data)
    # A date is compared with others, so the problem may be theirs.
    dates = {p for p, s in CervicalAssessment.fields().items() if s.kind is FieldKind.DATE}
    blamed = {*junk, *dates, "program.weeks_since_program_start"} if junk.keys() & dates else junk
    assert {problem.path for problem in problems} <= set(blamed)
    if assessment is None:
        assert problems
        return
    for path, value in junk.items():
        if not isinstance(value, dict | str):
            assert value is None or assessment.value(path) == value


def outcome(data):
    """The assessment, or the problems; any other error is a failure."""
    try:
        return CervicalAssessment.read(data), ()
    except AssessmentError as error:
        return None, error.problems


@given(JUNK | st.dictionaries(st.sampled_from(["scope", "encounter", "x", 1]), JUNK))
@settings(max_examples=200, deadline=None)
def test_law_junk_instead_of_a_record_raises_nothing_but_problems(junk):
    with pytest.raises(AssessmentError):
        CervicalAssessment.read(junk)


@given(st.text(max_size=30) | st.binary(max_size=30) | JUNK.map(repr))
@settings(max_examples=200, deadline=None)
def test_law_junk_instead_of_json_raises_nothing_but_problems(text):
    with pytest.raises(AssessmentError):
        CervicalAssessment.read(text)


@given(cervical_assessments(missing=1.0))
@settings(max_examples=10, deadline=None)
def test_the_share_of_missing_fields_is_kept(assessment):
    known = [p for p, s in CervicalAssessment.fields().items() if assessment.value(p) is not None]
    assert known == [p for p, s in CervicalAssessment.fields().items() if s.required]


def test_the_examples_in_the_docstrings_run():
    package = guidestep.assessment
    names = [m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
    results = [
        doctest.testmod(importlib.import_module(name)) for name in [package.__name__, *names]
    ]
    assert sum(result.failed for result in results) == 0
    assert sum(result.attempted for result in results) > 30
