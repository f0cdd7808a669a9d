"""The canonical addresses of what guidestep publishes, and the local codes for what has no other.

No terminology that may be used freely has a verified code for most inputs of a guideline. Those
are coded locally: a field by its path, an answer by its word.
"""

from __future__ import annotations

from dataclasses import dataclass

EXAMPLE_BASE = "https://guidestep.example/fhir"
"""The base where none was set: a reserved name (RFC 2606), which resolves nowhere."""

UCUM = "http://unitsofmeasure.org"

Coding = dict[str, str]
"""A FHIR Coding: `system`, `code`, and mostly `display`."""


@dataclass(frozen=True, slots=True)
class Canonical:
    """Addresses below one base, which has no slash at its end.

    >>> canonical = Canonical()
    >>> canonical.of("PlanDefinition", "cervical-spasm-opll", "1.0.0")
    'https://guidestep.example/fhir/PlanDefinition/cervical-spasm-opll|1.0.0'
    >>> canonical.field("cervical", "neurologic.gait_instability")["code"]
    'neurologic.gait_instability'
    """

    base: str = EXAMPLE_BASE

    def of(self, kind: str, id: str, version: str | None = None) -> str:  # noqa: A002
        """Return the address of a resource of ours, with its version if one is given."""
        address = f"{self.base}/{kind}/{id}"
        return address if version is None else f"{address}|{version}"

    def extension(self, name: str) -> str:
        """Return the address of an extension of ours."""
        return self.of("StructureDefinition", name)

    def fields(self, model: str) -> str:
        """Return the code system of the fields of an assessment model."""
        return self.of("CodeSystem", f"{model}-field")

    def answers(self, model: str) -> str:
        """Return the code system of the members of all enumerations of an assessment model."""
        return self.of("CodeSystem", f"{model}-answer")

    def field(self, model: str, path: str, label: str | None = None) -> Coding:
        """Return the local code of a field: its path."""
        return _coding(self.fields(model), path, label)

    def answer(self, model: str, member: str, label: str | None = None) -> Coding:
        """Return the local code of an answer: the member of the enumeration."""
        return _coding(self.answers(model), member, label)

    def step(self, guideline: str, step: str, label: str | None = None) -> Coding:
        """Return the local code of a protocol step."""
        return _coding(self.of("CodeSystem", f"{guideline}-step"), step, label)

    def rule(self, guideline: str, rule: str, label: str | None = None) -> Coding:
        """Return the local code of a rule."""
        return _coding(self.of("CodeSystem", f"{guideline}-rule"), rule, label)


def _coding(system: str, code: str, display: str | None) -> Coding:
    return {"system": system, "code": code} | ({} if display is None else {"display": display})
