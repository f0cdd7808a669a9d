"""What could not be used of FHIR data, and why: for clinicians and integrators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from guidestep.assessment.errors import named

SHOWN_NAMES = 8
"""The most names that one text lists."""

Severity: TypeAlias = Literal["error", "warning", "information"]
"""`error`: something recorded was not used. `warning`: look at it. `information`: all is well."""

ProblemCode: TypeAlias = Literal[
    "absent-reason",
    "birth-date",
    "comparator",
    "conflict",
    "date-order",
    "deceased",
    "entered-in-error",
    "future-dated",
    "imprecise-date",
    "incomplete",
    "inconsistent",
    "malformed",
    "no-baseline-day",
    "no-value",
    "not-final",
    "not-this-patient",
    "out-of-range",
    "patient-not-named",
    "replaced",
    "server-outcome",
    "several-answers",
    "several-versions",
    "side-not-recorded",
    "stale",
    "suggested",
    "too-many-problems",
    "unconfirmed",
    "undecided",
    "unit",
    "unit-not-coded",
    "unknown-answer",
    "unknown-modifier",
    "unsupported-bundle",
    "wrong-type",
]
"""The kinds of problem, for programs."""


class ReadingError(ValueError):
    """Data that cannot be read as FHIR at all; the text says what is wrong with them."""


def listed(names: Iterable[str], joint: str = ", ") -> str:
    """Return names as one text, the first of them where there are very many.

    >>> listed("abc"), listed(map(str, range(20)))
    ('a, b, c', '0, 1, 2, 3, 4, 5, 6, 7 and 12 more')
    """
    every = [named(name) for name in names]
    more = len(every) - SHOWN_NAMES
    return joint.join(every[:SHOWN_NAMES]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True, slots=True, order=True)
class ReadingProblem:
    """One thing in FHIR data that was not used as it stands.

    `path` is the field it is about, or empty. `resource` names the resource it comes from
    (`Observation/1`), several with commas between them, or is empty. `message` is one sentence
    without a full stop; `hint` says what to do, and may be empty. Message and resource may tell
    of the patient: they are for the record of this patient, not for a log.

    >>> print(ReadingProblem("comparator", "measures.pain", "Observation/1", "pain: got < 5", ""))
    measures.pain: pain: got < 5 (Observation/1)
    """

    code: ProblemCode
    path: str
    resource: str
    message: str
    hint: str
    severity: Severity = "error"

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        text += f" ({self.resource})" if self.resource else ""
        return f"{text}\n  hint: {self.hint}" if self.hint else text
