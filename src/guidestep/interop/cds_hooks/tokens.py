"""Prefetch templates: FHIR queries with tokens that the context of a call fills.

Source: CDS Hooks 2.0, "Prefetch Template" and "Prefetch Tokens".
"""

from __future__ import annotations

import re

from guidestep.interop.cds_hooks.hooks import HOOKS
from guidestep.interop.cds_hooks.request import Request

_TOKEN = re.compile(r"\{\{([^{}]*)\}\}")
_USERS = {
    "userPractitionerId": "Practitioner",
    "userPractitionerRoleId": "PractitionerRole",
    "userPatientId": "Patient",
    "userRelatedPersonId": "RelatedPerson",
}


def tokens(template: str) -> tuple[str, ...]:
    """Return the tokens of a template, in order.

    >>> tokens("Observation?patient={{context.patientId}}&_count=1")
    ('context.patientId',)
    """
    return tuple(_TOKEN.findall(template))


def fault(template: str, hook: str) -> str:
    """Return why a template cannot be offered for a hook, or an empty text.

    A token names a field of the context that the hook always has, at its root and of one value, or
    the user.

    >>> fault("Patient/{{context.patientId}}", "patient-view")
    ''
    >>> fault("Encounter/{{context.encounterId}}", "patient-view")
    'patient-view does not always have context.encounterId'
    >>> fault("Patient/{{ context.patientId}}", "patient-view")
    "' context.patientId' is no prefetch token"
    """
    rest = _TOKEN.sub("", template)
    if "{{" in rest or "}}" in rest:
        return "a token is not closed"
    always = {"userId", "patientId"} | ({"encounterId"} if HOOKS[hook].encounter else set())
    for token in tokens(template):
        root, dot, name = token.partition(".")
        if token in _USERS:
            continue
        if root != "context" or not dot or name not in ("userId", "patientId", "encounterId"):
            return f"'{token}' is no prefetch token"
        if name not in always:
            return f"{hook} does not always have {token}"
    return ""


def filled(template: str, request: Request) -> str | None:
    """Return a template with its tokens filled from a call, or `None` where one has no value.

    All that is filled in has been checked to be a FHIR id or a reference, so that it cannot change
    the query.

    >>> from guidestep.interop.cds_hooks.request import Request
    >>> request = Request("patient-view", "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    ...                   user_id="Practitioner/7", patient_id="41")
    >>> filled("Observation?patient={{context.patientId}}", request)
    'Observation?patient=41'
    >>> filled("Encounter/{{context.encounterId}}", request) is None
    True
    """
    kind, _, user = request.user_id.partition("/")
    values: dict[str, str | None] = {
        "context.userId": request.user_id,
        "context.patientId": request.patient_id,
        "context.encounterId": request.encounter_id,
        **{token: user for token, one in _USERS.items() if one == kind},
    }
    if any(values.get(token) is None for token in tokens(template)):
        return None
    return _TOKEN.sub(lambda found: values[found[1]] or "", template)
