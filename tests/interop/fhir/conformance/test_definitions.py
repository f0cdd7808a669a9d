"""The types that are checked are those of FHIR R4, by the profiles that the npm package carries."""

from __future__ import annotations

import json
from functools import cache

import pytest

from guidestep.interop.fhir.conformance.codes import REQUIRED
from guidestep.interop.fhir.conformance.definitions import ANY, TYPES
from tests.interop.fhir.outgoing.answers import Json
from tests.interop.fhir.outgoing.validators import PACKAGE, require_node

SHARED = {
    "Action.condition": "PlanDefinition.action.condition",
    "Action.relatedAction": "PlanDefinition.action.relatedAction",
    "Definition.participant": "PlanDefinition.action.participant",
    "Definition.dynamicValue": "PlanDefinition.action.dynamicValue",
}
"""Types that two resources share here, and where the standard has the first of them."""

NARROWER = {
    # The package takes all codes of the system for the value set, which has some of them.
    ("CarePlan", "intent"),
    ("CarePlan.activity.detail", "kind"),
}

UNBOUND = {("Attachment", "contentType")}
"""Value sets that cannot be listed: all types of media."""


@cache
def profiles(name: str) -> Json:
    require_node()
    return json.loads((PACKAGE / "profiles" / f"{name}.json").read_text(encoding="utf-8"))


def properties(type_: str) -> dict[str, Json]:
    first, *way = SHARED.get(type_, type_).split(".")
    found = profiles("types")[first]["_properties"]
    for name in way:
        (found,) = (one["_properties"] for one in found if one["_name"] == name)
    return {one["_name"]: one for one in found if not one["_name"].startswith("_")}


@pytest.mark.parametrize("type_", TYPES)
def test_a_type_has_the_elements_of_the_standard(type_: str) -> None:
    ours = {name: (one, kind) for one in TYPES[type_] for name, kind in one.types.items()}
    theirs = properties(type_)
    if ANY in {kind for _, kind in ours.values()}:
        ours.pop("value[x]")
        theirs = {name: one for name, one in theirs.items() if not name.startswith("value")}
    assert set(ours) == set(theirs)
    for name, (one, kind) in ours.items():
        standard = theirs[name]
        assert one.repeats == standard["_multiple"], name
        assert one.required == standard["_required"], name
        if "." not in kind and name not in ("id", "url"):
            assert kind == standard["_type"], name
        bound = standard.get("_valueSetStrength") == "required"
        if (type_, name) in UNBOUND:
            continue
        assert bound == (one.binding is not None), name
        if bound:
            sets = profiles("valuesets")[standard["_valueSet"].partition("|")[0]]["systems"]
            codes = {code["code"] for system in sets for code in system["codes"]}
            if (type_, name) in NARROWER:
                assert REQUIRED[one.binding or ""] < codes
            else:
                assert REQUIRED[one.binding or ""] == codes, name


def test_every_value_set_is_used() -> None:
    used = {one.binding for elements in TYPES.values() for one in elements}
    assert set(REQUIRED) - used == {"data-types"}
