"""What a recommendation was made from: kept beside it to explain it, never serialised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from guidestep.assessment import Assessment
from guidestep.language.compiler import Compiled
from guidestep.language.program import Value, Verdict
from guidestep.language.rulebase import Rulebase


@dataclass(eq=False)
class Evidence:
    """The rule base and program that answered, the patient, the inputs and verdicts in order.

    Never changed once it is made; not frozen, because one is made for every answer, and a frozen
    dataclass takes four times as long to make.
    """

    base: Rulebase
    compiled: Compiled
    assessment: Assessment
    given: tuple[Value, ...]
    found: tuple[Verdict, ...]

    @cached_property
    def inputs(self) -> Mapping[str, Value]:
        """The inputs by path; one that stands for an open point is never known."""
        inputs = self.compiled.program.inputs
        return {i.path: value for i, value in zip(inputs, self.given, strict=True)}

    @cached_property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdicts by the name of their definition."""
        definitions = self.compiled.program.definitions
        return {d.name: verdict for d, verdict in zip(definitions, self.found, strict=True)}

    def value(self, path: str) -> Value:
        """Return a field of the patient, or what stands for an open point: never known."""
        return self.inputs[path] if path in self.inputs else self.assessment.value(path)
