"""What is wrong with an assessment, as data first and as text for a clinician or an integrator."""

import reprlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

ProblemCode: TypeAlias = Literal[
    "absent-reason",
    "date-order",
    "duplicate",
    "invalid",
    "invalid-json",
    "missing",
    "not-a-boolean",
    "not-a-date",
    "not-a-member",
    "not-a-number",
    "not-a-text",
    "not-finite",
    "out-of-range",
    "too-long",
    "unknown-field",
    "unknown-section",
    "unknown-unit",
    "wrong-shape",
]
"""The kinds of problem, for programs."""

SHOWN = 60
"""Characters of a given value or name that a message repeats."""

LISTED = 50
"""Problems that the text of one error lists; `AssessmentError.problems` has them all."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an assessment.

    `path` is the field ("scope.age_years"), or as much of it as is known, or empty for the whole
    record. `message` is one sentence without a full stop: the label of the field, what was given
    and what is allowed. `hint` says what to write instead, and may be empty.

    >>> print(Problem("scope.age_years", "age: nothing given", "write 50", "missing"))
    scope.age_years: age: nothing given
      hint: write 50
    """

    path: str
    message: str
    hint: str
    code: ProblemCode

    def __str__(self) -> str:
        text = f"{self.path}: {self.message}" if self.path else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class AssessmentError(ValueError):
    """An assessment that cannot be read, with every problem found in it.

    >>> print(AssessmentError([Problem("scope", "no such section", "", "unknown-section")]))
    the assessment cannot be read: 1 problem
    - scope: no such section
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        heading = f"the assessment cannot be read: {count} problem{'' if count == 1 else 's'}"
        lines = [heading, *(f"- {problem}" for problem in self.problems[:LISTED])]
        if count > LISTED:
            lines.append(f"... and {count - LISTED} more")
        return "\n".join(lines)


class UnknownFieldError(LookupError):
    """A field path that the assessment model does not have."""


class UnknownAssessmentModel(LookupError):  # noqa: N818 (part of the public contract)
    """A model id that no installed package offers."""


class _Shown(reprlib.Repr):
    """A repr that stays small whatever it is given: only the part that is shown is built."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 2
        self.maxstring = self.maxother = self.maxlong = SHOWN


_SHOWN = _Shown()
_SHORT = 10**18
"""Integers nearer to zero are shown as they are."""


def shown(value: object) -> str:
    """Return what was given, as Python writes it, in at most `SHOWN` characters.

    >>> shown("12"), shown([1, 2])
    ("'12'", '[1, 2]')
    """
    if type(value) is float or (type(value) is int and -_SHORT < value < _SHORT):
        return repr(value)
    try:
        text = _SHOWN.repr(value)
    except Exception:  # a foreign __repr__, or an integer too long for Python to print
        text = f"<{type(value).__name__}>"
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."


def named(key: str) -> str:
    """Return a name that was given, safe to print on one line in at most `SHOWN` characters.

    >>> named("scope.age"), named("age" + chr(0))[:4]
    ('scope.age', "'age")
    """
    return key if len(key) <= SHOWN and key.isprintable() else shown(key)
