"""A FHIR server on this machine that does whatever a test tells it to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Asked:
    """One request as the server saw it."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        self.raw = handler.path
        self.path = parts.path
        self.query = parse_qs(parts.query)
        self.headers = dict(handler.headers.items())


Answer = Callable[["Writer", Asked], None]


class Writer:
    """What a test writes its answer with; nothing is added."""

    def __init__(self, handler: BaseHTTPRequestHandler, server: FakeServer) -> None:
        self._handler = handler
        self.server = server

    def raw(self, data: bytes) -> None:
        self._handler.wfile.write(data)
        self._handler.wfile.flush()

    def head(self, status: int = 200, **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        self.raw("\r\n".join([*lines, "", ""]).encode())

    def json(self, found: Any, status: int = 200, **headers: str) -> None:
        body = json.dumps(found).encode()
        more = {"Content_Type": "application/fhir+json", "Content_Length": str(len(body))}
        self.head(status, **{**more, **headers})
        self.raw(body)

    def hang(self) -> None:
        """Send nothing until the test is over."""
        self.server.over.wait(10)


class FakeServer:
    """The server: `answers` by path, `asked` in order."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[Asked] = []
        self.over = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = Asked(self)
                outer.asked.append(asked)
                self.close_connection = True
                writer = Writer(self, outer)
                try:
                    answer = outer.answers.get(asked.path)
                    if answer is None:
                        writer.json({"resourceType": "OperationOutcome"}, 404)
                    else:
                        answer(writer, asked)
                except (BrokenPipeError, ConnectionResetError):
                    pass

            def log_message(self, *_: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir"

    def search(self, kind: str, *pages: dict[str, Any]) -> None:
        """Answer a search with pages, one after the other."""

        def answer(writer: Writer, asked: Asked) -> None:
            number = int(asked.query.get("page", ["0"])[0])
            page = dict(pages[number])
            if number + 1 < len(pages):
                url = f"{self.base}/{kind}?page={number + 1}"
                page["link"] = [{"relation": "next", "url": url}]
            writer.json(page)

        self.answers[f"/fhir/{kind}"] = answer

    def resource(self, path: str, found: Any) -> None:
        self.answers[f"/fhir/{path}"] = lambda writer, asked: writer.json(found)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@contextmanager
def fake_server() -> Iterator[FakeServer]:
    server = FakeServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
