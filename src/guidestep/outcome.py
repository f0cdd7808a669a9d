"""The words of an answer: outcomes in order of precedence, actions, families of rules, basis."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """The six outcomes, the most urgent first; exactly one is given.

    >>> [outcome.value for outcome in Outcome][:2]
    ['urgent_referral', 'referral']
    """

    URGENT_REFERRAL = "urgent_referral"
    REFERRAL = "referral"
    NOT_ELIGIBLE = "not_eligible"
    ASSESS_FIRST = "assess_first"
    RECOMMEND = "recommend"
    SURVEILLANCE = "surveillance"

    @property
    def precedence(self) -> int:
        """The rank of the outcome: 0 is the most urgent."""
        return _RANKS[self]


_RANKS = {outcome: rank for rank, outcome in enumerate(Outcome)}


class Action(StrEnum):
    """What happens with a step in its track."""

    START = "start"
    CONTINUE = "continue"
    PROGRESS = "progress"
    WITHHOLD = "withhold"


class Family(StrEnum):
    """The families of rules."""

    RED_FLAG = "red_flag"
    REFERRAL = "referral"
    ELIGIBILITY = "eligibility"
    REQUIREMENT = "requirement"
    CAUTION = "caution"
    CONFLICT = "conflict"
    SURVEILLANCE = "surveillance"
    OPEN_POINT = "open_point"


class Basis(StrEnum):
    """Who decides: the source itself, an assumption of ours, or nobody yet."""

    SOURCE = "source"
    ASSUMPTION = "assumption"
    UNDETERMINED = "undetermined_by_source"


NO_RULE = "no-rule-decides"
"""The id of the reason that no rule decides; no rule may have it."""
