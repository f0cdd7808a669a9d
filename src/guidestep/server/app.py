"""The application: endpoints, what stands around them, and how faults are told."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from guidestep.interop.cds_hooks import discovery
from guidestep.server.log_lines import Line, log
from guidestep.server.openapi import install
from guidestep.server.outbound import Fetcher
from guidestep.server.refusals import Code, Detail, Refusal, response
from guidestep.server.routes import fhir, guidelines, health, hooks
from guidestep.server.settings import Settings
from guidestep.server.site import Site
from guidestep.server.watch import Guard, Watch, is_fhir, notes_of

__all__ = ["create_app"]

_INFO = 20


def create_app(
    settings: Settings,
    *,
    fetcher: Fetcher | None = None,
    clock: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
) -> FastAPI:
    """Return the application of some settings: CDS Hooks, the JSON API, health and metrics.

    `fetcher` fetches from other servers; `clock` (seconds since 1970) and `monotonic` tell the
    time. All three are for tests.

    >>> app = create_app(Settings(dev=True))
    >>> sorted(app.openapi()["paths"])[:2]
    ['/cds-services', '/cds-services/{id}']

    Raises:
        SettingsError: A guideline, a mapping, a file of keys or a secret cannot be used.
    """
    site = Site.of(settings, fetcher=fetcher, clock=clock, monotonic=monotonic)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await site.recorder.start()
        log(_INFO, "started", Line(count=len(site.served)))
        yield
        await site.close()
        log(_INFO, "stopped")

    app = FastAPI(
        lifespan=lifespan,
        openapi_url="/openapi.json",
        # Their pages would load scripts from elsewhere.
        title="guidestep",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # Spans of a request hold its address and the messages of exceptions.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.site = site
    found = discovery(list(site.served.values()))
    app.state.discovery = json.dumps(found, ensure_ascii=False).encode()
    for router in (hooks.router, guidelines.router, fhir.router, health.router):
        app.router.routes.extend(router.routes)
    install(app, site.served.values(), dev=settings.dev)
    # The last one added is the outermost.
    app.add_middleware(Guard)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["X-Request-ID"],
        max_age=600,
    )
    app.add_middleware(Watch, metrics=site.metrics)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refusal)
    notes = notes_of(request.scope)
    notes.outcome = error.code.value
    return response(error, fhir=is_fhir(request.url.path))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        allow = ", ".join(sorted(_methods(request)))
        title = "the endpoint does not answer this method"
        refusal = Refusal(405, Code.METHOD_NOT_ALLOWED, title, headers={"Allow": allow})
    elif error.status_code == 404:
        refusal = Refusal(404, Code.NOT_FOUND, "there is nothing here")
    else:
        refusal = Refusal(error.status_code, Code.INVALID_REQUEST, "the request is refused")
    return await _refused(request, refusal)


def _methods(request: Request) -> Iterable[str]:
    """Return the methods that some route answers at the path of a request."""
    path = request.scope["path"]
    routes = [each for each in request.app.router.routes if isinstance(each, Route)]
    found = [each.methods or set() for each in routes if each.path_regex.match(path)]
    methods = set[str]().union(*found)
    return methods | {"HEAD"} if "GET" in methods else methods


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    places = {".".join(str(step) for step in each["loc"][1:]) for each in error.errors()}
    details = tuple(Detail("it is not what it must be", place) for place in sorted(places))
    return await _refused(
        request, Refusal(422, Code.INVALID_REQUEST, "the request cannot be read", details)
    )
