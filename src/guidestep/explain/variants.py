"""The same patient with some inputs otherwise: what the model would make of it, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

from guidestep.assessment import FieldSpec
from guidestep.assessment.derived import Derivation
from guidestep.engines.compiled import CompiledEngine
from guidestep.explain.evidence import Evidence
from guidestep.language.program import Value, Verdict

Changes = Mapping[str, Value]
"""Inputs that are otherwise than the patient's, by path."""


@dataclass(frozen=True)
class Variants:
    """Patients who differ from one patient in some inputs.

    A field that was derived, or would be, *follows* the fields it is derived from, unless it is
    itself among the changes.
    """

    evidence: Evidence
    engine: CompiledEngine

    @cached_property
    def specs(self) -> Mapping[str, FieldSpec]:
        """The fields that the program reads."""
        fields = self.evidence.base.model.fields()
        return {path: fields[path] for path in self.evidence.compiled.paths}

    @cached_property
    def reasons(self) -> frozenset[str]:
        """The fields that somebody recorded a reason for not knowing."""
        return frozenset(self.evidence.assessment.data_absent_reasons)

    @cached_property
    def following(self) -> Mapping[str, Derivation]:
        """The fields that follow others."""
        found: dict[str, Derivation] = {}
        for path, spec in self.specs.items():
            if spec.derived is None or path in self.reasons:
                continue
            given = self.evidence.inputs[path]
            if given is None or given == self._derived(spec.derived, {}):
                found[path] = spec.derived
        return found

    def inputs(self, changes: Changes) -> tuple[Value, ...]:
        """Return the inputs of the program, in order."""
        found = {**self.evidence.inputs, **changes}
        for path, derivation in self.following.items():
            if path not in changes and not changes.keys().isdisjoint(derivation.inputs):
                found[path] = self._derived(derivation, changes)
        return tuple(found.values())

    def verdicts(self, changes: Changes) -> tuple[Verdict, ...]:
        """Return what the compiled engine finds."""
        return self.engine.evaluate(self.inputs(changes))

    def seen(self, changes: Changes) -> Evidence:
        """Return the same as evidence, for what explains verdicts."""
        inputs = self.inputs(changes)
        return replace(self.evidence, given=inputs, found=self.engine.evaluate(inputs))

    def data(self, changes: Changes) -> dict[str, object]:
        """Return the assessment as data that the model reads, to be derived again where it was."""
        known: dict[str, dict[str, object]] = {
            section: dict(values) for section, values in self.evidence.assessment.to_dict().items()
        }
        for path in self.following:
            section, _, name = path.partition(".")
            known.get(section, {}).pop(name, None)
        for path, value in changes.items():
            section, _, name = path.partition(".")
            plain = value.isoformat() if isinstance(value, date) else value
            known.setdefault(section, {})[name] = plain
            known.get("data_absent_reasons", {}).pop(path, None)
        return {section: values for section, values in known.items() if values}

    def _derived(self, derivation: Derivation, changes: Changes) -> Value:
        assessment = self.evidence.assessment
        values = [changes.get(path, assessment.value(path)) for path in derivation.inputs]
        return None if None in values else derivation.compute(*values)
