"""Feedback as CDS Hooks sends it, and as the log keeps it."""

from __future__ import annotations

from datetime import datetime

from guidestep.decision_log import Coding, Feedback
from guidestep.interop.cds_hooks import Feedback as Given


def to_record(given: Given, service: str, client: str | None, now: datetime) -> Feedback:
    """Return the record of one feedback."""
    reason = given.override_reason
    return Feedback(
        card=given.card,
        outcome=given.outcome,
        at=given.timestamp,
        accepted_suggestions=given.accepted_suggestions,
        reason=None
        if reason is None
        else Coding(reason["code"], reason.get("system"), reason.get("display")),
        comment=given.user_comment,
        service=service,
        client=client,
        received=now,
    )
