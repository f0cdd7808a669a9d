"""Each kind of problem, with its exact text."""

# ruff: noqa: E501 (the tables are read across)

from collections.abc import Mapping
from datetime import date

import pytest

from guidestep.assessment import AssessmentError, CervicalAssessment
from tests.strategies.assessments import changed, minimal

AGE = "scope.age_years: age: got "
AGES = ", allowed is a whole number from 0 to 120 a"
PAIN = "measures.current_pain_vas_mm: neck pain on a visual analogue scale now: got "
PAINS = ", allowed is a number from 0 to 100 mm"
SPASM = "scope.cervical_muscle_spasm: cervical muscle spasm: got "
NOT_ASSESSED = "leave the field out, or give null, and say why in data_absent_reasons"
NO_VALUE = "leave the field out, or give null, where there is no value"
LONG = "9" * 57
SECTIONS = (
    "allowed are encounter, scope, neurologic, measures, program, adjuncts, safety_screen, "
    "data_absent_reasons"
)


def problems(data):
    with pytest.raises(AssessmentError) as error:
        CervicalAssessment.read(data)
    return error.value.problems


def only(data):
    (problem,) = problems(data)
    return problem


# What is set, the code, and the text: path, label, what was given, what is allowed, hint.
VALUES = [
    ({"scope__age_years": "50"}, "not-a-number", f"{AGE}'50'{AGES}", "write 50, not '50'"),
    ({"scope__age_years": "fifty"}, "not-a-number", f"{AGE}'fifty'{AGES}", "write the number alone, in a"),
    ({"scope__age_years": "nan"}, "not-a-number", f"{AGE}'nan'{AGES}", "write the number alone, in a"),
    ({"scope__age_years": True}, "not-a-number", f"{AGE}True{AGES}", ""),
    ({"scope__age_years": 50.5}, "not-a-number", f"{AGE}50.5{AGES}", ""),
    ({"scope__age_years": 50.0}, "not-a-number", f"{AGE}50.0{AGES}", "write 50, not 50.0"),
    ({"scope__age_years": -1}, "out-of-range", f"{AGE}-1{AGES}", ""),
    ({"scope__age_years": 121}, "out-of-range", f"{AGE}121{AGES}", ""),
    ({"scope__age_years": [50]}, "not-a-number", f"{AGE}[50]{AGES}", ""),
    ({"scope__age_years": 10**5000}, "out-of-range", f"{AGE}<int>{AGES}", ""),
    ({"scope__age_years": "not_assessed"}, "not-a-number", f"{AGE}'not_assessed'{AGES}", NOT_ASSESSED),
    ({"measures__current_pain_vas_mm": False}, "not-a-number", f"{PAIN}False{PAINS}", ""),
    ({"measures__current_pain_vas_mm": float("nan")}, "not-finite", f"{PAIN}nan{PAINS}", NO_VALUE),
    ({"measures__current_pain_vas_mm": float("inf")}, "not-finite", f"{PAIN}inf{PAINS}", NO_VALUE),
    ({"measures__current_pain_vas_mm": 100.5}, "out-of-range", f"{PAIN}100.5{PAINS}", 'in another unit, write {"value": ..., "unit": "cm"}'),
    ({"measures__current_pain_vas_mm": "6.2 cm"}, "not-a-number", f"{PAIN}'6.2 cm'{PAINS}", "write the number alone, in mm"),
    ({"scope__cervical_muscle_spasm": "presnt"}, "not-a-member", f"{SPASM}'presnt', allowed is one of present, absent", "did you mean 'present'?"),
    ({"scope__cervical_muscle_spasm": True}, "not-a-member", f"{SPASM}True, allowed is one of present, absent", ""),
    ({"scope__cervical_muscle_spasm": "not_assessed"}, "not-a-member", f"{SPASM}'not_assessed', allowed is one of present, absent", NOT_ASSESSED),
    ({"encounter__care_stage": "not_assessed"}, "not-a-member", "encounter.care_stage: stage of care: got 'not_assessed', allowed is one of intake, active_program, post_program", ""),
    ({"encounter__care_stage": None}, "missing", "encounter.care_stage: stage of care: nothing given, and the field is required", "give one of intake, active_program, post_program"),
    ({"neurologic__new_neurologic_deficit_description": 3}, "not-a-text", "neurologic.new_neurologic_deficit_description: description of the new neurologic deficit: got 3, allowed is a text of at most 500 characters", ""),
    ({"neurologic__new_neurologic_deficit_description": "x" * 501}, "too-long", "neurologic.new_neurologic_deficit_description: description of the new neurologic deficit: got 'xxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxx', allowed is a text of at most 500 characters", "shorten it: it has 501 characters"),
    ({"neurologic__new_neurologic_deficit_description": "\ud800"}, "not-a-text", "neurologic.new_neurologic_deficit_description: description of the new neurologic deficit: got '\\ud800', allowed is a text of at most 500 characters", "it holds half a character (a lone surrogate)"),
    ({"scope__age": 50}, "unknown-field", "scope.age: there is no field scope.age in this assessment", "did you mean 'scope.age_years'?"),
    ({"neurologic__age_years": 50}, "unknown-field", "neurologic.age_years: there is no field neurologic.age_years in this assessment", "did you mean 'scope.age_years'?"),
    ({"scope__zzz": 50}, "unknown-field", "scope.zzz: there is no field scope.zzz in this assessment", ""),
    ({"scop__age_years": 50}, "unknown-section", f"scop: there is no section scop, {SECTIONS}", "did you mean 'scope'?"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "code", "text", "hint"), VALUES)
def test_a_value_that_is_not_accepted(fields, code, text, hint):
    problem = only(changed(minimal(), **fields))
    assert problem.code == code
    assert str(problem) == (f"{text}\n  hint: {hint}" if hint else text)
    assert problem.hint == hint


RECORDS = [
    ([1], "wrong-shape", "got [1], allowed is a mapping of sections to their fields", ""),
    (None, "wrong-shape", "got None, allowed is a mapping of sections to their fields", ""),
    ("[1]", "wrong-shape", "got [1], allowed is a mapping of sections to their fields", ""),
    ("", "invalid-json", "not valid JSON: Expecting value (line 1, column 1)", ""),
    ('{"scope":\n {"age_years" 5}}', "invalid-json", "not valid JSON: Expecting ':' delimiter (line 2, column 15)", ""),
    (b'{"\xff": 1}', "invalid-json", "not valid JSON: byte 2 is not utf-8 text", ""),
    ("[" * 200_000, "invalid-json", "not valid JSON here: nested too deeply", ""),
    ("9" * 5000, "invalid-json", "not valid JSON here: a number has too many digits", ""),
    ('{"scope": {"age_years": NaN}}', "not-finite", "NaN is not a JSON number", NO_VALUE),
    ('{"scope": {"age_years": -Infinity}}', "not-finite", "-Infinity is not a JSON number", NO_VALUE),
    ('{"scope": {"age_years": 5, "age_years": 6}}', "duplicate", "age_years is given more than once in one object (5, 6)", "keep one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("record", "code", "text", "hint"), RECORDS)
def test_a_record_that_cannot_be_read(record, code, text, hint):
    problem = only(record)
    assert (problem.path, problem.code, problem.message, problem.hint) == ("", code, text, hint)


def test_a_list_in_place_of_a_section():
    problem = only(minimal() | {"scope": [1, 2]})
    assert problem.code == "wrong-shape"
    assert str(problem) == (
        "scope: got [1, 2], allowed is a mapping of field names to values\n"
        '  hint: write {"age_years": ...}'
    )


def test_a_misshapen_section_is_one_problem_although_it_has_required_fields():
    assert only(minimal() | {"encounter": "intake"}).path == "encounter"


def test_each_required_field_of_a_missing_section_is_named():
    data = minimal()
    del data["encounter"]
    expected = ["encounter.care_stage", "encounter.assessment_date"]
    assert [p.path for p in problems(data)] == expected
    assert [p.path for p in problems(data | {"encounter": None})] == expected
    assert [p.path for p in problems({})][:2] == expected
    assert len(problems({})) == 7


def test_a_field_without_its_section():
    problem = only(minimal() | {"age_years": 50})
    assert problem.message == f"there is no section age_years, {SECTIONS}"
    assert problem.hint == "did you mean 'scope.age_years'?"


def test_a_field_given_twice():
    problem = only(changed(minimal(), scope__age_years=50) | {"scope.age_years": 50})
    assert str(problem) == (
        "scope.age_years: age: given twice, in its section and as a dotted key (50, 50)\n"
        "  hint: keep one of them"
    )


def test_keys_that_are_not_text():
    assert str(only({**minimal(), 3: 4})) == "got the key 3, allowed are names in text"
    section = only(minimal() | {"scope": {None: 4}})
    assert str(section) == "scope: got the key None, allowed are names in text"


def test_every_problem_is_reported_at_once_in_one_text():
    data = changed(minimal(), scope__age_years="50", scope__x=1, measures__current_pain_vas_mm=-1)
    data["encounter"]["program_start_date"] = "2026-03-02"
    data["data_absent_reasons"] = {"encounter.care_stage": "unable", "y": "unable"}
    with pytest.raises(AssessmentError) as error:
        CervicalAssessment.read(data)
    assert str(error.value).splitlines()[0] == "the assessment cannot be read: 6 problems"
    assert [problem.path for problem in error.value.problems] == [
        "scope.x",
        "scope.age_years",
        "measures.current_pain_vas_mm",
        "encounter.care_stage",
        "y",
        "encounter.program_start_date",
    ]
    assert all(str(problem) in str(error.value) for problem in error.value.problems)


def test_huge_junk_gives_a_short_text_quickly():
    with pytest.raises(AssessmentError) as error:
        CervicalAssessment.read({f"{n}{'x' * 1000}\n": n for n in range(5000)})
    assert len(error.value.problems) == 5007
    text = str(error.value)
    assert text.endswith("... and 4957 more")
    assert len(text) < 20_000
    assert len(text.splitlines()) <= 2 + 2 * 50


def test_an_object_whose_repr_fails_or_a_mapping_that_fails():
    class Hostile(Mapping):
        def __getitem__(self, key):
            raise RuntimeError("no")

        def __iter__(self):
            raise RuntimeError("no")

        def __len__(self):
            return 1

    assert only(Hostile()).message == "the data cannot be read (RuntimeError)"

    class Unprintable:
        def __repr__(self):
            raise RuntimeError("no")

    problem = only(changed(minimal(), scope__age_years=Unprintable()))
    assert problem.message.startswith("age: got <Unprintable instance at")


def test_a_mapping_that_contains_itself():
    endless = {}
    endless["scope"] = endless
    assert "scope.scope" in {problem.path for problem in problems(endless)}


def test_the_problems_are_data():
    error = AssessmentError(problems(changed(minimal(), scope__age_years=date(2026, 1, 1))))
    assert isinstance(error, ValueError)
    assert [(p.path, p.code) for p in error.problems] == [("scope.age_years", "not-a-number")]
