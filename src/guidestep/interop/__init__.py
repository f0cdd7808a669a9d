"""What other systems speak: FHIR resources in and out, CDS Hooks."""
