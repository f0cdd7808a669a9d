"""What things rest on: facts, citations and assumptions that exist, and are used."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from guidestep.language.crosscheck.whole import Step, Whole, expressions
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.documents import (
    Grounded,
    MeasurementEntry,
    PropertyEntry,
    RuleEntry,
    StepEntry,
)
from guidestep.language.source import Span
from guidestep.language.tree import Parameter, Reference, walk
from guidestep.language.types import Kind
from guidestep.spelling import closest


class _Grounding(NamedTuple):
    """What one thing says it rests on, and where it says so."""

    name: str
    entry: Grounded
    at: Callable[..., Span]


def _groundings(whole: Whole) -> Iterator[_Grounding]:
    # From the entries as read: one whose expression is at fault rests on its facts all the same.
    for id_, read in whole.reads.items():
        if isinstance(read.entry, Grounded):
            yield _Grounding(f"'{id_}'", read.entry, _inside(whole, id_))
        if isinstance(read.entry, StepEntry):
            for index, dose in enumerate(read.entry.dose):
                at = _inside(whole, id_, "dose", index)
                yield _Grounding(f"the dose item '{dose.item}'", dose, at)
    for index, parameter in enumerate(whole.base.entry.parameters):
        at = _inside_guideline(whole, "parameters", index)
        yield _Grounding(f"'{parameter.id}'", parameter, at)


def _inside(whole: Whole, id_: str, *start: Step) -> Callable[..., Span]:
    return lambda *path: whole.span(id_, *start, *path)


def _inside_guideline(whole: Whole, *start: Step) -> Callable[..., Span]:
    return lambda *path: whole.guideline.at(*start, *(path or ("id",)))


def known_ids(whole: Whole) -> Iterator[Diagnostic]:
    """Yield the ids of facts, citations and assumptions that nothing has."""
    base = whole.base

    def unknown(
        key: str, names: tuple[str, ...], known: Mapping[str, object], at: Callable[..., Span]
    ) -> Iterator[Diagnostic]:
        for index, name in enumerate(names):
            if name not in known:
                yield unknown_id(_KINDS[key], name, known, at(key, index))
            elif name in names[:index]:
                yield Diagnostic(
                    "duplicate-member",
                    at(key, index),
                    f"'{name}' stands twice in this list",
                    "leave one of them out",
                )

    for _, entry, at in _groundings(whole):
        yield from unknown("facts", entry.facts, base.facts, at)
        yield from unknown("cites", entry.cites, base.citations, at)
        yield from unknown("assumes", entry.assumes, base.assumptions, at)
    for read in whole.accepted:
        yield from unknown("facts", read.entry.facts, base.facts, read.at)
        yield from unknown("cites", read.entry.cites, base.citations, read.at)
        yield from unknown("assumes", read.entry.assumes, base.assumptions, read.at)
        yield from unknown("about", read.entry.about, whole.reads, read.at)
    for id_, rule in base.rules.items():
        if rule.optional is not None and rule.optional.assumes not in base.assumptions:
            span = whole.span(id_, "optional_evidence", "assumes")
            yield unknown_id("assumption", rule.optional.assumes, base.assumptions, span)
    for fact in base.facts.values():
        yield from unknown("cites", fact.cites, base.citations, _inside(whole, fact.id))
    for id_, assumption in base.assumptions.items():
        yield from unknown("facts", assumption.entry.facts, base.facts, _inside(whole, id_))
        yield from unknown("cites", assumption.entry.cites, base.citations, _inside(whole, id_))
    for ambiguity in base.ambiguities:
        at = _inside(whole, ambiguity.id)
        yield from unknown("facts", ambiguity.facts, base.facts, at)
        yield from unknown("treated_by", ambiguity.treated_by, whole.reads, at)


_NUMBERS = re.compile(r"\d")
_FILES = {
    "fact": "facts.yaml",
    "citation": "citations.yaml",
    "assumption": "assumptions.yaml",
    "step": "steps.yaml",
    "track": "steps.yaml",
}
_KINDS = {
    "facts": "fact",
    "cites": "citation",
    "assumes": "assumption",
    "treated_by": "entry",
    "about": "entry",
}


def unknown_id(what: str, name: str, known: Mapping[str, object], span: Span) -> Diagnostic:
    """Return the fault of an id that nothing has."""
    found = closest(name, known)
    # Numbered ids are all alike: the nearest number is no better a guess than another.
    if not found or _NUMBERS.sub("", found) == _NUMBERS.sub("", name):
        hint = "name an assumption, a rule or another entry of the guideline"
        if what in _FILES:
            hint = f"write it in {_FILES[what]}, or correct the id"
    else:
        hint = f"did you mean '{found}'?"
    return Diagnostic("unknown-id", span, f"there is no {what} '{name}'", hint)


def resting_on_something(whole: Whole) -> Iterator[Diagnostic]:
    """Yield what names no fact, citation or assumption."""
    for name, entry, at in _groundings(whole):
        if not (entry.facts or entry.cites or entry.assumes):
            yield Diagnostic(
                "no-grounds",
                at(),
                f"{name} names no fact, citation or assumption",
                "add 'facts: [...]', 'cites: [...]' or 'assumes: [...]'",
            )


def used(whole: Whole) -> Iterator[Diagnostic]:
    """Yield the facts, citations and assumptions that nothing rests on."""
    base = whole.base
    used: set[str] = set()
    for _, entry, _ in _groundings(whole):
        used.update(entry.cites)
        # What decides nothing does not put a fact or an assumption to use.
        if not isinstance(entry, PropertyEntry | MeasurementEntry):
            used.update(entry.facts, entry.assumes)
    for accepted in whole.accepted:
        used.update(accepted.entry.cites)
    for read in whole.reads.values():
        if isinstance(read.entry, RuleEntry) and read.entry.optional_evidence is not None:
            used.add(read.entry.optional_evidence.assumes)
    for assumption in base.assumptions.values():
        used.update(assumption.entry.facts, assumption.entry.cites)
        if assumption.open_when is not None:
            used.add(assumption.entry.id)
    for ambiguity in base.ambiguities:
        used.update(name for name in ambiguity.treated_by if name in base.assumptions)
    for fact in base.facts.values():
        if fact.id in used or fact.decides_nothing:
            used.update(fact.cites)
        if fact.id not in used and not fact.decides_nothing:
            yield Diagnostic(
                "unused-fact",
                whole.span(fact.id),
                f"nothing rests on the fact '{fact.id}'",
                "use it under 'facts:', or say why not: 'decides_nothing: ...'",
            )
    for id_ in base.citations:
        if id_ not in used:
            yield Diagnostic(
                "unused-citation",
                whole.span(id_),
                f"nothing cites '{id_}'",
                "name it under 'cites:' where it is the source, or remove it",
            )
    for id_ in base.assumptions:
        if id_ not in used:
            yield Diagnostic(
                "unused-assumption",
                whole.span(id_),
                f"nothing rests on the assumption '{id_}', so switching it off changes nothing",
                "name it under 'assumes:' where it decides, or say 'open_when: ...'",
            )


def used_definitions(whole: Whole) -> Iterator[Diagnostic]:
    """Yield the definitions and parameters that no expression names; bands may only be shown."""
    claimed = [root for property_ in whole.base.properties for root in property_.conditions]
    names = {
        node.name
        for root in (*expressions(whole.base), *claimed)
        for node in walk(root)
        if isinstance(node, Reference | Parameter)
    }
    for id_, defined in whole.base.definitions.items():
        if id_ not in names and defined.type.kind is not Kind.ENUMERATION:
            yield Diagnostic(
                "unused-definition",
                whole.span(id_),
                f"no expression uses '{id_}'",
                "remove it, or let a rule or a notice use it",
            )
    for index, parameter in enumerate(whole.base.entry.parameters):
        if parameter.id not in names:
            yield Diagnostic(
                "unused-definition",
                whole.guideline.at("parameters", index, "id"),
                f"no expression uses the parameter '{parameter.id}'",
                "remove it, or write its name in place of the number it stands for",
            )
