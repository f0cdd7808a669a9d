"""Numbers and their source: a rule compares with what its facts print, on the side they print it.

So a rule that drifts from its source does not load, be it by a digit or by `>` in place of `>=`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from guidestep.language.crosscheck.whole import Whole
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.documents import (
    AssumptionEntry,
    CitationEntry,
    DoseEntry,
    FactEntry,
    Number,
)
from guidestep.language.figures import (
    ACROSS,
    TURNED,
    Side,
    ends,
    figure_text,
    malformed,
    printed_range,
    shown,
    unit_of,
)
from guidestep.language.source import Span
from guidestep.language.thresholds import (
    Recorded,
    Threshold,
    alike,
    compared_numbers,
    dose_numbers,
    figures_of,
    parameter_numbers,
)
from guidestep.language.tree import Comparison

_EXAMPLE: Mapping[Comparison | None, str] = {
    ">=": "at_least",
    ">": "more_than",
    "<=": "at_most",
    "<": "less_than",
}


_WHERE: Mapping[Side, str] = {
    Side.ABOVE: "above",
    Side.BELOW: "below",
    Side.ALONE: "apart",
}


def figures(whole: Whole) -> Iterator[Diagnostic]:
    """Yield the figures that do not say one thing."""
    for id_, read in whole.reads.items():
        if isinstance(read.entry, FactEntry | CitationEntry | AssumptionEntry):
            for name, figure in read.entry.figures.items():
                if fault := malformed(figure):
                    yield Diagnostic(
                        "bad-figure",
                        whole.span(id_, "figures", name),
                        f"the figure '{name}' is unclear: {fault}",
                        f"write '{name}: {{at_least: 6, unit: wk}}', "
                        f"'{name}: {{from: 2, to: 4, unit: wk}}', or a number alone",
                    )


def numbers(whole: Whole) -> Iterator[Diagnostic]:
    """Yield the thresholds of expressions and parameters that their figures do not bear out."""
    for threshold in (*compared_numbers(whole.base), *parameter_numbers(whole.base)):
        if threshold.recorded is None and _can_be_judged(whole, threshold):
            yield _fault(whole, threshold, list(figures_of(threshold.grounds, whole.base)))


def doses(whole: Whole) -> Iterator[Diagnostic]:
    """Yield the doses that are not the range that is printed, each once."""
    untraced = (
        threshold
        for threshold in dose_numbers(whole.base)
        if threshold.recorded is None
        and not _is_bad(whole, threshold)
        and _can_be_judged(whole, threshold)
    )
    for _, written_ends in groupby(untraced, key=lambda found: (found.owner, found.path[:-1])):
        yield _dose_fault(whole, list(written_ends))


def _dose_fault(whole: Whole, written_ends: list[Threshold]) -> Diagnostic:
    first = written_ends[0]
    known = list(figures_of(first.grounds, whole.base))
    ranges = [found for found in known if unit_of(found.figure) == first.unit]
    if not ranges:
        return _fault(whole, first, known)
    nearest = min(
        ranges, key=lambda found: sum(_distance(found, end.number) for end in written_ends)
    )
    low, high = printed_range(nearest.figure)
    printed = {"low": low, "high": high}
    differing = next((end for end in written_ends if printed[end.text] != end.number), first)
    hint = f"write '{_range(low, high)}', or correct the figure in '{nearest.id}'"
    if len(ends(nearest.figure)) > (low is not None) + (high is not None):
        hint = f"a dose includes its ends: write in '{nearest.id}' "
        hint += _example(whole, differing, nearest.name)
    return Diagnostic(
        "dose-differs",
        _place(whole, differing),
        f"the dose has {_said(differing)} here, and {_source(nearest)}",
        hint,
    )


def _dose(whole: Whole, threshold: Threshold) -> DoseEntry:
    _, index, _ = threshold.path
    assert isinstance(index, int)
    return whole.base.steps[threshold.owner].dose[index]


def _is_bad(whole: Whole, threshold: Threshold) -> bool:
    """Whether a dose has no unit or its ends interchanged, which is reported as such."""
    dose = _dose(whole, threshold)
    turned = dose.low is not None and dose.high is not None and dose.low > dose.high
    return turned or not dose.unit


def _can_be_judged(whole: Whole, threshold: Threshold) -> bool:
    """Whether a threshold names what it rests on, and that exists; if not, that is the fault."""
    base = whole.base
    known = {*base.facts, *base.citations, *base.assumptions}
    return bool(threshold.grounds) and known.issuperset(threshold.grounds)


def _fault(whole: Whole, threshold: Threshold, known: list[Recorded]) -> Diagnostic:
    """Return why no figure bears a threshold out: another side, another unit, or none at all."""
    number, here, said = threshold.number, _place(whole, threshold), _said(threshold)
    same = alike(threshold, whole.base)
    if same and threshold.side is not None:
        return _wrong_side(whole, threshold, same[0], here)
    same_unit = [found for found in known if unit_of(found.figure) == threshold.unit]
    foreign = [found for found in known if any(end.number == number for end in ends(found.figure))]
    if same_unit:
        nearest = min(same_unit, key=lambda found: _distance(found, number))
        message = f"no figure that '{threshold.owner}' rests on is {said}"
        hint = f"{_source(nearest)}: correct the number, or add to these figures: "
        hint += _example(whole, threshold, "limit")
    elif foreign:
        found = foreign[0]
        units = f"{_in(unit_of(found.figure))}, and this is {_in(threshold.unit)}"
        hint = f"convert one of them, or write it in '{found.id}' as "
        hint += _example(whole, threshold, found.name)
        return Diagnostic("figure-unit", here, f"{_source(found)}, {units}", hint)
    else:
        message = f"{said} decides here, and '{threshold.owner}' rests on no such figure"
        hint = f"record it in '{threshold.grounds[0]}', under 'figures:' as "
        hint += _example(whole, threshold, "limit")
    return Diagnostic("threshold-without-figure", here, message, hint)


def _wrong_side(whole: Whole, threshold: Threshold, found: Recorded, span: Span) -> Diagnostic:
    sides = {end.side for end in ends(found.figure) if end.number == threshold.number}
    number, operator = shown(threshold.number), threshold.operator
    assert operator is not None
    if sides == {Side.ALONE}:
        message = f"{_source(found)}, which does not say on which side {number} itself lies"
        hint = f"say so in a figure: {_example(whole, threshold, found.name)}"
    else:
        side = Side.ABOVE if Side.ABOVE in sides else Side.BELOW
        here = _WHERE[threshold.side or Side.ALONE]
        message = (
            f"{_source(found)}, so {number} itself lies {_WHERE[side]} the boundary, here {here}"
        )
        meant = ACROSS.get(operator, ">=")
        # Where the number stands on the left, the operator is written the other way round.
        if threshold.text.startswith(f"{number} "):
            meant, operator = TURNED.get(meant, meant), TURNED.get(operator, operator)
        hint = f"write '{meant}' in place of '{operator}', or correct the figure"
        if threshold.text.startswith("at_least"):
            hint = f"write another number than {number}, or correct the figure"
    return Diagnostic("wrong-side", span, message, hint)


# --- words --------------------------------------------------------------------------------------


def _place(whole: Whole, threshold: Threshold) -> Span:
    if not threshold.path:
        return threshold.span
    if threshold.path[0] == "parameters":
        return whole.guideline.at(*threshold.path)
    return whole.span(threshold.owner, *threshold.path)


def _said(threshold: Threshold) -> str:
    return shown(threshold.number, threshold.unit)


def _in(unit: str | None) -> str:
    return f"in '{unit}'" if unit else "without a unit"


def _source(found: Recorded) -> str:
    return f"'{found.id}' has {figure_text(found.figure)} as '{found.name}'"


def _example(whole: Whole, threshold: Threshold, name: str) -> str:
    """Return the figure that would bear a threshold out, as it is written."""
    said = f"{_EXAMPLE.get(threshold.operator, 'exactly')}: {shown(threshold.number)}"
    if threshold.path[:1] == ("dose",):
        dose = _dose(whole, threshold)
        if dose.low is not None and dose.high is not None:
            said = f"from: {shown(dose.low)}, to: {shown(dose.high)}"
    unit = threshold.unit
    # In flow style a unit with a bracket needs quotes.
    text = f", unit: {unit}" if unit and unit.isalnum() else f', unit: "{unit}"' if unit else ""
    return f"{name}: {{{said}{text}}}"


def _range(low: Number | None, high: Number | None) -> str:
    said = [("low", low), ("high", high)]
    return ", ".join(f"{key}: {shown(end)}" for key, end in said if end is not None)


def _distance(found: Recorded, number: Number) -> float:
    return min((abs(end.number - number) for end in ends(found.figure)), default=float("inf"))
