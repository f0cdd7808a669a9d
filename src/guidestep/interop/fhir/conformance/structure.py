"""Whether a resource has the elements that its type has: walks it, and yields every element.

Source: HL7 FHIR R4, JSON representation; `definitions` for the types.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from guidestep.interop.fhir.conformance.codes import REQUIRED
from guidestep.interop.fhir.conformance.definitions import (
    ANY,
    RESOURCES,
    TYPES,
    ElementDefinition,
)
from guidestep.interop.fhir.conformance.primitives import PRIMITIVES, fault
from guidestep.interop.fhir.conformance.problem import Problem

Json: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Placed:
    """An element or resource with its type and where it stands."""

    location: str
    type: str
    value: Json


class Structure:
    """One walk through a resource: `placed` are its elements, `problems` what is wrong in shape."""

    def __init__(self, resource: object) -> None:
        self.placed: list[Placed] = []
        self.problems: list[Problem] = []
        kind = resource.get("resourceType") if isinstance(resource, Mapping) else None
        self._resource(resource, str(kind) if isinstance(kind, str) else "Resource")

    def _problem(self, location: str, rule: str, message: str) -> None:
        self.problems.append(Problem(location, rule, message))

    def _resource(self, value: object, location: str) -> None:
        kind = value.get("resourceType") if isinstance(value, Mapping) else None
        if not isinstance(value, Mapping) or not isinstance(kind, str):
            self._problem(location, "type", "it is no resource: it has no resourceType")
        elif kind not in RESOURCES:
            self._problem(location, "unknown-type", f"these checks do not know {kind}")
        else:
            self._element(value, kind, location)

    def _element(self, value: Json, type_: str, location: str) -> None:
        self.placed.append(Placed(location, type_, value))
        left = {name for name in value if name != "resourceType" or type_ not in RESOURCES}
        for definition in TYPES[type_]:
            left -= self._defined(value, definition, location)
        for name in sorted(left):
            self._problem(f"{location}.{name}", "unknown-element", f"{type_} has no such element")
        if not any(name not in ("id", "resourceType") for name in value):
            self._problem(location, "ele-1", "it holds no value")

    def _defined(self, value: Json, definition: ElementDefinition, location: str) -> set[str]:
        """Check one element of a type; return the properties that belong to it."""
        types = dict(definition.types)
        if ANY in types.values():
            plain = (str(name).removeprefix("_") for name in value)
            types = {name: type_ for name in plain for type_ in _any(name, definition.name)}
        present = [name for name in types if name in value or f"_{name}" in value]
        place = f"{location}.{definition.name}"
        if len(present) > 1:
            self._problem(place, "cardinality", f"only one of {', '.join(sorted(present))} may be")
        if definition.required and not present:
            self._problem(place, "cardinality", "it is required")
        for name in present:
            self._property(value, name, types[name], definition, f"{location}.{name}")
        return {*present, *(f"_{name}" for name in present)}

    def _property(
        self, value: Json, name: str, type_: str, definition: ElementDefinition, place: str
    ) -> None:
        given = value.get(name)
        if f"_{name}" in value:
            self._beside(value[f"_{name}"], type_, place)
            if name not in value:
                return
        if not definition.repeats:
            if isinstance(given, list):
                self._problem(place, "cardinality", "it is a list, and there may be only one")
                return
            self._value(given, type_, definition, place)
            return
        if not isinstance(given, list):
            self._problem(place, "type", "it is no list, and there may be several")
        elif not given:
            self._problem(place, "empty", "it is an empty list")
        else:
            for index, one in enumerate(given):
                self._value(one, type_, definition, f"{place}[{index}]")

    def _beside(self, value: object, type_: str, place: str) -> None:
        """Check what stands beside a primitive value: its id and extensions."""
        if type_ not in PRIMITIVES:
            self._problem(place, "type", "only a primitive value has a property with '_'")
        for one in value if isinstance(value, list) else [value]:
            if one is None:
                continue
            if not isinstance(one, Mapping) or not {"id", "extension"} >= set(one) or not one:
                self._problem(place, "type", "beside a value may only be its id and extensions")
                continue
            for index, part in enumerate(one.get("extension", ())):
                self._value(part, "Extension", _EXTENSION, f"{place}.extension[{index}]")

    def _value(self, value: object, type_: str, definition: ElementDefinition, place: str) -> None:
        if value is None or value == "" or value == {} or value == []:
            self._problem(place, "empty", "it is empty; leave it out")
        elif type_ in PRIMITIVES:
            wrong = fault(type_, value)
            if wrong is not None:
                self._problem(place, "value", wrong)
            elif definition.binding is not None and value not in REQUIRED[definition.binding]:
                self._problem(place, "code", f"{value!r} is no code of {definition.binding}")
        elif type_ == "Resource":
            self._resource(value, place)
        elif not isinstance(value, Mapping):
            self._problem(place, "type", f"it is no {type_}")
        elif type_ not in TYPES:
            self._problem(place, "unknown-type", f"these checks do not know {type_}")
        else:
            self._element(value, type_, place)


_EXTENSION = ElementDefinition("extension", {"extension": "Extension"}, False, True, None)

_BY_SUFFIX = {
    f"{type_[:1].upper()}{type_[1:]}": type_
    for type_ in (
        *PRIMITIVES - {"xhtml"},
        *(name for name in TYPES if "." not in name and name not in RESOURCES),
    )
}


def _any(name: str, stem: str) -> Iterator[str]:
    """Yield the type of a property that is a choice of any type, if it is one."""
    if name.startswith(stem) and name[len(stem) :] in _BY_SUFFIX:
        yield _BY_SUFFIX[name[len(stem) :]]
