"""From verdicts to a recommendation: everything that one profile can say, prepared once.

The engines decide; this module only reads their verdicts by name and puts the prepared parts
together. What depends on the patient (values seen, missing inputs) is filled in here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from guidestep.assessment import Assessment
from guidestep.explain.relevance import Relevance
from guidestep.language.compiler import Compiled
from guidestep.language.decision import (
    action_name,
    any_name,
    dose_name,
    excused_name,
    outcome_name,
    unmet_name,
)
from guidestep.language.documents import DoseEntry, StepEntry
from guidestep.language.lowering import OPEN
from guidestep.language.program import Value, Verdict
from guidestep.language.rulebase import (
    Grounds,
    Notice,
    Progress,
    Progression,
    Request,
    Rule,
    Rulebase,
    Start,
    StepBack,
    Track,
    Withhold,
    grounds_of,
)
from guidestep.language.tree import Constant, Expression, Field, Reference, walk
from guidestep.outcome import Action, Basis, Family, Outcome
from guidestep.recommendation import (
    Answer,
    AssumptionUsed,
    GuidelineUsed,
    Known,
    Missing,
    NotEvaluable,
    NoticeGiven,
    Reason,
    Recommendation,
    Seen,
    StepAdvice,
)

NO_RULE = "no-rule-decides"
_LEVELS = (Outcome.URGENT_REFERRAL, Outcome.REFERRAL, Outcome.NOT_ELIGIBLE)
_EXERCISE = (Action.START, Action.PROGRESS, Action.CONTINUE)
_Spoken = Literal["true", "false", "unknown", "unmet"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a recommendation was made from; kept beside it to explain it, never serialised."""

    base: Rulebase
    compiled: Compiled
    assessment: Assessment
    verdicts: Mapping[str, Verdict]

    def value(self, path: str) -> Value:
        """Return an input of the patient; one that stands for an open point is never known."""
        return None if path.startswith(OPEN) else self.assessment.value(path)


@dataclass(frozen=True, slots=True)
class _Spoke:
    """A rule prepared to speak: what it says, and the fields it looks at."""

    family: Family | Literal["progression"]
    rule: Rule | Progression
    grounds: Grounds
    fields: tuple[str, ...]


class Recommender:
    """Turns the verdicts on one patient into a recommendation, for one compiled profile."""

    def __init__(self, base: Rulebase, compiled: Compiled) -> None:
        self._base = base
        self._compiled = compiled
        self._names = tuple(d.name for d in compiled.program.definitions)
        self._definitions = {d.name: d for d in compiled.program.definitions}
        self._fields = base.model.fields()
        self._order = {path: index for index, path in enumerate(self._fields)}
        decision = compiled.decision
        self._spokes: dict[str, _Spoke] = {}
        for rule in decision.rules:
            roots = [rule.when, *([] if rule.scope is None else [rule.scope])]
            self._spokes[rule.id] = self._spoke(rule.family, rule, rule.grounds, roots)
        for progression in decision.progressions:
            self._spokes[progression.id] = self._spoke(
                "progression", progression, progression.grounds, [progression.when]
            )
        self._by_family = {
            family: [rule for rule in decision.rules if rule.family is family] for family in Family
        }
        self._blocking = [
            rule
            for rule in decision.rules
            if rule.family not in (Family.CONFLICT, Family.SURVEILLANCE, Family.REQUIREMENT)
        ]
        self._excusable = [
            rule for rule in decision.rules if excused_name(rule.id) in self._definitions
        ]
        self._cautions = [rule for rule in decision.rules if rule.then is None]
        on = set(base.assumptions) - compiled.off
        self._notices = [n for n in base.notices if set(n.grounds.assumes) <= on]
        self._plain_notices = {n.entry.id: self._notice(n, ()) for n in self._notices}
        self._requests = [r for r in base.requests if set(r.grounds.assumes) <= on]
        self._doses = [
            (dose_name(step.id, index), step, dose)
            for step in base.steps.values()
            for index, dose in enumerate(step.dose)
            if dose_name(step.id, index) in self._definitions
        ]
        self._guideline = GuidelineUsed(
            id=base.entry.id,
            title=base.entry.title,
            version=base.entry.version,
            digest=base.digest,
            profile=compiled.profile.id,
            parameters=dict(compiled.parameters),
        )
        self._assumed = {
            id_: AssumptionUsed(
                id=id_,
                version=assumption.entry.version,
                title=assumption.entry.title,
                statement=assumption.entry.statement,
            )
            for id_, assumption in base.assumptions.items()
        }

    # --- preparation ------------------------------------------------------------------------

    def _spoke(
        self,
        family: Family | Literal["progression"],
        rule: Rule | Progression,
        grounds: Grounds,
        roots: Iterable[Expression],
    ) -> _Spoke:
        fields: dict[str, None] = {}
        for root in roots:
            for node, definition in self._reads(root):
                if definition is not None:
                    grounds = grounds | definition
                elif isinstance(node, Field):
                    fields[node.path] = None
        return _Spoke(family, rule, grounds, tuple(fields))

    def _reads(self, root: Expression) -> Iterator[tuple[Expression, Grounds | None]]:
        """Yield the fields an expression reads and the grounds of the definitions it goes by."""
        done: set[str] = set()
        todo = [root]
        while todo:
            for node in walk(todo.pop()):
                if isinstance(node, Reference) and node.name not in done:
                    done.add(node.name)
                    defined = self._base.definitions[node.name]
                    yield node, defined.grounds
                    todo.append(defined.expression)
                elif isinstance(node, Field):
                    yield node, None

    # --- the answer -------------------------------------------------------------------------

    def recommend(
        self,
        assessment: Assessment,
        verdicts: tuple[Verdict, ...],
        engines: tuple[str, ...],
        versions: Mapping[str, str],
    ) -> Recommendation:
        """Return the recommendation for a patient, given the verdicts on every definition."""
        named = dict(zip(self._names, verdicts, strict=True))
        evidence = Evidence(self._base, self._compiled, assessment, named)
        speech = _Speech(self, evidence)
        outcome = next(o for o in Outcome if named[outcome_name(o)] is True)
        possible = speech.possible(outcome)
        cautions = speech.cautions()
        conflicts = speech.true(self._by_family[Family.CONFLICT])
        not_evaluable = speech.not_evaluable()
        steps: tuple[StepAdvice, ...] = ()
        missing: tuple[Missing, ...] = ()
        if outcome is Outcome.RECOMMEND:
            steps = tuple(speech.steps())
            reasons = tuple(dict.fromkeys(r for step in steps for r in step.reasons))
        elif outcome is Outcome.SURVEILLANCE:
            reasons = speech.true(self._by_family[Family.SURVEILLANCE])
        elif outcome is Outcome.ASSESS_FIRST:
            reasons = speech.assess(conflicts)
        else:
            reasons = speech.true([r for r in self._blocking if r.then is outcome])
        if outcome is Outcome.ASSESS_FIRST or possible:
            missing = speech.missing()
        elif steps:
            missing = speech.awaited(steps)
        notices = tuple(speech.notices(outcome))
        answers = tuple(speech.answers(steps))
        parts: list[Reason | StepAdvice | NotEvaluable | NoticeGiven | Answer] = [
            *reasons,
            *steps,
            *cautions,
            *conflicts,
            *not_evaluable,
            *notices,
            *answers,
        ]
        facts: set[str] = set()
        cites: set[str] = set()
        assumes: set[str] = set()
        for part in parts:
            facts.update(part.facts)
            cites.update(part.cites)
            assumes.update(part.assumes)
        base = self._base
        recommendation = Recommendation.model_construct(
            outcome=outcome,
            basis=_basis(outcome, reasons, not_evaluable, self._compiled.off),
            steps=steps,
            reasons=reasons,
            possible=possible,
            missing=missing,
            not_evaluable=not_evaluable,
            conflicts=conflicts,
            cautions=cautions,
            notices=notices,
            answers=answers,
            facts=tuple(fact for fact in base.facts if fact in facts),
            assumptions=tuple(a for id_, a in self._assumed.items() if id_ in assumes),
            citations=tuple(c for id_, c in base.citations.items() if id_ in cites),
            review=base.entry.review,
            guideline=self._guideline,
            engines=engines,
            agreement=len(engines) > 1,
            versions=versions,
            input_digest=_digest(assessment),
        )
        recommendation._evidence = evidence
        return recommendation

    def _reason(self, name: str, verdict: _Spoken, value: Callable[[str], Value]) -> Reason:
        spoke = self._spokes[name]
        rule = spoke.rule
        return Reason.model_construct(
            rule=name,
            family=spoke.family,
            statement=rule.statement,
            verdict=verdict,
            advice=rule.advice,
            urgency=rule.urgency if isinstance(rule, Rule) else "",
            step=rule.step if isinstance(rule, Rule) else None,
            seen=self._seen(spoke.fields, value),
            facts=spoke.grounds.facts,
            cites=spoke.grounds.cites,
            assumes=spoke.grounds.assumes,
        )

    def _seen(self, paths: Iterable[str], value: Callable[[str], Value]) -> tuple[Seen, ...]:
        found: list[Seen] = []
        for path in paths:
            known = value(path)
            if known is not None:
                spec = self._fields[path]
                found.append(
                    Seen.model_construct(
                        path=path, label=spec.label, value=_shown(known), unit=spec.unit
                    )
                )
        return tuple(found)

    def _notice(self, notice: Notice, seen: tuple[Seen, ...]) -> NoticeGiven:
        return NoticeGiven.model_construct(
            id=notice.entry.id,
            kind=notice.entry.kind,
            statement=notice.entry.statement,
            seen=seen,
            facts=notice.grounds.facts,
            cites=notice.grounds.cites,
            assumes=notice.grounds.assumes,
        )


class _Speech:
    """One patient's answer in the making."""

    def __init__(self, recommender: Recommender, evidence: Evidence) -> None:
        self.r = recommender
        self.verdicts = evidence.verdicts
        self.value = evidence.value
        self.assessment = evidence.assessment
        self.relevance = Relevance(recommender._definitions, evidence.verdicts, evidence.value)

    def reason(self, name: str, verdict: _Spoken) -> Reason:
        return self.r._reason(name, verdict, self.value)

    def true(self, rules: Iterable[Rule]) -> tuple[Reason, ...]:
        return tuple(self.reason(r.id, "true") for r in rules if self.verdicts[r.id] is True)

    def undecided(self, rule: Rule) -> bool:
        """Whether a rule could still come true and nothing excuses it."""
        return self.verdicts[rule.id] is None and not self.verdicts.get(excused_name(rule.id))

    def blocks(self, rule: Rule) -> bool:
        return self.undecided(rule) and (rule.then is not None or rule.optional is not None)

    def possible(self, outcome: Outcome) -> tuple[Outcome, ...]:
        found: list[Outcome] = []
        for level in _LEVELS:
            if level is outcome:
                break
            if self.verdicts[any_name(level)] is None and any(
                rule.then is level and self.undecided(rule) for rule in self.r._blocking
            ):
                found.append(level)
        return tuple(found)

    def cautions(self) -> tuple[Reason, ...]:
        given = [*self.true(self.r._cautions)]
        for name, step, dose in self.r._doses:
            if self.verdicts[name] is True:
                given.append(self.dose_caution(name, step, dose))
        return tuple(given)

    def dose_caution(self, name: str, step: StepEntry, dose: DoseEntry) -> Reason:
        path = dose.check or ""
        grounds = grounds_of(dose)
        return Reason.model_construct(
            rule=name,
            family=Family.CAUTION,
            statement=f"{dose.item}: what is done lies outside the printed {printed_range(dose)}",
            verdict="true",
            advice="",
            urgency="",
            step=step.id,
            seen=self.r._seen([path], self.value),
            facts=grounds.facts,
            cites=grounds.cites,
            assumes=grounds.assumes,
        )

    def not_evaluable(self) -> tuple[NotEvaluable, ...]:
        found: list[NotEvaluable] = []
        for rule in self.r._excusable:
            if self.verdicts[excused_name(rule.id)] is not True:
                continue
            assert rule.optional is not None
            grounds = self.r._spokes[rule.id].grounds | Grounds(assumes=(rule.optional.assumes,))
            found.append(
                NotEvaluable.model_construct(
                    rule=rule.id,
                    statement=rule.statement,
                    missing=self.ordered(self.relevance.of(rule.id)),
                    facts=grounds.facts,
                    cites=grounds.cites,
                    assumes=grounds.assumes,
                )
            )
        return tuple(found)

    def ordered(self, paths: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(set(paths) & set(self.r._order), key=self.r._order.__getitem__))

    def assess(self, conflicts: tuple[Reason, ...]) -> tuple[Reason, ...]:
        """Return why nothing can be decided yet: what is true, unmet, undecided or left open."""
        reasons = list(conflicts)
        for rule in self.r._blocking:
            if self.verdicts[rule.id] is True and rule.then is Outcome.ASSESS_FIRST:
                reasons.append(self.reason(rule.id, "true"))
            elif self.blocks(rule):
                reasons.append(self.reason(rule.id, "unknown"))
        reasons += [
            self.reason(rule.id, "unmet")
            for rule in self.r._by_family[Family.REQUIREMENT]
            if self.verdicts[unmet_name(rule.id)] is True
        ]
        reasons += self.open_points()
        if not reasons:
            reasons.append(
                Reason.model_construct(
                    rule=NO_RULE,
                    family=Family.OPEN_POINT,
                    statement="No rule of this guideline decides for this person",
                    verdict="unknown",
                    advice="A clinician decides; the guideline is silent.",
                    urgency="",
                    step=None,
                    seen=(),
                    facts=(),
                    cites=(),
                    assumes=(),
                )
            )
        return tuple(reasons)

    def open_points(self) -> Iterator[Reason]:
        for id_ in self.r._compiled.decision.open_points:
            verdict = self.verdicts[f"{id_}:open"]
            if verdict is False:
                continue
            entry = self.r._base.assumptions[id_].entry
            yield Reason.model_construct(
                rule=id_,
                family=Family.OPEN_POINT,
                statement=entry.question,
                verdict="true" if verdict else "unknown",
                advice=f"The source leaves this open; {id_} would answer it: {entry.title}.",
                urgency="",
                step=None,
                seen=(),
                facts=entry.facts,
                cites=entry.cites,
                assumes=(),
            )

    # --- missing inputs ---------------------------------------------------------------------

    def missing(self) -> tuple[Missing, ...]:
        """Return the inputs that the undecided rules wait for, most decisive first."""
        waiting: dict[str, list[tuple[str, Outcome]]] = {}

        def note(rule: Rule, outcome: Outcome, paths: Iterable[str]) -> None:
            for path in paths:
                waiting.setdefault(path, []).append((rule.id, outcome))

        for rule in self.r._blocking:
            if self.blocks(rule):
                note(rule, rule.then or Outcome.ASSESS_FIRST, self.relevance.of(rule.id))
        for rule in self.r._by_family[Family.REQUIREMENT]:
            if self.verdicts[unmet_name(rule.id)] is True:
                note(rule, Outcome.ASSESS_FIRST, self.relevance.of(rule.id))
        return self.listed(waiting)

    def awaited(self, steps: tuple[StepAdvice, ...]) -> tuple[Missing, ...]:
        """Return the inputs that steps wait for."""
        waiting: dict[str, list[tuple[str, Outcome]]] = {}
        for step in steps:
            for path in step.waiting_for:
                waiting.setdefault(path, []).append((step.id, Outcome.RECOMMEND))
        return self.listed(waiting)

    def listed(self, waiting: Mapping[str, list[tuple[str, Outcome]]]) -> tuple[Missing, ...]:
        fields, order = self.r._fields, self.r._order

        def decisive(path: str) -> tuple[int, int, int]:
            rules = waiting[path]
            return min(o.precedence for _, o in rules), -len(rules), order[path]

        return tuple(
            Missing.model_construct(
                path=path,
                label=fields[path].label,
                question=fields[path].question,
                unit=fields[path].unit,
                members=fields[path].members,
                rules=tuple(dict.fromkeys(rule for rule, _ in waiting[path])),
                could_lead_to=min((o for _, o in waiting[path]), key=lambda o: o.precedence),
                absent_reason=self.absent_reason(path),
            )
            for path in sorted(set(waiting) & set(order), key=decisive)
        )

    def absent_reason(self, path: str) -> str | None:
        reason = self.assessment.data_absent_reasons.get(path)
        return None if reason is None else str(reason.value)

    # --- steps ------------------------------------------------------------------------------

    def steps(self) -> Iterator[StepAdvice]:
        for track in self.r._base.tracks.values():
            own = [p for p in self.r._compiled.decision.progressions if p.track == track.entry.id]
            given = self.found(track)
            if given is not None:
                yield self.exercise(track, own, *given)
            elif self.verdicts[action_name(track.entry.id, Action.WITHHOLD)] is True:
                yield self.withheld(track, own)

    def found(self, track: Track) -> tuple[str, Action] | None:
        for step in self.r._base.steps.values():
            if step.track != track.entry.id:
                continue
            for action in _EXERCISE:
                if self.verdicts.get(action_name(step.id, action)) is True:
                    return step.id, action
        return None

    def current(self, track: Track) -> str | None:
        path = track.entry.current
        place = None if path is None else self.value(path)
        return str(place) if place is not None and place not in track.entry.outside else None

    def exercise(
        self, track: Track, own: list[Progression], step: str, action: Action
    ) -> StepAdvice:
        current = self.current(track)
        reasons: list[Reason] = []
        waiting: set[str] = set()
        for p in own:
            verdict = self.verdicts[p.id]
            match p.move:
                case Start(step=to) if action is Action.START and to == step and verdict is True:
                    reasons.append(self.reason(p.id, "true"))
                case Progress(origin=origin, to=to) if origin == current:
                    if action is Action.PROGRESS and to == step and verdict is True:
                        reasons.append(self.reason(p.id, "true"))
                    elif action is Action.CONTINUE and verdict is not True and step == current:
                        reasons.append(self.reason(p.id, _spoken(verdict)))
                        waiting |= self.relevance.of(p.id)
                case StepBack(origin=origin, to=to) if origin == current and to == step:
                    if action is Action.CONTINUE and verdict is not False:
                        reasons.append(self.reason(p.id, _spoken(verdict)))
                        waiting |= self.relevance.of(p.id)
                case _:
                    pass
        return self.advice(track, step, action, reasons, waiting)

    def withheld(self, track: Track, own: list[Progression]) -> StepAdvice:
        bars = [p for p in own if isinstance(p.move, Withhold) and self.verdicts[p.id] is not False]
        current = self.current(track)
        wanted = [
            p
            for p in own
            if isinstance(p.move, Start) and current is None and self.verdicts[p.id] is not True
        ]
        spoken = [*bars, *wanted]
        reasons = [self.reason(p.id, _spoken(self.verdicts[p.id])) for p in spoken]
        waiting = set[str]().union(*(self.relevance.of(p.id) for p in spoken))
        named = next(
            (p.move.step for p in bars if isinstance(p.move, Withhold) and p.move.step), None
        )
        first = next((p.move.step for p in own if isinstance(p.move, Start)), None)
        step = named or current or first or track.entry.id
        return self.advice(track, step, Action.WITHHOLD, reasons, waiting)

    def advice(
        self,
        track: Track,
        step: str,
        action: Action,
        reasons: list[Reason],
        waiting: set[str],
    ) -> StepAdvice:
        entry = self.r._base.steps.get(step)
        grounds = Grounds() if entry is None else grounds_of(entry)
        exercise = action is not Action.WITHHOLD
        if entry is not None and exercise:
            for dose in entry.dose:
                grounds = grounds | grounds_of(dose)
        for reason in reasons:
            grounds = grounds | Grounds(reason.facts, reason.cites, reason.assumes)
        return StepAdvice.model_construct(
            id=step,
            track=track.entry.id,
            action=action,
            title=track.entry.title if entry is None else entry.title,
            content="" if entry is None else entry.content,
            dose=entry.dose if entry is not None and exercise else (),
            conditions=entry.conditions if entry is not None and exercise else (),
            next=entry.next if entry is not None and exercise else "",
            reasons=tuple(reasons),
            waiting_for=self.ordered(waiting),
            facts=grounds.facts,
            cites=grounds.cites,
            assumes=grounds.assumes,
        )

    # --- what rides along -------------------------------------------------------------------

    def shown(self, item: Notice | Request) -> bool:
        if isinstance(item.when, Constant):
            return item.when.value is True
        return self.verdicts[item.entry.id] is True

    def notices(self, outcome: Outcome) -> Iterator[NoticeGiven]:
        for notice in self.r._notices:
            entry = notice.entry
            if entry.outcomes and outcome.value not in entry.outcomes:
                continue
            if self.shown(notice):
                if entry.shows:
                    yield self.r._notice(notice, self.r._seen(entry.shows, self.value))
                else:
                    yield self.r._plain_notices[entry.id]

    def answers(self, steps: tuple[StepAdvice, ...]) -> Iterator[Answer]:
        for request in self.r._requests:
            if not self.shown(request):
                continue
            grant = request.entry.granted_by
            granted = grant is not None and any(
                step.track == grant.track and step.action.value == grant.action for step in steps
            )
            yield Answer.model_construct(
                request=request.entry.id,
                statement=request.entry.statement,
                granted=granted,
                answer=request.entry.if_granted if granted else request.entry.otherwise,
                facts=request.grounds.facts,
                cites=request.grounds.cites,
                assumes=request.grounds.assumes,
            )


def printed_range(dose: DoseEntry) -> str:
    """Return the range of a dose as it is printed, with its unit.

    >>> printed_range(DoseEntry(item="hold", low=10, high=30, unit="s"))
    '10-30 s'
    """
    if dose.not_specified:
        return "not specified by source"
    if dose.text:
        return dose.text
    ends = [f"{end:g}" for end in (dose.low, dose.high) if end is not None]
    if len(ends) == 1:
        ends = [("at most " if dose.low is None else "at least ") + ends[0]]
    elif ends[0] == ends[1]:
        ends = ends[:1]
    return "-".join(ends) + (f" {dose.unit}" if dose.unit else "")


def _shown(value: bool | int | float | str | date) -> Known:
    return value.isoformat() if isinstance(value, date) else value


def _spoken(verdict: Verdict) -> _Spoken:
    return "unknown" if verdict is None else "true" if verdict else "false"


def _basis(
    outcome: Outcome,
    reasons: tuple[Reason, ...],
    not_evaluable: tuple[NotEvaluable, ...],
    off: frozenset[str],
) -> Basis:
    """Return who decides: for a step every reason counts, otherwise one from the source is enough.

    A rule rests on nobody where what it refers to is an open point.
    """
    if outcome is Outcome.RECOMMEND:
        assumed = not_evaluable or any(reason.assumes for reason in reasons)
        return Basis.ASSUMPTION if assumed else Basis.SOURCE
    bases = {_basis_of(reason, off) for reason in reasons}
    for basis in (Basis.SOURCE, Basis.UNDETERMINED, Basis.ASSUMPTION):
        if basis in bases:
            return basis
    return Basis.SOURCE


def _basis_of(reason: Reason, off: frozenset[str]) -> Basis:
    if reason.family is Family.OPEN_POINT or off.intersection(reason.assumes):
        return Basis.UNDETERMINED
    return Basis.ASSUMPTION if reason.assumes else Basis.SOURCE


def _digest(assessment: Assessment) -> str:
    return hashlib.sha256(assessment.model_dump_json(exclude_none=True).encode()).hexdigest()
