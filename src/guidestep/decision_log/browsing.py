"""Records looked up and put into words, for a person who reads the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from sqlalchemy import or_, select

from guidestep.decision_log.chain import Row
from guidestep.decision_log.log import DecisionLog
from guidestep.decision_log.reading import JSON_COLUMNS, json_of
from guidestep.decision_log.schema import CARD, COLUMNS, RECORD


def last(log: DecisionLog, count: int) -> list[Row]:
    """Return the last records, the oldest of them first.

    Raises:
        LogUnavailable: The log cannot be read.
    """
    query = select(RECORD).order_by(RECORD.c.sequence.desc()).limit(count)
    with log.storage.reading() as connection:
        rows = connection.execute(query).mappings().all()
    return [cast("Row", row) for row in reversed(rows)]


def find(log: DecisionLog, name: str) -> list[Row]:
    """Return the record of a number or an id, or the decision and feedback of a card, in order.

    Raises:
        LogUnavailable: The log cannot be read.
    """
    shown = select(CARD.c.sequence).where(CARD.c.card == name)
    matches = [RECORD.c.id == name, RECORD.c.card == name, RECORD.c.sequence.in_(shown)]
    if name.isdecimal() and len(name) < 19:
        matches.append(RECORD.c.sequence == int(name))
    query = select(RECORD).where(or_(*matches)).order_by(RECORD.c.sequence)
    with log.storage.reading() as connection:
        return [cast("Row", row) for row in connection.execute(query).mappings().all()]


def plain(row: Row, *, with_input: bool = False) -> Mapping[str, object]:
    """Return a record, ready for JSON: what its kind has, lists as lists.

    The kept input, a patient's data, is left out unless asked for.

    Raises:
        LogError: The record is damaged.
    """
    shown: dict[str, object] = {}
    for name in COLUMNS:
        if row[name] is None:
            continue
        if name == "input" and not with_input:
            shown[name] = "kept (--input shows it)"
        else:
            shown[name] = json_of(row, name) if name in JSON_COLUMNS else row[name]
    return shown
