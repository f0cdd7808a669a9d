"""Two versions of a guideline compared in what they say to all patients."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from guidestep.assessment.frozen import FrozenDict
from guidestep.guideline import Guideline, SettingError
from guidestep.language.rulebase import Notice, Request, Rule
from guidestep.outcome import Basis
from guidestep.verify.patient import Patient, same
from guidestep.verify.solve import MILLISECONDS, Questions, Reply, Settled
from guidestep.verify.terms import SOLVER, Bool, conj, neg
from guidestep.verify.versions.answers import Change, Said, change, said_in
from guidestep.verify.versions.both import both
from guidestep.verify.versions.content import content_changes, text_changes
from guidestep.verify.versions.exercise import Amount
from guidestep.verify.versions.matching import in_common
from guidestep.verify.versions.result import (
    Decisions,
    Diff,
    Exercise,
    Open,
    Patients,
    Region,
    Side,
    Witness,
)
from guidestep.verify.versions.rules import Pairs, rule_pairs
from guidestep.verify.versions.seek import Clock, Seeker

if TYPE_CHECKING:
    from guidestep.frame.impact import Impact

SECONDS = 60.0
"""The time limit of a comparison."""

REGIONS = 100
"""How many regions are told at most."""

_BASIS = re.compile(rf" \(({'|'.join(basis.value for basis in Basis)})\)")


def diff(
    old: Guideline,
    new: Guideline,
    *,
    profile: str | None = None,
    cohort: object = None,
    columns: Mapping[str, str] | None = None,
    today: date | None = None,
    seconds: float = SECONDS,
    regions: int = REGIONS,
) -> Diff:
    """Return for which patients two guidelines differ, proved to be all of them.

    Both are asked under `profile`, or each under its default. They are *equal* if no patient gets
    another outcome, or another step or action in any track; otherwise each group of patients
    whose answer changes from the same to the same comes with one of them, confirmed by the engines
    of both guidelines. Ids, the order of files and wording are no difference. What is done in a
    step (`content`) is one of its own. `Exercise` says what *stricter* and *looser* mean.

    `cohort` is a frame as `guidestep.impact` takes it, with `columns` and `today`: it gives each
    group its share of patients (needs `[cohort]`, and both guidelines to read the same model).
    `seconds` limits the whole comparison, `regions` the number of groups; what is cut off is *not
    settled*, never *equal*. Needs `[verify]`.

    >>> import guidestep
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> guidestep.diff(guideline, guideline).equal
    True
    >>> sooner = guideline.configure(reassessment_overdue_weeks=2)
    >>> found = guidestep.diff(guideline, sooner)
    >>> found.exercise.value, found.complete
    ('stricter', True)
    >>> found.regions[0].before, found.regions[0].after
    ('recommend: progress M2', 'recommend: continue M1')

    Raises:
        CohortError: The cohort cannot be read; it names each fault.
        SettingError: There is no such profile, no patient is accepted by both models, or a cohort
            was given for guidelines that read different models.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        raise SettingError(f"seconds is a positive number, not {seconds!r}")
    if isinstance(regions, bool) or not isinstance(regions, int) or regions < 1:
        raise SettingError(f"regions is a positive whole number, not {regions!r}")
    with SOLVER:
        return _Comparison(old, new, profile, seconds, regions).diff(cohort, columns, today)


class _Comparison:
    """One comparison in the making."""

    def __init__(
        self, old: Guideline, new: Guideline, profile: str | None, seconds: float, regions: int
    ) -> None:
        self.both = both(old, new, profile)
        self.seconds = seconds
        self.most = regions
        self.profile = profile
        self.rules: Pairs = rule_pairs(self.both.old.patient, self.both.new.patient)
        self.regions: list[tuple[Change, Witness]] = []
        self.open: list[Open] = []
        self.complete = False

    def diff(self, cohort: object, columns: Mapping[str, str] | None, today: date | None) -> Diff:
        """Return the comparison."""
        found = None if cohort is None else self._impact(cohort, columns, today)
        # The time of the solver begins here: a cohort takes what it takes.
        self.clock = Clock(self.seconds)
        self.seeker = Seeker(self.both, self.rules, self.clock)
        self.questions = Questions(self.both.limits, self.seconds)
        self._enumerate()
        more, less = self._exercise()
        old, new = self.both.old.guideline.base, self.both.new.guideline.base
        names = self.both.names
        bodies = old, new, names.steps, self.rules
        renamed = [(a, b) for a, b in self.rules if a is not None and b is not None and a != b]
        return Diff(
            old=_side(self.both.old.guideline, self.both.old.profile),
            new=_side(self.both.new.guideline, self.both.new.profile),
            decisions=self._decisions(),
            regions=tuple(self._told(found)),
            complete=self.complete,
            open=tuple(self.open),
            exercise=_compared(more, less),
            more=more if isinstance(more, Witness) else None,
            less=less if isinstance(less, Witness) else None,
            content=tuple(content_changes(*bodies)),
            texts=tuple(text_changes(*bodies)),
            also=tuple(self._also()),
            renamed=(*names.renamed, *renamed),
            outside=self.both.outside,
            limits=tuple(self.both.old.patient.subject.numbers.notes),
            cohort=None if found is None else _patients(found),
            seconds=self.clock.spent,
        )

    # --- the regions ------------------------------------------------------------------------------

    def _enumerate(self) -> None:
        """Find regions until there are no more, or the time or the bound is over."""
        pair = self.both
        differ = neg(pair.alike())
        done: list[Bool] = []
        if self._ask().settled is Settled.NO:
            raise SettingError("no patient is accepted by both models")
        while self.clock.left:
            reply = self._ask(differ, *done)
            if reply.settled is not Settled.YES or reply.model is None:
                self.complete = reply.settled is Settled.NO
                return
            if len(self.regions) + len(self.open) >= self.most:
                return
            said = [said_in(reply.model, v.patient, v.tracks) for v in (pair.old, pair.new)]
            step = change(said[0], said[1], pair.tracks)
            assert step is not None  # the solver has just said that they differ
            self._show(step)
            done.append(neg(self._region(step)))

    def _ask(self, *wanted: Bool) -> Reply:
        """Return whether there is a patient of whom all this is true, in the time that is left."""
        if not self.clock.left:
            return Reply(Settled.OPEN, 0)
        self.questions.solver.set("timeout", max(1, int(self.clock.left * MILLISECONDS)))
        return self.questions.ask(*wanted)

    def _region(self, step: Change) -> Bool:
        """Return that the answer changes like this."""
        pair = self.both
        parts = [pair.outcomes(step.before, step.after)]
        if step.tracks:
            differing = {track: (a, b) for track, a, b in step.tracks}
            for track in pair.tracks:
                if track not in differing:
                    parts.append(pair.says_the_same(track))
                    continue
                for version, advice in zip((pair.old, pair.new), differing[track], strict=True):
                    ways = version.tracks.get(track, {})
                    if advice is None:
                        parts += [neg(way) for way in ways.values()]
                    else:
                        parts.append(ways[advice])
        return conj(parts)

    def _show(self, step: Change) -> None:
        def shows(before: Said, after: Said) -> bool:
            return change(before, after, self.both.tracks) == step

        found = self.seeker.found(self._region(step), shows)
        if isinstance(found, Witness):
            self.regions.append((step, found))
        else:
            self.open.append(Open(*self.seeker.words(step), found))

    def _decisions(self) -> Decisions:
        if self.regions:
            return Decisions.DIFFERENT
        return Decisions.NOT_SETTLED if self.open or not self.complete else Decisions.EQUAL

    def _told(self, found: Impact | None) -> Iterator[Region]:
        # In a fixed order, in whatever order the solver came upon them.
        for step, witness in sorted(self.regions, key=_place):
            count = share = None
            if found is not None:
                words = step.words({})  # both by the names of the old version
                count = sum(c.count for c in found.changes if _words(c.before, c.after) == words)
                share = count / found.patients if found.patients else 0.0
            outcomes = step.before, step.after
            yield Region(*self.seeker.words(step), outcomes, witness, count, share)

    # --- exercise ---------------------------------------------------------------------------------

    def _exercise(self) -> tuple[Witness | Settled, Witness | Settled]:
        """Return who does more and who does less, or whether anybody does."""
        if self._decisions() is Decisions.EQUAL:
            return Settled.NO, Settled.NO
        pair, amount = self.both, Amount.of(self.both)

        def more(before: Said, after: Said) -> bool:
            return amount.somewhere(after, before)

        def less(before: Said, after: Said) -> bool:
            return amount.somewhere(before, after)

        found: list[Witness | Settled] = []
        for term, shows in (
            (amount.term(pair, pair.new, pair.old), more),
            (amount.term(pair, pair.old, pair.new), less),
        ):
            settled: Witness | Settled = self._ask(term).settled
            if settled is Settled.YES:
                witness = self.seeker.found(term, shows)
                settled = witness if isinstance(witness, Witness) else Settled.OPEN
            found.append(settled)
        return found[0], found[1]

    # --- what rides along -------------------------------------------------------------------------

    def _also(self) -> Iterator[str]:
        """Yield the notices, cautions and requests that are not for the same patients."""
        old, new = self.both.old.patient, self.both.new.patient
        for kind, one, other in self._riders():
            differ = neg(same(_rides(old, one), _rides(new, other)))
            match Settled.NO if differ is False else self._ask(differ).settled:
                case Settled.YES:
                    yield f"{kind} {other or one}: for other patients than before"
                case Settled.OPEN:
                    yield f"{kind} {other or one}: not settled whether for the same patients"

    def _riders(self) -> Iterator[tuple[str, str | None, str | None]]:
        old, new = self.both.old.guideline.base, self.both.new.guideline.base
        for one, other in self.rules:
            rules = old.rules.get(one or ""), new.rules.get(other or "")
            if any(isinstance(rule, Rule) and rule.then is None for rule in rules):
                yield "caution", one, other
        for kind, ours, theirs in (
            ("notice", old.notices, new.notices),
            ("request", old.requests, new.requests),
        ):
            before, after = ({item.entry.id for item in items} for items in (ours, theirs))
            for id_ in sorted(before | after):
                yield kind, id_ if id_ in before else None, id_ if id_ in after else None

    # --- the cohort -------------------------------------------------------------------------------

    def _impact(
        self, cohort: object, columns: Mapping[str, str] | None, today: date | None
    ) -> Impact:
        from guidestep.frame.impact import impact

        old, new = self.both.old.guideline, self.both.new.guideline
        base = in_common(new.base, self.both.names)
        called = new if base is new.base else Guideline(base, new.parameters)
        settings: dict[str, Any] = {"columns": columns, "today": today, "profile": self.profile}
        return impact(old, called, cohort, **settings, examples=0)


def _compared(more: Witness | Settled, less: Witness | Settled) -> Exercise:
    match more, less:
        case (Settled.OPEN, _) | (_, Settled.OPEN):
            return Exercise.NOT_SETTLED
        case Settled.NO, Settled.NO:
            return Exercise.EQUAL
        case Settled.NO, _:
            return Exercise.STRICTER
        case _, Settled.NO:
            return Exercise.LOOSER
        case _:
            return Exercise.INCOMPARABLE


def _rides(patient: Patient, id_: str | None) -> Bool:
    """Return that a notice, caution or request is for this patient; without a condition it is."""
    if id_ is None:
        return False
    base = patient.subject.base
    shown: tuple[Notice | Request, ...] = (*base.notices, *base.requests)
    items = {item.entry.id: item for item in shown}
    if id_ in patient.subject.names or id_ not in items:
        return patient.true(id_)
    off = patient.subject.compiled.off
    return not off.intersection(items[id_].grounds.assumes)


def _place(region: tuple[Change, Witness]) -> tuple[int, int, int, tuple[str, str]]:
    step = region[0]
    return step.before.precedence, step.after.precedence, len(step.tracks), step.words({})


def _side(guideline: Guideline, profile: str) -> Side:
    parameters = FrozenDict(guideline.compiled(profile).parameters)
    return Side(guideline.id, guideline.version, guideline.digest, profile, parameters)


def _words(before: str, after: str) -> tuple[str, str]:
    """Return a change of an impact without who decides."""
    return _BASIS.sub("", before), _BASIS.sub("", after)


def _patients(found: Impact) -> Patients:
    pairs = [(_words(c.before, c.after), c.count) for c in found.changes]
    count = sum(number for (before, after), number in pairs if before != after)
    basis = sum(number for (before, after), number in pairs if before == after)
    share = count / found.patients if found.patients else 0.0
    return Patients(found.patients, count, share, basis)
