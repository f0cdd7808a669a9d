"""The JSON API: which guidelines there are, and what one says to an assessment."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from guidestep import AssessmentError, EngineDisagreement, Recommendation, SettingError
from guidestep.decision_log import Decision
from guidestep.interop.cds_hooks import Served
from guidestep.server.access import authenticate
from guidestep.server.calls import Call, begin
from guidestep.server.explanation import page
from guidestep.server.faults import engines_disagree
from guidestep.server.openapi import API_FAULTS, READ_FAULTS, answer, body, faults
from guidestep.server.refusals import Code, Detail, Refusal, details_of, problem
from guidestep.server.site import Site, site_of
from guidestep.server.watch import notes_of

router = APIRouter(tags=["Guidelines"])

Id = Annotated[str, Path(description="The id under which a guideline is served.")]
Profile = Annotated[
    str | None,
    Query(description="Which assumptions are on, if others than the service was set to."),
]

_JSON = "application/json"


@router.get(
    "/guidelines",
    responses={
        **answer("Guidelines", "The guidelines."),
        **faults((401, 500, 503), fhir=False),
    },
)
async def guidelines(request: Request) -> Response:
    """Tell which guidelines are served."""
    notes_of(request.scope).endpoint = "guidelines"
    await authenticate(request, "/guidelines")
    site = site_of(request)
    return JSONResponse({"guidelines": [_offered(each, site) for each in site.served.values()]})


@router.get(
    "/guidelines/{id}",
    responses={
        **answer("GuidelineOffered", "The guideline."),
        **faults(READ_FAULTS, fhir=False),
    },
)
async def guideline(request: Request, id: Id) -> Response:  # noqa: A002 (the name in the URL)
    """Tell what a guideline is: version, source, review, profiles, what it reads of a person."""
    notes_of(request.scope).endpoint = "guideline"
    site = site_of(request)
    served = site.find(id, "guideline")
    await authenticate(request, f"/guidelines/{served.id}")
    return JSONResponse(_offered(served, site))


@router.get(
    "/guidelines/{id}/schema",
    responses={
        **answer("JsonSchema", "The JSON Schema of an assessment.", "application/schema+json"),
        **faults(READ_FAULTS, fhir=False),
    },
)
async def schema(request: Request, id: Id) -> Response:  # noqa: A002 (the name in the URL)
    """Return the JSON Schema of the assessments that a guideline reads."""
    notes_of(request.scope).endpoint = "schema"
    served = site_of(request).find(id, "guideline")
    await authenticate(request, f"/guidelines/{served.id}/schema")
    dialect = "https://json-schema.org/draft/2020-12/schema"
    found = {"$schema": dialect, **served.guideline.model.model_json_schema()}
    return JSONResponse(found, media_type="application/schema+json")


@router.get(
    "/guidelines/{id}/explanation",
    responses={
        200: {
            "description": "A page for people.",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
        **faults((404, 500), fhir=False),
    },
)
async def explanation(request: Request, id: Id) -> Response:  # noqa: A002 (the name in the URL)
    """Show the rules of a guideline and what they rest on; it is the same for every patient."""
    notes_of(request.scope).endpoint = "explanation"
    served = site_of(request).find(id, "guideline")
    policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
    headers = {"Content-Security-Policy": policy}
    return Response(page(served), media_type="text/html; charset=utf-8", headers=headers)


@router.post(
    "/guidelines/{id}/recommend",
    responses={
        **answer("Recommendation", "The recommendation."),
        **faults(API_FAULTS, fhir=False),
    },
    openapi_extra=body("Assessment"),
)
async def recommend(
    request: Request,
    id: Id,  # noqa: A002 (the name in the URL)
    profile: Profile = None,
) -> Response:
    """Answer an assessment with the recommendation."""
    taken = await begin(request, "recommend", "guidelines", id, "recommend")
    site, served = taken.site, taken.served
    try:
        found = _recommendation(site, served, taken.raw, profile)
    except EngineDisagreement as error:
        raise engines_disagree(request, error) from None
    await site.recorder.record(_decision(taken, found))
    taken.notes.outcome = found.outcome.value
    site.metrics.answered(served.id, found.outcome.value)
    return Response(found.to_json(), media_type=_JSON)


@router.post(
    "/guidelines/{id}/recommend/batch",
    responses={
        **answer("BatchAnswers", "An answer for each assessment, in their order."),
        **faults(API_FAULTS, fhir=False),
    },
    openapi_extra=body("Batch"),
)
async def batch(
    request: Request,
    id: Id,  # noqa: A002 (the name in the URL)
    profile: Profile = None,
) -> Response:
    """Answer several assessments; one that is at fault does not keep back the others."""
    taken = await begin(request, "batch", "guidelines", id, "recommend/batch")
    site, served = taken.site, taken.served
    items = _items(taken.raw, site.settings.limits.batch)
    _check_profile(served, profile)
    answers: list[str] = []
    given: list[Recommendation] = []
    for item in items:
        try:
            found = _recommendation(site, served, item, profile)
        except Refusal as refusal:
            answers.append(json.dumps({"problem": problem(refusal)}, ensure_ascii=False))
        except EngineDisagreement as error:
            told = problem(engines_disagree(request, error))
            answers.append(json.dumps({"problem": told}, ensure_ascii=False))
        else:
            given.append(found)
            answers.append(f'{{"recommendation":{found.to_json()}}}')
        # Others are answered in between.
        await asyncio.sleep(0)
    await site.recorder.record(*(_decision(taken, each) for each in given))
    for each in given:
        site.metrics.answered(served.id, each.outcome.value)
    return Response(f'{{"answers":[{",".join(answers)}]}}', media_type=_JSON)


def _items(raw: object, most: int) -> list[object]:
    items = raw.get("assessments") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not isinstance(items, list) or not items or len(raw) > 1:
        detail = Detail("it must be a list of assessments, and stand alone", "assessments")
        raise Refusal(422, Code.INVALID_REQUEST, "the batch cannot be read", (detail,))
    if len(items) > most:
        title = f"a batch has at most {most} assessments"
        raise Refusal(413, Code.TOO_LARGE, title)
    return items


def _check_profile(served: Served, profile: str | None) -> None:
    known = served.guideline.profiles
    if profile is not None and profile not in known:
        detail = Detail("there is no such profile", "profile", f"one of {', '.join(known)}")
        raise Refusal(422, Code.UNKNOWN_PROFILE, "there is no such profile", (detail,))


def _recommendation(site: Site, served: Served, raw: object, profile: str | None) -> Recommendation:
    """Return the recommendation for an assessment as sent.

    Raises:
        EngineDisagreement: The two engines differ.
        Refusal: 422, the assessment cannot be read, or there is no such profile.
    """
    _check_profile(served, profile)
    title = "the assessment cannot be read"
    if not isinstance(raw, dict):
        detail = Detail("it must be an object of sections", "", "see the schema")
        raise Refusal(422, Code.INVALID_ASSESSMENT, title, (detail,))
    try:
        assessment = served.guideline.model.read(raw, today=site.today())
        return served.guideline.recommend(assessment, profile=profile or served.profile)
    except AssessmentError as error:
        details = details_of(error.problems[:50])
        raise Refusal(422, Code.INVALID_ASSESSMENT, title, details) from None
    except SettingError:
        raise Refusal(422, Code.UNKNOWN_PROFILE, "there is no such profile") from None


def _decision(taken: Call, found: Recommendation) -> Decision:
    return Decision.of(
        found,
        when=taken.site.now(),
        service=taken.served.id,
        client=taken.client,
        location=taken.location,
    )


def _offered(served: Served, site: Site) -> dict[str, object]:
    guideline = served.guideline
    entry = guideline.base.entry
    return {
        "id": served.id,
        "guideline": guideline.id,
        "title": guideline.title,
        "version": guideline.version,
        "digest": guideline.digest,
        "profile": served.profile or guideline.default_profile,
        "profiles": list(guideline.profiles),
        "hooks": list(served.hooks),
        "review": entry.review.status,
        "source": entry.source.title,
        "source_url": entry.source.url,
        "source_updated": entry.source.updated.isoformat(),
        "demographic_inputs": {
            name: list(paths) for name, paths in guideline.demographic_inputs.items()
        },
        "url": f"{site.settings.base_url}/guidelines/{served.id}",
    }
