"""The code systems whose codes can be checked, and their short names in a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"

SYSTEMS: Mapping[str, str] = MappingProxyType(
    {"snomed": SNOMED, "loinc": LOINC, "icd-10-cm": ICD_10_CM}
)
"""Short name to address; a mapping may also write the address of any system."""
