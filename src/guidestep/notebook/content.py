"""What a card says, before it is text or HTML: both cards show the same blocks in this order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from guidestep.explain.kept import kept
from guidestep.explain.sources import citation_line, dose_words, mapping_words, quality_words
from guidestep.explain.words import (
    BASES,
    FAMILIES,
    OUTCOMES,
    label_words,
    member_words,
    number_words,
    path_words,
    unit_words,
    value_words,
)
from guidestep.language.documents import CitationEntry, DoseEntry
from guidestep.outcome import Action, Outcome
from guidestep.recommendation import (
    AssumptionUsed,
    Missing,
    NotEvaluable,
    NoticeGiven,
    Preparation,
    Reason,
    Recommendation,
    Result,
    Seen,
    StepAdvice,
)

_VERDICTS = {
    "true": "Found",
    "unknown": "Undecided",
    "unmet": "Required, not met",
    "false": "Not met",
}
_REVIEWS = {
    "pending_human_review": "PENDING HUMAN REVIEW",
    "reviewed": "REVIEWED, NOT APPROVED",
    "approved": "APPROVED",
}
_NOTICES = {
    "caution": "Beware",
    "monitoring": "Watch for",
    "surveillance": "Surveillance",
    "prescriber": "For the prescriber",
    "adjunct": "Adjuncts",
    "scope": "Scope",
    "evidence": "Evidence",
    "information": "Good to know",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One point of a block: a heading, lines of text, and for a step a table of its dose.

    The table is that of the guideline. All the rest may say something of the patient, unless the
    item is `fixed`.
    """

    heading: str
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    more: tuple[str, ...] = ()
    """Lines that follow the table."""
    fixed: bool = False
    """Whether it is the same for every patient, so that what is made of it may be kept."""


@dataclass(frozen=True, slots=True)
class Block:
    """A titled part of a card; a folded one may be closed where a reader can open it."""

    title: str
    items: tuple[Item, ...]
    folded: bool = False


_Titled: TypeAlias = tuple[str, tuple[Item, ...]]


@dataclass(frozen=True, slots=True)
class Card:
    """A whole card."""

    headline: str
    outcome: Outcome
    lead: tuple[str, ...]
    banner: str
    blocks: tuple[Block, ...]
    footer: tuple[str, ...]


def card_content(recommendation: Recommendation) -> Card:
    """Return what the cards of a recommendation say, from the recommendation alone."""
    return _Content(recommendation).card()


class _Content:
    """Puts one recommendation into words."""

    def __init__(self, recommendation: Recommendation) -> None:
        self.r = recommendation
        self.labels = {missing.path: missing.label for missing in recommendation.missing}
        self.marks = {
            citation.id: f"[{citation.number or citation.id}]"
            for citation in recommendation.citations
        }

    def card(self) -> Card:
        r = self.r
        review = _REVIEWS[r.review.status]
        return Card(
            headline=self.headline(),
            outcome=r.outcome,
            lead=tuple(self.lead()),
            banner=f"{review}. {r.review.statement}",
            blocks=tuple(self.blocks()),
            footer=tuple(self.footer()),
        )

    def headline(self) -> str:
        words = OUTCOMES[self.r.outcome]
        if self.r.steps:
            words = ", ".join(map(_action, self.r.steps))
        return words[:1].upper() + words[1:]

    def lead(self) -> Iterator[str]:
        r = self.r
        yield r.guideline.title
        urgencies = dict.fromkeys(reason.urgency for reason in r.reasons if reason.urgency)
        if urgencies:
            yield f"Urgency: {' '.join(urgencies)}"
        yield BASES[r.basis]
        if r.possible:
            could = " or ".join(OUTCOMES[outcome] for outcome in r.possible)
            yield f"More urgent and not ruled out: {could}. What to assess is listed below."

    def blocks(self) -> Iterator[Block]:
        for title, items in self.open():
            if items:
                yield Block(title, items)
        for title, items in self.folded():
            if items:
                yield Block(title, items, folded=True)

    def open(self) -> Iterator[_Titled]:
        r = self.r
        said = {reason.rule for reason in r.reasons}
        apart = [reason for reason in r.conflicts if reason.rule not in said]
        if not r.steps:
            decided = [reason for reason in r.reasons if reason.verdict != "unknown"]
            open_ = [reason for reason in r.reasons if reason.verdict == "unknown"]
            yield "Why", tuple(map(self.reason, decided))
            yield "Why not yet: undecided, and must be decided", tuple(self.undecided(open_))
        yield "Results", tuple(map(_result, r.results))
        yield "Steps", tuple(map(self.step, r.steps))
        yield from self.missing()
        yield "In which step", tuple(map(self.preparation, r.preparation))
        yield "Asked and answered", tuple(self.answers())
        yield "Cautions", tuple(map(self.reason, r.cautions))
        yield "Entries that contradict each other", tuple(map(self.reason, apart))
        title = "Not evaluable, and not evaluable is never negative"
        yield title, tuple(map(self.not_evaluable, r.not_evaluable))
        yield from self.notices()

    def folded(self) -> Iterator[_Titled]:
        r = self.r
        parts: list[Reason | StepAdvice | NotEvaluable] = [*r.reasons, *r.steps, *r.not_evaluable]
        deciding = {id_ for part in parts for id_ in part.assumes}
        title = "The answer rests on these assumptions of ours"
        own = tuple(_assumption(used) for used in r.assumptions if used.id in deciding)
        yield title, own
        title = "What rides along rests on these assumptions of ours"
        beside = tuple(_assumption(used) for used in r.assumptions if used.id not in deciding)
        yield title, beside
        yield "Citations", tuple(map(_citation, r.citations))

    # --- why --------------------------------------------------------------------------------

    def reason(self, reason: Reason) -> Item:
        lines = [f"Seen: {self.seen(reason.seen)}"] if reason.seen else []
        lines += [text for text in (reason.advice,) if text]
        if reason.urgency:
            lines.append(f"Urgency: {reason.urgency}")
        if reason.step is not None and reason.verdict == "unmet":
            lines.append(f"Done in step {reason.step}.")
        lines += self.rests_on(reason)
        found = _VERDICTS[reason.verdict]
        heading = reason.statement if reason.verdict == "true" else f"{found}: {reason.statement}"
        return Item(heading, tuple(lines))

    def preparation(self, step: Preparation) -> Item:
        return Item(f"{step.id}: {step.title}", (step.content, *self.rests_on(step)))

    def undecided(self, reasons: Sequence[Reason]) -> Iterator[Item]:
        """Yield undecided rules by family: each statement is a question here, not a finding."""
        for family in dict.fromkeys(reason.family for reason in reasons):
            own = [reason for reason in reasons if reason.family is family]
            yield Item(
                f"Undecided, {FAMILIES[family]}",
                tuple(f"? {one.statement}{self.briefly(one.seen)}" for one in own),
            )

    def seen(self, seen: Iterable[Seen]) -> str:
        return "; ".join(
            f"{label_words(one.label)}: {value_words(one.value, one.unit)}" for one in seen
        )

    def briefly(self, seen: Sequence[Seen]) -> str:
        return f" (seen: {self.seen(seen)})" if seen else ""

    def rests_on(self, part: Reason | StepAdvice | NotEvaluable | Preparation) -> list[str]:
        cites = [self.marks.get(id_, id_) for id_ in part.cites]
        parts = [", ".join(ids) for ids in (part.facts, cites, part.assumes) if ids]
        return [f"Rests on: {'; '.join(parts)}"] if parts else []

    # --- steps ------------------------------------------------------------------------------

    def step(self, step: StepAdvice) -> Item:
        lines = [step.content] if step.content else []
        more = [f"Condition: {condition}" for condition in step.conditions]
        if step.next:
            more.append(f"Next: {step.next}")
        for reason in step.reasons:
            found = "Because" if reason.verdict == "true" else _VERDICTS[reason.verdict]
            more.append(f"{found}: {reason.statement}{self.briefly(reason.seen)}")
            if reason.advice:
                more.append(reason.advice)
        if step.waiting_for:
            more.append(f"Waits for: {', '.join(map(self.label, step.waiting_for))}")
        more += self.rests_on(step)
        rows = tuple(map(_row, step.dose))
        heading = f"{step.action.value.upper()} {step.id}: {step.title} ({step.track})"
        return Item(heading, tuple(lines), rows, tuple(more))

    def label(self, path: str) -> str:
        return label_words(self.labels.get(path) or path_words(path))

    # --- what to assess ---------------------------------------------------------------------

    def missing(self) -> Iterator[_Titled]:
        """Yield the inputs that could change the answer, in blocks by what they could bring."""
        if not self.r.missing:
            return
        for outcome in Outcome:
            own = [one for one in self.r.missing if one.could_lead_to is outcome]
            if not own:
                continue
            match outcome:
                case Outcome.RECOMMEND:
                    title = "Assess, so that a step may start or progress"
                case Outcome.ASSESS_FIRST:
                    title = "Assess, as the guideline requires it"
                case _:
                    title = f"Assess first, could still mean: {OUTCOMES[outcome]}"
            yield title, tuple(map(_question, own))

    # --- what rides along -------------------------------------------------------------------

    def answers(self) -> Iterator[Item]:
        for answer in self.r.answers:
            granted = "granted" if answer.granted else "NOT granted"
            yield Item(f"{answer.statement}: {granted}", (answer.answer,))

    def not_evaluable(self, rule: NotEvaluable) -> Item:
        lines = [f"Not known: {', '.join(map(self.label, rule.missing))}"] if rule.missing else []
        return Item(f"? {rule.statement}", (*lines, *self.rests_on(rule)))

    def notices(self) -> Iterator[_Titled]:
        by_kind: dict[str, list[Item]] = {}
        for notice in self.r.notices:
            by_kind.setdefault(notice.kind, []).append(self.notice(notice))
        for kind, title in _NOTICES.items():
            if kind in by_kind:
                yield title, tuple(by_kind[kind])

    def notice(self, notice: NoticeGiven) -> Item:
        cites = " ".join([self.marks.get(id_, id_) for id_ in notice.cites])
        if notice.seen:
            return Item(f"{notice.statement}{self.briefly(notice.seen)} {cites}".rstrip())
        return _fixed(f"{notice.statement} {cites}".rstrip())

    def footer(self) -> Iterator[str]:
        r, used = self.r, self.r.guideline
        settings = ", ".join(f"{p.id} {p.value:g}" for p in used.parameters)
        yield (
            f"{used.id} {used.version}, digest {used.digest[:12]}, profile {used.profile}"
            + (f", {settings}" if settings else "")
        )
        yield f"Source: {used.source}, updated {used.source_updated}, {used.source_url}".rstrip(
            ", "
        )
        if r.agreement:
            yield f"Engines agree: {', '.join(r.engines)}."
        else:
            yield f"NOT checked by a second engine: {', '.join(r.engines)} alone."
        versions = f"guidestep {r.versions.guidestep}, durable_rules {r.versions.durable_rules}"
        yield f"{versions}, pydantic {r.versions.pydantic}; input {r.input_digest[:12]}"


# --- what is the same for every patient -----------------------------------------------------------


@lru_cache(maxsize=4096)
def _fixed(heading: str) -> Item:
    return Item(heading, fixed=True)


@kept
def _assumption(used: AssumptionUsed) -> Item:
    heading = f"{used.id} (version {used.version}): {used.title}"
    return Item(heading, (used.statement,), fixed=True)


@kept
def _citation(entry: CitationEntry) -> Item:
    number = mapping_words(entry)
    if entry.mapping == "unresolved":
        number = number.upper()
    lines = [quality_words(entry), f"Number: {number}"]
    if entry.number is not None:
        # The weaknesses of what the source itself leans on are shown, not hidden.
        lines += [f"But: {caveat}" for caveat in entry.caveats]
    return Item(citation_line(entry), tuple(lines), fixed=True)


@kept
def _row(dose: DoseEntry) -> tuple[str, str]:
    return dose.item, dose_words(dose)


def _question(missing: Missing) -> Item:
    asked = _asked(missing.question, missing.members, missing.unit)
    absent = missing.absent_reason
    if not absent:
        return asked
    return Item(asked.heading, (f"Recorded as missing: {absent.replace('-', ' ')}",))


@lru_cache(maxsize=4096)
def _asked(question: str, members: tuple[str, ...], unit: str | None) -> Item:
    options = " / ".join(map(member_words, members)) or unit_words(unit)
    return Item(f"{question} ({options})" if options else question, fixed=True)


# --- what is of one patient -----------------------------------------------------------------------


def _action(step: StepAdvice) -> str:
    """Return a step and its action; where another step is left or stopped for it, which."""
    words = f"{step.action.value} {step.id}"
    if step.current in (None, step.id) or step.action is Action.PROGRESS:
        return words
    return f"{words} (now at {step.current})"


def _result(result: Result) -> Item:
    if result.low is None or result.high is None:
        value = result.label or f"undecided, {' or '.join(result.possible)}"
        return Item(f"{result.statement}: {value.replace('_', ' ')}")
    value = number_words(result.low)
    if result.low != result.high:
        value = f"undecided, {value} to {number_words(result.high)}"
    return Item(f"{result.statement}: {value}")
