"""Red flags as DetectedIssue: severity high, with the findings and what is advised.

Source: HL7 FHIR R4, DetectedIssue.
"""

from __future__ import annotations

from guidestep.explain.words import label_words, value_words
from guidestep.interop.fhir.outgoing.artifacts import review_words, seen_words
from guidestep.interop.fhir.outgoing.context import Context
from guidestep.interop.fhir.outgoing.elements import (
    Element,
    Resource,
    concept,
    element,
    reference,
    references,
    sentence,
)
from guidestep.outcome import Family
from guidestep.recommendation import Reason, Recommendation, Seen

NOT_DONE = "Advised, and not done by this: "
"""FHIR means by mitigation what has been done or is being done; here nothing has been."""


def red_flags(recommendation: Recommendation) -> list[Reason]:
    """Return the red flags that are true, among the reasons of the answer."""
    return [
        reason
        for reason in recommendation.reasons
        if reason.family is Family.RED_FLAG and reason.verdict == "true"
    ]


def detected_issues(recommendation: Recommendation, context: Context) -> list[Resource]:
    """Return a DetectedIssue for each red flag that is true.

    The status is `preliminary`: rules found it, and no clinician has looked yet. A red flag that
    is undecided is none: it is in the GuidanceResponse as what has to be assessed.

    Raises:
        ValueError: The recommendation was not made by the guideline of the context.
    """
    return [_issue(recommendation, reason, context) for reason in red_flags(recommendation)]


def _issue(recommendation: Recommendation, reason: Reason, context: Context) -> Resource:
    guideline, canonical = context.guideline, context.canonical
    said = sentence(reason.statement + seen_words(reason.seen))
    advice = f"{NOT_DONE}{reason.advice or 'see the reasons of the answer.'}"
    return element(
        resourceType="DetectedIssue",
        id=context.id_of(recommendation, f"DetectedIssue:{reason.rule}"),
        status="preliminary",
        code=concept(
            f"Red flag: {reason.statement}",
            canonical.rule(guideline.id, reason.rule, reason.statement),
        ),
        severity="high",
        patient=reference(context.subject),
        identifiedDateTime=context.moment,
        author=author(recommendation),
        evidence=[_evidence(one, context) for one in reason.seen],
        detail=f"{said} {review_words(recommendation.review)}",
        mitigation=[{"action": {"text": advice}}],
    )


def _evidence(seen: Seen, context: Context) -> Element:
    model = context.guideline.model.model_id
    words = f"{label_words(seen.label)}: {value_words(seen.value, seen.unit)}"
    source = context.sources.get(seen.path)
    return element(
        code=[concept(words, context.canonical.field(model, seen.path, seen.label))],
        detail=references([] if source is None else [source]),
    )


def author(recommendation: Recommendation) -> Element:
    """Return the software that answered, as a reference by its name alone."""
    used = recommendation.guideline
    return software(used.id, used.version, recommendation.versions.guidestep)


def software(guideline: str, version: str, guidestep: str) -> Element:
    """Return a version of the software with a version of a guideline, as such a reference."""
    words = f"guidestep {guidestep} with the guideline {guideline} {version}"
    return {"type": "Device", "display": words}
