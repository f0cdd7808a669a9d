"""The invariants of the types: what the elements of one element or resource must be together.

Each is known by its key in the standard. Those that only a person can judge are left out, and so
is dom-6, a recommendation that every resource should have a narrative.

Source: HL7 FHIR R4, the constraints of the types in `definitions`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from guidestep.interop.fhir.conformance.problem import Problem
from guidestep.interop.fhir.conformance.structure import Json, Placed


class Invariant(NamedTuple):
    """What must hold of an element of a type, and what is said where it does not."""

    key: str
    holds: Callable[[Json], bool]
    message: str


def broken(placed: Placed) -> Iterator[Problem]:
    """Yield the invariants that an element breaks."""
    kind = placed.type
    shared = _SAME.get(kind, kind)
    for invariant in (*INVARIANTS.get(shared, ()), *_NAMED.get(kind, ())):
        try:
            holds = invariant.holds(placed.value)
        except (TypeError, ValueError, AttributeError, KeyError, OverflowError):
            continue  # a fault of shape, which is reported as one
        if not holds:
            yield Problem(placed.location, invariant.key, invariant.message)


def _has(value: Json, name: str) -> bool:
    """Whether an element is there; `name[x]` is one of any type."""
    if not name.endswith("[x]"):
        return name in value or f"_{name}" in value
    stem = name[:-3]
    return any(key.lstrip("_").startswith(stem) and key.lstrip("_") != stem for key in value)


def _implies(one: str, other: str) -> Callable[[Json], bool]:
    return lambda v: not _has(v, one) or _has(v, other)


def _one_of(*names: str) -> Callable[[Json], bool]:
    return lambda v: sum(_has(v, name) for name in names) == 1


def _not_both(one: str, other: str) -> Callable[[Json], bool]:
    return lambda v: not (_has(v, one) and _has(v, other))


def _not_negative(name: str) -> Callable[[Json], bool]:
    return lambda v: float(str(v.get(name, 0))) >= 0


def _ordered(low: str, high: str) -> Callable[[Json], bool]:
    """Whether a low end is not above a high one, as far as both can be compared."""

    def holds(value: Json) -> bool:
        ends = [value.get(low), value.get(high)]
        texts = [end.get("value") if isinstance(end, Mapping) else end for end in ends]
        first, second = texts
        if isinstance(first, str) and isinstance(second, str):
            same = min(len(first), len(second))
            return first[:same] <= second[:same] if same <= 10 or first[-1] == second[-1] else True
        if isinstance(first, int | float) and isinstance(second, int | float):
            units = [end.get("code") for end in ends if isinstance(end, Mapping)]
            return len(set(units)) > 1 or first <= second
        return True

    return holds


_NAME = re.compile(r"[A-Z][A-Za-z0-9_]{0,254}")


def _named(value: Json) -> bool:
    return "name" not in value or bool(_NAME.fullmatch(str(value["name"])))


def _items(value: Json, name: str) -> list[Json]:
    found = value.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _deep(value: Json, name: str) -> Iterator[Json]:
    for one in _items(value, name):
        yield one
        yield from _deep(one, name)


def _unique(values: Iterable[object]) -> bool:
    return all(count == 1 for count in Counter(values).values())


# --- references within a resource -----------------------------------------------------------------


def _references(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        found = value.get("reference")
        if isinstance(found, str):
            yield found
        for part in value.values():
            yield from _references(part)
    elif isinstance(value, list):
        for part in value:
            yield from _references(part)


def _contained_ids(value: Json) -> set[str]:
    return {str(one.get("id")) for one in _items(value, "contained")}


def _local_targets(value: Json) -> set[str]:
    return {target[1:] for target in _references(dict(value)) if target.startswith("#")}


def _without_versions(value: Json, *names: str) -> bool:
    metas = [one.get("meta") for one in _items(value, "contained")]
    return not any(name in meta for meta in metas if isinstance(meta, Mapping) for name in names)


_DOMAIN = (
    Invariant(
        "dom-2",
        lambda v: not any("contained" in one for one in _items(v, "contained")),
        "a contained resource contains nothing",
    ),
    Invariant(
        "dom-3",
        lambda v: _contained_ids(v) <= _local_targets(v),
        "a contained resource is referred to from the resource",
    ),
    Invariant(
        "dom-4",
        lambda v: _without_versions(v, "versionId", "lastUpdated"),
        "a contained resource has no version",
    ),
    Invariant(
        "dom-5",
        lambda v: _without_versions(v, "security"),
        "a contained resource has no security label",
    ),
    Invariant(
        "ref-1",
        lambda v: _local_targets(v) <= {*_contained_ids(v), ""},
        "a local reference names a contained resource",
    ),
)

# --- actions --------------------------------------------------------------------------------------


def _action_ids(value: Json) -> list[object]:
    return [one.get("id") for one in _deep(value, "action") if "id" in one]


def _related(value: Json) -> set[object]:
    return {
        related.get("actionId")
        for one in _deep(value, "action")
        for related in _items(one, "relatedAction")
    }


_ACTIONS = (
    Invariant("duplicate-id", lambda v: _unique(_action_ids(v)), "the ids of actions are unique"),
    Invariant(
        "dangling-action",
        lambda v: _related(v) <= set(_action_ids(v)),
        "relatedAction.actionId names an action of this resource",
    ),
)

# --- questions ------------------------------------------------------------------------------------

_SIMPLE = ("boolean", "decimal", "integer", "string", "text", "url")


def _type(value: Json) -> object:
    return value.get("type")


_ITEM = (
    Invariant(
        "que-1",
        lambda v: _has(v, "item") if _type(v) == "group" else True,
        "a group has items",
    ),
    Invariant(
        "que-1", lambda v: _type(v) != "display" or not _has(v, "item"), "a display has no items"
    ),
    Invariant(
        "que-3", lambda v: _type(v) != "display" or not _has(v, "code"), "a display has no code"
    ),
    Invariant(
        "que-4",
        _not_both("answerOption", "answerValueSet"),
        "a question has options or a value set, not both",
    ),
    Invariant(
        "que-5",
        lambda v: _type(v) in ("choice", "open-choice") or not _has(v, "answerValueSet"),
        "only a choice has a value set",
    ),
    Invariant(
        "que-6",
        lambda v: _type(v) != "display" or not (_has(v, "required") or _has(v, "repeats")),
        "a display is neither required nor repeated",
    ),
    Invariant(
        "que-8",
        lambda v: _type(v) not in ("group", "display") or not _has(v, "initial"),
        "a group and a display have no initial value",
    ),
    Invariant(
        "que-9",
        lambda v: _type(v) != "display" or not _has(v, "readOnly"),
        "a display is not read-only",
    ),
    Invariant(
        "que-10",
        lambda v: _type(v) in _SIMPLE or not _has(v, "maxLength"),
        "only a simple question has a longest length",
    ),
    Invariant(
        "que-11", _not_both("answerOption", "initial"), "with options there is no initial value"
    ),
    Invariant(
        "que-12",
        lambda v: len(_items(v, "enableWhen")) < 2 or _has(v, "enableBehavior"),
        "with several conditions it is said whether all or any count",
    ),
    Invariant(
        "que-13",
        lambda v: v.get("repeats") is True or len(_items(v, "initial")) < 2,
        "only a repeated question has several initial values",
    ),
)

INVARIANTS: Mapping[str, tuple[Invariant, ...]] = {
    "Extension": (
        Invariant("ext-1", _one_of("extension", "value[x]"), "a value or extensions, not both"),
    ),
    "Period": (Invariant("per-1", _ordered("start", "end"), "it ends before it starts"),),
    "Quantity": (Invariant("qty-3", _implies("code", "system"), "a code of a unit has a system"),),
    "Range": (Invariant("rng-2", _ordered("low", "high"), "the low end is above the high one"),),
    "Attachment": (Invariant("att-1", _implies("data", "contentType"), "data have a type"),),
    "Expression": (
        Invariant(
            "exp-1",
            lambda v: _has(v, "expression") or _has(v, "reference"),
            "an expression or a reference to one",
        ),
    ),
    "DataRequirement.codeFilter": (
        Invariant("drq-1", _one_of("path", "searchParam"), "a path or a search parameter"),
    ),
    "DataRequirement.dateFilter": (
        Invariant("drq-2", _one_of("path", "searchParam"), "a path or a search parameter"),
    ),
    "Timing.repeat": (
        Invariant("tim-1", _implies("duration", "durationUnit"), "a duration has a unit"),
        Invariant("tim-2", _implies("period", "periodUnit"), "a period has a unit"),
        Invariant("tim-4", _not_negative("duration"), "a duration is not negative"),
        Invariant("tim-5", _not_negative("period"), "a period is not negative"),
        Invariant("tim-6", _implies("periodMax", "period"), "periodMax needs period"),
        Invariant("tim-7", _implies("durationMax", "duration"), "durationMax needs duration"),
        Invariant("tim-8", _implies("countMax", "count"), "countMax needs count"),
        Invariant(
            "tim-9",
            lambda v: (
                not _has(v, "offset")
                or (_has(v, "when") and not {"C", "CM", "CD", "CV"} & set(_texts(v, "when")))
            ),
            "an offset needs when, other than C, CM, CD and CV",
        ),
        Invariant("tim-10", _not_both("timeOfDay", "when"), "timeOfDay or when, not both"),
    ),
    "Parameters.parameter": (
        Invariant("inv-1", _one_of("value[x]", "resource", "part"), "one of value, resource, part"),
    ),
    "RequestGroup.action": (
        Invariant("rqg-1", _one_of("resource", "action"), "a resource or actions, not both"),
    ),
    "RequestGroup": _ACTIONS,
    "PlanDefinition": _ACTIONS,
    "CarePlan.activity": (
        Invariant("cpl-3", _not_both("detail", "reference"), "a detail or a reference, not both"),
    ),
    "ServiceRequest": (
        Invariant("prr-1", _implies("orderDetail", "code"), "details of an order need its code"),
    ),
    "CodeSystem": (
        Invariant(
            "csd-1",
            lambda v: _unique(one.get("code") for one in _deep(v, "concept")),
            "the codes of a code system are unique",
        ),
    ),
    "Questionnaire": (
        Invariant(
            "que-2",
            lambda v: _unique(one.get("linkId") for one in _deep(v, "item")),
            "the link ids of a questionnaire are unique",
        ),
    ),
    "Questionnaire.item": _ITEM,
    "Questionnaire.item.enableWhen": (
        Invariant(
            "que-7",
            lambda v: v.get("operator") != "exists" or _has(v, "answerBoolean"),
            "whether something exists is true or false",
        ),
    ),
    "QuestionnaireResponse.item": (
        Invariant(
            "qrs-1",
            lambda v: not (_has(v, "item") and _has(v, "answer")),
            "items are under an item or under its answer, not both",
        ),
    ),
    "Bundle": (
        Invariant(
            "bdl-1",
            lambda v: not _has(v, "total") or v.get("type") in ("searchset", "history"),
            "only a result of a search has a total",
        ),
        Invariant(
            "bdl-2",
            lambda v: (
                v.get("type") == "searchset"
                or not any("search" in one for one in _items(v, "entry"))
            ),
            "only an entry of a result has a search",
        ),
        Invariant(
            "bdl-3",
            lambda v: all(
                ("request" in one) == (v.get("type") in ("batch", "transaction", "history"))
                for one in _items(v, "entry")
            ),
            "the entries of a batch, transaction or history have a request, and no others",
        ),
        Invariant(
            "bdl-7",
            lambda v: _unique(one["fullUrl"] for one in _items(v, "entry") if "fullUrl" in one),
            "the addresses of entries are unique",
        ),
    ),
    "Bundle.entry": (
        Invariant(
            "bdl-5",
            lambda v: any(_has(v, name) for name in ("resource", "request", "response")),
            "an entry has a resource, a request or a response",
        ),
        Invariant(
            "bdl-8",
            lambda v: "/_history/" not in str(v.get("fullUrl", "")),
            "an address names no version",
        ),
    ),
}
"""The invariants of each type. Those with a word as their key are ours, not the standard's."""


def _texts(value: Json, name: str) -> list[str]:
    found = value.get(name)
    return [str(one) for one in found] if isinstance(found, list) else []


_SAME = {"Duration": "Quantity", "Age": "Quantity"}

_NAME_KEYS = {
    "PlanDefinition": "pdf-0",
    "ActivityDefinition": "adf-0",
    "Library": "lib-0",
    "CodeSystem": "csd-0",
    "Questionnaire": "que-0",
}
_NAMED: Mapping[str, tuple[Invariant, ...]] = {
    **dict.fromkeys(
        (
            "GuidanceResponse",
            "OperationOutcome",
            "RequestGroup",
            "CarePlan",
            "ServiceRequest",
            "CommunicationRequest",
            "DetectedIssue",
            "QuestionnaireResponse",
        ),
        _DOMAIN,
    ),
    **{
        kind: (
            *_DOMAIN,
            Invariant(key, _named, "a name is a capital, then letters, digits and underscores"),
        )
        for kind, key in _NAME_KEYS.items()
    },
}
