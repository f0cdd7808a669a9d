"""The checks themselves: every invariant fires and holds, and nothing given makes them fail."""

from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.interop.fhir import conformance, outgoing
from guidestep.interop.fhir.conformance.primitives import fault
from tests.interop.fhir.outgoing.answers import Json, context, guideline, recommend

ITEM = {"linkId": "a", "type": "choice"}
SYSTEM = "http://unitsofmeasure.org"


def request(**parts: object) -> Json:
    base = {"status": "draft", "intent": "proposal", "subject": {"reference": "Patient/1"}}
    return {"resourceType": "ServiceRequest", **base, **parts}


def repeat(**parts: object) -> Json:
    return request(occurrenceTiming={"repeat": parts})


def form(*items: Json) -> Json:
    return {"resourceType": "Questionnaire", "status": "draft", "item": list(items)}


def extension(**value: object) -> Json:
    return request(extension=[{"url": "x", **value}])


def outcome(**meta: object) -> Json:
    return {
        "resourceType": "OperationOutcome",
        "id": "m",
        "issue": [{"severity": "error", "code": "invalid"}],
        **meta,
    }


def guidance(contained: Json, **parts: object) -> Json:
    return {
        "resourceType": "GuidanceResponse",
        "contained": [contained],
        "moduleUri": "urn:x:y",
        "status": "success",
        "evaluationMessage": [{"reference": "#m"}],
        **parts,
    }


def bundle(kind: str = "collection", **entry: object) -> Json:
    full = {"fullUrl": "https://guidestep.example/fhir/ServiceRequest/a", **entry}
    return {"resourceType": "Bundle", "type": kind, "entry": [full]}


def plan(*actions: Json) -> Json:
    return {"resourceType": "PlanDefinition", "status": "draft", "action": list(actions)}


CASES: list[tuple[str, Json]] = [
    ("ext-1", extension(valueString="a", extension=[{"url": "b", "valueString": "c"}])),
    ("ext-1", request(extension=[{"url": "x"}])),
    ("per-1", request(occurrencePeriod={"start": "2026-03-02", "end": "2026-03-01"})),
    ("qty-3", request(quantityQuantity={"value": 1, "code": "mm"})),
    ("rng-2", request(quantityRange={"low": {"value": 2}, "high": {"value": 1}})),
    ("tim-1", repeat(duration=1)),
    ("tim-2", repeat(period=1)),
    ("tim-4", repeat(duration=-1, durationUnit="min")),
    ("tim-5", repeat(period=-1, periodUnit="d")),
    ("tim-6", repeat(periodMax=2)),
    ("tim-7", repeat(durationMax=2)),
    ("tim-8", repeat(countMax=2)),
    ("tim-9", repeat(offset=5)),
    ("tim-9", repeat(offset=5, when=["C"])),
    ("tim-10", repeat(timeOfDay=["09:00:00"], when=["MORN"])),
    ("prr-1", request(orderDetail=[{"text": "a"}])),
    ("que-1", form({"linkId": "a", "type": "group"})),
    ("que-1", form({"linkId": "a", "type": "display", "item": [ITEM]})),
    ("que-3", form({"linkId": "a", "type": "display", "code": [{"code": "x"}]})),
    ("que-4", form({**ITEM, "answerValueSet": "urn:x:y", "answerOption": [{"valueDate": "2026"}]})),
    ("que-5", form({"linkId": "a", "type": "date", "answerValueSet": "urn:x:y"})),
    ("que-6", form({"linkId": "a", "type": "display", "required": False})),
    ("que-7", form({**ITEM, "enableWhen": [
        {"question": "b", "operator": "exists", "answerInteger": 1}]})),
    ("que-8", form({"linkId": "a", "type": "display", "initial": [{"valueDate": "2026"}]})),
    ("que-9", form({"linkId": "a", "type": "display", "readOnly": True})),
    ("que-10", form({**ITEM, "maxLength": 3})),
    ("que-11", form({**ITEM, "initial": [{"valueDate": "2026"}],
                     "answerOption": [{"valueDate": "2026"}]})),
    ("que-12", form({**ITEM, "enableWhen": [
        {"question": "b", "operator": "=", "answerInteger": 1}] * 2})),
    ("que-13", form({"linkId": "a", "type": "date", "initial": [{"valueDate": "2026"}] * 2})),
    ("que-2", form(ITEM, ITEM)),
    ("que-0", {**form(ITEM), "name": "two words"}),
    ("qrs-1", {"resourceType": "QuestionnaireResponse", "status": "completed", "item": [
        {"linkId": "a", "answer": [{"valueDate": "2026"}], "item": [{"linkId": "b"}]}]}),
    ("csd-1", {"resourceType": "CodeSystem", "status": "draft", "content": "complete",
               "concept": [{"code": "a"}, {"code": "a"}]}),
    ("cpl-3", {"resourceType": "CarePlan", "status": "draft", "intent": "plan",
               "subject": {"reference": "Patient/1"}, "activity": [
                   {"reference": {"reference": "Task/1"}, "detail": {"status": "unknown"}}]}),
    ("inv-1", {"resourceType": "Parameters", "parameter": [{"name": "a"}]}),
    ("att-1", {"resourceType": "Library", "status": "draft", "type": {"text": "x"},
               "content": [{"data": "YQ=="}]}),
    ("exp-1", plan({"condition": [{"kind": "start", "expression": {"language": "a/b"}}]})),
    ("duplicate-id", plan({"id": "a", "title": "x"}, {"id": "a", "title": "y"})),
    ("dangling-action", plan({"relatedAction": [
        {"actionId": "b", "relationship": "after"}], "title": "x"})),
    ("dom-2", guidance(outcome(contained=[outcome()]))),
    ("dom-3", guidance(outcome(), evaluationMessage=[{"display": "m"}])),
    ("dom-4", guidance(outcome(meta={"versionId": "1"}))),
    ("dom-5", guidance(outcome(meta={"security": [{"code": "R"}]}))),
    ("ref-1", guidance(outcome(), result={"reference": "#other"})),
    ("bdl-1", {**bundle(resource=request(id="a")), "total": 1}),
    ("bdl-2", bundle(resource=request(id="a"), search={"mode": "match"})),
    ("bdl-3", bundle("transaction", resource=request(id="a"))),
    ("bdl-5", bundle()),
    ("bdl-8", bundle(fullUrl="https://guidestep.example/fhir/ServiceRequest/a/_history/a",
                     resource=request(id="a"))),
    ("link", bundle(resource=request(id="b"))),
    ("link", bundle(fullUrl="ServiceRequest/a", resource=request(id="a"))),
    ("reference", request(subject={"reference": "the patient"})),
    ("reference", request(subject={"type": "Patient"})),
    ("canonical", request(instantiatesCanonical=["urn:a|1|2"])),
    ("cardinality", request(status=["draft"])),
    ("type", request(note={"text": "a"})),
    ("type", request(code="a")),
    ("type", request(_code={"id": "a"})),
    ("type", request(_status=5)),
    ("unknown-type", {"resourceType": "Patient"}),
    ("type", {"status": "draft"}),
    ("empty", request(note=[])),
    ("empty", request(patientInstruction="")),
    ("empty", request(code={})),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "resource"), CASES, ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)]
)
def test_a_fault_is_found_by_its_rule(rule: str, resource: Json) -> None:
    assert rule in {problem.rule for problem in conformance.problems(resource)}


@pytest.mark.parametrize(
    "resource",
    [
        request(occurrencePeriod={"start": "2026-03-01", "end": "2026-03"}),
        request(quantityRange={"low": {"value": 2, "code": "m", "system": SYSTEM},
                               "high": {"value": 1, "code": "km", "system": SYSTEM}}),
        repeat(offset=5, when=["AC"]),
        request(_status={"extension": [{"url": "x", "valueCode": "unknown"}]}),
        {**request(_status={"id": "a"}), "status": "draft"},
        extension(_valueString={"extension": [{"url": "x", "valueCode": "unknown"}]}),
        guidance(outcome()),
        request(subject={"reference": "urn:uuid:5d4f2a9e-13b7-5f60-8c21-7ab0c9d8e6f1"}),
        bundle("batch", resource=request(id="a"), request={"method": "PUT", "url": "a"}),
    ],
)  # fmt: skip
def test_what_is_right_has_no_problem(resource: Json) -> None:
    assert [str(problem) for problem in conformance.problems(resource)] == []


@pytest.mark.parametrize(
    ("type_", "right", "wrong"),
    [
        ("id", ["a", "A-1.b", "a" * 64], ["", "a_b", "a" * 65, 1]),
        ("code", ["a", "a b"], ["", " a", "a  b", "a "]),
        ("date", ["2026", "2026-03", "2024-02-29"], ["26", "2026-13", "2026-02-29", "2026-03-01T"]),
        ("dateTime", ["2026", "2026-03-01", "2026-03-01T09:00:00+01:00"],
         ["2026-03-01T09:00", "2026-03-01T09:00:00", "2026-02-30T09:00:00Z"]),
        ("instant", ["2026-03-01T09:00:00.5Z"], ["2026-03-01", "2026-03-01T24:00:00Z"]),
        ("time", ["09:00:00"], ["9:00", "25:00:00"]),
        ("boolean", [True, False], [1, "true", None]),
        ("integer", [0, -1, 2**31 - 1], [2**31, 1.0, True, "1"]),
        ("positiveInt", [1], [0, -1]),
        ("unsignedInt", [0], [-1]),
        ("decimal", [1, 1.5, -2], [True, "1", float("nan"), float("inf")]),
        ("string", ["a", " a\n"], ["", " ", "a\x00", "a" * 1_048_577]),
        ("uri", ["urn:a", "a"], ["", "a b"]),
        ("base64Binary", ["YQ==", "YQ==" * 400_000], ["YQ=", "a b"]),
        ("xhtml", ["<div>a</div>"], ["a"]),
    ],
)  # fmt: skip
def test_primitive_types(type_: str, right: list[object], wrong: list[object]) -> None:
    assert [value for value in right if fault(type_, value) is not None] == []
    assert [value for value in wrong if fault(type_, value) is None] == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(JSON)
def test_whatever_is_given_is_answered(value: object) -> None:
    assert conformance.problems(value) != []


@settings(max_examples=150)
@given(st.data())
def test_a_bundle_with_anything_in_one_place_is_answered(data: st.DataObject) -> None:
    answer = recommend(neurologic__gait_instability="present")
    bundle_: Json = copy.deepcopy(outgoing.recommendation_bundle(answer, context()))
    place: Json = bundle_
    while True:
        step = data.draw(
            st.sampled_from(range(len(place)) if isinstance(place, list) else sorted(place))
        )
        if not isinstance(place[step], dict | list) or data.draw(st.integers(0, 4)) == 0:
            break
        place = place[step]
    given_ = data.draw(JSON)
    place[step] = given_
    found = conformance.problems(bundle_)
    assert all(str(problem) for problem in found)
    if given_ in (None, "", [], {}):
        assert found


def test_an_answer_of_another_form_is_found() -> None:
    patient = guideline().model.read({
        "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
        "neurologic": {"red_flag_adjudication": "none"},
        "program": {"mobility_step": "M1", "neuromuscular_step": "N1", "resistance_step": "R1",
                    "requested_action": "none"},
    })  # fmt: skip
    response: Json = outgoing.assessment_response(patient, context())
    asked: Json = outgoing.assessment_questionnaire(guideline())
    both = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": asked["url"], "resource": asked},
            {"fullUrl": f"urn:uuid:{response['id']}", "resource": response},
        ],
    }
    assert conformance.problems(both) == []
    text = json.dumps(both).replace('"questionnaire": "', '"questionnaire": "x', 0)
    other = json.loads(text)
    other["entry"][1]["resource"]["item"][0]["item"][0]["linkId"] = "encounter.nothing"
    (found,) = conformance.problems(other)
    assert (found.rule, "encounter.nothing" in found.message) == ("link", True)
    older = json.loads(text)
    older["entry"][1]["resource"]["questionnaire"] = f"{asked['url']}|0.9.0"
    assert [problem.rule for problem in conformance.problems(older)] == ["canonical"]
