"""The decision: how verdicts on rules become one outcome and one action a track, as definitions.

The policy is written in the tree itself, so that every engine computes it and a solver can prove
things of it. It is the same for every guideline:

- a true rule gives its outcome, the most urgent first;
- a rule that could still come true blocks every step, unless it is declared optional evidence;
- a step starts or progresses only where its own condition is true, no earlier alternative could
  still be, and nothing bars the track.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from guidestep.language.lowering import (
    TRUE,
    Lowering,
    all_of,
    any_of,
    is_false,
    is_true,
    negated,
    none_of,
)
from guidestep.language.program import Definition
from guidestep.language.rulebase import (
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
)
from guidestep.language.tree import (
    Compare,
    Constant,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Reference,
)
from guidestep.language.types import CONDITION
from guidestep.outcome import Action, Family, Outcome

_LEVELS = (Outcome.URGENT_REFERRAL, Outcome.REFERRAL, Outcome.NOT_ELIGIBLE)


def any_name(outcome: Outcome) -> str:
    """Return the name of the definition that some rule with this outcome is true."""
    return f"{outcome.value}:any"


def outcome_name(outcome: Outcome) -> str:
    """Return the name of the two-valued definition that this is the outcome."""
    return f"outcome:{outcome.value}"


def action_name(step: str, action: Action) -> str:
    """Return the name of the two-valued definition that a step has this action."""
    return f"{step}:{action.value}"


def excused_name(rule: str) -> str:
    """Return the name of the definition that a rule may stay unknown."""
    return f"{rule}:excused"


def unmet_name(rule: str) -> str:
    """Return the name of the definition that a requirement applies and is not met."""
    return f"{rule}:unmet"


def dose_name(step: str, index: int) -> str:
    """Return the name of the definition that what is done lies outside a printed range."""
    return f"{step}:dose {index}"


def undecided_name(track: str) -> str:
    """Return the name of the definition that the choice of a track without a place is open."""
    return f"{track}:undecided"


@dataclass(slots=True)
class Decision:
    """The definitions of a decision, and which rules are active in it."""

    definitions: list[Definition] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    progressions: list[Progression] = field(default_factory=list)
    open_points: list[str] = field(default_factory=list)

    def define(self, name: str, expression: Expression) -> Reference:
        """Add a definition and return a reference to it."""
        self.definitions.append(Definition(name, expression, CONDITION))
        return Reference(name)


def decide(base: Rulebase, lowering: Lowering, off: frozenset[str], *, excuses: bool) -> Decision:
    """Return the decision of a guideline with the assumptions `off` off.

    `excuses` says whether the profile accepts that declared optional evidence is missing.
    """
    decision = Decision()
    decision.rules = [r for r in base.rules.values() if not off.intersection(r.grounds.assumes)]
    decision.progressions = [
        p for p in base.progressions if not off.intersection(p.grounds.assumes)
    ]
    blocks = _rules(decision, lowering, off, excuses=excuses)
    for id_, assumption in base.assumptions.items():
        if id_ in off and assumption.open_when is not None:
            decision.open_points.append(id_)
            ref = decision.define(f"{id_}:open", lowering.lower(assumption.open_when))
            blocks.append(negated(is_false(ref)))
    engaged: list[Expression] = []
    for track in base.tracks.values():
        in_track, undecided = _track(decision, lowering, base, track)
        engaged.append(in_track)
        blocks.append(undecided)
    _doses(decision, base)
    _outcome(decision, blocks, engaged)
    shown: tuple[Notice | Request, ...] = (*base.notices, *base.requests)
    for item in shown:
        if not off.intersection(item.grounds.assumes) and item.when != TRUE:
            decision.define(item.entry.id, is_true(lowering.lower(item.when)))
    return decision


def _rules(
    decision: Decision, lowering: Lowering, off: frozenset[str], *, excuses: bool
) -> list[Expression]:
    """Define the rules; return the two-valued conditions under which nothing may start.

    Rules that nothing excuses are joined by outcome first: while none of them is true, their
    disjunction is unknown exactly when one of them is, and that is all the decision asks.
    """
    firm: dict[Outcome, list[Expression]] = {level: [] for level in _LEVELS}
    excusable: dict[Outcome, list[Expression]] = {level: [] for level in _LEVELS}
    careful: list[Expression] = []
    conflicts: list[Expression] = []
    unmet: list[Expression] = []
    blocks: list[Expression] = []
    for rule in decision.rules:
        condition = lowering.lower(rule.when)
        # Data that are not there contradict nothing: a conflict is there or it is not.
        conflict = rule.family is Family.CONFLICT
        verdict = decision.define(rule.id, is_true(condition) if conflict else condition)
        excused: Expression = Constant(False)
        if rule.optional is not None and excuses and rule.optional.assumes not in off:
            excused = is_true(lowering.lower(rule.optional.when))
            unknown = negated(IsKnown(verdict))
            decision.define(excused_name(rule.id), all_of(unknown, excused))
        undecided = all_of(negated(IsKnown(verdict)), negated(excused))
        match rule:
            case Rule(family=Family.REQUIREMENT, scope=scope):
                applies = TRUE if scope is None else negated(is_false(lowering.lower(scope)))
                missed = all_of(applies, negated(is_true(verdict)))
                unmet.append(decision.define(unmet_name(rule.id), missed))
            case Rule(family=Family.CONFLICT):
                conflicts.append(verdict)
            case Rule(family=Family.SURVEILLANCE):
                pass
            case Rule(then=None):
                # A rule that only adds a caution blocks where the profile wants it answered.
                if rule.optional is not None:
                    blocks.append(undecided)
            case Rule(then=Outcome.ASSESS_FIRST, optional=None):
                careful.append(verdict)
            case Rule(then=Outcome.ASSESS_FIRST):
                blocks += [is_true(verdict), undecided]
            case Rule(then=outcome, optional=None):
                firm[outcome or Outcome.ASSESS_FIRST].append(verdict)
            case Rule(then=outcome):
                excusable[outcome or Outcome.ASSESS_FIRST].append(verdict)
                blocks.append(undecided)
    for level in _LEVELS:
        joined = any_of(*firm[level])
        if excusable[level]:
            joined = decision.define(f"{level.value}:firm", joined)
        any_ = decision.define(any_name(level), any_of(joined, *excusable[level]))
        blocks.append(negated(IsKnown(joined if excusable[level] else any_)))
    if careful:
        blocks.append(negated(is_false(decision.define("careful:any", any_of(*careful)))))
    if conflicts:
        blocks.append(decision.define("conflict:any", any_of(*conflicts)))
    if unmet:
        blocks.append(decision.define("requirement:unmet", any_of(*unmet)))
    return blocks


def _outcome(
    decision: Decision, blocks: Iterable[Expression], engaged: Iterable[Expression]
) -> None:
    """Define the outcomes, each by itself and none by another: engines settle them all at once."""
    blocked = decision.define("decision:blocked", any_of(*blocks))
    in_track = any_of(*engaged)
    watching = any_of(
        *(is_true(Reference(r.id)) for r in decision.rules if r.family is Family.SURVEILLANCE)
    )
    above: list[Expression] = []
    for level in _LEVELS:
        here = is_true(Reference(any_name(level)))
        decision.define(outcome_name(level), all_of(none_of(*above), here))
        above.append(here)
    clear = none_of(*above, blocked)
    undecided = any_of(blocked, none_of(in_track, watching))
    decision.define(outcome_name(Outcome.ASSESS_FIRST), all_of(none_of(*above), undecided))
    decision.define(outcome_name(Outcome.RECOMMEND), all_of(clear, in_track))
    decision.define(outcome_name(Outcome.SURVEILLANCE), all_of(clear, negated(in_track), watching))


def _track(
    decision: Decision, lowering: Lowering, base: Rulebase, track: Track
) -> tuple[Expression, Expression]:
    """Define the actions of one track; return that it has one, and that it bars everything.

    A track with a place to be at always has an action, `withhold` at the least. One without is a
    choice among steps: while it is open which step it will be, nothing is recommended at all.
    """
    name = track.entry.id
    own = [p for p in decision.progressions if p.track == name]
    met = {p.id: decision.define(p.id, lowering.lower(p.when)) for p in own}
    active: Expression = TRUE
    if track.when != TRUE:
        active = decision.define(f"{name}:active", lowering.lower(track.when))
    bars = [met[p.id] for p in own if isinstance(p.move, Withhold)]
    free: Expression = TRUE
    if bars:
        barred = decision.define(f"{name}:barred", any_of(*bars))
        free = is_false(barred)
    # Kept as lists: a step may continue by itself or be stepped back to.
    actions: dict[tuple[str, Action], list[Expression]] = {}

    def at(*members: str) -> Expression:
        path = track.entry.current
        return TRUE if path is None else IsMember(Field(path), members)

    def ordered(origin: Expression, found: list[tuple[Progression, str]], action: Action) -> None:
        earlier: list[Expression] = []
        for progression, step in found:
            verdict = met[progression.id]
            here = all_of(is_true(active), origin, free, *earlier, is_true(verdict))
            actions.setdefault((step, action), []).append(here)
            earlier.append(is_false(verdict))

    starts = [(p, p.move.step) for p in own if isinstance(p.move, Start)]
    outside = at(*track.entry.outside) if track.entry.outside else TRUE
    ordered(outside, starts, Action.START)
    steps = [s.id for s in base.steps.values() if s.track == name and s.kind != "withheld"]
    for step in steps if track.entry.current is not None else []:
        here = all_of(is_true(active), at(step), free)
        backs = [p for p in own if isinstance(p.move, StepBack) and p.move.origin == step]
        stays = all_of(*(is_false(met[p.id]) for p in backs))
        passed: list[Expression] = []
        for p in backs:
            assert isinstance(p.move, StepBack)
            back = all_of(here, *passed, negated(is_false(met[p.id])))
            actions.setdefault((p.move.to, Action.CONTINUE), []).append(back)
            passed.append(is_false(met[p.id]))
        onward = [(p, p.move.to) for p in own if isinstance(p.move, Progress)]
        onward = [(p, to) for p, to in onward if _origin(p) == step]
        ordered(all_of(at(step), stays), onward, Action.PROGRESS)
        moves: list[Expression] = []
        for index, (p, _) in enumerate(onward):
            before = [is_false(met[q.id]) for q, _ in onward[:index]]
            moves.append(all_of(*before, is_true(met[p.id])))
        stay = all_of(here, stays, none_of(*moves))
        actions.setdefault((step, Action.CONTINUE), []).append(stay)
    done = [
        decision.define(action_name(step, action), any_of(*ways))
        for (step, action), ways in actions.items()
    ]
    engaged = negated(is_false(active))
    if track.entry.current is None:
        no_step = all_of(*(is_false(met[p.id]) for p in own if isinstance(p.move, Start)))
        out = any_of(is_false(active), no_step, *(is_true(bar) for bar in bars))
        undecided = decision.define(undecided_name(name), none_of(*done, out))
        return any_of(*done), undecided
    decision.define(action_name(name, Action.WITHHOLD), all_of(engaged, none_of(*done)))
    return engaged, Constant(False)


def _origin(progression: Progression) -> str:
    return progression.move.origin if isinstance(progression.move, Progress) else ""


def _doses(decision: Decision, base: Rulebase) -> None:
    """Define, for each dose that is checked, that what the patient does is outside the range."""
    for step in base.steps.values():
        track = base.tracks.get(step.track or "")
        if track is None or track.entry.current is None:
            continue
        for index, dose in enumerate(step.dose):
            if dose.check is None:
                continue
            done = Field(dose.check)
            outside: list[Expression] = []
            if dose.low is not None:
                outside.append(Compare("<", done, Constant(dose.low)))
            if dose.high is not None:
                outside.append(Compare(">", done, Constant(dose.high)))
            here = IsMember(Field(track.entry.current), (step.id,))
            decision.define(dose_name(step.id, index), is_true(all_of(here, any_of(*outside))))
