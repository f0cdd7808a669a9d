"""An answer as GuidanceResponse: its status, what is missing, its messages, and itself.

Source: HL7 FHIR R4, GuidanceResponse, OperationOutcome, DataRequirement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from guidestep.explain.words import BASES, OUTCOMES, listed
from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.artifacts import review_words, seen_words
from guidestep.interop.fhir.outgoing.context import Context, address
from guidestep.interop.fhir.outgoing.elements import (
    Element,
    Resource,
    concept,
    element,
    message,
    note,
    reference,
    sentence,
)
from guidestep.interop.fhir.outgoing.groups import UNPLANNED, outcome_coding, plan_address
from guidestep.interop.fhir.outgoing.issues import author
from guidestep.interop.fhir.outgoing.stored import OUTPUT, output_parameters
from guidestep.outcome import Family, Outcome
from guidestep.recommendation import Reason, Recommendation

Status: TypeAlias = Literal["success", "data-requested", "data-required"]

MESSAGES = "messages"
"""The id of the contained OperationOutcome."""


def status_of(recommendation: Recommendation) -> Status:
    """Return the status of an answer.

    - `data-required`: the answer is to assess first, and an input that is missing decides it.
    - `data-requested`: there is an answer, and an input that is missing could still change it: make
      it more urgent, or let a step start or progress.
    - `success`: nothing that is missing could change the answer. That includes 'assess first' where
      what was found needs a clinician, and no further input would do.
    """
    if not recommendation.missing and not recommendation.possible:
        return "success"
    first = recommendation.outcome is Outcome.ASSESS_FIRST
    return "data-required" if first else "data-requested"


def guidance_response(recommendation: Recommendation, context: Context) -> Resource:
    """Return the GuidanceResponse of an answer.

    Its messages (an OperationOutcome) and its output (Parameters with the whole recommendation)
    are contained; its result is the CarePlan, or where nothing is planned the RequestGroup.

    Raises:
        ValueError: The recommendation was not made by the guideline of the context.
    """
    planned = recommendation.outcome not in UNPLANNED
    result = context.id_of(recommendation, "CarePlan" if planned else "RequestGroup")
    id_ = context.id_of(recommendation, "GuidanceResponse")
    request = address(context.id_of(recommendation, "request"))
    return element(
        resourceType="GuidanceResponse",
        id=id_,
        contained=[_messages(recommendation), output_parameters(recommendation)],
        requestIdentifier={"system": "urn:ietf:rfc:3986", "value": request},
        identifier=[{"system": "urn:ietf:rfc:3986", "value": address(id_)}],
        moduleCanonical=plan_address(context),
        status=status_of(recommendation),
        subject=reference(context.subject),
        encounter=reference(context.encounter),
        occurrenceDateTime=context.moment,
        performer=author(recommendation),
        reasonCode=[
            concept(
                OUTCOMES[recommendation.outcome], outcome_coding(recommendation.outcome, context)
            )
        ],
        note=[note(text) for text in _notes(recommendation)],
        evaluationMessage=[reference(f"#{MESSAGES}")],
        outputParameters=reference(f"#{OUTPUT}"),
        result=reference(address(result)),
        dataRequirement=requirements(recommendation, context),
    )


def requirements(recommendation: Recommendation, context: Context) -> list[Element]:
    """Return what is missing as DataRequirements, the most decisive first."""
    return requirements_of([missing.path for missing in recommendation.missing], context)


def requirements_of(paths: Sequence[str], context: Context) -> list[Element]:
    """Return the DataRequirements of some fields, in their order."""
    if context.requirements is not None:
        return list(context.requirements(paths))
    return local_requirements(context.guideline, paths, context.canonical)


def local_requirements(
    guideline: Guideline, paths: Sequence[str], canonical: Canonical
) -> list[Element]:
    """Return DataRequirements of Observations with the local codes of some fields."""
    fields = guideline.model.fields()
    model = guideline.model.model_id
    return [
        {
            "type": "Observation",
            "codeFilter": [
                {"path": "code", "code": [canonical.field(model, path, fields[path].label)]}
            ],
        }
        for path in paths
    ]


def _notes(r: Recommendation) -> Iterator[str]:
    yield review_words(r.review)
    yield f"{sentence(OUTCOMES[r.outcome].capitalize())} {BASES[r.basis]}"
    if r.possible:
        words = listed([OUTCOMES[outcome] for outcome in r.possible], "or")
        yield f"More urgent and not ruled out: {words}."
    for answer in r.answers:
        granted = "granted" if answer.granted else "NOT granted"
        yield f"Asked: {answer.statement}: {granted}. {answer.answer}"
    for used in r.assumptions:
        title = f"{used.id}, version {used.version}, {used.title}"
        yield f"Assumption of ours {title}: {used.statement}"
    for notice in r.notices:
        yield f"{notice.kind.capitalize()}: {notice.statement}{seen_words(notice.seen)}"


# --- messages -------------------------------------------------------------------------------------


def _messages(r: Recommendation) -> Resource:
    return {"resourceType": "OperationOutcome", "id": MESSAGES, "issue": list(_issues(r))}


def _issues(r: Recommendation) -> Iterator[Element]:
    used = r.guideline
    if r.review.status != "approved":
        yield message("warning", "informational", review_words(r.review))
    if r.agreement:
        words = f"Two engines gave the same answer: {listed(r.engines, 'and')}."
        yield message("information", "informational", words)
    else:
        words = f"NOT checked by a second engine: {listed(r.engines, 'and')} alone."
        yield message("warning", "informational", words)
    settings = "".join(f", {p.id} {p.value:g}" for p in used.parameters)
    words = f"Guideline {used.id} {used.version}, SHA-256 {used.digest}, profile {used.profile}"
    yield message("information", "informational", f"{words}{settings}.")
    for conflict in r.conflicts:
        yield message("warning", "conflict", f"Entries contradict each other: {_said(conflict)}")
    for caution in r.cautions:
        yield message("warning", "business-rule", f"Caution: {_said(caution)}")
    for reason in r.reasons:
        if reason.verdict == "unknown" and reason.family is Family.RED_FLAG:
            words = f"Undecided red flag, not ruled out: {sentence(reason.statement)}"
            yield message("warning", "incomplete", words)
    for rule in r.not_evaluable:
        words = f"Not evaluable, which is never negative: {sentence(rule.statement)}"
        unknown = f" Not known: {', '.join(rule.missing)}." if rule.missing else ""
        yield message("warning", "incomplete", f"{words}{unknown}")
    for missing in r.missing:
        could = OUTCOMES[missing.could_lead_to]
        absent = f" Recorded as missing: {missing.absent_reason}." if missing.absent_reason else ""
        words = f"Missing: {missing.label}; it could lead to: {could}.{absent}"
        yield message("warning", "incomplete", words)


def _said(reason: Reason) -> str:
    return f"{sentence(reason.statement + seen_words(reason.seen))} {reason.advice}".strip()
