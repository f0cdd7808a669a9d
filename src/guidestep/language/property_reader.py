"""The properties of a guideline, read: their conditions alone may use the names of the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from guidestep.language.checker import Checker, Report, Scope
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.documents import Identified, PropertyEntry, StepEntry, TrackEntry
from guidestep.language.expressions import read_condition
from guidestep.language.files import Read
from guidestep.language.properties import answer_types
from guidestep.language.rulebase import Always, Claim, Grounds, Never, Property, UnchangedBy
from guidestep.language.tree import Constant, Expression
from guidestep.language.types import Type

_FORMS = ("never", "always", "unchanged_by")


def names_of_answer(
    tracks: Iterable[Read[TrackEntry]],
    steps: Iterable[Read[StepEntry]],
    rules: Iterable[Read[Identified]],
    requests: Iterable[Read[Identified]],
) -> Mapping[str, Type]:
    """Return the names of the answer with their types; `rules` are progressions as well."""
    of_track: dict[str, list[str]] = {track.entry.id: [] for track in tracks}
    for step in steps:
        if step.entry.track in of_track:
            of_track[step.entry.track].append(step.entry.id)
    return answer_types(of_track, (r.entry.id for r in rules), (r.entry.id for r in requests))


def read_properties(
    reads: Iterable[Read[PropertyEntry]], scope: Scope, answer: Mapping[str, Type], report: Report
) -> tuple[Property, ...]:
    """Return the properties without those that claim nothing or two things, which are reported."""
    checker = Checker(replace(scope, answer=answer), report)
    found = [_property(read, checker) for read in reads]
    return tuple(property_ for property_ in found if property_ is not None)


def _property(read: Read[PropertyEntry], checker: Checker) -> Property | None:
    entry = read.entry
    match [form for form in _FORMS if read.get(form) is not None]:
        case ["never"]:
            claim: Claim = Never(_condition(read, "never", checker))
        case ["always"]:
            claim = Always(_condition(read, "always", checker))
        case ["unchanged_by"]:
            claim = UnchangedBy(entry.unchanged_by)
        case forms:
            checker.report(
                Diagnostic(
                    "bad-property",
                    read.span,
                    f"'{entry.id}' claims {f'{len(forms)} things at once' if forms else 'nothing'}",
                    "write one of 'never: CONDITION', 'always: CONDITION' and 'unchanged_by: "
                    "[FIELD]'; a second claim is a property of its own",
                )
            )
            return None
    when = _condition(read, "when", checker)
    grounds = Grounds(entry.facts, entry.cites, entry.assumes)
    return Property(entry.id, entry.statement, claim, when, grounds, read.span)


def _condition(read: Read[PropertyEntry], key: str, checker: Checker) -> Expression:
    """Return the resolved condition under a key; without one, or after a fault, true."""
    node = read.get(key)
    written = None if node is None else read_condition(node, checker.report)
    resolved = None if written is None else checker.condition(written)
    return Constant(True) if resolved is None else resolved
