"""The columns of an answer: what a report says of each patient, as text, numbers and truths."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add, and_, or_
from typing import Literal, TypeAlias

import narwhals as nw

from guidestep.engines.frame import Evaluated
from guidestep.frame.draft import Choice
from guidestep.frame.report import Report
from guidestep.outcome import Outcome

Detail: TypeAlias = Literal["outcome", "rules", "missing"]
"""How much is said of each patient."""

SEPARATOR = "; "
"""What stands between the names in a column of several."""

BITS = 48
"""How many rules one column of a set of rules holds: whole bytes, and whole numbers to a float."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Writes the columns of an answer from the verdicts on a report's definitions.

    `enums` says whether texts of a known list become an Enum of the list.
    """

    report: Report
    enums: bool

    @property
    def truths(self) -> list[str]:
        """The definitions of which the columns need know whether they are true."""
        report = self.report
        choices = [report.outcomes, report.bases]
        choices += [choice for t in report.tracks for choice in (t.steps, t.actions)]
        names = [name for choice in choices for _, name in choice]
        names += [*report.reasons.values(), *report.not_evaluable, report.lists]
        names += [asked.definition for found in report.missing.values() for asked in found]
        return list(dict.fromkeys(names))

    def names(self, detail: Detail) -> list[str]:
        """Return the names of the columns, in their order."""
        report = self.report
        names = ["outcome", "basis"]
        names += [f"{t.track}_{part}" for t in report.tracks for part in ("step", "action")]
        sets = range(-(-len(report.reasons) // BITS))
        names += ["deciding_rule", *(f"deciding_rules_{index}" for index in sets)]
        names += ["missing_count", "not_evaluable_count"]
        if detail == "rules":
            names += [f"rule.{id_}" for id_ in report.rules]
        return [*names, "missing"] if detail == "missing" else names

    def columns(self, found: Evaluated, detail: Detail) -> dict[str, nw.Expr]:
        """Return the columns by name."""
        report, truths = self.report, found.truths
        columns = {
            "outcome": self._one_of(report.outcomes, truths),
            "basis": self._one_of(report.bases, truths),
        }
        for track in report.tracks:
            columns[f"{track.track}_step"] = self._one_of(track.steps, truths)
            columns[f"{track.track}_action"] = self._one_of(track.actions, truths)
        columns["deciding_rule"] = self._one_of(tuple(report.reasons.items()), truths)
        for index, bits in enumerate(_sets([truths[name] for name in report.reasons.values()])):
            columns[f"deciding_rules_{index}"] = bits
        columns["missing_count"] = _counted(missing(report, truths).values())
        columns["not_evaluable_count"] = _counted(truths[n] for n in report.not_evaluable)
        if detail == "rules":
            for id_, name in report.rules.items():
                verdict = found.verdicts[name]
                assert isinstance(verdict, nw.Expr)
                columns[f"rule.{id_}"] = verdict
        if detail == "missing":
            columns["missing"] = self._missing(truths)
        return columns

    def _one_of(self, choice: Choice, truths: Mapping[str, nw.Expr]) -> nw.Expr:
        """Return the first value whose condition is true, or null."""
        kind = nw.Enum([text for text, _ in choice]) if self.enums else nw.String()
        found: nw.Expr = nw.lit(None, kind)
        for text, name in reversed(choice):
            found = nw.when(truths[name]).then(nw.lit(text, kind)).otherwise(found)
        return found

    def _missing(self, truths: Mapping[str, nw.Expr]) -> nw.Expr:
        """Return the missing inputs as one text, in the order of a recommendation.

        First by the most urgent outcome that an input could bring, then by how many rules wait
        for it, then in the order of the model.
        """
        ranked: dict[tuple[int, int], list[nw.Expr]] = {}
        for path, found in self.report.missing.items():
            by_outcome: dict[Outcome, list[nw.Expr]] = {}
            lists = truths[self.report.lists]
            asks = [
                truths[asked.definition] & lists if asked.listed else truths[asked.definition]
                for asked in found
            ]
            for asked, waits in zip(found, asks, strict=True):
                by_outcome.setdefault(asked.outcome, []).append(waits)
            waiting = _counted(asks)
            above: list[nw.Expr] = []
            for outcome in sorted(by_outcome, key=lambda o: o.precedence):
                here = reduce(or_, by_outcome[outcome])
                here = reduce(and_, [here, *(~worse for worse in above)])
                above.append(reduce(or_, by_outcome[outcome]))
                for count in range(1, len(found) + 1):
                    exact = here & (waiting == count) if len(found) > 1 else here
                    term = nw.when(exact).then(nw.lit(path))
                    ranked.setdefault((outcome.precedence, -count), []).append(term)
        terms = [term for rank in sorted(ranked) for term in ranked[rank]]
        if not terms:
            return nw.lit("")
        return nw.concat_str(*terms, separator=SEPARATOR, ignore_nulls=True)


def missing(report: Report, truths: Mapping[str, nw.Expr]) -> dict[str, nw.Expr]:
    """Return, for each input that may be missing, where it is among the missing."""
    found: dict[str, nw.Expr] = {}
    for path, asks in report.missing.items():
        rules = [truths[asked.definition] for asked in asks if asked.listed]
        ways = [truths[asked.definition] for asked in asks if not asked.listed]
        if rules:
            ways.append(truths[report.lists] & reduce(or_, rules))
        found[path] = reduce(or_, ways)
    return found


def _counted(conditions: Iterable[nw.Expr]) -> nw.Expr:
    """Return how many of some two-valued conditions are true."""
    return reduce(add, (_weighing(condition, 1) for condition in conditions), nw.lit(0, nw.Int16))


def _weighing(condition: nw.Expr, weight: int) -> nw.Expr:
    """Return a weight where a condition is true, and zero elsewhere."""
    # Not a cast of truths, which takes ten times as long.
    return nw.when(condition).then(nw.lit(weight, nw.Int16)).otherwise(nw.lit(0, nw.Int16))


def _sets(conditions: Sequence[nw.Expr]) -> list[nw.Expr]:
    """Return sets of conditions as whole numbers: condition n is bit n % BITS of set n // BITS."""
    found: list[nw.Expr] = []
    for start in range(0, len(conditions), BITS):
        some = conditions[start : start + BITS]
        # By the byte first: columns of small numbers are quicker than columns of large ones.
        parts = [
            _byte(some[first : first + 8]).cast(nw.Int64) * (1 << first)
            for first in range(0, len(some), 8)
        ]
        found.append(reduce(add, parts))
    return found


def _byte(conditions: Sequence[nw.Expr]) -> nw.Expr:
    return reduce(add, (_weighing(one, 1 << bit) for bit, one in enumerate(conditions)))
