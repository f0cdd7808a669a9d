"""Rules of every family: red flags, referrals, eligibility, cautions, conflicts, requirements."""

from __future__ import annotations

from typing import Literal

from guidestep.language.documents.shapes import (
    Condition,
    Document,
    Grounded,
    Identified,
    Slug,
    Text,
)


class OptionalEvidence(Document):
    """When a rule may stay unknown: it is then listed as not evaluable and does not block."""

    when: Condition = True
    assumes: Slug


class RuleEntry(Identified, Grounded):
    """What the rules of all families share."""

    statement: Text
    when: Condition
    advice: str = ""
    optional_evidence: OptionalEvidence | None = None


class RedFlagEntry(RuleEntry):
    """`red_flags.yaml`: a red flag, evaluated for everyone."""

    then: Literal["urgent_referral", "assess_first"] = "urgent_referral"


class ReferralEntry(RuleEntry):
    """`referrals.yaml`: a trigger for referral, with the urgency as the source states it."""

    then: Literal["referral", "assess_first"] = "referral"
    urgency: str = ""


class EligibilityEntry(RuleEntry):
    """`eligibility.yaml`: a reason why the guideline does not speak about this person."""

    then: Literal["not_eligible", "assess_first"] = "not_eligible"


class CautionEntry(RuleEntry):
    """`cautions.yaml`: what can only make the answer more careful."""

    then: Literal["assess_first", "caution"] = "caution"


class ConflictEntry(RuleEntry):
    """`conflicts.yaml`: data that contradict each other; never resolved silently."""

    then: Literal["assess_first"] = "assess_first"


class SurveillanceEntry(RuleEntry):
    """`surveillance.yaml`: when nothing is to be started and watching goes on."""

    then: Literal["surveillance"] = "surveillance"


class RequirementEntry(Identified, Grounded):
    """`requirements.yaml`: what must hold, or be known, before any step is recommended.

    `when` says for whom; `step` names the step in which it is done.
    """

    statement: Text
    require: Condition
    when: Condition = True
    advice: str = ""
    step: Slug | None = None
