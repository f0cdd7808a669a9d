"""Check digits, the pinned table and the linter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.assessment import Assessment, CervicalAssessment, Section
from guidestep.interop.fhir.codes import ICD_10_CM, LOINC, SNOMED, check_digit_fault, pinned
from guidestep.interop.fhir.codes.check_digits import modulus_10, verhoeff
from guidestep.interop.fhir.codes.linter import lint, lint_model


@pytest.mark.parametrize("code", ["230529002", "88199009", "1137229006"])
def test_codes_that_were_made_up_fail_verhoeff(code: str) -> None:
    assert "Verhoeff" in check_digit_fault(SNOMED, code)


@pytest.mark.parametrize("code", ["24935-7", "36235-8", "24938-1"])
def test_codes_that_were_misremembered_fail_modulus_10(code: str) -> None:
    assert "check digit" in check_digit_fault(LOINC, code)


def test_a_right_code_with_a_wrong_meaning_is_found_by_its_display() -> None:
    """76107001 is spinal stenosis, and was once shipped as a herniated disc."""
    assert check_digit_fault(SNOMED, "76107001") == ""
    fault = lint(SNOMED, "76107001", "Lumbar disc herniation")
    assert fault is not None
    assert fault.kind == "unverified-code"
    fault = lint(SNOMED, "71286001", "Lumbar disc herniation")
    assert fault is not None
    assert fault.kind == "display-differs"
    assert fault.message == "71286001 is 'Spinal cord compression', not 'Lumbar disc herniation'"


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (SNOMED, "12"),
        (SNOMED, "0123456"),
        (SNOMED, "2232500²"),
        (LOINC, "38214"),
        (LOINC, "38214-33"),
        (ICD_10_CM, "M48.82X22"),
        (ICD_10_CM, "48.8"),
        (ICD_10_CM, "R32."),
    ],
)
def test_what_has_not_the_form_of_a_code_is_found(system: str, code: str) -> None:
    assert check_digit_fault(system, code)


def test_a_category_of_icd_that_is_no_code_is_not_verified() -> None:
    """M48.82 has the form of a code, and is none: the fifth character is X."""
    fault = lint(ICD_10_CM, "M48.82", "Other specified spondylopathies, cervical region")
    assert fault is not None
    assert fault.kind == "unverified-code"


def test_every_pinned_code_is_sound() -> None:
    table = pinned()
    assert len(table) >= 70
    for row in table.values():
        assert check_digit_fault(row.system, row.code) == ""
        assert row.display
        assert row.source
        assert lint(row.system, row.code, row.display) is None


@given(st.text("0123456789", min_size=5, max_size=17), st.integers(0, 16), st.integers(1, 9))
def test_verhoeff_finds_every_wrong_digit(digits: str, place: int, by: int) -> None:
    whole = next(digits + str(last) for last in range(10) if verhoeff(digits + str(last)))
    at = place % len(whole)
    wrong = whole[:at] + str((int(whole[at]) + by) % 10) + whole[at + 1 :]
    assert not verhoeff(wrong)


@given(st.text("0123456789", min_size=5, max_size=17), st.integers(0, 16))
def test_verhoeff_finds_neighbours_that_were_swapped(digits: str, place: int) -> None:
    whole = next(digits + str(last) for last in range(10) if verhoeff(digits + str(last)))
    at = place % (len(whole) - 1)
    swapped = whole[:at] + whole[at + 1] + whole[at] + whole[at + 2 :]
    assert verhoeff(swapped) == (swapped == whole)


@given(st.integers(1, 9_999_999), st.integers(0, 6), st.integers(1, 9))
def test_modulus_10_finds_every_wrong_digit(number: int, place: int, by: int) -> None:
    digits = str(number)
    at = place % len(digits)
    wrong = digits[:at] + str((int(digits[at]) + by) % 10) + digits[at + 1 :]
    assert modulus_10(wrong) != modulus_10(digits)


def test_the_codes_of_the_cervical_model_are_sound() -> None:
    assert lint_model(CervicalAssessment) == ()


def test_wrong_codes_of_a_model_are_found() -> None:
    from typing import Annotated, Literal

    from guidestep.assessment import item, loinc, snomed

    class Neck(Section):
        pain: Annotated[
            Literal["present", "absent"] | None,
            item("pain", "Is there pain?", codes=[snomed("88199009", "Neck pain")]),
        ] = None
        view: Annotated[
            Literal["done"] | None,
            item("view", "Was it done?", codes=[loinc("24935-9", "MR Head")]),
        ] = None

    class NeckAssessment(Assessment):
        model_id = "neck"
        neck: Neck = Neck()

    found = lint_model(NeckAssessment)
    assert [(path, fault.kind) for path, fault in found] == [
        ("neck.pain", "bad-check-digit"),
        ("neck.view", "display-differs"),
    ]


def test_codes_of_other_systems_are_not_judged() -> None:
    assert lint("https://clinic.example/codes", "anything", "") is None
