"""The small parts of FHIR resources: elements without empty ones, references, concepts, ids.

Resources are plain dicts in a fixed order of keys, so that the same input gives the same bytes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TypeAlias

from guidestep.interop.fhir.canonical import UCUM, Coding

Element: TypeAlias = dict[str, object]
"""A FHIR element or resource, as JSON gives it."""

Resource: TypeAlias = dict[str, object]

_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_LONGEST_ID = 64


def element(**parts: object) -> Element:
    """Return an element of those parts that hold something, in the order given.

    FHIR knows no empty element: what has no value is not there (R4, JSON representation).

    >>> element(text="a", note=[], id=None, resolved=False)
    {'text': 'a', 'resolved': False}
    """
    return {name: part for name, part in parts.items() if part or not _is_empty(part)}


def _is_empty(part: object) -> bool:
    return part is None or (isinstance(part, str | list | dict) and not part)


def concept(text: str, *codings: Coding) -> Element:
    """Return a CodeableConcept: codings, and what they mean in words."""
    return element(coding=list(codings), text=text)


def reference(target: str | None) -> Element | None:
    """Return a Reference to an address, or `None` where there is none."""
    return None if target is None else {"reference": target}


def references(targets: Iterable[str]) -> list[Element]:
    """Return References to addresses, each once, in the order in which they first come."""
    return [{"reference": target} for target in dict.fromkeys(targets)]


def note(text: str) -> Element:
    """Return an Annotation."""
    return {"text": text}


def message(severity: str, code: str, words: str) -> Element:
    """Return an issue of an OperationOutcome that says something in words of ours.

    >>> message("warning", "incomplete", "Gait is not recorded.")["details"]
    {'text': 'Gait is not recorded.'}
    """
    return {"severity": severity, "code": code, "details": {"text": words}}


def extension(url: str, **value: object) -> Element:
    """Return an extension with a value, written `valueString=...`.

    >>> extension("https://guidestep.example/x", valueString="a")
    {'url': 'https://guidestep.example/x', 'valueString': 'a'}
    """
    return {"url": url, **value}


def parts_extension(url: str, parts: Iterable[Element]) -> Element:
    """Return an extension that holds extensions and no value (invariant ext-1)."""
    return {"url": url, "extension": list(parts)}


def quantity(value: float, unit: str) -> Element:
    """Return a Quantity in a UCUM unit."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def fhir_id(text: str) -> str:
    """Return a text as a FHIR id: 1 to 64 letters, digits, hyphens and dots.

    A text that is not one already gets a mark of itself at its end, so that two texts never
    become the same id.

    >>> fhir_id("step-M1"), fhir_id("six_weeks_reached")
    ('step-M1', 'six-weeks-reached-cf93c125')
    """
    if _ID.fullmatch(text):
        return text
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", text)[: _LONGEST_ID - 9]
    return f"{plain}-{mark}"


def date_time(when: datetime) -> str:
    """Return a moment as a FHIR instant in UTC, to the millisecond at most.

    >>> date_time(datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
    '2026-03-02T09:30:00Z'
    """
    moment = when.astimezone(UTC)
    spec = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    return moment.isoformat(timespec=spec).removesuffix("+00:00") + "Z"


def sentence(text: str) -> str:
    """Return a text that ends as a sentence does.

    >>> sentence("Unsteady gait"), sentence("Done.")
    ('Unsteady gait.', 'Done.')
    """
    stripped = text.strip()
    return stripped if not stripped or stripped[-1] in ".!?:" else f"{stripped}."
