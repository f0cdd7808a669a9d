"""What is to be told and not done, as CommunicationRequest: a step withheld, a finding to examine.

Every action of a RequestGroup refers to a resource or holds actions (invariant rqg-1), so a step
that is withheld needs one. A draft request to tell somebody is safe with any consumer: whatever it
overlooks, the most that it can do is to pass the words on.

Source: HL7 FHIR R4, CommunicationRequest, RequestGroup.
"""

from __future__ import annotations

from guidestep.interop.fhir.outgoing.artifacts import review_words, seen_words
from guidestep.interop.fhir.outgoing.context import Context
from guidestep.interop.fhir.outgoing.elements import (
    Resource,
    element,
    note,
    reference,
    sentence,
)
from guidestep.interop.fhir.outgoing.requests import reasons, withheld
from guidestep.outcome import Outcome
from guidestep.recommendation import Preparation, Reason, Recommendation, StepAdvice


def communication_requests(recommendation: Recommendation, context: Context) -> list[Resource]:
    """Return a draft CommunicationRequest for each step withheld and each advice without a request.

    Raises:
        ValueError: The recommendation was not made by the guideline of the context.
    """
    told = [_withheld(recommendation, step, context) for step in withheld(recommendation)]
    told += [_advice(recommendation, reason, context) for reason in advised(recommendation)]
    told += [_preparation(recommendation, step, context) for step in recommendation.preparation]
    return told


def advised(recommendation: Recommendation) -> list[Reason]:
    """Return the reasons that are findings and become no request: they are told.

    What is undecided is a question, and is asked in the Questionnaire; where nothing can be asked
    it is told too.
    """
    match recommendation.outcome:
        case Outcome.NOT_ELIGIBLE | Outcome.SURVEILLANCE:
            return list(recommendation.reasons)
        case Outcome.ASSESS_FIRST:
            asked = bool(recommendation.missing)
            return [r for r in recommendation.reasons if not (asked and r.verdict == "unknown")]
        case _:
            return []


def withheld_words(step: StepAdvice, context: Context) -> str:
    """Return that a track is withheld, and that a step of it which has begun is to stop.

    What an exercise consists of is not told with it: only the content of a step that names the
    absence of exercise is.
    """
    words = f"Withheld, not to be done: the {step.track} track ({step.title})"
    if step.current is not None:
        words += f"; {step.current}, which has begun, is not to go on"
    entry = context.guideline.steps.get(step.id)
    content = step.content if entry is not None and entry.kind == "withheld" else ""
    return f"{sentence(words)} {content}".strip()


def role_of(part: Reason | StepAdvice | Preparation) -> str:
    """Return the role under which what is told of something has its id."""
    match part:
        case StepAdvice():
            return f"CommunicationRequest:withheld:{part.track}"
        case Preparation():
            return f"CommunicationRequest:preparation:{part.id}"
        case Reason():
            return f"CommunicationRequest:reason:{part.rule}"


def _withheld(recommendation: Recommendation, step: StepAdvice, context: Context) -> Resource:
    why = " ".join(
        f"{sentence(reason.statement + seen_words(reason.seen))} {reason.advice}".strip()
        for reason in step.reasons
    )
    words = f"{withheld_words(step, context)} {why}".strip()
    made = _told(recommendation, context, role_of(step), words)
    return made | element(reasonCode=reasons(step.reasons, context), note=_notes(recommendation))


def _advice(recommendation: Recommendation, reason: Reason, context: Context) -> Resource:
    words = f"{sentence(reason.statement + seen_words(reason.seen))} {reason.advice}".strip()
    if reason.verdict in ("unknown", "unmet"):
        words = f"{'Undecided' if reason.verdict == 'unknown' else 'Required, not met'}: {words}"
    made = _told(recommendation, context, role_of(reason), words)
    return made | element(reasonCode=reasons([reason], context), note=_notes(recommendation))


def _preparation(recommendation: Recommendation, step: Preparation, context: Context) -> Resource:
    words = f"{sentence(f'{step.id}, {step.title}')} {step.content}"
    return _told(recommendation, context, role_of(step), words) | element(
        note=_notes(recommendation)
    )


def _notes(recommendation: Recommendation) -> list[Resource]:
    return [note(review_words(recommendation.review))]


def _told(recommendation: Recommendation, context: Context, role: str, words: str) -> Resource:
    return element(
        resourceType="CommunicationRequest",
        id=context.id_of(recommendation, role),
        status="draft",
        subject=reference(context.subject),
        encounter=reference(context.encounter),
        payload=[{"contentString": words}],
        authoredOn=context.moment,
    )
