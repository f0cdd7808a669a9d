"""The mapping from FHIR R4 resources to an assessment: `fhir.yaml`, read and checked."""

from guidestep.interop.fhir.mapping.loading import FILE, load_mapping, mapping_faults
from guidestep.interop.fhir.mapping.mapping import FhirMapping

__all__ = ["FILE", "FhirMapping", "load_mapping", "mapping_faults"]
