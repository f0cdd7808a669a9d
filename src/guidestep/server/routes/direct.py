"""A route without FastAPI's machinery for parameters, which an endpoint of ours does not need."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from inspect import iscoroutinefunction
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response


class DirectRoute(APIRoute):
    """Calls an endpoint with the request and the parts of its path, and nothing else.

    To work out the parameters anew for each call costs a twentieth of it. The OpenAPI document is
    made as for any route.

    Raises:
        TypeError: The endpoint takes anything else (a query, a header, a body, a number, a text
            with a limit), not the request, or is no coroutine.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        needs = self.dependant
        told = [parameter.field_info for parameter in needs.path_params]
        plain = all(each.annotation is str and not each.metadata for each in told)
        others = (needs.query_params, needs.header_params, needs.cookie_params, needs.body_params)
        bare = needs.request_param_name is None or not iscoroutinefunction(self.endpoint)
        if bare or not plain or any(others) or needs.dependencies:
            raise TypeError(f"{self.path} is no coroutine of the request and texts of its path")
        endpoint = self.endpoint

        async def handler(request: Request) -> Response:
            answer: Response = await endpoint(request, **request.path_params)
            return answer

        return handler
