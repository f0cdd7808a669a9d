"""Tokens that were used: none is taken a second time."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
from collections import deque
from pathlib import Path
from typing import Protocol

from guidestep.server.settings import Tokens


class ReplayStoreFull(RuntimeError):  # noqa: N818 (a state)
    """No more tokens can be remembered, so none can be taken."""


class ReplayStore(Protocol):
    """Remembers tokens until they have expired; times are seconds since 1970."""

    def use(self, issuer: str, jti: str, *, expires: float, now: float) -> bool:
        """Remember a token; return whether it is used for the first time.

        Raises:
            ReplayStoreFull: It cannot be remembered.
        """
        ...

    def close(self) -> None:
        """Let go of what is held."""
        ...


def make_replay_store(settings: Tokens) -> ReplayStore:
    """Return the store that the settings name: a file for several workers, or memory."""
    if settings.replay_store is not None:
        return FileReplayStore(settings.replay_store)
    return MemoryReplayStore(settings.replay_entries)


def _digest(issuer: str, jti: str) -> bytes:
    """Return what is kept of a token: neither its id nor its issuer can be read from it."""
    return hashlib.sha256(f"{len(issuer)}:{issuer}{jti}".encode("utf-8", "replace")).digest()[:16]


class MemoryReplayStore:
    """Remembers within this process, up to a number of tokens.

    >>> store = MemoryReplayStore(10)
    >>> store.use("ehr", "1", expires=60, now=0), store.use("ehr", "1", expires=60, now=30)
    (True, False)
    >>> store.use("ehr", "1", expires=120, now=61)
    True
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._expiry: dict[bytes, float] = {}
        self._order: deque[tuple[float, bytes]] = deque()
        self._lock = threading.Lock()

    def use(self, issuer: str, jti: str, *, expires: float, now: float) -> bool:
        """Remember a token; return whether it is used for the first time."""
        key = _digest(issuer, jti)
        with self._lock:
            self._forget(now, everything=len(self._expiry) >= self._most)
            if self._expiry.get(key, now) > now:
                return False
            if len(self._expiry) >= self._most:
                raise ReplayStoreFull
            self._expiry[key] = expires
            self._order.append((expires, key))
            return True

    def _forget(self, now: float, *, everything: bool) -> None:
        """Drop what has expired: from the front on, or wherever it stands."""
        while self._order and self._order[0][0] <= now:
            expiry, key = self._order.popleft()
            if self._expiry.get(key) == expiry:
                del self._expiry[key]
        if everything:
            self._expiry = {key: each for key, each in self._expiry.items() if each > now}
            self._order = deque(sorted((each, key) for key, each in self._expiry.items()))

    def close(self) -> None:
        """Forget everything."""
        self._expiry.clear()
        self._order.clear()

    def __len__(self) -> int:
        return len(self._expiry)


_TABLE = """
CREATE TABLE IF NOT EXISTS used_token (
    token BLOB PRIMARY KEY,
    expires REAL NOT NULL
) WITHOUT ROWID
"""
# One statement decides, so that of two workers only one can be the first.
_USE = """
INSERT INTO used_token (token, expires) VALUES (?, ?)
ON CONFLICT (token) DO UPDATE SET expires = excluded.expires WHERE used_token.expires <= ?
"""
_SWEEP_SECONDS = 30.0


class FileReplayStore:
    """Remembers in a SQLite file: for several workers of one machine, and over a restart."""

    def __init__(self, file: Path) -> None:
        # Each statement is a transaction; the lock keeps threads of one process apart.
        self._connection = sqlite3.connect(
            file, timeout=2.0, isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(_TABLE)
        self._connection.execute("CREATE INDEX IF NOT EXISTS used_token_by ON used_token (expires)")
        self._lock = threading.Lock()
        self._swept = 0.0

    def use(self, issuer: str, jti: str, *, expires: float, now: float) -> bool:
        """Remember a token; return whether it is used for the first time."""
        with self._lock:
            try:
                done = self._connection.execute(_USE, (_digest(issuer, jti), expires, now))
                first = done.rowcount == 1
                if now - self._swept > _SWEEP_SECONDS:
                    self._swept = now
                    self._connection.execute("DELETE FROM used_token WHERE expires <= ?", (now,))
            except sqlite3.Error as error:
                raise ReplayStoreFull from error
        return first

    def close(self) -> None:
        """Close the file."""
        self._connection.close()
