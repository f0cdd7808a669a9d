"""Data that make no assessment: what is required is asked, and a red flag is told all the same."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.assessment import AssessmentError
from guidestep.interop.fhir import conformance, outgoing
from guidestep.interop.incomplete import Incomplete, incomplete
from guidestep.outcome import Family, Outcome
from tests.interop.cds_hooks.standins import example
from tests.interop.cds_hooks.test_cards import patients
from tests.interop.cds_hooks.test_incomplete import REQUIRED, WORSE, without
from tests.interop.fhir.outgoing.answers import Json, context, guideline, resources
from tests.interop.fhir.outgoing.validators import fhir_resources_faults, npm_faults

ON = date(2026, 3, 2)
FLAGGED = without(example("red-flag-mid-programme"), "encounter.care_stage")


def found(data: Mapping[str, object], profile: str | None = None) -> Incomplete:
    missing = [path for path in REQUIRED if path not in data]
    try:
        guideline().model.read(data, today=ON)
        faults = ()
    except AssessmentError as error:
        faults = () if missing else error.problems
    return incomplete(guideline(), profile, data, missing, faults=faults, on=ON)


def told(data: Mapping[str, object]) -> Json:
    return outgoing.incomplete_bundle(found(data), context())


def kinds(bundle: Json) -> list[str]:
    return [one["resourceType"] for one in resources(bundle)]


def words(resource: Json) -> str:
    return json.dumps(resource, ensure_ascii=False)


def test_what_is_required_is_asked() -> None:
    bundle = told({})
    assert kinds(bundle) == ["GuidanceResponse", "Questionnaire"]
    response, questions = resources(bundle)
    assert response["status"] == "data-required"
    asked = [item["linkId"] for item in questions["item"]]
    assert asked[: len(REQUIRED)] == REQUIRED
    assert "neurologic.gait_instability" in asked[len(REQUIRED) :]
    assert len(response["dataRequirement"]) == len(asked)
    issues = response["contained"][0]["issue"]
    assert [one["code"] for one in issues].count("required") == len(REQUIRED)
    assert "PENDING HUMAN REVIEW" in words(response["note"])
    assert "Do not start or progress exercise" in words(response["note"])
    assert "reasonCode" not in response
    assert "Undecided red flag, not ruled out: Unsteady gait." in words(issues)
    assert "Two engines gave the same verdicts" in words(issues)


def test_a_red_flag_is_told_with_what_it_rests_on() -> None:
    bundle = told(FLAGGED)
    response = resources(bundle)[0]
    assert response["status"] == "data-required"
    assert response["reasonCode"][0]["coding"][0]["code"] == "urgent_referral"
    issues = resources(bundle, "DetectedIssue")
    assert issues
    for issue in issues:
        assert (issue["severity"], issue["status"]) == ("high", "preliminary")
        assert "Rests on: F" in issue["detail"]
        assert "PENDING HUMAN REVIEW" in issue["detail"]
    assert "Found already, whatever else is recorded" in words(response["note"])


def test_a_referral_that_is_no_red_flag_is_told_and_nothing_else_made_of_it() -> None:
    bundle = told(without(WORSE, "program.requested_action"))
    assert kinds(bundle)[:2] == ["GuidanceResponse", "CommunicationRequest"]
    assert "Refer for evaluation" in words(resources(bundle, "CommunicationRequest")[0]["payload"])


def test_a_red_flag_that_depends_on_what_is_missing_is_not_ruled_out() -> None:
    bundle = told(without(FLAGGED, "neurologic.red_flag_adjudication"))
    assert "DetectedIssue" not in kinds(bundle)
    assert "Possible, and not ruled out" in words(resources(bundle)[0]["note"])
    assert "reasonCode" not in resources(bundle)[0]


def test_what_contradicts_itself_is_asked_again() -> None:
    data = example("eligible-intake") | {"encounter.program_start_date": "2031-01-01"}
    response = resources(told(data))[0]
    issues = [one for one in response["contained"][0]["issue"] if one["code"] == "invariant"]
    assert "encounter.program_start_date" in words(issues)
    assert "encounter.program_start_date" in words(response["dataRequirement"])
    assert response["status"] == "data-required"


def test_a_profile_has_rules_and_ids_of_its_own() -> None:
    data = FLAGGED
    ids = {
        outgoing.incomplete_bundle(found(data, name), context())["id"]
        for name in guideline().profiles
    }
    assert len(ids) == len(guideline().profiles)


def test_a_guideline_that_is_set_otherwise_has_ids_of_its_own() -> None:
    other = guideline().configure(reassessment_overdue_weeks=3)
    missing = [path for path in REQUIRED if path not in FLAGGED]
    asked = incomplete(other, None, FLAGGED, missing, on=ON)
    with pytest.raises(ValueError, match="as it is set was asked"):
        outgoing.incomplete_bundle(asked, context())
    bundle = outgoing.incomplete_bundle(asked, replace(context(), guideline=other))
    assert bundle["id"] != told(FLAGGED)["id"]
    assert "reassessment_overdue_weeks 3" in words(bundle)


def test_where_no_rule_can_be_asked_that_is_said() -> None:
    nothing = replace(found({}), asked=False, undecided=(), open=())
    response = resources(outgoing.incomplete_bundle(nothing, context()))[0]
    assert "none is ruled out" in words(response["note"])
    assert "none is ruled out" in words(response["contained"])
    assert "Two engines" not in words(response)


def test_two_patients_share_no_resource() -> None:
    other = outgoing.incomplete_bundle(found(FLAGGED), replace(context(), subject="Patient/2"))
    mine = {one["id"] for one in resources(told(FLAGGED)) if one["resourceType"] != "Questionnaire"}
    assert mine & {one["id"] for one in resources(other)} == set()


@settings(max_examples=60)
@given(patients(), st.sets(st.sampled_from(REQUIRED), min_size=1))
def test_whatever_is_missing(data: dict[str, object], gone: set[str]) -> None:
    rest = without(data, *gone)
    bundle, result = told(rest), found(rest)
    assert [str(problem) for problem in conformance.problems(bundle)] == []
    assert fhir_resources_faults(bundle) == []
    assert json.dumps(bundle) == json.dumps(told(rest))
    # Nothing to do, ever: no order, no plan.
    allowed = {"GuidanceResponse", "DetectedIssue", "CommunicationRequest", "Questionnaire"}
    assert set(kinds(bundle)) <= allowed
    flags = [rule for rule in result.found if rule.family is Family.RED_FLAG]
    assert kinds(bundle).count("DetectedIssue") == len(flags)
    assert kinds(bundle).count("CommunicationRequest") == len(result.found) - len(flags)
    if result.outcome is Outcome.URGENT_REFERRAL:
        assert "urgent_referral" in words(resources(bundle)[0]["reasonCode"])
    for rule in (*result.found, *result.possible, *result.undecided):
        assert rule.statement.rstrip(".") in words(resources(bundle)[0]["note"])


@settings(max_examples=3)
@given(st.lists(patients(), min_size=15, max_size=15))
def test_the_npm_validator_takes_them(several: list[dict[str, object]]) -> None:
    every = [
        resource
        for index, data in enumerate(several)
        for resource in resources(told(without(data, REQUIRED[index % len(REQUIRED)])))
    ]
    assert [wrong for wrong in npm_faults(every) if wrong] == []
