"""The answer to discovery."""

from __future__ import annotations

import re

from guidestep.interop.cds_hooks.conformance.elements import Node, Problems

_TOKEN = re.compile(r"\{\{(.*?)\}\}")
_CONTEXT = re.compile(r"context\.[A-Za-z][A-Za-z0-9]*")
_USERS = ("userPractitionerId", "userPractitionerRoleId", "userPatientId", "userRelatedPersonId")
_READ = re.compile(r"[A-Z][A-Za-z]+/[^/]+")
_TYPE = re.compile(r"[A-Z][A-Za-z]+")
_PARAMETER = re.compile(r"[a-z][A-Za-z-]*(:in)?")
_RESULTS = ("_count", "_sort")
_OTHER_PREFIX = re.compile(r"(ne|sa|eb|ap)\d{4}")
_ID = re.compile(r"[^/?#\s]+")


def check_services(problems: Problems, document: object) -> None:
    """Check the document that `GET {base}/cds-services` gives."""
    problems.empty(document, ("services",))
    node = problems.object_("", document, "requirement 6")
    if node is None:
        return
    problems.extension("", node)
    if problems.required("", node, "services", "requirement 6") is None:
        return
    pairs: set[tuple[object, object]] = set()
    for path, service in problems.objects("", node, "services", "requirement 6"):
        _service(problems, path, service)
        pair = (str(service.get("id")), str(service.get("hook")))
        if pair in pairs:
            problems.error(path, "the same service for the same hook again", "Discovery")
        pairs.add(pair)


def _service(problems: Problems, path: str, service: Node) -> None:
    problems.text(path, service, "hook", "requirement 7", needed=True)
    if "title" not in service:
        problems.warning(f"{path}.title", "not given", "requirement 8")
    problems.text(path, service, "title", "requirement 8")
    problems.text(path, service, "description", "requirement 9", needed=True)
    what = "cannot stand in an address"
    form = lambda value: _ID.fullmatch(str(value)) is not None  # noqa: E731
    problems.text(path, service, "id", "requirement 10", needed=True, form=form, what=what)
    problems.text(path, service, "usageRequirements", "requirement 12")
    problems.text(path, service, "version", "Discovery of version 3.0")
    problems.text(path, service, "hookVersion", "Discovery of version 3.0")
    problems.extension(path, service)
    if service.get("prefetch") is None:
        return
    prefetch = problems.object_(f"{path}.prefetch", service["prefetch"], "requirement 11")
    for key in prefetch or ():
        query = problems.text(f"{path}.prefetch", prefetch or {}, key, "requirement 11")
        if query is not None:
            _template(problems, f"{path}.prefetch.{key}", query)


def _template(problems: Problems, path: str, query: str) -> None:
    rest = _TOKEN.sub("", query)
    if "{" in rest or "}" in rest:
        problems.error(path, "a token is not between {{ and }}", "requirement 55")
    for token in _TOKEN.findall(query):
        if token.startswith("context.") and not _CONTEXT.fullmatch(token):
            problems.error(path, f"'{token}' is no field at the root", "requirement 57")
        elif token not in _USERS and not _CONTEXT.fullmatch(token):
            problems.error(path, f"'{token}' is no prefetch token", "requirement 56")
    if not _is_simple(_TOKEN.sub("x", query)):
        message = "it needs more of FHIR search than clients are asked to have"
        problems.warning(path, message, "requirement 58")


def _is_simple(query: str) -> bool:
    """Whether a query is a read or a search of the kind that every client should be able to do."""
    target, mark, search = query.partition("?")
    if not mark:
        return _READ.fullmatch(target) is not None
    if not _TYPE.fullmatch(target):
        return False
    for parameter in search.split("&"):
        name, equals, value = parameter.partition("=")
        plain = name in _RESULTS or _PARAMETER.fullmatch(name)
        if not equals or not plain or _OTHER_PREFIX.match(value):
            return False
    return True
