"""The side of a body that a resource is about, where its body site says so."""

from __future__ import annotations

from collections.abc import Mapping

from guidestep.interop.fhir.mapping.sources import Key, Side
from guidestep.interop.fhir.reading.json_access import Body, codings, element, elements


def side_of(body: Body, sides: Mapping[Key, Side]) -> Side | str:
    """Return the side of the body sites of a resource, or an empty text where none is recorded.

    Left and right together are both sides. Only codes that the mapping names are read.
    """
    # One body site in an Observation, several in a Condition or Procedure.
    sites = [element(body, "bodySite"), *elements(body, "bodySite")]
    found = {sides[key] for site in sites for key in codings(site) if key in sides}
    return united(found)


def united(found: set[Side]) -> Side | str:
    """Return several sides as one.

    >>> united({"left", "right"}), united({"left"}), united(set())
    ('bilateral', 'left', '')
    """
    if "bilateral" in found or {"left", "right"} <= found:
        return "bilateral"
    return next(iter(found), "")
