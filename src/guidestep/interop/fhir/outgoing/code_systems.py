"""The local codes as CodeSystems: fields and answers of the model, steps and rules, outcomes.

Source: HL7 FHIR R4, CodeSystem.
"""

from __future__ import annotations

from collections.abc import Iterable

from guidestep.explain.words import OUTCOMES, member_words
from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.artifacts import review_words
from guidestep.interop.fhir.outgoing.elements import Element, Resource, element
from guidestep.interop.fhir.outgoing.publication import published
from guidestep.outcome import NO_RULE, Outcome

GRADES: dict[str, str] = {
    "not-graded": "Not graded by the source",
    "high": "high",
    "moderate": "moderate",
    "low": "low",
    "very_low": "very low",
    "not_assessable": "not assessable",
    "not_cited": "not cited",
}
"""The words in which guidestep grades: those of GRADE, and three for what cannot be graded."""


def code_systems(guideline: Guideline, canonical: Canonical) -> list[Resource]:
    """Return the CodeSystems of all local codes with which a guideline speaks."""
    model, id_ = guideline.model, guideline.id
    fields = model.fields().values()
    members = dict.fromkeys(member for spec in fields for member in spec.members)
    made = (
        (
            canonical.fields(model.model_id),
            "Fields of the assessment",
            [(spec.path, spec.label, spec.question) for spec in fields],
        ),
        (
            canonical.answers(model.model_id),
            "Answers of the assessment",
            [(member, member_words(member), "") for member in members],
        ),
        (
            canonical.step(id_, "")["system"],
            "Steps of the protocol",
            [(step.id, step.title, step.content) for step in guideline.steps.values()],
        ),
        (canonical.rule(id_, "")["system"], "Rules", _rules(guideline)),
        (
            canonical.of("CodeSystem", "outcome"),
            "Outcomes of a recommendation",
            [(outcome.value, OUTCOMES[outcome], "") for outcome in Outcome],
        ),
        (
            canonical.of("CodeSystem", "grading"),
            "Appraisal of evidence by guidestep, in the words of GRADE",
            [(code, words, "") for code, words in GRADES.items()],
        ),
    )
    return [_system(guideline, canonical, *parts) for parts in made]


def _rules(guideline: Guideline) -> list[tuple[str, str, str]]:
    base = guideline.base
    found = [(rule.id, rule.statement, rule.advice) for rule in base.rules.values()]
    found += [(rule.id, rule.statement, rule.advice) for rule in base.progressions]
    found += [
        (one.entry.id, one.entry.question, f"Left open by the source. {one.entry.title}.")
        for one in base.assumptions.values()
    ]
    found.append((NO_RULE, "No rule of this guideline decides for this person", ""))
    return found


def _system(
    guideline: Guideline,
    canonical: Canonical,
    url: str,
    title: str,
    concepts: Iterable[tuple[str, str, str]],
) -> Resource:
    listed: list[Element] = [
        element(code=code, display=display, definition=definition)
        for code, display, definition in concepts
    ]
    id_ = url.rpartition("/")[2]
    head = published(
        guideline, canonical, "CodeSystem", id_, f"{title}: {guideline.title}", url=url
    )
    return head | element(
        description=f"{title}. {review_words(guideline.base.entry.review)}",
        caseSensitive=True,
        content="complete",
        count=len(listed),
        concept=listed,
    )
