"""What becomes of data that make no assessment: what is needed, and what is found all the same.

Source: HL7 FHIR R4, GuidanceResponse (status `data-required`), DetectedIssue, OperationOutcome.
"""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.channels import ENGINES, versions
from guidestep.explain.words import OUTCOMES, listed
from guidestep.guideline import Guideline
from guidestep.interop.fhir.outgoing.artifacts import review_words
from guidestep.interop.fhir.outgoing.bundles import bundle
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
from guidestep.interop.fhir.outgoing.groups import outcome_coding, plan_address
from guidestep.interop.fhir.outgoing.guidance import MESSAGES, requirements_of
from guidestep.interop.fhir.outgoing.issues import NOT_DONE, software
from guidestep.interop.fhir.outgoing.questionnaires import questionnaire
from guidestep.interop.incomplete import Incomplete, rests_on
from guidestep.language.rulebase import Rule
from guidestep.outcome import Family

NO_RECOMMENDATION = (
    "No recommendation is made: what the guideline needs is not recorded, or contradicts itself. "
    "Do not start or progress exercise on it."
)

NOT_ASKED = "The rules for red flags could not be asked: none is ruled out."


def incomplete_bundle(found: Incomplete, context: Context) -> Resource:
    """Return what can be told of data that make no assessment, the GuidanceResponse first.

    After it come a DetectedIssue for each red flag that is true whatever is recorded later, a
    CommunicationRequest for each other referral, and a Questionnaire of what is missing or decides
    what is not ruled out. The same data give the same ids.

    >>> import guidestep
    >>> from datetime import UTC, date, datetime
    >>> from guidestep.interop.incomplete import incomplete
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> data = {"neurologic.gait_instability": "present"}
    >>> found = incomplete(guideline, None, data, ["encounter.care_stage"], on=date(2026, 3, 2))
    >>> context = Context(guideline, "Patient/1", datetime(2026, 3, 2, tzinfo=UTC))
    >>> told = [entry["resource"] for entry in incomplete_bundle(found, context)["entry"]]
    >>> [resource["resourceType"] for resource in told], told[0]["status"]
    (['GuidanceResponse', 'DetectedIssue', 'Questionnaire'], 'data-required')

    Raises:
        ValueError: Another guideline than that of the context was asked.
    """
    asked, ours = found.guideline, context.guideline
    if asked.digest != ours.digest or asked.parameters != ours.parameters:
        raise ValueError(f"another guideline than {ours.id} {ours.version} as it is set was asked")
    written = _Written(found, context)
    return bundle(written.id_of("Bundle"), written.resources(), timestamp=context.moment)


class _Written:
    """The resources of one answer, which share their ids' seed, patient and moment."""

    def __init__(self, found: Incomplete, context: Context) -> None:
        self.found = found
        self.context = context
        self.needed = found.needed
        self.author = software(
            context.guideline.id, context.guideline.version, versions().guidestep
        )

    def id_of(self, role: str) -> str:
        guideline = self.context.guideline
        set_ = (f"{name}={value!r}" for name, value in sorted(guideline.parameters.items()))
        parts = (self.found.digest, guideline.digest, self.found.profile, *set_)
        return self.context.id_from(*parts, role=role)

    def resources(self) -> Iterator[Resource]:
        yield self.guidance()
        for rule in self.found.found:
            yield self.red_flag(rule) if rule.family is Family.RED_FLAG else self.referral(rule)
        if self.needed:
            context = self.context
            yield questionnaire(context.guideline, self.needed, context.canonical)

    def guidance(self) -> Resource:
        context, id_ = self.context, self.id_of("GuidanceResponse")
        outcome = self.found.outcome
        return element(
            resourceType="GuidanceResponse",
            id=id_,
            contained=[self.messages()],
            requestIdentifier=_identifier(self.id_of("request")),
            identifier=[_identifier(id_)],
            moduleCanonical=plan_address(context),
            status="data-required",
            subject=reference(context.subject),
            encounter=reference(context.encounter),
            occurrenceDateTime=context.moment,
            performer=self.author,
            reasonCode=[]
            if outcome is None
            else [concept(OUTCOMES[outcome], outcome_coding(outcome, context))],
            note=[note(words) for words in self.notes()],
            evaluationMessage=[reference(f"#{MESSAGES}")],
            dataRequirement=requirements_of(self.needed, context),
        )

    def notes(self) -> Iterator[str]:
        yield review_words(self.context.guideline.base.entry.review)
        yield NO_RECOMMENDATION
        for rule in self.found.found:
            yield f"Found already, whatever else is recorded: {_said(rule, self.context.guideline)}"
        for rule in self.found.possible:
            yield f"Possible, and not ruled out: {_said(rule, self.context.guideline)}"
        if self.found.undecided:
            words = " ".join(sentence(rule.statement) for rule in self.found.undecided)
            yield f"Not ruled out, as too little is recorded: {words}"
        if not self.found.asked:
            yield NOT_ASKED

    def messages(self) -> Resource:
        return {"resourceType": "OperationOutcome", "id": MESSAGES, "issue": list(self.issues())}

    def issues(self) -> Iterator[Element]:
        found, guideline = self.found, self.context.guideline
        review = guideline.base.entry.review
        if review.status != "approved":
            yield message("warning", "informational", review_words(review))
        set_ = "".join(f", {name} {value:g}" for name, value in guideline.parameters.items())
        words = f"Guideline {guideline.id} {guideline.version}, SHA-256 {guideline.digest}"
        words = f"{words}, profile {found.profile}{set_}."
        yield message("information", "informational", words)
        if found.asked:
            words = f"Two engines gave the same verdicts: {listed(ENGINES, 'and')}."
            yield message("information", "informational", words)
        else:
            yield message("warning", "incomplete", NOT_ASKED)
        for path in found.missing:
            label = guideline.model.fields()[path].label
            words = f"{path}: {label}: required, and nothing usable is recorded."
            yield message("error", "required", words)
        for fault in found.faults:
            said = f"{fault.path}: {fault.message}" if fault.path else fault.message
            yield message("error", "invariant", f"{said}. {fault.hint}".strip())
        for rule in found.found:
            yield message("warning", "business-rule", f"Found: {_said(rule, guideline)}")
        for rule in found.possible:
            yield message("warning", "incomplete", f"Not ruled out: {_said(rule, guideline)}")
        for rule in found.undecided:
            what = "red flag" if rule.family is Family.RED_FLAG else "referral"
            words = f"Undecided {what}, not ruled out: {sentence(rule.statement)}"
            yield message("warning", "incomplete", words)

    def red_flag(self, rule: Rule) -> Resource:
        context = self.context
        guideline = context.guideline
        review = review_words(guideline.base.entry.review)
        advice = " ".join(part for part in (rule.advice, rule.urgency) if part)
        return element(
            resourceType="DetectedIssue",
            id=self.id_of(f"DetectedIssue:{rule.id}"),
            status="preliminary",
            code=concept(
                f"Red flag: {rule.statement}",
                context.canonical.rule(guideline.id, rule.id, rule.statement),
            ),
            severity="high",
            patient=reference(context.subject),
            identifiedDateTime=context.moment,
            author=self.author,
            detail=f"{_said(rule, guideline)} {review}",
            mitigation=[{"action": {"text": f"{NOT_DONE}{advice or 'see the guideline.'}"}}],
        )

    def referral(self, rule: Rule) -> Resource:
        context = self.context
        return element(
            resourceType="CommunicationRequest",
            id=self.id_of(f"CommunicationRequest:{rule.id}"),
            status="draft",
            subject=reference(context.subject),
            encounter=reference(context.encounter),
            payload=[{"contentString": _said(rule, context.guideline)}],
            authoredOn=context.moment,
            note=[note(review_words(context.guideline.base.entry.review))],
        )


def _said(rule: Rule, guideline: Guideline) -> str:
    parts = [sentence(rule.statement), rule.advice, rule.urgency]
    rests = rests_on(rule, guideline)
    parts += [f"Rests on: {rests}."] if rests else []
    outcome = f"{sentence(OUTCOMES[rule.then].capitalize())} " if rule.then else ""
    return outcome + " ".join(part for part in parts if part)


def _identifier(id_: str) -> Element:
    return {"system": "urn:ietf:rfc:3986", "value": address(id_)}
