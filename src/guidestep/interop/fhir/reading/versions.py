"""One resource given several times: its newest version counts, and no other."""

from __future__ import annotations

from collections.abc import Iterable

from guidestep.assessment.errors import named
from guidestep.interop.fhir.reading.bundles import Given
from guidestep.interop.fhir.reading.json_access import element, text
from guidestep.interop.fhir.reading.times import parse


def name_of(given: Given) -> str:
    """Return what to call a resource: its type and id."""
    kind, id_ = named(text(given.body, "resourceType")), named(text(given.body, "id"))
    if given.parent is not None:
        return f"{name_of(Given(given.parent))}#{id_ or kind}"
    return f"{kind}/{id_}" if id_ else f"{kind} without id"


def _identity(given: Given) -> tuple[str, ...]:
    own = (text(given.body, "resourceType"), text(given.body, "id"))
    return own if given.parent is None else (*own, *_identity(Given(given.parent)))


def newest(resources: Iterable[Given]) -> list[tuple[Given, bool]]:
    """Return each resource once, and whether it is in doubt which of its versions is the newest.

    Equal copies are one. Versions are in the order of `meta.versionId` where all are numbers, else
    of `meta.lastUpdated`; where neither decides, all are kept, and all are in doubt.
    """
    alike: dict[tuple[str, ...], list[Given]] = {}
    found: list[tuple[Given, bool]] = []
    for given in resources:
        if text(given.body, "id"):
            alike.setdefault(_identity(given), []).append(given)
        else:
            found.append((given, False))
    for versions in alike.values():
        distinct = _distinct(_latest(versions)) if len(versions) > 1 else versions
        found += [(given, len(distinct) > 1) for given in distinct]
    return found


def _distinct(versions: list[Given]) -> list[Given]:
    kept: list[Given] = []
    for given in versions:
        if len(kept) > 50:
            break  # so many different versions of one resource are in doubt anyway
        if not any(given.body == other.body and given.base == other.base for other in kept):
            kept.append(given)
    return kept


def _latest(versions: list[Given]) -> list[Given]:
    numbers = [text(element(given.body, "meta"), "versionId") for given in versions]
    if all(number.isdecimal() and len(number) < 20 for number in numbers):
        most = max(int(number) for number in numbers)
        return [g for g, number in zip(versions, numbers, strict=True) if int(number) == most]
    times = [parse(text(element(given.body, "meta"), "lastUpdated")) for given in versions]
    instants = [when.instant for when in times if when is not None and when.instant is not None]
    if len(instants) < len(versions):
        return versions
    last = max(instants)
    return [g for g, instant in zip(versions, instants, strict=True) if instant == last]
