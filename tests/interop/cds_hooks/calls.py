"""Calls and answers as JSON, to be spoilt one element at a time."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
CARD = "f6b95768-b1c8-40dc-8385-bf3504b82ffb"
SUGGESTION = "3c84cd6d-8ecf-4a07-9a28-6f1e3a1c3d1d"

Json = dict[str, Any]


def patient_view(**more: Any) -> Json:
    context = {"userId": "Practitioner/7", "patientId": "41", "encounterId": "e-9"}
    return {"hook": "patient-view", "hookInstance": INSTANCE, "context": context, **more}


def _orders() -> Json:
    resource = {"resourceType": "ServiceRequest", "id": "r-1", "status": "draft"}
    entry = {"fullUrl": "urn:uuid:0d37b01e-25b6-4a4b-9f4b-15b5a6a9b5de", "resource": resource}
    return {"resourceType": "Bundle", "type": "collection", "entry": [entry]}


def order_sign(**more: Any) -> Json:
    context = {"userId": "PractitionerRole/7", "patientId": "41", "draftOrders": _orders()}
    return {"hook": "order-sign", "hookInstance": INSTANCE, "context": context, **more}


def order_select(**more: Any) -> Json:
    call = order_sign(**more)
    call["hook"] = "order-select"
    call["context"]["selections"] = ["ServiceRequest/r-1"]
    return call


def encounter_start(**more: Any) -> Json:
    return {**patient_view(**more), "hook": "encounter-start"}


CALLS: dict[str, Callable[..., Json]] = {
    "patient-view": patient_view,
    "order-select": order_select,
    "order-sign": order_sign,
    "encounter-start": encounter_start,
}


def authorization(**more: Any) -> Json:
    return {
        "access_token": "secret-token",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.read",
        "subject": "cds-service",
        **more,
    }


def card(**more: Any) -> Json:
    return {
        "uuid": CARD,
        "summary": "Assess first",
        "indicator": "warning",
        "source": {"label": "A guideline"},
        **more,
    }


def suggestion(**more: Any) -> Json:
    resource = {"resourceType": "ServiceRequest", "id": "s-1", "status": "draft"}
    action = {"type": "create", "description": "Draft an order", "resource": resource}
    return {"label": "Start M1", "uuid": SUGGESTION, "actions": [action], **more}


def feedback(**more: Any) -> Json:
    return {
        "card": CARD,
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": SUGGESTION}],
        "outcomeTimestamp": "2026-03-02T10:05:31Z",
        **more,
    }


def overridden(**more: Any) -> Json:
    return {
        "card": CARD,
        "outcome": "overridden",
        "overrideReason": {
            "reason": {"code": "patient-refuses", "system": "https://reasons.example"},
            "userComment": "later",
        },
        "outcomeTimestamp": "2026-03-02T10:05:31.25+00:00",
        **more,
    }


GONE = object()
"""Stands for an element that is taken out."""


def spoilt(document: Json, path: str, value: Any) -> Json:
    """Return a document with one element, at a dotted path, set or taken out."""
    changed = copy.deepcopy(document)
    *way, last = path.split(".")
    node: Any = changed
    for step in way:
        node = node[int(step) if isinstance(node, list) else step]
    if value is GONE:
        del node[last]
    else:
        node[int(last) if isinstance(node, list) else last] = value
    return changed
