"""The page behind the link of a card: the rules of a guideline, and what they rest on.

It is the same for every patient, so that its address tells nothing of any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from html import escape

from guidestep.guideline import Guideline
from guidestep.interop.cds_hooks import Served
from guidestep.language.documents import CitationEntry
from guidestep.outcome import Family

_STYLE = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff }
h1 { font-size: 1.6rem } h2 { font-size: 1.2rem; margin-top: 2rem }
dt { font-weight: 600 } dd { margin: 0 0 .8rem 1.5rem }
.note { color: #555; font-size: .9rem }
"""

_TITLES = {
    Family.RED_FLAG: "Red flags",
    Family.REFERRAL: "Referral",
    Family.ELIGIBILITY: "Whom it is for",
    Family.REQUIREMENT: "What must be known first",
    Family.CAUTION: "Cautions",
    Family.CONFLICT: "Conflicts of the source",
    Family.SURVEILLANCE: "Surveillance",
    Family.OPEN_POINT: "What the source leaves open",
}


@cache
def _page(guideline: Guideline, profile: str) -> str:
    return "\n".join(_lines(guideline, profile))


def page(served: Served) -> str:
    """Return the page of a guideline, as HTML."""
    return _page(served.guideline, served.profile or served.guideline.default_profile)


def _lines(guideline: Guideline, profile: str) -> Iterator[str]:
    entry = guideline.base.entry
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>{escape(guideline.title)}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{escape(guideline.title)}</h1>"
    yield f"<p>{escape(' '.join(entry.intended.use.split()))}</p>"
    yield (
        f'<p class="note">{escape(guideline.id)}, version {escape(guideline.version)}, profile '
        f"{escape(profile)}; digest {escape(guideline.digest[:16])}. Taken from "
        f"{escape(entry.source.title)}, updated {entry.source.updated.isoformat()}. Review: "
        f"{escape(entry.review.status.replace('_', ' '))}.</p>"
    )
    yield (
        "<p>This page tells the rules, and nothing of any patient. What is not recorded is "
        "unknown, never absent.</p>"
    )
    for family in Family:
        rules = [rule for rule in guideline.rules.values() if rule.family is family]
        yield from _section(
            _TITLES[family], ((r.id, r.statement, r.grounds.facts, r.grounds.cites) for r in rules)
        )
    yield from _section(
        "Steps",
        (
            (step.id, f"{step.title}. {step.content}", step.facts, step.cites)
            for step in guideline.steps.values()
        ),
    )
    on = set(guideline.profiles[profile].assumptions)
    yield from _section(
        "Assumptions of ours",
        (
            (name, f"{each.entry.title}. {each.entry.statement}", (), ())
            for name, each in guideline.assumptions.items()
            if name in on
        ),
    )
    yield from _section(
        "Facts of the source",
        ((fact.id, fact.statement, (), fact.cites) for fact in guideline.facts.values()),
    )
    yield from _section(
        "Literature",
        ((each.id, _literature(each), (), ()) for each in guideline.citations.values()),
    )
    yield "</body></html>"


def _literature(entry: CitationEntry) -> str:
    year = "" if entry.year is None else str(entry.year)
    parts = [entry.authors, entry.title, entry.publisher, year]
    known = ". ".join(part.rstrip(".") for part in parts if part)
    strength = entry.strength.replace("_", " ")
    return f"{known}. Kind: {entry.kind.replace('_', ' ')}; strength: {strength}."


def _section(
    title: str, entries: Iterable[tuple[str, str, Iterable[str], Iterable[str]]]
) -> Iterator[str]:
    listed = list(entries)
    if not listed:
        return
    yield f"<h2>{escape(title)}</h2><dl>"
    for name, text, facts, cites in listed:
        grounds = ", ".join([*facts, *(f"[{each}]" for each in cites)])
        rests = f' <span class="note">Rests on {escape(grounds)}.</span>' if grounds else ""
        yield f'<dt id="{escape(name)}">{escape(name)}</dt>'
        yield f"<dd>{escape(' '.join(text.split()))}{rests}</dd>"
    yield "</dl>"
