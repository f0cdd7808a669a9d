"""The Markdown of a card: all that the recommendation says, and what of the record was not used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from guidestep.explain.kept import kept
from guidestep.explain.words import label_words, member_words, unit_words
from guidestep.guideline import Guideline
from guidestep.interop.cds_hooks.markdown import (
    bullet,
    escaped,
    escaped_once,
    heading,
    paragraphs,
)
from guidestep.interop.cds_hooks.served import Reading, ReadingProblem
from guidestep.notebook.content import Block, Card, Item
from guidestep.recommendation import NoticeGiven, Reason, Recommendation, Seen

_SEVERITIES = {"error": 0, "warning": 1, "information": 2}


def detail(recommendation: Recommendation, content: Card, reading: Reading) -> str:
    """Return the Markdown of a recommendation: the same blocks in the same order as its cards.

    Behind them stand what was recorded and not used, and the resource of every value that a rule
    of the answer looked at.
    """
    return paragraphs(
        [
            f"**{escaped(content.headline)}**",
            *map(escaped, content.lead),
            f"> {escaped_once(content.banner)}",
            *_blocks(content.blocks),
            not_used(reading.problems),
            _origins(recommendation, reading),
            made_by(content.footer),
        ]
    )


def _blocks(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        items = [_item_once(item) if item.fixed else _item(item) for item in block.items]
        yield f"{heading(block.title)}\n\n" + "\n".join(items)


def _item(item: Item) -> str:
    lines = [bullet(item.heading, strong=bool(item.rows))]
    lines += [bullet(line, 1) for line in item.lines]
    lines += map(_row, item.rows)
    lines += [bullet(line, 1) for line in item.more]
    return "\n".join(lines)


@kept
def _row(row: tuple[str, str]) -> str:
    name, amount = row
    return bullet(f"{name}: {amount}", 1)


_item_once = kept(_item)
"""The same, of what is the same for every patient."""


def not_used(problems: Sequence[ReadingProblem]) -> str:
    """Return what was recorded and could not be used, each with its resource and what to do."""
    if not problems:
        return ""
    lines = [heading("In the record, and not used or only with a remark"), ""]
    for problem in sorted(problems, key=lambda one: _SEVERITIES.get(one.severity, 0)):
        place = ", ".join(part for part in (problem.path, problem.resource or "") if part)
        lines.append(bullet(f"{place}: {problem.message}" if place else problem.message))
        if problem.hint:
            lines.append(bullet(problem.hint, 1))
    return "\n".join(lines)


def made_by(lines: Iterable[str]) -> str:
    """Return what answered: the guideline with its version and digest, and all the rest."""
    return f"{heading('What answered')}\n\n" + "\n".join(map(bullet, lines))


def questions(guideline: Guideline, paths: Iterable[str]) -> str:
    """Return what has to be recorded, each as its question with the answers it may have."""
    fields = guideline.model.fields()
    lines = []
    for path in paths:
        spec = fields[path]
        options = " / ".join(map(member_words, spec.members)) or unit_words(spec.unit)
        asked = f"{spec.question} ({options})" if options else spec.question
        lines.append(bullet(f"{label_words(spec.label)}: {asked}"))
    return "\n".join(lines)


def _origins(recommendation: Recommendation, reading: Reading) -> str:
    """Return the resource of every value that was looked at, as far as it is known."""
    lines = []
    for seen in _seen(recommendation):
        origin = reading.provenance.get(seen.path)
        if origin is None:
            continue
        place = origin.resource or origin.recorded or "not recorded where"
        dated = f", {origin.date.isoformat()}" if origin.resource and origin.date else ""
        lines.append(bullet(f"{label_words(seen.label)}: {place}{dated}"))
    return f"{heading('Where the values come from')}\n\n" + "\n".join(lines) if lines else ""


def _seen(r: Recommendation) -> Iterable[Seen]:
    reasons = [*r.reasons, *(reason for step in r.steps for reason in step.reasons)]
    parts: list[Reason | NoticeGiven] = [*reasons, *r.cautions, *r.conflicts, *r.notices]
    return {seen.path: seen for part in parts for seen in part.seen}.values()
