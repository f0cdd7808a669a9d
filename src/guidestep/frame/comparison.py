"""Two reports as one program, so that what they have in common is computed once.

A patient's answer is a row of small numbers, one for each aspect of it: outcome, basis, and the
step and the action of each track. Rows can be counted by them in any library.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import reduce
from operator import or_
from typing import Any

import narwhals as nw

from guidestep.engines.frame import FrameEngine, LazyFrame
from guidestep.frame.draft import Choice
from guidestep.frame.recommend import TEMPORARY, Cohort
from guidestep.frame.report import Report
from guidestep.language.lowering import FALSE, all_of, any_of, is_false, is_true, negated
from guidestep.language.program import Definition, Program
from guidestep.language.tree import Expression, Node, Reference
from guidestep.language.types import CONDITION

SIDES = ("before:", "after:")
"""How the names of the definitions of either guideline begin in the program of both."""

_DIFFERS, _VERDICT = "differs:", "verdict:"


@dataclass(frozen=True, slots=True)
class Aspect:
    """One part of an answer: the values it can have in either guideline, and when it has them."""

    name: str
    values: tuple[str, ...]
    choices: tuple[Choice, Choice]

    def code(self, side: int, truths: Mapping[str, nw.Expr]) -> nw.Expr:
        """Return the number of the value that a patient has, or -1."""
        found: nw.Expr = nw.lit(-1, nw.Int16)
        for value, name in self.choices[side]:
            number = nw.lit(self.values.index(value), nw.Int16)
            found = nw.when(truths[SIDES[side] + name]).then(number).otherwise(found)
        return found

    def value(self, code: int) -> str | None:
        """Return the value of a number."""
        return None if code < 0 else self.values[code]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The program of two reports. `rules` are the ids of the rules of both, in their order."""

    aspects: tuple[Aspect, ...]
    rules: tuple[str, ...]
    program: Program

    @property
    def before(self) -> list[str]:
        """The columns of the answers of the first guideline, one for each aspect."""
        return [f"{TEMPORARY}before{n}" for n in range(len(self.aspects))]

    @property
    def after(self) -> list[str]:
        """The columns of the answers of the second guideline."""
        return [f"{TEMPORARY}after{n}" for n in range(len(self.aspects))]

    def verdict(self, rule: int) -> str:
        """Return the column that says that the verdicts on a rule differ."""
        return f"{TEMPORARY}verdict{rule}"

    def differs(self, rule: int) -> str:
        """Return the column that says that they do, or that it decides in one of the two alone."""
        return f"{TEMPORARY}differs{rule}"

    def rows(self, cohort: Cohort, paths: Sequence[str], further: Sequence[str]) -> LazyFrame:
        """Return a row for each patient, in which the answers are null where none changes.

        `paths` are the fields that the rules read, `further` columns to keep.
        """
        names = [
            side + name
            for index, side in enumerate(SIDES)
            for aspect in self.aspects
            for _, name in aspect.choices[index]
        ]
        names += [kind + rule for kind in (_VERDICT, _DIFFERS) for rule in self.rules]
        found = cohort.evaluate(FrameEngine(self.program), paths, truths=names)
        truths = found.truths
        columns = {
            column: aspect.code(side, truths)
            for side, keys in enumerate((self.before, self.after))
            for column, aspect in zip(keys, self.aspects, strict=True)
        }
        flags = {self.verdict(n): truths[_VERDICT + rule] for n, rule in enumerate(self.rules)}
        flags |= {self.differs(n): truths[_DIFFERS + rule] for n, rule in enumerate(self.rules)}
        pairs = zip(self.before, self.after, strict=True)
        changed = reduce(or_, (nw.col(before) != nw.col(after) for before, after in pairs))
        return found.frame.with_columns(**columns, **flags).select(
            *further, *flags, **{name: nw.when(changed).then(nw.col(name)) for name in columns}
        )


def compared(old: Report, new: Report) -> Comparison:
    """Return two reports on the same assessments, put together."""
    reports = (old, new)
    rules = tuple(dict.fromkeys(id_ for r in reports for id_ in (*r.rules, *r.reasons)))
    inputs = {entry.path: entry for report in reports for entry in report.program.inputs}
    definitions = [
        Definition(side + each.name, _renamed(each.expression, side), each.type)
        for side, report in zip(SIDES, reports, strict=True)
        for each in report.program.definitions
    ]
    for id_ in rules:
        verdict = _verdict_differs(id_, reports)
        either = any_of(verdict, _decides_in_one(id_, reports))
        definitions.append(Definition(_VERDICT + id_, verdict, CONDITION))
        definitions.append(Definition(_DIFFERS + id_, either, CONDITION))
    program = Program("comparison", tuple(inputs.values()), tuple(definitions))
    return Comparison(tuple(_aspects(old, new)), rules, program)


def _aspects(old: Report, new: Report) -> list[Aspect]:
    def aspect(name: str, first: Choice, second: Choice) -> Aspect:
        values = dict.fromkeys(value for value, _ in (*first, *second))
        return Aspect(name, tuple(values), (first, second))

    found = [aspect("outcome", old.outcomes, new.outcomes), aspect("basis", old.bases, new.bases)]
    before, after = ({track.track: track for track in report.tracks} for report in (old, new))
    for name in dict.fromkeys([*before, *after]):
        first, second = before.get(name), after.get(name)
        found.append(aspect(name, first.actions if first else (), second.actions if second else ()))
        found.append(aspect(name, first.steps if first else (), second.steps if second else ()))
    return found


def _verdict_differs(id_: str, reports: tuple[Report, Report]) -> Expression:
    if not all(id_ in report.rules for report in reports):
        return FALSE  # a rule of one guideline alone: it matters where it decides
    old, new = (Reference(s + r.rules[id_]) for s, r in zip(SIDES, reports, strict=True))
    return any_of(_unlike(is_true(old), is_true(new)), _unlike(is_false(old), is_false(new)))


def _decides_in_one(id_: str, reports: tuple[Report, Report]) -> Expression:
    decides = [
        is_true(Reference(side + report.reasons[id_])) if id_ in report.reasons else FALSE
        for side, report in zip(SIDES, reports, strict=True)
    ]
    return _unlike(*decides)


def _unlike(one: Expression, other: Expression) -> Expression:
    """Return that one of two two-valued conditions holds without the other."""
    return any_of(all_of(one, negated(other)), all_of(other, negated(one)))


def _renamed(part: Any, prefix: str) -> Any:
    """Return an expression, or a part of one, whose references are to names after a prefix."""
    match part:
        case Reference(name=name):
            return replace(part, name=prefix + name)
        case Node():
            parts = {f.name: _renamed(getattr(part, f.name), prefix) for f in fields(part)}
            return replace(part, **parts)
        case tuple():
            return tuple(_renamed(each, prefix) for each in part)
    return part
