"""The cervical assessment against the data dictionary, and its codes against a pinned table."""

from collections import Counter

import pytest
from hypothesis import Phase, find, given, settings

from guidestep.assessment import CervicalAssessment, FieldKind, WeeksBetween
from tests.strategies.assessments import ANCHOR, cervical_assessments, minimal, values

from .dictionary import ROWS

FIELDS = CervicalAssessment.fields()
KINDS = {
    "enum": FieldKind.ENUMERATION,
    "int": FieldKind.INTEGER,
    "float": FieldKind.DECIMAL,
    "date": FieldKind.DATE,
    "str": FieldKind.TEXT,
}
REACH = settings(max_examples=500, database=None, deadline=None, phases=[Phase.generate])
# The only codes that may be used, with the display their terminology gives them.
CODES = {
    ("http://snomed.info/sct", "299042006"): "Weakness of hand",
    ("http://snomed.info/sct", "22631008"): "Unsteady when walking",
    ("http://snomed.info/sct", "22325002"): "Abnormal gait",
    ("http://snomed.info/sct", "40492006"): "Bladder dysfunction",
    ("http://snomed.info/sct", "71286001"): "Spinal cord compression",
    ("http://snomed.info/sct", "74333002"): "Spasmodic torticollis",
    ("http://loinc.org", "38214-3"): "Pain severity [Score] Visual analog score",
}


def test_the_fields_are_those_of_the_dictionary_in_its_order():
    assert len(FIELDS) == len(ROWS) == 104
    assert list(FIELDS) == [row[0] for row in ROWS]
    assert Counter(spec.section for spec in FIELDS.values()) == {
        "encounter": 3,
        "scope": 11,
        "neurologic": 32,
        "measures": 21,
        "program": 20,
        "adjuncts": 12,
        "safety_screen": 5,
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_field_is_as_in_the_dictionary(row):
    path, type_, unit, valid, required, facts, origin = row
    spec = FIELDS[path]
    assert f"{spec.section}.{spec.name}" == spec.path == path
    assert spec.kind is KINDS[type_]
    assert spec.unit == unit
    assert spec.required is required
    assert spec.facts == tuple(facts.split())
    assert spec.origin == origin
    assert spec.members == (tuple(valid.split()) if type_ == "enum" else ())
    limits = tuple(map(float, valid.split())) if type_ in ("int", "float") else (None, None)
    assert (spec.minimum, spec.maximum) == limits
    assert spec.max_length == (int(valid) if type_ == "str" else None)


@pytest.mark.parametrize("path", FIELDS)
def test_a_field_says_what_it_is_and_asks_for_it(path):
    spec = FIELDS[path]
    assert 3 <= len(spec.label) <= 70
    assert spec.label[-1] not in ".?"
    assert spec.question[0].isupper()
    assert spec.question.endswith("?")
    assert "not_assessed" not in spec.members


def test_labels_and_questions_are_not_used_twice():
    assert len({spec.label for spec in FIELDS.values()}) == 104
    assert len({spec.question for spec in FIELDS.values()}) == 104


def test_the_few_special_fields():
    assert [p for p, s in FIELDS.items() if s.immutable] == ["scope.age_years"]
    assert {p: s.not_after for p, s in FIELDS.items() if s.not_after} == {
        "encounter.assessment_date": "today",
        "encounter.program_start_date": "encounter.assessment_date",
        "neurologic.mri_date": "encounter.assessment_date",
    }
    assert {p: s.derived for p, s in FIELDS.items() if s.derived} == {
        "program.weeks_since_program_start": WeeksBetween(
            "encounter.program_start_date", "encounter.assessment_date"
        )
    }
    assert FIELDS["measures.current_pain_vas_mm"].units == ("mm", "cm")


def test_the_least_assessment_knows_seven_fields():
    assessment = CervicalAssessment.read(minimal())
    assert sum(assessment.value(path) is not None for path in FIELDS) == 7


def test_codes_are_pinned_and_all_of_them_are_used():
    used = {(c.system, c.code): c.display for spec in FIELDS.values() for c in spec.codes}
    assert used == CODES


@pytest.mark.parametrize(("system", "code"), CODES)
def test_codes_have_a_valid_check_digit(system, code):
    assert verhoeff(code) if system.endswith("sct") else luhn(code)


def test_the_check_digits_find_a_wrong_code():
    assert not verhoeff("230529002")
    assert not luhn("24935-7")


def verhoeff(code):
    """Whether a SNOMED CT identifier ends in its Verhoeff check digit (dihedral group D5)."""

    def multiply(a, b):
        return (
            ((a + b) % 5 if a < 5 else 5 + (a - 5 - b) % 5)
            if b < 5
            else (5 + (a + b - 5) % 5 if a < 5 else (a - b) % 5)
        )

    permutation, check = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), 0
    for place, digit in enumerate(reversed(code)):
        number = int(digit)
        for _ in range(place % 8):
            number = permutation[number]
        check = multiply(check, number)
    return check == 0


def luhn(code):
    """Whether a LOINC code ends in its mod-10 check digit."""
    total = 0
    for place, digit in enumerate(reversed(code.replace("-", ""))):
        number = int(digit) * (2 if place % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


@given(cervical_assessments())
@settings(max_examples=20, deadline=None)
def test_the_strategy_dates_assessments_around_its_anchor(assessment):
    assert abs((assessment.encounter.assessment_date - ANCHOR).days) <= 30


@pytest.mark.parametrize("path", FIELDS)
def test_the_strategy_reaches_every_member_and_limit(path):
    spec = FIELDS[path]
    edges = spec.members or tuple(e for e in (spec.minimum, spec.maximum) if e is not None)
    for edge in edges:
        # Without shrinking: reaching it is the question, not the simplest way there.
        find(values(spec), lambda value, edge=edge: value == edge, settings=REACH)
