"""Reading from a FHIR server: what is obtained, and what a server can do about it."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import guidestep
from guidestep.interop.cds_hooks import Request, Served, parse_request
from guidestep.interop.fhir.mapping import load_mapping
from guidestep.server import Settings
from guidestep.server.outbound import Fetcher, Obtained, obtain
from guidestep.server.outbound.addresses import AddressRefused, callable_addresses
from tests.server.hostile import Asked, FakeServer, Writer, fake_server
from tests.server.patients import UNSTEADY, bundle, call, observation, observations, person

GUIDELINE = guidestep.load("cervical-spasm-opll")
SERVED = Served("neck", GUIDELINE, load_mapping(GUIDELINE))
KEYS = tuple(SERVED.mapping.queries())
SEARCHES = {key: query.partition("?")[0] for key, query in SERVED.mapping.queries().items()}
LOOPBACK = ["127.0.0.0/8"]
TRUSTED = ssl.create_default_context()
TOKEN = "access-token-of-the-ehr"


@pytest.fixture
def fhir() -> Iterator[FakeServer]:
    with fake_server() as server:
        server.resource("Patient/1", person())
        for key, kind in SEARCHES.items():
            if key != "patient":
                server.search(kind, bundle())
        server.search("Observation", bundle(*observations(UNSTEADY)))
        yield server


def settings(fhir: FakeServer, networks: list[str] = LOOPBACK, **limits: Any) -> Settings:
    servers = [{"base": fhir.base, "networks": networks}]
    limits = {"read_seconds": 0.3, "fetch_seconds": 2, **limits}
    return Settings.model_validate({"dev": True, "fhir_servers": servers, "limits": limits})


def asked(fhir: FakeServer, prefetch: Any = None, **changes: Any) -> Request:
    granted = {
        "access_token": TOKEN,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.read",
        "subject": "guidestep",
    }
    body = {"prefetch": prefetch or {}, "fhirServer": fhir.base, "fhirAuthorization": granted}
    raw = call(**{**body, **changes})
    return parse_request({k: v for k, v in raw.items() if v is not None}, SERVED.hooks)


async def read(
    fhir: FakeServer,
    request: Request | None = None,
    told: Settings | None = None,
    **options: Any,
) -> Obtained:
    told = told or settings(fhir)
    options = {"verify": TRUSTED, **options}
    fetcher = Fetcher(read_seconds=told.limits.read_seconds, **options)
    try:
        return await obtain(request or asked(fhir), SERVED, told, fetcher)
    finally:
        await fetcher.close()


async def why(fhir: FakeServer, *rest: Any, key: str = "observations", **options: Any) -> str:
    """Return why a key was not obtained; all others are."""
    found = await read(fhir, *rest, **options)
    assert key not in found.resources
    assert set(found.failures) | set(found.resources) == set(KEYS)
    return found.failures[key]


async def test_everything_is_obtained_with_the_token(fhir: FakeServer) -> None:
    found = await read(fhir)
    assert set(found.resources) == set(KEYS)
    assert not found.failures
    assert all(each.headers["Authorization"] == f"Bearer {TOKEN}" for each in fhir.asked)
    assert len(fhir.asked) == len(KEYS)
    reading = SERVED.mapping.read(found.resources, subject="Patient/1", on=guidestep_day())
    assert reading.data["neurologic.gait_instability"] == "present"


def guidestep_day() -> Any:
    from datetime import date

    return date(2026, 3, 2)


async def test_what_was_sent_is_not_asked_for(fhir: FakeServer) -> None:
    sent = {key: None for key in KEYS if key != "observations"}
    found = await read(fhir, asked(fhir, sent))
    assert not found.failures
    assert [each.path for each in fhir.asked] == ["/fhir/Observation"]


async def test_queries_are_encoded(fhir: FakeServer) -> None:
    await read(fhir)
    (search,) = [each for each in fhir.asked if each.path == "/fhir/Observation"]
    assert "|" not in search.raw
    assert search.query["patient"] == ["1"]
    assert any("|" in code for code in search.query["code"])


async def test_without_a_token_none_is_sent(fhir: FakeServer) -> None:
    assert not (await read(fhir, asked(fhir, fhirAuthorization=None))).failures
    assert not [each for each in fhir.asked if "Authorization" in each.headers]


async def test_pages_are_put_together(fhir: FakeServer) -> None:
    all_of_them = observations(UNSTEADY)
    fhir.search("Observation", *(bundle(each) for each in all_of_them))
    found = (await read(fhir)).resources["observations"]
    assert found is not None
    entries = found["entry"]
    assert isinstance(entries, list)
    assert [each["resource"]["id"] for each in entries] == [each["id"] for each in all_of_them]


async def test_the_pages_after_the_one_that_was_sent(fhir: FakeServer) -> None:
    first, second = observations(UNSTEADY)[:2]
    fhir.search("Observation", bundle(), bundle(second))
    sent: dict[str, Any] = dict.fromkeys(KEYS)
    sent["observations"] = bundle(first, following=f"{fhir.base}/Observation?page=1")
    found = (await read(fhir, asked(fhir, sent))).resources["observations"]
    assert found is not None
    entries = found["entry"]
    assert isinstance(entries, list)
    assert [each["resource"]["id"] for each in entries] == [first["id"], second["id"]]
    assert "link" not in found


@pytest.mark.parametrize("status", [201, 204, 400, 401, 403, 404, 410, 429, 500, 502, 503])
async def test_another_status(fhir: FakeServer, status: int) -> None:
    fhir.answers["/fhir/Observation"] = lambda w, _: w.json(bundle(), status)
    assert await why(fhir) == "status"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(fhir: FakeServer, status: int) -> None:
    target = f"{fhir.base}/Elsewhere"
    fhir.search("Elsewhere", bundle(*observations(UNSTEADY)))
    fhir.answers["/fhir/Observation"] = lambda w, _: w.json({}, status, Location=target)
    assert await why(fhir) == "redirect"
    assert "/fhir/Elsewhere" not in [each.path for each in fhir.asked]


async def test_a_server_that_hangs(fhir: FakeServer) -> None:
    fhir.answers["/fhir/Observation"] = lambda w, _: w.hang()
    start = time.monotonic()
    assert await why(fhir) == "timeout"
    assert time.monotonic() - start < 1.5


async def test_a_server_that_sends_a_byte_now_and_then(fhir: FakeServer) -> None:
    def drip(writer: Writer, _: Asked) -> None:
        writer.head(Content_Type="application/fhir+json", Content_Length="1000")
        while not writer.server.over.wait(0.05):
            writer.raw(b" ")

    fhir.answers["/fhir/Observation"] = drip
    start = time.monotonic()
    assert await why(fhir, None, settings(fhir, fetch_seconds=0.5)) == "timeout"
    assert time.monotonic() - start < 1.5


async def test_a_server_that_pages_for_ever(fhir: FakeServer) -> None:
    def page(writer: Writer, asked: Asked) -> None:
        number = int(asked.query.get("page", ["0"])[0])
        writer.json(bundle(following=f"{fhir.base}/Observation?page={number + 1}"))

    fhir.answers["/fhir/Observation"] = page
    assert await why(fhir) == "too-many-pages"
    assert len([each for each in fhir.asked if each.path == "/fhir/Observation"]) == 10


async def test_a_server_that_pages_in_a_circle(fhir: FakeServer) -> None:
    fhir.answers["/fhir/Observation"] = lambda w, _: w.json(
        bundle(following=f"{fhir.base}/Observation?page=1")
    )
    assert await why(fhir) == "loop"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/fhir/Observation?page=1",
        "https://evil.example/fhir/Observation?page=1",
        "http://127.0.0.1:{port}/admin",
        "http://127.0.0.1:{port}/fhir/../admin",
        "http://127.0.0.1:{port}/fhirx/Observation",
        "http://user@127.0.0.1:{port}/fhir/Observation",
        "Observation?page=1",
        "//evil.example/fhir",
        "file:///etc/passwd",
        "",
    ],
)
async def test_a_page_elsewhere_is_not_asked_for(fhir: FakeServer, url: str) -> None:
    following = url.format(port=fhir.port)
    fhir.answers["/fhir/Observation"] = lambda w, _: w.json(bundle(following=following))
    assert await why(fhir) == "page-elsewhere"
    assert len([each for each in fhir.asked if each.path == "/fhir/Observation"]) == 1


@pytest.mark.parametrize(
    "links",
    [
        {},
        "next",
        [7],
        [{"relation": "next"}],
        [{"relation": "next", "url": 7}],
        [{"relation": "next", "url": "a"}, {"relation": "next", "url": "b"}],
    ],
    ids=str,
)
async def test_links_that_are_none(fhir: FakeServer, links: Any) -> None:
    fhir.resource("Observation", {**bundle(), "link": links})
    assert await why(fhir) == "not-the-resource"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({"resourceType": "OperationOutcome", "issue": []}, "not-the-resource"),
        ({"resourceType": "Observation", "id": "x"}, "not-the-resource"),
        ({"resourceType": "Bundle", "entry": {}}, "not-the-resource"),
        ({"resourceType": "Bundle", "entry": [7]}, "not-the-resource"),
        ({"resourceType": "Bundle", "entry": [{}]}, "not-the-resource"),
        ({"resourceType": "Bundle", "entry": [{"resource": None}]}, "not-the-resource"),
        ({}, "not-the-resource"),
        ([], "not-json"),
        ("x", "not-json"),
        (None, "not-json"),
    ],
    ids=str,
)
async def test_something_else_than_a_bundle(fhir: FakeServer, found: Any, reason: str) -> None:
    fhir.resource("Observation", found)
    assert await why(fhir) == reason


@pytest.mark.parametrize("found", [person("2"), {"resourceType": "Group", "id": "1"}, {"id": "1"}])
async def test_another_resource_than_asked_for(fhir: FakeServer, found: Any) -> None:
    fhir.resource("Patient/1", found)
    assert await why(fhir, key="patient") == "not-the-resource"


@pytest.mark.parametrize(
    "reference", ["Patient/2", "https://fhir.example.org/Patient/2", "Patient/2/_history/1"]
)
async def test_resources_of_another_patient(fhir: FakeServer, reference: str) -> None:
    other = observation("neurologic.gait_instability", "absent", subject={"reference": reference})
    fhir.search("Observation", bundle(*observations(UNSTEADY)), bundle(other))
    assert await why(fhir) == "another-patient"


@pytest.mark.parametrize("kind", ["text/html", "application/xml", "text/plain", ""])
async def test_another_content_type(fhir: FakeServer, kind: str) -> None:
    fhir.answers["/fhir/Observation"] = lambda w, _: w.json(bundle(), Content_Type=kind)
    assert await why(fhir) == "content-type"


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"resourceType": "Bundle"', b'{"a": NaN}', b"\xff\xfe{}", b"[" * 5000],
)
async def test_no_json(fhir: FakeServer, body: bytes) -> None:
    def answer(writer: Writer, _: Asked) -> None:
        writer.head(Content_Type="application/json", Content_Length=str(len(body)))
        writer.raw(body)

    fhir.answers["/fhir/Observation"] = answer
    assert await why(fhir) == "not-json"


async def test_a_key_that_is_there_twice(fhir: FakeServer) -> None:
    body = b'{"resourceType": "Bundle", "entry": [], "entry": [{}]}'

    def answer(writer: Writer, _: Asked) -> None:
        writer.head(Content_Type="application/json", Content_Length=str(len(body)))
        writer.raw(body)

    fhir.answers["/fhir/Observation"] = answer
    assert await why(fhir) == "not-json"


async def test_less_than_was_announced(fhir: FakeServer) -> None:
    body = json.dumps(bundle()).encode()

    def answer(writer: Writer, _: Asked) -> None:
        writer.head(Content_Type="application/json", Content_Length=str(len(body) + 50))
        writer.raw(body)

    fhir.answers["/fhir/Observation"] = answer
    assert await why(fhir) == "broken-off"


@pytest.mark.parametrize("head", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\nA\r\n\r\n"])
async def test_no_http(fhir: FakeServer, head: bytes) -> None:
    fhir.answers["/fhir/Observation"] = lambda w, _: w.raw(head)
    assert await why(fhir) == "broken-off"


async def test_more_than_allowed_is_not_even_begun(fhir: FakeServer) -> None:
    def answer(writer: Writer, _: Asked) -> None:
        writer.head(Content_Type="application/json", Content_Length="100000000")
        writer.hang()

    fhir.answers["/fhir/Observation"] = answer
    assert await why(fhir) == "too-large"


async def test_more_than_allowed_without_announcing_it(fhir: FakeServer) -> None:
    sent = 0

    def answer(writer: Writer, _: Asked) -> None:
        nonlocal sent
        writer.head(Content_Type="application/json")
        while not writer.server.over.is_set() and sent < 50_000_000:
            writer.raw(b" " * 65536)
            sent += 65536

    fhir.answers["/fhir/Observation"] = answer
    assert await why(fhir, None, settings(fhir, fetch_bytes=200_000)) == "too-large"
    assert sent < 20_000_000


async def test_a_bomb(fhir: FakeServer) -> None:
    bomb = gzip.compress(b"[" + b" " * 30_000_000 + b"]")
    assert len(bomb) < 50_000

    def answer(writer: Writer, _: Asked) -> None:
        length = str(len(bomb))
        writer.head(Content_Type="application/json", Content_Encoding="gzip", Content_Length=length)
        writer.raw(bomb)

    fhir.answers["/fhir/Observation"] = answer
    tracemalloc.start()
    try:
        assert await why(fhir, None, settings(fhir, fetch_bytes=200_000)) == "too-large"
        # It is not unpacked first and measured then.
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
async def test_encodings_that_were_not_asked_for(fhir: FakeServer, encoding: str) -> None:
    fhir.answers["/fhir/Observation"] = lambda w, _: w.json(bundle(), Content_Encoding=encoding)
    assert await why(fhir) == "content-type"


async def test_compressed(fhir: FakeServer) -> None:
    packed = gzip.compress(json.dumps(bundle(*observations(UNSTEADY))).encode())

    def answer(packed: bytes) -> Callable[[Writer, Asked], None]:
        def write(writer: Writer, _: Asked) -> None:
            writer.head(Content_Type="application/json", Content_Encoding="gzip")
            writer.raw(packed)

        return write

    fhir.answers["/fhir/Observation"] = answer(packed)
    assert not (await read(fhir)).failures
    for broken in (packed[:-9], b"no gzip"):
        fhir.answers["/fhir/Observation"] = answer(broken)
        assert await why(fhir) == "broken-off"


async def test_all_reads_together_are_bounded(fhir: FakeServer) -> None:
    many = bundle(*(observation("scope.age_years", 50, id=str(i)) for i in range(60)))
    for kind in set(SEARCHES.values()) - {"Patient/{{context.patientId}}"}:
        fhir.search(kind, many)
    searches = len(KEYS) - 1
    found = await read(fhir, None, settings(fhir, resources=60 * searches - 1))
    assert list(found.failures.values()) == ["too-many-resources"]


async def test_a_server_that_is_not_there(fhir: FakeServer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
    servers = [{"base": base, "networks": LOOPBACK}]
    told = Settings.model_validate({"dev": True, "fhir_servers": servers})
    found = await read(fhir, asked(fhir, fhirServer=base), told)
    assert set(found.failures.values()) == {"unreachable"}


# --- who may be asked -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "server",
    [
        "http://127.0.0.1:1/fhir",
        "http://localhost:{port}/fhir",
        "https://127.0.0.1:{port}/fhir",
        "http://127.0.0.1:{port}",
        "http://127.0.0.1:{port}/admin",
        "http://127.0.0.1:{port}/fhir/%2e%2e/admin",
        "http://127.0.0.1:{port}/fhir/../admin",
        "http://[::ffff:127.0.0.1]:{port}/fhir",
        "http://2130706433:{port}/fhir",
        "http://169.254.169.254/latest/meta-data",
    ],
)
async def test_servers_that_are_not_listed(fhir: FakeServer, server: str) -> None:
    found = await read(fhir, asked(fhir, fhirServer=server.format(port=fhir.port)))
    assert set(found.failures.values()) == {"server-not-allowed"}
    assert not fhir.asked


async def test_no_server(fhir: FakeServer) -> None:
    found = await read(fhir, asked(fhir, fhirServer=None, fhirAuthorization=None))
    assert set(found.failures.values()) == {"no-server"}


async def test_a_token_that_has_expired(fhir: FakeServer) -> None:
    granted = {"access_token": TOKEN, "token_type": "Bearer", "scope": "a", "subject": "b"}
    found = await read(fhir, asked(fhir, fhirAuthorization={**granted, "expires_in": 0}))
    assert set(found.failures.values()) == {"token-expired"}
    assert not fhir.asked


async def test_a_token_for_another_patient(fhir: FakeServer) -> None:
    granted = {"access_token": TOKEN, "token_type": "Bearer", "scope": "a", "subject": "b"}
    granted |= {"patient": "2"}
    found = await read(fhir, asked(fhir, fhirAuthorization={**granted, "expires_in": 300}))
    assert set(found.failures.values()) == {"another-patient"}
    assert not fhir.asked


async def test_this_machine_is_refused_unless_it_is_configured(fhir: FakeServer) -> None:
    found = await read(fhir, None, settings(fhir, networks=[]))
    assert set(found.failures.values()) == {"address-refused"}
    found = await read(fhir, None, settings(fhir, networks=["10.0.0.0/8"]))
    assert set(found.failures.values()) == {"address-refused"}
    assert not fhir.asked


async def test_no_proxy_of_the_environment(
    fhir: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert not (await read(fhir)).failures


async def test_cookies_are_not_kept(fhir: FakeServer) -> None:
    fhir.answers["/fhir/Observation"] = lambda w, _: w.json(bundle(), Set_Cookie="a=b; Path=/")
    told = settings(fhir)
    fetcher = Fetcher(read_seconds=1)
    for _ in range(2):
        await obtain(asked(fhir), SERVED, told, fetcher)
    await fetcher.close()
    assert not [each for each in fhir.asked if "Cookie" in each.headers]


PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "fec0::1",
        "192.0.0.1",
        "192.0.0.8",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "224.0.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12::1",
        "ff02::1",
        "ff0e::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
        "64:ff9b::808:808",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "not-an-address",
    ],
)
def test_addresses_that_are_not_called(address: str) -> None:
    with pytest.raises(AddressRefused):
        callable_addresses([address], ())
    with pytest.raises(AddressRefused):
        callable_addresses([*PUBLIC, address], ())


def test_addresses_that_are_called() -> None:
    assert callable_addresses(PUBLIC, ()) == tuple(PUBLIC)
    with pytest.raises(AddressRefused):
        callable_addresses([], ())


async def test_the_address_that_was_checked_is_the_one_that_is_called(fhir: FakeServer) -> None:
    """A name server that answers differently the second time gains nothing."""
    base = f"http://localhost:{fhir.port}/fhir"
    answers = [["127.0.0.1"], ["10.0.0.1"]] * 20
    calls = 0

    async def resolver(host: str, port: int) -> list[str]:
        nonlocal calls
        calls += 1
        assert host == "localhost"
        return answers[calls - 1]

    servers = [{"base": base, "networks": LOOPBACK}]
    told = Settings.model_validate(
        {"dev": True, "fhir_servers": servers, "limits": {"fetches_at_once": 1}}
    )
    found = await read(fhir, asked(fhir, fhirServer=base), told, resolver=resolver)
    # One look a read: half of them were refused, and none went elsewhere.
    assert calls == len(KEYS)
    assert set(found.failures.values()) == {"address-refused"}
    assert len(fhir.asked) == len(found.resources) == (len(KEYS) + 1) // 2
    assert {each.headers["Host"] for each in fhir.asked} == {f"localhost:{fhir.port}"}


async def test_a_name_that_nobody_knows(fhir: FakeServer) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        raise socket.gaierror

    found = await read(fhir, resolver=resolver)
    assert set(found.failures.values()) == {"unreachable"}


# --- certificates ---------------------------------------------------------------------------------


@pytest.fixture
def secure(fhir: FakeServer, certificate: Path) -> FakeServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = fhir._server
    server.socket = context.wrap_socket(server.socket, server_side=True)
    return fhir


@pytest.mark.parametrize(
    ("host", "trusted", "reason"),
    [
        ("fhir.example.org", True, None),
        ("other.example.org", True, "unreachable"),
        ("fhir.example.org", False, "unreachable"),
    ],
)
async def test_the_certificate_is_that_of_the_name(
    secure: FakeServer, certificate: Path, host: str, trusted: bool, reason: str | None
) -> None:
    async def resolver(name: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    base = f"https://{host}:{secure.port}/fhir"
    servers = [{"base": base, "networks": LOOPBACK}]
    told = Settings.model_validate({"dev": True, "fhir_servers": servers})
    context = ssl.create_default_context(cafile=str(certificate) if trusted else None)
    found = await read(
        secure, asked(secure, fhirServer=base), told, resolver=resolver, verify=context
    )
    assert set(found.failures.values()) == ({reason} if reason else set())
    assert bool(secure.asked) is (reason is None)
