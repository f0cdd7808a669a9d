"""What a consumer can never be led to do, whatever of a resource it overlooks."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given, settings

from guidestep import Recommendation
from guidestep.assessment import CervicalAssessment
from guidestep.interop.fhir import outgoing
from guidestep.outcome import Action, Outcome
from tests.interop.fhir.outgoing.answers import (
    Answered,
    Json,
    answered,
    context,
    everything,
    guideline,
    recommend,
    resources,
)
from tests.strategies.assessments import cervical_assessments

EXERCISES = {"M1", "M2", "N1", "R1", "R2"}


def steps_coded(value: Json) -> set[str]:
    """The codes of protocol steps anywhere in a resource."""
    system = context().canonical.step(guideline().id, "")["system"]
    return {
        str(part["code"])
        for _, part in everything(value)
        if isinstance(part, dict) and part.get("system") == system
    }


def case_with(step: str) -> Answered:
    """The first case whose answer has an action of a step."""
    return next(
        one
        for one in answered()
        for found in one.recommendation.steps
        if f"{found.action} {found.id}" == step
    )


def check(recommendation: Recommendation, bundle: Json) -> None:
    """All that must hold of every answer."""
    given_ = {s.id for s in recommendation.steps if s.action is not Action.WITHHOLD}
    held = {s.id for s in recommendation.steps if s.action is Action.WITHHOLD}
    requests = resources(bundle, "ServiceRequest")
    coded = [steps_coded(request) for request in requests]
    if recommendation.outcome is not Outcome.RECOMMEND:
        # No exercise whatever but with the one outcome that recommends it.
        assert steps_coded(bundle) == set()
        assert not any("ActivityDefinition" in json.dumps(request) for request in requests)
    assert set().union(*coded, set()) == given_
    # A step withheld is nowhere by its code, and no request knows it.
    assert not steps_coded(bundle) & held
    kinds = {resource["resourceType"] for resource in resources(bundle)}
    assert not kinds & {"MedicationRequest", "Task", "Appointment", "DeviceRequest"}
    for way, part in everything(bundle):
        # Nothing has its meaning turned round by an element that a consumer might overlook.
        assert not way.endswith((".doNotPerform", ".modifierExtension")), way
        # Nothing is for emergencies, and nothing is more than a draft.
        assert part not in ("stat", "asap"), way
        if way.endswith("resource.status") and isinstance(part, str):
            assert part in {"draft", "preliminary", "success", "data-requested", "data-required"}
        if way.endswith("resource.intent"):
            assert part in {"proposal", "option"}
    if recommendation.outcome in (Outcome.URGENT_REFERRAL, Outcome.REFERRAL):
        assert len(requests) == 1
    if recommendation.outcome is Outcome.URGENT_REFERRAL:
        assert requests[0]["priority"] == "urgent"


def test_every_case() -> None:
    for one in answered():
        check(one.recommendation, one.bundle)


@settings(max_examples=60)
@given(cervical_assessments(missing=0.1))
def test_any_patient(patient: CervicalAssessment) -> None:
    recommendation = guideline().recommend(patient)
    check(recommendation, outgoing.recommendation_bundle(recommendation, context()))


def test_the_cases_have_what_these_properties_are_about() -> None:
    outcomes = {one.recommendation.outcome for one in answered()}
    assert outcomes == set(Outcome)
    steps = [step for one in answered() for step in one.recommendation.steps]
    assert {step.id for step in steps if step.action is not Action.WITHHOLD} == EXERCISES
    assert {step.id for step in steps if step.action is Action.WITHHOLD} >= {"R0"}


def actions() -> list[Json]:
    """The actions of all cases."""
    groups = [group for one in answered() for group in resources(one.bundle, "RequestGroup")]
    return [action for group in groups for action in group["action"]]


def test_every_action_is_cited_or_says_that_it_is_not() -> None:
    for action in actions():
        types = [part["type"] for part in action["documentation"]]
        none = any("No citation" in part.get("display", "") for part in action["documentation"])
        assert ("citation" in types) != none, action["title"]


def test_every_resource_of_a_patient_tells_the_state_of_the_review() -> None:
    for resource in [part for one in answered() for part in resources(one.bundle)]:
        assert "PENDING HUMAN REVIEW" in json.dumps(resource), resource["resourceType"]


def test_nothing_is_said_twice_with_different_values() -> None:
    for one in answered():
        consistent(one)


def consistent(one: Answered) -> None:
    said: dict[tuple[str, str], set[str]] = {}
    for _, part in everything(one.bundle):
        if isinstance(part, dict):
            if "system" in part and "display" in part:
                said.setdefault((part["system"], part["code"]), set()).add(part["display"])
            if part.get("type") == "citation":
                said.setdefault(("citation", part["label"]), set()).add(json.dumps(part))
        if isinstance(part, str) and "|" in part and part.startswith("https://"):
            address, _, version = part.partition("|")
            said.setdefault(("canonical", address), set()).add(version)
    assert {key: values for key, values in said.items() if len(values) > 1} == {}
    outcome = one.recommendation.outcome.value
    (guidance,) = resources(one.bundle, "GuidanceResponse")
    (group,) = resources(one.bundle, "RequestGroup")
    assert guidance["reasonCode"][0]["coding"][0]["code"] == outcome
    assert group["code"]["coding"][0]["code"] == outcome
    ids = [resource["id"] for resource in resources(one.bundle)]
    assert len(set(ids)) == len(ids)


def test_the_dose_is_the_same_wherever_it_stands() -> None:
    for one in answered():
        (group,) = resources(one.bundle, "RequestGroup")
        described = {a["id"]: a.get("description", "") for a in group["action"]}
        for step in one.recommendation.steps:
            if step.action is Action.WITHHOLD:
                continue
            (request,) = (
                r for r in resources(one.bundle, "ServiceRequest") if steps_coded(r) == {step.id}
            )
            (dose,) = (n["text"] for n in request["note"] if n["text"].startswith("Dose: "))
            assert dose in described[f"step-{step.id}"]
            for part in request["extension"]:
                words = {p["url"]: p.get("valueString") for p in part["extension"]}
                assert f"{words['item']}: {words['words']}" in dose


def test_a_withheld_step_is_told_and_refers_to_nothing_that_can_be_done() -> None:
    one = case_with("withhold R0")
    (group,) = resources(one.bundle, "RequestGroup")
    (held,) = (a for a in group["action"] if a["id"] == "withheld-resistance")
    target = held["resource"]["reference"]
    (entry,) = (e["resource"] for e in one.bundle["entry"] if e["fullUrl"] == target)
    assert entry["resourceType"] == "CommunicationRequest"
    words = entry["payload"][0]["contentString"]
    assert words.startswith(
        "Withheld, not to be done: the resistance track (Resistance training withheld)."
    )
    assert "code" not in held


def test_a_step_that_has_begun_and_is_withheld_is_told_to_stop() -> None:
    told = [
        part["payload"][0]["contentString"]
        for one in answered()
        for step in one.recommendation.steps
        if step.action is Action.WITHHOLD and step.current is not None
        for part in resources(one.bundle, "CommunicationRequest")
    ]
    assert any("R1, which has begun, is not to go on" in words for words in told)


def test_thrust_and_drugs_are_answered_and_never_requested() -> None:
    asked = ("thrust_manipulation", "start_adjunct_drug")
    for action in asked:
        answer = recommend(program__requested_action=action)
        bundle = outgoing.recommendation_bundle(answer, context())
        assert resources(bundle, "ServiceRequest") == []
        (guidance,) = resources(bundle, "GuidanceResponse")
        assert any("NOT granted" in note["text"] for note in guidance["note"])
    for one in answered():
        for request in resources(one.bundle, "ServiceRequest"):
            code = json.dumps(request["code"]).lower()
            assert not any(word in code for word in ("thrust", "manipulation", "gabapentin"))


def test_steps_without_the_outcome_that_recommends_them_are_never_requested() -> None:
    answer = case_with("start M1").recommendation
    for outcome in set(Outcome) - {Outcome.RECOMMEND}:
        changed = replace(answer, outcome=outcome)
        bundle = outgoing.recommendation_bundle(changed, context())
        assert not steps_coded(bundle) & EXERCISES, outcome


def test_what_a_withheld_exercise_consists_of_is_not_told() -> None:
    answer = case_with("start M1").recommendation
    steps = tuple(replace(step, action=Action.WITHHOLD) for step in answer.steps)
    bundle = outgoing.recommendation_bundle(replace(answer, steps=steps), context())
    (group,) = resources(bundle, "RequestGroup")
    said = json.dumps([group["action"], resources(bundle, "CommunicationRequest")])
    for step in steps:
        if guideline().steps[step.id].kind == "exercise":
            assert step.title in said
            assert step.content not in said
