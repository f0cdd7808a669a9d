"""Reads from the FHIR server of a client: one resource, or all pages of a search.

What is not exactly what was asked for is as good as not obtained: nothing is made of half an
answer. A search that has more pages than are allowed is not obtained either, for the page not read
could hold the red flag.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guidestep.assessment import AssessmentError
from guidestep.assessment.json_text import parse
from guidestep.server.origins import Address, AddressError
from guidestep.server.outbound.fetch import Budget, Fetcher, FetchFailed
from guidestep.server.settings import FhirServer, Limits

CONTENT_TYPES = ("application/fhir+json", "application/json", "application/json+fhir")

_INSTANCE = re.compile(r"(?P<type>[A-Z][A-Za-z]{1,60})/(?P<id>[A-Za-z0-9.\-]{1,64})")
_SEARCH = re.compile(r"(?P<type>[A-Z][A-Za-z]{1,60})(\?.*)?", re.DOTALL)

Resource = Mapping[str, object]


def allowed_server(text: str, servers: Sequence[FhirServer]) -> tuple[Address, FhirServer] | None:
    """Return the address of a FHIR server and its settings, or None where it is not allowed.

    >>> servers = [FhirServer(base="https://fhir.example.org/r4")]
    >>> allowed_server("https://fhir.example.org/r4/tenant-1/", servers) is None
    False
    >>> allowed_server("https://fhir.example.org.evil.example/r4", servers) is None
    True
    """
    try:
        address = Address.of(text)
    except AddressError:
        return None
    for server in servers:
        if address.within(Address.of(server.base)):
            return address, server
    return None


@dataclass(slots=True)
class FhirReader:
    """Reads for one request: what it may cost is counted over all its reads together."""

    fetcher: Fetcher
    base: Address
    server: FhirServer
    token: str | None
    limits: Limits
    budget: Budget
    resources: int = 0

    async def read(self, query: str) -> Resource:
        """Return what a FHIR query finds: a resource, or a Bundle with the entries of all pages.

        Raises:
            FetchFailed: It was not obtained, or is not what was asked for.
        """
        address = self._address(query)
        if instance := _INSTANCE.fullmatch(query):
            found = await self._get(address)
            if found.get("resourceType") != instance["type"] or found.get("id") != instance["id"]:
                raise FetchFailed("not-the-resource")
            return found
        if not _SEARCH.fullmatch(query):
            raise FetchFailed("not-the-resource")
        return await self._pages(address)

    def _address(self, query: str) -> Address:
        try:
            return Address.of(f"{self.base}/{query}", query=True)
        except AddressError:
            raise FetchFailed("not-the-resource") from None

    async def _pages(self, address: Address) -> Resource:
        seen: set[str] = set()
        entries: list[object] = []
        following: Address | None = address
        while following is not None:
            if str(following) in seen:
                raise FetchFailed("loop")
            if len(seen) >= self.limits.pages:
                raise FetchFailed("too-many-pages")
            seen.add(str(following))
            page = await self._get(following)
            entries += self._entries(page)
            following = self._next(page)
        return {"resourceType": "Bundle", "type": "searchset", "entry": entries}

    async def following(self, bundle: Resource) -> Resource:
        """Return a Bundle that a client sent with the entries of its further pages.

        Raises:
            FetchFailed: They were not all obtained.
        """
        following = self._next(bundle)
        entries = self._entries(bundle)
        if following is not None:
            rest = await self._pages(following)
            found = rest["entry"]
            entries = [*entries, *(found if isinstance(found, list) else [])]
        whole = {key: value for key, value in bundle.items() if key not in ("link", "entry")}
        return {**whole, "entry": entries}

    def _entries(self, page: Resource) -> list[object]:
        entries = page.get("entry", [])
        if page.get("resourceType") != "Bundle" or not isinstance(entries, list):
            raise FetchFailed("not-the-resource")
        if not all(
            isinstance(e, Mapping) and isinstance(e.get("resource"), Mapping) for e in entries
        ):
            # An entry that cannot be read could be the one that matters.
            raise FetchFailed("not-the-resource")
        self.resources += len(entries)
        if self.resources > self.limits.resources:
            raise FetchFailed("too-many-resources")
        return entries

    def _next(self, page: Resource) -> Address | None:
        address = next_page(page)
        if address is None:
            return None
        try:
            following = Address.of(address, query=True)
        except AddressError:
            raise FetchFailed("page-elsewhere") from None
        if not following.within(self.base):
            raise FetchFailed("page-elsewhere")
        return following

    async def _get(self, address: Address) -> Resource:
        headers = {"Accept": "application/fhir+json", "User-Agent": "guidestep"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        body = await self.fetcher.get(
            "fhir", address, self.server.networks, headers, CONTENT_TYPES, self.budget
        )
        try:
            found = parse(body)
        except AssessmentError:
            raise FetchFailed("not-json") from None
        if not isinstance(found, dict):
            raise FetchFailed("not-json")
        return found


def next_page(bundle: Resource) -> str | None:
    """Return the address of the page after this one, or None where it is the last.

    Raises:
        FetchFailed: It cannot be said.
    """
    links = bundle.get("link", [])
    if not isinstance(links, list) or not all(isinstance(each, dict) for each in links):
        raise FetchFailed("not-the-resource")
    found = [each.get("url") for each in links if each.get("relation") == "next"]
    if not found:
        return None
    if len(found) > 1 or not isinstance(found[0], str):
        raise FetchFailed("not-the-resource")
    return found[0]


def is_of_another(resource: object, patient: str) -> bool:
    """Whether a resource names another patient than the one asked about.

    >>> is_of_another({"resourceType": "Observation", "subject": {"reference": "Patient/2"}}, "1")
    True
    """
    if not isinstance(resource, Mapping):
        return False
    if resource.get("resourceType") == "Patient":
        return resource.get("id") != patient
    for name in ("subject", "patient"):
        reference = resource.get(name)
        text = reference.get("reference") if isinstance(reference, Mapping) else None
        if isinstance(text, str) and (found := _PATIENT.search(text)) and found["id"] != patient:
            return True
    return False


_PATIENT = re.compile(r"(^|/)Patient/(?P<id>[A-Za-z0-9.\-]{1,64})(/|$)")
