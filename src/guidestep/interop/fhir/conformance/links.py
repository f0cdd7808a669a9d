"""What resources say of each other: references and canonical addresses, within one bundle.

Source: HL7 FHIR R4, Bundle (resolving references), References, RequestGroup (intent), canonical.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from guidestep.interop.fhir.conformance.problem import Problem
from guidestep.interop.fhir.conformance.structure import Json, Placed

_RELATIVE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}(/_history/[A-Za-z0-9.-]{1,64})?")
_ABSOLUTE = re.compile(r"(https?|urn:uuid|urn:oid):\S+")
_UUID = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CANONICAL = re.compile(r"[^|#\s]+(\|[^|#\s]+)?(#[^|#\s]+)?")
_CANONICALS = ("instantiatesCanonical", "moduleCanonical", "definitionCanonical", "library")


def faults(placed: Sequence[Placed]) -> Iterator[Problem]:
    """Yield what is wrong between resources, given all elements of the outermost."""
    bundles = [one for one in placed if one.type == "Bundle"]
    entries: dict[str, Json] = {}
    for bundle in bundles:
        for place, entry in _listed(bundle, "entry"):
            resource = entry.get("resource")
            url = entry.get("fullUrl")
            if isinstance(url, str) and isinstance(resource, Mapping):
                entries[url] = resource
                yield from _address(place, url, resource)
    for one in placed:
        if one.type == "Reference":
            yield from _reference(one, entries, in_bundle=bool(bundles))
        else:
            yield from _canonicals(one, entries)
        yield from _CHECKS.get(one.type, _nothing)(one, entries)


def _listed(placed: Placed, name: str) -> Iterator[tuple[str, Json]]:
    found = placed.value.get(name)
    for index, one in enumerate(found if isinstance(found, list) else []):
        if isinstance(one, Mapping):
            yield f"{placed.location}.{name}[{index}]", one


def _address(place: str, url: str, resource: Json) -> Iterator[Problem]:
    if not _ABSOLUTE.fullmatch(url):
        yield Problem(f"{place}.fullUrl", "link", "an address is absolute, or a URN")
    if url.startswith("urn:uuid:") and not _UUID.fullmatch(url):
        yield Problem(f"{place}.fullUrl", "link", "it is no UUID in lower case")
    id_ = resource.get("id")
    if isinstance(id_, str) and not url.endswith((f"/{id_}", f":{id_}")):
        yield Problem(f"{place}.fullUrl", "link", "it ends with another id than the resource has")


def _reference(one: Placed, entries: Mapping[str, Json], *, in_bundle: bool) -> Iterator[Problem]:
    target = one.value.get("reference")
    if not isinstance(target, str):
        if not any(name in one.value for name in ("identifier", "display", "extension")):
            yield Problem(one.location, "reference", "it refers to nothing")
        return
    if target.startswith("#"):
        return  # ref-1
    place = f"{one.location}.reference"
    if target.startswith("urn:"):
        if target not in entries and in_bundle:
            yield Problem(place, "reference", "no entry of the bundle has this address")
    elif not _RELATIVE.fullmatch(target) and not _ABSOLUTE.fullmatch(target):
        yield Problem(place, "reference", "it is neither Type/id nor an absolute address")


def _canonicals(one: Placed, entries: Mapping[str, Json]) -> Iterator[Problem]:
    names = [name for name in one.value if name in _CANONICALS]
    if one.type == "QuestionnaireResponse":
        names.append("questionnaire")
    for name in names:
        found = one.value.get(name)
        for value in found if isinstance(found, list) else [found]:
            if not isinstance(value, str):
                continue
            place = f"{one.location}.{name}"
            if not _CANONICAL.fullmatch(value):
                yield Problem(place, "canonical", "it is no address with at most one '|version'")
                continue
            address, _, version = value.partition("#")[0].partition("|")
            known = entries.get(address)
            if known is not None and version and known.get("version") != version:
                yield Problem(place, "canonical", "the bundle has another version of it")


# --- between certain resources --------------------------------------------------------------------


def _intents(group: Placed, entries: Mapping[str, Json]) -> Iterator[Problem]:
    """A request that a RequestGroup refers to is an option of it."""
    target = _target(group, "resource", entries)
    if target is not None and target.get("intent") not in (None, "option"):
        message = f"a {target.get('resourceType')} in a RequestGroup has the intent 'option'"
        yield Problem(f"{group.location}.resource", "intent", message)


def _target(one: Placed, name: str, entries: Mapping[str, Json]) -> Json | None:
    found = one.value.get(name)
    if not isinstance(found, Mapping):
        return None
    return entries.get(str(found.get("reference")))


def _answers(response: Placed, entries: Mapping[str, Json]) -> Iterator[Problem]:
    """The answers are to questions of the questionnaire, where the bundle has it."""
    address = str(response.value.get("questionnaire", "")).partition("|")[0]
    form = entries.get(address)
    if form is None:
        return
    known = {str(item.get("linkId")) for item in _deep_items(form)}
    for item in _deep_items(response.value):
        if str(item.get("linkId")) not in known:
            message = f"the questionnaire has no item {item.get('linkId')!r}"
            yield Problem(f"{response.location}.item", "link", message)


def _deep_items(value: Json) -> Iterator[Json]:
    for name in ("item", "answer"):
        found = value.get(name)
        for one in found if isinstance(found, list) else []:
            if isinstance(one, Mapping):
                if name == "item":
                    yield one
                yield from _deep_items(one)


def _nothing(_: Placed, __: Mapping[str, Json]) -> Iterator[Problem]:
    yield from ()


_CHECKS: Mapping[str, Callable[[Placed, Mapping[str, Json]], Iterator[Problem]]] = {
    "RequestGroup.action": _intents,
    "QuestionnaireResponse": _answers,
}
