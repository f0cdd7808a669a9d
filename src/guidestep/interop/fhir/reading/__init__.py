"""FHIR R4 resources in: what they say of a patient, where from, and what could not be used."""

from guidestep.interop.fhir.reading.problems import ReadingError, ReadingProblem
from guidestep.interop.fhir.reading.reader import read
from guidestep.interop.fhir.reading.reading import Provenance, Reading

__all__ = ["Provenance", "Reading", "ReadingError", "ReadingProblem", "read"]
