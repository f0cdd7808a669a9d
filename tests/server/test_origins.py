"""Addresses of other servers: what counts as the same, and what is no address at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.server.origins import Address, AddressError

BASE = Address.of("https://fhir.example.org/r4")


@pytest.mark.parametrize(
    "text",
    [
        "https://fhir.example.org/r4",
        "https://fhir.example.org/r4/",
        "https://FHIR.example.org:443/r4/tenant",
        "HTTPS://fhir.example.org/r4/Observation",
    ],
)
def test_within(text: str) -> None:
    assert Address.of(text).within(BASE)


@pytest.mark.parametrize(
    "text",
    [
        "http://fhir.example.org/r4",
        "https://fhir.example.org:8443/r4",
        "https://fhir.example.org/r44",
        "https://fhir.example.org/",
        "https://fhir.example.org.evil.example/r4",
        "https://evil.example/fhir.example.org/r4",
        "https://xfhir.example.org/r4",
    ],
)
def test_elsewhere(text: str) -> None:
    assert not Address.of(text).within(BASE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fhir.example.org/r4",
        "//fhir.example.org/r4",
        "ftp://fhir.example.org/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https:///r4",
        "https://user@fhir.example.org/r4",
        "https://fhir.example.org@evil.example/r4",
        "https://fhir.example.org/r4?x=1",
        "https://fhir.example.org/r4#x",
        "https://fhir.example.org/r4#",
        "https://fhir.example.org/r4/../admin",
        "https://fhir.example.org/r4/./x",
        "https://fhir.example.org/r4/%2e%2e/admin",
        "https://fhir.example.org/r4/%2E./admin",
        "https://fhir.example.org/r4%2f..%2fadmin",
        "https://fhir.example.org//r4",
        "https://fhir.example.org\\@evil.example/r4",
        "https://fhir.example.org/r4 ",
        "https://fhir.example.org/\r\nHost: evil",
        "https://fhir.exämple.org/r4",
        "https://fhir.example.org:99999/r4",
        "https://fhir.example.org:port/r4",
        "https://[::1/r4",
        "https://2130706433/r4",
        "https://0x7f000001/r4",
        "https://127.1/r4",
        "https://0177.0.0.1/r4",
        "https://-x.example/r4",
    ],
)
def test_no_address(text: str) -> None:
    with pytest.raises(AddressError):
        Address.of(text)


def test_a_query_only_where_it_may_be() -> None:
    assert Address.of("https://a.example/b?c=d", query=True).query == "c=d"


@pytest.mark.parametrize(
    ("text", "loopback"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost/x", True),
        ("http://[::1]:9000/fhir", True),
        ("http://10.0.0.1", False),
        ("http://localhost.example.org", False),
    ],
)
def test_http_only_on_this_machine(text: str, loopback: bool) -> None:
    assert Address.of(text).is_private_to_the_wire is loopback


@given(
    st.sampled_from(["https", "http"]),
    st.sampled_from(["a.example", "127.0.0.1", "[::1]", "fhir.b-c.example"]),
    st.none() | st.integers(1, 65535),
    st.lists(st.text("abcXYZ019-_~", min_size=1), max_size=3),
)
def test_written_and_read_again(
    scheme: str, host: str, port: int | None, segments: list[str]
) -> None:
    text = f"{scheme}://{host}{'' if port is None else f':{port}'}"
    text += "".join(f"/{segment}" for segment in segments)
    address = Address.of(text)
    assert Address.of(str(address)) == address
    assert address.within(address)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    try:
        found = Address.of(text)
    except AddressError:
        return
    assert found.scheme in ("http", "https")
