"""What only the whole guideline shows: ids that lead nowhere, things nobody uses, unstable rules.

Each check is a function of the whole that yields faults. Those of `STRUCTURE` look at entries and
ids alone; those of `MEANING` read the expressions too, and wait until these have no fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from guidestep.language.crosscheck import (
    conditions,
    grounds,
    measurements,
    profiles,
    properties,
    protocol,
    provenance,
    safety,
)
from guidestep.language.crosscheck.whole import Whole, demographic_inputs, expressions
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.documents import AcceptedEntry, GuidelineEntry, Identified
from guidestep.language.files import Read
from guidestep.language.rulebase import Rulebase

__all__ = ["crosscheck", "demographic_inputs", "expressions"]

Check = Callable[[Whole], Iterator[Diagnostic]]

STRUCTURE: tuple[Check, ...] = (
    grounds.known_ids,
    grounds.resting_on_something,
    grounds.used,
    protocol.tracks,
    protocol.steps,
    protocol.progressions,
    protocol.requests,
    protocol.doses,
    protocol.notices,
    profiles.profiles,
    properties.sections,
    properties.inputs,
    measurements.measurements,
    provenance.figures,
)

MEANING: tuple[Check, ...] = (
    grounds.used_definitions,
    profiles.demographics,
    conditions.constants,
    conditions.duplicates,
    conditions.scores,
    conditions.bands,
    safety.stability,
)

PROVENANCE: tuple[Check, ...] = (provenance.numbers, provenance.doses)
"""What holds the rules to their source; read apart by who wants to see them drift."""


def crosscheck(
    base: Rulebase,
    guideline: Read[GuidelineEntry],
    reads: Mapping[str, Read[Identified]],
    accepted: Sequence[Read[AcceptedEntry]] = (),
    *,
    structure_only: bool = False,
) -> list[Diagnostic]:
    """Return the faults that only the whole rule base shows.

    `structure_only` leaves out the checks that read expressions.
    """
    whole = Whole(base, guideline, reads, accepted)
    checks = STRUCTURE if structure_only else (*STRUCTURE, *MEANING, *PROVENANCE)
    return [fault for check in checks for fault in check(whole)]
