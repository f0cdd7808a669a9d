"""What is proposed, as ServiceRequest: the exercise of a step with its dose, and a referral.

A step that is withheld never becomes a ServiceRequest, not even one with `doNotPerform`: a system
that overlooks the modifier would order just what must not be done. Nor does anything become a
MedicationRequest: drugs are for a prescriber, and the guideline has no order for one.

Source: HL7 FHIR R4, ServiceRequest, RequestGroup (a request that a group refers to has the intent
`option`); CPG-on-FHIR 2.0.0, cpg-servicerequest.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeAlias

from guidestep.explain.words import OUTCOMES
from guidestep.interop.fhir.outgoing.artifacts import (
    NO_CITATION,
    appraisal_words,
    citation_words,
    review_words,
)
from guidestep.interop.fhir.outgoing.context import Context
from guidestep.interop.fhir.outgoing.doses import dose_extensions, dose_text, timing
from guidestep.interop.fhir.outgoing.elements import (
    Element,
    Resource,
    concept,
    element,
    extension,
    fhir_id,
    note,
    reference,
    references,
    sentence,
)
from guidestep.outcome import Action, Outcome
from guidestep.recommendation import Reason, Recommendation, StepAdvice

Intent: TypeAlias = Literal["proposal", "option"]
"""A request that stands alone is a `proposal`, one that a RequestGroup refers to an `option`."""

REFERRALS = (Outcome.URGENT_REFERRAL, Outcome.REFERRAL)

DRAFT = "A draft for a clinician to check, not an order."

_URGENT = re.compile(r"(?<!not )(?<!non-)(?<!less )\burgent", re.IGNORECASE)


def service_requests(
    recommendation: Recommendation, context: Context, *, intent: Intent = "proposal"
) -> list[Resource]:
    """Return a draft ServiceRequest for each step to start, continue or progress, or a referral.

    Steps come only with the outcome `recommend`, a referral only with the two outcomes that give
    one; any other outcome asks for nothing. Each has an `id` and stands by itself.

    >>> import guidestep
    >>> from datetime import UTC, datetime
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> context = Context(guideline, "Patient/1", datetime(2026, 3, 2, tzinfo=UTC))
    >>> required = {
    ...     "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
    ...     "neurologic": {"red_flag_adjudication": "none"},
    ...     "program": {"mobility_step": "not_started", "neuromuscular_step": "not_started",
    ...                 "resistance_step": "withheld", "requested_action": "none"},
    ... }
    >>> service_requests(guideline.recommend(required), context)
    []
    >>> required["neurologic"]["gait_instability"] = "present"
    >>> (referral,) = service_requests(guideline.recommend(required), context)
    >>> referral["status"], referral["intent"], referral["priority"]
    ('draft', 'proposal', 'urgent')

    Raises:
        ValueError: The recommendation was not made by the guideline of the context.
    """
    if recommendation.outcome in REFERRALS:
        return [referral(recommendation, context, intent)]
    return [exercise(recommendation, step, context, intent) for step in proposed(recommendation)]


def proposed(recommendation: Recommendation) -> list[StepAdvice]:
    """Return the steps to start, continue or progress: none but with the outcome `recommend`."""
    if recommendation.outcome is not Outcome.RECOMMEND:
        return []
    return [step for step in recommendation.steps if step.action is not Action.WITHHOLD]


def withheld(recommendation: Recommendation) -> list[StepAdvice]:
    """Return the steps that are withheld."""
    return [step for step in recommendation.steps if step.action is Action.WITHHOLD]


def exercise(
    recommendation: Recommendation, step: StepAdvice, context: Context, intent: Intent
) -> Resource:
    """Return the draft request of a step with its dose."""
    canonical, guideline = context.canonical, context.guideline
    dose = dose_text(step.dose)
    definition = canonical.of(
        "ActivityDefinition", fhir_id(f"{guideline.id}-{step.id}"), guideline.version
    )
    return element(
        resourceType="ServiceRequest",
        id=context.id_of(recommendation, f"ServiceRequest:{intent}:{step.id}"),
        extension=dose_extensions(step.dose, canonical),
        instantiatesCanonical=[definition],
        status="draft",
        intent=intent,
        code=concept(step.title, canonical.step(guideline.id, step.id, step.title)),
        subject=reference(context.subject),
        encounter=reference(context.encounter),
        occurrenceTiming=timing(step.dose),
        authoredOn=context.moment,
        reasonCode=reasons(step.reasons, context),
        supportingInfo=supporting(step.reasons, context),
        note=[note(text) for text in _step_notes(recommendation, step, dose)],
        patientInstruction=dose if context.instruct_patient else None,
    )


def _step_notes(recommendation: Recommendation, step: StepAdvice, dose: str) -> Iterator[str]:
    yield f"{DRAFT} {review_words(recommendation.review)}"
    yield f"{heading(step)}. {step.content}"
    if dose:
        yield f"Dose: {sentence(dose)}"
    for condition in step.conditions:
        yield f"Condition: {condition}"
    if step.next:
        yield f"Next: {step.next}"
    yield cited(recommendation, step.cites)


def heading(step: StepAdvice) -> str:
    """Return a step and what happens with it, and which step it takes the place of."""
    words = f"{step.action.value.capitalize()} {step.id} ({step.track}): {step.title}"
    return words if step.current in (None, step.id) else f"{words}; now at {step.current}"


def cited(recommendation: Recommendation, ids: Iterable[str]) -> str:
    """Return the citations behind something in one line each, with their weaknesses."""
    entries = {entry.id: entry for entry in recommendation.citations}
    lines = [
        f"{citation_words(entries[id_])} ({appraisal_words(entries[id_])})"
        for id_ in ids
        if id_ in entries
    ]
    return f"Citations: {' '.join(lines)}" if lines else NO_CITATION


def referral(recommendation: Recommendation, context: Context, intent: Intent) -> Resource:
    """Return the draft request of a referral: urgent, or as urgent as its reasons say.

    Never `stat` or `asap`: nothing here is made for emergencies. Where no reason states an urgency
    no priority is given, and the words say that the source specifies none.
    """
    canonical, outcome = context.canonical, recommendation.outcome
    title = "Urgent referral" if outcome is Outcome.URGENT_REFERRAL else "Referral"
    words = f"{title}: {OUTCOMES[outcome]}"
    coding = {
        "system": canonical.of("CodeSystem", "outcome"),
        "code": outcome.value,
        "display": OUTCOMES[outcome],
    }
    return element(
        resourceType="ServiceRequest",
        id=context.id_of(recommendation, f"ServiceRequest:{intent}:{outcome.value}"),
        extension=[
            extension(canonical.extension("referral-urgency"), valueString=urgency)
            for urgency in urgencies(recommendation)
        ],
        status="draft",
        intent=intent,
        priority=priority(recommendation),
        code=concept(words, coding),
        subject=reference(context.subject),
        encounter=reference(context.encounter),
        authoredOn=context.moment,
        reasonCode=reasons(recommendation.reasons, context),
        supportingInfo=supporting(recommendation.reasons, context),
        note=[note(text) for text in _referral_notes(recommendation)],
    )


def priority(recommendation: Recommendation) -> str | None:
    """Return the priority of a referral: `urgent`, or `None` where nobody says how urgent it is."""
    if recommendation.outcome is Outcome.URGENT_REFERRAL:
        return "urgent"
    return "urgent" if any(map(_URGENT.search, urgencies(recommendation))) else None


def urgencies(recommendation: Recommendation) -> list[str]:
    """Return what the reasons say of urgency, each once."""
    return list(dict.fromkeys(r.urgency for r in recommendation.reasons if r.urgency))


def _referral_notes(recommendation: Recommendation) -> Iterator[str]:
    yield f"{DRAFT} {review_words(recommendation.review)}"
    for reason in recommendation.reasons:
        yield f"{sentence(reason.statement)} {reason.advice}".strip()
    for urgency in urgencies(recommendation):
        yield f"Urgency: {urgency}"
    yield cited(
        recommendation,
        dict.fromkeys(id_ for reason in recommendation.reasons for id_ in reason.cites),
    )


def reasons(given: Sequence[Reason], context: Context) -> list[Element]:
    """Return the rules behind something as codes."""
    guideline = context.guideline.id
    return [
        concept(reason.statement, context.canonical.rule(guideline, reason.rule, reason.statement))
        for reason in given
    ]


def supporting(given: Sequence[Reason], context: Context) -> list[Element]:
    """Return the resources from which the values that rules saw were read, where that is known."""
    seen = (one.path for reason in given for one in reason.seen)
    return references(context.sources[path] for path in seen if path in context.sources)
