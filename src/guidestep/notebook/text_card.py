"""The plain-text card: a recommendation as a clinician reads it in a terminal or a record."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.explain.layout import columns, wrapped
from guidestep.notebook.content import Block, Item, card_content
from guidestep.recommendation import Recommendation

WIDTH = 90


def text_card(recommendation: Recommendation) -> str:
    """Return the plain-text card of a recommendation, in lines of at most 90 columns.

    It says what the recommendation says and nothing else, so that one read back from JSON has the
    same card.

    >>> import guidestep
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> patient = {
    ...     "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
    ...     "neurologic": {"gait_instability": "present", "red_flag_adjudication": "none"},
    ...     "program": {
    ...         "mobility_step": "not_started",
    ...         "neuromuscular_step": "not_started",
    ...         "resistance_step": "withheld",
    ...         "requested_action": "none",
    ...     },
    ... }
    >>> print(text_card(guideline.recommend(patient)).splitlines()[0])
    STOP REHABILITATION, REFER URGENTLY
    """
    return "\n".join(_lines(recommendation))


def _lines(recommendation: Recommendation) -> Iterator[str]:
    card = card_content(recommendation)
    yield from _wrapped(card.headline if recommendation.steps else card.headline.upper())
    yield "=" * WIDTH
    for line in card.lead:
        yield from _wrapped(line)
    yield ""
    yield from _wrapped(f"! {card.banner}", hanging="  ")
    for block in card.blocks:
        yield ""
        yield from _block(block)
    yield ""
    yield "-" * WIDTH
    for line in card.footer:
        yield from _wrapped(line)


def _block(block: Block) -> Iterator[str]:
    yield from _wrapped(block.title)
    yield "-" * min(len(block.title), WIDTH)
    for item in block.items:
        yield from _item(item)


def _item(item: Item) -> Iterator[str]:
    yield from _wrapped(f"- {item.heading}", hanging="  ")
    for line in item.lines:
        yield from _wrapped(line, indent="    ", hanging="  ")
    yield from columns(item.rows, "      ", WIDTH)
    for line in item.more:
        yield from _wrapped(line, indent="    ", hanging="  ")


def _wrapped(text: str, indent: str = "", hanging: str = "") -> list[str]:
    return wrapped(text, indent, hanging, width=WIDTH)
