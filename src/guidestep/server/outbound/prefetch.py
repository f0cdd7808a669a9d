"""What a client did not send along, read from its FHIR server as far as that may be.

Source: CDS Hooks 2.0.1, Prefetch Template and FHIR Resource Access.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from guidestep.interop.cds_hooks import Request, Served, filled, obtained, unobtained
from guidestep.server.outbound.fetch import Budget, Fetcher, FetchFailed, Reason
from guidestep.server.outbound.fhir import (
    FhirReader,
    Resource,
    allowed_server,
    is_of_another,
    next_page,
)
from guidestep.server.settings import Settings

# What a query is made of stays as it is; all else is encoded, as `|` between system and code.
_SAFE = "/?=&:,%+$"


@dataclass(frozen=True, slots=True)
class Obtained:
    """What there is by prefetch key, and for each key that is not there a word that tells why."""

    resources: Mapping[str, Resource | None]
    failures: Mapping[str, Reason]
    fetched: bool = False
    """Whether a FHIR server was asked."""


async def obtain(
    request: Request, served: Served, settings: Settings, fetcher: Fetcher
) -> Obtained:
    """Return the data of a call: what it brings, and what its FHIR server gives.

    A server, or a page of it, that cannot be used leaves its key unobtained; nothing is raised.
    """
    resources: dict[str, Resource | None] = dict(obtained(request))
    wanted = unobtained(served, resources)
    if not wanted:
        return Obtained(resources, {})
    reader = _reader(request, settings, fetcher)
    if not isinstance(reader, FhirReader):
        return Obtained(resources, dict.fromkeys(wanted, reader))
    failures: dict[str, Reason] = {}
    turn = asyncio.Semaphore(settings.limits.fetches_at_once)

    async def read(key: str, template: str) -> None:
        try:
            async with turn:
                resources[key] = await _read(reader, request, key, template)
        except FetchFailed as failure:
            failures[key] = failure.reason

    try:
        async with asyncio.timeout(_seconds(request, settings)), asyncio.TaskGroup() as group:
            for key, template in wanted.items():
                group.create_task(read(key, template))
    except TimeoutError:
        for key in wanted:
            if key not in resources:
                failures.setdefault(key, "timeout")
    return Obtained(resources, failures, fetched=True)


def _reader(request: Request, settings: Settings, fetcher: Fetcher) -> FhirReader | Reason:
    """Return what reads from the server of a request, or why it may not be asked."""
    if request.fhir_server is None:
        return "no-server"
    found = allowed_server(request.fhir_server, settings.fhir_servers)
    if found is None:
        return "server-not-allowed"
    granted = request.fhir_authorization
    if granted is not None and granted.expires_in <= 0:
        return "token-expired"
    if granted is not None and granted.patient not in (None, request.patient_id):
        # A token for one patient is not good for asking about another.
        return "another-patient"
    base, server = found
    return FhirReader(
        fetcher,
        base,
        server,
        None if granted is None else granted.access_token,
        settings.limits,
        Budget(settings.limits.fetch_bytes),
    )


def _seconds(request: Request, settings: Settings) -> float:
    granted = request.fhir_authorization
    most = settings.limits.fetch_seconds
    return most if granted is None else min(most, float(granted.expires_in))


async def _read(reader: FhirReader, request: Request, key: str, template: str) -> Resource:
    sent = request.prefetch.get(key)
    if sent is not None and sent.get("resourceType") == "Bundle" and next_page(sent) is not None:
        # The client sent the first page; the others are at its server.
        found = await reader.following(sent)
    else:
        query = filled(template, request)
        if query is None:
            raise FetchFailed("no-context")
        found = await reader.read(quote(query, safe=_SAFE))
    entries = found.get("entry")
    listed = entries if isinstance(entries, list) else []
    inside = [each.get("resource") for each in listed if isinstance(each, Mapping)]
    if any(is_of_another(each, request.patient_id) for each in (found, *inside)):
        raise FetchFailed("another-patient")
    return found
