"""A mapping ready for use: what it reads, how that is asked for, what it makes of resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from guidestep.assessment import FieldSpec
from guidestep.assessment.frozen import FrozenDict
from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical, Coding
from guidestep.interop.fhir.mapping.requests import data_requirements, queries
from guidestep.interop.fhir.mapping.sources import Key, Side, Source, own_answers

if TYPE_CHECKING:
    from guidestep.interop.fhir.reading import Reading

ASSUMED_WINDOW = 1
"""Days before the visit from which an answer is believed where no mapping sets a window."""


@dataclass(frozen=True, eq=False)
class FhirMapping:
    """How FHIR R4 resources tell the fields of a guideline's assessment.

    Every field can be read by its local code (an Observation) and by its path as the `linkId` of a
    QuestionnaireResponse; `sources` are the ways that `fhir.yaml` adds. Made by `load_mapping`,
    never changed afterwards; safe to use from several threads at once.
    """

    guideline: Guideline
    canonical: Canonical = field(default_factory=Canonical)
    sources: tuple[Source, ...] = ()
    windows: Mapping[str, int | None] = field(default_factory=FrozenDict)
    sides: Mapping[Key, Side] = field(default_factory=FrozenDict)
    visit: Mapping[str, str] = field(default_factory=FrozenDict)
    """Fields that the day of the visit tells, and why."""
    defaults: Mapping[str, tuple[str, str]] = field(default_factory=FrozenDict)
    """Fields with a value where nothing usable is recorded, and why that is safe."""

    @property
    def fields(self) -> Mapping[str, FieldSpec]:
        """The fields of the assessment, by path."""
        return self.guideline.model.fields()

    def read(self, data: object, *, subject: str | None = None, on: date) -> Reading:
        """Return what resources say of one patient on the day of a visit.

        `data` is a Bundle, a list of resources, or prefetch results (key to resource, Bundle or
        None). `subject` is the patient, as `Patient/1`; without it the only one that the data
        speak of. Resources of anybody else are never used.

        Raises:
            ReadingError: The data are no such thing, or are too large, or speak of several
                patients and none is named.
        """
        from guidestep.interop.fhir.reading import read

        return read(self, data, subject=subject, on=on)

    def queries(self) -> Mapping[str, str]:
        """Return prefetch templates for all that is read: key to FHIR query.

        Of CDS Hooks 2.0 only what its prefetch subset has: reads, searches of a type, references,
        tokens, `_sort` and `_count`, and the token `{{context.patientId}}`.
        """
        return self._queries

    @cached_property
    def _queries(self) -> Mapping[str, str]:
        return FrozenDict(queries(self))

    def coding(self, path: str) -> tuple[Coding, ...]:
        """Return the codes of a field: those of terminologies first, then its own.

        Raises:
            UnknownFieldError: The model has no such field.
        """
        spec = self.spec(path)
        standard = [
            {"system": code.system, "code": code.code, "display": code.display}
            for code in spec.codes
        ]
        return (*standard, self.canonical.field(self.guideline.model.model_id, path, spec.label))

    def data_requirements(self, paths: Iterable[str]) -> list[dict[str, object]]:
        """Return FHIR DataRequirements for fields: which resources would tell them.

        Raises:
            UnknownFieldError: The model has no such field.
        """
        return data_requirements(self, paths)

    def spec(self, path: str) -> FieldSpec:
        """Return a field.

        Raises:
            UnknownFieldError: The model has no such field.
        """
        self.guideline.model.reader([path])
        return self.fields[path]

    def window(self, path: str) -> int | None:
        """Return how many days before the visit an answer to a field may date from, or None."""
        return self.windows.get(path, ASSUMED_WINDOW)

    @cached_property
    def local(self) -> Mapping[str, Source]:
        """For each field, the way by its own code."""
        model = self.guideline.model.model_id
        return {
            path: Source(
                spec,
                "Observation",
                within=self.window(path),
                local=True,
                answers=FrozenDict(own_answers(self.canonical, model, spec)),
            )
            for path, spec in self.fields.items()
        }

    @cached_property
    def by_code(self) -> Mapping[str, Mapping[Key, tuple[Source, ...]]]:
        """The sources by resource type and code."""
        found: dict[str, dict[Key, list[Source]]] = {}
        for source in self.sources:
            for code in source.codes:
                keyed = found.setdefault(source.resource, {})
                keyed.setdefault((code.system, code.code), []).append(source)
        system = self.canonical.fields(self.guideline.model.model_id)
        own = found.setdefault("Observation", {})
        for path, source in self.local.items():
            own.setdefault((system, path), []).append(source)
        return {
            kind: {key: tuple(many) for key, many in keyed.items()} for kind, keyed in found.items()
        }

    @cached_property
    def by_link(self) -> Mapping[str, tuple[Source, ...]]:
        """The sources by the `linkId` of a questionnaire's item."""
        found: dict[str, list[Source]] = {path: [source] for path, source in self.local.items()}
        for source in self.sources:
            if source.link_id:
                found.setdefault(source.link_id, []).append(source)
        return {link: tuple(many) for link, many in found.items()}

    @cached_property
    def required(self) -> tuple[str, ...]:
        """The fields without which there is no assessment."""
        return tuple(path for path, spec in self.fields.items() if spec.required)

    @cached_property
    def anchored(self) -> frozenset[str]:
        """The fields of which some source counts before a baseline."""
        return frozenset(source.path for source in self.sources if source.baseline is not None)

    @cached_property
    def ages(self) -> tuple[Source, ...]:
        """The sources that take the age of a Patient."""
        return tuple(source for source in self.sources if source.take == "age")
