"""The one sentence of a card: fewer than 140 characters, and never cut so that it says less.

A summary has a head, which is never cut and says what the answer is, and a tail, which says more
and may be cut at a word. What a head cannot hold is counted instead.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from guidestep.explain.words import OUTCOMES
from guidestep.interop.cds_hooks.markdown import plain
from guidestep.outcome import Action, Outcome
from guidestep.recommendation import Recommendation

LONGEST = 139
"""Characters of a summary at most, as UTF-16 counts them, which is what browsers do.

Source: CDS Hooks 2.0, "Card Attributes": fewer than 140.
"""

_ELLIPSIS = " …"
_LEAST = 12
"""Characters of a tail that are worth showing when it is cut."""

_LEADING_ON = re.compile(
    r"(?i)(an?|and|are|as|be|by|for|if|in|is|neither|never|no|nor|not|of|on|only|or|than|that|the|to|"
    r"unless|until|was|were|when|which|while|with|without)[,;:]?"
)
"""Words that a tail may not end with when it is cut: they lead on to what is not there."""


def length(text: str) -> int:
    r"""Return the length of a text in UTF-16 code units.

    >>> length("mm"), length("\U0001d7d8")
    (2, 2)
    """
    if text.isascii():
        return len(text)
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shortened(head: str, tail: str = "", fallback: str = "See the details") -> str:
    """Return a head and as much of a tail as fits, cut at a word; a head that is too long is left.

    >>> shortened("Start M1", "Static stretching")
    'Start M1: Static stretching'
    >>> shortened("Start M1", "Static stretching of the neck " * 9)[-24:]
    'ing of the neck Static …'
    >>> shortened("Start " * 40)
    'See the details'
    """
    head, tail = plain(head), plain(tail)
    if length(head) > LONGEST:
        return fallback
    if not tail:
        return head
    whole = f"{head}: {tail}"
    if length(whole) <= LONGEST:
        return whole
    words: list[str] = []
    room = LONGEST - length(f"{head}: {_ELLIPSIS}")
    for word in tail.split(" "):
        room -= length(word) + (1 if words else 0)
        if room < 0:
            break
        words.append(word)
    while words and _LEADING_ON.fullmatch(words[-1]):
        words.pop()
    cut = " ".join(words).rstrip(",;:")
    return f"{head}: {cut}{_ELLIPSIS}" if length(cut) >= _LEAST else head


def summary(recommendation: Recommendation, headline: str) -> str:
    """Return the summary of a recommendation; `headline` says its outcome or its steps in full.

    >>> import guidestep
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> from guidestep.notebook.content import card_content
    >>> patient = guideline.recommend({
    ...     "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
    ...     "neurologic": {"gait_instability": "present", "red_flag_adjudication": "none"},
    ...     "program": {"mobility_step": "not_started", "neuromuscular_step": "not_started",
    ...                 "resistance_step": "withheld", "requested_action": "none"}})
    >>> summary(patient, card_content(patient).headline)
    'Stop rehabilitation, refer urgently: Unsteady gait'
    """
    r, open_ = recommendation, ""
    if Outcome.URGENT_REFERRAL in r.possible:
        open_ = "; urgent referral not ruled out"
    elif Outcome.REFERRAL in r.possible:
        open_ = "; referral not ruled out"
    return shortened(headline + open_, _tail(r), counted(r) + open_)


def _tail(r: Recommendation) -> str:
    if r.steps:
        given = [step for step in r.steps if step.action is not Action.WITHHOLD]
        return ", ".join(f"{step.id} {step.title}" for step in given)
    if r.outcome is Outcome.ASSESS_FIRST and r.missing:
        return asked([missing.label for missing in r.missing])
    return next((reason.statement for reason in r.reasons if reason.verdict != "unknown"), "")


def asked(labels: Sequence[str]) -> str:
    """Return how many inputs are to be assessed, and which first.

    >>> asked(["unsteady gait", "hand weakness"])
    '2 to assess, unsteady gait first'
    """
    return f"{len(labels)} to assess, {labels[0]} first" if labels else ""


def counted(recommendation: Recommendation) -> str:
    """Return the answer in few words, however many steps it has."""
    actions = Counter(step.action.value for step in recommendation.steps)
    words = OUTCOMES[recommendation.outcome]
    said = ", ".join(f"{action} {count}" for action, count in actions.items())
    return words[:1].upper() + words[1:] + (f": {said}; see the details" if said else "")
