"""The cards of an answer: what a clinician reads, and what they are offered to do."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal

from guidestep.assessment import Problem
from guidestep.explain.words import OUTCOMES, label_words
from guidestep.guideline import Guideline
from guidestep.interop.cds_hooks.detail import detail, made_by, not_used, questions
from guidestep.interop.cds_hooks.emptiness import Object
from guidestep.interop.cds_hooks.markdown import bullet, escaped, heading, paragraphs, quoted
from guidestep.interop.cds_hooks.orders import Ordered, against, ordered
from guidestep.interop.cds_hooks.override_reasons import override_reasons
from guidestep.interop.cds_hooks.request import Request
from guidestep.interop.cds_hooks.served import Reading, Served, is_absolute
from guidestep.interop.cds_hooks.suggestions import NewId, to_order, to_remove
from guidestep.interop.cds_hooks.summary import asked, shortened, summary
from guidestep.interop.incomplete import Incomplete, rests_on
from guidestep.language.rulebase import Rule
from guidestep.notebook.content import card_content
from guidestep.outcome import Outcome
from guidestep.recommendation import Recommendation

Indicator = Literal["info", "warning", "critical"]

INDICATORS: dict[Outcome, Indicator] = {
    Outcome.URGENT_REFERRAL: "critical",
    Outcome.REFERRAL: "warning",
    Outcome.NOT_ELIGIBLE: "info",
    Outcome.ASSESS_FIRST: "warning",
    Outcome.RECOMMEND: "info",
    Outcome.SURVEILLANCE: "info",
}
"""How urgent a card of each outcome is at least; see `indicator`."""


def cards(
    recommendation: Recommendation,
    *,
    served: Served,
    request: Request,
    reading: Reading,
    when: datetime | None = None,
    new_id: NewId | None = None,
) -> list[Object]:
    """Return the cards of a recommendation, the most urgent first; each has a uuid.

    One card says what the guideline says. Draft orders of steps that it does not want done have a
    card of their own before it. `when` is the moment of the answer, with its time zone; without it
    that is now. `new_id` makes the ids, random UUIDs where it is left out.

    Source: CDS Hooks 2.0, "CDS Service Response".
    """
    new_id = new_id or _random_id
    drafts = ordered(served, request.draft_orders)
    content = card_content(recommendation)
    suggestions = to_order(
        recommendation,
        served=served,
        request=request,
        reading=reading,
        when=when or datetime.now(UTC),
        drafted={draft.step for draft in drafts},
        new_id=new_id,
    )
    card = _card(
        served,
        summary(recommendation, content.headline),
        indicator(recommendation, reading, served),
        detail(recommendation, content, reading),
        suggestions,
        new_id,
    )
    opposed = against(recommendation, drafts)
    return [*_opposed(served, opposed, recommendation.outcome, new_id), card]


def incomplete_cards(
    found: Incomplete,
    *,
    served: Served,
    request: Request,
    reading: Reading,
    new_id: NewId | None = None,
) -> list[Object]:
    """Return the cards where no recommendation can be made: what has to be recorded, and why.

    Referrals that are due whatever is recorded later are told first.
    """
    new_id = new_id or _random_id
    fields = served.guideline.model.fields()
    labels = [label_words(fields[path].label) for path in found.missing]
    tail = asked(labels) or "the record contradicts itself"
    if found.outcome is not None:
        words = OUTCOMES[found.outcome]
        head, tail = words[:1].upper() + words[1:], found.found[0].statement
    elif found.possible:
        head, tail = f"Cannot say yet; {_kind(found)} possible", found.possible[0].statement
    elif found.undecided or not found.asked:
        head = f"Cannot say yet; {_kind(found)} not ruled out"
    else:
        head = "Cannot say yet"
    said = shortened(head, tail)
    level: Indicator = "critical" if found.outcome is Outcome.URGENT_REFERRAL else "warning"
    text = _incomplete_detail(found, head, served, reading)
    card = _card(served, said, level, text, [], new_id)
    drafts = ordered(served, request.draft_orders)
    return [*_opposed(served, drafts, found.outcome, new_id), card]


def _kind(found: Incomplete) -> str:
    """Return the most urgent kind of referral that is possible, or not ruled out."""
    rules = found.possible or found.undecided
    urgent = not found.asked or any(rule.then is Outcome.URGENT_REFERRAL for rule in rules)
    return "urgent referral" if urgent else "referral"


def indicator(recommendation: Recommendation, reading: Reading, served: Served) -> Indicator:
    """Return how urgent the card of a recommendation is.

    A red flag is critical. A missing one must not look like information, so *assess first* is a
    warning, and so is anything where a value was refused or contradicted. *Outside this guideline*
    is information for all the patients whom it was never about, and a warning for one who is in the
    programme.
    """
    level = INDICATORS[recommendation.outcome]
    if level != "info":
        return level
    refused = any(problem.severity == "error" for problem in reading.problems)
    stopped = recommendation.outcome is Outcome.NOT_ELIGIBLE and _has_begun(served, reading)
    return "warning" if refused or stopped or recommendation.conflicts else "info"


def _has_begun(served: Served, reading: Reading) -> bool:
    """Whether the patient is at a step of some track."""
    for track in served.guideline.base.tracks.values():
        path, outside = track.entry.current, track.entry.outside
        if path is not None and reading.data.get(path) not in (None, *outside):
            return True
    return False


def _card(
    served: Served,
    said: str,
    level: Indicator,
    text: str,
    suggestions: Sequence[Object],
    new_id: NewId,
) -> Object:
    guideline = served.guideline
    source = guideline.base.entry.source
    link = served.explanation_url
    about: Object = {"label": source.title}
    if _is_absolute(source.url):
        about["url"] = source.url
    about["topic"] = {
        "system": served.mapping.canonical.of("CodeSystem", "guideline"),
        "code": guideline.id,
        "display": guideline.title,
    }
    card: Object = {
        "uuid": new_id(),
        "summary": said,
        "indicator": level,
        "detail": text,
        "source": about,
    }
    if suggestions:
        # Steps of several tracks go side by side: any of them may be taken.
        card |= {"suggestions": [*suggestions], "selectionBehavior": "any"}
    card["overrideReasons"] = [{**reason} for reason in override_reasons()]
    if link is not None:
        words = "How this guideline decides"
        card["links"] = [{"label": words, "url": link, "type": "absolute"}]
    return card


@lru_cache(maxsize=256)
def _is_absolute(url: str) -> bool:
    return is_absolute(url)


def _opposed(
    served: Served, orders: Sequence[Ordered], outcome: Outcome | None, new_id: NewId
) -> list[Object]:
    """Return the card that names the draft orders of steps that are not to be done."""
    if not orders:
        return []
    urgent = outcome in (Outcome.URGENT_REFERRAL, Outcome.REFERRAL)
    steps = list(dict.fromkeys(order.step for order in orders))
    why = "cannot say yet" if outcome is None else OUTCOMES[outcome]
    if outcome is Outcome.RECOMMEND:
        why = "these steps are withheld or not due"
    head = f"Do not order {', '.join(steps)}"
    text = paragraphs(
        [
            f"**{escaped(f'{head}: {why}')}**",
            escaped(
                "The draft orders below are of steps that this guideline does not advise for "
                "this patient now. The other card says why."
            ),
            "\n".join(bullet(_named(order)) for order in orders),
        ]
    )
    said = shortened(head, why, f"Do not order {len(steps)} of the drafted steps; see the details")
    return [
        _card(
            served,
            said,
            "critical" if urgent else "warning",
            text,
            to_remove(orders, new_id),
            new_id,
        )
    ]


def _named(order: Ordered) -> str:
    place = f" ({order.resource_id})" if order.resource_id is not None else ""
    return f"{order.step}: {order.title}{place}"


def _incomplete_detail(found: Incomplete, head: str, served: Served, reading: Reading) -> str:
    guideline = served.guideline
    entry = guideline.base.entry
    status = entry.review.status.replace("_", " ").upper()
    parts = [
        f"**{escaped(head)}**",
        escaped(guideline.title),
        escaped("No recommendation is made: the record does not say what the guideline needs."),
        quoted(f"{status}. {entry.review.statement}"),
    ]
    parts += [
        _rules("Found already, whatever else is recorded", found.found, guideline),
        _rules("Possible, and depends on what is not recorded", found.possible, guideline),
    ]
    if found.undecided:
        lines = [bullet(rule.statement) for rule in found.undecided]
        parts += [heading("Not ruled out, as too little is recorded"), "\n".join(lines)]
    if not found.asked:
        parts += [escaped("The rules for red flags could not be asked: none is ruled out.")]
    if found.missing:
        parts += [heading("To be recorded"), questions(guideline, found.missing)]
    if further := [path for path in found.open if path not in found.missing]:
        parts += [heading("To be assessed for what is not ruled out")]
        parts += [questions(guideline, further)]
    if found.faults:
        parts += [heading("The record contradicts itself"), _faults(found.faults)]
    parts += [
        not_used(reading.problems),
        made_by([_version(served)]),
    ]
    return paragraphs(parts)


def _version(served: Served) -> str:
    guideline = served.guideline
    profile = served.profile or guideline.default_profile
    return f"{guideline.id} {guideline.version}, digest {guideline.digest[:12]}, profile {profile}"


def _rules(title: str, rules: Sequence[Rule], guideline: Guideline) -> str:
    if not rules:
        return ""
    lines = [heading(title), ""]
    for rule in rules:
        rests = rests_on(rule, guideline)
        lines.append(bullet(rule.statement))
        lines += [bullet(text, 1) for text in (rule.advice, rule.urgency) if text]
        lines += [bullet(f"Rests on: {rests}", 1)] if rests else []
    return "\n".join(lines)


def _faults(faults: Sequence[Problem]) -> str:
    lines = []
    for fault in faults:
        lines.append(bullet(f"{fault.path}: {fault.message}" if fault.path else fault.message))
        if fault.hint:
            lines.append(bullet(fault.hint, 1))
    return "\n".join(lines)


def _random_id() -> str:
    return str(uuid.uuid4())
