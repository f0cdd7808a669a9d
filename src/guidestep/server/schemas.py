"""The JSON Schemas of what the service takes and gives, as the OpenAPI document tells them.

Source: CDS Hooks 2.0.1; FHIR R4, OperationOutcome; RFC 9457.
"""

from __future__ import annotations

from collections.abc import Iterable

from guidestep.interop.cds_hooks import HOOKS
from guidestep.interop.cds_hooks.hooks import REFERENCE, USER_ID
from guidestep.server.refusals import Code

Schema = dict[str, object]


def reference(name: str) -> Schema:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


_TEXT: Schema = {"type": "string"}
_SOME_TEXT: Schema = {"type": "string", "minLength": 1}
_NULL: Schema = {"type": "null"}
_ANY_OBJECT: Schema = {"type": "object"}
_FHIR_SERVER: Schema = {
    "type": "string",
    "pattern": r"^https?://[a-z0-9.]+(:[1-9]\d{0,3})?(/[a-z0-9]+)*$",
}
_FHIR_ID: Schema = {"type": "string", "pattern": "^[A-Za-z0-9.-]{1,64}$"}
_UUID: Schema = {"type": "string", "format": "uuid"}
_RESOURCE: Schema = {
    "type": "object",
    "required": ["resourceType"],
    "properties": {"resourceType": {"type": "string", "minLength": 1}},
}
_CODING: Schema = {
    "type": "object",
    "required": ["code", "system"],
    "properties": {"code": _TEXT, "system": _TEXT, "display": _TEXT},
}
_INDICATOR = ["info", "warning", "critical"]


def _object(required: Iterable[str], **properties: object) -> Schema:
    return {"type": "object", "required": list(required), "properties": properties}


def _list(items: Schema, **more: object) -> Schema:
    return {"type": "array", "items": items, **more}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, _NULL]}


_REFERENCE: Schema = {"type": "string", "pattern": f"^{REFERENCE.pattern}$"}
_ORDERS: Schema = _object(
    ["resourceType"],
    resourceType={"type": "string", "enum": ["Bundle"]},
    entry=_or_null(_list(_object(["fullUrl", "resource"], fullUrl=_SOME_TEXT, resource=_RESOURCE))),
)
_AUTHORIZATION: Schema = _object(
    ["access_token", "token_type", "expires_in", "scope", "subject"],
    access_token=_SOME_TEXT,
    token_type={"type": "string", "enum": ["Bearer"]},
    expires_in={"type": "integer", "minimum": 0},
    scope=_SOME_TEXT,
    subject=_SOME_TEXT,
    patient=_or_null(_FHIR_ID),
)


def _hook_request(hook: str) -> Schema:
    """Return the schema of a call of one hook, by what its context must have."""
    known = HOOKS[hook]
    context: dict[str, Schema] = {
        "userId": {"type": "string", "pattern": f"^{USER_ID.pattern}$"},
        "patientId": _FHIR_ID,
        "encounterId": _FHIR_ID if known.encounter else _or_null(_FHIR_ID),
    }
    required = ["userId", "patientId", *(["encounterId"] if known.encounter else [])]
    if known.selections:
        context["selections"] = _list(_REFERENCE, minItems=1)
        required.append("selections")
    if known.orders:
        context["draftOrders"] = _ORDERS
        required.append("draftOrders")
    return _object(
        ["hook", "hookInstance", "context"],
        hook={"type": "string", "enum": [hook]},
        hookInstance=_UUID,
        fhirServer=_or_null(_FHIR_SERVER),
        fhirAuthorization=_or_null(_AUTHORIZATION),
        context=_object(required, **context),
        prefetch=_or_null({"type": "object", "additionalProperties": _or_null(_RESOURCE)}),
        extension=_or_null(_ANY_OBJECT),
    ) | {
        # A token is for a server.
        "anyOf": [
            {"properties": {"fhirAuthorization": _NULL}},
            {"required": ["fhirServer"], "properties": {"fhirServer": _FHIR_SERVER}},
        ]
    }


OURS: Schema = {
    "Problem": _object(
        ["type", "title", "status", "code"],
        type=_TEXT,
        title=_TEXT,
        status={"type": "integer"},
        code={"type": "string", "enum": [code.value for code in Code]},
        problems=_list(reference("Detail"), minItems=1),
        incident=_UUID,
    ),
    "Detail": _object(["message"], path=_TEXT, code=_TEXT, message=_TEXT, hint=_TEXT),
    "OperationOutcome": _object(
        ["resourceType", "issue"],
        resourceType={"type": "string", "enum": ["OperationOutcome"]},
        issue=_list(
            _object(
                ["severity", "code"],
                severity={"type": "string", "enum": ["fatal", "error", "warning", "information"]},
                code=_TEXT,
                details=_object(["text"], text=_TEXT),
                diagnostics=_TEXT,
                expression=_list(_TEXT, minItems=1),
            ),
            minItems=1,
        ),
    ),
    "Services": _object(
        ["services"],
        services=_list(
            _object(
                ["hook", "description", "id"],
                hook=_TEXT,
                title=_TEXT,
                description=_TEXT,
                id=_TEXT,
                prefetch={"type": "object", "additionalProperties": _TEXT},
                usageRequirements=_TEXT,
            )
        ),
    ),
    # One for each hook; what a client sends as null is taken as not sent.
    "HookRequest": {"oneOf": [_hook_request(hook) for hook in HOOKS]},
    "Cards": _object(
        ["cards"],
        cards=_list(
            _object(
                ["uuid", "summary", "indicator", "source"],
                uuid=_UUID,
                summary={"type": "string", "minLength": 1, "maxLength": 139},
                detail=_TEXT,
                indicator={"type": "string", "enum": _INDICATOR},
                source=_object(["label"], label=_TEXT, url=_TEXT, icon=_TEXT, topic=_CODING),
                suggestions=_list(
                    _object(
                        ["label"],
                        label=_TEXT,
                        uuid=_TEXT,
                        isRecommended={"type": "boolean"},
                        actions=_list(
                            _object(
                                ["type", "description"],
                                type={"type": "string", "enum": ["create", "update", "delete"]},
                                description=_TEXT,
                                resource=_RESOURCE,
                                resourceId=_TEXT,
                            )
                        ),
                    )
                ),
                selectionBehavior={"type": "string", "enum": ["at-most-one", "any"]},
                overrideReasons=_list(_CODING),
                links=_list(
                    _object(
                        ["label", "url", "type"],
                        label=_TEXT,
                        url=_TEXT,
                        type={"type": "string", "enum": ["absolute", "smart"]},
                    )
                ),
                extension={"type": "object"},
            )
        ),
    ),
    "FeedbackGiven": _object(
        ["feedback"],
        feedback=_list(
            _object(
                ["card", "outcome", "outcomeTimestamp"],
                card=_UUID,
                outcome={"type": "string", "enum": ["accepted", "overridden"]},
                acceptedSuggestions=_or_null(_list(_object(["id"], id=_UUID))),
                overrideReason=_or_null(
                    _object(
                        [],
                        reason=_or_null(
                            _object(
                                ["code", "system"],
                                code=_SOME_TEXT,
                                system=_SOME_TEXT,
                                display=_or_null(_TEXT),
                            )
                        ),
                        userComment=_or_null(_TEXT),
                    )
                    | {
                        "anyOf": [
                            {"required": ["reason"], "properties": {"reason": _ANY_OBJECT}},
                            {
                                "required": ["userComment"],
                                "properties": {"userComment": _SOME_TEXT},
                            },
                        ]
                    }
                ),
                outcomeTimestamp={
                    "type": "string",
                    "format": "date-time",
                    "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]00:00)$",
                },
            )
            | {
                # Either it was accepted, with what of it, or overridden.
                "oneOf": [
                    {
                        "properties": {
                            "outcome": {"enum": ["accepted"]},
                            "acceptedSuggestions": {"type": "array", "minItems": 1},
                            "overrideReason": _NULL,
                        },
                        "required": ["acceptedSuggestions"],
                    },
                    {
                        "properties": {
                            "outcome": {"enum": ["overridden"]},
                            "acceptedSuggestions": _or_null({"type": "array", "maxItems": 0}),
                        },
                    },
                ]
            },
            minItems=1,
        ),
    ),
    "FeedbackTaken": _object(
        ["recorded", "unknown_cards"],
        recorded={"type": "integer", "minimum": 0},
        unknown_cards={"type": "integer", "minimum": 0},
    ),
    "Guidelines": _object(["guidelines"], guidelines=_list(reference("GuidelineOffered"))),
    "GuidelineOffered": _object(
        ["id", "guideline", "title", "version", "digest", "profile", "review", "url"],
        id=_TEXT,
        guideline=_TEXT,
        title=_TEXT,
        version=_TEXT,
        digest=_TEXT,
        profile=_TEXT,
        profiles=_list(_TEXT),
        hooks=_list(_TEXT),
        review=_TEXT,
        source=_TEXT,
        source_url=_TEXT,
        source_updated={"type": "string", "format": "date"},
        demographic_inputs={"type": "object", "additionalProperties": _list(_TEXT)},
        url=_TEXT,
    ),
    "JsonSchema": {"type": "object"},
    # Whatever stands for an assessment has an answer: one at fault a problem of its own.
    "Batch": _object(
        ["assessments"],
        assessments=_list({"anyOf": [reference("Assessment"), {}]}, minItems=1),
    )
    | {"additionalProperties": False},
    "BatchAnswers": _object(
        ["answers"],
        answers=_list(
            {
                "oneOf": [
                    _object(["recommendation"], recommendation=reference("Recommendation")),
                    _object(["problem"], problem=reference("Problem")),
                ]
            }
        ),
    ),
    "Bundle": _object(
        ["resourceType", "type"],
        resourceType={"type": "string", "enum": ["Bundle"]},
        type=_TEXT,
        entry=_list({"type": "object"}),
    ),
    "Health": _object(["status"], status={"type": "string", "enum": ["alive"]}),
    "Readiness": _object(
        ["ready", "guidelines", "log"],
        ready={"type": "boolean"},
        guidelines={"type": "integer"},
        log={"type": "string", "enum": ["writable", "unavailable", "none"]},
    ),
}
