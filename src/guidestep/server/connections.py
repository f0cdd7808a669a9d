"""One connection: it must bring the whole head of a request within a time.

Source: RFC 9112 leaves it to the server how long it waits.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

YIELDED = 0.0002
"""Seconds for which a worker leaves new connections to others, for each that it has."""

MOST_YIELDED = 0.004

MOST_HEAD = 65_536
"""Bytes that the head of a request may have."""

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedProtocol(HttpToolsProtocol):
    """Closes a connection whose head does not come in time.

    uvicorn closes those that are idle after an answer, and waits for ever for the first request.
    """

    seconds: ClassVar[float] = 10.0
    """For all connections of this process."""
    among_others: ClassVar[bool] = False
    """Whether other processes take connections at the same address."""
    _open: ClassVar[int] = 0
    _waiting: asyncio.TimerHandle | None = None
    _head = 0

    def connection_made(self, transport: Any) -> None:
        """Begin to wait."""
        super().connection_made(transport)
        self._wait()
        BoundedProtocol._open += 1
        if BoundedProtocol.among_others:
            # Connections are kept for many requests, and whoever is awake would take all that
            # come at once: it sleeps, and the others wake up.
            time.sleep(min(BoundedProtocol._open * YIELDED, MOST_YIELDED))

    def data_received(self, data: bytes) -> None:
        """Take some bytes; a head that is too large ends the connection."""
        super().data_received(data)
        if self._waiting is None:
            return
        self._head += len(data)
        if self._head > MOST_HEAD and not self.transport.is_closing():
            self._stop()
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to wait again: another request has begun on the same connection."""
        super().on_message_begin()
        if self._waiting is None:
            self._wait()

    def on_headers_complete(self) -> None:
        """Stop waiting: the head is there."""
        self._stop()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting: nobody is there."""
        BoundedProtocol._open -= 1
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._head = 0
        self._waiting = self.loop.call_later(self.seconds, self._late)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _late(self) -> None:
        self._waiting = None
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()
