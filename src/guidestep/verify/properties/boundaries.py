"""Every boundary belongs to the side that the printed figure puts it on."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.language.figures import Side, ends, unit_of
from guidestep.language.lowering import Lowering
from guidestep.language.thresholds import Threshold, thresholds
from guidestep.language.tree import Compare, Constant, Expression, Field, Reference, walk
from guidestep.verify.patient import Subject
from guidestep.verify.properties.obligation import Obligation, Scenes
from guidestep.verify.terms import neg

_ABOVE = frozenset({">=", ">", "!="})
_BELOW = frozenset({"<=", "<", "!="})


def boundaries(scenes: Scenes) -> Iterator[Obligation]:
    """On the boundary itself every threshold says what its figure says: inclusive, or exclusive.

    `cervical motion >= 6` and `< 6` put 6 with the larger values, as 'at least 6' does.
    """
    subject, scene = scenes.subject, scenes.anyone
    patient = scene.patients[0]
    compiled = subject.compiled
    lowering = Lowering(subject.base.definitions, compiled.parameters, compiled.off)
    for threshold in thresholds(subject.base):
        side = recorded_side(threshold)
        if threshold.operator is None or threshold.compared is None or side is None:
            continue
        bound = Constant(threshold.number)
        at = lowering.lower(Compare("==", threshold.compared, bound))
        compared = lowering.lower(Compare(threshold.operator, threshold.compared, bound))
        if not _encodable(compared, subject):
            continue
        if side is Side.ALONE:
            # A dose of one value has it as both of its ends, which belong to the dose.
            holds = threshold.operator in ("==", ">=", "<=")
        else:
            holds = threshold.operator in (_ABOVE if side is Side.ABOVE else _BELOW)
        truth = patient.encoding.condition(compared)
        on_it = patient.encoding.condition(at).true
        said = truth.true if holds else truth.false
        where = "with neither side" if side is Side.ALONE else side.value
        statement = f"{threshold.text}: {threshold.number} itself belongs {where}"
        yield Obligation(threshold.owner, statement, scene, (on_it, neg(said)))


def recorded_side(threshold: Threshold) -> Side | None:
    """Return where the figure of a threshold puts the number; `None` where it does not say."""
    if threshold.recorded is None:
        return None
    figure = threshold.recorded.figure
    sides = {end.side for end in ends(figure) if end.number == threshold.number}
    if unit_of(figure) not in (None, threshold.unit) or not sides:
        return None
    if threshold.side in sides:
        return threshold.side
    return sides.pop() if len(sides) == 1 else None


def _encodable(node: Expression, subject: Subject) -> bool:
    """Whether the program of a profile reads all that a condition does."""
    inputs = {given.path for given in subject.program.inputs}
    return all(
        (not isinstance(each, Field) or each.path in inputs)
        and (not isinstance(each, Reference) or each.name in subject.names)
        for each in walk(node)
    )
