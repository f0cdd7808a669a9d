"""Holds the entries of `fhir.yaml` against the assessment model, and makes the mapping of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from guidestep.assessment import Coding, FieldKind, FieldSpec
from guidestep.assessment.frozen import FrozenDict
from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.codes.linter import lint
from guidestep.interop.fhir.codes.systems import SYSTEMS
from guidestep.interop.fhir.mapping.documents import (
    BaselineEntry,
    CodeEntry,
    MappingEntry,
    SourceEntry,
    StageEntry,
)
from guidestep.interop.fhir.mapping.mapping import FhirMapping
from guidestep.interop.fhir.mapping.sources import Baseline, Key, Side, Source, own_answers
from guidestep.interop.fhir.reading.units import MissingConverter, convertible
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.files import Read
from guidestep.language.source import Span
from guidestep.spelling import did_you_mean

_NUMBERS = (FieldKind.INTEGER, FieldKind.DECIMAL)
_PRESENCE = ("Condition", "Procedure", "DiagnosticReport")
_DATED = ("Procedure", "DiagnosticReport")

LONGEST = 36_500
"""The longest window, in days: a hundred years."""

Way = tuple[str | int, ...]


class Checks:
    """One mapping being checked: collects its faults."""

    def __init__(
        self, guideline: Guideline, canonical: Canonical, read: Read[MappingEntry]
    ) -> None:
        self.guideline = guideline
        self.canonical = canonical
        self.read = read
        self.fields = guideline.model.fields()
        self.faults: list[Diagnostic] = []
        self.verified = {
            (SYSTEMS.get(entry.system, entry.system), entry.code): entry.display
            for entry in read.entry.verified
        }

    def mapping(self) -> FhirMapping:
        """Return the mapping; it is not to be used where there are faults."""
        entry = self.read.entry
        for index, code in enumerate(entry.verified):
            self._code(code, ("verified", index))
        windows = self._windows()
        return FhirMapping(
            self.guideline,
            self.canonical,
            sources=tuple(self._sources(entry.sources)),
            windows=FrozenDict(windows),
            sides=FrozenDict(self._sides()),
            visit=FrozenDict(self._visit()),
            defaults=FrozenDict(self._defaults()),
        )

    # --- the parts --------------------------------------------------------------------------

    def _visit(self) -> Iterable[tuple[str, str]]:
        for index, entry in enumerate(self.read.entry.visit):
            at = self.read.at("visit", index, "path")
            spec = self._field(entry.path, at)
            if spec is not None and spec.kind is not FieldKind.DATE:
                self._fault(
                    "bad-mapping", at, f"{entry.path} is no date", "the visit tells its day only"
                )
            yield entry.path, entry.because

    def _defaults(self) -> Iterable[tuple[str, tuple[str, str]]]:
        places = {track.entry.current for track in self.guideline.base.tracks.values()}
        for index, entry in enumerate(self.read.entry.defaults):
            at = self.read.at("defaults", index, "path")
            spec = self._field(entry.path, at)
            if spec is None:
                continue
            if not spec.required:
                hint = "leave it unknown: remove the entry"
                self._fault(
                    "bad-mapping", at, f"{entry.path} may be unknown, and has no default", hint
                )
            elif entry.path in places:
                message = f"{entry.path} says where the patient stands, and has no default"
                self._fault("bad-mapping", at, message, "have it recorded: remove the entry")
            self._member(spec, entry.value, self.read.at("defaults", index, "value"))
            yield entry.path, (entry.value, entry.because)

    def _windows(self) -> dict[str, int | None]:
        sections: dict[str, int | None] = {}
        paths: dict[str, int | None] = {}
        known = dict.fromkeys(spec.section for spec in self.fields.values())
        for index, entry in enumerate(self.read.entry.windows):
            self._days(entry.within, ("windows", index))
            for place, name in enumerate(entry.fields):
                at = self.read.at("windows", index, "fields", place)
                group = sections if name in known else paths
                if name not in known and name not in self.fields:
                    hint = did_you_mean(name, (*known, *self.fields))
                    self._fault("unknown-field", at, f"there is no field or section '{name}'", hint)
                elif name in group:
                    self._fault(
                        "bad-mapping", at, f"'{name}' has a window already", "keep one of the two"
                    )
                group[name] = entry.within
        spread = {
            path: sections[s.section] for path, s in self.fields.items() if s.section in sections
        }
        return {**spread, **paths}

    def _sides(self) -> Iterable[tuple[Key, Side]]:
        own = self.canonical.answers(self.guideline.model.model_id)
        own_sides: tuple[Side, ...] = ("left", "right", "bilateral")
        for side in own_sides:
            yield (own, side), side
        for index, entry in enumerate(self.read.entry.sides):
            code = self._code(entry, ("sides", index))
            yield (code.system, code.code), entry.side

    def _sources(self, entries: tuple[SourceEntry, ...]) -> Iterable[Source]:
        seen: dict[tuple[object, ...], int] = {}
        for index, entry in enumerate(entries):
            way: Way = ("sources", index)
            spec = self._field(entry.path, self.read.at(*way, "path"))
            codes = tuple(
                self._code(code, (*way, "codes", place)) for place, code in enumerate(entry.codes)
            )
            if spec is None:
                continue
            for place, code in enumerate(codes):
                key = (entry.path, entry.origin, entry.side, code.system, code.code)
                if key in seen:
                    at = self.read.at(*way, "codes", place)
                    message = f"{code.code} is already read for {entry.path}"
                    self._fault("bad-mapping", at, message, "keep one of the two")
                seen[key] = index
            yield self._source(entry, spec, codes, way)

    def _source(
        self, entry: SourceEntry, spec: FieldSpec, codes: tuple[Coding, ...], way: Way
    ) -> Source:
        members = (entry.means,) if isinstance(entry.means, str) else entry.means or ()
        take = self._take(entry, spec, way)
        for place, member in enumerate(members):
            at = self.read.at(*way, "is", place) if len(members) > 1 else self.read.at(*way, "is")
            self._member(spec, member, at)
        if entry.absent is not None:
            self._member(spec, entry.absent, self.read.at(*way, "absent"))
        self._fits(entry, spec, take, way)
        self._days(entry.within, way)
        answers, truths = self._answers(entry, spec, way)
        return Source(
            spec,
            entry.origin,
            codes,
            take=take,
            members=members,
            suggests=entry.suggests,
            absent=entry.absent,
            side=entry.side,
            sides=entry.sides,
            answers=FrozenDict(
                answers | own_answers(self.canonical, self.guideline.model.model_id, spec)
            ),
            truths=FrozenDict(truths),
            units=self._units(entry, spec, way),
            within=entry.within,
            baseline=self._baseline(entry.baseline, (*way, "baseline")),
            questionnaire=entry.questionnaire,
            link_id=entry.link_id,
        )

    def _take(
        self, entry: SourceEntry, spec: FieldSpec, way: Way
    ) -> Literal["value", "presence", "date", "age"]:
        usual: Literal["value", "presence", "age"] = "value"
        if entry.origin == "Patient":
            usual = "age"
        elif entry.origin in _PRESENCE:
            usual = "presence"
        take = entry.take or usual
        allowed = {"date", usual} if entry.origin in _DATED else {usual}
        at = self.read.at(*way, "take")
        if take not in allowed:
            message = f"'{take}' cannot be taken from {entry.origin}"
            self._fault("bad-mapping", at, message, f"write one of {', '.join(sorted(allowed))}")
        elif take == "age" and (spec.kind is not FieldKind.INTEGER or spec.unit != "a"):
            at = self.read.at(*way, "path")
            self._fault("unit-mismatch", at, f"{spec.path} is no age in years", "name the age")
        elif take == "date" and spec.kind is not FieldKind.DATE:
            self._fault("bad-mapping", at, f"{spec.path} is no date", "write take: presence")
        elif take == "presence" and spec.kind is not FieldKind.ENUMERATION:
            at = self.read.at(*way, "path")
            message = f"{spec.path} has no members, and a {entry.origin} gives no other value"
            self._fault("bad-mapping", at, message, "read it from an Observation")
        return take

    def _fits(self, entry: SourceEntry, spec: FieldSpec, take: str, way: Way) -> None:
        """Report keys that go with another type of resource, and what is missing."""
        at = self.read.at(*way, "from")
        coded = entry.origin not in ("Patient", "QuestionnaireResponse")
        if coded and not entry.codes:
            self._fault("missing-key", at, "'codes' is missing", "add 'codes: [{system: ...}]'")
        if entry.origin == "QuestionnaireResponse" and not entry.link_id:
            self._fault("missing-key", at, "'link_id' is missing", "add 'link_id: ...'")
        if take == "presence" and entry.means is None:
            hint = f"add 'is: {spec.members[0] if spec.members else '...'}'"
            self._fault("missing-key", at, "'is' is missing", hint)
        for key, given, fits in (
            ("codes", bool(entry.codes), coded),
            ("link_id", bool(entry.link_id), entry.origin == "QuestionnaireResponse"),
            ("questionnaire", bool(entry.questionnaire), entry.origin == "QuestionnaireResponse"),
            ("is", entry.means is not None, take == "presence"),
            ("suggests", entry.suggests, entry.origin == "Condition"),
            ("absent", entry.absent is not None, entry.origin == "Condition"),
            ("sides", entry.sides, entry.origin == "Condition"),
            ("answers", bool(entry.answers), take == "value"),
            ("units", bool(entry.units), take == "value"),
        ):
            if given and not fits:
                message = f"'{key}' says nothing of a {entry.origin} here"
                self._fault("bad-mapping", self._key(way, key), message, f"remove '{key}'")
        if entry.sides and not {"left", "right", "bilateral"} <= set(spec.members):
            message = f"{spec.path} has no members left, right and bilateral"
            self._fault("bad-mapping", self._key(way, "sides"), message, "remove 'sides'")
        windowed = entry.origin in ("Observation", "QuestionnaireResponse")
        if windowed and not self._written(way, "within"):
            message = "'within' is missing: an old answer would count for ever"
            self._fault("missing-key", at, message, "add 'within: 28', in days, or 'within: null'")

    def _answers(
        self, entry: SourceEntry, spec: FieldSpec, way: Way
    ) -> tuple[dict[Key, str], dict[bool, str]]:
        answers: dict[Key, str] = {}
        truths: dict[bool, str] = {}
        for index, answer in enumerate(entry.answers):
            here = (*way, "answers", index)
            self._member(spec, answer.member, self.read.at(*here, "is"))
            if answer.boolean is not None:
                if answer.code or answer.boolean in truths:
                    message = "an answer is a code or a truth, once"
                    self._fault("bad-mapping", self.read.at(*here), message, "write two entries")
                truths[answer.boolean] = answer.member
                continue
            if not answer.code or not answer.system:
                hint = "add 'system:' and 'code:', or 'boolean:'"
                self._fault("missing-key", self.read.at(*here), "the answer is missing", hint)
                continue
            code = self._code(
                CodeEntry(system=answer.system, code=answer.code, display=answer.display), here
            )
            key = (code.system, code.code)
            if key in answers:
                message = f"{code.code} is already an answer here"
                self._fault("bad-mapping", self.read.at(*here), message, "keep one of the two")
            answers[key] = answer.member
        return answers, truths

    def _units(self, entry: SourceEntry, spec: FieldSpec, way: Way) -> tuple[str, ...]:
        for place, unit in enumerate(entry.units):
            at = self.read.at(*way, "units", place)
            if spec.kind not in _NUMBERS or spec.unit is None:
                self._fault("unit-mismatch", at, f"{spec.path} has no unit", "remove 'units'")
                continue
            try:
                fits = unit in spec.units or convertible(unit, spec.unit)
            except MissingConverter as error:
                self._fault("bad-mapping", at, str(error), f"write one of {', '.join(spec.units)}")
                continue
            if not fits:
                message = f"'{unit}' does not convert to {spec.unit}, the unit of {spec.path}"
                hint = f"write UCUM codes of the same kind, such as {', '.join(spec.units)}"
                self._fault("unit-mismatch", at, message, hint)
        return entry.units

    def _baseline(self, entry: BaselineEntry | None, way: Way) -> Baseline | None:
        if entry is None:
            return None
        at = self.read.at(*way, "day")
        spec = self._field(entry.day, at)
        if spec is not None and spec.kind is not FieldKind.DATE:
            self._fault(
                "bad-mapping", at, f"{entry.day} is no date", "name the day from which on it counts"
            )
        stage = entry.or_visit_while
        if stage is None:
            return Baseline(entry.day)
        self._stage(stage, (*way, "or_visit_while"))
        return Baseline(entry.day, stage.path, stage.member)

    def _stage(self, stage: StageEntry, way: Way) -> None:
        spec = self._field(stage.path, self.read.at(*way, "path"))
        if spec is not None:
            self._member(spec, stage.member, self.read.at(*way, "is"))

    # --- one thing --------------------------------------------------------------------------

    def _field(self, path: str, at: Span) -> FieldSpec | None:
        spec = self.fields.get(path)
        if spec is None:
            hint = did_you_mean(path, self.fields)
            self._fault("unknown-field", at, f"there is no field '{path}'", hint)
        return spec

    def _days(self, days: int | None, way: Way) -> None:
        if days is not None and not 0 <= days <= LONGEST:
            message = f"{days} is no number of days before the visit"
            hint = f"write 0 to {LONGEST}, or null for no limit"
            self._fault("bad-mapping", self.read.at(*way, "within"), message, hint)

    def _member(self, spec: FieldSpec, member: str, at: Span) -> None:
        if spec.kind is not FieldKind.ENUMERATION:
            self._fault("type-mismatch", at, f"{spec.path} has no members", "read its value")
        elif member not in spec.members:
            hint = did_you_mean(member, spec.members) or f"write one of {', '.join(spec.members)}"
            self._fault("unknown-member", at, f"{spec.path} cannot be '{member}'", hint)

    def _code(self, entry: CodeEntry, way: Way) -> Coding:
        system = SYSTEMS.get(entry.system, entry.system)
        if ":" not in system:
            hint = (
                did_you_mean(system, SYSTEMS) or f"write one of {', '.join(SYSTEMS)}, or an address"
            )
            message = f"'{entry.system}' is no code system"
            self._fault("bad-mapping", self.read.at(*way, "system"), message, hint)
        if fault := lint(system, entry.code, entry.display, self.verified):
            key = "display" if fault.kind == "display-differs" and entry.display else "code"
            self._fault(fault.kind, self.read.at(*way, key), fault.message, fault.hint)
        return Coding(system, entry.code, entry.display)

    def _written(self, way: Way, key: str) -> bool:
        return self.read.get(*way, key) is not None

    def _key(self, way: Way, key: str) -> Span:
        return self.read.key_at(*way, key)

    def _fault(self, code: str, span: Span, message: str, hint: str = "") -> None:
        self.faults.append(Diagnostic(code, span, message, hint))
