"""A program laid out in strata: what `strata` makes, and what rulesets and evaluation read."""

from __future__ import annotations

from dataclasses import dataclass

from guidestep.engines.durable.arithmetic import Computation
from guidestep.engines.durable.facts import Source
from guidestep.engines.durable.normal_form import Forms


@dataclass(frozen=True, slots=True)
class Condition:
    """A source that rules settle: true or false when an alternative of that form holds."""

    source: Source
    forms: Forms


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
    verdicts: tuple[int, ...]
