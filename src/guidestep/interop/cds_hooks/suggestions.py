"""What a card offers to do: to draft what is recommended, to remove a draft that is not.

An exercise is offered only where the outcome is *recommend* and its step starts, continues or
progresses; a referral only where the outcome is one. All are drafts that a clinician signs. No
exercise is marked as preferred while no clinician has approved the rule base: a client may tick in
advance what is so marked.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import cast

from guidestep.interop.cds_hooks.emptiness import Object
from guidestep.interop.cds_hooks.hooks import REFERENCE
from guidestep.interop.cds_hooks.markdown import plain
from guidestep.interop.cds_hooks.orders import Ordered, advised
from guidestep.interop.cds_hooks.request import Request
from guidestep.interop.cds_hooks.served import Reading, Served
from guidestep.outcome import Action, Basis, Outcome
from guidestep.recommendation import Recommendation, StepAdvice

REFERRALS = {
    Outcome.URGENT_REFERRAL: "Draft an urgent referral: stop rehabilitation",
    Outcome.REFERRAL: "Draft a referral for evaluation",
}
"""The outcomes that are referrals, and what is offered then."""

NewId = Callable[[], str]
"""Makes the id of a card or a suggestion."""


def to_order(
    recommendation: Recommendation,
    *,
    served: Served,
    request: Request,
    reading: Reading,
    when: datetime,
    drafted: Collection[str],
    new_id: NewId,
) -> list[Object]:
    """Return a suggestion for each recommended step that has no draft order yet, or a referral."""
    referral = recommendation.outcome in REFERRALS
    wanted = {id_: step for id_, step in advised(recommendation).items() if id_ not in drafted}
    if not wanted and not referral:
        return []
    from guidestep.interop.fhir import outgoing

    encounter = None if request.encounter_id is None else f"Encounter/{request.encounter_id}"
    context = outgoing.Context(
        served.guideline,
        subject=f"Patient/{request.patient_id}",
        when=when,
        encounter=encounter,
        canonical=served.mapping.canonical,
        sources=_sources(recommendation, reading),
    )
    system = served.mapping.canonical.step(served.guideline.id, "")["system"]
    offered = []
    for order in outgoing.service_requests(recommendation, context):
        if referral:
            label = f"{REFERRALS[recommendation.outcome]}{_unapproved(recommendation)}"
            offered.append(_create(label, order, new_id))
            continue
        step = wanted.pop(_step(order, system), None)
        if step is not None:
            label = f"{step.action.value.capitalize()} {step.id}: {step.title}"
            label += _unapproved(recommendation)
            suggestion = _create(label, order, new_id)
            if _preferred(step, recommendation):
                suggestion["isRecommended"] = True
            offered.append(suggestion)
    return offered


def _unapproved(recommendation: Recommendation) -> str:
    """Return what a button says of rules that no clinician has approved yet.

    A client may show its buttons above the details, which say it too.
    """
    status = recommendation.review.status
    return "" if status == "approved" else f" ({status.replace('_', ' ')})"


def _sources(recommendation: Recommendation, reading: Reading) -> dict[str, str]:
    """Return the stored resource of every value that the reasons for a request saw."""
    found: dict[str, str] = {}
    for reason in chain(recommendation.reasons, *(s.reasons for s in recommendation.steps)):
        for seen in reason.seen:
            origin = reading.provenance.get(seen.path)
            if origin is not None and origin.resource and REFERENCE.fullmatch(origin.resource):
                found[seen.path] = origin.resource
    return found


def _step(order: Mapping[str, object], system: str) -> str:
    code = order.get("code")
    codings = code.get("coding", []) if isinstance(code, Mapping) else []
    return next((coding["code"] for coding in codings if coding.get("system") == system), "")


def _create(label: str, order: Mapping[str, object], new_id: NewId) -> Object:
    words = plain(label)
    return {
        "label": words,
        "uuid": new_id(),
        "actions": [
            {
                "type": "create",
                "description": f"Create a draft for a clinician to check and sign. {words}",
                # A draft: nothing is ordered before a clinician signs it.
                "resource": cast("Object", {**order, "status": "draft"}),
            }
        ],
    }


def _preferred(step: StepAdvice, recommendation: Recommendation) -> bool:
    """Whether a step may be marked: approved, by the source, checked twice, and something new."""
    return (
        recommendation.review.status == "approved"
        and recommendation.basis is Basis.SOURCE
        and recommendation.agreement
        and step.action is not Action.CONTINUE
    )


def to_remove(orders: Sequence[Ordered], new_id: NewId) -> list[Object]:
    """Return one suggestion for each draft order that can be removed: those that have an id."""
    return [
        {
            "label": plain(f"Remove the draft order of {order.step}"),
            "uuid": new_id(),
            "actions": [
                {
                    "type": "delete",
                    "description": plain(f"Remove the draft order of {order.step}: {order.title}"),
                    "resourceId": order.resource_id,
                }
            ],
        }
        for order in orders
        if order.resource_id is not None
    ]
