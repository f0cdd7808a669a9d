"""The pinned table: the codes whose display was read in a named source, and nothing else.

A code that is not in it may be right; it has not been verified, and is not to be shipped.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from guidestep.interop.fhir.codes.systems import SYSTEMS


@dataclass(frozen=True, slots=True)
class Pinned:
    """A verified code: its display, as its source prints it, and what that source is."""

    system: str
    code: str
    display: str
    source: str


@cache
def pinned() -> Mapping[tuple[str, str], Pinned]:
    """Return the pinned codes by system and code.

    >>> pinned()["http://snomed.info/sct", "22325002"].display
    'Abnormal gait'
    """
    file = resources.files("guidestep.interop.fhir.codes") / "pinned.csv"
    rows = csv.reader(file.read_text(encoding="utf-8").splitlines())
    next(rows)
    found = (Pinned(SYSTEMS[name], code, display, source) for name, code, display, source in rows)
    return MappingProxyType({(row.system, row.code): row for row in found})
