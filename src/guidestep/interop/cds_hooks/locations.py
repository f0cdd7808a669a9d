"""Where a call comes from: the location of the Encounter that it names, for the decision log.

A prefetch template may only hold what the hook always tells, so the Encounter is asked for where
the hook names one (encounter-start). It is never fetched: an answer does not wait for it.

Source: HL7 FHIR R4, Encounter.location and Encounter.serviceProvider; CDS Hooks 2.0, "Prefetch
Template".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from guidestep.interop.cds_hooks.hooks import HOOKS
from guidestep.interop.cds_hooks.request import Request, Resource
from guidestep.interop.fhir.reading.json_access import element, elements, text
from guidestep.interop.fhir.reading.subjects import relative

ENCOUNTER = "encounter"
"""The prefetch key of the Encounter."""

QUERY = "Encounter/{{context.encounterId}}"

_PLACE = re.compile(r"(https?://[^\s?#@]{1,500}/)?(Location|Organization)/[A-Za-z0-9\-.]{1,64}")


def encounter_query(hook: str) -> dict[str, str]:
    """Return the prefetch template of the Encounter, where a hook always names one.

    >>> encounter_query("encounter-start"), encounter_query("patient-view")
    ({'encounter': 'Encounter/{{context.encounterId}}'}, {})
    """
    return {ENCOUNTER: QUERY} if HOOKS[hook].encounter else {}


def location_of(request: Request) -> str | None:
    """Return the reference of the place where the Encounter of a call is, if it was sent along.

    That is the location it is at now, or else the organization in charge. An Encounter of another
    patient, or another than the context names, tells nothing.

    >>> encounter = {"resourceType": "Encounter", "id": "3",
    ...              "subject": {"reference": "Patient/41"},
    ...              "location": [{"location": {"reference": "Location/2"}, "status": "active"}]}
    >>> location_of(Request("encounter-start", "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    ...                     user_id="Practitioner/7", patient_id="41", encounter_id="3",
    ...                     prefetch={"encounter": encounter}))
    'Location/2'
    """
    encounter = request.prefetch.get(ENCOUNTER)
    if encounter is None or not _is_of(encounter, request):
        return None
    return next(_places(encounter), None)


def _is_of(encounter: Resource, request: Request) -> bool:
    base = (request.fhir_server or "").rstrip("/")
    subject = relative(text(element(encounter, "subject"), "reference"), base)
    return (
        text(encounter, "resourceType") == "Encounter"
        and text(encounter, "id") == request.encounter_id
        and subject == f"Patient/{request.patient_id}"
    )


def _places(encounter: Resource) -> Iterator[str]:
    # Where nothing is said of a stay it may be the present one; what is over or planned is not.
    for status in ("active", None):
        for stay in elements(encounter, "location"):
            place = text(element(stay, "location"), "reference")
            over = status is None and "end" in element(stay, "period")
            if stay.get("status") == status and not over and _PLACE.fullmatch(place):
                yield place
    place = text(element(encounter, "serviceProvider"), "reference")
    if _PLACE.fullmatch(place):
        yield place
