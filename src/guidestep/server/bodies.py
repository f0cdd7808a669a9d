"""Bodies: those of calls, read within limits as JSON that has one meaning; those of answers."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from email.message import Message
from typing import Any

from pydantic_core import to_json
from starlette.requests import ClientDisconnect, Request

from guidestep.assessment import AssessmentError
from guidestep.assessment.json_text import parse
from guidestep.server.refusals import Code, Refusal, details_of
from guidestep.server.settings import Limits

_CLOSE = {"Connection": "close"}
_NESTING = (dict, list)
_JSON = re.compile(r"application/(json|fhir\+json)")


async def read_json(request: Request, limits: Limits) -> object:
    """Return what the body of a request holds.

    Raises:
        Refusal: 415 for another content type than JSON, 413 for too much, 408 for too slow, 400
            for no JSON, a key given twice, NaN, nesting too deep, or other text than UTF-8.
    """
    _check_type(request)
    body = await read(request, limits)
    return json_of(body, limits)


def _check_type(request: Request) -> None:
    header = Message()
    header["Content-Type"] = request.headers.get("content-type", "")
    charset = header.get_param("charset", "utf-8")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if not _JSON.fullmatch(header.get_content_type()) or "content-type" not in request.headers:
        title = "the content type must be application/json"
    elif not isinstance(charset, str) or charset.lower() not in ("utf-8", "utf8"):
        title = "the text must be UTF-8"
    elif encoding != "identity":
        title = "the body must not be compressed"
    else:
        return
    raise Refusal(415, Code.UNSUPPORTED_MEDIA_TYPE, title, headers=_CLOSE)


async def read(request: Request, limits: Limits) -> bytes:
    """Return the body of a request.

    Raises:
        Refusal: 413 as soon as it is larger than allowed, 408 if it does not come in time.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:20]) > limits.body:
        raise _too_large(limits)
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limits.body:
                    raise _too_large(limits)
                chunks.append(chunk)
    except TimeoutError:
        title = f"the body did not come within {limits.body_seconds:g} seconds"
        raise Refusal(408, Code.TOO_SLOW, title, headers=_CLOSE) from None
    except ClientDisconnect:
        raise Refusal(400, Code.INVALID_REQUEST, "the body broke off", headers=_CLOSE) from None
    return b"".join(chunks)


def _too_large(limits: Limits) -> Refusal:
    title = f"the body is larger than {limits.body} bytes"
    return Refusal(413, Code.TOO_LARGE, title, headers=_CLOSE)


def json_of(body: bytes, limits: Limits) -> object:
    """Return what a JSON text in UTF-8 holds.

    Raises:
        Refusal: 400, as `read_json`.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        title = f"the body is not UTF-8 (byte {error.start})"
        raise Refusal(400, Code.INVALID_JSON, title) from None
    try:
        found = parse(text)
    except AssessmentError as error:
        details = details_of(error.problems)
        title = "the body is not JSON that can be read in one way only"
        raise Refusal(400, Code.INVALID_JSON, title, details) from None
    if _depth(found, limits.depth) > limits.depth:
        title = f"the body is nested more than {limits.depth} deep"
        raise Refusal(400, Code.INVALID_JSON, title)
    if "\\u" in text:
        _check_surrogates(text)
    return found


def written(answer: Mapping[str, object]) -> bytes:
    """Return an answer as JSON in UTF-8.

    >>> written({"summary": "2 of 3", "cards": []})
    b'{"summary":"2 of 3","cards":[]}'

    Raises:
        ValueError: It holds NaN or Infinity, which are no JSON.
    """
    text = to_json(answer)
    if b"NaN" in text or b"Infinity" in text:  # as a word in a text, or as a number
        return json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()
    return text


def _depth(found: object, most: int) -> int:
    """Return how deep a value is nested, or one more than asked for; it never recurses."""
    # What JSON gives is of these very types, which is asked fastest.
    level: list[Any] = [found] if type(found) in _NESTING else []
    depth = 0
    while level and depth <= most:
        depth += 1
        level = [
            child
            for each in level
            for child in (each.values() if type(each) is dict else each)
            if type(child) in _NESTING
        ]
    return depth


def _check_surrogates(text: str) -> None:
    """Refuse half a character: no database and no other program could take it."""
    for half in _ESCAPED_HALF.finditer(text):
        if half["alone"]:
            raise Refusal(400, Code.INVALID_JSON, "the body holds half a character (\\ud...)")


_ESCAPED_HALF = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\[^u]|\\u(?![dD][89a-fA-F])|(?P<alone>\\u[dD][89a-fA-F])"
)
