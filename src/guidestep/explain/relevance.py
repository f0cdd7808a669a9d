"""Which unknown inputs could still change a condition, and which no longer matter."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from guidestep.engines.compiled.trace import TraceNode, trace
from guidestep.language.program import Definition, Value, Verdict
from guidestep.language.tree import And, Field, IsKnown, Not, Or, Reference, WeightedSum

_NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class Relevance:
    """Finds the unknown inputs that matter, for one patient.

    `definitions` are those of a program, `verdicts` an engine's for them, `value` gives an input.
    """

    definitions: Mapping[str, Definition]
    verdicts: Mapping[str, Verdict]
    value: Callable[[str], Value]
    _found: dict[str, frozenset[str]] = field(default_factory=dict)

    def of(self, name: str) -> frozenset[str]:
        """Return the paths of the unknown inputs that could change a definition's verdict.

        An input counts only while it matters: in `a or b` nothing is asked once `a` is true.
        """
        if name not in self._found:
            expression = self.definitions[name].expression
            self._found[name] = self._open(trace(expression, self.value, self.verdicts.__getitem__))
        return self._found[name]

    def _open(self, seen: TraceNode) -> frozenset[str]:
        match seen.node:
            case Field(path=path):
                return frozenset({path}) if seen.verdict is None else _NONE
            case Reference(name=name):
                return self.of(name)
            case And():
                return self._joined(seen, decides=False)
            case Or():
                return self._joined(seen, decides=True)
            case Not() | IsKnown() | WeightedSum():
                return self._below(seen)
            case _:
                return self._below(seen) if seen.verdict is None else _NONE

    def _joined(self, seen: TraceNode, *, decides: bool) -> frozenset[str]:
        opens = [(child.verdict, self._open(child)) for child in seen.children]
        # One operand that decides for good settles the whole, whatever the others wait for.
        if any(verdict is decides and not open_ for verdict, open_ in opens):
            return _NONE
        return _NONE.union(*(open_ for _, open_ in opens))

    def _below(self, seen: TraceNode) -> frozenset[str]:
        return _NONE.union(*(self._open(child) for child in seen.children))
