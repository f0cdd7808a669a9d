"""The code linter: check digits, and displays against the pinned table."""

from __future__ import annotations

from guidestep.assessment import Assessment
from guidestep.interop.fhir.codes.check_digits import check_digit_fault
from guidestep.interop.fhir.codes.pinned import pinned
from guidestep.interop.fhir.codes.systems import SYSTEMS

BAD_CHECK_DIGIT = "bad-check-digit"
DISPLAY_DIFFERS = "display-differs"
UNVERIFIED_CODE = "unverified-code"


def lint(system: str, code: str, display: str) -> tuple[str, str, str] | None:
    """Return what is wrong with a code, as kind of fault, message and hint, or None.

    A code of SNOMED CT, LOINC or ICD-10-CM must have a right check digit, must be in the pinned
    table, and must have the display that is printed there. Codes of other systems are not checked.

    >>> lint("http://snomed.info/sct", "22325002", "Abnormal gait")
    >>> lint("http://snomed.info/sct", "88199009", "Neck pain")[1]
    'the check digit of 88199009 is wrong (Verhoeff)'
    >>> lint("http://snomed.info/sct", "22325002", "Neck pain")[1]
    "22325002 is 'Abnormal gait', not 'Neck pain'"
    """
    if fault := check_digit_fault(system, code):
        return BAD_CHECK_DIGIT, fault, "look the code up again, in the terminology itself"
    if system not in SYSTEMS.values():
        return None
    known = pinned().get((system, code))
    if known is None:
        message = f"{code} is not in the table of verified codes"
        hint = "code it locally, or have the code verified and put into the table with its source"
        return UNVERIFIED_CODE, message, hint
    if display != known.display:
        message = f"{code} is '{known.display}', not '{display}'"
        return DISPLAY_DIFFERS, message, f"write display: {known.display}"
    return None


def lint_model(model: type[Assessment]) -> tuple[tuple[str, str, str, str], ...]:
    """Return the faults of the codes that a model declares: path, kind, message and hint.

    >>> from guidestep.assessment import CervicalAssessment
    >>> lint_model(CervicalAssessment)
    ()
    """
    return tuple(
        (path, *fault)
        for path, spec in model.fields().items()
        for code in spec.codes
        if (fault := lint(code.system, code.code, code.display)) is not None
    )
