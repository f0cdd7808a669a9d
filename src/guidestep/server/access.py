"""Who calls, asked at the door of every endpoint that tells something of a patient."""

from __future__ import annotations

import logging

from starlette.requests import Request

from guidestep.server.authentication import Client
from guidestep.server.authentication.tokens import TokenRefused
from guidestep.server.log_lines import Line, log
from guidestep.server.refusals import Code, Refusal
from guidestep.server.site import site_of
from guidestep.server.watch import notes_of


async def authenticate(request: Request, path: str) -> Client | None:
    """Return who calls the endpoint at a path; in development nobody is asked.

    Raises:
        Refusal: 401 without a word why, 503 where it cannot be found out now.
    """
    site = site_of(request)
    if site.settings.dev:
        return None
    try:
        return await site.authenticator.check(request.headers.getlist("authorization"), path)
    except TokenRefused as refused:
        notes = notes_of(request.scope)
        notes.reason = refused.reason
        site.metrics.refused_token(refused.reason)
        log(logging.WARNING, "token-refused", Line(request=notes.request, reason=refused.reason))
        # The body is not read: a connection with a rest of it on the way is of no use.
        headers = {"WWW-Authenticate": "Bearer", "Connection": "close"}
        raise Refusal(401, Code.UNAUTHORIZED, "a valid token is needed", headers=headers) from None
