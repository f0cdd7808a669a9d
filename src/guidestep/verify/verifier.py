"""Every property of one profile of a guideline put to the solver, and what comes of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import z3

from guidestep.language.claims import property_definitions, with_properties
from guidestep.language.compiler import Compiled
from guidestep.language.program import Verdict
from guidestep.language.properties import BuiltIn
from guidestep.verify.patient import Subject
from guidestep.verify.properties.answers import one_outcome, one_step_a_track
from guidestep.verify.properties.boundaries import boundaries
from guidestep.verify.properties.learning import (
    nothing_gained_by_leaving_out,
    stable,
    time_alone,
)
from guidestep.verify.properties.obligation import Existence, Obligation, Property, Scene, Scenes
from guidestep.verify.properties.overlap import overlaps
from guidestep.verify.properties.own import own
from guidestep.verify.properties.reach import reachable
from guidestep.verify.properties.safety import no_exercise_with_a_red_flag, urgency
from guidestep.verify.report import Finding, Report, Result, Section
from guidestep.verify.solve import Questions, Settled
from guidestep.verify.terms import SOLVER
from guidestep.verify.witnesses import confirmed, witnesses

if TYPE_CHECKING:
    from guidestep.guideline import Guideline

BUILT_IN: Mapping[BuiltIn, Property] = {
    "one-outcome": one_outcome,
    "one-step-a-track": one_step_a_track,
    "no-exercise-with-a-red-flag": no_exercise_with_a_red_flag,
    "urgency": urgency,
    "stable": stable,
    "nothing-gained-by-leaving-out": nothing_gained_by_leaving_out,
    "time-alone": time_alone,
    "boundaries": boundaries,
    "reachable": reachable,
}
"""The properties of every guideline, in the order of the report; `not-subsumed` comes last."""

SECONDS = 10.0
"""The time limit of one question to the solver."""

UNCONFIRMED = "the solver's patient is not confirmed by the engines: a matter of rounding"

SPEECHLESS = "both engines give the patient no outcome, so there is nothing to show"

Progress = Callable[[str], None]
"""Told the id of each property when its turn comes."""


def verify(
    guideline: Guideline,
    *,
    profile: str | None = None,
    seconds: float = SECONDS,
    export: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Return what can be proved of a guideline under one profile.

    `seconds` is the time limit of each question; what it cuts off is *not proved*. `export` is a
    folder that receives, for each property, its questions in SMT-LIB 2, which another solver can
    check: `unsat` in answer to each is the proof.

    Raises:
        SettingError: There is no such profile.
        EngineDisagreement: The two engines differ on a patient that the solver found.
        OSError: The folder cannot be written.
    """
    with SOLVER:
        compiled = guideline.compiled(profile)
        return _Verifier(guideline, compiled, seconds, export, progress or _silent).report()


def _silent(_: str) -> None: ...


@dataclass
class _Verifier:
    """One verification."""

    guideline: Guideline
    compiled: Compiled
    seconds: float
    export: Path | None
    progress: Progress
    asked: dict[int, tuple[Scene, Questions]] = field(default_factory=dict)
    seen: list[Mapping[str, Verdict]] = field(default_factory=list)

    def report(self) -> Report:
        begin = time.perf_counter()
        base, compiled = self.guideline.base, self.compiled
        claimed = property_definitions(base, compiled)
        subject = Subject(base, compiled, with_properties(base, compiled, claimed))
        scenes = Scenes(subject)
        sections = [self.built_in(id_, check, scenes) for id_, check in BUILT_IN.items()]
        sections.append(self.not_subsumed(scenes))
        grounds = {lowered.claimed.id: lowered.claimed.grounds.facts for lowered in claimed}
        for id_, obligation in own(scenes, claimed):
            self.progress(id_)
            finding = self.prove(id_, obligation, grounds[id_])
            self.exported(id_, [obligation])
            sections.append(Section(id_, obligation.statement, (finding,)))
        return Report(
            guideline=self.guideline.id,
            version=self.guideline.version,
            digest=self.guideline.digest,
            profile=compiled.profile.id,
            sections=tuple(sections),
            abstractions=tuple(subject.numbers.notes),
            seconds=time.perf_counter() - begin,
            solver=f"Z3 {z3.get_version_string()}",
        )

    def built_in(self, id_: BuiltIn, check: Property, scenes: Scenes) -> Section:
        self.progress(id_)
        todo = list(check(scenes))
        findings = [
            self.accepted(
                self.prove(id_, each) if isinstance(each, Obligation) else self.show(id_, each)
            )
            for each in todo
        ]
        self.exported(id_, [each for each in todo if isinstance(each, Obligation)])
        return Section(id_, _title(check), tuple(findings))

    def not_subsumed(self, scenes: Scenes) -> Section:
        id_: BuiltIn = "not-subsumed"
        self.progress(id_)
        scene = scenes.anyone
        found: list[Finding] = []
        for overlap in overlaps(scene, self.questions(scene)):
            others = ", ".join(overlap.by)
            result, statement = Result.HOLDS, f"{overlap.rule} is true of somebody without a peer"
            if overlap.by:
                result = Result.FAILS if overlap.settled else Result.NOT_PROVED
                statement = f"whenever {overlap.rule} is true, so is {others}"
            note = "" if overlap.settled else _timed_out(self.seconds)
            finding = Finding(id_, overlap.rule, statement, result, overlap.seconds, note=note)
            found.append(self.accepted(finding))
        title = "No rule is subsumed by another of the same conclusion."
        return Section(id_, title, tuple(found))

    # --- one at a time ----------------------------------------------------------------------

    def prove(self, id_: str, obligation: Obligation, facts: tuple[str, ...] = ()) -> Finding:
        """Return whether no patient breaks a property."""
        reply = self.questions(obligation.scene).ask(*obligation.wanted)
        finding = Finding(
            id_, obligation.about, obligation.statement, Result.HOLDS, reply.seconds, facts=facts
        )
        match reply.settled:
            case Settled.NO:
                return finding
            case Settled.OPEN:
                return replace(finding, result=Result.NOT_PROVED, note=_timed_out(self.seconds))
        found = witnesses(
            self.guideline, self.compiled.profile.id, finding, obligation, self.seconds
        )
        if found is None:
            return replace(finding, result=Result.NOT_PROVED, note=UNCONFIRMED)
        note = "" if found else SPEECHLESS
        return replace(finding, result=Result.FAILS, witnesses=found, note=note)

    def show(self, id_: str, existence: Existence) -> Finding:
        """Return whether some patient shows what must exist: one seen before, or a new one."""
        finding = Finding(id_, existence.about, existence.statement, Result.HOLDS, 0.0)
        if any(existence.shown_by(verdicts) for verdicts in self.seen):
            return finding
        reply = self.questions(existence.scene).ask(existence.wanted)
        finding = replace(finding, seconds=reply.seconds)
        if reply.settled is Settled.OPEN:
            return replace(finding, result=Result.NOT_PROVED, note=_timed_out(self.seconds))
        if reply.model is None:
            return self.unseen(finding)
        verdicts = confirmed(existence, reply.model, self.seconds)
        if verdicts is None:
            return replace(finding, result=Result.NOT_PROVED, note=UNCONFIRMED)
        self.seen.append(verdicts)
        return finding

    def unseen(self, finding: Finding) -> Finding:
        """Return that nobody shows it: no fault where an assumption is off that it may need."""
        if self.compiled.off:
            off = sorted(self.compiled.off)
            words = f"{len(off)} assumptions" if len(off) > 3 else " and ".join(off)
            note = f"nobody in this profile, which has {words} off"
            return replace(finding, result=Result.ACCEPTED, note=note)
        return replace(finding, result=Result.FAILS, note="no patient shows it")

    def questions(self, scene: Scene) -> Questions:
        """Return who asks about a scene; its limits grow with the terms that were made."""
        known = self.asked.get(id(scene))
        limits = scene.limits
        if known is None or len(known[1].limits) != sum(1 for each in limits if each is not True):
            # The scene is kept, so that its id stays its own.
            known = self.asked[id(scene)] = scene, Questions(limits, self.seconds)
        return known[1]

    def accepted(self, finding: Finding) -> Finding:
        """Return the finding, accepted where the guideline says that it may stay."""
        if finding.result is not Result.FAILS:
            return finding
        for accepted in self.guideline.base.accepted:
            if accepted.property == finding.check and finding.about in accepted.about:
                return replace(
                    finding,
                    result=Result.ACCEPTED,
                    note=accepted.because,
                    facts=accepted.grounds.facts,
                )
        return finding

    def exported(self, id_: str, obligations: list[Obligation]) -> None:
        """Write the questions whose answer no is the proof."""
        if self.export is None:
            return
        self.export.mkdir(parents=True, exist_ok=True)
        for number, obligation in enumerate(obligations):
            name = id_ if len(obligations) == 1 else f"{id_}-{number + 1}"
            text = self.questions(obligation.scene).smt(*obligation.wanted)
            head = f"; {obligation.statement}\n; holds if the answer is unsat\n"
            (self.export / f"{name}.smt2").write_text(head + text, encoding="utf-8")


def _timed_out(seconds: float) -> str:
    return f"the solver did not finish in {seconds:g} s"


def _title(check: Property) -> str:
    return (check.__doc__ or "").split("\n\n")[0].strip()
