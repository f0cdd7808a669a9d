"""The thresholds of a rule base: the numbers it compares with, and the figures they come from.

A threshold is a number on one side of a comparison, the least of `at_least`, a default or a bound
of a parameter, and an end of a dose. Numbers inside arithmetic, limits of fields, points of a
score and dates are none. What something compares with must be a figure of what it rests on; a
definition may also rest its numbers on what everything that uses it rests on. Where an assumption
decides the number, its figure goes before those of facts and citations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal

from guidestep.language.checker import Checker, Scope, field_type
from guidestep.language.documents import Figure, Grounded, Number, ParameterEntry
from guidestep.language.figures import SIDES, TURNED, Side, ends, printed_range, unit_of
from guidestep.language.rulebase import Grounds, Rulebase
from guidestep.language.source import NOWHERE, Span
from guidestep.language.tree import (
    AtLeast,
    Compare,
    Comparison,
    Constant,
    Count,
    Expression,
    Field,
    Negative,
    Parameter,
    Reference,
    walk,
)
from guidestep.language.types import Kind, Type

Step = str | int
Ids = tuple[str, ...]
"""The ids of the facts, citations and assumptions that something rests on."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A figure of a fact, a citation or an assumption."""

    id: str
    name: str
    figure: Figure | Number


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A number that decides, where it stands, and the figure it comes from.

    `operator` compares `compared` with the number on its right: `>=` and `<` put the number
    itself above, `>` and `<=` below. Bounds of a parameter have no operator, and in a dose that
    no field is checked against nothing is compared.
    """

    owner: str
    """The id of the definition, rule, progression, step, parameter or other entry."""
    text: str
    """The comparison as written; for a dose or parameter the key that holds the number."""
    operator: Comparison | None
    number: Number
    unit: str | None
    compared: Expression | None = None
    grounds: Ids
    span: Span = NOWHERE
    path: tuple[Step, ...] = ()
    """Where in the entry the number stands, if it stands in no expression."""
    recorded: Recorded | None = None
    """`None` only in a rule base that was loaded without the check of figures."""

    @property
    def side(self) -> Side | None:
        """Where the comparison puts the number itself; `None` for a bound of a parameter."""
        return None if self.operator is None else SIDES[self.operator]


def thresholds(base: Rulebase) -> tuple[Threshold, ...]:
    """Return every threshold of a rule base, in the order of its entries.

    >>> import guidestep
    >>> base = guidestep.load("cervical-spasm-opll").base
    >>> found = next(t for t in thresholds(base) if t.owner == "six_weeks_reached")
    >>> found.text, found.side.value, found.recorded.id, found.recorded.name
    ('weeks_from_dates >= 6', 'above', 'F109', 'duration')
    """
    return (*compared_numbers(base), *parameter_numbers(base), *dose_numbers(base))


def figures_of(ids: Ids, base: Rulebase) -> Iterator[Recorded]:
    """Yield the figures of facts, citations and assumptions."""
    for id_ in ids:
        named: Mapping[str, Figure | Number] = {}
        if id_ in base.facts:
            named = base.facts[id_].figures
        elif id_ in base.citations:
            named = base.citations[id_].figures
        elif id_ in base.assumptions:
            named = base.assumptions[id_].entry.figures
        for name, figure in named.items():
            yield Recorded(id_, name, figure)


# --- in expressions -----------------------------------------------------------------------------


def compared_numbers(base: Rulebase) -> Iterator[Threshold]:
    """Yield the numbers that expressions compare with."""
    units = _Units(base)
    for owner, root, ids in _roots(base):
        for node in walk(root):
            if isinstance(node, AtLeast):
                found: Threshold | None = Threshold(
                    owner=owner,
                    text=f"at_least({node.least}, ...)",
                    operator=">=",
                    number=node.least,
                    unit=None,
                    compared=Count(node.operands, span=node.span),
                    grounds=ids,
                    span=node.span,
                )
            elif isinstance(node, Compare):
                found = _comparison(node, owner, ids, base, units)
            else:
                found = None
            if found is not None:
                yield _traced(found, base)


def _comparison(
    node: Compare, owner: str, ids: Ids, base: Rulebase, units: _Units
) -> Threshold | None:
    compared, bound, operator = node.left, node.right, node.operator
    if _number(compared, base) is not None:
        compared, bound, operator = bound, compared, TURNED.get(operator, operator)
    number = _number(bound, base)
    if number is None or _number(compared, base) is not None:
        return None
    unit = units.of(compared)
    if isinstance(bound, Parameter):
        entry = _parameter(bound.name, base)
        ids = (*_ids(_grounds(entry)), *ids)
        unit = unit or entry.unit
    return Threshold(
        owner=owner,
        text=written(node),
        operator=operator,
        number=number,
        unit=unit,
        compared=compared,
        grounds=ids,
        span=bound.span,
    )


def alike(threshold: Threshold, base: Rulebase) -> list[Recorded]:
    """Return the figures of a threshold's number and unit, whichever side they put it on.

    Where an assumption decides the number, what else has it does not count: the source may print 8
    weeks as the end of a range, and we begin something else with it.
    """
    found = [
        recorded
        for recorded in figures_of(threshold.grounds, base)
        if unit_of(recorded.figure) == threshold.unit
        and any(end.number == threshold.number for end in ends(recorded.figure))
    ]
    return [recorded for recorded in found if recorded.id in base.assumptions] or found


def _traced(threshold: Threshold, base: Rulebase) -> Threshold:
    """Return a threshold with the first figure of its grounds that bears it out."""
    for found in alike(threshold, base):
        for end in ends(found.figure):
            if end.number == threshold.number and threshold.side in (None, end.side):
                return replace(threshold, recorded=found)
    return threshold


def _number(node: Expression, base: Rulebase) -> Number | None:
    """Return the number that a constant or a parameter stands for."""
    match node:
        case Constant(value=int() | float() as value) if not isinstance(value, bool):
            return value
        case Negative(operand=operand):
            inner = _number(operand, base)
            return None if inner is None else -inner
        case Parameter(name=name):
            return _parameter(name, base).default
        case _:
            return None


def _parameter(name: str, base: Rulebase) -> ParameterEntry:
    return next(entry for entry in base.entry.parameters if entry.id == name)


def written(node: Expression) -> str:
    """Return the text of a node as its author wrote it, on one line."""
    span = node.span
    if span is NOWHERE:
        return ""
    lines = [span.source.line(number) for number in range(span.line, span.end_line + 1)]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return " ".join(" ".join(lines).split())


class _Units:
    """Tells the unit of an expression, as the type checker does."""

    def __init__(self, base: Rulebase) -> None:
        self._definitions = {id_: defined.type for id_, defined in base.definitions.items()}
        self._fields = base.model.fields()
        parameters = {entry.id: Type(Kind.DECIMAL, entry.unit) for entry in base.entry.parameters}
        scope = Scope(self._fields, parameters, dict(self._definitions))
        # It was checked before: nothing is reported twice.
        self._checker = Checker(scope, lambda fault: None)

    def of(self, node: Expression) -> str | None:
        match node:
            case Field(path=path):
                return field_type(self._fields[path]).unit
            case Reference(name=name):
                return self._definitions[name].unit
            case _:
                checked = self._checker.check(node)
                return None if checked is None else checked[1].unit


# --- grounds ------------------------------------------------------------------------------------


def _grounds(entry: Grounded) -> Grounds:
    return Grounds(entry.facts, entry.cites, entry.assumes)


def _ids(grounds: Grounds) -> Ids:
    return (*grounds.facts, *grounds.cites, *grounds.assumes)


def _roots(base: Rulebase) -> Iterator[tuple[str, Expression, Ids]]:
    """Yield every expression with the id of its entry and what it rests on."""
    users: dict[str, list[Ids]] = {}

    def used(root: Expression, ids: Ids) -> None:
        for node in walk(root):
            if isinstance(node, Reference):
                users.setdefault(node.name, []).append(ids)

    entries = list(_entries(base))
    for _, root, ids in entries:
        used(root, ids)
    definitions: list[tuple[str, Expression, Ids]] = []
    # Each after all that use it.
    for id_, defined in reversed(tuple(base.definitions.items())):
        own = _ids(defined.grounds)
        shared = [set(ids) for ids in users.get(id_, [])]
        common = reduce(set.intersection, shared) if shared else set()
        ids = (*own, *sorted(common - set(own)))
        used(defined.expression, ids)
        definitions.append((id_, defined.expression, ids))
    yield from reversed(definitions)
    yield from entries
    # A property claims something and decides nothing, so no definition rests on it.
    for stated in base.properties:
        for condition in stated.conditions:
            yield stated.id, condition, _ids(stated.grounds)


def _entries(base: Rulebase) -> Iterator[tuple[str, Expression, Ids]]:
    for rule in base.rules.values():
        ids = _ids(rule.grounds)
        yield rule.id, rule.when, ids
        if rule.scope is not None:
            yield rule.id, rule.scope, ids
        if rule.optional is not None:
            yield rule.id, rule.optional.when, (*ids, rule.optional.assumes)
    for id_, track in base.tracks.items():
        # A track names nothing itself: it rests on what its steps rest on.
        of = [_grounds(step) for step in base.steps.values() if step.track == id_]
        yield id_, track.when, _ids(reduce(Grounds.__or__, of, Grounds()))
    for progression in base.progressions:
        yield progression.id, progression.when, _ids(progression.grounds)
    for notice in base.notices:
        yield notice.entry.id, notice.when, _ids(notice.grounds)
    for request in base.requests:
        yield request.entry.id, request.when, _ids(request.grounds)
    for id_, assumption in base.assumptions.items():
        if assumption.open_when is not None:
            ids = (id_, *assumption.entry.facts, *assumption.entry.cites)
            yield id_, assumption.open_when, ids


# --- parameters and doses -----------------------------------------------------------------------


def parameter_numbers(base: Rulebase) -> Iterator[Threshold]:
    """Yield the default and the bounds of the parameters."""
    for index, entry in enumerate(base.entry.parameters):
        numbers = {"default": entry.default, "minimum": entry.minimum, "maximum": entry.maximum}
        for key, number in numbers.items():
            found = Threshold(
                owner=entry.id,
                text=key,
                operator=None,
                number=number,
                unit=entry.unit,
                grounds=_ids(_grounds(entry)),
                path=("parameters", index, key),
            )
            yield _traced(found, base)


def dose_numbers(base: Rulebase) -> Iterator[Threshold]:
    """Yield the ends of the doses; a dose comes from the figure that prints the same range."""
    ends_of_doses: tuple[tuple[Literal["low", "high"], Comparison], ...]
    ends_of_doses = (("low", ">="), ("high", "<="))
    for step in base.steps.values():
        for index, dose in enumerate(step.dose):
            ids = _ids(_grounds(dose))
            recorded = (
                found
                for found in figures_of(ids, base)
                if unit_of(found.figure) == dose.unit
                and printed_range(found.figure) == (dose.low, dose.high)
            )
            printed = next(recorded, None)
            for key, operator in ends_of_doses:
                number: Number | None = getattr(dose, key)
                if number is not None:
                    yield Threshold(
                        owner=step.id,
                        text=key,
                        operator=operator,
                        number=number,
                        unit=dose.unit,
                        compared=None if dose.check is None else Field(dose.check),
                        grounds=ids,
                        path=("dose", index, key),
                        recorded=printed,
                    )
