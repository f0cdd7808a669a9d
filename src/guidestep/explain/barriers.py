"""What bars the way to another answer: rules whose verdict one input turns, and at what condition.

The decision is asked again with the verdict of one rule put back to what it was: where the answer
is then lost, that rule barred it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Protocol, cast

from guidestep.engines.compiled import CompiledEngine
from guidestep.explain.evidence import Evidence
from guidestep.explain.prose import prose
from guidestep.explain.shape import as_range
from guidestep.explain.sources import quality_words
from guidestep.explain.why import Explainer
from guidestep.explain.words import FAMILIES
from guidestep.language.compiler import Compiled
from guidestep.language.decision import unmet_name
from guidestep.language.lowering import TRUE
from guidestep.language.program import Input, Program, Value, Verdict
from guidestep.language.rulebase import Grounds, Rulebase
from guidestep.language.tree import (
    And,
    AtLeast,
    Cases,
    Compare,
    Count,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Node,
    Not,
    Or,
    Reference,
    WeightedSum,
    children,
    walk,
)
from guidestep.language.types import CONDITION
from guidestep.logic import Truth, word
from guidestep.outcome import Family

_JOINED = (And, Or, Not, AtLeast, Count, WeightedSum, Cases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A condition on an input in words, with its truth before the change and after it."""

    text: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """A citation, and what it is worth in words."""

    id: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """A rule that bars the answer until an input changes.

    `before` and `after` are its verdicts; `thresholds` the conditions in it that the input turns.
    `family` is `place` for the step the patient is at, and `rule` then the track.
    """

    rule: str
    family: str
    statement: str
    before: str
    after: str
    thresholds: tuple[Threshold, ...] = ()
    facts: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()
    cites: tuple[Strength, ...] = ()


class Sought(Protocol):
    """An answer, of which verdicts say whether it is given."""

    def holds(self, verdicts: Mapping[str, Verdict], /) -> bool:
        """Return whether this is the answer."""
        ...


@dataclass(frozen=True)
class Speaker:
    """What can bar: the definition with its verdict, and the conditions it rests on."""

    name: str
    rule: str
    family: str
    statement: str
    conditions: tuple[Expression, ...]
    grounds: Grounds


@dataclass(frozen=True)
class Barriers:
    """Finds what bars, for one profile of a guideline; kept from one question to the next."""

    base: Rulebase
    compiled: Compiled
    _closures: dict[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def speakers(self) -> Mapping[str, Speaker]:
        """All that can bar, by the name of its definition."""
        return {each.name: each for each in self._speakers()}

    def of(
        self, target: Sought, paths: Iterable[str], before: Evidence, after: Evidence
    ) -> tuple[Barrier, ...]:
        """Return what bars the target before, and no longer after, inputs have changed."""
        turned = [n for n in self.speakers if before.verdicts[n] != after.verdicts[n]]
        barring = [name for name in turned if not self._reached(target, [name], before, after)]
        if not barring and not self._reached(target, turned, before, after):
            barring = turned
        found = [self._barrier(self.speakers[n], set(paths), before, after) for n in barring]
        return (*found, *(() if found else self._places(set(paths))))

    # --- who can bar ----------------------------------------------------------------------------

    def _speakers(self) -> Iterator[Speaker]:
        base, decision = self.base, self.compiled.decision
        for rule in decision.rules:
            conditions: tuple[Expression, ...] = (rule.when,)
            name = rule.id
            if rule.family is Family.REQUIREMENT:
                name = unmet_name(rule.id)
                conditions = (rule.when, rule.scope or TRUE)
            family = FAMILIES[rule.family]
            yield Speaker(name, rule.id, family, rule.statement, conditions, rule.grounds)
        for p in decision.progressions:
            yield Speaker(p.id, p.id, FAMILIES["progression"], p.statement, (p.when,), p.grounds)
        for id_ in decision.open_points:
            assumption = base.assumptions[id_]
            if assumption.open_when is not None:
                when = (assumption.open_when,)
                question = assumption.entry.question
                yield Speaker(f"{id_}:open", id_, "open point", question, when, Grounds())
        names = {definition.name for definition in decision.definitions}
        for track in base.tracks.values():
            if (name := f"{track.entry.id}:active") in names:
                statement = f"Who the strand {track.entry.id} is for"
                yield Speaker(name, track.entry.id, "track", statement, (track.when,), Grounds())

    # --- the decision, asked again --------------------------------------------------------------

    @cached_property
    def _decision(self) -> tuple[CompiledEngine, tuple[str, ...]]:
        """Return the program with the verdicts of all that can bar as inputs."""
        program, speakers = self.compiled.program, self.speakers
        inputs = [Input(f"verdict {name}", CONDITION) for name in speakers]
        definitions = tuple(
            replace(definition, expression=_turned(definition.expression, speakers))
            for definition in program.definitions
            if definition.name not in speakers
        )
        names = tuple(definition.name for definition in definitions)
        decision = Program(program.name, (*program.inputs, *inputs), definitions)
        return CompiledEngine(decision), names

    def _reached(
        self, target: Sought, put_back: Iterable[str], before: Evidence, after: Evidence
    ) -> bool:
        """Return whether the target is still reached with the verdicts of some rules put back."""
        engine, names = self._decision
        verdicts = {name: after.verdicts[name] for name in self.speakers}
        verdicts.update((name, before.verdicts[name]) for name in put_back)
        given = cast("tuple[Value, ...]", (*after.given, *verdicts.values()))
        found: dict[str, Verdict] = dict(zip(names, engine.evaluate(given), strict=True))
        return target.holds({**verdicts, **found})

    # --- in words -------------------------------------------------------------------------------

    def _barrier(
        self, speaker: Speaker, paths: set[str], before: Evidence, after: Evidence
    ) -> Barrier:
        looks = Explainer(before), Explainer(after)
        thresholds: dict[str, Threshold] = {}
        for condition in speaker.conditions:
            for node in self._leaves(condition, paths):
                was, now = (cast(Truth, look.found(node)) for look in looks)
                if was != now:
                    text = prose(node, self.base)
                    found = Threshold(text=text, before=word(was), after=word(now))
                    thresholds.setdefault(text, found)
        grounds = speaker.grounds
        for name in self._below(speaker.conditions):
            grounds |= self.base.definitions[name].grounds
        verdicts = before.verdicts[speaker.name], after.verdicts[speaker.name]
        said = [word(cast(Truth, verdict)) for verdict in verdicts]
        if speaker.name != speaker.rule and speaker.family == FAMILIES[Family.REQUIREMENT]:
            said = ["unmet" if verdict is True else "met" for verdict in verdicts]
        return Barrier(
            rule=speaker.rule,
            family=speaker.family,
            statement=speaker.statement,
            before=said[0],
            after=said[1],
            thresholds=tuple(thresholds.values()),
            facts=grounds.facts,
            assumes=grounds.assumes,
            cites=tuple(
                Strength(id=id_, words=quality_words(self.base.citations[id_]))
                for id_ in grounds.cites
                if id_ in self.base.citations
            ),
        )

    def _places(self, paths: set[str]) -> Iterator[Barrier]:
        for track in self.base.tracks.values():
            if track.entry.current in paths:
                yield Barrier(
                    rule=track.entry.id,
                    family="place",
                    statement=f"The step the patient is at in the strand {track.entry.id}",
                    before="another step",
                    after="as needed",
                )

    def _leaves(self, node: Expression, paths: set[str]) -> Iterator[Expression]:
        """Yield the smallest conditions that read one of the inputs, what they name first."""
        match node:
            case Reference(name=name):
                if name in self.base.definitions and self._reads(name) & paths:
                    yield from self._leaves(self.base.definitions[name].expression, paths)
            case And(operands=(left, right)) if self._is_range(node):
                if any(self._touches(side, paths) for side in (left, right)):
                    yield node
            case Compare() | IsMember() | IsKnown():
                for inner in walk(node):
                    if isinstance(inner, Reference):
                        yield from self._leaves(inner, paths)
                if self._touches(node, paths):
                    yield node
            case Field(path=path):
                if path in paths:
                    yield node
            case _ if isinstance(node, _JOINED):
                for child in children(node):
                    yield from self._leaves(child, paths)
            case _:
                return

    def _is_range(self, node: Expression) -> bool:
        return (
            isinstance(node, And)
            and len(node.operands) == 2
            and as_range(*node.operands) is not None
        )

    def _touches(self, node: Expression, paths: set[str]) -> bool:
        for inner in walk(node):
            match inner:
                case Field(path=path) if path in paths:
                    return True
                case Reference(name=name) if self._reads(name) & paths:
                    return True
        return False

    def _reads(self, name: str) -> frozenset[str]:
        """Return the inputs that a definition reads, also by others."""
        if name not in self._closures:
            defined = self.base.definitions.get(name)
            found: set[str] = set()
            for node in walk(defined.expression) if defined is not None else ():
                match node:
                    case Field(path=path):
                        found.add(path)
                    case Reference(name=other):
                        found |= self._reads(other)
            self._closures[name] = frozenset(found)
        return self._closures[name]

    def _below(self, nodes: Iterable[Expression]) -> Iterator[str]:
        """Yield the definitions that conditions refer to, each once."""
        todo, seen = list(nodes), set[str]()
        while todo:
            for node in walk(todo.pop(0)):
                if (
                    isinstance(node, Reference)
                    and node.name not in seen
                    and node.name in self.base.definitions
                ):
                    seen.add(node.name)
                    yield node.name
                    todo.append(self.base.definitions[node.name].expression)


def _turned(value: Any, names: Mapping[str, Speaker]) -> Any:
    """Return a part of a tree in which references to verdicts are inputs."""
    if isinstance(value, Reference) and value.name in names:
        return Field(f"verdict {value.name}")
    if isinstance(value, tuple):
        return tuple(_turned(one, names) for one in value)
    if not isinstance(value, Node):
        return value
    changed = {
        part.name: _turned(getattr(value, part.name), names)
        for part in fields(value)
        if part.name != "span"
    }
    return replace(value, **changed)
