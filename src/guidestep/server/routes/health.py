"""Whether the process lives, whether it can answer, and its metrics."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from guidestep.server.openapi import answer, faults
from guidestep.server.refusals import Code, Refusal
from guidestep.server.schemas import reference
from guidestep.server.site import site_of
from guidestep.server.watch import notes_of

router = APIRouter(tags=["Operation"])


@router.get("/health", responses=answer("Health", "The process answers."))
async def health(request: Request) -> Response:
    """Tell that the process answers; nothing else is looked at."""
    notes_of(request.scope).endpoint = "health"
    return JSONResponse({"status": "alive"})


@router.get(
    "/ready",
    responses={
        **answer("Readiness", "Decisions can be given."),
        503: {
            "description": "They cannot: the log cannot be written to.",
            "content": {"application/json": {"schema": reference("Readiness")}},
        },
    },
)
async def ready(request: Request) -> Response:
    """Tell whether decisions can be given now: guidelines are loaded and the log can be written."""
    notes_of(request.scope).endpoint = "ready"
    site = site_of(request)
    writable = await site.recorder.ready()
    log = ("writable" if writable else "unavailable") if site.recorder.is_on else "none"
    may_answer = writable or not site.recorder.is_required
    found = {"ready": may_answer, "guidelines": len(site.served), "log": log}
    return JSONResponse(found, 200 if may_answer else 503)


@router.get(
    "/metrics",
    responses={
        200: {
            "description": "Metrics in the text format of Prometheus.",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **faults([404], fhir=False),
    },
)
async def metrics(request: Request) -> Response:
    """Return the metrics for Prometheus."""
    notes_of(request.scope).endpoint = "metrics"
    site = site_of(request)
    if not site.settings.metrics:
        raise Refusal(404, Code.NOT_FOUND, "there is nothing here")
    return Response(site.metrics.text(), media_type=site.metrics.content_type)
