"""From a rule base, a profile and parameters to the program that the engines run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from guidestep.language.checker import field_type
from guidestep.language.decision import Decision, decide
from guidestep.language.documents import ProfileEntry
from guidestep.language.lowering import OPEN, Lowering
from guidestep.language.program import Definition, Input, Program
from guidestep.language.rulebase import Rulebase
from guidestep.language.tree import Field, walk
from guidestep.language.types import CONDITION, Kind, Type


@dataclass(frozen=True, slots=True)
class Compiled:
    """A program and what it was made with.

    `paths` are the fields that the program reads, in the order of its first inputs; the inputs
    after them stand for open points and are never given.
    """

    program: Program
    decision: Decision
    profile: ProfileEntry
    off: frozenset[str]
    parameters: Mapping[str, float]
    paths: tuple[str, ...]


def assumptions_off(base: Rulebase, profile: ProfileEntry) -> frozenset[str]:
    """Return the ids of the assumptions that a profile has off."""
    match profile.assumptions:
        case "all":
            on = set(base.assumptions)
        case "none":
            on = set()
        case listed:
            on = set(listed)
    return frozenset(set(base.assumptions) - (on - set(profile.without)))


def compile_program(
    base: Rulebase, profile: ProfileEntry, parameters: Mapping[str, float]
) -> Compiled:
    """Return the program of a rule base under one profile and one setting of its parameters."""
    off = assumptions_off(base, profile)
    lowering = Lowering(base.definitions, parameters, off)
    definitions: list[Definition] = []
    for defined in base.definitions.values():
        definitions.extend(lowering.definition(defined))
    excuses = profile.optional_evidence == "accepted"
    decision = decide(base, lowering, off, excuses=excuses)
    definitions.extend(decision.definitions)
    used = {
        node.path
        for definition in definitions
        for node in walk(definition.expression)
        if isinstance(node, Field)
    }
    # Notices show what no rule need read.
    used.update(path for notice in base.notices for path in notice.entry.shows)
    fields = base.model.fields()
    paths = tuple(path for path in fields if path in used)
    inputs = [Input(path, field_type(fields[path])) for path in paths]
    inputs += [Input(path, _open_type(path)) for path in sorted(used - set(fields))]
    program = Program(f"{base.entry.id} {profile.id}", tuple(inputs), tuple(definitions))
    return Compiled(program, decision, profile, off, dict(parameters), paths)


def _open_type(path: str) -> Type:
    assert path.startswith(OPEN)
    kind = Kind(path.rsplit(" ", 1)[-1])
    return CONDITION if kind is Kind.CONDITION else Type(kind)
