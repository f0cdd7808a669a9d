"""A route without FastAPI's machinery for parameters, which an endpoint of ours does not need."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class DirectRoute(APIRoute):
    """Calls an endpoint with the request and the parts of its path, and nothing else.

    To work out the parameters anew for each call costs a twentieth of it. The OpenAPI document is
    made as for any route.

    Raises:
        TypeError: The endpoint takes anything else: a query, a header, a body, a number.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        needs = self.dependant
        plain = all(parameter.field_info.annotation is str for parameter in needs.path_params)
        others = (needs.query_params, needs.header_params, needs.cookie_params, needs.body_params)
        if not plain or any(others) or needs.dependencies:
            raise TypeError(f"{self.path} takes more than the request and texts of its path")
        endpoint = self.endpoint

        async def handler(request: Request) -> Response:
            answer: Response = await endpoint(request, **request.path_params)
            return answer

        return handler
