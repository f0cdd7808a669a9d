"""What only a real connection shows: slow clients, heads that never end, and a graceful end."""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn

from guidestep.server import Settings, connections, create_app
from guidestep.server.connections import BoundedProtocol
from guidestep.server.run import _options, _Server
from tests.server.clients import SERVICE
from tests.server.patients import call

LIMITS = {"header_seconds": 0.4, "body_seconds": 0.4, "body": 100_000}


class Running:
    """A server in a thread, with real connections."""

    def __init__(self, settings: Settings) -> None:
        self.listening = threading.Event()
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        BoundedProtocol.seconds = settings.limits.header_seconds
        options = {**_options(settings, "127.0.0.1", self.port), "loop": "asyncio"}
        self.server = _Server(uvicorn.Config(create_app(settings), **options), self.listening.set)
        self.server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        self.thread = threading.Thread(target=self.server.run, args=([self.socket],))
        self.thread.start()
        assert self.listening.wait(30)

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.settimeout(5)
        return connection

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.socket.close()


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    server = Running(Settings.model_validate({"dev": True, "limits": LIMITS}))
    yield server
    server.stop()


def rest(connection: socket.socket) -> bytes:
    """Return what comes until the other end closes."""
    found = b""
    while chunk := connection.recv(65536):
        found += chunk
    return found


def head(length: int | str, **headers: str) -> bytes:
    lines = [f"POST {SERVICE} HTTP/1.1", "Host: a", "Content-Type: application/json"]
    lines += (
        [f"Content-Length: {length}"] if length != "chunked" else ["Transfer-Encoding: chunked"]
    )
    return "\r\n".join([*lines, "", ""]).encode()


def test_a_worker_among_others_leaves_new_connections_to_them(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    left: list[float] = []
    monkeypatch.setattr(connections, "time", SimpleNamespace(sleep=left.append))
    monkeypatch.setattr(BoundedProtocol, "among_others", True)
    before = BoundedProtocol._open
    with ExitStack() as stack:
        for _ in range(25):
            connection = stack.enter_context(closing(running.connect()))
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
    # The more it has, the longer, but never long.
    assert len(left) == 25
    assert left == sorted(left)
    assert left[0] < left[10] < left[-1] == connections.MOST_YIELDED
    for _ in range(100):
        if BoundedProtocol._open <= before:
            break
        time.sleep(0.05)
    assert BoundedProtocol._open <= before


def test_a_head_that_does_not_come(running: Running) -> None:
    for sent in (b"", b"POST /cds", b"GET /health HTTP/1.1\r\nHost: a\r\nX-A: b"):
        with closing(running.connect()) as connection:
            start = time.monotonic()
            connection.sendall(sent)
            assert rest(connection) == b""
            assert time.monotonic() - start < 3


def test_a_head_that_comes_byte_by_byte(running: Running) -> None:
    with closing(running.connect()) as connection:
        start = time.monotonic()
        ended = False
        while not ended and time.monotonic() - start < 4:
            try:
                connection.sendall(b"X")
            except OSError:
                ended = True
            time.sleep(0.02)
        assert ended


def test_a_second_head_that_does_not_come(running: Running) -> None:
    with closing(running.connect()) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
        found = b""
        while not found.endswith(b"}"):
            found += connection.recv(65536)
        assert found.startswith(b"HTTP/1.1 200 ")
        connection.sendall(b"GET /health HTTP/1.1\r\nHost:")
        assert rest(connection) == b""


def test_a_head_without_end(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    # Long before its time is up: it is the size that ends it.
    monkeypatch.setattr(BoundedProtocol, "seconds", 60.0)
    with closing(running.connect()) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\n")
        try:
            for number in range(5000):
                connection.sendall(b"X-%d: %s\r\n" % (number, b"y" * 200))
            found = rest(connection)
        except ConnectionError:
            found = b""  # closed while we were sending: the answer may be lost with it
    assert found == b"" or b" 431 " in found


def test_a_body_that_does_not_come(running: Running) -> None:
    with closing(running.connect()) as connection:
        connection.sendall(head(100) + b'{"hook"')
        start = time.monotonic()
        found = rest(connection)
        assert found.startswith(b"HTTP/1.1 408 ")
        assert b"too-slow" in found
        assert time.monotonic() - start < 3


def test_chunks_without_end(running: Running) -> None:
    with closing(running.connect()) as connection:
        connection.sendall(head("chunked"))
        chunk = b"2000\r\n" + b" " * 0x2000 + b"\r\n"
        try:
            for _ in range(2000):
                connection.sendall(chunk)
            found = rest(connection)
        except OSError:
            found = b""  # closed while we were sending: the answer may be lost with it
        assert found == b"" or b" 413 " in found


def test_20_megabytes_over_a_connection(running: Running) -> None:
    with closing(running.connect()) as connection:
        connection.sendall(head(20_000_000))
        found = rest(connection)
        assert found.startswith(b"HTTP/1.1 413 ")
        assert b"too-large" in found


@pytest.mark.parametrize(
    "sent",
    [
        b"garbage\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
    ],
)
def test_no_http(running: Running, sent: bytes) -> None:
    with closing(running.connect()) as connection:
        connection.sendall(sent)
        found = rest(connection)
    assert found == b"" or b" 400 " in found or b" 404 " in found
    assert httpx.get(f"{running.url}/health").status_code == 200


def test_many_slow_clients_hold_up_nobody(running: Running) -> None:
    slow = [running.connect() for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(head(100) + b"{")
        start = time.monotonic()
        assert httpx.post(running.url + SERVICE, json=call()).status_code == 200
        assert time.monotonic() - start < 2
    finally:
        for connection in slow:
            connection.close()


def test_no_server_is_named(running: Running) -> None:
    assert "server" not in httpx.get(f"{running.url}/health").headers


def test_an_answer_under_way_is_finished() -> None:
    server = Running(Settings(dev=True))
    body = json.dumps(call()).encode()
    with closing(server.connect()) as connection:
        connection.sendall(head(len(body)) + body[:-1])
        time.sleep(0.2)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        time.sleep(0.3)
        connection.sendall(body[-1:])
        found: Any = rest(connection)
        stopping.join(10)
    assert found.startswith(b"HTTP/1.1 200 ")
    assert b'"cards"' in found


def test_with_a_certificate_of_its_own(certificate: Path) -> None:
    tls = {"certificate": certificate, "key": certificate}
    server = Running(Settings.model_validate({"dev": True, "tls": tls}))
    try:
        context = ssl.create_default_context(cafile=str(certificate))
        plain = socket.create_connection(("127.0.0.1", server.port))
        with closing(context.wrap_socket(plain, server_hostname="fhir.example.org")) as connection:
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert rest(connection).startswith(b"HTTP/1.1 200 ")
    finally:
        server.stop()
