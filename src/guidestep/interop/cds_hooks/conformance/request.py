"""A call of a service."""

from __future__ import annotations

import re

from guidestep.interop.cds_hooks.conformance.elements import (
    Node,
    Problems,
    is_resource,
    is_uuid,
    join,
)

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9\-.]{1,64}")
_USER = re.compile(r"(Practitioner|PractitionerRole|Patient|RelatedPerson)/[A-Za-z0-9\-.]{1,64}")
_RULE = "Calling a CDS Service"

_ENCOUNTER_NEEDED = ("encounter-start", "encounter-discharge")
_WITH_ORDERS = ("order-select", "order-sign")
_KNOWN = ("patient-view", "appointment-book", *_ENCOUNTER_NEEDED, *_WITH_ORDERS)


def check_request(problems: Problems, document: object) -> None:
    """Check the body of `POST {base}/cds-services/{id}`."""
    node = problems.object_("", document, _RULE)
    if node is None:
        return
    prefetch = node.get("prefetch")
    no_data = {f"prefetch.{key}" for key in prefetch} if isinstance(prefetch, dict) else ()
    problems.empty(node, nulls=no_data)
    hook = problems.text("", node, "hook", _RULE, needed=True)
    what = "not a UUID"
    problems.text("", node, "hookInstance", _RULE, needed=True, form=is_uuid, what=what)
    problems.url("", node, "fhirServer", _RULE)
    problems.extension("", node)
    _authorization(problems, node)
    if problems.required("", node, "context", _RULE) is not None:
        context = problems.object_("context", node["context"], _RULE)
        if context is not None and hook in _KNOWN:
            _context(problems, hook or "", context)
    if prefetch is not None:
        for key, value in (problems.object_("prefetch", prefetch, _RULE) or {}).items():
            if value is not None and not is_resource(value):
                message = "not a FHIR resource: it has no resourceType"
                problems.error(f"prefetch.{key}", message, "Prefetch Template")


def _authorization(problems: Problems, node: Node) -> None:
    granted = node.get("fhirAuthorization")
    if granted is None:
        return
    if "fhirServer" not in node:
        problems.error("fhirServer", "not given, though access to it is granted", "cds-r-1")
    path = "fhirAuthorization"
    found = problems.object_(path, granted, _RULE)
    if found is None:
        return
    for name in ("access_token", "scope", "subject"):
        problems.text(path, found, name, _RULE, needed=True)
    problems.one_of(path, found, "token_type", ["Bearer"], _RULE, needed=True)
    lifetime = problems.required(path, found, "expires_in", _RULE)
    if lifetime is not None and (not isinstance(lifetime, int) or isinstance(lifetime, bool)):
        problems.error(f"{path}.expires_in", "not a whole number of seconds", _RULE)
    problems.text(path, found, "patient", _RULE, form=_is_id, what="not a bare FHIR id")
    if "patient/" in str(found.get("scope")) and "patient" not in found:
        problems.warning(f"{path}.patient", "not given, though a scope is of a patient", "cds-r-2")


def _context(problems: Problems, hook: str, context: Node) -> None:
    rule = f"context of {hook}"
    what = "not [type]/[id] of a user"
    problems.text("context", context, "userId", rule, needed=True, form=_is_user, what=what)
    for name, needed in (("patientId", True), ("encounterId", hook in _ENCOUNTER_NEEDED)):
        what = "not a bare FHIR id"
        problems.text("context", context, name, rule, needed=needed, form=_is_id, what=what)
    if hook == "order-select":
        problems.required("context", context, "selections", rule)
        for at, selection in problems.list_("context", context, "selections", rule):
            if not isinstance(selection, str) or not _REFERENCE.fullmatch(selection):
                problems.error(at, "not of the form [type]/[id]", "ord-1")
    bundle = "draftOrders" if hook in _WITH_ORDERS else "appointments"
    if hook in _WITH_ORDERS or hook == "appointment-book":
        value = problems.required("context", context, bundle, rule)
        if value is not None:
            _bundle(problems, f"context.{bundle}", value, rule)


def _bundle(problems: Problems, path: str, value: object, rule: str) -> None:
    if not isinstance(value, dict) or value.get("resourceType") != "Bundle":
        problems.error(path, "not a FHIR Bundle", rule)
        return
    for at, entry in problems.objects(path, value, "entry", rule):
        problems.text(at, entry, "fullUrl", "FHIR R4, bdl-7 and Bundle.entry.fullUrl", needed=True)
        if not is_resource(entry.get("resource")):
            problems.error(join(at, "resource"), "not a FHIR resource", rule)


def _is_id(value: object) -> bool:
    return _ID.fullmatch(str(value)) is not None


def _is_user(value: object) -> bool:
    return _USER.fullmatch(str(value)) is not None
