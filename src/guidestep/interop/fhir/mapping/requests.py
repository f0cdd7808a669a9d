"""What to ask a FHIR server for: prefetch templates and data requirements, from a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from guidestep.interop.fhir.canonical import UCUM
from guidestep.interop.fhir.mapping.sources import Source

if TYPE_CHECKING:
    from guidestep.interop.fhir.mapping.mapping import FhirMapping

PATIENT = "{{context.patientId}}"

PAGE = 500
"""The number of results asked for in one page."""

_SEARCHES: Mapping[str, tuple[str, str]] = {
    "Observation": ("observations", "&_sort=-date"),
    "Condition": ("conditions", ""),
    "Procedure": ("procedures", "&_sort=-date"),
    "DiagnosticReport": ("reports", "&_sort=-date"),
}
"""Resource type to prefetch key and the order in which the newest come first."""


def queries(mapping: FhirMapping) -> dict[str, str]:
    """Return prefetch templates: one for each type of resource that the mapping reads.

    Source: CDS Hooks 2.0, prefetch template, the subset of queries a service may rely on.
    """
    found = {"patient": f"Patient/{PATIENT}"}
    for kind, (key, order) in _SEARCHES.items():
        if codes := list(dict.fromkeys(_tokens(mapping, kind))):
            of = f"patient={PATIENT}&code={','.join(codes)}"
            found[key] = f"{kind}?{of}{order}&_count={PAGE}"
    found["answers"] = f"QuestionnaireResponse?patient={PATIENT}&_sort=-authored&_count={PAGE}"
    return found


def _tokens(mapping: FhirMapping, kind: str) -> Iterator[str]:
    for source in mapping.sources:
        if source.resource == kind:
            yield from (f"{code.system}|{code.code}" for code in source.codes)
    if kind == "Observation":
        # A system without a code stands for all its codes: a hundred of them make no sane address.
        yield f"{mapping.canonical.fields(mapping.guideline.model.model_id)}|"


def data_requirements(mapping: FhirMapping, paths: Iterable[str]) -> list[dict[str, object]]:
    """Return the resources that would tell fields, as FHIR R4 DataRequirements.

    Raises:
        UnknownFieldError: The model has no such field.
    """
    found: list[dict[str, object]] = []
    for path in dict.fromkeys(paths):
        mapping.spec(path)
        told = [s for s in mapping.sources if s.path == path and not s.suggests]
        if any(source.take == "age" for source in told):
            found.append({"type": "Patient", "mustSupport": ["birthDate"]})
        for kind in _SEARCHES:
            if kind == "Observation" or any(source.resource == kind for source in told):
                found.append(_requirement(mapping, path, kind, told))
    return found


def _requirement(
    mapping: FhirMapping, path: str, kind: str, told: list[Source]
) -> dict[str, object]:
    of_kind = [source for source in told if source.resource == kind]
    codes = [
        {"system": code.system, "code": code.code}
        | ({"display": code.display} if code.display else {})
        for source in of_kind
        for code in source.codes
    ]
    windows = [source.within for source in of_kind]
    if kind == "Observation":
        model = mapping.guideline.model.model_id
        codes.append(mapping.canonical.field(model, path, mapping.fields[path].label))
        windows.append(mapping.window(path))
    needed: dict[str, object] = {
        "type": kind,
        "codeFilter": [{"path": "code", "code": codes}],
    }
    if kind == "Observation" and None not in windows:
        days = max(window for window in windows if window is not None)
        # A duration of no time would be none at all: today is within one day.
        length = {"value": max(days, 1), "unit": "days", "system": UCUM, "code": "d"}
        needed["dateFilter"] = [{"path": "effective", "valueDuration": length}]
    return needed
