"""Which data a call has, and which are still to be obtained.

A prefetch key that is not there is not satisfied. One that is `null` is: there are no such data.
An OperationOutcome in its place is a failure, and the first page of several is not the data.

Source: CDS Hooks 2.0, "Prefetch Template".
"""

from __future__ import annotations

from collections.abc import Mapping

from guidestep.interop.cds_hooks.request import Request
from guidestep.interop.cds_hooks.served import Served


def is_obtained(value: object) -> bool:
    """Whether a prefetch value is what its query asks for, all of it.

    >>> is_obtained(None), is_obtained({"resourceType": "OperationOutcome", "issue": []})
    (True, False)
    >>> is_obtained({"resourceType": "Bundle", "link": [{"relation": "next", "url": "..."}]})
    False
    """
    if value is None:
        return True
    if not isinstance(value, Mapping):
        return False
    if value.get("resourceType") == "OperationOutcome":
        return False
    if value.get("resourceType") != "Bundle":
        return isinstance(value.get("resourceType"), str)
    return not _has_more(value) and not any(map(_failed, _list(value.get("entry"))))


def obtained(request: Request) -> dict[str, Mapping[str, object] | None]:
    """Return the prefetch values of a call that are what their queries ask for."""
    return {key: value for key, value in request.prefetch.items() if is_obtained(value)}


def unobtained(served: Served, resources: Mapping[str, object]) -> dict[str, str]:
    """Return the queries of the mapping whose data are not there, by prefetch key.

    An empty result means that the service can answer.
    """
    return {
        key: query
        for key, query in served.mapping.queries().items()
        if key not in resources or not is_obtained(resources[key])
    }


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _has_more(bundle: Mapping[str, object]) -> bool:
    links = _list(bundle.get("link"))
    return any(isinstance(link, Mapping) and link.get("relation") == "next" for link in links)


def _failed(entry: object) -> bool:
    """Whether an entry of a search result says that the search failed, or failed in part."""
    resource = entry.get("resource") if isinstance(entry, Mapping) else None
    if not isinstance(resource, Mapping) or resource.get("resourceType") != "OperationOutcome":
        return False
    issues = _list(resource.get("issue"))
    return not issues or any(
        not isinstance(issue, Mapping) or issue.get("severity") not in ("warning", "information")
        for issue in issues
    )
