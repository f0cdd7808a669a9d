"""The exercise of a guideline as ActivityDefinitions: a proposal each, with its dose.

Source: HL7 FHIR R4, ActivityDefinition; CPG-on-FHIR 2.0.0, cpg-servicerequestactivity (kind
ServiceRequest, intent proposal, doNotPerform required).
"""

from __future__ import annotations

from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.artifacts import citations, review_words
from guidestep.interop.fhir.outgoing.doses import dose_extensions, dose_text, timing
from guidestep.interop.fhir.outgoing.elements import (
    Resource,
    concept,
    element,
    fhir_id,
    sentence,
)
from guidestep.interop.fhir.outgoing.publication import published
from guidestep.language.documents import StepEntry


def exercises(guideline: Guideline) -> list[StepEntry]:
    """Return the steps that are exercise: those that assess, or name an absence, are none."""
    return [step for step in guideline.steps.values() if step.track and step.kind == "exercise"]


def activity_id(guideline: Guideline, step: str) -> str:
    """Return the id of the ActivityDefinition of a step."""
    return fhir_id(f"{guideline.id}-{step}")


def activity_definitions(guideline: Guideline, canonical: Canonical) -> list[Resource]:
    """Return an ActivityDefinition for each step of exercise, in the order of the guideline."""
    return [_activity(guideline, step, canonical) for step in exercises(guideline)]


def _activity(guideline: Guideline, step: StepEntry, canonical: Canonical) -> Resource:
    said = [review_words(guideline.base.entry.review), step.content]
    said += [f"Dose: {sentence(dose_text(step.dose))}"] if step.dose else []
    said += [f"Condition: {sentence(one)}" for one in step.conditions]
    head = published(
        guideline, canonical, "ActivityDefinition", activity_id(guideline, step.id), step.title
    )
    cites = [*step.cites, *(id_ for dose in step.dose for id_ in dose.cites)]
    return {"resourceType": head["resourceType"], "id": head["id"]} | element(
        extension=dose_extensions(step.dose, canonical),
        **{name: value for name, value in head.items() if name not in ("resourceType", "id")},
        description="\n\n".join(said),
        usage=guideline.base.entry.intended.user,
        relatedArtifact=citations(cites, guideline.citations, canonical),
        kind="ServiceRequest",
        code=concept(step.title, canonical.step(guideline.id, step.id, step.title)),
        intent="proposal",
        doNotPerform=False,
        timingTiming=timing(step.dose),
        participant=[{"type": "patient"}, {"type": "practitioner"}],
    )
