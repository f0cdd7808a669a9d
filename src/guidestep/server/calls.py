"""The beginning of every call that brings data: who is asked, who asks, and what they sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request

from guidestep.interop.cds_hooks import Served
from guidestep.server.access import authenticate
from guidestep.server.bodies import read_json
from guidestep.server.site import Site, site_of
from guidestep.server.watch import Notes, notes_of

_NAMES = {"cds-services": "service", "guidelines": "guideline"}


@dataclass(frozen=True, slots=True)
class Call:
    """A call that may be answered.

    `client` is the issuer of the client's token, or `None` in development; `location` is where its
    users are, as far as the settings tell it; `raw` is the JSON that was sent.
    """

    site: Site
    notes: Notes
    served: Served
    client: str | None
    location: str | None
    raw: object


async def begin(
    request: Request,
    endpoint: str,
    kind: Literal["cds-services", "guidelines"],
    id_: str,
    action: str = "",
) -> Call:
    """Return a call of `/KIND/ID/ACTION`, read; `endpoint` is its name in log and metrics.

    The token is asked for before the body is read.

    Raises:
        Refusal: 404 for an unknown id, then what `authenticate` and `read_json` raise.
    """
    site, notes = site_of(request), notes_of(request.scope)
    notes.endpoint = endpoint
    served = site.find(id_, _NAMES[kind])
    notes.service = served.id
    path = f"/{kind}/{served.id}" + (f"/{action}" if action else "")
    client = await authenticate(request, path)
    raw = await read_json(request, site.settings.limits)
    issuer = None if client is None else client.issuer
    location = (client and client.location) or site.settings.location
    return Call(site, notes, served, issuer, location, raw)
