"""FHIR in, FHIR out, without hooks: a Bundle about one patient, and a Bundle of what is advised."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, cast

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from guidestep import EngineDisagreement
from guidestep.decision_log import Decision
from guidestep.interop.cds_hooks import Served, is_obtained
from guidestep.interop.cds_hooks.hooks import FHIR_ID
from guidestep.interop.fhir import (
    Canonical,
    FhirMapping,
    Reading,
    ReadingError,
    ReadingProblem,
    outgoing,
)
from guidestep.interop.incomplete import Incomplete, answered
from guidestep.server.bodies import written
from guidestep.server.calls import Call, begin
from guidestep.server.decisions import undecided
from guidestep.server.faults import engines_disagree
from guidestep.server.openapi import API_FAULTS, answer, body, faults
from guidestep.server.refusals import FHIR_JSON, Code, Detail, Refusal
from guidestep.server.site import Site
from guidestep.server.work import done, entries

router = APIRouter(tags=["Guidelines"])

Id = Annotated[str, Path(description="The id under which a guideline is served.")]

_TITLE = "it is no Bundle about one patient"


@router.post(
    "/guidelines/{id}/fhir",
    responses={
        **answer("Bundle", "What is advised, or required, the GuidanceResponse first.", FHIR_JSON),
        **faults(API_FAULTS, fhir=True),
    },
    openapi_extra=body("Bundle"),
)
async def in_and_out(request: Request, id: Id) -> Response:  # noqa: A002 (the name in the URL)
    """Answer a Bundle about one patient with a Bundle of what is advised.

    Where the data make no assessment, the answer says what is required, and which referral is due
    whatever is recorded later. What was not used of the data, and why, comes last, as an
    OperationOutcome.
    """
    taken = await begin(request, "fhir", "guidelines", id, "fhir")
    site, served, raw = taken.site, taken.served, taken.raw
    subject = _subject(raw)
    reading = await done(entries([raw]), lambda: _read(site, served, raw, subject))
    try:
        told, decision = _answered(taken, reading, subject)
    except EngineDisagreement as error:
        raise engines_disagree(request, error) from None
    if reading.problems:
        outcome = {"resourceType": "OperationOutcome", "issue": [*map(_issue, reading.problems)]}
        entry = {"fullUrl": uuid.uuid4().urn, "resource": outcome}
        told = {**told, "entry": [*cast("list[object]", told["entry"]), entry]}
    await site.recorder.record(decision)
    taken.notes.outcome = decision.outcome
    site.metrics.answered(served.id, decision.outcome)
    return Response(written(told), media_type=FHIR_JSON)


def _answered(taken: Call, reading: Reading, subject: str) -> tuple[Mapping[str, object], Decision]:
    """Return the answer to what was read of a patient, and its record."""
    site, served = taken.site, taken.served
    context = outgoing.Context(
        served.guideline,
        subject=subject,
        when=site.now(),
        canonical=Canonical(site.settings.canonical),
        sources=reading.sources,
        requirements=_mapping(served).data_requirements,
    )
    found = answered(served.guideline, served.profile, reading, site.today())
    when, client, location = site.now(), taken.client, taken.location
    if isinstance(found, Incomplete):
        nothing = undecided(served, reading, found, when=when, client=client, location=location)
        return outgoing.incomplete_bundle(found, context), nothing
    decision = Decision.of(found, when=when, service=served.id, client=client, location=location)
    return outgoing.recommendation_bundle(found, context), decision


def _subject(raw: object) -> str:
    """Return the reference of the one patient in a Bundle.

    Raises:
        Refusal: 422, it is no Bundle, not all of one, or holds no patient or several.
    """
    if not isinstance(raw, dict) or raw.get("resourceType") != "Bundle":
        raise _refused(Detail("it must be a Bundle", "resourceType"))
    if not is_obtained(raw):
        hint = "put the entries of all pages into one Bundle"
        raise _refused(Detail("it is one page of several, or holds a failure", "link", hint))
    entries = raw.get("entry", [])
    if not isinstance(entries, list):
        raise _refused(Detail("it must be a list", "entry"))
    for index, each in enumerate(entries):
        if not isinstance(each, Mapping) or not isinstance(each.get("resource"), Mapping):
            raise _refused(Detail("it holds no resource", f"entry[{index}]"))
    resources = [each["resource"] for each in entries]
    people = [each.get("id") for each in resources if each.get("resourceType") == "Patient"]
    named = {each for each in people if isinstance(each, str) and FHIR_ID.fullmatch(each)}
    if len(named) != 1 or not all(isinstance(each, str) and each in named for each in people):
        raise _refused(Detail("it must hold one Patient with an id, about whom all is", "entry"))
    return f"Patient/{named.pop()}"


def _mapping(served: Served) -> FhirMapping:
    """Return the mapping of a guideline, of which calls of hooks need only a part."""
    return cast("FhirMapping", served.mapping)


def _read(site: Site, served: Served, raw: object, subject: str) -> Reading:
    try:
        return _mapping(served).read(raw, subject=subject, on=site.today())
    except ReadingError as error:
        raise _refused(Detail(str(error))) from None


def _refused(*details: Detail) -> Refusal:
    return Refusal(422, Code.INVALID_ASSESSMENT, _TITLE, details)


def _issue(problem: ReadingProblem) -> dict[str, object]:
    """Return what was not used, as an issue: nothing of it is an error of this answer."""
    parts = [problem.resource, problem.path, problem.message, problem.hint]
    return {
        "severity": "information" if problem.severity == "information" else "warning",
        "code": "informational" if problem.severity == "information" else "incomplete",
        "details": {"text": problem.code},
        "diagnostics": ": ".join(part for part in parts if part),
    }
