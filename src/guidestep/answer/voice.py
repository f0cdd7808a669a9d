"""The voice: every rule, step and notice of one profile, prepared to be put into an answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from operator import itemgetter
from typing import Generic, Literal, TypeAlias, TypeVar

from guidestep.answer.ledger import Ledger
from guidestep.explain.evidence import Evidence
from guidestep.explain.relevance import Relevance
from guidestep.language.compiler import Compiled
from guidestep.language.decision import dose_name, excused_name
from guidestep.language.documents import StepEntry
from guidestep.language.program import Value, Verdict
from guidestep.language.rulebase import (
    Defined,
    Grounds,
    Notice,
    Progression,
    Request,
    Rule,
    Rulebase,
    Track,
    grounds_of,
)
from guidestep.language.stability import learnable
from guidestep.language.tree import Expression, Field, Reference, walk
from guidestep.language.types import Kind
from guidestep.outcome import Action, Family, Outcome
from guidestep.recommendation import (
    NotEvaluable,
    NoticeGiven,
    Preparation,
    Reason,
    Seen,
    StepAdvice,
)

Spoken: TypeAlias = Literal["true", "false", "unknown", "unmet"]
Inputs: TypeAlias = tuple[Value, ...]

T = TypeVar("T")

_MOST_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Memory(Generic[T]):
    """Remembers a part of an answer by the inputs it depends on, and by nothing else.

    What a rule says of a patient is a function of the fields it reads; most patients share the
    values of those few fields with many others. The number of parts kept is bounded.
    """

    key: Callable[[Inputs], object]
    kept: dict[object, T] = field(default_factory=dict)

    def recall(self, inputs: Inputs, make: Callable[[], T], extra: object = None) -> T:
        """Return the part for these inputs (and `extra`), made if it is not remembered."""
        key = (extra, self.key(inputs))
        found = self.kept.get(key)
        if found is None:
            if len(self.kept) >= _MOST_KEPT:
                self.kept.clear()
            found = self.kept[key] = make()
        return found


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rule with its place among the verdicts, all that it rests on and the fields it reads.

    `then` is the outcome it gives, if it gives one, and `excused` the place of the verdict that it
    may stay unknown. `blocks` says whether it bars every step while it is undecided.
    """

    rule: Rule | Progression
    family: Family | Literal["progression"]
    grounds: Grounds
    mark: int
    fields: tuple[str, ...]
    at: int
    memory: Memory[Reason]
    waits: Memory[frozenset[str]]
    then: Outcome | None
    excused: int | None
    blocks: bool


@dataclass(frozen=True, slots=True)
class Ready:
    """A notice; `at` is the verdict it waits for, if any, `given` itself if it shows no values."""

    notice: Notice
    at: int | None
    mark: int
    given: NoticeGiven | None
    memory: Memory[NoticeGiven]


@dataclass(frozen=True, slots=True)
class Excusable:
    """A rule that may stay unknown; `at` is the verdict that it does."""

    rule: Rule
    at: int
    grounds: Grounds
    mark: int
    memory: Memory[NotEvaluable]


@dataclass(frozen=True, slots=True)
class TrackVoice:
    """A track with its progressions and steps."""

    track: Track
    progressions: tuple[Progression, ...]
    steps: tuple[StepEntry, ...]
    memory: Memory[tuple[StepAdvice, int] | tuple[None, int]]


class Voice:
    """Says what one profile of a guideline can say; holds nothing of a patient."""

    def __init__(self, base: Rulebase, compiled: Compiled) -> None:
        self.base = base
        self.compiled = compiled
        self.ledger = Ledger(base, compiled.off)
        self.definitions = {d.name: d for d in compiled.program.definitions}
        self.at = {name: index for index, name in enumerate(self.definitions)}
        self._input_at = {i.path: index for index, i in enumerate(compiled.program.inputs)}
        self.fields = base.model.fields()
        self.order = {path: index for index, path in enumerate(self.fields)}
        decision = compiled.decision
        self.prepared: dict[str, Prepared] = {}
        for rule in decision.rules:
            roots = [rule.when, *([] if rule.scope is None else [rule.scope])]
            self.prepared[rule.id] = self._prepare(rule, rule.family, roots)
        for p in decision.progressions:
            self.prepared[p.id] = self._prepare(p, "progression", [p.when])

        def chosen(families: Iterable[Family]) -> list[Prepared]:
            return [self.prepared[r.id] for r in decision.rules if r.family in families]

        self.by_family = {family: chosen([family]) for family in Family}
        apart = {Family.CONFLICT, Family.SURVEILLANCE, Family.REQUIREMENT}
        self.blocking = chosen(set(Family) - apart)
        # What bars every step while it is true, and may do so for good.
        careful = [p for p in self.blocking if p.then is Outcome.ASSESS_FIRST]
        self.barring = [*careful, *self.by_family[Family.CONFLICT]]
        self.open_points = [f"{id_}:open" for id_ in decision.open_points]
        self.cautions = [p for p in self.blocking if isinstance(p.rule, Rule) and not p.rule.then]
        self.excusable = [self._excusable(r) for r in decision.rules if r.optional is not None]
        self.excusable = [e for e in self.excusable if e.at >= 0]
        self.doses = [
            (self.at[dose_name(step.id, index)], step, dose, self.ledger.mark(grounds_of(dose)))
            for step in base.steps.values()
            for index, dose in enumerate(step.dose)
            if dose_name(step.id, index) in self.at
        ]
        on = set(base.assumptions) - compiled.off
        ready = [
            Ready(
                notice=n,
                at=self.at.get(n.entry.id),
                mark=self.ledger.mark(n.grounds),
                given=None if n.entry.shows else _notice(n, ()),
                memory=Memory(self._key(n.entry.shows)),
            )
            for n in base.notices
            if set(n.grounds.assumes) <= on
        ]
        self.notices = {
            outcome: [r for r in ready if outcome in (r.notice.entry.outcomes or Outcome)]
            for outcome in Outcome
        }
        self.requests: list[tuple[Request, int | None, int]] = [
            (request, self.at.get(request.entry.id), self.ledger.mark(request.grounds))
            for request in base.requests
            if set(request.grounds.assumes) <= on
        ]
        self.preparations = {
            step.id: (_preparation(step), self.ledger.mark(grounds_of(step)))
            for step in base.steps.values()
            if step.kind == "assessment"
        }
        # The scores, and the bands: each with its place, or with those of its labels.
        self.results = [
            (defined, [self.at[name] for name in _verdicts_of(defined)])
            for defined in base.definitions.values()
            if defined.type.interval or defined.type.kind is Kind.ENUMERATION
        ]
        self.tracks = [self._track(track) for track in base.tracks.values()]
        self.learnable = learnable(self.definitions.values())

    # --- preparation ------------------------------------------------------------------------

    def _prepare(
        self,
        rule: Rule | Progression,
        family: Family | Literal["progression"],
        roots: Iterable[Expression],
    ) -> Prepared:
        grounds = rule.grounds
        fields: dict[str, None] = {}
        for root in roots:
            for found in self._reads(root):
                if isinstance(found, str):
                    fields[found] = None
                else:
                    grounds = grounds | found
        mark, at = self.ledger.mark(grounds), self.at[rule.id]
        key = self._key(fields)
        then = rule.then if isinstance(rule, Rule) else None
        optional = isinstance(rule, Rule) and rule.optional is not None
        return Prepared(
            rule=rule,
            family=family,
            grounds=grounds,
            mark=mark,
            fields=tuple(fields),
            at=at,
            memory=Memory(key),
            waits=Memory(key),
            then=then,
            excused=self.at.get(excused_name(rule.id)),
            blocks=then is not None or optional,
        )

    def _reads(self, root: Expression) -> Iterator[str | Grounds]:
        """Yield the fields an expression reads and the grounds of the definitions it goes by."""
        done: set[str] = set()
        todo = [root]
        while todo:
            for node in walk(todo.pop()):
                if isinstance(node, Reference) and node.name not in done:
                    done.add(node.name)
                    defined = self.base.definitions[node.name]
                    yield defined.grounds
                    todo.append(defined.expression)
                elif isinstance(node, Field):
                    yield node.path

    def _key(self, paths: Iterable[str]) -> Callable[[Inputs], object]:
        """Return what takes the values at some paths out of the inputs.

        A path that is no input (its definition is an open point here) is never known.
        """
        indexes = [self._input_at[path] for path in paths if path in self._input_at]
        return itemgetter(*indexes) if indexes else lambda inputs: None

    def _excusable(self, rule: Rule) -> Excusable:
        prepared = self.prepared[rule.id]
        assumed = (rule.optional.assumes,) if rule.optional is not None else ()
        grounds = prepared.grounds | Grounds(assumes=assumed)
        at = self.at.get(excused_name(rule.id), -1)
        return Excusable(
            rule, at, grounds, self.ledger.mark(grounds), Memory(self._key(prepared.fields))
        )

    def _track(self, track: Track) -> TrackVoice:
        name = track.entry.id
        own = tuple(p for p in self.compiled.decision.progressions if p.track == name)
        paths = dict.fromkeys(path for p in own for path in self.prepared[p.id].fields)
        paths |= dict.fromkeys(r for r in self._reads(track.when) if isinstance(r, str))
        if track.entry.current is not None:
            paths[track.entry.current] = None
        steps = tuple(step for step in self.base.steps.values() if step.track == name)
        return TrackVoice(track, own, steps, Memory(self._key(paths)))

    # --- what is said of one patient --------------------------------------------------------

    def seen(self, paths: Iterable[str], evidence: Evidence) -> tuple[Seen, ...]:
        """Return the known values at some paths."""
        found: list[Seen] = []
        for path in paths:
            known = evidence.value(path)
            if known is not None:
                spec = self.fields[path]
                shown = known.isoformat() if isinstance(known, date) else known
                if isinstance(shown, float):
                    shown += 0.0  # minus zero equals zero, and is remembered as zero
                found.append(Seen(path=path, label=spec.label, value=shown, unit=spec.unit))
        return tuple(found)

    def reason(self, prepared: Prepared, verdict: Spoken, evidence: Evidence) -> Reason:
        """Return what a rule says, with the values it looked at."""

        def make() -> Reason:
            rule, grounds = prepared.rule, prepared.grounds
            urgency, step = (rule.urgency, rule.step) if isinstance(rule, Rule) else ("", None)
            return Reason(
                rule=rule.id,
                family=prepared.family,
                statement=rule.statement,
                verdict=verdict,
                advice=rule.advice,
                urgency=urgency,
                step=step,
                seen=self.seen(prepared.fields, evidence),
                facts=grounds.facts,
                cites=grounds.cites,
                assumes=grounds.assumes,
            )

        return prepared.memory.recall(evidence.given, make, verdict)

    def notice(self, ready: Ready, evidence: Evidence) -> NoticeGiven:
        """Return a notice, with the values it shows."""
        if ready.given is not None:
            return ready.given
        notice = ready.notice
        return ready.memory.recall(
            evidence.given,
            lambda: _notice(notice, self.seen(notice.entry.shows, evidence)),
        )

    def not_evaluable(
        self, excusable: Excusable, evidence: Evidence, relevance: Callable[[], Relevance]
    ) -> NotEvaluable:
        """Return a rule that stayed unknown, with the inputs it would need."""

        def make() -> NotEvaluable:
            rule, grounds = excusable.rule, excusable.grounds
            return NotEvaluable(
                rule=rule.id,
                statement=rule.statement,
                missing=self.ordered(relevance().of(rule.id)),
                facts=grounds.facts,
                cites=grounds.cites,
                assumes=grounds.assumes,
            )

        return excusable.memory.recall(evidence.given, make)

    def ordered(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return fields in the order of the model; what stands for an open point is left out."""
        order = self.order
        return tuple(sorted((path for path in paths if path in order), key=order.__getitem__))

    def advice(
        self,
        track: Track,
        step: str,
        action: Action,
        current: str | None,
        reasons: tuple[Reason, ...],
        waiting_for: tuple[str, ...],
    ) -> tuple[StepAdvice, int]:
        """Return a step with its action, and the mark of all that it rests on."""
        entry = self.base.steps.get(step)
        exercise = action is not Action.WITHHOLD
        grounds = Grounds() if entry is None else grounds_of(entry)
        for dose in entry.dose if entry is not None and exercise else ():
            grounds = grounds | grounds_of(dose)
        for reason in reasons:
            grounds = grounds | self.prepared[reason.rule].grounds
        given = entry if exercise else None
        advice = StepAdvice(
            id=step,
            track=track.entry.id,
            action=action,
            current=current,
            title=track.entry.title if entry is None else entry.title,
            content="" if entry is None else entry.content,
            dose=given.dose if given else (),
            conditions=given.conditions if given else (),
            next=given.next if given else "",
            reasons=reasons,
            waiting_for=waiting_for,
            facts=grounds.facts,
            cites=grounds.cites,
            assumes=tuple(id_ for id_ in grounds.assumes if id_ not in self.compiled.off),
        )
        return advice, self.ledger.mark(grounds)


def _preparation(step: StepEntry) -> Preparation:
    return Preparation(
        id=step.id,
        title=step.title,
        content=step.content,
        facts=step.facts,
        cites=step.cites,
        assumes=step.assumes,
    )


def _verdicts_of(defined: Defined) -> list[str]:
    """Return the names of the verdicts on a definition: one a label if it has labels."""
    labels = defined.type.members
    return [f"{defined.id}:{label}" for label in labels] if labels else [defined.id]


def _notice(notice: Notice, seen: tuple[Seen, ...]) -> NoticeGiven:
    entry, grounds = notice.entry, notice.grounds
    return NoticeGiven(
        id=entry.id,
        kind=entry.kind,
        statement=entry.statement,
        seen=seen,
        facts=grounds.facts,
        cites=grounds.cites,
        assumes=grounds.assumes,
    )


def spoken(verdict: Verdict) -> Spoken:
    """Return a truth as a reason says it."""
    return "unknown" if verdict is None else "true" if verdict else "false"
