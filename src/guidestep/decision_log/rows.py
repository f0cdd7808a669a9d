"""Records as rows: what goes into the columns, all of it before anything touches the database."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from guidestep.decision_log.chain import Stored, canonical_json
from guidestep.decision_log.records import Card, Decision, Feedback
from guidestep.decision_log.schema import COLUMNS

_BLANK: dict[str, Stored] = dict.fromkeys(COLUMNS)

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def written_time(moment: datetime) -> str:
    """Return a time as the log writes it: UTC, microseconds, always as many characters.

    >>> written_time(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    '2026-03-02T09:30:00.000000Z'
    """
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_time(text: str) -> datetime:
    """Return the time that `written_time` wrote.

    >>> read_time("2026-03-02T09:30:00.000000Z").isoformat()
    '2026-03-02T09:30:00+00:00'
    """
    return datetime.fromisoformat(text)


def _plain(text: str | None) -> str | None:
    """Return a text that every database can hold: what none can becomes U+FFFD."""
    if text is None or (text.isascii() and "\x00" not in text):
        return text
    return _UNSTORABLE.sub("\ufffd", text)


def row_of(record: Decision | Feedback, *, keep_input: bool) -> dict[str, Stored]:
    """Return the columns of a record but its place in the chain, which is null yet.

    Raises:
        TypeError: Something in it is not what the record says it is.
        ValueError: A number in it is not finite.
    """
    if isinstance(record, Decision):
        return _decision(record, keep_input=keep_input)
    return _feedback(record)


def _decision(record: Decision, *, keep_input: bool) -> dict[str, Stored]:
    data = record.patient_data if keep_input else None
    return _BLANK | {
        "kind": "decision",
        "id": _plain(record.id),
        "time": written_time(record.when),
        "guideline": _plain(record.guideline),
        "guideline_version": _plain(record.guideline_version),
        "guideline_digest": _plain(record.guideline_digest),
        "profile": _plain(record.profile),
        "parameters": canonical_json(dict(record.parameters)),
        "engines": canonical_json(record.engines),
        "agreement": int(record.agreement),
        "versions": canonical_json(dict(record.versions)),
        "input_digest": _plain(record.input_digest),
        "input": None if data is None else canonical_json(data.to_dict()),
        "outcome": _plain(record.outcome),
        "basis": _plain(record.basis),
        "steps": canonical_json([(s.id, s.track, s.action, s.current) for s in record.steps]),
        "rules": canonical_json([(rule.id, rule.verdict) for rule in record.rules]),
        "assumptions": canonical_json(record.assumptions),
        "missing": canonical_json(record.missing),
        "hook": _plain(record.hook),
        "hook_instance": _plain(record.hook_instance),
        "service": _plain(record.service),
        "client": _plain(record.client),
        "cards": canonical_json([_card(card) for card in record.cards]),
        "user_id": _plain(record.user),
        "encounter": _plain(record.encounter),
        "location": _plain(record.location),
    }


def card_ids(record: Decision) -> tuple[str, ...]:
    """Return the ids of the cards of a decision, as they are kept."""
    return tuple([_plain(card.id) or "" for card in record.cards])


def _card(card: Card) -> dict[str, object]:
    given = {
        "id": _plain(card.id) or "",
        "summary": card.summary,
        "suggestions": card.suggestions,
        "rules": card.rules,
    }
    return {name: value for name, value in given.items() if value or name == "id"}


def _feedback(record: Feedback) -> dict[str, Stored]:
    reason = record.reason
    return _BLANK | {
        "kind": "feedback",
        "id": _plain(record.id),
        "time": written_time(record.received),
        "card": _plain(record.card),
        "response": record.outcome,
        "response_time": written_time(record.at),
        "suggestions": canonical_json(record.accepted_suggestions),
        "reason": None
        if reason is None
        else canonical_json(
            {"code": reason.code, "system": reason.system, "display": reason.display}
        ),
        "comment": _plain(record.comment),
        "service": _plain(record.service),
        "client": _plain(record.client),
        "user_id": _plain(record.user),
        "location": _plain(record.location),
    }
