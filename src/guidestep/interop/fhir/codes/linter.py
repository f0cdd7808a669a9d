"""The code linter: check digits, and displays against the pinned table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from guidestep.assessment import Assessment
from guidestep.interop.fhir.codes.check_digits import check_digit_fault
from guidestep.interop.fhir.codes.pinned import pinned
from guidestep.interop.fhir.codes.systems import SYSTEMS

NONE: Mapping[tuple[str, str], str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a code: the kind of fault, a message and a hint."""

    kind: str
    message: str
    hint: str


def lint(
    system: str, code: str, display: str, verified: Mapping[tuple[str, str], str] = NONE
) -> Fault | None:
    """Return what is wrong with a code, or None.

    `verified` are the displays of codes that were verified besides those of the pinned table.

    A code of SNOMED CT, LOINC or ICD-10-CM must have a right check digit, must be in the pinned
    table, and must have the display that is printed there. Codes of other systems are not checked.

    >>> lint("http://snomed.info/sct", "22325002", "Abnormal gait")
    >>> lint("http://snomed.info/sct", "88199009", "Neck pain").message
    'the check digit of 88199009 is wrong (Verhoeff)'
    >>> lint("http://snomed.info/sct", "22325002", "Neck pain").message
    "22325002 is 'Abnormal gait', not 'Neck pain'"
    """
    if fault := check_digit_fault(system, code):
        return Fault("bad-check-digit", fault, "look the code up again, in the terminology itself")
    if system not in SYSTEMS.values():
        return None
    pin = pinned().get((system, code))
    right = pin.display if pin is not None else verified.get((system, code))
    if right is None:
        message = f"{code} is not in the table of verified codes"
        hint = "code it locally, or look it up and list it under 'verified' with its source"
        return Fault("unverified-code", message, hint)
    if display != right:
        message = f"{code} is '{right}', not '{display}'"
        return Fault("display-differs", message, f"write display: {right}")
    return None


def lint_model(model: type[Assessment]) -> tuple[tuple[str, Fault], ...]:
    """Return the faults of the codes that a model declares, with the paths of their fields.

    >>> from guidestep.assessment import CervicalAssessment
    >>> lint_model(CervicalAssessment)
    ()
    """
    return tuple(
        (path, fault)
        for path, spec in model.fields().items()
        for code in spec.codes
        if (fault := lint(code.system, code.code, code.display)) is not None
    )
