"""The checks of the four documents: vectors written anew from their expected outcomes, and rules.

The vectors are those of the validator tests of FHIR/fhir-test-cases, by what each is expected to
show; the documents are our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given

from guidestep.interop.cds_hooks import conformance
from guidestep.interop.cds_hooks.conformance import Kind
from tests.interop.cds_hooks.calls import (
    CALLS,
    CARD,
    GONE,
    Json,
    authorization,
    card,
    feedback,
    order_select,
    order_sign,
    overridden,
    patient_view,
    spoilt,
    suggestion,
)
from tests.interop.cds_hooks.test_request import json_values


def told(kind: Kind, document: object, severity: str = "error") -> list[tuple[str, str]]:
    """Return the path and rule of what is wrong, without those that are only empty elements."""
    found = conformance.check(kind, document)
    return [(each.path, each.rule) for each in found if each.severity == severity]


def paths(kind: Kind, document: object) -> list[str]:
    return [path for path, _ in told(kind, document)]


def response(*cards: Json, **more: Any) -> Json:
    return {"cards": list(cards), **more}


SERVICE: Json = {
    "hook": "patient-view",
    "title": "Neck",
    "description": "Says what comes next",
    "id": "neck",
    "prefetch": {"patient": "Patient/{{context.patientId}}"},
}

PATIENT = {"resourceType": "Patient", "id": "41"}
NO_FULL_URL = spoilt(order_sign(), "context.draftOrders.entry.0.fullUrl", GONE)
FULL_URL = "context.draftOrders.entry[0].fullUrl"

# --- vectors ------------------------------------------------------------------------------------

VECTORS: Sequence[tuple[str, Kind, object, list[str]]] = [
    ("request-patient-view-good", "request", patient_view(prefetch={"a": PATIENT, "b": None}), []),
    ("request-pv-good", "request", spoilt(patient_view(), "context.encounterId", GONE), []),
    (
        "request-patient-view-bad",
        "request",
        spoilt(
            patient_view(prefetch={"a": {"id": "1"}, "b": {"id": "2"}, "c": None}),
            "context.patientId",
            "Patient/41",
        ),
        ["context.patientId", "prefetch.a", "prefetch.b"],
    ),
    ("request-order-select-good", "request", order_select(prefetch={"a": PATIENT}), []),
    (
        "request-order-select-bad",
        "request",
        spoilt(
            spoilt(
                spoilt(
                    spoilt(
                        order_select(prefetch={"a": {"id": "1"}}),
                        "context.patientId",
                        "Patient/41",
                    ),
                    "context.encounterId",
                    "Encounter/9",
                ),
                "context.selections",
                ["r-1"],
            ),
            "context.draftOrders.entry.0.fullUrl",
            GONE,
        ),
        [
            "context.patientId",
            "context.encounterId",
            "context.selections[0]",
            FULL_URL,
            "prefetch.a",
        ],
    ),
    (
        "request-order-select-extensions",
        "request",
        spoilt(
            order_select(extension={"com.example.configuration": {"a": 1}}),
            "context.draftOrders",
            GONE,
        ),
        ["context.draftOrders"],
    ),
    ("request-order-sign-good", "request", order_sign(), []),
    (
        "request-order-sign-bad-1",
        "request",
        spoilt(NO_FULL_URL, "context.patientId", "Patient/41"),
        ["context.patientId", FULL_URL],
    ),
    (
        "request-order-sign-bad-2",
        "request",
        spoilt({**NO_FULL_URL, "prefetch": {"a": {}}}, "context.patientId", "Patient/41"),
        ["prefetch.a", "context.patientId", FULL_URL, "prefetch.a"],  # it is empty, too
    ),
    ("response-empty", "response", {"cards": []}, []),
    ("response-empty2", "response", {}, ["", "cards"]),
    (
        "response-empty-source",
        "response",
        response(card(source={})),
        ["cards[0].source", "cards[0].source.label"],
    ),
    (
        "response-link",
        "response",
        response(card(links=[{"label": "More", "url": "https://a.example", "type": "absolute"}])),
        [],
    ),
    ("response-no-link", "response", response(card(detail="*Why*")), []),
    (
        "response-source-link",
        "response",
        response(card(source={"label": "A guideline", "url": "https://a.example/1#2"})),
        [],
    ),
    (
        "response-suggestion",
        "response",
        response(
            card(
                summary="A summary that is too long" * 6,
                suggestions=[spoilt(suggestion(), "actions.0.resource.id", GONE)],
            )
        ),
        [
            "cards[0].summary",  # the vector's summary is too long as well, and not told of there
            "cards[0].suggestions[0].actions[0].resource.id",
            "cards[0].selectionBehavior",
        ],
    ),
    (
        "response-two-cards",
        "response",
        response(card(), card(uuid="5a35e1fb-b8d2-4c4f-9b6a-2f4f0f2a3f11")),
        [],
    ),
    (
        "response-good",
        "response",
        response(card(suggestions=[suggestion()], selectionBehavior="any")),
        [],
    ),
    ("services-good", "services", {"services": [SERVICE]}, []),
    (
        "services-order-select-extensions",
        "services",
        {"services": [{**SERVICE, "extension": {"com.example.options": [1], "not-valid": 2}}]},
        [],  # the specification lets any extension be; that validator knows only registered ones
    ),
]


@pytest.mark.parametrize(
    ("kind", "document", "expected"), [v[1:] for v in VECTORS], ids=[v[0] for v in VECTORS]
)
def test_vector(kind: Kind, document: object, expected: list[str]) -> None:
    assert paths(kind, document) == expected


# --- invariants of the logical models -----------------------------------------------------------

TICKED = suggestion(isRecommended=True)
OTHER = {**TICKED, "uuid": "5a35e1fb-b8d2-4c4f-9b6a-2f4f0f2a3f11"}
LINK = {"label": "App", "url": "https://a.example/launch", "type": "smart", "appContext": "{}"}
GRANTED = {"fhirServer": "https://f.example", "fhirAuthorization": authorization()}
OF_PATIENT = spoilt(GRANTED, "fhirAuthorization.scope", "patient/Observation.rs")
DELETE = {"type": "delete", "description": "Remove", "resourceId": "ServiceRequest/r-1"}


def acting(action: Json, **more: Any) -> Json:
    offered = suggestion(actions=[action], **more)
    return response(card(suggestions=[offered], selectionBehavior="any"))


INVARIANTS: Sequence[tuple[str, Kind, Json, Json, str]] = [
    (
        "cds-r-1",
        "request",
        patient_view(**GRANTED),
        patient_view(fhirAuthorization=authorization()),
        "error",
    ),
    (
        "cds-r-2",
        "request",
        patient_view(**spoilt(OF_PATIENT, "fhirAuthorization.patient", "41")),
        patient_view(**OF_PATIENT),
        "warning",
    ),
    (
        "cds-resp-1",
        "response",
        response(card(suggestions=[TICKED, OTHER], selectionBehavior="any")),
        response(card(suggestions=[TICKED, OTHER], selectionBehavior="at-most-one")),
        "error",
    ),
    (
        "cds-resp-2",
        "response",
        acting(DELETE),
        acting(spoilt(DELETE, "resourceId", GONE)),
        "warning",
    ),
    (
        "cds-resp-3",
        "response",
        response(card(links=[LINK])),
        response(card(links=[{**LINK, "type": "absolute"}])),
        "error",
    ),
    (
        "cds-resp-4",
        "response",
        response(card(overrideReasons=[{"code": "a", "system": "b", "display": "c"}])),
        response(card(overrideReasons=[{"code": "a", "system": "b"}])),
        "error",
    ),
    (
        "cds-resp-5",
        "response",
        acting(DELETE),
        acting(spoilt(DELETE, "description", GONE)),
        "error",
    ),
    (
        "cds-resp-6",
        "response",
        response(card(suggestions=[suggestion()], selectionBehavior="any")),
        response(card(suggestions=[suggestion()])),
        "error",
    ),
    (
        "cds-resp-7",
        "response",
        acting(DELETE, actionSelectionBehavior="all"),
        acting(DELETE, actionSelectionBehavior="some"),
        "error",
    ),
    (
        "cds-fb-1",
        "feedback",
        {"feedback": [feedback()]},
        {"feedback": [overridden(outcome="ignored")]},
        "error",
    ),
    (
        "cds-fb-2",
        "feedback",
        {"feedback": [feedback()]},
        {"feedback": [spoilt(feedback(), "acceptedSuggestions", GONE)]},
        "error",
    ),
    (
        "cds-fb-3",
        "feedback",
        {"feedback": [overridden()]},
        {"feedback": [overridden(overrideReason={"extension": {"com.example.a": 1}})]},
        "error",
    ),
]


@pytest.mark.parametrize(
    ("rule", "kind", "good", "bad", "severity"), INVARIANTS, ids=[i[0] for i in INVARIANTS]
)
def test_invariant(rule: str, kind: Kind, good: Json, bad: Json, severity: str) -> None:
    assert not [each for each in conformance.check(kind, good) if each.rule == rule]
    assert [rule for _, rule in told(kind, bad, severity)] == [rule]


# --- what the rows of the requirement table say -------------------------------------------------

GOOD_CARD = card(
    detail="Why",
    source={
        "label": "A guideline",
        "url": "https://a.example",
        "icon": "https://a.example/icon.png",
        "topic": {"code": "neck", "system": "https://t.example", "display": "Neck"},
    },
    suggestions=[suggestion(isRecommended=True), OTHER],
    selectionBehavior="any",
    overrideReasons=[{"code": "a", "system": "https://t.example", "display": "A"}],
    links=[LINK],
)

SPOILT_CARD = [
    ("uuid", 7, "requirement 80"),
    ("uuid", "7", "requirement 80"),
    ("summary", GONE, "requirement 83"),
    ("summary", "x" * 140, "requirement 83"),
    ("summary", "\U0001d7d8" * 70, "requirement 83"),
    ("detail", ["Why"], "requirement 85"),
    ("indicator", GONE, "requirement 88"),
    ("indicator", "hard-stop", "requirement 88"),
    ("source", GONE, "requirement 90"),
    ("source", "A guideline", "requirement 90"),
    ("source.label", GONE, "requirement 105"),
    ("source.label", 7, "requirement 105"),
    ("source.url", "guideline.html", "requirement 107"),
    ("source.icon", "//a.example/icon.png", "requirement 111"),
    ("source.topic", "neck", "requirement 216"),
    ("source.topic.code", GONE, "requirement 216"),
    ("source.topic.system", GONE, "requirement 217"),
    ("source.topic.display", 7, "requirement 219"),
    ("suggestions", {}, "requirement 92"),
    ("suggestions.0", "Start", "requirement 92"),
    ("selectionBehavior", "all", "requirement 95"),
    ("suggestions.0.label", GONE, "requirement 117"),
    ("suggestions.0.uuid", 7, "requirement 119"),
    ("suggestions.0.isRecommended", "yes", "requirement 121"),
    ("suggestions.0.actions", {"a": 1}, "requirement 124"),
    ("suggestions.0.actions.0.type", "replace", "requirement 127"),
    ("suggestions.0.actions.0.type", GONE, "requirement 127"),
    ("suggestions.0.actions.0.description", 7, "requirement 128"),
    ("suggestions.0.actions.0.resource", "r-1", "requirement 130"),
    ("suggestions.0.actions.0.resource", GONE, "requirement 131"),
    ("suggestions.0.actions.0", {"type": "update", "description": "a"}, "requirement 132"),
    ("suggestions.0.actions.0.resourceId", 7, "requirement 135"),
    ("overrideReasons", {"code": "a"}, "requirement 98"),
    ("overrideReasons.0.code", GONE, "requirement 216"),
    ("links", {"label": "App"}, "requirement 103"),
    ("links.0.label", GONE, "requirement 138"),
    ("links.0.url", "launch", "requirement 139"),
    ("links.0.type", "relative", "requirement 142"),
    ("links.0.appContext", {"a": 1}, "requirement 144"),
    ("links.0.autolaunchable", "no", "Link"),
    ("extension", "text", "requirement 214"),
]


def test_a_card_with_every_element_conforms() -> None:
    assert conformance.check("response", response(GOOD_CARD)) == []


@pytest.mark.parametrize(("path", "value", "rule"), SPOILT_CARD)
def test_every_element_of_a_card_is_checked(path: str, value: object, rule: str) -> None:
    assert rule in [r for _, r in told("response", response(spoilt(GOOD_CARD, path, value)))]


def test_a_deletion_that_holds_the_id_as_its_resource_is_an_error() -> None:
    found = told("response", acting({**DELETE, "resource": "r-1"}))
    assert [rule for _, rule in found] == ["requirement 133"]


def test_two_cards_cannot_share_a_uuid() -> None:
    assert told("response", response(card(), card())) == [("cards", "requirement 80")]


def test_null_and_empty_elements_are_errors() -> None:
    document = response(card(detail=None, links=[], suggestions=[{}]))
    found = [path for path, rule in told("response", document) if rule == "requirement 3"]
    assert found == ["cards[0].detail", "cards[0].links", "cards[0].suggestions[0]"]


def test_no_list_of_cards_is_not_an_empty_one() -> None:
    assert told("response", {"cards": None}) == [("cards", "requirement 3")]
    assert told("services", {"services": None}) == [("services", "requirement 3")]


def test_system_actions_are_checked_as_actions() -> None:
    assert told("response", response(systemActions=[{"type": "create"}])) == [
        ("systemActions[0].resource", "requirement 131")
    ]
    assert told("response", response(systemActions={})) == [
        ("systemActions", "requirement 3"),
        ("systemActions", "requirement 75"),
    ]


SPOILT_SERVICE = [
    ("hook", GONE, "requirement 7"),
    ("hook", 7, "requirement 7"),
    ("title", 7, "requirement 8"),
    ("description", GONE, "requirement 9"),
    ("id", GONE, "requirement 10"),
    ("id", "a/b", "requirement 10"),
    ("prefetch", "Patient/1", "requirement 11"),
    ("prefetch.patient", 7, "requirement 11"),
    ("prefetch.patient", "Patient/{context.patientId}", "requirement 55"),
    ("prefetch.patient", "Patient/{{context.patientId}", "requirement 55"),
    ("prefetch.patient", "Patient/{{patientId}}", "requirement 56"),
    ("prefetch.patient", "Patient/{{context.a.b}}", "requirement 57"),
    ("usageRequirements", 7, "requirement 12"),
    ("extension", "text", "requirement 214"),
]


@pytest.mark.parametrize(("path", "value", "rule"), SPOILT_SERVICE)
def test_every_element_of_a_service_is_checked(path: str, value: object, rule: str) -> None:
    service = {**SERVICE, "usageRequirements": "Ask first", "extension": {"com.example.a": 1}}
    assert conformance.check("services", {"services": [service]}) == []
    document = {"services": [spoilt(service, path, value)]}
    assert [r for _, r in told("services", document)] == [rule]


def test_services_are_a_list_that_may_be_empty() -> None:
    assert told("services", {"services": []}) == []
    assert told("services", {"a": 1}) == [("services", "requirement 6")]
    assert told("services", {"services": {"id": SERVICE}}) == [("services", "requirement 6")]
    assert told("services", [SERVICE]) == [("", "requirement 6")]


def test_a_service_is_listed_once_for_a_hook() -> None:
    other = {**SERVICE, "hook": "order-sign"}
    assert told("services", {"services": [SERVICE, other]}) == []
    assert told("services", {"services": [SERVICE, SERVICE]}) == [("services[1]", "Discovery")]


@pytest.mark.parametrize(
    ("query", "simple"),
    [
        ("Patient/{{context.patientId}}", True),
        ("Observation?patient={{context.patientId}}&code=http://a|1,b&_sort=-date&_count=1", True),
        ("Observation?patient=x&code:in=http://a&date=ge2026-01-01", True),
        ("Observation?patient.name=x", False),
        ("Observation?code:not=x", False),
        ("Observation?patient=x&_include=Observation:subject", False),
        ("Observation?date=ne2026-01-01", False),
        ("Observation?patient", False),
        ("Patient", False),
        ("Patient/x/_history", False),
        ("$lastn?patient=x", False),
    ],
)
def test_a_query_should_be_one_that_every_client_can_do(query: str, simple: bool) -> None:
    document = {"services": [{**SERVICE, "prefetch": {"a": query}}]}
    assert told("services", document) == []
    assert (told("services", document, "warning") == []) is simple


def test_a_service_should_have_a_title() -> None:
    document = {"services": [spoilt(SERVICE, "title", GONE)]}
    assert told("services", document, "warning") == [("services[0].title", "requirement 8")]


SPOILT_REQUEST = [
    ("hook", GONE),
    ("hookInstance", "7"),
    ("fhirServer", "/fhir"),
    ("context", GONE),
    ("context.userId", "Device/7"),
    ("context.patientId", GONE),
    ("prefetch", []),
    ("prefetch.a", "Patient"),
    ("extension", []),
    *((f"fhirAuthorization.{name}", GONE) for name in authorization()),
    ("fhirAuthorization.token_type", "MAC"),
    ("fhirAuthorization.expires_in", "300"),
    ("fhirAuthorization.expires_in", True),
    ("fhirAuthorization.patient", "Patient/41"),
]


@pytest.mark.parametrize(("path", "value"), SPOILT_REQUEST)
def test_every_element_of_a_request_is_checked(path: str, value: object) -> None:
    call = patient_view(prefetch={"a": None}, extension={"com.example.a": 1}, **GRANTED)
    assert conformance.check("request", call) == []
    found = paths("request", spoilt(call, path, value))
    assert path in found


@pytest.mark.parametrize("hook", CALLS)
def test_calls_of_every_hook_conform(hook: str) -> None:
    assert conformance.check("request", CALLS[hook]()) == []
    assert conformance.check("request", spoilt(CALLS[hook](), "context.patientId", GONE))


def test_a_hook_that_is_not_known_is_checked_but_for_its_context() -> None:
    call = {**patient_view(), "hook": "com.example.own", "context": {"anything": 1}}
    assert conformance.check("request", call) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("card", "7"),
        ("outcome", GONE),
        ("outcomeTimestamp", "2026-03-02T10:05:31+01:00"),
        ("outcomeTimestamp", "2026-13-02T10:05:31Z"),
        ("acceptedSuggestions.0.id", "7"),
        ("acceptedSuggestions", "all"),
    ],
)
def test_every_element_of_feedback_is_checked(path: str, value: object) -> None:
    document = {"feedback": [spoilt(feedback(), path, value)]}
    assert any(found.startswith("feedback[0]") for found in paths("feedback", document))


def test_feedback_is_a_list() -> None:
    assert paths("feedback", {"card": CARD}) == ["feedback"]
    assert paths("feedback", [feedback()]) == [""]


@pytest.mark.parametrize("kind", ["services", "request", "response", "feedback"])
@given(json_values)
def test_any_json_can_be_checked(kind: Kind, document: object) -> None:
    for problem in conformance.check(kind, document):
        assert problem.message
        assert problem.rule


def test_an_unknown_kind_of_document_is_refused() -> None:
    with pytest.raises(ValueError, match="no document 'card'"):
        conformance.check("card", {})  # type: ignore[arg-type]
