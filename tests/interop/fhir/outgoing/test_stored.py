"""Out, stored, in again: an equal recommendation, or a refusal."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.assessment import CervicalAssessment
from guidestep.interop.fhir import outgoing
from guidestep.interop.fhir.outgoing import StoredRecommendationError, recommendation_of
from tests.interop.fhir.outgoing.answers import (
    Json,
    answered,
    context,
    everything,
    guideline,
    recommend,
    resources,
)
from tests.strategies.assessments import cervical_assessments


def stored(bundle: Json) -> Json:
    """What a server gives back: other ids, other addresses, each resource by itself."""
    text = json.dumps(bundle)
    for number, resource in enumerate(resources(bundle)):
        text = text.replace(f"urn:uuid:{resource['id']}", f"{resource['resourceType']}/s{number}")
        text = text.replace(str(resource["id"]), f"s{number}")
    return json.loads(text)


def test_every_case_comes_back_equal() -> None:
    for one in answered():
        assert recommendation_of(stored(one.bundle)) == one.recommendation
        (guidance,) = resources(one.bundle, "GuidanceResponse")
        assert recommendation_of(guidance) == one.recommendation


@settings(max_examples=40)
@given(cervical_assessments())
def test_any_answer_comes_back_equal(patient: CervicalAssessment) -> None:
    answer = guideline().recommend(patient)
    bundle = outgoing.recommendation_bundle(answer, context())
    assert recommendation_of(stored(bundle)) == answer


def parameters(bundle: Json) -> list[Json]:
    (guidance,) = resources(bundle, "GuidanceResponse")
    found: list[Json] = guidance["contained"][1]["parameter"]
    return found


def _change(name: str, key: str, value: str) -> Callable[[Json], None]:
    def change(bundle: Json) -> None:
        (part,) = (p for p in parameters(bundle) if p["name"] == name)
        part[key] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_change("recommendation", "valueBase64Binary", "e30="), "digest is another"),
        (_change("recommendation", "valueBase64Binary", "%%%"), "no base64"),
        (_change("recommendation", "valueBase64Binary", "\x80"), "no base64"),
        (lambda bundle: parameters(bundle)[-1].pop("valueBase64Binary"), "no base64"),
        (_change("recommendationDigest", "valueString", "0" * 64), "digest is another"),
        (_change("outcome", "valueCode", "recommend"), "say otherwise"),
        (_change("inputDigest", "valueString", "0" * 64), "say otherwise"),
        (lambda bundle: parameters(bundle).pop(), "no recommendations"),
        (lambda bundle: bundle["entry"].extend(copy.deepcopy(bundle["entry"])), "2 recommend"),
        (lambda bundle: bundle.clear(), "no recommendations"),
    ],
)
def test_what_was_changed_is_refused(change: Callable[[Json], None], message: str) -> None:
    answer = recommend(neurologic__gait_instability="present")
    bundle: Json = copy.deepcopy(outgoing.recommendation_bundle(answer, context()))
    change(bundle)
    with pytest.raises(StoredRecommendationError, match=message):
        recommendation_of(bundle)


@settings(max_examples=60)
@given(st.data())
def test_no_other_recommendation_is_ever_read(data: st.DataObject) -> None:
    """Whatever one value in the output becomes, what is read is what was written, or nothing."""
    answer = recommend(neurologic__gait_instability="present")
    bundle: Json = copy.deepcopy(outgoing.recommendation_bundle(answer, context()))
    part = data.draw(st.sampled_from(parameters(bundle)))
    key = data.draw(st.sampled_from(sorted(part)))
    part[key] = data.draw(st.none() | st.booleans() | st.integers() | st.text(max_size=8))
    try:
        assert recommendation_of(bundle) == answer
    except StoredRecommendationError as error:
        said = str(error)
        assert all(str(v) not in said for _, v in everything(part) if len(str(v)) > 20)


def test_what_another_version_wrote_is_refused() -> None:
    import base64
    import hashlib

    bundle: Json = copy.deepcopy(outgoing.recommendation_bundle(recommend(), context()))
    _change("recommendation", "valueBase64Binary", base64.b64encode(b"{}").decode())(bundle)
    _change("recommendationDigest", "valueString", hashlib.sha256(b"{}").hexdigest())(bundle)
    with pytest.raises(StoredRecommendationError, match="this version of guidestep"):
        recommendation_of(bundle)
