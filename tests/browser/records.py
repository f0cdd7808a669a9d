"""The EHR that the tests play: its page, its records by FHIR search, and its tokens."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from tests.browser.patients import Patient, Resource

HERE = Path(__file__).parent

_FILES = {
    "/": ("ehr.html", "text/html"),
    "/ehr.css": ("ehr.css", "text/css"),
    "/ehr.js": ("ehr.js", "text/javascript"),
    "/cards.js": ("cards.js", "text/javascript"),
    "/cds_hooks.js": ("cds_hooks.js", "text/javascript"),
    "/elements.js": ("elements.js", "text/javascript"),
    "/markdown.js": ("markdown.js", "text/javascript"),
}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' http://127.0.0.1:*; base-uri 'none'; form-action 'none'"
)
"""What the page may load: a script that got in would not run, and would be seen in the console."""

Sign = Callable[[str], str]
"""Returns a token for an audience."""


class Ehr:
    """A server on a loopback port of its own, so of another origin than the service.

    `sign` makes the tokens that the page sends along; without it the page sends none.
    """

    def __init__(
        self,
        patients: Iterable[Patient],
        orders: Iterable[Resource] = (),
        sign: Sign | None = None,
    ) -> None:
        self.patients = {patient.id: patient for patient in patients}
        self.orders = list(orders)
        self.sign = sign
        ehr = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, kind, body = ehr.answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", _POLICY)
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def page(self, service: str) -> str:
        """Return the address of the page that calls a service."""
        tokens = "&tokens=1" if self.sign else ""
        return f"{self.origin}/?service={service}{tokens}"

    def answer(self, target: str) -> tuple[int, str, bytes]:
        """Return status, content type and body for an address."""
        parts = urlsplit(target)
        asked = parse_qs(parts.query)
        if parts.path in _FILES:
            name, kind = _FILES[parts.path]
            return 200, kind, (HERE / name).read_bytes()
        if parts.path == "/token" and self.sign is not None:
            return _json(200, {"token": self.sign(asked["audience"][0])})
        if parts.path == "/patients":
            return _json(200, [_listed(patient) for patient in self.patients.values()])
        if parts.path == "/orders":
            return _json(200, self.orders)
        if parts.path.startswith("/fhir/"):
            return self._fhir(unquote(parts.path.removeprefix("/fhir/")), asked)
        return _json(404, {})

    def _fhir(self, path: str, asked: Mapping[str, list[str]]) -> tuple[int, str, bytes]:
        kind, _, id_ = path.partition("/")
        if id_:
            found = [
                each for each in self._of(id_) if (each["resourceType"], each["id"]) == (kind, id_)
            ]
            return _json(200, found[0], fhir=True) if found else _json(404, {}, fhir=True)
        found = [each for each in self._of(asked["patient"][0]) if each["resourceType"] == kind]
        if "code" in asked:
            tokens = asked["code"][0].split(",")
            found = [each for each in found if _has_code(each, tokens)]
        entries = [{"resource": each, "search": {"mode": "match"}} for each in found]
        bundle: Resource = {"resourceType": "Bundle", "type": "searchset", "total": len(found)}
        return _json(200, bundle | ({"entry": entries} if entries else {}), fhir=True)

    def _of(self, patient: str) -> tuple[Resource, ...]:
        found = self.patients.get(patient)
        return () if found is None else found.resources

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _listed(patient: Patient) -> dict[str, object]:
    return {
        "id": patient.id,
        "name": " ".join(patient.name),
        "reason": patient.reason,
        "born": patient.resources[0]["birthDate"],
        "record": list(_record(patient)),
    }


def _record(patient: Patient) -> Iterable[list[str]]:
    """Yield what the record says in free text: the page shows it, as any EHR does."""
    if patient.assessment is not None:
        for path, spec in type(patient.assessment).fields().items():
            value = patient.assessment.value(path)
            if isinstance(value, str) and not spec.members:
                yield [spec.label, value]


def _has_code(resource: Resource, tokens: list[str]) -> bool:
    """Whether a resource has one of the codes of a search: `system|code`, or `system|` for all."""
    codings: list[dict[str, Any]] = resource.get("code", {}).get("coding", [])
    return any(
        f"{coding['system']}|{code}" in tokens
        for coding in codings
        for code in ("", coding["code"])
    )


def _json(status: int, found: object, *, fhir: bool = False) -> tuple[int, str, bytes]:
    kind = "application/fhir+json" if fhir else "application/json"
    return status, kind, json.dumps(found).encode()
