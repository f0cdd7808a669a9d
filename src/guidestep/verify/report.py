"""What was proved and what was not: findings, each that fails with a patient who shows it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from guidestep.recommendation import Recommendation


class Result(StrEnum):
    """How a property ended; `accepted` fails, and the guideline says why that may be."""

    HOLDS = "holds"
    FAILS = "fails"
    ACCEPTED = "accepted"
    NOT_PROVED = "not proved"


@dataclass(frozen=True, slots=True)
class Witness:
    """A patient who shows a failure: the assessment, what the guideline says, and a case file.

    `name` says which of the patients of the property it is, such as `before`.
    """

    name: str
    assessment: Mapping[str, object]
    recommendation: Recommendation = field(repr=False)
    case: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was proved, or not; `seconds` is the solver's time.

    `check` is the id of the property, `about` that of the rule, step, band or assumption concerned,
    if it is about one; `note` says why it is accepted, or why it could not be settled.
    """

    check: str
    about: str
    statement: str
    result: Result
    seconds: float
    witnesses: tuple[Witness, ...] = ()
    note: str = ""
    facts: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        """Whether nothing is left to mend or to explain."""
        return self.result in (Result.HOLDS, Result.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Section:
    """One property, by its id, with its findings; `title` says it in words."""

    check: str
    title: str
    findings: tuple[Finding, ...]

    @property
    def result(self) -> Result:
        """The worst result of its findings."""
        results = {finding.result for finding in self.findings}
        order = (Result.FAILS, Result.NOT_PROVED, Result.ACCEPTED)
        return next((result for result in order if result in results), Result.HOLDS)

    @property
    def seconds(self) -> float:
        """The solver's time for all of them."""
        return sum(finding.seconds for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Report:
    """The report on one profile of a guideline.

    `abstractions` names what the solver does not compute but holds within limits: what is proved
    holds all the same; what fails was replayed. `seconds` is the whole time.
    """

    guideline: str
    version: str
    digest: str
    profile: str
    sections: tuple[Section, ...]
    abstractions: tuple[str, ...]
    seconds: float
    solver: str

    @property
    def holds(self) -> bool:
        """Whether every property holds, or fails as the guideline accepts."""
        return all(finding.sound for section in self.sections for finding in section.findings)

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The findings that fail or could not be proved."""
        return tuple(f for section in self.sections for f in section.findings if not f.sound)

    def counts(self) -> Mapping[Result, int]:
        """Return the number of findings by result."""
        return Counter(f.result for section in self.sections for f in section.findings)

    def to_json(self, *, times: bool = True) -> str:
        """Return the report as JSON; without `times` the same bytes for the same guideline."""
        return json.dumps(_plain(self, times=times), indent=2, ensure_ascii=False, default=str)

    def __str__(self) -> str:
        from guidestep.verify.report_text import report_text

        return report_text(self)


def _plain(report: Report, *, times: bool) -> dict[str, object]:
    data: dict[str, object] = {
        "guideline": report.guideline,
        "version": report.version,
        "digest": report.digest,
        "profile": report.profile,
        "holds": report.holds,
        "abstractions": list(report.abstractions),
        "solver": report.solver,
    }
    if times:
        data["seconds"] = round(report.seconds, 3)
    data["checks"] = [
        {
            "check": section.check,
            "title": section.title,
            "result": section.result.value,
            "findings": [_finding(finding, times=times) for finding in section.findings],
        }
        for section in report.sections
    ]
    return data


def _finding(finding: Finding, *, times: bool) -> dict[str, object]:
    data: dict[str, object] = {
        "about": finding.about,
        "statement": finding.statement,
        "result": finding.result.value,
    }
    if times:
        data["seconds"] = round(finding.seconds, 4)
    if finding.note:
        data["note"] = finding.note
    if finding.facts:
        data["facts"] = list(finding.facts)
    if finding.witnesses:
        data["witnesses"] = [
            {
                "name": witness.name,
                "assessment": witness.assessment,
                "outcome": witness.recommendation.outcome.value,
                "case": witness.case,
            }
            for witness in finding.witnesses
        ]
    return data
