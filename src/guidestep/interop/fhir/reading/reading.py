"""What FHIR data say of a patient at a visit, where each value comes from, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from guidestep.assessment import Assessment
from guidestep.assessment.frozen import FrozenDict
from guidestep.guideline import Guideline
from guidestep.interop.fhir.reading.problems import ReadingProblem


class Provenance(NamedTuple):
    """Where a value comes from.

    `resource` is a reference such as `Observation/1`, or empty for what the visit or a declared
    default gives; `recorded` then says why. `date` is the day on which it was recorded or found,
    where it is known exactly. `recorded` is the value as it was recorded, before conversion;
    `version` is `meta.versionId`, or empty.
    """

    path: str
    resource: str
    date: date | None
    recorded: str
    version: str


REASONS = "data_absent_reasons"


def sections(data: Mapping[str, object]) -> dict[str, object]:
    """Return values by path in their sections, with the reasons beside them.

    >>> sections({"scope.age_years": 52, "data_absent_reasons": {}})
    {'scope': {'age_years': 52}, 'data_absent_reasons': {}}
    """
    found: dict[str, object] = {}
    parts: dict[str, dict[str, object]] = {}
    for path, value in data.items():
        if path == REASONS:
            found[REASONS] = value
            continue
        section, _, name = path.partition(".")
        parts.setdefault(section, {})[name] = value
    return {**parts, **found}


@dataclass(frozen=True, eq=False)
class Reading:
    """What FHIR data say of one patient at one visit.

    `data` maps field paths to values, and `data_absent_reasons` to reasons by path; it is ready
    for `guideline.model.read`. What is not in it is unknown. `missing_required` are the fields
    without which there is no assessment. Made by `FhirMapping.read`.
    """

    guideline: Guideline = field(repr=False)
    on: date
    data: Mapping[str, object] = field(default_factory=FrozenDict)
    provenance: Mapping[str, Provenance] = field(default_factory=FrozenDict)
    problems: tuple[ReadingProblem, ...] = ()
    missing_required: tuple[str, ...] = ()
    _read: Assessment | None = field(default=None, repr=False)

    def assessment(self) -> Assessment:
        """Return the assessment of the guideline's model.

        Raises:
            AssessmentError: A required field is missing; the error names each.
        """
        if self._read is not None:  # to see whether the values agree, it has been made already
            return self._read
        return self.guideline.model.read(self.sections(), today=self.on)

    def sections(self) -> dict[str, object]:
        """Return the data in their sections, which the model reads fastest."""
        return sections(self.data)

    @property
    def sources(self) -> Mapping[str, str]:
        """The resource that each value comes from, by path; without visit and defaults."""
        return {path: of.resource for path, of in self.provenance.items() if of.resource}
