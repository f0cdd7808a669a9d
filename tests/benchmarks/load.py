"""A small HTTP/1.1 client for load on loopback: kept connections, bodies made beforehand.

It does as little as can be while the clock runs, because it shares the machine with the server:
answers are kept as bytes and looked at afterwards.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go: an address of this machine, and no other."""

    port: int
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        if self.host not in ("127.0.0.1", "::1"):
            raise ValueError("load is put on this machine alone")


@dataclass(slots=True)
class Outcome:
    """What came of a run: for each answer its request, status, body and latency in seconds."""

    answers: list[tuple[int, int, bytes, float]] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """The answers a second."""
        return len(self.answers) / self.seconds

    def latency(self, share: float) -> float:
        """Return the latency below which a share of the answers lies, in milliseconds."""
        ordered = sorted(each[3] for each in self.answers)
        return 1000 * ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def request(path: str, body: bytes, *, token: str | None = None) -> bytes:
    """Return a POST of JSON as bytes."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"{authorization}Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """Read one answer: its status and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return status, await reader.readexactly(int(value))
    raise ValueError(f"an answer without a length: {head[:200]!r}")


async def _connection(
    target: Target,
    turns: Callable[[], tuple[int, float] | None],
    sent: Sequence[bytes],
    out: Outcome,
) -> None:
    reader, writer = await asyncio.open_connection(target.host, target.port)
    try:
        while (turn := turns()) is not None:
            number, due = turn
            if (early := due - time.perf_counter()) > 0:
                await asyncio.sleep(early)
            begun = max(due, 0.0) or time.perf_counter()
            writer.write(sent[number])
            status, body = await answer(reader)
            # Counted from when it was due: a server that stalls must not slow its own clock.
            out.answers.append((number, status, body, time.perf_counter() - begun))
    finally:
        writer.close()


async def run(
    target: Target, sent: Sequence[bytes], *, connections: int, rate: float | None = None
) -> Outcome:
    """Send every request once, over some connections, as fast as they are answered or at a rate."""
    out = Outcome()
    begun = time.perf_counter()
    following = iter(range(len(sent)))

    def turns() -> tuple[int, float] | None:
        number = next(following, None)
        if number is None:
            return None
        return number, 0.0 if rate is None else begun + number / rate

    each = [_connection(target, turns, sent, out) for _ in range(connections)]
    await asyncio.gather(*each)
    out.seconds = time.perf_counter() - begun
    return out
