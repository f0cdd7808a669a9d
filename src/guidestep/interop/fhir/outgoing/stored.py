"""The recommendation itself inside its resources, with a digest, and how it is read back.

It is a Parameters resource contained in the GuidanceResponse: Parameters has no address of its own
on a FHIR server, so that it is stored only within another resource.

Source: HL7 FHIR R4, GuidanceResponse.outputParameters, Parameters.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping

from guidestep.interop.fhir.outgoing.elements import Element, Resource, element
from guidestep.recommendation import Recommendation

OUTPUT = "output"
"""The id of the contained Parameters."""


class StoredRecommendationError(ValueError):
    """Resources from which no recommendation, or not the one they name, can be read."""


def output_parameters(recommendation: Recommendation) -> Resource:
    """Return the outcome, the digests, the rules behind it, and the recommendation as JSON."""
    text = recommendation.to_json().encode()
    given: list[Element] = [
        {"name": "outcome", "valueCode": recommendation.outcome.value},
        {"name": "basis", "valueCode": recommendation.basis.value},
        {"name": "guideline", "valueString": recommendation.guideline.id},
        {"name": "guidelineVersion", "valueString": recommendation.guideline.version},
        {"name": "guidelineDigest", "valueString": recommendation.guideline.digest},
        {"name": "profile", "valueString": recommendation.guideline.profile},
        {"name": "inputDigest", "valueString": recommendation.input_digest},
        {"name": "enginesAgree", "valueBoolean": recommendation.agreement},
        *[element(name="engine", valueString=name) for name in recommendation.engines],
        *[element(name="rule", valueString=reason.rule) for reason in recommendation.reasons],
        {"name": "recommendationDigest", "valueString": hashlib.sha256(text).hexdigest()},
        {"name": "recommendation", "valueBase64Binary": base64.b64encode(text).decode()},
    ]
    return {"resourceType": "Parameters", "id": OUTPUT, "parameter": given}


def recommendation_of(resource: Mapping[str, object]) -> Recommendation:
    """Return the recommendation that a bundle or a GuidanceResponse carries, equal to that given.

    It is found by what it is and not by its address: a server gives resources other ids.

    Raises:
        StoredRecommendationError: There is none, or more than one, or it was changed: its digest
            is another, or it says something else than the parameters beside it.
    """
    found = [p for p in (_values(each) for each in _parameters(resource)) if "recommendation" in p]
    if len(found) != 1:
        raise StoredRecommendationError(
            f"{len(found) or 'no'} recommendations are in these resources; "
            "give the Bundle or the GuidanceResponse of one"
        )
    values = found[0]
    try:
        (coded,) = values["recommendation"]
        text = base64.b64decode(str(coded), validate=True)
    except ValueError:
        raise StoredRecommendationError("the recommendation is no base64 text") from None
    if values.get("recommendationDigest") != [hashlib.sha256(text).hexdigest()]:
        raise StoredRecommendationError("the recommendation was changed: its digest is another")
    try:
        recommendation = Recommendation.from_json(text)
    except ValueError:
        # The message of the reader would repeat what the patient was found to have.
        raise StoredRecommendationError("this version of guidestep cannot read it") from None
    said = {name: values.get(name) for name in _values(output_parameters(recommendation))}
    if said != _values(output_parameters(recommendation)):
        raise StoredRecommendationError("the parameters beside the recommendation say otherwise")
    return recommendation


def _parameters(resource: object) -> Iterator[Mapping[str, object]]:
    """Yield the Parameters in a resource, a bundle or what is contained in either."""
    if not isinstance(resource, Mapping):
        return
    if resource.get("resourceType") == "Parameters":
        yield resource
    for part in _list(resource.get("contained")):
        yield from _parameters(part)
    for entry in _list(resource.get("entry")):
        if isinstance(entry, Mapping):
            yield from _parameters(entry.get("resource"))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _values(parameters: Mapping[str, object]) -> dict[str, list[object]]:
    values: dict[str, list[object]] = {}
    for part in _list(parameters.get("parameter")):
        if isinstance(part, Mapping):
            given = [part[key] for key in part if isinstance(key, str) and key.startswith("value")]
            values.setdefault(str(part.get("name")), []).extend(given)
    return values
