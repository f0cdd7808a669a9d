"""Questionnaires: of what is missing, and of a whole assessment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.assessment import CervicalAssessment
from guidestep.interop.fhir import conformance, outgoing
from guidestep.interop.fhir.canonical import Canonical
from tests.interop.fhir.outgoing.answers import Json, answered, guideline, resources

PATHS = list(CervicalAssessment.fields())


@given(st.lists(st.sampled_from(PATHS), min_size=1, max_size=12))
def test_some_fields_are_asked_once_each_in_the_order_given(paths: list[str]) -> None:
    found: Json = outgoing.questionnaire(guideline(), paths, Canonical())
    assert [item["linkId"] for item in found["item"]] == list(dict.fromkeys(paths))
    assert {item["required"] for item in found["item"]} == {False}
    assert conformance.problems(found) == []
    again: Json = outgoing.questionnaire(guideline(), paths, Canonical())
    assert again == found


def test_what_is_missing_is_asked_and_an_action_refers_to_it() -> None:
    for one in answered():
        forms = resources(one.bundle, "Questionnaire")
        missing = [each.path for each in one.recommendation.missing]
        assert [[item["linkId"] for item in form["item"]] for form in forms] == (
            [missing] if missing else []
        )
        (group,) = resources(one.bundle, "RequestGroup")
        asked = [a["resource"]["reference"] for a in group["action"] if a["id"] == "missing"]
        assert asked == [form["url"] for form in forms]


def test_an_item_has_its_code_its_answers_and_its_unit() -> None:
    found: Json = outgoing.questionnaire(
        guideline(), ["measures.baseline_pain_vas_mm", "program.rpe_scale"], Canonical()
    )
    pain, scale = found["item"]
    assert pain["type"] == "quantity"
    assert pain["code"][0]["code"] == "measures.baseline_pain_vas_mm"
    unit, low, high = pain["extension"]
    assert unit["valueCoding"]["code"] == "mm"
    assert (low["valueQuantity"]["value"], high["valueQuantity"]["value"]) == (0, 100)
    assert [option["valueCoding"]["display"] for option in scale["answerOption"]] == [
        "borg 6-20",
        "borg cr10",
        "not documented",
    ]


def test_the_whole_assessment_has_every_field_once() -> None:
    found: Json = outgoing.assessment_questionnaire(guideline(), Canonical())
    items = [item for group in found["item"] for item in group["item"]]
    assert [item["linkId"] for item in items] == PATHS
    fields = CervicalAssessment.fields()
    assert all(item["required"] is fields[item["linkId"]].required for item in items)


@pytest.mark.parametrize("paths", [[], ["scope.age"]])
def test_an_unknown_field_is_refused(paths: list[str]) -> None:
    with pytest.raises(ValueError, match="cervical has no field"):
        outgoing.questionnaire(guideline(), paths, Canonical())
