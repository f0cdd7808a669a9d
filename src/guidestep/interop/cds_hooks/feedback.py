"""What became of a card, as the client reports it.

Source: CDS Hooks 2.0, "Feedback".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

from guidestep.interop.cds_hooks.problems import BadRequest, RequestProblem
from guidestep.interop.fhir.canonical import Coding

Outcome = Literal["accepted", "overridden"]

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d):(\d\d)(\.\d+)?(?:[Zz]|[+-]00:00)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a user did with one card.

    `card` and `accepted_suggestions` are uuids that a response gave. The comment is what a user
    wrote: it may tell of a patient, and is not shown.
    """

    card: str
    outcome: Outcome
    timestamp: datetime
    accepted_suggestions: tuple[str, ...] = ()
    override_reason: Coding | None = None
    user_comment: str | None = field(default=None, repr=False)


def parse_feedback(raw: object) -> tuple[Feedback, ...]:
    """Return the feedback in a JSON body; one that is bad rejects them all.

    >>> parse_feedback({"feedback": [{
    ...     "card": "f6b95768-b1c8-40dc-8385-bf3504b82ffb", "outcome": "overridden",
    ...     "overrideReason": {"userComment": "seen by the surgeon"},
    ...     "outcomeTimestamp": "2026-03-02T10:05:31Z",
    ... }]})[0].outcome
    'overridden'
    >>> parse_feedback({"feedback": [{"card": "7", "outcome": "ignored"}]})
    Traceback (most recent call last):
    ...
    guidestep.interop.cds_hooks.problems.BadRequest: the request cannot be read: 3 problems
    - feedback[0].card: not a UUID
      hint: the uuid of a card of a response
    - feedback[0].outcome: not what it must be
      hint: accepted or overridden
    - feedback[0].outcomeTimestamp: not given
      hint: the moment in UTC, such as 2026-03-02T10:05:31Z

    Raises:
        BadRequest: The body is no feedback; it names every problem.
    """
    if not isinstance(raw, dict):
        raise BadRequest([RequestProblem("", "the body is not a JSON object", "", "structure")])
    entries = raw.get("feedback")
    hint = "a list of one or more objects, each on one card"
    if entries is None:
        raise BadRequest([RequestProblem("feedback", "not given", hint, "required")])
    if not isinstance(entries, list) or not entries:
        raise BadRequest([RequestProblem("feedback", "not such a list", hint, "structure")])
    problems = [
        problem for index, entry in enumerate(entries) for problem in _problems(index, entry)
    ]
    if problems:
        raise BadRequest(problems)
    return tuple(map(_read, entries))


def _read(entry: Mapping[str, object]) -> Feedback:
    accepted = cast("list[dict[str, str]]", entry.get("acceptedSuggestions") or [])
    override = cast("dict[str, object]", entry.get("overrideReason") or {})
    reason = cast("Coding | None", override.get("reason"))
    known = ("system", "code", "display")
    timestamp = moment(entry["outcomeTimestamp"])
    assert timestamp is not None
    return Feedback(
        card=str(entry["card"]).lower(),
        outcome=cast("Outcome", entry["outcome"]),
        timestamp=timestamp,
        accepted_suggestions=tuple(one["id"].lower() for one in accepted),
        override_reason=None
        if reason is None
        else {name: reason[name] for name in known if reason.get(name)},
        user_comment=cast("str | None", override.get("userComment")),
    )


def moment(text: object) -> datetime | None:
    """Return a moment in UTC as RFC 3339 writes it, or `None` if it is none.

    A leap second is the first of the next minute; digits behind the microsecond are left out.

    >>> moment("2016-12-31T23:59:60.5Z")
    datetime.datetime(2017, 1, 1, 0, 0, 0, 500000, tzinfo=datetime.timezone.utc)
    >>> moment("2026-03-02T10:05:31+01:00") is None
    True
    """
    found = _INSTANT.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    day, minute, second, fraction = found.groups()
    leap = second == "60"
    digits = (fraction or ".0")[1:7].ljust(6, "0")
    try:
        at = datetime.fromisoformat(f"{day}T{minute}:{'59' if leap else second}.{digits}+00:00")
        return at.astimezone(UTC) + timedelta(seconds=1 if leap else 0)
    except (ValueError, OverflowError):
        return None


# --- problems -----------------------------------------------------------------------------------


def _problems(index: int, entry: object) -> Iterator[RequestProblem]:
    at = f"feedback[{index}]"
    if not isinstance(entry, dict):
        yield RequestProblem(at, "not an object", "one object a card", "structure")
        return
    yield from _uuid(f"{at}.card", entry.get("card"), "the uuid of a card of a response")
    outcome = entry.get("outcome")
    if outcome is None:
        yield RequestProblem(f"{at}.outcome", "not given", "accepted or overridden", "required")
    elif outcome not in ("accepted", "overridden"):
        hint = "accepted or overridden"
        yield RequestProblem(f"{at}.outcome", "not what it must be", hint, "value")
    yield from _accepted(at, outcome, entry.get("acceptedSuggestions"))
    yield from _override(at, outcome, entry.get("overrideReason"))
    stamp, hint = entry.get("outcomeTimestamp"), "the moment in UTC, such as 2026-03-02T10:05:31Z"
    if stamp is None:
        yield RequestProblem(f"{at}.outcomeTimestamp", "not given", hint, "required")
    elif moment(stamp) is None:
        yield RequestProblem(f"{at}.outcomeTimestamp", "not a moment in UTC", hint, "value")


def _uuid(path: str, value: object, hint: str) -> Iterator[RequestProblem]:
    if value is None:
        yield RequestProblem(path, "not given", hint, "required")
    elif not isinstance(value, str) or not _UUID.fullmatch(value):
        yield RequestProblem(path, "not a UUID", hint, "value")


def _accepted(at: str, outcome: object, accepted: object) -> Iterator[RequestProblem]:
    path = f"{at}.acceptedSuggestions"
    hint = "the suggestions that were accepted, each as an object with its id"
    if accepted is None or accepted == []:
        if outcome == "accepted":
            yield RequestProblem(path, "not given", hint, "required")
        return
    if not isinstance(accepted, list):
        yield RequestProblem(path, "not a list", hint, "structure")
        return
    if outcome == "overridden":
        hint_both = "a card is either accepted or overridden"
        yield RequestProblem(path, "given of a card that was overridden", hint_both, "invalid")
    for index, one in enumerate(accepted):
        if not isinstance(one, dict):
            yield RequestProblem(f"{path}[{index}]", "not an object", hint, "structure")
        else:
            hint_id = "the uuid of a suggestion of the card"
            yield from _uuid(f"{path}[{index}].id", one.get("id"), hint_id)


def _override(at: str, outcome: object, override: object) -> Iterator[RequestProblem]:
    path = f"{at}.overrideReason"
    hint = "an object with a reason, a userComment or both"
    if override is None:
        return
    if not isinstance(override, dict):
        yield RequestProblem(path, "not an object", hint, "structure")
        return
    if outcome == "accepted":
        hint_both = "a card is either accepted or overridden"
        yield RequestProblem(path, "given of a card that was accepted", hint_both, "invalid")
    reason, comment = override.get("reason"), override.get("userComment")
    if reason is None and not comment:
        yield RequestProblem(path, "neither a reason nor a comment", hint, "required")
    if comment is not None and not isinstance(comment, str):
        yield RequestProblem(
            f"{path}.userComment", "not a text", "what the user wrote", "structure"
        )
    if reason is None:
        return
    hint_coding = "a Coding: code and system, and display if it has one"
    if not isinstance(reason, dict):
        yield RequestProblem(f"{path}.reason", "not a Coding", hint_coding, "structure")
        return
    for name, needed in (("code", True), ("system", True), ("display", False)):
        value = reason.get(name)
        if value is None and needed:
            yield RequestProblem(f"{path}.reason.{name}", "not given", hint_coding, "required")
        elif value is not None and (not isinstance(value, str) or (needed and not value)):
            yield RequestProblem(f"{path}.reason.{name}", "not a text", hint_coding, "structure")
