"""One patient before two versions of a guideline: inputs shared by path, answers side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from guidestep.assessment import FieldKind, FieldSpec
from guidestep.guideline import Guideline, SettingError
from guidestep.language.checker import field_type
from guidestep.language.program import Input, Program
from guidestep.language.tree import Compare, Constant, Field, Reference, walk
from guidestep.outcome import Outcome
from guidestep.verify.encoding import Score
from guidestep.verify.numbers import Number
from guidestep.verify.patient import Patient, Subject, same
from guidestep.verify.symbols import Choice, Quantity, Symbol, Values, symbolize
from guidestep.verify.terms import Bool, conj, neg
from guidestep.verify.versions.answers import Advice, tracks_of
from guidestep.verify.versions.matching import Names, names

NUMBERS = (FieldKind.INTEGER, FieldKind.DECIMAL)
OTHER = " (new)"
"""How the symbols of a field are called whose values in the two models have nothing in common."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version before the patient; `tracks` are what each can say, by their common names."""

    guideline: Guideline
    profile: str
    patient: Patient
    tracks: Mapping[str, Mapping[Advice, Bool]]


@dataclass(frozen=True, slots=True)
class Both:
    """A patient before two versions.

    `limits` hold for all patients that both models accept, `outside` says in words who is not among
    them, and `edges` are conditions to stand on a threshold that only one of the versions has.
    `thresholds` are those of single fields, by path.
    """

    old: Version
    new: Version
    names: Names
    limits: tuple[Bool, ...]
    outside: tuple[str, ...]
    edges: tuple[Bool, ...]
    thresholds: Mapping[str, tuple[float, ...]]

    @property
    def tracks(self) -> tuple[str, ...]:
        """The tracks of both, by their common names."""
        return tuple(dict.fromkeys((*self.old.tracks, *self.new.tracks)))

    def outcomes(self, before: Outcome, after: Outcome) -> Bool:
        """Return that these are the outcomes."""
        return conj((self.old.patient.outcome(before), self.new.patient.outcome(after)))

    def says_the_same(self, track: str) -> Bool:
        """Return that both say the same of a track."""
        ours, theirs = self.old.tracks.get(track, {}), self.new.tracks.get(track, {})
        advice = dict.fromkeys((*ours, *theirs))
        return conj(same(ours.get(each, False), theirs.get(each, False)) for each in advice)

    def alike(self) -> Bool:
        """Return that both give the patient the same answer."""
        old, new = self.old.patient, self.new.patient
        pairs = [same(old.outcome(outcome), new.outcome(outcome)) for outcome in Outcome]
        return conj([*pairs, *map(self.says_the_same, self.tracks)])


def both(old: Guideline, new: Guideline, profile: str | None) -> Both:
    """Return a patient before two guidelines, each under its profile.

    Raises:
        SettingError: One of them has no such profile, or no patient is accepted by both models.
    """
    called = names(old.base, new.base)
    models = old.model.fields(), new.model.fields()
    profiles = [g.default_profile if profile is None else profile for g in (old, new)]
    compiled = [g.compiled(name) for g, name in zip((old, new), profiles, strict=True)]
    read = dict.fromkeys(path for each in compiled for path in each.paths)
    before, after = (
        Subject(g.base, c, _reading(c.program, fields, read))
        for g, c, fields in zip((old, new), compiled, models, strict=True)
    )
    # One arithmetic: an operation on the same numbers has the same result in both.
    after.numbers = before.numbers
    shared = _Shared(before, after, called)
    one = before.patient(before.values(), before.mask())
    two = after.patient(shared.values(), after.mask())
    old_version = Version(old, profiles[0], one, tracks_of(one, {}))
    new_version = Version(new, profiles[1], two, tracks_of(two, called.common))
    edges, thresholds = _edges(one, two)
    found = Both(
        old_version, new_version, called, (), tuple(shared.outside(read)), edges, thresholds
    )
    found.alike()  # all terms are there before the limits of their arithmetic are asked for
    limits = (*before.limits(one), *after.limits(two), *shared.limits(one, two))
    return replace(found, limits=limits)


def _reading(program: Program, fields: Mapping[str, FieldSpec], read: Iterable[str]) -> Program:
    """Return a program that is also given what only the other version reads of the patient."""
    given = {each.path for each in program.inputs}
    more = [
        Input(path, field_type(fields[path]))
        for path in read
        if path in fields and path not in given
    ]
    return Program(program.name, (*program.inputs, *more), program.definitions)


class _Shared:
    """The inputs of both versions: the same path is the same input of the patient."""

    def __init__(self, old: Subject, new: Subject, called: Names) -> None:
        self.old, self.new = old, new
        self.paths = [path for path in old.specs if path in new.specs]
        self.members = {path: self._members(path, called) for path in self.paths}
        self.apart = {path for path in self.paths if not self._meet(path)}
        for path in self.apart:
            if old.specs[path].required or new.specs[path].required:
                raise SettingError(
                    f"no patient is accepted by both models: {path} is always there, and no value "
                    "of it is one in both"
                )

    def _members(self, path: str, called: Names) -> Mapping[str, str]:
        """Return what the members of the new model are in the old one: renamed steps are mapped."""
        ours, theirs = self.old.specs[path].members, self.new.specs[path].members
        steps = {b: a for a, b in called.steps if a in ours and b in theirs}
        fields = {track.entry.current for track in self.new.base.tracks.values()}
        mapped = steps if path in fields else {}
        return {
            member: mapped[member] if member in mapped and member not in ours else member
            for member in theirs
        }

    def _meet(self, path: str) -> bool:
        """Whether some value is one in both models."""
        one, other = self.old.specs[path], self.new.specs[path]
        if one.kind in NUMBERS and other.kind in NUMBERS:
            low = max((n for n in (one.minimum, other.minimum) if n is not None), default=None)
            high = min((n for n in (one.maximum, other.maximum) if n is not None), default=None)
            return one.unit == other.unit and (low is None or high is None or low <= high)
        if one.kind is not other.kind:
            return False
        if one.kind is FieldKind.ENUMERATION:
            return bool(set(one.members) & set(self.members[path].values()))
        return True

    def values(self) -> Values:
        """Return the values before the new version: under the same names they are the same."""
        inputs = [
            Input(i.path, replace(i.type, members=tuple(self.members[i.path].values())))
            if i.path in self.members and i.type.members and i.path not in self.apart
            else i
            for i in self.new.program.inputs
        ]
        together = symbolize([i for i in inputs if i.path not in self.apart], self.new.specs)
        alone = symbolize([i for i in inputs if i.path in self.apart], self.new.specs, OTHER)
        symbols: dict[str, Symbol] = {**together.symbols, **alone.symbols}
        for path, members in self.members.items():
            symbol = symbols[path]
            if isinstance(symbol, Choice) and path not in self.apart:
                symbols[path] = Choice({new: symbol.members[old] for new, old in members.items()})
        return Values(symbols, (*together.within, *alone.within))

    def limits(self, one: Patient, two: Patient) -> Iterator[Bool]:
        """Yield what holds because both models accept the patient."""
        for path in self.paths:
            if path in self.apart:
                yield neg(one.mask[path])
                yield neg(two.mask[path])
                continue
            yield same(one.mask[path], two.mask[path])
            match one.values.symbols[path], two.values.symbols[path]:
                case Choice(members=ours), Choice(members=theirs):
                    terms = set(self.members[path].values())
                    yield from (neg(term) for member, term in ours.items() if member not in terms)
                    yield from (
                        neg(theirs[new])
                        for new, old in self.members[path].items()
                        if old not in ours
                    )
                case Quantity(value=ours), Quantity(value=theirs) if ours.sort() != theirs.sort():
                    yield ours == theirs

    def outside(self, read: Iterable[str]) -> Iterator[str]:
        """Yield in words in which fields the two models differ, and who is left out for that."""
        ours, theirs = self.old.base.model.fields(), self.new.base.model.fields()
        for path in read:
            if path not in ours or path not in theirs:
                side = "old" if path in ours else "new"
                yield f"{path} is a field of the {side} model alone: only that version sees it"
            elif path in self.apart:
                yield f"{path} has no value in common: only patients without it are compared"
            else:
                yield from self._narrower(path)

    def _narrower(self, path: str) -> Iterator[str]:
        one, other = self.old.specs[path], self.new.specs[path]
        if one.required is not other.required:
            side = "old" if one.required else "new"
            yield f"{path} is required by the {side} model: patients without it are not compared"
        ours, theirs = set(one.members), set(self.members[path].values())
        if alone := sorted(ours ^ theirs):
            yield f"{path} is not compared for {', '.join(alone)}: only one of the models has it"
        if (one.minimum, one.maximum) != (other.minimum, other.maximum):
            yield f"{path} is compared within the limits of both models"
        if one.kind is not other.kind:
            yield f"{path} is compared for whole numbers: one of the models has no others"


# --- thresholds -----------------------------------------------------------------------------------


def _edges(one: Patient, two: Patient) -> tuple[tuple[Bool, ...], Mapping[str, tuple[float, ...]]]:
    """Return to stand on each threshold that only one version has, and those of single fields."""
    ours, theirs = _comparisons(one), _comparisons(two)
    edges: list[Bool] = []
    thresholds: dict[str, dict[float, None]] = {}
    for key in (*(k for k in ours if k not in theirs), *(k for k in theirs if k not in ours)):
        node, edge = ours.get(key) or theirs[key]
        edges.append(edge)
        match node:
            case (
                Compare(left=Field(path=path), right=Constant(value=int() | float() as at))
                | Compare(left=Constant(value=int() | float() as at), right=Field(path=path))
            ):
                thresholds.setdefault(path, {})[at] = None
    return tuple(edges), {path: tuple(sorted(found)) for path, found in thresholds.items()}


def _comparisons(patient: Patient) -> dict[object, tuple[Compare, Bool]]:
    """Return the comparisons of a program, by their terms, each with that both sides are equal."""
    found: dict[object, tuple[Compare, Bool]] = {}
    for definition in patient.subject.program.definitions:
        for node in walk(definition.expression):
            if isinstance(node, Compare):
                for part in walk(node):
                    if isinstance(part, Reference):
                        patient.encoding.term(part.name)
                left, right = (patient.encoding.encode(n) for n in (node.left, node.right))
                assert isinstance(left, Number | Score)
                assert isinstance(right, Number)
                equal = (
                    left.low == right.term if isinstance(left, Score) else left.term == right.term
                )
                known = left.decided if isinstance(left, Score) else left.known
                key = (node.operator, equal.get_id())
                found[key] = node, conj((known, right.known, equal))
    return found
