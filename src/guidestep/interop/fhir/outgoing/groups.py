"""An answer as RequestGroup, one action for each thing said, and as CarePlan that refers to it.

Source: HL7 FHIR R4, RequestGroup (invariant rqg-1), CarePlan; R4 has no element for citations in
either but `RequestGroup.action.documentation`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from guidestep.explain.words import BASES, OUTCOMES
from guidestep.interop.fhir.outgoing.artifacts import (
    citations,
    grades,
    justification,
    review_words,
)
from guidestep.interop.fhir.outgoing.context import Context, address
from guidestep.interop.fhir.outgoing.doses import dose_text
from guidestep.interop.fhir.outgoing.elements import (
    Element,
    Resource,
    concept,
    element,
    fhir_id,
    note,
    reference,
    sentence,
)
from guidestep.interop.fhir.outgoing.messages import advised, role_of, withheld_words
from guidestep.interop.fhir.outgoing.questionnaires import questionnaire
from guidestep.interop.fhir.outgoing.requests import (
    REFERRALS,
    heading,
    priority,
    proposed,
    withheld,
)
from guidestep.outcome import Outcome
from guidestep.recommendation import Preparation, Reason, Recommendation, StepAdvice

UNPLANNED = (Outcome.NOT_ELIGIBLE, Outcome.ASSESS_FIRST)
"""The outcomes with which nothing is planned: there is no CarePlan."""


def plan_address(context: Context) -> str:
    """Return the canonical address of the guideline's PlanDefinition, with its version."""
    guideline = context.guideline
    return context.canonical.of("PlanDefinition", fhir_id(guideline.id), guideline.version)


def request_group(recommendation: Recommendation, context: Context) -> Resource:
    """Return the RequestGroup of an answer, a draft proposal.

    Its actions, in this order: the referral, or the steps as advised; the steps withheld; what is
    to be told; what is missing. A step withheld refers to words (a CommunicationRequest), and to
    nothing that can be done. Each action carries its citations and the rules behind it.

    Raises:
        ValueError: The recommendation was not made by the guideline of the context.
    """
    notes = [review_words(recommendation.review), BASES[recommendation.basis]]
    return element(
        resourceType="RequestGroup",
        id=context.id_of(recommendation, "RequestGroup"),
        instantiatesCanonical=[plan_address(context)],
        status="draft",
        intent="proposal",
        priority=priority(recommendation) if recommendation.outcome in REFERRALS else None,
        code=concept(
            OUTCOMES[recommendation.outcome], outcome_coding(recommendation.outcome, context)
        ),
        subject=reference(context.subject),
        encounter=reference(context.encounter),
        authoredOn=context.moment,
        note=[note(text) for text in notes],
        action=list(_Actions(recommendation, context).all()),
    )


def outcome_coding(outcome: Outcome, context: Context) -> dict[str, str]:
    """Return an outcome as a local code."""
    system = context.canonical.of("CodeSystem", "outcome")
    return {"system": system, "code": outcome.value, "display": OUTCOMES[outcome]}


def care_plan(recommendation: Recommendation, context: Context) -> Resource | None:
    """Return the CarePlan of an answer, a draft proposal; `None` where nothing is planned.

    Nothing is planned for a patient who has to be assessed first, or of whom the guideline does
    not speak.

    Raises:
        ValueError: The recommendation was not made by the guideline of the context.
    """
    if recommendation.outcome in UNPLANNED:
        return None
    words = OUTCOMES[recommendation.outcome]
    held = " ".join(withheld_words(step, context) for step in withheld(recommendation))
    group = address(context.id_of(recommendation, "RequestGroup"))
    return element(
        resourceType="CarePlan",
        id=context.id_of(recommendation, "CarePlan"),
        instantiatesCanonical=[plan_address(context)],
        status="draft",
        intent="proposal",
        title=f"{words.capitalize()}: {recommendation.guideline.title}",
        description=f"{sentence(words.capitalize())} {held} "
        f"{review_words(recommendation.review)}".replace("  ", " "),
        subject=reference(context.subject),
        encounter=reference(context.encounter),
        created=context.moment,
        activity=[{"reference": reference(group)}],
        note=[note(BASES[recommendation.basis])],
    )


class _Actions:
    """The actions of one answer."""

    def __init__(self, recommendation: Recommendation, context: Context) -> None:
        self.r = recommendation
        self.context = context
        self.entries = {entry.id: entry for entry in recommendation.citations}

    def all(self) -> Iterator[Element]:
        if self.r.outcome in REFERRALS:
            yield self.referral()
        for step in proposed(self.r):
            yield self.exercise(step)
        for step in withheld(self.r):
            yield self.withheld(step)
        for reason in advised(self.r):
            yield self.advice(reason)
        for preparation in self.r.preparation:
            yield self.preparation(preparation)
        if self.context.asked_of(self.r):
            yield self.questions()

    def referral(self) -> Element:
        words = OUTCOMES[self.r.outcome]
        role = f"ServiceRequest:option:{self.r.outcome.value}"
        return self.action(
            "referral",
            words.capitalize(),
            " ".join(f"{sentence(r.statement)} {r.advice}".strip() for r in self.r.reasons),
            (id_ for reason in self.r.reasons for id_ in reason.cites),
            self.r.reasons,
            role,
            code=[concept(words, outcome_coding(self.r.outcome, self.context))],
            priority=priority(self.r),
        )

    def exercise(self, step: StepAdvice) -> Element:
        said = [step.content]
        if step.dose:
            said.append(f"Dose: {sentence(dose_text(step.dose))}")
        said += [f"Condition: {condition}" for condition in step.conditions]
        said += [f"Next: {step.next}"] if step.next else []
        said += [reason.advice for reason in step.reasons if reason.advice]
        canonical, guideline = self.context.canonical, self.context.guideline
        return self.action(
            f"step-{step.id}",
            heading(step),
            " ".join(said),
            step.cites,
            step.reasons,
            f"ServiceRequest:option:{step.id}",
            code=[concept(step.title, canonical.step(guideline.id, step.id, step.title))],
        )

    def withheld(self, step: StepAdvice) -> Element:
        # Without the code of the step: whoever looks for that code looks for what may be done.
        said = [withheld_words(step, self.context), *(r.advice for r in step.reasons)]
        return self.action(
            f"withheld-{step.track}",
            f"Withheld: {step.title}",
            " ".join(text for text in said if text),
            step.cites,
            step.reasons,
            role_of(step),
        )

    def advice(self, reason: Reason) -> Element:
        title = reason.statement
        if reason.verdict in ("unknown", "unmet"):
            title = f"{'Undecided' if reason.verdict == 'unknown' else 'Required'}: {title}"
        return self.action(
            f"reason-{reason.rule}", title, reason.advice, reason.cites, [reason], role_of(reason)
        )

    def preparation(self, step: Preparation) -> Element:
        return self.action(
            f"preparation-{step.id}",
            f"{step.id}: {step.title}",
            step.content,
            step.cites,
            [],
            role_of(step),
        )

    def questions(self) -> Element:
        waiting = {rule for missing in self.r.missing for rule in missing.rules}
        open_ = ("unknown", "unmet")
        why = [r for r in self.r.reasons if r.rule in waiting and r.verdict in open_]
        paths = self.context.asked_of(self.r)
        form = questionnaire(self.context.guideline, paths, self.context.canonical)
        fields = self.context.guideline.model.fields()
        made = self.action(
            "missing",
            "Assess what is missing",
            "The answers could change this one. " + " ".join(fields[p].question for p in paths),
            (id_ for reason in why for id_ in reason.cites),
            why,
            "",
        )
        return made | {"resource": {"reference": str(form["url"])}}

    def action(
        self,
        name: str,
        title: str,
        description: str,
        cites: Iterable[str],
        reasons: Iterable[Reason],
        role: str,
        **parts: object,
    ) -> Element:
        ids = list(dict.fromkeys(cites))
        canonical = self.context.canonical
        target = address(self.context.id_of(self.r, role)) if role else None
        return element(
            id=fhir_id(name),
            extension=grades(ids, self.entries, canonical),
            title=title,
            description=description,
            **parts,
            documentation=[
                *citations(ids, self.entries, canonical),
                *(justification(reason) for reason in reasons),
            ],
            resource=reference(target),
        )
