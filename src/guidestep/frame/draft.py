"""A report in the making: the definitions so far, and what they are noted for."""

from __future__ import annotations

from dataclasses import dataclass

from guidestep.answer.voice import Prepared, Voice
from guidestep.frame.openness import Openness
from guidestep.language.compiler import Compiled
from guidestep.language.decision import outcome_name
from guidestep.language.program import Definition
from guidestep.language.rulebase import Rulebase
from guidestep.language.tree import Expression, Reference
from guidestep.language.types import CONDITION
from guidestep.outcome import Basis, Outcome

Choice = tuple[tuple[str, str], ...]
"""Values with the two-valued definitions under which they are taken; at most one is true."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One rule or track that waits for an input.

    `definition` says that it does, if undecided rules are `listed` at all, or if it is a track; and
    `outcome` is what it could bring.
    """

    definition: str
    outcome: Outcome
    listed: bool


class Draft:
    """The definitions of one compiled profile, to which those of its report are added.

    `reasons` notes when each rule is a reason, `bases` when somebody decides, and `missing` who
    waits for each input.
    """

    def __init__(self, base: Rulebase, compiled: Compiled) -> None:
        self.voice = Voice(base, compiled)
        self.compiled = compiled
        self.definitions = list(compiled.program.definitions)
        self.names = {d.name for d in self.definitions}
        self.openness = Openness({d.name: d for d in self.definitions}, self.define)
        self.reasons: dict[str, list[Expression]] = {}
        self.missing: dict[str, list[Asked]] = {}
        self.bases: dict[Basis, list[Expression]] = {basis: [] for basis in Basis}

    def define(self, name: str, expression: Expression) -> Reference:
        """Add a definition and return a reference to it."""
        self.definitions.append(Definition(name, expression, CONDITION))
        self.names.add(name)
        return Reference(name)

    def outcome(self, outcome: Outcome) -> Expression:
        """Return that this is the outcome."""
        return Reference(outcome_name(outcome))

    def reason(self, prepared: Prepared, when: Expression) -> None:
        """Note when a rule is a reason."""
        self.reasons.setdefault(prepared.rule.id, []).append(when)
        self.bases[self._basis(prepared)].append(when)

    def _basis(self, prepared: Prepared) -> Basis:
        assumes = prepared.grounds.assumes
        if self.compiled.off.intersection(assumes):
            return Basis.UNDETERMINED
        return Basis.ASSUMPTION if assumes else Basis.SOURCE

    def unowned(self, id_: str, when: Expression) -> None:
        """Note when a reason is given that rests on nobody."""
        self.reasons.setdefault(id_, []).append(when)
        self.bases[Basis.UNDETERMINED].append(when)
