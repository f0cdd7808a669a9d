"""From a folder to a rule base: read, parse, resolve, check; all faults at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from keyword import kwlist
from pathlib import Path

from guidestep.assessment import Assessment, UnknownAssessmentModel, registry
from guidestep.assessment.frozen import FrozenDict
from guidestep.language.checker import Checker, Scope
from guidestep.language.crosscheck import crosscheck
from guidestep.language.diagnostics import Diagnostic, GuidelineError
from guidestep.language.documents import (
    AcceptedEntry,
    AmbiguityEntry,
    AssumptionEntry,
    BandEntry,
    CautionEntry,
    CitationEntry,
    ConflictEntry,
    Definition,
    EligibilityEntry,
    FactEntry,
    FindingEntry,
    Grounded,
    GuidelineEntry,
    Identified,
    MeasurementEntry,
    NoticeEntry,
    ParameterEntry,
    ProgressionEntry,
    PropertyEntry,
    RedFlagEntry,
    ReferralEntry,
    RequestEntry,
    RequirementEntry,
    RuleEntry,
    ScoreEntry,
    StepEntry,
    SurveillanceEntry,
    TrackEntry,
    ValueEntry,
)
from guidestep.language.expressions import read_condition, read_quantity
from guidestep.language.files import Folder, Read
from guidestep.language.ordering import ordered
from guidestep.language.property_reader import names_of_answer, read_properties
from guidestep.language.rulebase import (
    Accepted,
    Assumption,
    Defined,
    Grounds,
    Measurement,
    Move,
    Notice,
    Optional,
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
from guidestep.language.source import NOWHERE, Span
from guidestep.language.tree import Cases, Constant, Expression, Reference, WeightedSum, walk
from guidestep.language.types import CONDITION, Kind, Type
from guidestep.outcome import NO_RULE, Family, Outcome

_RULES: tuple[tuple[str, type[RuleEntry], Family], ...] = (
    ("red_flags.yaml", RedFlagEntry, Family.RED_FLAG),
    ("referrals.yaml", ReferralEntry, Family.REFERRAL),
    ("eligibility.yaml", EligibilityEntry, Family.ELIGIBILITY),
    ("cautions.yaml", CautionEntry, Family.CAUTION),
    ("conflicts.yaml", ConflictEntry, Family.CONFLICT),
    ("surveillance.yaml", SurveillanceEntry, Family.SURVEILLANCE),
)

TRUE = Constant(True)

MAX_CHAIN = 100
"""The most definitions of which each is defined by the next."""

RESERVED = frozenset(
    (*kwlist, "true", "false", "known", "unknown", "outcome", "decision", *Outcome)
)
"""Ids that expressions could not name, or that name the decision itself."""


def load_rulebase(path: Path, model: type[Assessment] | None = None) -> Rulebase:
    """Return the rule base in a folder; `model` stands in for the one the guideline names.

    Raises:
        GuidelineError: The guideline is at fault; the error carries every fault found.
    """
    return _Loader(Folder(path), model).load()


class _Loader:
    """One loading: collects faults, and raises them all at the end of a phase."""

    def __init__(self, folder: Folder, model: type[Assessment] | None) -> None:
        self.folder = folder
        self.faults: list[Diagnostic] = []
        self.given_model = model
        # False once an entry is dropped, so that what is missing is not reported again.
        self.complete = True

    def fault(self, code: str, span: Span, message: str, hint: str = "") -> None:
        self.faults.append(Diagnostic(code, span, message, hint))

    def load(self) -> Rulebase:
        folder = self.folder
        guideline = folder.one("guideline.yaml", GuidelineEntry)
        folder.one("findings.yaml", FindingEntry, ("findings", "values", "scores", "bands"))
        folder.one("steps.yaml", StepEntry, ("tracks", "steps"))
        folder.one("properties.yaml", PropertyEntry, ("properties", "accepted"))
        citations = folder.entries("citations.yaml", CitationEntry)
        facts = folder.entries("facts.yaml", FactEntry)
        ambiguities = folder.entries("ambiguities.yaml", AmbiguityEntry)
        assumptions = folder.entries("assumptions.yaml", AssumptionEntry)
        tracks = folder.parts("steps.yaml", "tracks", TrackEntry)
        steps = folder.parts("steps.yaml", "steps", StepEntry)
        written = self.read_definitions()
        rules = [
            (read, family) for name, kind, family in _RULES for read in folder.entries(name, kind)
        ]
        requirements = folder.entries("requirements.yaml", RequirementEntry)
        progressions = folder.entries("progression.yaml", ProgressionEntry)
        notices = folder.entries("notices.yaml", NoticeEntry)
        requests = folder.entries("requests.yaml", RequestEntry)
        properties = folder.parts("properties.yaml", "properties", PropertyEntry)
        accepted = folder.parts("properties.yaml", "accepted", AcceptedEntry)
        measurements = folder.entries("measurements.yaml", MeasurementEntry)
        ids: list[Read[Identified]] = []
        for group in (citations, facts, ambiguities, assumptions, tracks, steps, requirements):
            ids.extend(group)
        ids.extend([*progressions, *notices, *requests])
        ids.extend(read for read, _ in rules)
        ids.extend(read for read, _ in written)
        ids.extend([*properties, *measurements])
        if guideline is not None:
            for index, entry in enumerate(guideline.entry.parameters):
                self.parameter(guideline, index, entry)
        self.unique(ids, guideline)
        model = None if guideline is None else self.model(guideline)
        if guideline is None or model is None:
            raise GuidelineError([*folder.faults, *self.faults])

        self.scope = Scope(
            fields=model.fields(),
            parameters={
                p.id: Type(Kind.INTEGER if isinstance(p.default, int) else Kind.DECIMAL, p.unit)
                for p in guideline.entry.parameters
            },
            definitions={},
        )
        self.checker = Checker(self.scope, self.faults.append)
        definitions = self.define(written)
        rulebase = Rulebase(
            entry=guideline.entry,
            model=model,
            citations=FrozenDict({read.entry.id: read.entry for read in citations}),
            facts=FrozenDict({read.entry.id: read.entry for read in facts}),
            ambiguities=tuple(read.entry for read in ambiguities),
            assumptions=FrozenDict({read.entry.id: self.assumption(read) for read in assumptions}),
            definitions=FrozenDict(definitions),
            rules=FrozenDict(
                (rule.id, rule)
                for rule in [
                    *(self.rule(read, family) for read, family in rules),
                    *(self.requirement(read) for read in requirements),
                ]
            ),
            tracks=FrozenDict(
                (read.entry.id, Track(self.when(read), read.span, read.entry)) for read in tracks
            ),
            steps=FrozenDict({read.entry.id: read.entry for read in steps}),
            progressions=tuple(
                found
                for found in (self.progression(read, steps) for read in progressions)
                if found is not None
            ),
            notices=tuple(
                Notice(self.when(read), read.span, read.entry, _grounds(read.entry))
                for read in notices
            ),
            requests=tuple(
                Request(self.when(read), read.span, read.entry, _grounds(read.entry))
                for read in requests
            ),
            properties=read_properties(
                properties,
                # A rule or step that could not be read may be the one that a name means.
                replace(self.scope, incomplete=bool(folder.faults) or not self.complete),
                names_of_answer(
                    tracks,
                    steps,
                    [*(read for read, _ in rules), *requirements, *progressions],
                    requests,
                ),
                self.faults.append,
            ),
            accepted=tuple(
                Accepted(
                    read.entry.property,
                    read.entry.about,
                    read.entry.because,
                    _grounds(read.entry),
                    read.at("property"),
                )
                for read in accepted
            ),
            measurements=tuple(
                Measurement(read.entry, _grounds(read.entry), read.span) for read in measurements
            ),
            digest=folder.digest,
            folder=folder.path,
        )
        # What a broken entry would have defined or used is not known: no second-hand faults.
        if self.complete and not folder.faults:
            reads = {read.entry.id: read for read in ids}
            faulty = bool(self.faults)
            self.faults += crosscheck(rulebase, guideline, reads, accepted, structure_only=faulty)
        if folder.faults or self.faults:
            raise GuidelineError([*folder.faults, *self.faults])
        return rulebase

    # --- ids, model, parameters -------------------------------------------------------------

    def unique(self, reads: list[Read[Identified]], guideline: Read[GuidelineEntry] | None) -> None:
        places = [(read.entry.id, read.span) for read in reads]
        if guideline is not None:
            places += [
                (parameter.id, guideline.at("parameters", index, "id"))
                for index, parameter in enumerate(guideline.entry.parameters)
            ]
        seen: dict[str, Span] = {NO_RULE: NOWHERE}
        for id_, span in places:
            if id_ not in seen:
                seen[id_] = span
                continue
            self.complete = False
            self.fault(
                "duplicate-id",
                span,
                f"'{id_}' is already the id of something at {seen[id_]}",
                "ids are unique over the whole guideline: give one of them another",
            )

    def model(self, guideline: Read[GuidelineEntry]) -> type[Assessment] | None:
        if self.given_model is not None:
            return self.given_model
        try:
            return registry.find(guideline.entry.assessment)
        except UnknownAssessmentModel as error:
            self.fault(
                "unknown-model",
                guideline.at("assessment"),
                str(error),
                "models are registered under the entry point group 'guidestep.assessments'",
            )
            return None

    def parameter(self, guideline: Read[GuidelineEntry], index: int, entry: ParameterEntry) -> None:
        self.free(entry.id, guideline.at("parameters", index, "id"))
        if entry.minimum > entry.maximum:
            self.fault(
                "parameter-bounds",
                guideline.at("parameters", index, "minimum"),
                f"the minimum {entry.minimum:g} of '{entry.id}' is above its maximum "
                f"{entry.maximum:g}",
                f"write 'minimum: {entry.maximum:g}' and 'maximum: {entry.minimum:g}' if they are "
                "interchanged",
            )
        elif not entry.minimum <= entry.default <= entry.maximum:
            self.fault(
                "parameter-bounds",
                guideline.at("parameters", index, "default"),
                f"the default {entry.default:g} of '{entry.id}' is outside its own bounds "
                f"{entry.minimum:g} to {entry.maximum:g}",
                "correct the default, or the bounds",
            )

    def free(self, id_: str, span: Span) -> None:
        """Report an id that would mean something else in an expression."""
        if id_ in RESERVED:
            self.fault(
                "bad-id",
                span,
                f"'{id_}' is a word of the rule language, so no expression could mean this",
                "give it another id",
            )

    # --- definitions ------------------------------------------------------------------------

    def read_definitions(self) -> list[tuple[Read[Definition], Expression | None]]:
        """Return the definitions with their expressions as written."""
        folder, found = self.folder, list[tuple[Read[Definition], Expression | None]]()
        for finding in folder.parts("findings.yaml", "findings", FindingEntry):
            found.append((finding, self.parse(finding, "when")))
        for value in folder.parts("findings.yaml", "values", ValueEntry):
            node = value.get("value")
            read = None if node is None else read_quantity(node, self.faults.append)
            found.append((value, read))
        for score in folder.parts("findings.yaml", "scores", ScoreEntry):
            items = [
                (self.parse(score, "items", index, "when"), item.points)
                for index, item in enumerate(score.entry.items)
            ]
            whole = tuple((c, points) for c, points in items if c is not None)
            sum_ = WeightedSum(whole, span=score.span) if len(whole) == len(items) else None
            found.append((score, sum_))
        for band in folder.parts("findings.yaml", "bands", BandEntry):
            cases = [
                (self.parse(band, "cases", index, "when"), case.label)
                for index, case in enumerate(band.entry.cases)
            ]
            read_cases = tuple((c, label) for c, label in cases if c is not None)
            complete = len(read_cases) == len(cases)
            expression = Cases(read_cases, band.entry.otherwise, span=band.span)
            found.append((band, expression if complete else None))
        for definition, _ in found:
            self.free(definition.entry.id, definition.span)
        return found

    def define(
        self, written: list[tuple[Read[Definition], Expression | None]]
    ) -> dict[str, Defined]:
        """Return the definitions in an order in which each follows what it refers to."""
        by_id = {read.entry.id: (read, expression) for read, expression in written}
        defined: dict[str, Defined] = {}
        types: dict[str, Type | None] = dict.fromkeys(by_id)
        # A name that nothing defines may be that of an entry which could not be read.
        missing = any(
            fault.code == "unknown-file" or fault.span.source.name == "findings.yaml"
            for fault in self.folder.faults
        )
        self.scope = Scope(self.scope.fields, self.scope.parameters, types, incomplete=missing)
        self.checker = Checker(self.scope, self.faults.append)
        for id_ in self.ordered(by_id):
            read, expression = by_id[id_]
            checked = None if expression is None else self.checked(read, expression)
            if checked is None:
                continue
            types[id_] = checked[1]
            labels: tuple[str, ...] = ()
            if isinstance(read.entry, ScoreEntry):
                labels = tuple(item.label for item in read.entry.items)
            defined[id_] = Defined(
                id_,
                read.entry.statement,
                checked[0],
                checked[1],
                _grounds(read.entry),
                read.span,
                labels,
            )
        return defined

    def checked(
        self, read: Read[Definition], expression: Expression
    ) -> tuple[Expression, Type] | None:
        match read.entry:
            case FindingEntry():
                found = self.checker.condition(expression)
                return None if found is None else (found, CONDITION)
            case ValueEntry(unit=unit):
                number = self.checker.quantity(expression)
                if number is None or unit is None:
                    return number
                if number[1].unit not in (None, unit):
                    self.fault(
                        "unit-mismatch",
                        read.at("unit"),
                        f"the expression is in '{number[1].unit}', not in '{unit}'",
                        f"write 'unit: \"{number[1].unit}\"', or convert the expression",
                    )
                    return None
                return number[0], Type(number[1].kind, unit, interval=number[1].interval)
            case _:
                return self.checker.check(expression)

    def ordered(self, by_id: Mapping[str, tuple[Read[Definition], Expression | None]]) -> list[str]:
        order, circles = ordered({id_: expression for id_, (_, expression) in by_id.items()})
        for circle in circles:
            self.fault(
                "cycle",
                by_id[circle[0]][0].span,
                f"'{circle[0]}' is defined by itself: {' -> '.join(circle)}",
                "define it without itself, or write it out where it is used",
            )
        depth: dict[str, int] = {}
        for id_ in order:
            read, expression = by_id[id_]
            below = [] if expression is None else walk(expression)
            names = [node.name for node in below if isinstance(node, Reference)]
            depth[id_] = 1 + max((depth.get(name, 0) for name in names), default=0)
            if depth[id_] == MAX_CHAIN + 1:
                self.fault(
                    "expression-too-deep",
                    read.span,
                    f"'{id_}' rests on a chain of more than {MAX_CHAIN} definitions",
                    "no reader can follow it: let rules say more and definitions less",
                )
        return order

    # --- conditions -------------------------------------------------------------------------

    def parse(self, read: Read[Identified], *path: str | int) -> Expression | None:
        node = read.get(*path)
        return TRUE if node is None else read_condition(node, self.faults.append)

    def when(self, read: Read[Identified], *path: str | int) -> Expression:
        """Return the resolved condition at a path; after a fault, a stand-in."""
        written = self.parse(read, *(path or ("when",)))
        resolved = None if written is None else self.checker.condition(written)
        return TRUE if resolved is None else resolved

    # --- entries ----------------------------------------------------------------------------

    def assumption(self, read: Read[AssumptionEntry]) -> Assumption:
        written = read.get("open_when") is not None
        return Assumption(read.entry, self.when(read, "open_when") if written else None, read.span)

    def rule(self, read: Read[RuleEntry], family: Family) -> Rule:
        entry = read.entry
        then = str(entry.then)  # type: ignore[attr-defined]
        optional = None
        if entry.optional_evidence is not None:
            optional = Optional(
                self.when(read, "optional_evidence", "when"), entry.optional_evidence.assumes
            )
        return Rule(
            id=entry.id,
            family=family,
            statement=entry.statement,
            when=self.when(read),
            then=None if then == "caution" else Outcome(then),
            grounds=_grounds(entry),
            span=read.span,
            optional=optional,
            advice=entry.advice,
            urgency=entry.urgency if isinstance(entry, ReferralEntry) else "",
        )

    def requirement(self, read: Read[RequirementEntry]) -> Rule:
        entry = read.entry
        return Rule(
            id=entry.id,
            family=Family.REQUIREMENT,
            statement=entry.statement,
            when=self.when(read, "require"),
            then=Outcome.ASSESS_FIRST,
            grounds=_grounds(entry),
            span=read.span,
            scope=self.when(read, "when"),
            advice=entry.advice,
            step=entry.step,
        )

    def progression(
        self, read: Read[ProgressionEntry], steps: list[Read[StepEntry]]
    ) -> Progression | None:
        entry = read.entry
        track_of = {step.entry.id: step.entry.track or "" for step in steps}
        move: Move
        match entry:
            case ProgressionEntry(
                start=str(step), origin=None, to=None, back_to=None, withhold=None
            ):
                move, track = Start(step), track_of.get(step, "")
            case ProgressionEntry(
                start=None, origin=str(origin), to=str(to), back_to=None, withhold=None
            ):
                move, track = Progress(origin, to), track_of.get(origin, "")
            case ProgressionEntry(
                start=None, origin=str(origin), to=None, back_to=str(to), withhold=None
            ):
                move, track = StepBack(origin, to), track_of.get(origin, "")
            case ProgressionEntry(
                start=None, origin=None, to=None, back_to=None, withhold=str(track)
            ):
                move = Withhold(track, entry.step)
            case _:
                self.complete = False
                self.fault(
                    "bad-progression",
                    read.span,
                    "a progression has one of four forms",
                    "write 'start: A', or 'from: A' with 'to: B', or 'from: B' with 'back_to: A', "
                    "or 'withhold: TRACK'",
                )
                return None
        return Progression(
            entry.id,
            track,
            entry.statement,
            move,
            self.when(read),
            _grounds(entry),
            read.span,
            entry.advice,
        )


def _grounds(entry: Grounded) -> Grounds:
    return Grounds(entry.facts, entry.cites, entry.assumes)
