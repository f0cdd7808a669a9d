"""Endpoints that are called directly take the request and texts of the path, and nothing else."""

from __future__ import annotations

from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Body, Cookie, Depends, FastAPI, Header, Path
from starlette.requests import Request
from starlette.responses import Response

from guidestep.server.routes.direct import DirectRoute


async def plain(request: Request, id: str) -> Response:  # noqa: A002
    return Response(f"{request.method} {id}")


async def test_the_path_is_handed_over() -> None:
    router = APIRouter(route_class=DirectRoute)
    router.post("/a/{id}")(plain)
    app = FastAPI()
    app.include_router(router)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as client:
        assert (await client.post("/a/b%20c")).text == "POST b c"
    (parameter,) = app.openapi()["paths"]["/a/{id}"]["post"]["parameters"]
    assert (parameter["name"], parameter["in"]) == ("id", "path")


async def of_a_number(request: Request, id: int) -> Response:  # noqa: A002
    return Response()


async def of_a_query(request: Request, id: str, profile: str | None = None) -> Response:  # noqa: A002
    return Response()


async def of_a_header(request: Request, id: str, a: Annotated[str, Header()]) -> Response:  # noqa: A002
    return Response()


async def of_a_cookie(request: Request, id: str, a: Annotated[str, Cookie()]) -> Response:  # noqa: A002
    return Response()


async def of_a_body(request: Request, id: str, a: Annotated[str, Body()]) -> Response:  # noqa: A002
    return Response()


async def of_another(request: Request, id: str, a: Annotated[str, Depends(plain)]) -> Response:  # noqa: A002
    return Response()


async def of_a_limit(request: Request, id: Annotated[str, Path(max_length=3)]) -> Response:  # noqa: A002
    return Response()


async def of_nothing(id: str) -> Response:  # noqa: A002
    return Response()


def at_once(request: Request, id: str) -> Response:  # noqa: A002
    return Response()


@pytest.mark.parametrize(
    "endpoint",
    [
        of_a_limit,
        of_nothing,
        at_once,
        of_a_number,
        of_a_query,
        of_a_header,
        of_a_cookie,
        of_a_body,
        of_another,
    ],
)
def test_what_would_not_be_filled_in_is_refused(endpoint: Any) -> None:
    router = APIRouter(route_class=DirectRoute)
    with pytest.raises(TypeError, match="is no coroutine of the request"):
        router.post("/a/{id}")(endpoint)
