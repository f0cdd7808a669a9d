"""The export for the feedback duty: what was advised, what was done with it, by whom, when, where.

Source: 45 CFR 170.315(b)(11)(ii)(C), as its implementations read it: intervention, action taken,
user feedback, user, date and location, in a computable format.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TextIO, cast

from sqlalchemy import Connection, Select, select

from guidestep.decision_log.chain import Stored
from guidestep.decision_log.log import DecisionLog
from guidestep.decision_log.reading import cards_of, reason_of, rules_of, text_of, texts_of
from guidestep.decision_log.schema import CARD, RECORD
from guidestep.decision_log.storage import PAGE

NOT_REPORTED = "not reported"
"""The action on a card of which the client reported nothing."""


_FORMULA = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What begins a formula in some spreadsheet; the last four are their full-width forms."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """One row of the export: a card and one feedback to it, or none.

    `intervention` is what the card says, `action` is `accepted`, `overridden` or `not reported`,
    `feedback` the reason and comment of the user. `date` is when the user acted (ISO 8601, UTC), or
    when the card was shown where nothing was reported. `decision` and `record` are places in the
    log; of feedback to a card that the log does not know there is no decision.
    """

    intervention: str
    action: str
    feedback: str
    user: str
    date: str
    location: str
    card: str
    suggestions: tuple[str, ...]
    reason: str
    guideline: str
    version: str
    outcome: str
    rules: tuple[str, ...]
    hook: str
    service: str
    client: str
    shown: str
    decision: int | None
    record: int | None


def interventions(log: DecisionLog, *, unanswered: bool = False) -> Iterator[Intervention]:
    """Yield every feedback with the card it is about, in the order in which it came.

    With `unanswered` the cards of which nothing was reported follow, in the order of the decisions.

    Raises:
        LogError: A record cannot be read.
        LogUnavailable: The log cannot be read.
    """
    with log.storage.reading() as connection:
        for row in _answered(connection):
            yield _intervention(row)
        if unanswered:
            for row in _unanswered(connection):
                yield _intervention(row)


def write_csv(rows: Iterator[Intervention], stream: TextIO) -> int:
    """Write the rows as CSV with a head (RFC 4180), and return how many there were.

    A text that a spreadsheet would take for a formula gets an apostrophe before it: one that
    begins with `=`, `+`, `-`, `@`, a tab or the end of a line. NDJSON has every text as it is.
    """
    writer = csv.writer(stream)
    writer.writerow([field.name for field in fields(Intervention)])
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 (used after the loop)
        writer.writerow([_cell(getattr(row, field.name)) for field in fields(Intervention)])
    return count


def write_ndjson(rows: Iterator[Intervention], stream: TextIO) -> int:
    """Write the rows as NDJSON, one object a line, and return how many there were."""
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007 (used after the loop)
        stream.write(json.dumps(asdict(row), ensure_ascii=False) + "\n")
    return count


def _cell(value: object) -> object:
    if isinstance(value, tuple):
        value = " ".join(value)
    if isinstance(value, str) and value[:1] in _FORMULA:
        return f"'{value}"
    return "" if value is None else value


_OF_DECISION = (
    "sequence", "time", "guideline", "guideline_version", "outcome", "rules", "hook", "cards",
    "service", "client", "user_id", "location",
)  # fmt: skip

_OF_FEEDBACK = (
    "sequence", "card", "response", "response_time", "reason", "comment", "suggestions",
    "service", "client", "user_id", "location",
)  # fmt: skip


def _answered(connection: Connection) -> Iterator[Mapping[str, Stored]]:
    told, decided = RECORD.alias("told"), RECORD.alias("decided")
    query = (
        select(
            *(told.c[name].label(f"told_{name}") for name in _OF_FEEDBACK),
            *(decided.c[name] for name in _OF_DECISION),
        )
        .join_from(told, decided, told.c.decision == decided.c.sequence, isouter=True)
        .where(told.c.kind == "feedback")
        .order_by(told.c.sequence)
    )
    return _streamed(connection, query)


def _unanswered(connection: Connection) -> Iterator[Mapping[str, Stored]]:
    answered = (
        select(RECORD.c.sequence)
        .where(RECORD.c.card == CARD.c.card, RECORD.c.decision == CARD.c.sequence)
        .correlate(CARD)
        .exists()
    )
    decided = RECORD.alias("decided")
    query = (
        select(CARD.c.card.label("told_card"), *(decided.c[name] for name in _OF_DECISION))
        .join_from(CARD, decided, CARD.c.sequence == decided.c.sequence)
        .where(~answered)
        .order_by(CARD.c.sequence, CARD.c.position)
    )
    return _streamed(connection, query)


def _streamed(
    connection: Connection, query: Select[tuple[object, ...]]
) -> Iterator[Mapping[str, Stored]]:
    found = connection.execution_options(yield_per=PAGE).execute(query)
    for row in found.mappings():
        yield cast("Mapping[str, Stored]", row)


def _intervention(row: Mapping[str, Stored]) -> Intervention:
    known, told = row["sequence"] is not None, "told_response" in row
    card = text_of(row, "told_card")
    given = next((c for c in cards_of(row) if c.id == card), None) if known else None
    heard = [rule.id for rule in rules_of(row)] if known else ()
    feedback = _Told(row) if told else None
    return Intervention(
        intervention=given.summary if given is not None else "",
        action=text_of(row, "told_response") if told else NOT_REPORTED,
        feedback=feedback.words if feedback else "",
        user=_first(row, "told_user_id", "user_id"),
        date=_first(row, "told_response_time", "time"),
        location=_first(row, "told_location", "location"),
        card=card,
        suggestions=feedback.suggestions if feedback else (),
        reason=feedback.reason if feedback else "",
        guideline=text_of(row, "guideline"),
        version=text_of(row, "guideline_version"),
        outcome=text_of(row, "outcome"),
        rules=given.rules if given is not None and given.rules else tuple(heard),
        hook=text_of(row, "hook"),
        service=_first(row, "told_service", "service"),
        client=_first(row, "told_client", "client"),
        shown=text_of(row, "time"),
        decision=cast("int | None", row["sequence"]),
        record=cast("int | None", row["told_sequence"]) if told else None,
    )


class _Told:
    """The words of one feedback."""

    def __init__(self, row: Mapping[str, Stored]) -> None:
        said = {name: row[f"told_{name}"] for name in _OF_FEEDBACK}
        reason = reason_of(said)
        self.reason = reason.code if reason is not None else ""
        self.suggestions = texts_of(said, "suggestions")
        words = (reason.display or reason.code) if reason is not None else ""
        self.words = ": ".join(each for each in (words, text_of(said, "comment")) if each)


def _first(row: Mapping[str, Stored], *columns: str) -> str:
    return next((text_of(row, name) for name in columns if row.get(name)), "")
