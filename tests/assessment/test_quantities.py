"""Numbers with their unit: converted where the unit is known, refused where it is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.assessment import AssessmentError, CervicalAssessment
from tests.strategies.assessments import changed, minimal

UNITS = {
    (spec.unit, other): factor
    for spec in CervicalAssessment.fields().values()
    for other, factor in spec.other_units.items()
}


def read(path, value, unit):
    given_value = {"value": value, "unit": unit}
    fields = {path.replace(".", "__"): given_value}
    return CervicalAssessment.read(changed(minimal(), **fields)).value(path)


def problem(path, quantity):
    with pytest.raises(AssessmentError) as error:
        CervicalAssessment.read(changed(minimal(), **{path.replace(".", "__"): quantity}))
    (only,) = error.value.problems
    return only


PAIN = "measures.current_pain_vas_mm"


def test_the_units_that_are_converted():
    assert UNITS == {
        ("mm", "cm"): 10,
        ("wk", "d"): 1 / 7,
        ("s", "min"): 60,
        ("/wk", "/d"): 7,
    }


@pytest.mark.parametrize(
    ("path", "value", "unit", "expected"),
    [
        (PAIN, 62, "mm", 62.0),
        (PAIN, 6.2, "cm", 62.0),
        (PAIN, 0, "cm", 0.0),
        (PAIN, 10, "cm", 100.0),
        (PAIN, 0.1 + 0.2, "cm", 3.0),
        ("program.weeks_since_program_start", 42, "d", 6.0),
        ("program.stretch_rest_s", 0.5, "min", 30.0),
        ("program.stretch_sessions_per_week", 2, "/d", 14.0),
        ("scope.age_years", 50, "a", 50),
        ("neurologic.grip_release_10s_left", 20, "{count}", 20),
    ],
)
def test_a_quantity_is_converted_to_the_unit_of_its_field(path, value, unit, expected):
    kept = read(path, value, unit)
    assert kept == expected
    assert type(kept) is type(expected)


@given(st.integers(0, 1000))
def test_law_tenths_of_a_centimetre_are_whole_millimetres(tenths):
    assert read(PAIN, tenths / 100, "cm") == tenths / 10


def test_an_unknown_unit_names_the_ones_that_are_accepted():
    assert str(problem(PAIN, {"value": 6.2, "unit": "inch"})) == (
        "measures.current_pain_vas_mm: neck pain on a visual analogue scale now: "
        "got the unit 'inch', allowed is one of mm, cm\n"
        "  hint: give the unit as a UCUM code"
    )
    assert problem("scope.age_years", {"value": 600, "unit": "mo"}).message == (
        "age: got the unit 'mo', allowed is one of a"
    )
    assert problem(PAIN, {"value": 6.2, "unit": None}).code == "unknown-unit"
    assert problem(PAIN, {"value": 6.2, "unit": ["cm"]}).code == "unknown-unit"


def test_the_range_is_checked_after_the_conversion():
    out = problem(PAIN, {"value": 10.1, "unit": "cm"})
    assert out.code == "out-of-range"
    assert out.message == (
        "neck pain on a visual analogue scale now: got {'unit': 'cm', 'value': 10.1}, "
        "allowed is a number from 0 to 100 mm"
    )


@pytest.mark.parametrize(
    ("quantity", "code"),
    [
        ({"value": 6.2}, "wrong-shape"),
        ({"unit": "cm"}, "wrong-shape"),
        ({}, "wrong-shape"),
        ({"value": 6.2, "unit": "cm", "code": "cm"}, "wrong-shape"),
        ({"value": {"value": 6.2, "unit": "cm"}, "unit": "cm"}, "wrong-shape"),
        ({"value": None, "unit": "cm"}, "not-a-number"),
        ({"value": "6.2", "unit": "cm"}, "not-a-number"),
        ({"value": True, "unit": "cm"}, "not-a-number"),
        ({"value": float("nan"), "unit": "cm"}, "not-finite"),
        ({"value": float("inf"), "unit": "cm"}, "not-finite"),
        ({"value": 10**400, "unit": "cm"}, "out-of-range"),
        ({"value": 10**400, "unit": "mm"}, "out-of-range"),
        ({"value": 1e308, "unit": "cm"}, "not-finite"),
        ({"value": -1, "unit": "cm"}, "out-of-range"),
    ],
)
def test_what_is_no_quantity(quantity, code):
    assert problem(PAIN, quantity).code == code


def test_only_numbers_have_a_unit():
    assert problem("scope.cervical_muscle_spasm", {"value": 1, "unit": "mm"}).code == "not-a-member"


def test_a_whole_number_is_accepted_for_a_decimal_and_becomes_one():
    kept = CervicalAssessment.read(changed(minimal(), measures__current_pain_vas_mm=12))
    assert kept.measures.current_pain_vas_mm == 12.0
    assert type(kept.measures.current_pain_vas_mm) is float
