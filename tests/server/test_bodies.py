"""Bodies: too large, too slow, no JSON, or JSON that two readers could take differently."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.server import Settings
from guidestep.server.bodies import json_of, written
from guidestep.server.refusals import Refusal
from guidestep.server.settings import Limits
from tests.server.clients import SERVICE
from tests.server.patients import call
from tests.server.service import RECOMMEND, running
from tests.server.test_guidelines import problem
from tests.server.test_hooks import outcome

Make = Callable[..., Settings]
LIMITS = Limits()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'hook': 'patient-view'}",
        b'{"hook": "a", "hook": "b"}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1} {"b": 2}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xff"}',
        '{"a": "é"}'.encode("latin-1"),
        '{"a": 1}'.encode("utf-16"),
        b"[" * 100_000,
        b'{"a":' * 70 + b"1" + b"}" * 70,
        b"[" * 65 + b"]" * 65,
        b'{"a": 1' + b"0" * 5000 + b"}",
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b'{"a": "\\ud800x"}',
    ],
    ids=lambda body: repr(body[:20]),
)
async def test_no_json(settings_of: Make, body: bytes) -> None:
    async with running(settings_of()) as service:
        outcome(await service.post(SERVICE, body), 400, "invalid-json")
        problem(await service.post(RECOMMEND, body), 400, "invalid-json")


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "\\ud83d\\ude00"}',
        '{"a": "\\\\ud800"}',
        '{"a": "\\\\\\ud83d\\ude00"}',
        '{"a": "\\u00e9\\n\\/"}',
        "[" * 64 + "]" * 64,
        '{"a": [], "b": {}, "c": "[[[[", "d": null}',
    ],
)
def test_json(text: str) -> None:
    assert json_of(text.encode(), LIMITS) == json.loads(text)


JSONS: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(max_examples=50)
@given(JSONS, st.booleans())
def test_what_json_writes_is_read(found: Any, ascii_only: bool) -> None:
    text = json.dumps(found, ensure_ascii=ascii_only)
    try:
        assert json_of(text.encode(), LIMITS) == found
    except UnicodeEncodeError:
        return  # half a character, which UTF-8 cannot write


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_refused(body: bytes) -> None:
    try:
        json_of(body, LIMITS)
    except Refusal as refusal:
        status = refusal.status
    else:
        status = 400
    assert status == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/xml"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "application/json; charset=utf-16"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Encoding": "gzip"},
        {"Content-Encoding": "br"},
    ],
    ids=str,
)
async def test_another_content_type(settings_of: Make, headers: dict[str, str]) -> None:
    async with running(settings_of()) as service:
        response = await service.post(SERVICE, call(), headers=headers)
    outcome(response, 415, "unsupported-media-type")
    assert response.headers["connection"] == "close"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/fhir+json",
    ],
)
async def test_content_types(settings_of: Make, kind: str) -> None:
    async with running(settings_of()) as service:
        response = await service.post(SERVICE, call(), headers={"Content-Type": kind})
    assert response.status_code == 200, response.text


async def test_20_megabytes(settings_of: Make) -> None:
    big = b'{"a": "' + b"x" * 20_000_000 + b'"}'
    async with running(settings_of()) as service:
        outcome(await service.post(SERVICE, big), 413, "too-large")
        problem(await service.post(RECOMMEND, big), 413, "too-large")


async def test_20_megabytes_in_pieces_are_not_read_to_the_end(settings_of: Make) -> None:
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(20):
            sent += 1_000_000
            yield b" " * 1_000_000

    async with running(settings_of()) as service:
        headers = {**service.client.headers(), "Content-Type": "application/json"}
        response = await service.http.post(SERVICE, headers=headers, content=pieces())
    outcome(response, 413, "too-large")
    assert response.headers["connection"] == "close"
    assert sent <= 4_000_000


async def test_a_length_that_is_a_lie(settings_of: Make) -> None:
    async with running(settings_of()) as service:
        for length in ("999999999999999999999999", "2000001"):
            response = await service.post(SERVICE, call(), headers={"Content-Length": length})
            outcome(response, 413, "too-large")


async def test_a_body_that_does_not_come(settings_of: Make) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(5)
        yield b"}"

    async with running(settings_of(limits={"body_seconds": 0.1})) as service:
        headers = {**service.client.headers(), "Content-Type": "application/json"}
        response = await service.http.post(SERVICE, headers=headers, content=pieces())
    outcome(response, 408, "too-slow")
    assert response.headers["connection"] == "close"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    # A surrogate is half a character, which no body may hold.
    | st.text(st.characters(exclude_categories=["Cs"])) | st.just("NaN"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("aNn é"), inner),
)  # fmt: skip


@given(st.dictionaries(st.text("aNn é"), JSON, max_size=4))
def test_what_is_written_is_read_again(answer: dict[str, Any]) -> None:
    assert json.loads(written(answer)) == answer


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_json_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        written({"a": [number]})
