"""The HTML card that a notebook shows: self-contained, for light and dark pages, all escaped."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from guidestep.notebook.content import Block, Item, card_content
from guidestep.outcome import Outcome
from guidestep.recommendation import Recommendation

# Colour only repeats what the words say. Each is readable on white and on black alike, and the
# text itself takes the colour of the page.
_COLOURS = {
    Outcome.URGENT_REFERRAL: "#d32f2f",
    Outcome.REFERRAL: "#d9691a",
    Outcome.NOT_ELIGIBLE: "#7b7b7b",
    Outcome.ASSESS_FIRST: "#a67c00",
    Outcome.RECOMMEND: "#2e8b57",
    Outcome.SURVEILLANCE: "#3a7fc1",
}
_FAINT = "rgba(128,128,128,.35)"
_CARD = (
    f"max-width:52rem;border:1px solid {_FAINT};border-radius:6px;padding:.8rem 1.2rem;"
    "font-family:system-ui,sans-serif;font-size:14px;line-height:1.5;color:inherit"
)
_HEADLINE = "font-size:1.3em;font-weight:700"
_BANNER = "border-left:4px solid #a67c00;padding:.3rem .7rem;background:rgba(166,124,0,.12)"
_TITLE = "font-weight:700;margin:.9rem 0 .2rem"
_LIST = "margin:0;padding-left:1.2rem"
_TABLE = "border-collapse:collapse;margin:.3rem 0;font-size:inherit;line-height:inherit"
_ROW = f"border-bottom:1px solid {_FAINT};padding:.15rem 1rem .15rem 0;text-align:left;"
_CELL = _ROW + "vertical-align:top;font-weight:400;background:transparent;color:inherit"
_FOOTER = f"border-top:1px solid {_FAINT};margin-top:.9rem;padding-top:.4rem;font-size:.85em"


def html_card(recommendation: Recommendation) -> str:
    """Return the card of a recommendation as one HTML element with its styles inline.

    It shows what the plain-text card says; every value is escaped, and nothing is loaded.

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
    >>> "Stop rehabilitation, refer urgently" in html_card(guideline.recommend(patient))
    True
    """
    return "\n".join(_lines(recommendation))


def _lines(recommendation: Recommendation) -> Iterator[str]:
    card = card_content(recommendation)
    colour = _COLOURS[card.outcome]
    yield f'<div style="{_CARD};border-left:6px solid {colour}">'
    yield f'<div style="{_HEADLINE}">{escape(card.headline)}</div>'
    for line in card.lead:
        yield f"<div>{escape(line)}</div>"
    yield f'<p style="{_BANNER}">{escape(card.banner)}</p>'
    for block in card.blocks:
        yield from _block(block)
    yield f'<div style="{_FOOTER}">'
    for line in card.footer:
        yield f"<div>{escape(line)}</div>"
    yield "</div></div>"


def _block(block: Block) -> Iterator[str]:
    title = escape(block.title)
    if block.folded:
        yield f'<details><summary style="{_TITLE}">{title} ({len(block.items)})</summary>'
    else:
        yield f'<div style="{_TITLE}">{title}</div>'
    yield f'<ul style="{_LIST}">'
    for item in block.items:
        yield from _item(item)
    yield "</ul></details>" if block.folded else "</ul>"


def _item(item: Item) -> Iterator[str]:
    weight = 600 if item.lines or item.rows else 400
    yield f'<li><div style="font-weight:{weight}">{escape(item.heading)}</div>'
    for line in item.lines:
        yield f"<div>{escape(line)}</div>"
    if item.rows:
        yield f'<table style="{_TABLE}"><tbody>'
        for name, text in item.rows:
            yield f'<tr><th scope="row" style="{_CELL}">{escape(name)}</th>'
            yield f'<td style="{_CELL}">{escape(text)}</td></tr>'
        yield "</tbody></table>"
    for line in item.more:
        yield f"<div>{escape(line)}</div>"
    yield "</li>"
