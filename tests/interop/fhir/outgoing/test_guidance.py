"""The GuidanceResponse: its status, what is missing, its messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guidestep.interop.fhir import outgoing
from guidestep.interop.fhir.outgoing import status_of
from guidestep.outcome import Outcome
from tests.interop.fhir.outgoing.answers import (
    answered,
    context,
    guideline,
    recommend,
    resources,
)


def test_the_status_follows_from_what_is_missing() -> None:
    for one in answered():
        answer = one.recommendation
        (guidance,) = resources(one.bundle, "GuidanceResponse")
        undecided = bool(answer.missing or answer.possible)
        first = answer.outcome is Outcome.ASSESS_FIRST
        expected = "success" if not undecided else "data-required" if first else "data-requested"
        assert guidance["status"] == status_of(answer) == expected, one.id


def test_each_status_occurs_with_and_without_steps() -> None:
    found = {(one.recommendation.outcome, status_of(one.recommendation)) for one in answered()}
    assert {
        (Outcome.RECOMMEND, "success"),
        (Outcome.RECOMMEND, "data-requested"),
        (Outcome.REFERRAL, "data-requested"),
        (Outcome.ASSESS_FIRST, "data-required"),
        # What was found needs a clinician: no further input would decide.
        (Outcome.ASSESS_FIRST, "success"),
    } <= found
    assert (Outcome.RECOMMEND, "data-required") not in found


def test_what_is_missing_is_required_in_the_same_order() -> None:
    for one in answered():
        (guidance,) = resources(one.bundle, "GuidanceResponse")
        asked = [
            need["codeFilter"][0]["code"][0]["code"] for need in guidance.get("dataRequirement", [])
        ]
        assert asked == [missing.path for missing in one.recommendation.missing]


def test_requirements_are_those_of_the_mapping_where_there_is_one() -> None:
    answer = recommend()
    asked: list[list[str]] = []

    def requirements(paths: list[str]) -> list[dict[str, object]]:
        asked.append(list(paths))
        return [{"type": "Condition"}]

    own = replace(context(), requirements=requirements)
    guidance = outgoing.guidance_response(answer, own)
    assert guidance["dataRequirement"] == [{"type": "Condition"}]
    assert asked == [[missing.path for missing in answer.missing]]


def test_one_engine_alone_is_a_warning() -> None:
    answer = guideline().recommend(
        {
            "encounter": {"care_stage": "post_program", "assessment_date": "2026-03-02"},
            "neurologic": {"red_flag_adjudication": "none"},
            "program": {
                "mobility_step": "M1",
                "neuromuscular_step": "N1",
                "resistance_step": "R1",
                "requested_action": "none",
            },
        },
        engine="compiled",
    )
    (messages,) = [
        part
        for part in outgoing.guidance_response(answer, context())["contained"]  # type: ignore[attr-defined]
        if part["resourceType"] == "OperationOutcome"
    ]
    warned = [i["details"]["text"] for i in messages["issue"] if i["severity"] == "warning"]
    assert any("NOT checked by a second engine: compiled alone." in text for text in warned)


def test_an_undecided_red_flag_is_a_warning_and_no_issue() -> None:
    bundle = outgoing.recommendation_bundle(recommend(), context())
    assert resources(bundle, "DetectedIssue") == []
    (guidance,) = resources(bundle, "GuidanceResponse")
    texts = [issue["details"]["text"] for issue in guidance["contained"][0]["issue"]]
    assert "Undecided red flag, not ruled out: Unsteady gait." in texts


def test_the_result_is_the_plan_or_the_group() -> None:
    for one in answered():
        (guidance,) = resources(one.bundle, "GuidanceResponse")
        plans = resources(one.bundle, "CarePlan")
        planned = one.recommendation.outcome not in (Outcome.NOT_ELIGIBLE, Outcome.ASSESS_FIRST)
        assert len(plans) == planned
        result = plans or resources(one.bundle, "RequestGroup")
        assert guidance["result"] == {"reference": f"urn:uuid:{result[0]['id']}"}


def test_a_recommendation_of_another_guideline_is_refused() -> None:
    changed = replace(context(), guideline=guideline().configure(reassessment_overdue_weeks=2))
    # Parameters are in the recommendation; the files are what must be the same.
    outgoing.guidance_response(recommend(), changed)
    answer = recommend()
    other = replace(answer.guideline, digest="0" * 64)
    with pytest.raises(ValueError, match="was made by cervical-spasm-opll"):
        outgoing.guidance_response(replace(answer, guideline=other), context())
