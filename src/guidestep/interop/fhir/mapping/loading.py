"""From `fhir.yaml` to a mapping: read with places, held against the model, all faults at once."""

from __future__ import annotations

from pathlib import Path

from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.codes.linter import lint_model
from guidestep.interop.fhir.mapping.checks import Checks
from guidestep.interop.fhir.mapping.documents import MappingEntry
from guidestep.interop.fhir.mapping.mapping import FhirMapping
from guidestep.language.diagnostics import Diagnostic, GuidelineError
from guidestep.language.files import shape
from guidestep.language.source import SourceText, Span
from guidestep.language.yaml_reader import read_file

FILE = "fhir.yaml"
"""The file beside a guideline that holds its mapping."""


def load_mapping(
    guideline: Guideline, path: Path | str | None = None, *, canonical: Canonical | None = None
) -> FhirMapping:
    """Return the mapping beside a guideline, or the one in a file.

    A guideline without `fhir.yaml` is read by its own codes alone: nothing is taken for granted,
    and an answer counts on the day of the visit and the day before. `canonical` says where the
    site publishes the local codes.

    >>> import guidestep
    >>> mapping = load_mapping(guidestep.load("cervical-spasm-opll"))
    >>> mapping.queries()["patient"]
    'Patient/{{context.patientId}}'

    Raises:
        GuidelineError: The mapping is at fault; the error shows every fault with its place.
    """
    mapping, faults = _read(guideline, path, canonical or Canonical())
    if faults:
        raise GuidelineError(faults)
    return mapping


def mapping_faults(guideline: Guideline) -> tuple[Diagnostic, ...]:
    """Return the faults of the mapping beside a guideline, and of the codes of its model."""
    _, faults = _read(guideline, None, Canonical())
    model = guideline.model
    place = Span(SourceText(f"assessment {model.model_id}", ""), 1, 1, 1, 1)
    of_model = (
        Diagnostic(fault.kind, place, f"{path}: {fault.message}", fault.hint)
        for path, fault in lint_model(model)
    )
    return (*faults, *of_model)


def _read(
    guideline: Guideline, path: Path | str | None, canonical: Canonical
) -> tuple[FhirMapping, list[Diagnostic]]:
    bare = FhirMapping(guideline, canonical)
    folder = guideline.base.folder
    if path is not None:
        file = Path(path)
    elif folder is not None and (folder / FILE).exists():
        file = folder / FILE
    else:
        return bare, []
    node, faults = read_file(file, file.name)
    if node is None or faults:
        return bare, faults
    read, faults = shape(node, MappingEntry)
    if read is None:
        return bare, faults
    checks = Checks(guideline, canonical, read)
    return checks.mapping(), checks.faults
