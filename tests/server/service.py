"""A service in this process, called as a client calls it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from guidestep.server import Settings, create_app
from tests.server.clients import BASE, SERVICE, Client, Clock
from tests.server.patients import UNSTEADY, call

RECOMMEND = "/guidelines/cervical-spasm-opll/recommend"
JSON = {"Content-Type": "application/json"}


@dataclass
class Service:
    """The application and a client that signs its calls."""

    app: FastAPI
    http: httpx.AsyncClient
    client: Client
    clock: Clock

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.http.get(path, headers=self.client.headers(path), **options)

    async def post(
        self, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **options: Any
    ) -> httpx.Response:
        told = {**self.client.headers(path.partition("?")[0]), **JSON, **(headers or {})}
        given = {"content": body} if isinstance(body, bytes) else {"json": body}
        return await self.http.post(path, headers=told, **given, **options)

    async def hook(self, **changes: Any) -> httpx.Response:
        return await self.post(SERVICE, call(**changes))

    async def recommend(self, assessment: Any = UNSTEADY, query: str = "") -> httpx.Response:
        return await self.post(RECOMMEND + query, assessment)

    async def feedback(self, *entries: dict[str, Any]) -> httpx.Response:
        return await self.post(f"{SERVICE}/feedback", {"feedback": list(entries)})


@asynccontextmanager
async def running(settings: Settings, **options: Any) -> AsyncIterator[Service]:
    """Start an application, and stop it in the end."""
    clock = options.pop("clock", None) or Clock()
    app = create_app(settings, clock=clock, **options)
    # Faults are to be answers: an exception that comes through is one of ours.
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=BASE) as http,
    ):
        yield Service(app, http, Client(), clock)
