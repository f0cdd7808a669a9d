"""What is said of each patient of a cohort, written as further definitions of the program.

A recommendation is put together in Python, one patient at a time. Here the same policy is written
in the tree, so that any engine computes it, and a frame engine for all patients at once: which
rules are the reasons, who decides, which step each track is at, and what is missing. A test holds
the two against each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from guidestep.answer.voice import Prepared
from guidestep.frame.draft import Asked, Choice, Draft
from guidestep.frame.track_report import TrackReport, TrackReporter
from guidestep.language.compiler import Compiled
from guidestep.language.decision import (
    any_name,
    excused_name,
    outcome_name,
    undecided_name,
    unmet_name,
)
from guidestep.language.lowering import (
    FALSE,
    all_of,
    any_of,
    is_false,
    is_true,
    negated,
    none_of,
)
from guidestep.language.program import Program
from guidestep.language.rulebase import Rulebase
from guidestep.language.tree import Expression, IsKnown, Reference
from guidestep.outcome import NO_RULE, Basis, Family, Outcome

_LEVELS = tuple(Outcome)[:3]


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


class _Reporter(Draft):
    """Writes the report of one compiled profile."""

    def report(self) -> Report:
        lists = self.define("report:lists", self._lists())
        self._terminal()
        self._surveillance()
        self._assess_first()
        self._waiting()
        excused = [excused_name(rule.id) for rule in self.compiled.decision.rules]
        excused = [name for name in excused if name in self.names]
        tracks = tuple(TrackReporter(self, track).report(lists) for track in self.voice.tracks)
        bases = self._bases(excused)
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
            not_evaluable=tuple(excused),
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
            self.unowned(id_, all_of(here, open_))
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
        self.unowned(NO_RULE, all_of(here, silent, none_of(*choices)))

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
        here = self.outcome(Outcome.ASSESS_FIRST)
        could_start = self.define("report:open", all_of(here, none_of(*self._barred())))
        for prepared in self.voice.blocking:
            if prepared.blocks:
                then = prepared.then or Outcome.ASSESS_FIRST
                # Of the outcomes below, only a rule that could lift them waits for anything.
                lifted = [self.outcome(o) for o in Outcome if o.precedence > then.precedence]
                when = any_of(*lifted) if then in _LEVELS else could_start
                self._wait(prepared, all_of(when, self.undecided(prepared)))
        for prepared in self.voice.by_family[Family.REQUIREMENT]:
            unmet = is_true(Reference(unmet_name(prepared.rule.id)))
            self._wait(prepared, all_of(could_start, unmet))
        for prepared, open_ in self._open_choices():
            self._wait(prepared, all_of(could_start, open_))

    def _barred(self) -> Iterable[Expression]:
        """Yield when something bars every step for good, whatever is learnt."""
        for prepared in self.voice.barring:
            yield self._settled(prepared.rule.id, is_true(Reference(prepared.rule.id)))
        for prepared in self.voice.blocking:
            yield self._settled(prepared.rule.id, self.blocks(prepared))
        for prepared in self.voice.by_family[Family.REQUIREMENT]:
            unmet = unmet_name(prepared.rule.id)
            yield self._settled(unmet, is_true(Reference(unmet)))
        for name in self.voice.open_points:
            yield self._settled(name, negated(is_false(Reference(name))))

    def _settled(self, name: str, when: Expression) -> Expression:
        """Return that something is so and no input could change it any more."""
        return all_of(when, none_of(*self._open(name).values()))

    def _open(self, name: str) -> Mapping[str, Expression]:
        """Return, for each input of a definition, when it matters; open points are none."""
        found = self.openness.of(name)
        return {path: open_ for path, open_ in found.items() if path in self.voice.order}

    def _wait(self, prepared: Prepared, when: Expression) -> None:
        id_, outcome = prepared.rule.id, prepared.then or Outcome.ASSESS_FIRST
        name = unmet_name(id_) if prepared.family is Family.REQUIREMENT else id_
        for path, open_ in self._open(name).items():
            asks = self.define(f"asks:{id_}:{path}", all_of(when, open_))
            self.missing.setdefault(path, []).append(Asked(asks.name, outcome, listed=True))

    # --- who decides ------------------------------------------------------------------------

    def _bases(self, names: Iterable[str]) -> Choice:
        """Return who decides: for a step every reason counts, otherwise the source is enough."""
        step = self.outcome(Outcome.RECOMMEND)
        excused = [is_true(Reference(name)) for name in names]
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
