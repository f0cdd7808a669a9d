"""The dose of a step: a Timing for how often, an extension and words for all the rest.

R4 has no element for sets, repetitions, hold time and intensity of an exercise, and its Dosage is
made for drugs. Each item of a dose is an extension, and stands in words beside it.

Source: HL7 FHIR R4, Timing (invariants tim-1 to tim-10).
"""

from __future__ import annotations

from collections.abc import Sequence

from guidestep.explain.kept import kept
from guidestep.explain.sources import dose_words
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.elements import (
    Element,
    element,
    extension,
    parts_extension,
    quantity,
)
from guidestep.language.documents import DoseEntry

_PERIODS = {"/h": "h", "/d": "d", "/wk": "wk", "d/wk": "wk", "/mo": "mo", "/a": "a"}
"""The period in which something is counted, by its UCUM unit; a day a week counts as once."""


def timing(dose: Sequence[DoseEntry]) -> Element | None:
    """Return how often as a Timing, or `None` where the dose does not say it with one range.

    A range that is open to one side has no Timing, for there a missing end has a meaning of its
    own ('at most 3' would read as 3): it is in the words.

    >>> timing([DoseEntry(item="frequency", low=2, high=3, unit="/wk")])["repeat"]
    {'frequency': 2, 'frequencyMax': 3, 'period': 1, 'periodUnit': 'wk'}
    >>> timing([DoseEntry(item="frequency", not_specified=True)]) is None
    True
    """
    often = [entry for entry in dose if entry.unit in _PERIODS and not entry.not_specified]
    if len(often) != 1:
        return None
    (entry,) = often
    low, high = _count(entry.low), _count(entry.high)
    if low is None or high is None:
        return None
    repeat = element(
        frequency=low,
        frequencyMax=high if high != low else None,
        period=1,
        periodUnit=_PERIODS[entry.unit or ""],
    )
    return {"repeat": repeat, "code": {"text": _item_words(entry)}}


def _count(number: float | None) -> int | None:
    """Return a whole number of at least one, as a Timing counts; `None` of anything else."""
    return int(number) if number is not None and number >= 1 and number == int(number) else None


def dose_extensions(dose: Sequence[DoseEntry], canonical: Canonical) -> list[Element]:
    """Return one extension for each item of a dose, with its range, its words and its grounds."""
    return [_extension(entry, canonical) for entry in dose]


def _extension(entry: DoseEntry, canonical: Canonical) -> Element:
    parts = [extension("item", valueString=entry.item)]
    if entry.unit is not None and (entry.low is not None or entry.high is not None):
        ends = element(
            low=None if entry.low is None else quantity(entry.low, entry.unit),
            high=None if entry.high is None else quantity(entry.high, entry.unit),
        )
        parts.append(extension("range", valueRange=ends))
    # What is handed out is made anew, for who gets it may change it.
    parts += [{"url": url, name: value} for url, name, value in _parts(entry)]
    return parts_extension(canonical.extension("exercise-dose"), parts)


@kept
def _parts(entry: DoseEntry) -> tuple[tuple[str, str, object], ...]:
    """Return the extensions behind the range: the address of each, and its value by name."""
    return (
        ("words", "valueString", dose_words(entry)),
        ("specifiedBySource", "valueBoolean", not entry.not_specified),
        *(("fact", "valueString", id_) for id_ in entry.facts),
        *(("citation", "valueString", id_) for id_ in entry.cites),
        *(("assumption", "valueString", id_) for id_ in entry.assumes),
    )


def dose_text(dose: Sequence[DoseEntry]) -> str:
    """Return a dose in words, what the source does not specify included.

    >>> dose_text([DoseEntry(item="hold", low=10, high=30, unit="s"),
    ...            DoseEntry(item="sets", not_specified=True)])
    'hold: 10-30 seconds; sets: not specified by source'
    """
    return "; ".join(map(_item_words, dose))


@kept
def _item_words(entry: DoseEntry) -> str:
    return f"{entry.item}: {dose_words(entry)}"
