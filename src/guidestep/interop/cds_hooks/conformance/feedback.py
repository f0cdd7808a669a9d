"""Feedback on cards."""

from __future__ import annotations

import re
from datetime import datetime

from guidestep.interop.cds_hooks.conformance.elements import Node, Problems, is_uuid

_RULE = "Feedback"
_OUTCOMES = ("accepted", "overridden")
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:(\d{2})(\.\d+)?([Zz]|[+-]00:00)", re.ASCII)


def check_feedback(problems: Problems, document: object) -> None:
    """Check the body of `POST {base}/cds-services/{id}/feedback`."""
    problems.empty(document)
    node = problems.object_("", document, _RULE)
    if node is None:
        return
    problems.extension("", node)
    problems.required("", node, "feedback", _RULE)
    for path, entry in problems.objects("", node, "feedback", _RULE):
        _entry(problems, path, entry)


def _entry(problems: Problems, path: str, entry: Node) -> None:
    what = "not a UUID"
    problems.text(path, entry, "card", _RULE, needed=True, form=is_uuid, what=what)
    outcome = problems.one_of(path, entry, "outcome", _OUTCOMES, "cds-fb-1", needed=True)
    if outcome == "accepted" and "acceptedSuggestions" not in entry:
        message = "not given, though the outcome is accepted"
        problems.error(f"{path}.acceptedSuggestions", message, "cds-fb-2")
    for at, suggestion in problems.objects(path, entry, "acceptedSuggestions", _RULE):
        problems.text(at, suggestion, "id", _RULE, needed=True, form=is_uuid, what=what)
    if entry.get("overrideReason") is not None:
        _override(problems, f"{path}.overrideReason", entry["overrideReason"])
    what = "not a moment in UTC of RFC 3339"
    problems.text(path, entry, "outcomeTimestamp", _RULE, needed=True, form=_is_instant, what=what)
    problems.extension(path, entry)


def _override(problems: Problems, path: str, value: object) -> None:
    override = problems.object_(path, value, _RULE)
    if override is None:
        return
    if "reason" not in override and "userComment" not in override:
        problems.error(path, "neither a reason nor a comment", "cds-fb-3")
    problems.text(path, override, "userComment", _RULE)
    if override.get("reason") is not None:
        problems.coding(f"{path}.reason", override["reason"])


def _is_instant(value: object) -> bool:
    found = _INSTANT.fullmatch(str(value))
    if found is None:
        return False
    whole = str(value)[:17] + ("59" if found[1] == "60" else found[1])
    try:
        datetime.fromisoformat(whole.upper())
    except ValueError:
        return False
    return True
