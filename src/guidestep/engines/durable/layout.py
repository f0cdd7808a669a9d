"""A program laid out in strata: what `strata` makes, and what rulesets and evaluation read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guidestep.engines.durable.arithmetic import Computation
from guidestep.engines.durable.facts import Source
from guidestep.engines.durable.normal_form import Alternative, Forms, effort
from guidestep.logic import Truth

FAR = 8
"""How many tests more are worth taking the false form of a condition for the true one."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A source that rules settle: true or false when an alternative of that form holds.

    One that is never unknown needs rules for one form only, and is the contrary where none fires.
    """

    source: Source
    forms: Forms

    @property
    def unless(self) -> Truth:
        """What holds unless a rule fires."""
        if not self.forms.total:
            return None
        # The true form is preferred, unless it would have rules test far more.
        return bool(self.forms.false) and effort(self.forms.true) >= FAR + effort(self.forms.false)

    @property
    def by_rules(self) -> Sequence[tuple[bool, tuple[Alternative, ...]]]:
        """The forms that need rules."""
        both = ((True, self.forms.true), (False, self.forms.false))
        return [(truth, form) for truth, form in both if form and truth is not self.unless]


@dataclass(frozen=True, slots=True)
class Echo:
    """A condition that asks one thing of the truth `of`, and is settled by the same firings.

    `truths` holds what it is when that is true, false and unknown.
    """

    source: Source
    of: Source
    truths: Mapping[Truth, Truth]


@dataclass(frozen=True, slots=True)
class Computed:
    """A source that a function of what is found settles."""

    source: Source
    function: Computation


@dataclass(frozen=True, slots=True)
class Stratum:
    """Conditions that wait for nothing in this stratum, then the computations they allow."""

    conditions: tuple[Condition, ...]
    computed: tuple[Computed, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A program laid out: its inputs, its strata, and where each verdict will be found.

    `settled` holds the truth of the conditions that are constant.
    """

    inputs: tuple[Source, ...]
    sources: tuple[Source, ...]
    settled: dict[int, bool]
    strata: tuple[Stratum, ...]
    echoes: tuple[Echo, ...]
    verdicts: tuple[int, ...]
