"""Conditions: an active, confirmed one is a finding; that there is none says nothing.

Source: FHIR R4, Condition, clinical status and verification status.
"""

from __future__ import annotations

from guidestep.assessment.errors import named
from guidestep.interop.fhir.mapping.sources import Source
from guidestep.interop.fhir.reading.json_access import codings, element
from guidestep.interop.fhir.reading.sides import side_of
from guidestep.interop.fhir.reading.statements import Collector, Resource, Statement
from guidestep.interop.fhir.reading.times import UNDATED, time_of

CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"

_NOW = {"active", "recurrence", "relapse"}
_OVER = {"inactive", "remission", "resolved"}


def condition(into: Collector, resource: Resource) -> None:
    """Take what a Condition states: a finding, its refutation, or a doubt."""
    keyed = into.mapping.by_code.get("Condition", {})
    found = {
        id(source): source
        for key in codings(element(resource.body, "code"))
        for source in keyed.get(key, ())
    }
    if not found or _is_future(into, resource):
        return
    for source in found.values():
        _state(into, resource, source)


def _is_future(into: Collector, resource: Resource) -> bool:
    times = (time_of(resource.body, "onset"), time_of(resource.body, "recorded", "recordedDate"))
    return any(when != UNDATED and into.is_future(resource, when) for when in times)


def _state(into: Collector, resource: Resource, source: Source) -> None:
    body = resource.body
    verification = _status(into, resource, "verificationStatus", VERIFICATION)
    clinical = _status(into, resource, "clinicalStatus", CLINICAL)
    recorded = time_of(body, "recorded", "recordedDate")
    if verification == "refuted":
        if source.absent is not None and not resource.doubt:
            into.state(
                Statement(
                    source,
                    resource.name,
                    resource.version,
                    recorded,
                    "refuted",
                    source.absent,
                )
            )
        return
    abated = any(key.startswith("abatement") for key in body if isinstance(key, str))
    if clinical in _OVER or (abated and not clinical):
        return
    doubt = resource.doubt or _doubt(verification, clinical, abated=abated)
    label = source.spec.label
    if "modifierExtension" in body:
        doubt = "it has a modifier that is not known"
    if doubt:
        message = f"{label}: {doubt}"
        hint = "confirm it or rule it out"
        into.problem("unconfirmed", resource.name, message, path=source.path, hint=hint)
    members: tuple[str, ...] = source.members
    side = side_of(body, into.mapping.sides)
    if source.side is not None and side not in ("", "bilateral", source.side):
        return
    unsided = source.side is not None and side == ""
    if source.sides and side:
        # Nothing is said of the other side: it may be affected as well.
        members = (side, "bilateral") if side != "bilateral" else (side,)
    elif (source.sides and not doubt) or unsided:
        message = f"{label}: its side is not recorded"
        hint = "record the body site with its side"
        into.problem("side-not-recorded", resource.name, message, path=source.path, hint=hint)
    into.state(
        Statement(
            source,
            resource.name,
            resource.version,
            recorded,
            named(clinical) or "no clinical status",
            lasting=True,
            among=members,
            decides=not (doubt or source.suggests or unsided),
        )
    )


def _status(into: Collector, resource: Resource, key: str, system: str) -> str:
    """Return the code of a status, or an empty text."""
    found = {code for at, code in codings(element(resource.body, key)) if at == system}
    return next(iter(found)) if len(found) == 1 else ""


def _doubt(verification: str, clinical: str, *, abated: bool) -> str:
    """Return why a Condition is no finding although it is not over either, or an empty text."""
    if verification != "confirmed":
        return f"it is {named(verification) or 'without a verification status'}, not confirmed"
    if clinical not in _NOW:
        return "its clinical status is not recorded"
    return "it counts as active, and has ended" if abated else ""
