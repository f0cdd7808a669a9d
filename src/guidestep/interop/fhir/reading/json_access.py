"""Looks into JSON that may be anything: a part of the wrong type is a part that is not there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

Body = Mapping[str, object]
"""A resource or an element of one."""

NOTHING: Body = {}


def text(body: Body, key: str) -> str:
    """Return a text under a key, or an empty one.

    >>> text({"status": "final"}, "status"), text({"status": 5}, "status")
    ('final', '')
    """
    found = body.get(key)
    return found if isinstance(found, str) else ""


def element(body: Body, key: str) -> Body:
    """Return an object under a key, or an empty one."""
    found = body.get(key)
    # What JSON gives is a dict; asking for that first saves half the time of a reading.
    return found if type(found) is dict or isinstance(found, Mapping) else NOTHING


def elements(body: Body, key: str) -> Sequence[Body]:
    """Return the objects in a list under a key.

    >>> elements({"coding": [{"code": "a"}, None, 3]}, "coding")
    [{'code': 'a'}]
    """
    found = body.get(key)
    if not found or not isinstance(found, list | tuple):
        return ()
    return [item for item in found if type(item) is dict or isinstance(item, Mapping)]


def codings(concept: Body) -> Iterator[tuple[str, str]]:
    """Yield system and code of each coding of a CodeableConcept that has both."""
    for coding in elements(concept, "coding"):
        system, code = text(coding, "system"), text(coding, "code")
        if system and code:
            yield system, code
