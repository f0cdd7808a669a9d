"""What stands in a record, read back: lists, mappings and texts out of the columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from guidestep.decision_log.chain import Stored
from guidestep.decision_log.errors import LogError
from guidestep.decision_log.records import Card, Coding, RuleHeard, StepTaken

JSON_COLUMNS = (
    "parameters",
    "engines",
    "versions",
    "input",
    "steps",
    "rules",
    "assumptions",
    "missing",
    "cards",
    "suggestions",
    "reason",
)
"""The columns whose text is JSON."""


def damaged(row: Mapping[str, Stored]) -> LogError:
    """Return the error of a record that is not what any log writes."""
    return LogError(f"record {row['sequence']} cannot be read", "see 'guidestep log verify'")


def text_of(row: Mapping[str, Stored], column: str) -> str:
    """Return a text, empty where there is none."""
    value = row[column]
    return value if isinstance(value, str) else ""


def json_of(row: Mapping[str, Stored], column: str) -> object:
    """Return what a column of JSON says; `None` where it is null.

    Raises:
        LogError: It is no JSON.
    """
    value = row[column]
    if value is None:
        return None
    try:
        return cast("object", json.loads(cast("str", value)))
    except (TypeError, ValueError):
        raise damaged(row) from None


def _list(row: Mapping[str, Stored], column: str) -> list[object]:
    found = json_of(row, column)
    if not isinstance(found, list):
        raise damaged(row)
    return found


def steps_of(row: Mapping[str, Stored]) -> tuple[StepTaken, ...]:
    """Return the steps of a decision.

    Raises:
        LogError: The record is damaged.
    """
    try:
        return tuple(StepTaken(*cast("list[str]", step)) for step in _list(row, "steps"))
    except TypeError:
        raise damaged(row) from None


def rules_of(row: Mapping[str, Stored]) -> tuple[RuleHeard, ...]:
    """Return the rules that spoke in a decision.

    Raises:
        LogError: The record is damaged.
    """
    try:
        return tuple(RuleHeard(*cast("list[str]", rule)) for rule in _list(row, "rules"))
    except TypeError:
        raise damaged(row) from None


def texts_of(row: Mapping[str, Stored], column: str) -> tuple[str, ...]:
    """Return a list of texts.

    Raises:
        LogError: The record is damaged.
    """
    return tuple(str(each) for each in _list(row, column))


def cards_of(row: Mapping[str, Stored]) -> tuple[Card, ...]:
    """Return the cards of a decision.

    Raises:
        LogError: The record is damaged.
    """
    cards: list[Card] = []
    for given in _list(row, "cards"):
        if not isinstance(given, dict) or not isinstance(given.get("id"), str):
            raise damaged(row)
        cards.append(
            Card(
                given["id"],
                given.get("summary", ""),
                tuple(given.get("suggestions", ())),
                tuple(given.get("rules", ())),
            )
        )
    return tuple(cards)


def reason_of(row: Mapping[str, Stored]) -> Coding | None:
    """Return the coded reason of feedback, if there is one.

    Raises:
        LogError: The record is damaged.
    """
    found = json_of(row, "reason")
    if found is None:
        return None
    if not isinstance(found, dict) or not isinstance(found.get("code"), str):
        raise damaged(row)
    return Coding(found["code"], found.get("system"), found.get("display"))
