"""The answer of a service: its cards and what they hold."""

from __future__ import annotations

from guidestep.interop.cds_hooks.conformance.elements import (
    Node,
    Problems,
    is_resource,
    is_uuid,
    join,
)

LIMIT = 140
"""The characters that a summary stays below, as UTF-16 counts them."""

_INDICATORS = ("info", "warning", "critical")
_SELECTION = ("at-most-one", "any")
_ACTION_SELECTION = ("all", "any", "at-most-one")
_ACTIONS = ("create", "update", "delete")
_LINKS = ("absolute", "smart")


def check_response(problems: Problems, document: object) -> None:
    """Check the body of an answer of status 200."""
    problems.empty(document, ("cards",))
    node = problems.object_("", document, "requirement 74")
    if node is None:
        return
    problems.extension("", node)
    problems.required("", node, "cards", "requirement 74")
    ids: list[object] = []
    for path, card in problems.objects("", node, "cards", "requirement 74"):
        _card(problems, path, card)
        ids += [card["uuid"]] if "uuid" in card else []
    if len(ids) != len(set(map(str, ids))):
        problems.error("cards", "two cards have the same uuid", "requirement 80")
    for path, action in problems.objects("", node, "systemActions", "requirement 75"):
        _action(problems, path, action)


def _card(problems: Problems, path: str, card: Node) -> None:
    what = "not a UUID"
    problems.text(path, card, "uuid", "requirement 80", form=is_uuid, what=what)
    what = f"not shorter than {LIMIT} characters"
    problems.text(path, card, "summary", "requirement 83", needed=True, form=_is_short, what=what)
    problems.text(path, card, "detail", "requirement 85")
    problems.one_of(path, card, "indicator", _INDICATORS, "requirement 88", needed=True)
    if problems.required(path, card, "source", "requirement 90") is not None:
        _source(problems, f"{path}.source", card["source"])
    problems.extension(path, card)
    recommended = 0
    for at, suggestion in problems.objects(path, card, "suggestions", "requirement 92"):
        _suggestion(problems, at, suggestion)
        recommended += suggestion.get("isRecommended") is True
    if card.get("suggestions") and "selectionBehavior" not in card:
        problems.error(f"{path}.selectionBehavior", "not given beside suggestions", "cds-resp-6")
    problems.one_of(path, card, "selectionBehavior", _SELECTION, "requirement 95", needed=False)
    if card.get("selectionBehavior") == "at-most-one" and recommended > 1:
        message = "more than one is recommended, though at most one may be chosen"
        problems.error(f"{path}.suggestions", message, "cds-resp-1")
    for at, reason in problems.list_(path, card, "overrideReasons", "requirement 98"):
        problems.coding(at, reason, display="cds-resp-4")
    for at, link in problems.objects(path, card, "links", "requirement 103"):
        _link(problems, at, link)


def _source(problems: Problems, path: str, value: object) -> None:
    source = problems.object_(path, value, "requirement 90")
    if source is None:
        return
    problems.text(path, source, "label", "requirement 105", needed=True)
    problems.url(path, source, "url", "requirement 107")
    problems.url(path, source, "icon", "requirement 111")
    problems.extension(path, source)
    if source.get("topic") is not None:
        problems.coding(f"{path}.topic", source["topic"])


def _suggestion(problems: Problems, path: str, suggestion: Node) -> None:
    problems.text(path, suggestion, "label", "requirement 117", needed=True)
    what = "not a UUID"
    problems.text(path, suggestion, "uuid", "requirement 119", form=is_uuid, what=what)
    problems.flag(path, suggestion, "isRecommended", "requirement 121")
    name = "actionSelectionBehavior"
    problems.one_of(path, suggestion, name, _ACTION_SELECTION, "cds-resp-7", needed=False)
    if name in suggestion:
        message = "only for clients that are known to support version 3.0"
        problems.warning(f"{path}.{name}", message, "Suggestion of version 3.0")
    problems.extension(path, suggestion)
    for at, action in problems.objects(path, suggestion, "actions", "requirement 124"):
        if "description" not in action:
            problems.error(f"{at}.description", "not given", "cds-resp-5")
        _action(problems, at, action)


def _action(problems: Problems, path: str, action: Node) -> None:
    kind = problems.one_of(path, action, "type", _ACTIONS, "requirement 127", needed=True)
    problems.text(path, action, "description", "requirement 128")
    problems.text(path, action, "resourceId", "requirement 135")
    problems.extension(path, action)
    resource = action.get("resource")
    if kind == "delete":
        if "resourceId" not in action or resource is not None:
            message = "a deletion names a resourceId, and holds no resource"
            problems.warning(path, message, "cds-resp-2")
    elif kind is not None and resource is None:
        rule = "requirement 131" if kind == "create" else "requirement 132"
        problems.error(join(path, "resource"), "not given", rule)
    if resource is None:
        return
    if isinstance(resource, str) and kind == "delete":
        problems.error(join(path, "resource"), "the id of what is deleted", "requirement 133")
    elif not is_resource(resource):
        message = "not a FHIR resource: it has no resourceType"
        problems.error(join(path, "resource"), message, "requirement 130")
    elif isinstance(resource, dict) and not resource.get("id"):
        problems.error(join(path, "resource.id"), "not given", "FHIR R4 in CDS Hooks")


def _link(problems: Problems, path: str, link: Node) -> None:
    problems.text(path, link, "label", "requirement 138", needed=True)
    problems.url(path, link, "url", "requirement 139", needed=True)
    kind = problems.one_of(path, link, "type", _LINKS, "requirement 142", needed=True)
    problems.text(path, link, "appContext", "requirement 144")
    problems.flag(path, link, "autolaunchable", "Link")
    problems.extension(path, link)
    if "appContext" in link and kind != "smart":
        problems.error(f"{path}.appContext", "only of a link of type smart", "cds-resp-3")


def _is_short(value: object) -> bool:
    return len(str(value).encode("utf-16-le", "surrogatepass")) // 2 < LIMIT
