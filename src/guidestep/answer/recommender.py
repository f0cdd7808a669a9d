"""The recommender: reads the engines' verdicts by name and puts the answer together."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import cached_property, partial

from guidestep.answer.missing import Waiting, awaited, listed, wait
from guidestep.answer.protocol import advised
from guidestep.answer.voice import Prepared, Spoken, Voice
from guidestep.assessment import Assessment
from guidestep.explain.evidence import Evidence
from guidestep.explain.relevance import Relevance
from guidestep.explain.sources import dose_words
from guidestep.language.compiler import Compiled
from guidestep.language.decision import (
    any_name,
    outcome_name,
    undecided_name,
    unmet_name,
)
from guidestep.language.documents import DoseEntry, RequestEntry, StepEntry
from guidestep.language.program import Value, Verdict
from guidestep.language.rulebase import Grounds, Rulebase, grounds_of
from guidestep.outcome import NO_RULE, Basis, Family, Outcome
from guidestep.recommendation import (
    Answer,
    GuidelineUsed,
    Missing,
    NotEvaluable,
    NoticeGiven,
    ParameterUsed,
    Parts,
    Preparation,
    Reason,
    Recommendation,
    Result,
    StepAdvice,
    Versions,
)

_LEVELS = tuple((outcome, any_name(outcome)) for outcome in tuple(Outcome)[:3])


class Recommender:
    """Turns the verdicts on one patient into a recommendation, for one compiled profile."""

    def __init__(self, base: Rulebase, compiled: Compiled, versions: Versions) -> None:
        self._voice = Voice(base, compiled)
        self._outcomes = [(outcome, self._voice.at[outcome_name(outcome)]) for outcome in Outcome]
        used = GuidelineUsed(
            id=base.entry.id,
            title=base.entry.title,
            version=base.entry.version,
            source=base.entry.source.title,
            source_url=base.entry.source.url,
            source_updated=base.entry.source.updated.isoformat(),
            digest=base.digest,
            profile=compiled.profile.id,
            parameters=tuple(
                ParameterUsed(id=id_, value=value) for id_, value in compiled.parameters.items()
            ),
        )
        self._common: Parts = {
            "guideline": used,
            "review": base.entry.review,
            "versions": versions,
        }
        self._settled: dict[tuple[Outcome, tuple[str, ...]], Parts] = {}

    def recommend(
        self,
        assessment: Assessment,
        inputs: tuple[Value, ...],
        verdicts: tuple[Verdict, ...],
        engines: tuple[str, ...],
    ) -> Recommendation:
        """Return the recommendation for a patient, given the verdicts on every definition.

        `inputs` are those the engines were given, in the order of the program.
        """
        voice = self._voice
        evidence = Evidence(voice.base, voice.compiled, assessment, inputs, verdicts)
        outcome = self._outcome(verdicts)
        settled = self._settled.get((outcome, engines)) or self._settle(outcome, engines)
        return Recommendation.made_of(settled, partial(_said, voice, evidence, outcome), evidence)

    def _settle(self, outcome: Outcome, engines: tuple[str, ...]) -> Parts:
        """Return the parts that are the same for all patients with an outcome."""
        settled: Parts = {
            **self._common,
            "outcome": outcome,
            "engines": engines,
            "agreement": len(engines) > 1,
        }
        return self._settled.setdefault((outcome, engines), settled)

    def _outcome(self, verdicts: tuple[Verdict, ...]) -> Outcome:
        for outcome, at in self._outcomes:
            if verdicts[at] is True:
                return outcome
        raise LookupError("no outcome is true: the program is not that of a guideline")


def _said(voice: Voice, evidence: Evidence, outcome: Outcome) -> Parts:
    """Return what there is to say with an outcome."""
    speech = _Speech(voice, evidence)
    possible = speech.possible(outcome)
    conflicts = speech.true(voice.by_family[Family.CONFLICT])
    steps: tuple[StepAdvice, ...] = ()
    missing: tuple[Missing, ...] = ()
    match outcome:
        case Outcome.RECOMMEND:
            steps = speech.steps()
            reasons = tuple({r.rule: r for step in steps for r in step.reasons}.values())
        case Outcome.SURVEILLANCE:
            reasons = speech.true(voice.by_family[Family.SURVEILLANCE])
        case Outcome.ASSESS_FIRST:
            reasons = (*conflicts, *speech.assess())
        case _:
            reasons = speech.true(voice.blocking, outcome)
    if outcome is Outcome.ASSESS_FIRST or possible:
        missing = listed(voice, evidence.assessment, speech.waiting(outcome))
    elif any(step.waiting_for for step in steps):
        missing = listed(voice, evidence.assessment, awaited(steps))
    preparation = speech.preparation(reasons)
    cautions = speech.cautions()
    not_evaluable = speech.not_evaluable()
    notices = speech.notices(outcome)
    answers = speech.answers(steps)
    facts, assumptions, citations = voice.ledger.listed(speech.mark)
    return {
        "basis": _basis(outcome, reasons, not_evaluable, voice.compiled.off),
        "steps": steps,
        "reasons": reasons,
        "possible": possible,
        "missing": missing,
        "preparation": preparation,
        "results": speech.results(),
        "not_evaluable": not_evaluable,
        "conflicts": conflicts,
        "cautions": cautions,
        "notices": notices,
        "answers": answers,
        "facts": facts,
        "assumptions": assumptions,
        "citations": citations,
        "input_digest": _digest(evidence.assessment),
    }


class _Speech:
    """One patient's answer in the making; `mark` gathers what it rests on."""

    def __init__(self, voice: Voice, evidence: Evidence) -> None:
        self.voice = voice
        self.evidence = evidence
        self.found = evidence.found
        self.mark = 0

    def relevant(self) -> Relevance:
        """Return what finds the inputs that matter: rarely needed, as much is remembered."""
        return self._relevance

    @cached_property
    def _relevance(self) -> Relevance:
        return Relevance(self.voice.definitions, self.evidence.verdicts, self.evidence.value)

    def reason(self, prepared: Prepared, verdict: Spoken) -> Reason:
        self.mark |= prepared.mark
        return self.voice.reason(prepared, verdict, self.evidence)

    def true(self, rules: Iterable[Prepared], outcome: Outcome | None = None) -> tuple[Reason, ...]:
        """Return what the true rules say, all of them or those with an outcome."""
        found = self.found
        return tuple(
            [
                self.reason(p, "true")
                for p in rules
                if found[p.at] is True and (outcome is None or p.then is outcome)
            ]
        )

    def undecided(self, prepared: Prepared) -> bool:
        """Whether a rule could still come true and nothing excuses it."""
        if self.found[prepared.at] is not None:
            return False
        return prepared.excused is None or self.found[prepared.excused] is not True

    def blocks(self, prepared: Prepared) -> bool:
        """Whether a rule is undecided and bars every step."""
        return prepared.blocks and self.undecided(prepared)

    def possible(self, outcome: Outcome) -> tuple[Outcome, ...]:
        """Return the more urgent outcomes that an unknown input could still bring."""
        return tuple(
            [
                level
                for level, name in _LEVELS
                if self.found[self.voice.at[name]] is None
                and level.precedence < outcome.precedence
                and any(p.then is level and self.undecided(p) for p in self.voice.blocking)
            ]
        )

    def assess(self) -> Iterator[Reason]:
        """Yield why nothing can be decided yet: what is true, undecided, unmet or left open."""
        silent = True
        for prepared in self.voice.blocking:
            if self.found[prepared.at] is True and prepared.then is Outcome.ASSESS_FIRST:
                silent = False
                yield self.reason(prepared, "true")
            elif self.blocks(prepared):
                silent = False
                yield self.reason(prepared, "unknown")
        for prepared in self.unmet():
            silent = False
            yield self.reason(prepared, "unmet")
        for reason in self.open_points():
            silent = False
            yield reason
        # An open choice speaks for itself only where nothing else has said why.
        for prepared in self.open_choices() if silent else ():
            silent = False
            yield self.reason(prepared, "unknown")
        conflicts = self.voice.by_family[Family.CONFLICT]
        if silent and not any(self.found[p.at] is True for p in conflicts):
            yield Reason(
                rule=NO_RULE,
                family=Family.OPEN_POINT,
                statement="No rule of this guideline decides for this person",
                verdict="unknown",
                advice="A clinician decides; the guideline is silent.",
            )

    def open_points(self) -> Iterator[Reason]:
        for id_ in self.voice.compiled.decision.open_points:
            verdict = self.evidence.verdicts[f"{id_}:open"]
            if verdict is False:
                continue
            entry = self.voice.base.assumptions[id_].entry
            self.mark |= self.voice.ledger.mark(Grounds(entry.facts, entry.cites))
            yield Reason(
                rule=id_,
                family=Family.OPEN_POINT,
                statement=entry.question,
                verdict="true" if verdict else "unknown",
                advice=f"The source leaves this open; {id_} would answer it: {entry.title}.",
                facts=entry.facts,
                cites=entry.cites,
            )

    def waiting(self, outcome: Outcome) -> Waiting:
        """Return the inputs that undecided rules and unmet requirements wait for.

        Once the outcome can only be lifted, what could not lift it waits for nothing any more.
        """
        waiting: Waiting = {}
        undecided = [p for p in self.voice.blocking if self.blocks(p)]
        unmet = self.unmet()
        if outcome is Outcome.ASSESS_FIRST and not self.barred([*undecided, *unmet]):
            asking = [*undecided, *unmet, *self.open_choices()]
        else:
            rank = outcome.precedence
            asking = [p for p in undecided if p.then and p.then.precedence < rank]
        for prepared in asking:
            id_, then = prepared.rule.id, prepared.then or Outcome.ASSESS_FIRST
            wait(waiting, id_, then, self.waits(prepared))
        return waiting

    def barred(self, blocking: Iterable[Prepared]) -> bool:
        """Whether something bars every step for good: whatever is learnt, nothing can start.

        `blocking` are the rules that bar every step while they are undecided or unmet.
        """
        true = [p for p in self.voice.barring if self.found[p.at] is True]
        return any(not self.waits(p) for p in [*true, *blocking]) or any(
            self.evidence.verdicts[name] is not False and not self.open_inputs(name)
            for name in self.voice.open_points
        )

    def waits(self, prepared: Prepared) -> frozenset[str]:
        """Return the unknown inputs that could still change a rule."""
        id_ = prepared.rule.id
        name = unmet_name(id_) if prepared.family is Family.REQUIREMENT else id_
        return prepared.waits.recall(self.evidence.given, lambda: self.open_inputs(name))

    def open_inputs(self, name: str) -> frozenset[str]:
        """Return the unknown inputs that could change a definition, open points left out."""
        return self.relevant().of(name) & self.voice.order.keys()

    def unmet(self) -> list[Prepared]:
        """Return the requirements that apply and do not hold."""
        at, found = self.voice.at, self.found
        return [
            p
            for p in self.voice.by_family[Family.REQUIREMENT]
            if found[at[unmet_name(p.rule.id)]] is True
        ]

    def open_choices(self) -> list[Prepared]:
        """Return what is unknown in the tracks whose choice of a step is open."""
        at, found, prepared = self.voice.at, self.found, self.voice.prepared
        return [
            prepared[p.id]
            for track in self.voice.tracks
            if (name := undecided_name(track.track.entry.id)) in at and found[at[name]] is True
            for p in track.progressions
            if found[prepared[p.id].at] is None
        ]

    def steps(self) -> tuple[StepAdvice, ...]:
        given: list[StepAdvice] = []
        for step, mark in advised(self.voice, self.evidence, self.relevant):
            self.mark |= mark
            given.append(step)
        return tuple(given)

    def preparation(self, reasons: tuple[Reason, ...]) -> tuple[Preparation, ...]:
        """Return the steps of assessment in which unmet requirements are met."""
        steps = dict.fromkeys(r.step for r in reasons if r.step in self.voice.preparations)
        given: list[Preparation] = []
        for step in steps:
            preparation, mark = self.voice.preparations[step or ""]
            self.mark |= mark
            given.append(preparation)
        return tuple(given)

    def results(self) -> tuple[Result, ...]:
        """Return the scores, and the bands of which something is known."""
        given: list[Result] = []
        for defined, places in self.voice.results:
            id_, statement, labels = defined.id, defined.statement, defined.type.members
            if not labels:
                bounds = self.found[places[0]]
                assert isinstance(bounds, tuple)
                given.append(Result(id=id_, statement=statement, low=bounds[0], high=bounds[1]))
                continue
            verdicts = [self.found[place] for place in places]
            if True in verdicts:
                label = labels[verdicts.index(True)]
                given.append(Result(id=id_, statement=statement, label=label))
            elif False in verdicts:
                left = tuple(n for n, v in zip(labels, verdicts, strict=True) if v is not False)
                given.append(Result(id=id_, statement=statement, possible=left))
        return tuple(given)

    def cautions(self) -> tuple[Reason, ...]:
        given = self.true(self.voice.cautions)
        for at, step, dose, mark in self.voice.doses:
            if self.found[at] is True:
                self.mark |= mark
                given = (*given, self.dose_caution(at, step, dose))
        return given

    def dose_caution(self, at: int, step: StepEntry, dose: DoseEntry) -> Reason:
        grounds = grounds_of(dose)
        return Reason(
            rule=self.voice.compiled.program.definitions[at].name,
            family=Family.CAUTION,
            statement=f"{dose.item}: what is done lies outside the printed {dose_words(dose)}",
            verdict="true",
            step=step.id,
            seen=self.voice.seen([dose.check or ""], self.evidence),
            facts=grounds.facts,
            cites=grounds.cites,
            assumes=grounds.assumes,
        )

    def not_evaluable(self) -> tuple[NotEvaluable, ...]:
        given: list[NotEvaluable] = []
        for excusable in self.voice.excusable:
            if self.found[excusable.at] is True:
                self.mark |= excusable.mark
                given.append(self.voice.not_evaluable(excusable, self.evidence, self.relevant))
        return tuple(given)

    def notices(self, outcome: Outcome) -> tuple[NoticeGiven, ...]:
        found, mark = self.found, self.mark
        given: list[NoticeGiven] = []
        for ready in self.voice.notices[outcome]:
            if ready.at is None or found[ready.at] is True:
                mark |= ready.mark
                given.append(ready.given or self.voice.notice(ready, self.evidence))
        self.mark = mark
        return tuple(given)

    def answers(self, steps: tuple[StepAdvice, ...]) -> tuple[Answer, ...]:
        given: list[Answer] = []
        for request, at, mark in self.voice.requests:
            if at is not None and self.found[at] is not True:
                continue
            self.mark |= mark
            entry, grant = request.entry, request.entry.granted_by
            granted = grant is not None and any(
                step.track == grant.track and step.action.value == grant.action for step in steps
            )
            given.append(
                Answer(
                    request=entry.id,
                    statement=entry.statement,
                    granted=granted,
                    answer=_answer(entry, granted=granted, advised=bool(steps)),
                    facts=request.grounds.facts,
                    cites=request.grounds.cites,
                    assumes=request.grounds.assumes,
                )
            )
        return tuple(given)


def _answer(entry: RequestEntry, *, granted: bool, advised: bool) -> str:
    if granted:
        return entry.if_granted
    if entry.granted_by is not None and not advised:
        # What the guideline says of a request is about its tracks, and here none was advised.
        return "Not granted: nothing is started or changed at this visit; see the outcome."
    return entry.otherwise


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
    bases = [_basis_of(reason, off) for reason in reasons]
    for basis in (Basis.SOURCE, Basis.UNDETERMINED, Basis.ASSUMPTION):
        if basis in bases:
            return basis
    return Basis.SOURCE


def _basis_of(reason: Reason, off: frozenset[str]) -> Basis:
    if reason.family is Family.OPEN_POINT or off.intersection(reason.assumes):
        return Basis.UNDETERMINED
    return Basis.ASSUMPTION if reason.assumes else Basis.SOURCE


def _digest(assessment: Assessment) -> str:
    # What `model_dump_json` calls: the bytes are the same, without a text made in between.
    text = assessment.__pydantic_serializer__.to_json(assessment, exclude_none=True)
    return hashlib.sha256(text).hexdigest()
