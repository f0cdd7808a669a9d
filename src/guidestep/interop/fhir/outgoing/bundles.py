"""All resources of an answer as one Bundle, in which every reference between them resolves.

Source: HL7 FHIR R4, Bundle (type `collection`; invariants bdl-1 to bdl-12).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from guidestep.interop.fhir.outgoing.context import Context, address
from guidestep.interop.fhir.outgoing.elements import Element, Resource, element
from guidestep.interop.fhir.outgoing.groups import care_plan, request_group
from guidestep.interop.fhir.outgoing.guidance import guidance_response
from guidestep.interop.fhir.outgoing.issues import detected_issues
from guidestep.interop.fhir.outgoing.messages import communication_requests
from guidestep.interop.fhir.outgoing.questionnaires import questionnaire
from guidestep.interop.fhir.outgoing.requests import service_requests
from guidestep.recommendation import Recommendation


def recommendation_bundle(recommendation: Recommendation, context: Context) -> Resource:
    """Return all that an answer becomes, the GuidanceResponse first.

    After it come the RequestGroup, the CarePlan unless nothing is planned, the ServiceRequests (of
    intent `option`, as the RequestGroup refers to them), what is only to be told, a DetectedIssue
    for each red flag, and a Questionnaire of what is missing. All are drafts and proposals.

    >>> import guidestep
    >>> from datetime import UTC, datetime
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> required = {
    ...     "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
    ...     "neurologic": {"gait_instability": "present", "red_flag_adjudication": "none"},
    ...     "program": {"mobility_step": "not_started", "neuromuscular_step": "not_started",
    ...                 "resistance_step": "withheld", "requested_action": "none"},
    ... }
    >>> context = Context(guideline, "Patient/1", datetime(2026, 3, 2, tzinfo=UTC))
    >>> bundle = recommendation_bundle(guideline.recommend(required), context)
    >>> [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    ['GuidanceResponse', 'RequestGroup', 'CarePlan', 'ServiceRequest', 'DetectedIssue']

    Raises:
        ValueError: The recommendation was not made by the guideline of the context.
    """
    plan = care_plan(recommendation, context)
    resources = [
        guidance_response(recommendation, context),
        request_group(recommendation, context),
        *([] if plan is None else [plan]),
        *service_requests(recommendation, context, intent="option"),
        *communication_requests(recommendation, context),
        *detected_issues(recommendation, context),
    ]
    if paths := context.asked_of(recommendation):
        resources.append(questionnaire(context.guideline, paths, context.canonical))
    id_ = context.id_of(recommendation, "Bundle")
    return bundle(id_, resources, timestamp=context.moment)


def bundle(id_: str, resources: Iterable[Resource], *, timestamp: str | None = None) -> Resource:
    """Return resources as a collection; each has its canonical address, or its id as a URN."""
    return element(
        resourceType="Bundle",
        id=id_,
        type="collection",
        timestamp=timestamp,
        entry=[_entry(resource) for resource in resources],
    )


def _entry(resource: Resource) -> Element:
    url, id_ = resource.get("url"), str(resource["id"])
    if url is None:
        return {"fullUrl": address(id_), "resource": resource}
    if not str(url).endswith(f"/{id_}"):
        # An id that FHIR does not allow stands in the address in its own form.
        url = address(str(uuid.uuid5(uuid.NAMESPACE_URL, str(url))))
    return {"fullUrl": url, "resource": resource}
