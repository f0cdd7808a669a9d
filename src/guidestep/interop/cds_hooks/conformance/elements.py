"""The checks that all documents share: elements that must be there, their types and forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from guidestep.interop.cds_hooks.served import is_absolute

UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_REVERSED_DOMAIN = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+")

Node = Mapping[str, object]
Form = Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class Problem:
    """One way in which a document does not conform.

    `path` is the element, empty for the whole document. `rule` names what it is against: a row of
    the requirement table, an invariant or the specification. A `warning` is against a *should*.

    >>> print(Problem("cards", "not given", "requirement 74"))
    error: cards: not given (requirement 74)
    """

    path: str
    message: str
    rule: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = f"{self.path}: " if self.path else ""
        return f"{self.severity}: {place}{self.message} ({self.rule})"


class Problems:
    """Collects problems while a document is walked."""

    def __init__(self) -> None:
        self.found: list[Problem] = []

    def error(self, path: str, message: str, rule: str) -> None:
        """Note an error."""
        self.found.append(Problem(path, message, rule))

    def warning(self, path: str, message: str, rule: str) -> None:
        """Note a warning."""
        self.found.append(Problem(path, message, rule, "warning"))

    def object_(self, path: str, value: object, rule: str) -> Node | None:
        """Return a value if it is an object, and note that it is none."""
        if isinstance(value, dict):
            return value
        self.error(path, "not an object", rule)
        return None

    def required(self, path: str, node: Node, name: str, rule: str) -> object:
        """Return an element, and note that it is missing."""
        if name not in node:
            self.error(join(path, name), "not given", rule)
        return node.get(name)

    def text(
        self,
        path: str,
        node: Node,
        name: str,
        rule: str,
        *,
        needed: bool = False,
        form: Form | None = None,
        what: str = "not of the right form",
    ) -> str | None:
        """Return an element that is a text, and note that it is missing, no text or malformed."""
        value = self.required(path, node, name, rule) if needed else node.get(name)
        if value is None or value == "":  # null and empty are noted for the whole document
            return None
        if not isinstance(value, str):
            self.error(join(path, name), "not a text", rule)
            return None
        if form is not None and not form(value):
            self.error(join(path, name), what, rule)
        return value

    def url(self, path: str, node: Node, name: str, rule: str, *, needed: bool = False) -> None:
        """Note that an element is no absolute address."""
        what = "not an absolute http(s) address"
        self.text(path, node, name, rule, needed=needed, form=is_absolute, what=what)

    def one_of(
        self, path: str, node: Node, name: str, allowed: Collection[str], rule: str, *, needed: bool
    ) -> str | None:
        """Return an element that is one of some words, and note that it is not."""
        what = f"not one of {', '.join(allowed)}"
        return self.text(
            path, node, name, rule, needed=needed, form=allowed.__contains__, what=what
        )

    def flag(self, path: str, node: Node, name: str, rule: str) -> None:
        """Note that an element is neither true nor false."""
        if name in node and not isinstance(node[name], bool):
            self.error(join(path, name), "neither true nor false", rule)

    def list_(self, path: str, node: Node, name: str, rule: str) -> Iterator[tuple[str, object]]:
        """Yield the items of a list with their paths, and note that it is no list."""
        value = node.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            self.error(join(path, name), "not a list", rule)
            return
        for index, each in enumerate(value):
            yield f"{join(path, name)}[{index}]", each

    def objects(self, path: str, node: Node, name: str, rule: str) -> Iterator[tuple[str, Node]]:
        """Yield the objects of a list with their paths, and note what is none."""
        for at, each in self.list_(path, node, name, rule):
            found = self.object_(at, each, rule)
            if found is not None:
                yield at, found

    def coding(self, path: str, value: object, *, display: str | None = None) -> None:
        """Check a Coding; `display` is the rule by which it must have a display."""
        node = self.object_(path, value, "requirement 216")
        if node is None:
            return
        self.text(path, node, "code", "requirement 216", needed=True)
        self.text(path, node, "system", "requirement 217", needed=True)
        if display is not None and "display" not in node:
            self.error(join(path, "display"), "not given", display)
        self.text(path, node, "display", "requirement 219")

    def extension(self, path: str, node: Node) -> None:
        """Check that `extension` is an object with names of its own."""
        if "extension" not in node:
            return
        at = join(path, "extension")
        found = self.object_(at, node["extension"], "requirement 214")
        for name in found or ():
            if not _REVERSED_DOMAIN.fullmatch(name):
                message = "its name is not in the form of a reversed domain"
                self.warning(join(at, name), message, "requirement 215")

    def empty(
        self,
        value: object,
        lists: Collection[str] = (),
        nulls: Collection[str] = (),
        path: str = "",
    ) -> None:
        """Note every null and every empty element, but empty lists and nulls at some paths."""
        if (value == [] and path in lists) or (value is None and path in nulls):
            return
        if value is None or (isinstance(value, str | list | dict) and not value):
            self.error(path, "null" if value is None else "empty", "requirement 3")
        elif isinstance(value, dict):
            for name, part in value.items():
                self.empty(part, lists, nulls, join(path, name))
        elif isinstance(value, list):
            for index, part in enumerate(value):
                self.empty(part, lists, nulls, f"{path}[{index}]")


def join(path: str, name: str) -> str:
    """Return the path of an element of an object."""
    return f"{path}.{name}" if path else name


def is_uuid(value: object) -> bool:
    """Whether something is a UUID."""
    return isinstance(value, str) and UUID.fullmatch(value) is not None


def is_resource(value: object) -> bool:
    """Whether something is an object with a resourceType."""
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)
