"""Codes of terminologies: check digits, the table of verified displays, and the linter."""

from guidestep.interop.fhir.codes.check_digits import check_digit_fault
from guidestep.interop.fhir.codes.pinned import pinned
from guidestep.interop.fhir.codes.systems import ICD_10_CM, LOINC, SNOMED, SYSTEMS

__all__ = ["ICD_10_CM", "LOINC", "SNOMED", "SYSTEMS", "check_digit_fault", "pinned"]
