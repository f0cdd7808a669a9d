"""The OpenAPI document: what each endpoint takes, and every answer that it can give."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import cast

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import TypeAdapter

from guidestep.assessment import Assessment
from guidestep.interop.cds_hooks import Served
from guidestep.recommendation import Recommendation
from guidestep.server.refusals import FHIR_JSON, PROBLEM_JSON
from guidestep.server.schemas import OURS, Schema, reference

_MEANINGS: Mapping[int, str] = {
    400: "The body is no JSON that can be read in one way only, or not what the endpoint takes.",
    401: "There is no token that is valid for this endpoint.",
    404: "There is nothing under this id.",
    405: "The endpoint does not answer this method.",
    408: "The body did not come in time.",
    412: "Required data are neither in the prefetch nor could they be fetched; it names the keys.",
    413: "The body is too large.",
    415: "The content type is not JSON in UTF-8.",
    422: "The assessment or Bundle cannot be read, or there is no such profile: each problem.",
    500: "An internal fault, or the two engines disagree: there is no answer.",
    503: "The decision could not be recorded, or keys could not be had; try again.",
}

HOOK_FAULTS = (400, 401, 404, 408, 412, 413, 415, 500, 503)
FEEDBACK_FAULTS = (400, 401, 404, 408, 413, 415, 500, 503)
READ_FAULTS = (401, 404, 500, 503)
API_FAULTS = (400, 401, 404, 408, 413, 415, 422, 500, 503)


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
    schemas: Schema = json.loads(json.dumps(OURS))
    adapter = TypeAdapter(Recommendation)
    schemas |= _hoisted("Recommendation", adapter.json_schema(mode="serialization"), "")
    names = []
    for model in dict.fromkeys(each.guideline.model for each in served):
        name = model.__name__
        schemas |= _hoisted(name, _assessment(model), f"{name}.")
        names.append(name)
    one = [reference(name) for name in names]
    schemas["Assessment"] = one[0] if len(one) == 1 else {"anyOf": one}
    return schemas


def _assessment(model: type[Assessment]) -> Schema:
    """Return the schema of an assessment as it is read: whole sections may be null as well."""
    schema = model.model_json_schema()
    required = set(schema.get("required", ()))
    for name, section in schema["properties"].items():
        if name == "data_absent_reasons":
            section["propertyNames"] = {"enum": list(model.fields())}
        if name not in required:
            schema["properties"][name] = {"anyOf": [section, {"type": "null"}]}
    return schema


def _hoisted(name: str, schema: Schema, prefix: str) -> Schema:
    """Return a schema, and those inside it, as schemas of the document."""
    inner = cast("Schema", schema.pop("$defs", {}))
    text = json.dumps({name: schema} | {f"{prefix}{key}": each for key, each in inner.items()})
    return cast("Schema", json.loads(text.replace("#/$defs/", f"#/components/schemas/{prefix}")))
