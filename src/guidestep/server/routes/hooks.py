"""The endpoints of CDS Hooks: discovery, the call of a service, feedback.

Source: CDS Hooks 2.0.1.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from guidestep import EngineDisagreement
from guidestep.interop.cds_hooks import (
    BadRequest,
    Unobtainable,
    parse_feedback,
    parse_request,
    respond,
)
from guidestep.server.bodies import written
from guidestep.server.calls import begin
from guidestep.server.decisions import decision_of
from guidestep.server.faults import engines_disagree
from guidestep.server.feedback import to_record
from guidestep.server.openapi import FEEDBACK_FAULTS, HOOK_FAULTS, answer, body, faults
from guidestep.server.outbound import obtain
from guidestep.server.refusals import Code, Detail, Refusal, details_of
from guidestep.server.routes.direct import DirectRoute
from guidestep.server.watch import notes_of
from guidestep.server.work import done, entries

router = APIRouter(route_class=DirectRoute)

Id = Annotated[str, Path(description="The id of a service.")]


@router.get("/cds-services", responses=answer("Services", "The services."))
async def discovery(request: Request) -> Response:
    """Tell which services there are, and what each would like to be sent along."""
    notes_of(request.scope).endpoint = "discovery"
    return Response(request.app.state.discovery, media_type="application/json")


@router.post(
    "/cds-services/{id}",
    responses={**answer("Cards", "Cards."), **faults(HOOK_FAULTS, fhir=True)},
    openapi_extra=body("HookRequest"),
)
async def call(request: Request, id: Id) -> Response:  # noqa: A002 (the name in the URL)
    """Answer a hook with cards."""
    taken = await begin(request, "hook", "cds-services", id)
    site, notes, served = taken.site, taken.notes, taken.served
    try:
        asked = parse_request(taken.raw, served.hooks)
    except BadRequest as error:
        raise _bad(error) from None
    notes.hook = asked.hook
    found = await obtain(asked, served, site.settings, site.fetcher)
    try:
        reply = await done(
            entries(found.resources.values()),
            lambda: respond(asked, served, found.resources, on=site.today(), when=site.now()),
        )
    except Unobtainable as error:
        details = tuple(_unobtained(key, found.failures.get(key)) for key in error.keys)
        title = "required data were not sent along and could not be obtained"
        notes.reason = next(iter(found.failures.values()), None)
        raise Refusal(412, Code.DATA_UNOBTAINABLE, title, details) from None
    except BadRequest as error:
        if found.fetched:
            # Not the fault of who called: its FHIR server sent what is no FHIR.
            title = "what the FHIR server sent cannot be read"
            details = details_of(error.problems[:50])
            raise Refusal(412, Code.DATA_UNOBTAINABLE, title, details) from None
        raise _bad(error) from None
    except EngineDisagreement as error:
        raise engines_disagree(request, error) from None
    decision = decision_of(
        reply,
        asked,
        served,
        when=site.now(),
        client=taken.client,
        location=taken.location,
    )
    notes.outcome = decision.outcome
    await site.recorder.record(decision)
    site.metrics.answered(served.id, decision.outcome)
    return Response(written(reply.body), media_type="application/json")


def _bad(error: BadRequest) -> Refusal:
    title = "the request is not one of CDS Hooks 2.0.1"
    return Refusal(400, Code.INVALID_REQUEST, title, details_of(error.problems[:50]))


def _unobtained(key: str, reason: str | None) -> Detail:
    why = f"it was not sent along and not obtained from the FHIR server ({reason})"
    message = why if reason else "it was not sent along, or is not what the query asks for"
    hint = f"send prefetch.{key}, with all its pages"
    return Detail(message, f"prefetch.{key}", hint)


@router.post(
    "/cds-services/{id}/feedback",
    responses={
        **answer("FeedbackTaken", "It was taken."),
        **faults(FEEDBACK_FAULTS, fhir=True),
    },
    openapi_extra=body("FeedbackGiven"),
)
async def feedback(request: Request, id: Id) -> Response:  # noqa: A002 (the name in the URL)
    """Take what became of cards. Feedback on a card that is not known is recorded as such."""
    taken = await begin(request, "feedback", "cds-services", id, "feedback")
    site, served = taken.site, taken.served
    try:
        given = parse_feedback(taken.raw)
    except BadRequest as error:
        raise _bad(error) from None
    records = [to_record(each, served.id, taken.client, site.now()) for each in given]
    receipts = await site.recorder.record_feedback(*records)
    for each in given:
        site.metrics.given_feedback(served.id, each.outcome)
    unknown = sum(receipt is not None and receipt.decision is None for receipt in receipts)
    taken_in = {"recorded": len(receipts), "unknown_cards": unknown}
    return Response(written(taken_in), media_type="application/json")
