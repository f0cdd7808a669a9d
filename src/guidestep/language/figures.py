"""What a figure says: its ends, and on which side of each the number itself lies."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from guidestep.language.documents import Figure, Number
from guidestep.language.tree import Comparison


class Side(StrEnum):
    """Where a boundary value belongs."""

    ABOVE = "above"
    """With the larger values: at least 6, less than 6."""
    BELOW = "below"
    """With the smaller values: at most 6, more than 6."""
    ALONE = "alone"
    """With neither: exactly 6."""


SIDES: dict[Comparison, Side] = {
    ">=": Side.ABOVE,
    "<": Side.ABOVE,
    "<=": Side.BELOW,
    ">": Side.BELOW,
    "==": Side.ALONE,
    "!=": Side.ALONE,
}
"""Where a comparison, the number on its right, puts that number."""

ACROSS: dict[Comparison, Comparison] = {">=": ">", ">": ">=", "<=": "<", "<": "<="}
"""The comparison in the same direction that puts the number on the other side."""

TURNED: dict[Comparison, Comparison] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
"""The same comparison with its sides interchanged; `==` and `!=` stay as they are."""


@dataclass(frozen=True, slots=True)
class End:
    """One end of a figure.

    >>> ends(Figure(at_least=6, unit="wk"))
    (End(number=6, side=<Side.ABOVE: 'above'>),)
    """

    number: Number
    side: Side


def ends(figure: Figure | Number) -> tuple[End, ...]:
    """Return the ends of a figure; a range of one value may be compared with in every way.

    >>> [(end.number, end.side.value) for end in ends(Figure(**{"from": 30, "to": 70}))]
    [(30, 'above'), (70, 'below')]
    """
    if not isinstance(figure, Figure):
        return (End(figure, Side.ALONE),)
    written = (
        (figure.exactly, Side.ALONE),
        (figure.low if figure.low == figure.high else None, Side.ALONE),
        (figure.at_least, Side.ABOVE),
        (figure.less_than, Side.ABOVE),
        (figure.low, Side.ABOVE),
        (figure.more_than, Side.BELOW),
        (figure.at_most, Side.BELOW),
        (figure.high, Side.BELOW),
    )
    return tuple(End(number, side) for number, side in written if number is not None)


def unit_of(figure: Figure | Number) -> str | None:
    """Return the unit of a figure; a bare number has none."""
    return figure.unit if isinstance(figure, Figure) else None


def printed_range(figure: Figure | Number) -> tuple[Number | None, Number | None]:
    """Return the least and the most that a dose of this figure may be, where they are included.

    >>> printed_range(Figure(**{"from": 10, "to": 30})), printed_range(40)
    ((10, 30), (40, 40))
    """
    if not isinstance(figure, Figure):
        return figure, figure
    if figure.exactly is not None:
        return figure.exactly, figure.exactly
    low = figure.at_least if figure.low is None else figure.low
    high = figure.at_most if figure.high is None else figure.high
    return low, high


def figure_text(figure: Figure | Number) -> str:
    """Return a figure as a sentence has it, with its unit as written.

    >>> figure_text(Figure(at_least=6, unit="wk")), figure_text(Figure(**{"from": 2, "to": 4}))
    ('at least 6 wk', '2 to 4')
    """
    if not isinstance(figure, Figure):
        return shown(figure)
    words = (
        ("exactly", figure.exactly),
        ("at least", figure.at_least),
        ("more than", figure.more_than),
        ("at most", figure.at_most),
        ("less than", figure.less_than),
        ("", figure.low),
        ("to", figure.high),
    )
    said = [f"{word} {shown(number)}".strip() for word, number in words if number is not None]
    joint = " " if figure.low is not None else " and "
    return joint.join(said) + (f" {figure.unit}" if figure.unit else "")


def shown(number: float, unit: str | None = None) -> str:
    """Return a number without a needless fraction, and its unit.

    >>> shown(6.0, "wk"), shown(0.15)
    ('6 wk', '0.15')
    """
    text = str(int(number)) if float(number).is_integer() else repr(number)
    return f"{text} {unit}" if unit else text


def malformed(figure: Figure | Number) -> str:
    """Return what is wrong with a figure, or an empty text.

    >>> malformed(Figure(at_least=6)), malformed(Figure(unit="wk"))
    ('', 'it has no number')
    """
    if not isinstance(figure, Figure):
        return ""
    lower = [n for n in (figure.at_least, figure.more_than, figure.low) if n is not None]
    upper = [n for n in (figure.at_most, figure.less_than, figure.high) if n is not None]
    if figure.exactly is None and not lower and not upper:
        return "it has no number"
    if figure.exactly is not None and (lower or upper):
        return "it is one number and a range as well"
    if len(lower) > 1 or len(upper) > 1:
        return "it has two ends on the same side"
    if (figure.low is None) != (figure.high is None):
        return "'from' and 'to' stand together"
    if lower and upper and lower[0] > upper[0]:
        return f"its low end {shown(lower[0])} is above its high end {shown(upper[0])}"
    return ""
