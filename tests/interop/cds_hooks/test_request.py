"""Calls are read as version 2.0.1 has them, and what is wrong is told all at once."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.interop.cds_hooks import HOOKS, BadRequest, parse_request
from guidestep.interop.cds_hooks.tokens import fault, filled
from tests.interop.cds_hooks.calls import (
    CALLS,
    GONE,
    INSTANCE,
    authorization,
    order_select,
    order_sign,
    patient_view,
    spoilt,
)


def paths(raw: object, hooks: Any = HOOKS) -> list[str]:
    with pytest.raises(BadRequest) as caught:
        parse_request(raw, hooks)
    return [problem.path for problem in caught.value.problems]


@pytest.mark.parametrize("hook", CALLS)
def test_each_hook_is_read_with_its_context(hook: str) -> None:
    request = parse_request(CALLS[hook](), HOOKS)
    assert (request.hook, request.hook_instance) == (hook, INSTANCE)
    assert request.patient_id == "41"
    assert bool(request.draft_orders) == (hook in ("order-select", "order-sign"))
    assert request.selections == (("ServiceRequest/r-1",) if hook == "order-select" else ())
    assert request.prefetch == {}


def test_prefetch_keeps_no_data_apart_from_not_satisfied() -> None:
    patient = {"resourceType": "Patient", "id": "41"}
    request = parse_request(patient_view(prefetch={"patient": patient, "images": None}), HOOKS)
    assert request.prefetch == {"patient": patient, "images": None}
    assert "observations" not in request.prefetch


def test_access_to_the_fhir_server_is_read_and_the_token_never_shown() -> None:
    call = patient_view(
        fhirServer="https://fhir.example/r4", fhirAuthorization=authorization(patient="41")
    )
    request = parse_request(call, HOOKS)
    assert request.fhir_authorization is not None
    assert request.fhir_authorization.access_token == "secret-token"
    assert request.fhir_authorization.patient == "41"
    assert "secret-token" not in repr(request) + repr(request.fhir_authorization)
    assert "41" not in repr(request)


def test_fields_of_version_3_and_extensions_are_let_through() -> None:
    call = order_select(
        extension={"com.example.debug": {"deep": [1]}},
        fhirServer="https://fhir.example",
        fhirAuthorization=authorization(patient="41", need_patient_banner=True),
        version="3.0.0",
    )
    call["context"]["somethingNew"] = {"a": 1}
    request = parse_request(call, HOOKS)
    assert request.extension == {"com.example.debug": {"deep": [1]}}


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("hook", GONE, ["hook"]),
        ("hook", "", ["hook"]),
        ("hook", 7, ["hook"]),
        ("hook", "appointment-book", ["hook"]),
        ("hookInstance", GONE, ["hookInstance"]),
        ("hookInstance", "7", ["hookInstance"]),
        ("hookInstance", f"{INSTANCE}\n", ["hookInstance"]),
        ("context", GONE, ["context"]),
        ("context", [], ["context"]),
        ("context.patientId", GONE, ["context.patientId"]),
        ("context.patientId", "Patient/41", ["context.patientId"]),
        ("context.patientId", "41&_include=*", ["context.patientId"]),
        ("context.patientId", 41, ["context.patientId"]),
        ("context.patientId", "x" * 65, ["context.patientId"]),
        ("context.encounterId", "Encounter/9", ["context.encounterId"]),
        ("context.userId", GONE, ["context.userId"]),
        ("context.userId", "7", ["context.userId"]),
        ("context.userId", "Device/7", ["context.userId"]),
        ("extension", "text", ["extension"]),
        ("prefetch", [], ["prefetch"]),
        (
            "prefetch",
            {"a": {}, "b": 7, "c": {"resourceType": 1}},
            ["prefetch.a", "prefetch.b", "prefetch.c"],
        ),
        ("fhirServer", "ftp://fhir.example", ["fhirServer"]),
        ("fhirServer", "/fhir", ["fhirServer"]),
        ("fhirServer", "https://user@fhir.example/", ["fhirServer"]),
        ("fhirServer", "https://fhir.example/?a=b", ["fhirServer"]),
    ],
)
def test_what_is_wrong_is_told_where_it_is(path: str, value: object, told: list[str]) -> None:
    assert paths(spoilt(patient_view(), path, value)) == told


@pytest.mark.parametrize("name", ["access_token", "token_type", "expires_in", "scope", "subject"])
def test_every_field_of_an_authorization_is_required(name: str) -> None:
    granted = authorization()
    del granted[name]
    call = patient_view(fhirServer="https://fhir.example", fhirAuthorization=granted)
    assert paths(call) == [f"fhirAuthorization.{name}"]


def test_a_lifetime_may_be_written_as_300_with_a_fraction_of_nothing() -> None:
    granted = authorization(expires_in=300.0)
    call = patient_view(fhirServer="https://fhir.example", fhirAuthorization=granted)
    read = parse_request(call, HOOKS).fhir_authorization
    assert read is not None
    assert read.expires_in == 300
    granted["expires_in"] = 300.5
    assert paths(call) == ["fhirAuthorization.expires_in"]


def test_an_authorization_needs_a_server() -> None:
    assert paths(patient_view(fhirAuthorization=authorization())) == ["fhirServer"]
    assert paths(patient_view(fhirServer=None, fhirAuthorization=authorization())) == ["fhirServer"]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("context.selections", GONE, ["context.selections"]),
        ("context.selections", [], ["context.selections"]),
        ("context.selections", "ServiceRequest/r-1", ["context.selections"]),
        ("context.selections", ["r-1", 7], ["context.selections[0]", "context.selections[1]"]),
        ("context.draftOrders", GONE, ["context.draftOrders"]),
        ("context.draftOrders", {"resourceType": "List"}, ["context.draftOrders"]),
        ("context.draftOrders.entry", {}, ["context.draftOrders.entry"]),
        ("context.draftOrders.entry.0.fullUrl", GONE, ["context.draftOrders.entry[0].fullUrl"]),
        ("context.draftOrders.entry.0.fullUrl", "", ["context.draftOrders.entry[0].fullUrl"]),
        ("context.draftOrders.entry.0.resource", GONE, ["context.draftOrders.entry[0].resource"]),
        ("context.draftOrders.entry.0", 7, ["context.draftOrders.entry[0]"]),
    ],
)
def test_orders_and_selections_are_checked(path: str, value: object, told: list[str]) -> None:
    assert paths(spoilt(order_select(), path, value)) == told


def test_a_bundle_without_orders_is_one() -> None:
    call = spoilt(order_sign(), "context.draftOrders.entry", GONE)
    assert parse_request(call, HOOKS).draft_orders == ()


def test_an_encounter_must_be_named_only_where_the_hook_has_one() -> None:
    call = spoilt(patient_view(), "context.encounterId", GONE)
    assert parse_request(call, HOOKS).encounter_id is None
    assert paths({**call, "hook": "encounter-start"}) == ["context.encounterId"]


def test_a_hook_that_the_service_is_not_registered_for_is_refused() -> None:
    with pytest.raises(BadRequest) as caught:
        parse_request(order_sign(), ["patient-view"])
    (problem,) = caught.value.problems
    assert (problem.path, problem.code) == ("hook", "not-supported")
    assert "patient-view" in problem.hint


def test_every_problem_is_told_at_once_as_an_operation_outcome() -> None:
    call = {
        "hook": "order-select",
        "hookInstance": 7,
        "fhirAuthorization": {},
        "context": {"patientId": "Patient/secret"},
        "prefetch": {"a": {"no": "type"}},
    }
    with pytest.raises(BadRequest) as caught:
        parse_request(call, HOOKS)
    outcome: Any = caught.value.outcome()
    assert outcome["resourceType"] == "OperationOutcome"
    assert {path for issue in outcome["issue"] for path in issue["expression"]} == {
        "hookInstance",
        "fhirServer",
        *(f"fhirAuthorization.{n}" for n in authorization()),
        "context.userId",
        "context.patientId",
        "context.selections",
        "context.draftOrders",
        "prefetch.a",
    }
    assert {issue["severity"] for issue in outcome["issue"]} == {"error"}
    assert "secret" not in str(caught.value) + str(outcome)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
envelope = ["hook", "hookInstance", "context", "prefetch", "fhirServer", "fhirAuthorization"]
context = ["userId", "patientId", "encounterId", "selections", "draftOrders", "draftOrders.entry"]
order = ["0", "0.resource", "0.fullUrl"]
spots = st.sampled_from(
    [
        *envelope,
        "extension",
        *(f"context.{name}" for name in context),
        *(f"context.draftOrders.entry.{name}" for name in order),
    ]
)


@given(json_values)
def test_any_json_is_read_or_refused(raw: object) -> None:
    with pytest.raises(BadRequest) as caught:
        parse_request(raw, HOOKS)
    assert caught.value.problems


@given(spots, json_values)
def test_a_call_with_any_element_spoilt_is_read_or_refused(path: str, value: object) -> None:
    try:
        request = parse_request(spoilt(order_select(), path, value), HOOKS)
    except BadRequest as error:
        str(error).encode()  # no half of a character pair is in it
        return
    assert request.patient_id
    assert all(isinstance(order, dict) for order in request.draft_orders)


def test_tokens_are_filled_from_the_call() -> None:
    request = parse_request(patient_view(), HOOKS)
    assert filled("Patient/{{context.patientId}}", request) == "Patient/41"
    assert filled("Encounter/{{context.encounterId}}", request) == "Encounter/e-9"
    assert filled("Practitioner/{{userPractitionerId}}", request) == "Practitioner/7"
    assert filled("Patient/{{userPatientId}}", request) is None


def test_only_tokens_that_the_hook_always_has_may_be_offered() -> None:
    assert fault("Encounter/{{context.encounterId}}", "encounter-start") == ""
    assert fault("Encounter/{{context.encounterId}}", "patient-view")
    assert fault("{{context.draftOrders}}", "order-sign")
    assert fault("{{context.patientId.name}}", "patient-view")
    assert fault("{{today()}}", "patient-view")
    assert fault("Patient/{{context.patientId}", "patient-view")


def test_an_ordinary_call_is_read_quickly() -> None:
    call = patient_view(
        prefetch={f"key-{n}": {"resourceType": "Bundle", "entry": [{}] * 50} for n in range(10)},
        fhirServer="https://fhir.example/r4",
        fhirAuthorization=authorization(),
    )
    parse_request(call, HOOKS)

    def once() -> float:
        start = time.perf_counter()
        for _ in range(50):
            parse_request(call, HOOKS)
        return (time.perf_counter() - start) / 50

    # The quickest of many runs: the others share the machine.
    assert min(once() for _ in range(30)) < 50e-6
