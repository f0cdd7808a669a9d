"""Why not: the nearest patient with another answer, and the rules that bar the way there.

An explanation of the rules, found by the solver and confirmed by both engines; never advice to
enter other data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from html import escape
from typing import cast

from guidestep.engines.compiled import CompiledEngine
from guidestep.explain.barriers import Barrier, Barriers
from guidestep.explain.closest import NUMBERS, NotSettledError, numeric, span
from guidestep.explain.evidence import Evidence
from guidestep.explain.layout import wrapped
from guidestep.explain.nearest import Flip, Flips, session_of
from guidestep.explain.targets import EXERCISE, Target, Wanted, target_of
from guidestep.explain.variants import Changes, Variants
from guidestep.explain.words import OUTCOMES, label_words, value_words
from guidestep.language.compiler import Compiled
from guidestep.language.decision import action_name, outcome_name
from guidestep.language.program import Value, Verdict
from guidestep.outcome import Action, Outcome
from guidestep.recommendation import Known
from guidestep.verify.cache import subject_of
from guidestep.verify.patient import CONFLICT, Subject
from guidestep.verify.terms import SOLVER
from guidestep.verify.witness import verdicts_of

SECONDS = 5.0
"""How long an answer is looked for."""

TRIES = 8
"""How many patients of the solver are replayed, where the engines do not confirm the first."""

WIDTH = 100

WARNING = (
    "This explains the rules: it is what bars the answer. It is no advice to enter other data. "
    "Whatever is named must be found true of the patient by a clinician, and recorded as found."
)


class Way(StrEnum):
    """What came out of asking why not."""

    HOLDS = "holds"
    FLIP = "flip"
    NONE = "none"
    NOT_SETTLED = "not_settled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One input that would have to be otherwise; `before` is `None` where it is not assessed.

    `question` is the one to ask where it is missing. `immutable` inputs, such as the age, are
    named only where nothing else leads there. `distance` is the size of the change: of a number
    its share of the range of the field, of a date in years, of anything else 1.
    """

    path: str
    label: str
    before: Known | None = None
    after: Known
    unit: str | None = None
    question: str | None = None
    immutable: bool = False
    distance: float
    barred_by: tuple[Barrier, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """What bars another answer; `str` of it is text to read.

    `way` is `holds` where the target is the answer already; `flip` where `changes` lead there, no
    fewer do, and both engines confirm it; `none` where it is proved that nothing leads there (for
    `anyone`, whoever it is); `not_settled` where the time was not enough, which is not `none`.

    `nearest` says that no change of as few inputs is smaller. `outcome` and `steps` are the whole
    answer after the changes.
    """

    target: str
    words: str
    way: Way
    changes: tuple[Change, ...] = ()
    nearest: bool = True
    outcome: Outcome | None = None
    steps: tuple[str, ...] = ()
    anyone: bool = False
    limits: tuple[str, ...] = ()
    warning: str = WARNING

    @property
    def immutable(self) -> bool:
        """Whether it takes a change of what cannot change, such as the age."""
        return any(change.immutable for change in self.changes)

    def to_json(self) -> str:
        """Return the same as JSON, the same bytes for the same answer."""
        return json.dumps(as_data(self), ensure_ascii=False, separators=(",", ":"))

    def __str__(self) -> str:
        return "\n".join(_text(self))

    def _repr_html_(self) -> str:
        return "".join(_html(self))


def why_not(evidence: Evidence, wanted: Wanted, seconds: float = SECONDS) -> WhyNot:
    """Return the nearest patient to whom the answer is another, and what bars the way there.

    What is known stays known, and entries that do not contradict each other do not begin to. A
    field that derives from others follows them. Immutable inputs change only where nothing else
    leads there; then the fewest inputs change, and of as many, by the least.

    >>> import guidestep, yaml
    >>> from pathlib import Path
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> visit = yaml.safe_load(Path("docs/examples/eligible-intake.yaml").read_text())
    >>> answer = guideline.recommend(visit)
    >>> found = why_not(answer.evidence, "R1")
    >>> [(change.path, change.before, change.after) for change in found.changes]
    [('scope.acute_spasm_status', 'ongoing', 'resolved')]
    >>> [barrier.rule for barrier in found.changes[0].barred_by]
    ['no-resistance-during-acute-spasm', 'start-low-load']

    Raises:
        EngineDisagreement: The two engines differ on a patient that the solver found.
        SettingError: There is no such step or outcome.
    """
    target = target_of(evidence, wanted)
    if target.holds(evidence.verdicts):
        return WhyNot(target=target.id, words=target.words, way=Way.HOLDS)
    with SOLVER:
        kept = Kept.of(subject_of(evidence.base, evidence.compiled))
        variants = Variants(evidence, kept.engine)
        flips = Flips(session_of(kept.subject).renewed(), variants, target, seconds)
        limits = tuple(kept.subject.numbers.notes)
        try:
            found = _confirmed(kept, flips, variants, target)
            anyone = found is None and not flips.anyone()
        except NotSettledError:
            return WhyNot(target=target.id, words=target.words, way=Way.NOT_SETTLED, limits=limits)
    if found is None:
        return WhyNot(
            target=target.id, words=target.words, way=Way.NONE, anyone=anyone, limits=limits
        )
    after = variants.seen(found.changes)
    return WhyNot(
        target=target.id,
        words=target.words,
        way=Way.FLIP,
        changes=tuple(_changes(kept.barriers, variants, target, found.changes, after)),
        nearest=found.nearest,
        outcome=next(o for o in Outcome if after.verdicts[outcome_name(o)] is True),
        steps=said_steps(after),
        limits=limits,
    )


class Kept:
    """What one profile needs again and again."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        compiled: Compiled = subject.compiled
        self.engine = CompiledEngine(compiled.program)
        self.barriers = Barriers(subject.base, compiled)

    @staticmethod
    def of(subject: Subject) -> Kept:
        """Return what is kept of a subject, made when first asked for."""
        return _kept(subject)


@lru_cache(maxsize=16)
def _kept(subject: Subject) -> Kept:
    return Kept(subject)


def _confirmed(kept: Kept, flips: Flips, variants: Variants, target: Target) -> Flip | None:
    """Return the nearest flip that both engines confirm for the whole assessment."""
    for _ in range(TRIES):
        found = flips.find()
        if found is None or _holds(kept, variants, target, found.changes):
            return found
        flips.block(found.changes)
    raise NotSettledError


def _holds(kept: Kept, variants: Variants, target: Target, changes: Changes) -> bool:
    patient = session_of(kept.subject).patient
    verdicts = verdicts_of(patient, variants.data(changes))
    if verdicts is None or not target.holds(verdicts):
        return False
    was: Verdict = variants.evidence.verdicts.get(CONFLICT)
    return was is True or verdicts.get(CONFLICT) is not True


def _changes(
    barriers: Barriers, variants: Variants, target: Target, changes: Changes, after: Evidence
) -> Iterator[Change]:
    inputs = variants.evidence.inputs
    for path, value in changes.items():
        spec = variants.specs[path]
        given = inputs[path]
        rest = {other: each for other, each in changes.items() if other != path}
        before = variants.seen(rest)
        # What follows the input turns conditions in its place.
        paths = [path, *(p for p, d in variants.following.items() if path in d.inputs)]
        moved = given is not None and spec.kind in NUMBERS
        size = abs(numeric(value) - numeric(given)) / span(spec) if moved else 1
        yield Change(
            path=path,
            label=spec.label,
            before=known(given),
            after=cast(Known, known(value)),
            unit=spec.unit,
            question=spec.question if given is None else None,
            immutable=spec.immutable,
            distance=float(size),
            barred_by=barriers.of(target, paths, before, after),
        )


def said_steps(after: Evidence) -> tuple[str, ...]:
    """Return the actions of an answer in words, track by track."""
    return tuple(_steps(after))


def _steps(after: Evidence) -> Iterator[str]:
    verdicts = after.verdicts
    if verdicts[outcome_name(Outcome.RECOMMEND)] is not True:
        return
    for track in after.base.tracks:
        for step in after.base.steps.values():
            for action in EXERCISE:
                if step.track == track and verdicts.get(action_name(step.id, action)) is True:
                    yield f"{action.value} {step.id}"
        if verdicts.get(action_name(track, Action.WITHHOLD)) is True:
            yield f"withhold {track}"


def known(value: Value) -> Known | None:
    """Return a value as it is shown: a date as ISO 8601."""
    return value.isoformat() if isinstance(value, date) else value


# --- as JSON --------------------------------------------------------------------------------------


def as_data(value: object) -> object:
    """Return a value as data, without what is `None` or empty."""
    if is_dataclass(value):
        found = {each.name: getattr(value, each.name) for each in fields(value)}
        return {name: as_data(part) for name, part in found.items() if part not in (None, ())}
    return [as_data(one) for one in value] if isinstance(value, tuple) else value


# --- as text --------------------------------------------------------------------------------------


def _head(found: WhyNot) -> str:
    match found.way:
        case Way.HOLDS:
            return f"{found.words}: this is the answer already."
        case Way.NOT_SETTLED:
            return (
                f"{found.words}: not settled in the time given. Whether anything leads there is "
                "open; this does not say that nothing does."
            )
        case Way.NONE if found.anyone:
            return f"{found.words}: nothing leads there. Proved: under this profile nobody gets it."
        case Way.NONE:
            return (
                f"{found.words}: nothing leads there. Proved: no assessment that keeps known what "
                "is known, without contradictions, gets it."
            )
    count = len(found.changes)
    things = "one thing bars it" if count == 1 else f"{count} things bar it"
    return f"Why not {found.words}: {things}."


def _text(found: WhyNot) -> Iterator[str]:
    yield from wrapped(_head(found), width=WIDTH)
    if found.way is not Way.FLIP:
        return
    for number, change in enumerate(found.changes, 1):
        yield ""
        yield from wrapped(f"{number}. {_sentence(change)}", "", "   ", width=WIDTH)
        for barrier in change.barred_by:
            yield from _barrier(barrier)
    yield ""
    yield from wrapped(_after(found), "", "  ", width=WIDTH)
    if not found.nearest:
        yield from wrapped("Whether a smaller change of as few inputs leads there is not settled.")
    if found.immutable:
        yield from wrapped("It takes what cannot change: for this patient the way is barred.")
    yield from wrapped(found.warning, width=WIDTH)


def _sentence(change: Change) -> str:
    after = value_words(change.after, change.unit)
    name = f"{label_words(change.label)} ({change.path})"
    if change.before is None:
        return f"{name} is not assessed; found {after}, it would not bar. {change.question}"
    fixed = ", which cannot change" if change.immutable else ""
    before = value_words(change.before, change.unit)
    return f"{name} is {before}{fixed}; found {after}, it would not bar."


def _barrier(barrier: Barrier) -> Iterator[str]:
    said = f"{barrier.before}, then {barrier.after}"
    head = f"{barrier.rule} ({barrier.family}): {barrier.statement} [{said}]"
    yield from wrapped(head, "   ", "  ", width=WIDTH)
    for each in barrier.thresholds:
        line = f"- {each.text} [{each.before}, then {each.after}]"
        yield from wrapped(line, "     ", "  ", width=WIDTH)
    grounds = [*barrier.facts, *barrier.assumes]
    cites = [f"{cite.id} ({cite.words})" for cite in barrier.cites]
    if grounds or cites:
        yield from wrapped("; ".join([", ".join(grounds), *cites]), "     ", "  ", width=WIDTH)


def _after(found: WhyNot) -> str:
    assert found.outcome is not None
    steps = f": {', '.join(found.steps)}" if found.steps else ""
    return f"The answer would then be: {OUTCOMES[found.outcome]}{steps}."


# --- as HTML --------------------------------------------------------------------------------------


def _html(found: WhyNot) -> Iterator[str]:
    yield '<div style="font-family:system-ui,sans-serif;line-height:1.5">'
    yield f"<p><strong>{escape(_head(found))}</strong></p>"
    if found.way is Way.FLIP:
        yield "<ol>"
        for change in found.changes:
            yield f"<li>{escape(_sentence(change))}<ul>"
            for barrier in change.barred_by:
                lines = " ".join(line.strip() for line in _barrier(barrier))
                yield f"<li>{escape(lines)}</li>"
            yield "</ul></li>"
        yield f"</ol><p>{escape(_after(found))}</p><p>{escape(found.warning)}</p>"
    yield "</div>"
