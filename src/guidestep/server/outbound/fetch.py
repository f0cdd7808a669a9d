"""One GET within bounds: to a checked address, without redirect or proxy, so long and so large."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Literal

import httpx

from guidestep.server.origins import Address
from guidestep.server.outbound.addresses import (
    AddressRefused,
    Resolver,
    callable_addresses,
    resolve,
)
from guidestep.server.settings import Network

Reason = Literal[
    "address-refused",
    "unreachable",
    "timeout",
    "redirect",
    "status",
    "content-type",
    "too-large",
    "broken-off",
    "not-json",
    "not-the-resource",
    "too-many-pages",
    "page-elsewhere",
    "loop",
    "too-many-resources",
    "another-patient",
    "server-not-allowed",
    "no-server",
    "token-expired",
    "no-context",
]


class FetchFailed(Exception):  # noqa: N818 (not a fault of ours)
    """What was asked for was not obtained; `reason` is a word, `status` that of the server."""

    def __init__(self, reason: Reason, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.status = status


@dataclass(slots=True)
class Budget:
    """What is left of the bytes that may be fetched for one request."""

    bytes: int

    def take(self, count: int) -> None:
        """Take some of what is left.

        Raises:
            FetchFailed: There is not so much left.
        """
        self.bytes -= count
        if self.bytes < 0:
            raise FetchFailed("too-large")


class Fetcher:
    """Fetches from servers of the settings; it keeps one set of connections for each of them.

    The address of a host is looked up and checked first, and the very address that was checked is
    called: a name server that answers differently the next time changes nothing. The certificate
    is still the one of the host's name.
    """

    def __init__(
        self,
        *,
        read_seconds: float,
        resolver: Resolver = resolve,
        verify: ssl.SSLContext | None = None,
        counted: Callable[[str, str], None] = lambda kind, result: None,
    ) -> None:
        self._timeout = httpx.Timeout(read_seconds)
        self._resolver = resolver
        self._verify = ssl.create_default_context() if verify is None else verify
        self._counted = counted
        self._clients: dict[tuple[str, str, int], httpx.AsyncClient] = {}

    async def get(
        self,
        kind: str,
        address: Address,
        networks: Sequence[Network],
        headers: Mapping[str, str],
        content_types: Sequence[str],
        budget: Budget,
    ) -> bytes:
        """Return the body at an address; `kind` is a word for the metrics.

        Raises:
            FetchFailed: It was not obtained.
        """
        try:
            found = await self._get(address, networks, headers, content_types, budget)
        except FetchFailed as failure:
            self._counted(kind, failure.reason)
            raise
        self._counted(kind, "obtained")
        return found

    async def _get(
        self,
        address: Address,
        networks: Sequence[Network],
        headers: Mapping[str, str],
        content_types: Sequence[str],
        budget: Budget,
    ) -> bytes:
        try:
            found = await self._resolver(address.host, address.port)
            targets = callable_addresses(found, networks)
        except AddressRefused:
            raise FetchFailed("address-refused") from None
        except (OSError, UnicodeError):
            raise FetchFailed("unreachable") from None
        client = self._client(address)
        # A host may have an address that does not answer beside one that does.
        for target in targets[:2]:
            try:
                return await self._ask(client, address, target, headers, content_types, budget)
            except httpx.ConnectError:
                continue
            except httpx.TimeoutException:
                raise FetchFailed("timeout") from None
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, zlib.error):
                raise FetchFailed("broken-off") from None
        raise FetchFailed("unreachable")

    async def _ask(
        self,
        client: httpx.AsyncClient,
        address: Address,
        target: str,
        headers: Mapping[str, str],
        content_types: Sequence[str],
        budget: Budget,
    ) -> bytes:
        url = Address(address.scheme, target, address.port, address.path, address.query)
        request = client.build_request(
            "GET",
            str(url),
            headers={**headers, "Host": address.authority, "Accept-Encoding": "gzip, identity"},
            extensions={"sni_hostname": address.host},
        )
        async with AsyncExitStack() as stack:
            response = await client.send(request, stream=True)
            stack.push_async_callback(response.aclose)
            _check(response, content_types)
            declared = response.headers.get("content-length", "")
            if declared.isdecimal() and int(declared[:20]) > budget.bytes:
                raise FetchFailed("too-large")
            return await _read(response, budget)

    def _client(self, address: Address) -> httpx.AsyncClient:
        """Return the connections to one server; a connection never serves two names."""
        client = self._clients.get(address.origin)
        if client is None:
            client = self._clients[address.origin] = httpx.AsyncClient(
                timeout=self._timeout,
                follow_redirects=False,
                trust_env=False,
                verify=self._verify,
                limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            )
        return client

    async def close(self) -> None:
        """Close all connections."""
        clients = list(self._clients.values())
        self._clients.clear()
        await asyncio.gather(*(client.aclose() for client in clients))


def _check(response: httpx.Response, content_types: Sequence[str]) -> None:
    if 300 <= response.status_code < 400:
        raise FetchFailed("redirect", response.status_code)
    if response.status_code != 200:
        raise FetchFailed("status", response.status_code)
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in content_types:
        raise FetchFailed("content-type")
    if response.headers.get("content-encoding", "identity").lower() not in ("identity", "gzip"):
        raise FetchFailed("content-type")


async def _read(response: httpx.Response, budget: Budget) -> bytes:
    """Return the body, decompressed here and in pieces: no piece can be larger than is left."""
    is_gzip = response.headers.get("content-encoding", "").lower() == "gzip"
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16) if is_gzip else None
    pieces: list[bytes] = []
    async for chunk in response.aiter_raw():
        piece = chunk if inflate is None else inflate.decompress(chunk, budget.bytes + 1)
        budget.take(len(piece))
        pieces.append(piece)
    if inflate is not None and not inflate.eof:
        raise FetchFailed("broken-off")
    return b"".join(pieces)
