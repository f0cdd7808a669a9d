"""A guideline as Library: its files, its inputs, its citations and its source attributes.

Source: HL7 FHIR R4, Library; 45 CFR 170.315(b)(11)(iv)(A)(1) to (13) for the source attributes,
45 CFR 92.210 for the inputs that tell who a person is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

from guidestep.assessment import FieldKind, FieldSpec
from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.artifacts import citation
from guidestep.interop.fhir.outgoing.context import Requirements
from guidestep.interop.fhir.outgoing.elements import (
    Element,
    Resource,
    concept,
    element,
    extension,
    parts_extension,
)
from guidestep.interop.fhir.outgoing.guidance import local_requirements
from guidestep.interop.fhir.outgoing.plan_definition import description
from guidestep.interop.fhir.outgoing.publication import published
from guidestep.language.documents import FILES, NOT_DECIDING, DemographicUse

LIBRARY_TYPES = "http://terminology.hl7.org/CodeSystem/library-type"

YAML = "application/yaml"

_TYPES = {
    FieldKind.BOOLEAN: "boolean",
    FieldKind.INTEGER: "integer",
    FieldKind.DECIMAL: "decimal",
    FieldKind.ENUMERATION: "code",
    FieldKind.DATE: "date",
    FieldKind.TEXT: "string",
}


def library(
    guideline: Guideline, canonical: Canonical, requirements: Requirements | None = None
) -> Resource:
    """Return the Library of a guideline, with its YAML files as its content.

    The files are left out where those that decide are not those any more that were loaded: what is
    published is what answers. `requirements` says how an input is asked for in FHIR; without it
    the local codes are named.
    """
    paths = list(guideline.fields)
    head = published(guideline, canonical, "Library", guideline.id, guideline.title)
    needed = requirements or (lambda asked: local_requirements(guideline, asked, canonical))
    return {"resourceType": head["resourceType"], "id": head["id"]} | element(
        extension=list(_extensions(guideline, canonical)),
        **{name: value for name, value in head.items() if name not in ("resourceType", "id")},
        type=concept("Logic library", {"system": LIBRARY_TYPES, "code": "logic-library"}),
        description=description(guideline),
        purpose=guideline.base.entry.intended.use,
        usage=guideline.base.entry.intended.user,
        author=[{"name": guideline.base.entry.source_attributes.developer}],
        relatedArtifact=[citation(one, canonical) for one in guideline.citations.values()],
        parameter=list(_parameters(guideline)),
        dataRequirement=list(needed(paths)),
        content=list(_content(guideline)),
    )


# --- source attributes ----------------------------------------------------------------------------


def _extensions(guideline: Guideline, canonical: Canonical) -> Iterator[Element]:
    attributes = guideline.base.entry.source_attributes
    parts = [
        extension("bibliographicCitation", valueString=attributes.bibliographic_citation),
        extension("developer", valueString=attributes.developer),
        extension("funding", valueString=attributes.funding),
        extension("releaseDate", valueDate=attributes.release_date.isoformat()),
    ]
    if attributes.revision_date is not None:
        parts.append(extension("revisionDate", valueDate=attributes.revision_date.isoformat()))
    uses = {name: value for name, value in attributes if isinstance(value, DemographicUse)}
    parts += [_use(name, use) for name, use in uses.items()]
    yield parts_extension(canonical.extension("source-attributes"), parts)
    told = [
        extension(_camel(attribute), valueString=path)
        for attribute, found in guideline.demographic_inputs.items()
        for path in found
    ]
    if told:
        yield parts_extension(canonical.extension("demographic-inputs"), told)
    yield extension(canonical.extension("guideline-digest"), valueString=guideline.digest)
    yield extension(
        canonical.extension("review-status"), valueCode=guideline.base.entry.review.status
    )


def _use(name: str, use: DemographicUse) -> Element:
    parts = [extension("used", valueBoolean=use.used)]
    parts += [extension("how", valueString=use.how)] if use.how else []
    return parts_extension(_camel(name), parts)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


# --- inputs ---------------------------------------------------------------------------------------


def _parameters(guideline: Guideline) -> Iterator[Element]:
    for spec in guideline.fields.values():
        yield element(
            name=spec.path,
            use="in",
            min=1 if spec.required else 0,
            max="1",
            documentation=_documentation(spec),
            type="Quantity" if spec.unit is not None else _TYPES[spec.kind],
        )
    for entry in guideline.base.entry.parameters:
        unit = f" {entry.unit}" if entry.unit else ""
        bounds = f"{entry.minimum:g} to {entry.maximum:g}{unit}, {entry.default:g} unless set"
        yield element(
            name=entry.id,
            use="in",
            min=0,
            max="1",
            documentation=f"Set by the site, not of the patient: {entry.statement} ({bounds}).",
            type="decimal",
        )
    yield element(
        name="outcome", use="out", min=1, max="1", documentation="Exactly one of six.", type="code"
    )


def _documentation(spec: FieldSpec) -> str:
    if spec.unit is None:
        return spec.question
    limits = ""
    if spec.minimum is not None and spec.maximum is not None:
        limits = f", {spec.minimum:g} to {spec.maximum:g}"
    return f"{spec.question} In {spec.unit} (UCUM){limits}."


# --- files ----------------------------------------------------------------------------------------


def _content(guideline: Guideline) -> Iterator[Element]:
    folder = guideline.base.folder
    if folder is None:
        return
    try:
        files = {
            name: (folder / name).read_bytes()
            for name in sorted(FILES)
            if (folder / name).is_file()
        }
    except OSError:
        return
    if _digest(files) != guideline.digest:
        return
    for name, data in files.items():
        yield element(
            contentType=YAML,
            data=base64.b64encode(data).decode(),
            size=len(data),
            # FHIR asks for SHA-1 here; it tells of damage, the digest of the guideline of change.
            hash=base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode(),
            title=name,
        )


def _digest(files: dict[str, bytes]) -> str:
    found = hashlib.sha256()
    for name, data in files.items():
        if name in NOT_DECIDING:
            continue
        text = data.decode("utf-8-sig", errors="replace").encode()
        found.update(f"{name}\0{len(text)}\0".encode() + text)
    return found.hexdigest()
