"""ServiceRequests: steps with their dose, referrals with their urgency, intents, sources."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guidestep.interop.fhir import outgoing
from guidestep.interop.fhir.outgoing.requests import priority
from guidestep.outcome import Outcome
from guidestep.recommendation import Recommendation
from tests.interop.fhir.outgoing.answers import (
    Answered,
    Json,
    answered,
    context,
    recommend,
    resources,
)


def with_step(step: str) -> Answered:
    return next(
        one
        for one in answered()
        if step in [f"{s.action} {s.id}" for s in one.recommendation.steps]
    )


def requests_of(answer: Recommendation) -> list[Json]:
    found: Json = outgoing.service_requests(answer, context())
    return list(found)


def test_a_request_that_stands_alone_is_a_proposal_and_in_a_group_an_option() -> None:
    one = with_step("start M1")
    alone = requests_of(one.recommendation)
    grouped = resources(one.bundle, "ServiceRequest")
    assert {request["intent"] for request in alone} == {"proposal"}
    assert {request["intent"] for request in grouped} == {"option"}
    assert not {r["id"] for r in alone} & {r["id"] for r in grouped}
    for first, second in zip(alone, grouped, strict=True):
        changed = {"id", "intent"}
        assert {k for k in first if first[k] != second[k]} == changed


def test_a_step_has_its_definition_its_dose_and_its_reasons() -> None:
    one = with_step("start R1")
    (request,) = (r for r in requests_of(one.recommendation) if "R1" in str(r["code"]))
    assert request["instantiatesCanonical"] == [
        "https://guidestep.example/fhir/ActivityDefinition/cervical-spasm-opll-R1|1.0.0"
    ]
    assert request["occurrenceTiming"]["code"] == {"text": "frequency: 2-3 days a week"}
    load = request["extension"][0]["extension"]
    assert load[0] == {"url": "item", "valueString": "load"}
    assert load[1]["valueRange"]["high"] == {
        "value": 40,
        "unit": "%",
        "system": "http://unitsofmeasure.org",
        "code": "%",
    }
    assert request["reasonCode"][0]["coding"][0]["code"] == "start-low-load"
    notes = " ".join(note["text"] for note in request["note"])
    assert "A draft for a clinician to check, not an order. PENDING HUMAN REVIEW." in notes
    assert "[1] Dr.Oracle" in notes
    assert "strength very low" in notes
    assert "patientInstruction" not in request


def test_the_patient_is_instructed_only_where_that_is_wanted() -> None:
    answer = with_step("start R1").recommendation
    told: Json = outgoing.service_requests(answer, replace(context(), instruct_patient=True))
    assert any("load: 40%" in request.get("patientInstruction", "") for request in told)


@pytest.mark.parametrize(
    ("fields", "outcome", "expected"),
    [
        ({"neurologic__gait_instability": "present"}, Outcome.URGENT_REFERRAL, "urgent"),
        (
            {"neurologic__hoffmann_left": "positive", "neurologic__hoffmann_right": "positive"},
            Outcome.REFERRAL,
            "urgent",
        ),
        (
            {
                "neurologic__hand_weakness_laterality": "left",
                "neurologic__hand_weakness_onset": "new_since_baseline",
            },
            Outcome.REFERRAL,
            None,
        ),
    ],
)
def test_a_referral_is_as_urgent_as_its_reasons_say(
    fields: dict[str, object], outcome: Outcome, expected: str | None
) -> None:
    answer = recommend(**fields)
    assert answer.outcome is outcome
    (request,) = requests_of(answer)
    assert request.get("priority") == expected == priority(answer)
    notes = [note["text"] for note in request["note"]]
    for reason in answer.reasons:
        assert any(reason.advice in text for text in notes)
        assert not reason.urgency or f"Urgency: {reason.urgency}" in notes


@pytest.mark.parametrize(
    ("urgency", "expected"),
    [
        ("Urgent, within two weeks.", "urgent"),
        ("The more urgent local pathway.", "urgent"),
        ("Not urgent.", None),
        ("Non-urgent.", None),
        ("Not specified by the source.", None),
        ("", None),
    ],
)
def test_words_of_urgency(urgency: str, expected: str | None) -> None:
    answer = next(
        one.recommendation for one in answered() if one.recommendation.outcome is Outcome.REFERRAL
    )
    reasons = tuple(replace(reason, urgency=urgency) for reason in answer.reasons)
    assert priority(replace(answer, reasons=reasons)) == expected


def test_the_sources_of_what_was_seen_support_a_request() -> None:
    answer = recommend(neurologic__gait_instability="present")
    sources = {"neurologic.gait_instability": "Observation/gait", "scope.age_years": "Patient/1"}
    own = replace(context(), sources=sources)
    found: Json = outgoing.recommendation_bundle(answer, own)
    (request,) = resources(found, "ServiceRequest")
    assert request["supportingInfo"] == [{"reference": "Observation/gait"}]
    (issue,) = resources(found, "DetectedIssue")
    assert issue["evidence"][0]["detail"] == [{"reference": "Observation/gait"}]


def test_a_red_flag_is_an_issue_and_its_mitigation_is_not_said_to_be_done() -> None:
    for one in answered():
        fired = [r for r in one.recommendation.reasons if r.family == "red_flag"]
        fired = [r for r in fired if r.verdict == "true"]
        issues = resources(one.bundle, "DetectedIssue")
        assert [i["code"]["coding"][0]["code"] for i in issues] == [r.rule for r in fired]
        for issue in issues:
            assert (issue["status"], issue["severity"]) == ("preliminary", "high")
            words = issue["mitigation"][0]["action"]["text"]
            assert words.startswith("Advised, and not done by this: ")
