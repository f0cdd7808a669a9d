"""FHIR R4: resources in as an assessment, a recommendation and a guideline out as resources.

Resources are plain dicts, as JSON gives them.
"""

from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.mapping import FhirMapping, load_mapping
from guidestep.interop.fhir.reading import Provenance, Reading, ReadingError, ReadingProblem

__all__ = [
    "Canonical",
    "FhirMapping",
    "Provenance",
    "Reading",
    "ReadingError",
    "ReadingProblem",
    "load_mapping",
]
