"""A call of a service, read from JSON: the envelope is checked, the FHIR inside it is not.

The version read is 2.0.1. What version 3.0 adds, and members of `extension`, are let through.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from guidestep.interop.cds_hooks.hooks import (
    CLINICIANS,
    FHIR_ID,
    HOOKS,
    REFERENCE,
    USER_ID,
    USER_TYPES,
)
from guidestep.interop.cds_hooks.problems import BadRequest, ProblemCode, RequestProblem

Resource = Mapping[str, object]
"""A FHIR resource as JSON gives it."""

_UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
_URL = r"^https?://[^\s/?#@\\]+(/[^\s?#\\]*)?$"


@dataclass(frozen=True, slots=True)
class FhirAuthorization:
    """The access that the client grants to its FHIR server; the token is never shown.

    `expires_in` is in seconds, `patient` the FHIR id that version 3.0 may give.
    """

    access_token: str = field(repr=False)
    token_type: str
    expires_in: int
    scope: str
    subject: str
    patient: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A call of a service.

    `selections` and `draft_orders` are empty where the hook has none; `prefetch` holds what was
    sent, by key: a resource, or `None` for *no data*. Only `hook` and `hook_instance` are shown,
    as the rest may tell of a patient.
    """

    hook: str
    hook_instance: str
    user_id: str = field(repr=False)
    patient_id: str = field(repr=False)
    encounter_id: str | None = field(default=None, repr=False)
    selections: tuple[str, ...] = field(default=(), repr=False)
    draft_orders: tuple[Resource, ...] = field(default=(), repr=False)
    context: Mapping[str, object] = field(default_factory=dict, repr=False)
    prefetch: Mapping[str, Resource | None] = field(default_factory=dict, repr=False)
    fhir_server: str | None = field(default=None, repr=False)
    fhir_authorization: FhirAuthorization | None = field(default=None, repr=False)
    extension: Mapping[str, object] = field(default_factory=dict, repr=False)

    @property
    def by_clinician(self) -> bool:
        """Whether the user is a clinician, not the patient or somebody close to them."""
        return self.user_id.partition("/")[0] in CLINICIANS


def _whole(value: object) -> object:
    """Return 300.0 as 300: JSON does not tell them apart."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


class _Authorization(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)

    access_token: Annotated[str, Field(min_length=1)]
    token_type: Annotated[
        Literal["bearer"], BeforeValidator(lambda v: v.lower() if isinstance(v, str) else v)
    ]
    expires_in: Annotated[int, Field(ge=0), BeforeValidator(_whole)]
    scope: Annotated[str, Field(min_length=1)]
    subject: Annotated[str, Field(min_length=1)]
    patient: Annotated[str, Field(pattern=rf"^{FHIR_ID.pattern}$")] | None = None


class _Envelope(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)

    hook: Annotated[str, Field(min_length=1)]
    hookInstance: Annotated[str, Field(pattern=_UUID)]  # noqa: N815 (the name in JSON)
    context: dict[str, object]
    fhirServer: Annotated[str, Field(pattern=_URL)] | None = None  # noqa: N815
    fhirAuthorization: _Authorization | None = None  # noqa: N815
    prefetch: dict[str, object] | None = None
    extension: dict[str, object] | None = None


def parse_request(raw: object, hooks: Collection[str]) -> Request:
    """Return the call that a JSON body makes; `hooks` are those the service is registered for.

    A member that is null, except in `prefetch`, is taken as not sent.

    >>> request = parse_request({
    ...     "hook": "patient-view", "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    ...     "context": {"userId": "Practitioner/7", "patientId": "41"},
    ... }, ["patient-view"])
    >>> request.patient_id
    '41'
    >>> parse_request({"hook": "order-sign"}, ["patient-view"])
    Traceback (most recent call last):
    ...
    guidestep.interop.cds_hooks.problems.BadRequest: the request cannot be read: 3 problems
    - hook: this service does not answer this hook
      hint: the hooks are patient-view
    - hookInstance: not given
      hint: a UUID of this call
    - context: not given
      hint: an object, as the hook defines it

    Raises:
        BadRequest: The body is not such a call; it names every problem.

    Source: CDS Hooks 2.0, "Calling a CDS Service".
    """
    try:
        envelope = _Envelope.model_validate(raw)
    except ValidationError as error:
        problems = [*_hook(raw, hooks), *map(_problem, _errors(error)), *_inside(raw)]
        raise BadRequest(_once(problems)) from None
    problems = [*_hook(raw, hooks), *_inside(raw)]
    if problems:
        raise BadRequest(_once(problems))
    return _read(envelope)


def _read(envelope: _Envelope) -> Request:
    context, known = envelope.context, HOOKS[envelope.hook]
    granted = envelope.fhirAuthorization
    orders = cast("dict[str, list[dict[str, Resource]]]", context.get("draftOrders") or {})
    return Request(
        hook=envelope.hook,
        hook_instance=envelope.hookInstance,
        user_id=cast("str", context["userId"]),
        patient_id=cast("str", context["patientId"]),
        encounter_id=cast("str | None", context.get("encounterId")),
        selections=tuple(cast("list[str]", context["selections"])) if known.selections else (),
        draft_orders=tuple(entry["resource"] for entry in orders.get("entry") or ())
        if known.orders
        else (),
        context=context,
        prefetch=cast("dict[str, Resource | None]", envelope.prefetch or {}),
        fhir_server=envelope.fhirServer,
        fhir_authorization=None
        if granted is None
        else FhirAuthorization(
            access_token=granted.access_token,
            token_type="Bearer",  # noqa: S106 (the type of a token, no secret)
            expires_in=granted.expires_in,
            scope=granted.scope,
            subject=granted.subject,
            patient=granted.patient,
        ),
        extension=envelope.extension or {},
    )


# --- what Pydantic found, in our words ----------------------------------------------------------

_HINTS: Mapping[str, str] = {
    "hook": "the name of a hook",
    "hookInstance": "a UUID of this call",
    "context": "an object, as the hook defines it",
    "fhirServer": "the absolute http(s) address of the FHIR server, with no user or query",
    "fhirAuthorization": "an object",
    "fhirAuthorization.access_token": "the token, as text",
    "fhirAuthorization.token_type": "Bearer",
    "fhirAuthorization.expires_in": "the lifetime of the token in seconds, a whole number",
    "fhirAuthorization.scope": "the scopes granted, as text",
    "fhirAuthorization.subject": "the client identifier of the service, as text",
    "fhirAuthorization.patient": "a FHIR id, without 'Patient/'",
    "prefetch": "an object from prefetch keys to resources",
    "extension": "an object",
}


def _errors(error: ValidationError) -> Iterator[tuple[str, str]]:
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        yield ".".join(_key(str(part)) for part in each["loc"]), each["type"]


def _problem(found: tuple[str, str]) -> RequestProblem:
    path, kind = found
    hint = _HINTS.get(path, "")
    if kind == "missing":
        return RequestProblem(path, "not given", hint, "required")
    if kind == "model_type" and not path:
        return RequestProblem("", "the body is not a JSON object", "", "structure")
    code: ProblemCode = "structure" if kind.endswith("_type") else "value"
    return RequestProblem(path, "not what it must be", hint, code)


def _once(problems: Collection[RequestProblem]) -> tuple[RequestProblem, ...]:
    """Return one problem a path, the first: an element of the wrong kind is told once."""
    return tuple({problem.path: problem for problem in reversed([*problems])}.values())[::-1]


# --- what depends on the hook -------------------------------------------------------------------


def _hook(raw: object, hooks: Collection[str]) -> Iterator[RequestProblem]:
    hook = raw.get("hook") if isinstance(raw, dict) else None
    if isinstance(hook, str) and hook and (hook not in hooks or hook not in HOOKS):
        hint = f"the hooks are {', '.join(hooks)}"
        yield RequestProblem(
            "hook", "this service does not answer this hook", hint, "not-supported"
        )


def _inside(raw: object) -> Iterator[RequestProblem]:
    """Yield the problems of the parts that no fixed shape describes."""
    if not isinstance(raw, dict):
        return
    if raw.get("fhirAuthorization") is not None and raw.get("fhirServer") is None:
        hint = "required where fhirAuthorization is given"
        yield RequestProblem("fhirServer", "not given", hint, "required")
    hook, context = raw.get("hook"), raw.get("context")
    if isinstance(context, dict) and isinstance(hook, str) and hook in HOOKS:
        yield from _context(hook, context)
    prefetch = raw.get("prefetch")
    if isinstance(prefetch, dict):
        for key, value in prefetch.items():
            if value is not None and not _is_resource(value):
                yield RequestProblem(
                    f"prefetch.{_key(key)}",
                    "not a FHIR resource",
                    "a resource with its resourceType, or null if there is none",
                    "structure",
                )


def _context(hook: str, context: Mapping[str, object]) -> Iterator[RequestProblem]:
    known = HOOKS[hook]
    users = ", ".join(f"{kind}/[id]" for kind in USER_TYPES)
    yield from _text(context, "userId", USER_ID, f"one of {users}", needed=True)
    for name, needed in (("patientId", True), ("encounterId", known.encounter)):
        hint = "the id of the resource alone, without its type"
        yield from _text(context, name, FHIR_ID, hint, needed=needed)
    if known.selections:
        yield from _selections(context.get("selections"))
    if known.orders:
        yield from _orders(context.get("draftOrders"))


def _text(
    context: Mapping[str, object], name: str, form: re.Pattern[str], hint: str, *, needed: bool
) -> Iterator[RequestProblem]:
    value = context.get(name)
    if value is None:
        if needed:
            yield RequestProblem(f"context.{name}", "not given", hint, "required")
    elif not isinstance(value, str):
        yield RequestProblem(f"context.{name}", "not a text", hint, "structure")
    elif not form.fullmatch(value):
        yield RequestProblem(f"context.{name}", "not what it must be", hint, "value")


def _selections(selections: object) -> Iterator[RequestProblem]:
    hint = "references to the newly selected draft orders, each as [type]/[id]"
    if selections is None:
        yield RequestProblem("context.selections", "not given", hint, "required")
    elif not isinstance(selections, list):
        yield RequestProblem("context.selections", "not a list", hint, "structure")
    elif not selections:
        yield RequestProblem("context.selections", "empty", hint, "value")
    else:
        for index, one in enumerate(selections):
            if not isinstance(one, str) or not REFERENCE.fullmatch(one):
                path = f"context.selections[{index}]"
                yield RequestProblem(path, "not of the form [type]/[id]", hint, "value")


def _orders(orders: object) -> Iterator[RequestProblem]:
    path, hint = "context.draftOrders", "a FHIR Bundle of the unsigned orders"
    if orders is None:
        yield RequestProblem(path, "not given", hint, "required")
        return
    if not isinstance(orders, dict) or orders.get("resourceType") != "Bundle":
        yield RequestProblem(path, "not a Bundle", hint, "structure")
        return
    entries = orders.get("entry")
    if entries is None:
        return
    if not isinstance(entries, list):
        yield RequestProblem(f"{path}.entry", "not a list", hint, "structure")
        return
    for index, entry in enumerate(entries):
        at = f"{path}.entry[{index}]"
        if not isinstance(entry, dict):
            yield RequestProblem(at, "not an object", hint, "structure")
            continue
        full = entry.get("fullUrl")
        if not isinstance(full, str) or not full:
            hint_full = "every entry of the Bundle names its resource, such as urn:uuid:..."
            yield RequestProblem(f"{at}.fullUrl", "not given", hint_full, "required")
        if not _is_resource(entry.get("resource")):
            yield RequestProblem(f"{at}.resource", "not a FHIR resource", hint, "structure")


def _is_resource(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    kind = value.get("resourceType")
    return isinstance(kind, str) and bool(kind)


def _key(key: str) -> str:
    return key if len(key) <= 60 and key.isprintable() else f"{key[:20]!r}..."
