"""What every published artifact says of itself: address, version, name, status, who and when.

Source: HL7 FHIR R4, the metadata of definitional resources; CRMI, shareable artifacts.
"""

from __future__ import annotations

from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.elements import Resource, element, fhir_id


def published(
    guideline: Guideline,
    canonical: Canonical,
    kind: str,
    id_: str,
    title: str,
    *,
    url: str | None = None,
) -> Resource:
    """Return the beginning of an artifact: a draft and experimental until its review is approved.

    There is no approval date: the guideline records none. There is no jurisdiction: it names none.
    """
    entry = guideline.base.entry
    approved = entry.review.status == "approved"
    attributes = entry.source_attributes
    id_ = fhir_id(id_)
    return element(
        resourceType=kind,
        id=id_,
        url=url or canonical.of(kind, id_),
        version=guideline.version,
        name=computer_name(id_),
        title=title,
        status="active" if approved else "draft",
        experimental=not approved,
        date=(attributes.revision_date or attributes.release_date).isoformat(),
        publisher=attributes.developer,
    )


def computer_name(text: str) -> str:
    """Return a text as the name of an artifact: a capital, then letters and digits.

    >>> computer_name("cervical-spasm-opll"), computer_name("2nd-step")
    ('CervicalSpasmOpll', 'Artifact2ndStep')
    """
    parts = text.replace(".", "-").replace("_", "-").split("-")
    words = "".join(part[:1].upper() + part[1:] for part in parts)
    return (words if words[:1].isalpha() else f"Artifact{words}")[:255]
