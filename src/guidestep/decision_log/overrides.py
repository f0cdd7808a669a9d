"""How often clinicians override what a rule says: counts, and intervals for the rates.

A card is shown once. What was made of it is the last feedback to it by the client's time, or by the
time it came in where the client's is later: a wrong clock does not have the last word for good. A
card that was ignored is never reported, and counts as shown and not answered. A card stands for
the rules it names, or for all the rules of its decision.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import sqrt
from typing import cast

from sqlalchemy import Connection, and_, case, func, select

from guidestep.decision_log.chain import Stored
from guidestep.decision_log.log import DecisionLog
from guidestep.decision_log.reading import cards_of, reason_of, rules_of, text_of
from guidestep.decision_log.schema import CARD, RECORD
from guidestep.decision_log.storage import PAGE

Z = 1.959963984540054
"""The quantile of the normal distribution for 95 %."""

NO_REASON = "no reason given"


def wilson(successes: int, trials: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a rate by Wilson's score; `None` without trials.

    >>> [round(limit, 3) for limit in wilson(1, 10)]
    [0.018, 0.404]
    >>> wilson(0, 0)

    Source: E. B. Wilson, J Am Stat Assoc 1927; 22: 209-212.
    """
    if trials == 0:
        return None
    rate, square = successes / trials, Z * Z
    middle = (rate + square / (2 * trials)) / (1 + square / trials)
    half = Z * sqrt(rate * (1 - rate) / trials + square / (4 * trials**2)) / (1 + square / trials)
    # At the ends the limit is exact; floating point would miss it by a hair.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return low, high


@dataclass(slots=True)
class Rate:
    """What became of the cards of one rule or outcome.

    `reasons` counts the overrides by the code of their reason.
    """

    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    @property
    def unanswered(self) -> int:
        """Cards of which nothing was reported."""
        return self.shown - self.accepted - self.overridden

    @property
    def answered(self) -> int:
        """Cards of which something was reported."""
        return self.accepted + self.overridden

    @property
    def override_rate(self) -> float | None:
        """Overridden of those answered, 0 to 1; `None` where none was."""
        return self.overridden / self.answered if self.answered else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the override rate."""
        return wilson(self.overridden, self.answered)

    def to_dict(self) -> dict[str, object]:
        """Return counts and rates, ready for JSON."""
        return {
            "shown": self.shown,
            "accepted": self.accepted,
            "overridden": self.overridden,
            "unanswered": self.unanswered,
            "override_rate": self.override_rate,
            "override_interval": self.interval,
            "override_rate_of_shown": self.overridden / self.shown if self.shown else None,
            "override_interval_of_shown": wilson(self.overridden, self.shown),
            "reasons": dict(self.reasons.most_common()),
        }


@dataclass(frozen=True, slots=True)
class Rates:
    """The rates by guideline and rule, by guideline and outcome, and feedback to no known card."""

    rules: Mapping[tuple[str, str], Rate]
    outcomes: Mapping[tuple[str, str], Rate]
    unknown_cards: int

    def to_dict(self) -> dict[str, object]:
        """Return all rates, ready for JSON."""
        return {
            "rules": _listed("rule", self.rules),
            "outcomes": _listed("outcome", self.outcomes),
            "feedback_to_unknown_cards": self.unknown_cards,
        }


def rates(log: DecisionLog, *, guideline: str | None = None) -> Rates:
    """Return what became of the cards of each rule and outcome, of one guideline or of all.

    Raises:
        LogError: A record cannot be read.
        LogUnavailable: The log cannot be read.
    """
    rules: dict[tuple[str, str], Rate] = {}
    outcomes: dict[tuple[str, str], Rate] = {}
    with log.storage.reading() as connection:
        for row in _shown(connection, guideline):
            id_ = text_of(row, "guideline")
            card = next((c for c in cards_of(row) if c.id == row["shown"]), None)
            heard = card.rules if card is not None and card.rules else None
            names = heard or [rule.id for rule in rules_of(row)]
            counted = [rules.setdefault((id_, name), Rate()) for name in dict.fromkeys(names)]
            counted.append(outcomes.setdefault((id_, text_of(row, "outcome")), Rate()))
            _count(counted, row)
        unknown = connection.execute(
            select(func.count())
            .select_from(RECORD)
            .where(RECORD.c.kind == "feedback", RECORD.c.decision.is_(None))
        ).scalar_one()
    return Rates(dict(sorted(rules.items())), dict(sorted(outcomes.items())), unknown)


def _count(counted: Iterable[Rate], row: Mapping[str, Stored]) -> None:
    response = row["response"]
    reason = NO_REASON
    if response == "overridden" and (coding := reason_of(row)) is not None:
        reason = coding.code
    for rate in counted:
        rate.shown += 1
        if response == "accepted":
            rate.accepted += 1
        elif response == "overridden":
            rate.overridden += 1
            rate.reasons[reason] += 1


def _shown(connection: Connection, guideline: str | None) -> Iterator[Mapping[str, Stored]]:
    """Yield each card that was shown, with its decision and the last feedback to it."""
    said, came = RECORD.c.response_time, RECORD.c.time
    acted = case((said > came, came), else_=said)
    ranked = (
        select(
            RECORD.c.card,
            RECORD.c.decision,
            RECORD.c.response,
            RECORD.c.reason,
            func.row_number()
            .over(
                partition_by=(RECORD.c.decision, RECORD.c.card),
                order_by=(acted.desc(), RECORD.c.sequence.desc()),
            )
            .label("rank"),
        )
        .where(RECORD.c.kind == "feedback", RECORD.c.decision.is_not(None))
        .subquery()
    )
    query = (
        select(
            CARD.c.card.label("shown"),
            RECORD.c.sequence,
            RECORD.c.guideline,
            RECORD.c.outcome,
            RECORD.c.rules,
            RECORD.c.cards,
            ranked.c.response,
            ranked.c.reason,
        )
        .join_from(CARD, RECORD, CARD.c.sequence == RECORD.c.sequence)
        .outerjoin(
            ranked,
            and_(
                ranked.c.decision == CARD.c.sequence,
                ranked.c.card == CARD.c.card,
                ranked.c.rank == 1,
            ),
        )
        .order_by(CARD.c.sequence, CARD.c.position)
    )
    if guideline is not None:
        query = query.where(RECORD.c.guideline == guideline)
    found = connection.execution_options(yield_per=PAGE).execute(query)
    for row in found.mappings():
        yield cast("Mapping[str, Stored]", row)


def _listed(name: str, found: Mapping[tuple[str, str], Rate]) -> list[dict[str, object]]:
    return [
        {"guideline": guideline, name: id_, **rate.to_dict()}
        for (guideline, id_), rate in found.items()
    ]
