"""The ledger: which facts, citations and assumptions an answer rests on, each once, in order.

Each id is a bit of a number, so that putting together what twenty parts rest on costs twenty
bitwise ors; the lists are looked up, since most patients of a guideline share a few of them.
"""

from __future__ import annotations

from collections.abc import Collection

from guidestep.language.documents import CitationEntry
from guidestep.language.rulebase import Grounds, Rulebase
from guidestep.recommendation import AssumptionUsed

Listed = tuple[tuple[str, ...], tuple[AssumptionUsed, ...], tuple[CitationEntry, ...]]

_MOST_KEPT = 4096


class Ledger:
    """Knows every id of a rule base by its bit."""

    def __init__(self, base: Rulebase, off: Collection[str]) -> None:
        ids = [*base.facts, *base.citations, *base.assumptions]
        self._bits = {id_: 1 << index for index, id_ in enumerate(ids)}
        self._base = base
        self._assumptions = {
            id_: AssumptionUsed(
                id=id_,
                version=assumption.entry.version,
                title=assumption.entry.title,
                statement=assumption.entry.statement,
            )
            for id_, assumption in base.assumptions.items()
            # Nothing rests on one that is off: what would, is unknown, or comes out without it.
            if id_ not in off
        }
        self._listed: dict[int, Listed] = {}

    def mark(self, grounds: Grounds) -> int:
        """Return the bits of all that the grounds name."""
        mark = 0
        for id_ in (*grounds.facts, *grounds.cites, *grounds.assumes):
            mark |= self._bits.get(id_, 0)
        return mark

    def listed(self, mark: int) -> Listed:
        """Return the facts, assumptions and citations of a mark, in the order of the guideline."""
        found = self._listed.get(mark)
        if found is None:
            if len(self._listed) >= _MOST_KEPT:
                self._listed.clear()
            base, bits = self._base, self._bits
            found = self._listed[mark] = (
                tuple(id_ for id_ in base.facts if mark & bits[id_]),
                tuple(used for id_, used in self._assumptions.items() if mark & bits[id_]),
                tuple(entry for id_, entry in base.citations.items() if mark & bits[id_]),
            )
        return found
