"""The OpenAPI document: what each endpoint takes, and every answer that it can give."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from guidestep.interop.cds_hooks import Served
from guidestep.recommendation import Recommendation
from guidestep.server.refusals import FHIR_JSON, PROBLEM_JSON, Code

Schema = dict[str, object]

_MEANINGS: Mapping[int, str] = {
    400: "The body is no JSON that can be read in one way only, or not what the endpoint takes.",
    401: "There is no token that is valid for this endpoint.",
    404: "There is nothing under this id.",
    405: "The endpoint does not answer this method.",
    408: "The body did not come in time.",
    412: "Required data are neither in the prefetch nor could they be fetched; it names the keys.",
    413: "The body is too large.",
    415: "The content type is not JSON in UTF-8.",
    422: "The assessment cannot be read, or there is no such profile; it names every problem.",
    500: "An internal fault, or the two engines disagree: there is no answer.",
    503: "The decision could not be recorded, or keys could not be had; try again.",
}

HOOK_FAULTS = (400, 401, 404, 408, 412, 413, 415, 500, 503)
FEEDBACK_FAULTS = (400, 401, 404, 408, 413, 415, 500, 503)
READ_FAULTS = (401, 404, 500, 503)
API_FAULTS = (400, 401, 404, 408, 413, 415, 422, 500, 503)


def reference(name: str) -> Schema:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def faults(statuses: Iterable[int], *, fhir: bool) -> dict[int | str, dict[str, object]]:
    """Return the responses with which an endpoint refuses."""
    kind, name = (FHIR_JSON, "OperationOutcome") if fhir else (PROBLEM_JSON, "Problem")
    return {
        status: {
            "description": _MEANINGS[status],
            "content": {kind: {"schema": reference(name)}},
        }
        for status in statuses
    }


def answer(
    name: str, description: str, kind: str = "application/json"
) -> dict[int | str, dict[str, object]]:
    """Return the response of an endpoint that answers with a schema of the document."""
    return {200: {"description": description, "content": {kind: {"schema": reference(name)}}}}


def body(name: str) -> dict[str, object]:
    """Return what says that an endpoint takes JSON of a schema of the document."""
    content = {"application/json": {"schema": reference(name)}}
    return {"requestBody": {"required": True, "content": content}}


def install(app: FastAPI, served: Iterable[Served], *, dev: bool) -> None:
    """Make an application tell its OpenAPI document, with the schemas of what it serves."""
    services = tuple(served)
    cached: dict[str, object] = {}

    def document() -> dict[str, object]:
        if not cached:
            cached.update(_document(app, services, dev=dev))
        return cached

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI, served: tuple[Served, ...], *, dev: bool) -> dict[str, object]:
    found = cast(
        "dict[str, object]",
        get_openapi(
            title="guidestep",
            version=version("guidestep"),
            description="Clinical guidelines as CDS Hooks services and as a JSON API.",
            routes=app.routes,
        ),
    )
    components = cast("dict[str, object]", found.setdefault("components", {}))
    schemas = cast("Schema", components.setdefault("schemas", {}))
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas.update(_schemas(served))
    if not dev:
        components["securitySchemes"] = {
            "client": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
        }
    paths = cast("dict[str, dict[str, dict[str, object]]]", found["paths"])
    for path, operations in paths.items():
        for operation in operations.values():
            responses = cast("dict[str, object]", operation["responses"])
            if "HTTPValidationError" in json.dumps(responses.get("422")):
                # The framework's own: no path or query here can be of a wrong type.
                del responses["422"]
            if 401 in _statuses(operation) and not dev:
                operation["security"] = [{"client": []}]
            for parameter in cast("list[dict[str, object]]", operation.get("parameters", [])):
                if parameter["in"] == "path":
                    names = [each.id for each in served]
                else:
                    names = [name for each in served for name in each.guideline.profiles]
                parameter["schema"] = {"type": "string", "enum": list(dict.fromkeys(names))}
            if path.startswith("/cds-services"):
                operation["tags"] = ["CDS Hooks 2.0.1"]
    return found


def _statuses(operation: Mapping[str, object]) -> set[int]:
    responses = cast("Mapping[str, object]", operation["responses"])
    return {int(status) for status in responses if str(status).isdigit()}


def _schemas(served: tuple[Served, ...]) -> Schema:
    # Without what is only given when it is there: nothing is ever null.
    schemas: Schema = json.loads(json.dumps(_OURS))
    adapter = TypeAdapter(Recommendation)
    schemas |= _hoisted("Recommendation", adapter.json_schema(mode="serialization"), "")
    names = []
    for model in dict.fromkeys(each.guideline.model for each in served):
        name = model.__name__
        schemas |= _hoisted(name, model.model_json_schema(), f"{name}.")
        names.append(name)
    one = [reference(name) for name in names]
    schemas["Assessment"] = one[0] if len(one) == 1 else {"anyOf": one}
    return schemas


def _hoisted(name: str, schema: Schema, prefix: str) -> Schema:
    """Return a schema, and those inside it, as schemas of the document."""
    inner = cast("Schema", schema.pop("$defs", {}))
    text = json.dumps({name: schema} | {f"{prefix}{key}": each for key, each in inner.items()})
    return cast("Schema", json.loads(text.replace("#/$defs/", f"#/components/schemas/{prefix}")))


_TEXT: Schema = {"type": "string"}
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


_OURS: Schema = {
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
    "HookRequest": _object(
        ["hook", "hookInstance", "context"],
        hook=_TEXT,
        hookInstance=_UUID,
        fhirServer={"type": "string", "format": "uri"},
        fhirAuthorization=_object(
            ["access_token", "token_type", "expires_in", "scope", "subject"],
            access_token={"type": "string", "minLength": 1},
            token_type={"type": "string", "enum": ["Bearer"]},
            expires_in={"type": "integer", "minimum": 0},
            scope={"type": "string", "minLength": 1},
            subject={"type": "string", "minLength": 1},
        ),
        context=_object(
            ["userId", "patientId"],
            userId={
                "type": "string",
                "pattern": "^(Practitioner|PractitionerRole|Patient|RelatedPerson)"
                "/[A-Za-z0-9.-]{1,64}$",
            },
            patientId=_FHIR_ID,
            encounterId=_FHIR_ID,
            selections=_list(_TEXT),
            draftOrders=_RESOURCE,
        ),
        prefetch={
            "type": "object",
            "additionalProperties": {"anyOf": [_RESOURCE, {"type": "null"}]},
        },
        extension={"type": "object"},
    ),
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
                card={"type": "string", "minLength": 1},
                outcome={"type": "string", "enum": ["accepted", "overridden"]},
                acceptedSuggestions=_list(_object(["id"], id=_TEXT)),
                overrideReason=_object([], reason=_CODING, userComment=_TEXT),
                outcomeTimestamp={"type": "string", "format": "date-time"},
            ),
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
    "Batch": _object(["assessments"], assessments=_list(reference("Assessment"), minItems=1))
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
