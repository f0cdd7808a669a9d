"""A guideline as a service answers with it, and what it needs of the FHIR mapping."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol
from urllib.parse import urlsplit

from guidestep.assessment import Assessment
from guidestep.guideline import Guideline, SettingError
from guidestep.interop.cds_hooks.hooks import HOOKS
from guidestep.interop.fhir.canonical import Canonical

USAGE = (
    "For licensed clinicians at a planned visit. What is not recorded is unknown, never absent. "
    "Not for emergencies."
)
"""What a service says of its use where nothing else was set."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


class Provenance(Protocol):
    """Where a value of a reading comes from."""

    @property
    def resource(self) -> str | None:
        """The resource, as `Observation/1`; nothing where the visit or a default gave it."""

    @property
    def date(self) -> date | None:
        """The day it is of."""

    @property
    def recorded(self) -> str:
        """What was recorded, or why there is a value without a resource."""


class ReadingProblem(Protocol):
    """Something recorded that could not be used, or not without a remark."""

    @property
    def path(self) -> str:
        """The field, or an empty text."""

    @property
    def resource(self) -> str | None:
        """The resource, as `Observation/1`."""

    @property
    def message(self) -> str:
        """What is wrong."""

    @property
    def hint(self) -> str:
        """What to do about it, or an empty text."""

    @property
    def severity(self) -> str:
        """`error`, `warning` or `information`."""


class Reading(Protocol):
    """What a mapping read of one patient's resources."""

    @property
    def data(self) -> Mapping[str, object]:
        """The values by path, ready for the model to read."""

    @property
    def provenance(self) -> Mapping[str, Provenance]:
        """Where each value comes from, by path."""

    @property
    def problems(self) -> Sequence[ReadingProblem]:
        """What was recorded and not used, or only with a remark."""

    @property
    def missing_required(self) -> Sequence[str]:
        """The required fields that have no value."""

    def assessment(self) -> Assessment:
        """Return the assessment, or raise `AssessmentError`."""


class FhirMapping(Protocol):
    """How a guideline reads FHIR resources."""

    @property
    def canonical(self) -> Canonical:
        """The addresses of what we publish."""

    def queries(self) -> Mapping[str, str]:
        """Return the FHIR query of each prefetch key."""

    def read(self, data: Mapping[str, object], *, subject: str, on: date) -> Reading:
        """Return what the resources say of a patient."""


@dataclass(frozen=True)
class Served:
    """A guideline that is served under an id, for some hooks.

    `id` is that part of the address of the service. `profile` is one of the guideline, or `None`
    for its default. `base_url` is the absolute address of the server without a slash at its end,
    under which the explanation of the guideline lies; without it cards have no link.
    `asks_encounter` says that the Encounter is asked for, which tells where the patient is.

    Raises:
        SettingError: The id, a hook, the profile or the base address cannot be used.
    """

    id: str
    guideline: Guideline
    mapping: FhirMapping
    profile: str | None = None
    hooks: tuple[str, ...] = tuple(HOOKS)
    base_url: str | None = None
    usage_requirements: str = USAGE
    asks_encounter: bool = False

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise SettingError("the id of a service is 1 to 80 letters, digits, dots, - and _")
        if unknown := [hook for hook in self.hooks if hook not in HOOKS]:
            raise SettingError(f"there is no hook '{unknown[0]}'; the hooks are {', '.join(HOOKS)}")
        if not self.hooks:
            raise SettingError(f"service '{self.id}' answers no hook; name at least one")
        object.__setattr__(self, "hooks", tuple(dict.fromkeys(self.hooks)))
        if self.profile is not None and self.profile not in self.guideline.profiles:
            profiles = ", ".join(self.guideline.profiles)
            raise SettingError(f"there is no profile '{self.profile}'; the profiles are {profiles}")
        if self.base_url is not None and not is_absolute(self.base_url):
            raise SettingError("the base address of the server is not an absolute http(s) address")

    @property
    def explanation_url(self) -> str | None:
        """The page that explains the guideline, if the server has an address."""
        if self.base_url is None:
            return None
        return f"{self.base_url.rstrip('/')}/guidelines/{self.id}/explanation"


def is_absolute(url: object) -> bool:
    """Whether something is an absolute http(s) address.

    >>> is_absolute("https://cds.example/a"), is_absolute("//cds.example"), is_absolute("a b")
    (True, False, False)
    """
    if not isinstance(url, str) or any(c.isspace() or not c.isprintable() for c in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)
