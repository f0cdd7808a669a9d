"""What is said of each patient of a cohort, written as further definitions of the program.

A recommendation is put together in Python, one patient at a time. Here the same policy is written
in the tree, so that any engine computes it, and a frame engine for all patients at once: which
rules are the reasons, who decides, which step each track is at, and what is missing. A test holds
the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from guidestep.answer.voice import Prepared, TrackVoice, Voice
from guidestep.frame.openness import Openness
from guidestep.language.compiler import Compiled
from guidestep.language.decision import (
    action_name,
    any_name,
    excused_name,
    outcome_name,
    undecided_name,
    unmet_name,
)
from guidestep.language.lowering import (
    FALSE,
    TRUE,
    all_of,
    any_of,
    is_false,
    is_true,
    negated,
    none_of,
)
from guidestep.language.program import Definition, Program
from guidestep.language.rulebase import Progress, Rulebase, Start, StepBack, Withhold
from guidestep.language.tree import Expression, Field, IsKnown, IsMember, Reference
from guidestep.language.types import CONDITION
from guidestep.outcome import NO_RULE, Action, Basis, Family, Outcome

_EXERCISE = (Action.START, Action.CONTINUE, Action.PROGRESS)
_LEVELS = tuple(Outcome)[:3]

Choice = tuple[tuple[str, str], ...]
"""Values with the two-valued definitions under which they are taken; at most one is true."""


@dataclass(frozen=True, slots=True)
class TrackReport:
    """A track: the step and the action it gets, if any."""

    track: str
    steps: Choice
    actions: Choice


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule or track that waits for an input.

    `definition` says that it does, if undecided rules are `listed` at all, or if it is a track; and
    `outcome` is what it could bring.
    """

    definition: str
    outcome: Outcome
    listed: bool


@dataclass(frozen=True, slots=True)
class Report:
    """A program with all that is reported of a patient; the names are those of definitions.

    `reasons` are the rules that decided, by id, in the order of the guideline. `missing` gives,
    for each input that may be missing, in the order of the model, who waits for it; `lists` is the
    definition that what undecided rules wait for is listed.
    """

    program: Program
    outcomes: Choice
    bases: Choice
    tracks: tuple[TrackReport, ...]
    reasons: Mapping[str, str]
    missing: Mapping[str, tuple[Asked, ...]]
    lists: str
    not_evaluable: tuple[str, ...]
    rules: Mapping[str, str]


def report(base: Rulebase, compiled: Compiled) -> Report:
    """Return the program of one profile, completed with what is reported of each patient."""
    return _Reporter(base, compiled).report()


@dataclass(slots=True)
class _Speech:
    """What is said on one track, gathered while its cases are gone through."""

    reasons: dict[str, list[Expression]] = field(default_factory=dict)
    waits: dict[str, list[Expression]] = field(default_factory=dict)


class _Reporter:
    """Writes the report of one compiled profile."""

    def __init__(self, base: Rulebase, compiled: Compiled) -> None:
        self.voice = Voice(base, compiled)
        self.compiled = compiled
        self.definitions = list(compiled.program.definitions)
        self.names = {d.name for d in self.definitions}
        self.openness = Openness({d.name: d for d in self.definitions}, self.define)
        self.reasons: dict[str, list[Expression]] = {}
        self.missing: dict[str, list[Asked]] = {}
        self.bases: dict[Basis, list[Expression]] = {basis: [] for basis in Basis}
        decision = compiled.decision
        excused = [excused_name(rule.id) for rule in decision.rules]
        self.excused = tuple(name for name in excused if name in self.names)

    def define(self, name: str, expression: Expression) -> Reference:
        self.definitions.append(Definition(name, expression, CONDITION))
        self.names.add(name)
        return Reference(name)

    def outcome(self, outcome: Outcome) -> Expression:
        return Reference(outcome_name(outcome))

    def report(self) -> Report:
        lists = self.define("report:lists", self._lists())
        self._terminal()
        self._surveillance()
        self._assess_first()
        self._waiting()
        tracks = tuple(self._track(track, lists) for track in self.voice.tracks)
        bases = self._bases()
        # Those that are off in this profile too: a place means the same rule in all of them.
        base = self.voice.base
        order = [*base.rules, *(p.id for p in base.progressions)]
        points = [id_ for id_, a in base.assumptions.items() if a.open_when is not None]
        reasons = {
            id_: self.define(f"reason:{id_}", any_of(*self.reasons.get(id_, ()))).name
            for id_ in [*order, *points, NO_RULE]
        }
        return Report(
            program=Program(
                self.compiled.program.name, self.compiled.program.inputs, tuple(self.definitions)
            ),
            outcomes=tuple((outcome.value, outcome_name(outcome)) for outcome in Outcome),
            bases=bases,
            tracks=tracks,
            reasons=reasons,
            missing={path: tuple(self.missing[path]) for path in self.voice.ordered(self.missing)},
            lists=lists.name,
            not_evaluable=self.excused,
            rules={id_: id_ for id_ in order if id_ in self.voice.prepared and id_ in self.names},
        )

    # --- which rules are the reasons --------------------------------------------------------

    def undecided(self, prepared: Prepared) -> Expression:
        """Return that a rule could still come true and nothing excuses it."""
        id_ = prepared.rule.id
        unknown = negated(IsKnown(Reference(id_)))
        excused = excused_name(id_)
        if excused not in self.names:
            return unknown
        return all_of(unknown, negated(is_true(Reference(excused))))

    def blocks(self, prepared: Prepared) -> Expression:
        """Return that an undecided rule bars every step."""
        return self.undecided(prepared) if prepared.blocks else FALSE

    def reason(self, prepared: Prepared, when: Expression) -> None:
        """Note when a rule is a reason."""
        self.reasons.setdefault(prepared.rule.id, []).append(when)
        self.bases[self._basis(prepared)].append(when)

    def _basis(self, prepared: Prepared) -> Basis:
        assumes = prepared.grounds.assumes
        if self.compiled.off.intersection(assumes):
            return Basis.UNDETERMINED
        return Basis.ASSUMPTION if assumes else Basis.SOURCE

    def _terminal(self) -> None:
        for level in _LEVELS:
            for prepared in self.voice.blocking:
                if prepared.then is level:
                    true = is_true(Reference(prepared.rule.id))
                    self.reason(prepared, all_of(self.outcome(level), true))

    def _surveillance(self) -> None:
        for prepared in self.voice.by_family[Family.SURVEILLANCE]:
            true = is_true(Reference(prepared.rule.id))
            self.reason(prepared, all_of(self.outcome(Outcome.SURVEILLANCE), true))

    def _assess_first(self) -> None:
        here = self.outcome(Outcome.ASSESS_FIRST)
        for prepared in self.voice.blocking:
            when = self.blocks(prepared)
            if prepared.then is Outcome.ASSESS_FIRST:
                when = any_of(is_true(Reference(prepared.rule.id)), when)
            if when != FALSE:
                self.reason(prepared, all_of(here, when))
        for prepared in self.voice.by_family[Family.REQUIREMENT]:
            missed = is_true(Reference(unmet_name(prepared.rule.id)))
            self.reason(prepared, all_of(here, missed))
        for id_ in self.compiled.decision.open_points:
            open_ = negated(is_false(Reference(f"{id_}:open")))
            self._unowned(id_, all_of(here, open_))
        # Noted up to here are the reasons of other outcomes, of which none is given now.
        said = [
            self.define(f"report:said {basis.value}", any_of(*ways))
            for basis, ways in self.bases.items()
        ]
        self.bases = {basis: [way] for basis, way in zip(self.bases, said, strict=True)}
        silent = self.define("report:silent", none_of(*said))
        choices: list[Expression] = []
        for prepared, open_ in self._open_choices():
            self.reason(prepared, all_of(here, silent, open_))
            choices.append(open_)
        for prepared in self.voice.by_family[Family.CONFLICT]:
            conflict = is_true(Reference(prepared.rule.id))
            self.reason(prepared, all_of(here, conflict))
            choices.append(conflict)
        self._unowned(NO_RULE, all_of(here, silent, none_of(*choices)))

    def _unowned(self, id_: str, when: Expression) -> None:
        self.reasons.setdefault(id_, []).append(when)
        self.bases[Basis.UNDETERMINED].append(when)

    def _open_choices(self) -> Iterable[tuple[Prepared, Expression]]:
        """Yield what is unknown in the tracks whose choice of a step is open."""
        for track in self.voice.tracks:
            name = undecided_name(track.track.entry.id)
            if name in self.names:
                for p in track.progressions:
                    unknown = negated(IsKnown(Reference(p.id)))
                    yield self.voice.prepared[p.id], all_of(is_true(Reference(name)), unknown)

    # --- what is missing --------------------------------------------------------------------

    def _lists(self) -> Expression:
        """Return that undecided rules are listed: nothing is decided, or worse is possible."""
        ways = [self.outcome(Outcome.ASSESS_FIRST)]
        for level in _LEVELS:
            could = [self.undecided(p) for p in self.voice.blocking if p.then is level]
            worse = [self.outcome(o) for o in Outcome if o.precedence > level.precedence]
            unknown = negated(IsKnown(Reference(any_name(level))))
            ways.append(all_of(unknown, any_of(*could), any_of(*worse)))
        return any_of(*ways)

    def _waiting(self) -> None:
        for prepared in self.voice.blocking:
            if prepared.blocks:
                self._wait(prepared, self.undecided(prepared))
        for prepared in self.voice.by_family[Family.REQUIREMENT]:
            self._wait(prepared, is_true(Reference(unmet_name(prepared.rule.id))))
        for prepared, open_ in self._open_choices():
            self._wait(prepared, open_)

    def _wait(self, prepared: Prepared, when: Expression) -> None:
        id_, outcome = prepared.rule.id, prepared.then or Outcome.ASSESS_FIRST
        for path, open_ in self.openness.of(id_).items():
            asks = self.define(f"asks:{id_}:{path}", all_of(when, open_))
            self.missing.setdefault(path, []).append(Asked(asks.name, outcome, listed=True))

    # --- steps ------------------------------------------------------------------------------

    def _track(self, track: TrackVoice, lists: Expression) -> TrackReport:
        """Return what a track gets, and note its reasons and what they wait for."""
        name = track.track.entry.id
        here = self.outcome(Outcome.RECOMMEND)
        earlier: list[Expression] = []
        chosen: dict[tuple[str, Action], Expression] = {}
        for step in track.steps:
            for action in _EXERCISE:
                done = action_name(step.id, action)
                if done in self.names:
                    found = is_true(Reference(done))
                    chosen[step.id, action] = all_of(here, found, none_of(*earlier))
                    earlier.append(found)
        withheld: Expression = FALSE
        if action_name(name, Action.WITHHOLD) in self.names:
            held = is_true(Reference(action_name(name, Action.WITHHOLD)))
            withheld = self.define(f"report:{name}:withheld", all_of(here, held, none_of(*earlier)))
        speech = _Speech()
        for p in track.progressions:
            ways = [self._speaks(track, p.id, *key, when) for key, when in chosen.items()]
            self._say(speech, p.id, any_of(*ways))
        steps = {(step, action): when for (step, action), when in chosen.items()}
        held_at = self._withheld(track, withheld, speech)
        self._settle(name, speech, lists)
        by_step: dict[str, list[Expression]] = {}
        by_action: dict[str, list[Expression]] = {}
        for (step_id, action), when in steps.items():
            by_step.setdefault(step_id, []).append(when)
            by_action.setdefault(action.value, []).append(when)
        for step_id, when in held_at:
            by_step.setdefault(step_id, []).append(when)
        by_action[Action.WITHHOLD.value] = [withheld]
        return TrackReport(
            name,
            self._choice(f"report:{name}:step", by_step),
            self._choice(f"report:{name}:action", by_action),
        )

    def _choice(self, name: str, ways: Mapping[str, list[Expression]]) -> Choice:
        joined = {value: any_of(*found) for value, found in ways.items()}
        return tuple(
            (value, self.define(f"{name}:{value}", when).name)
            for value, when in joined.items()
            if when != FALSE
        )

    def _speaks(
        self, track: TrackVoice, id_: str, step: str, action: Action, chosen: Expression
    ) -> Expression:
        """Return that a progression is a reason for an exercise action, as far as it can be."""
        move = next(p.move for p in track.progressions if p.id == id_)
        verdict = Reference(id_)
        match move:
            case Start(step=to) if action is Action.START and to == step:
                return all_of(chosen, is_true(verdict))
            case Progress(origin=origin, to=to) if action is Action.PROGRESS and to == step:
                return all_of(chosen, self._at(track, origin), is_true(verdict))
            case Progress(origin=origin) if action is Action.CONTINUE and origin == step:
                return all_of(chosen, self._at(track, origin), negated(is_true(verdict)))
            case StepBack(origin=origin, to=to) if action is Action.CONTINUE and to == step:
                return all_of(chosen, self._at(track, origin), negated(is_false(verdict)))
            case _:
                return FALSE

    def _at(self, track: TrackVoice, *members: str) -> Expression:
        """Return that the patient is known to be at one of some steps."""
        path = track.track.entry.current
        return FALSE if path is None else is_true(IsMember(Field(path), members))

    def _withheld(
        self, track: TrackVoice, withheld: Expression, speech: _Speech
    ) -> list[tuple[str, Expression]]:
        """Return under which step a track is withheld, and note why."""
        if withheld == FALSE:
            return []
        entry = track.track.entry
        bars = [
            (p, negated(is_false(Reference(p.id))))
            for p in track.progressions
            if isinstance(p.move, Withhold)
        ]
        barred = self.define(
            f"report:{entry.id}:bars", all_of(withheld, any_of(*(when for _, when in bars)))
        )
        for p, when in bars:
            self._say(speech, p.id, all_of(barred, when))
        places = [step.id for step in track.steps if entry.current is not None]
        begun = self._at(track, *places)
        for p in track.progressions:
            if isinstance(p.move, Start):
                start = all_of(
                    withheld, negated(barred), negated(begun), negated(is_true(Reference(p.id)))
                )
                self._say(speech, p.id, start)
        found: list[tuple[str, Expression]] = []
        earlier: list[Expression] = []

        def take(step: str, when: Expression) -> None:
            found.append((step, all_of(withheld, none_of(*earlier), when)))
            earlier.append(when)

        for p, when in bars:
            if isinstance(p.move, Withhold) and p.move.step is not None:
                take(p.move.step, when)
        for place in places:
            take(place, self._at(track, place))
        starts = [p.move.step for p in track.progressions if isinstance(p.move, Start)]
        take(starts[0] if starts else entry.id, TRUE)
        return found

    def _say(self, speech: _Speech, id_: str, when: Expression) -> None:
        """Note when a progression is a reason, and when it still waits for an input."""
        if when == FALSE:
            return
        self.reason(self.voice.prepared[id_], when)
        speech.reasons.setdefault(id_, []).append(when)

    def _settle(self, name: str, speech: _Speech, lists: Expression) -> None:
        """Note what the reasons of a track wait for: each input once a track."""
        waits: dict[str, list[Expression]] = {}
        for id_, ways in speech.reasons.items():
            verdict = Reference(id_)
            open_ends = negated(IsKnown(verdict))
            # What is decided waits for nothing, unless it asks whether something is known.
            if id_ in self.voice.learnable:
                open_ends = negated(is_true(verdict))
            said = self.define(f"waits:{name}:{id_}", all_of(any_of(*ways), open_ends))
            for path, open_ in self.openness.of(id_).items():
                waits.setdefault(path, []).append(all_of(said, open_))
        for path, found in waits.items():
            asks = self.define(f"asks:{name}:{path}", all_of(negated(lists), any_of(*found)))
            asked = Asked(asks.name, Outcome.RECOMMEND, listed=False)
            self.missing.setdefault(path, []).append(asked)

    # --- who decides ------------------------------------------------------------------------

    def _bases(self) -> Choice:
        """Return who decides: for a step every reason counts, otherwise the source is enough."""
        step = self.outcome(Outcome.RECOMMEND)
        excused = [is_true(Reference(name)) for name in self.excused]
        found = {
            basis: self.define(f"report:some {basis.value}", any_of(*ways))
            for basis, ways in self.bases.items()
        }
        # A reason that rests on an assumption that is off counts as assumed for a step.
        assumed = (found[Basis.ASSUMPTION], found[Basis.UNDETERMINED])
        of_step = all_of(step, any_of(*excused, *assumed))
        other = none_of(step, found[Basis.SOURCE])
        by = {
            Basis.UNDETERMINED: all_of(other, found[Basis.UNDETERMINED]),
            Basis.ASSUMPTION: any_of(
                of_step,
                all_of(other, negated(found[Basis.UNDETERMINED]), found[Basis.ASSUMPTION]),
            ),
        }
        by[Basis.SOURCE] = none_of(*by.values())
        return tuple(
            (basis.value, self.define(f"report:basis:{basis.value}", when).name)
            for basis, when in by.items()
        )
