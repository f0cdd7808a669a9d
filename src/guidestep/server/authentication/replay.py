"""Tokens that were used: none is taken a second time."""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from guidestep.server.settings import Tokens


class ReplayStoreFull(RuntimeError):  # noqa: N818 (a state)
    """No more tokens can be remembered, so none can be taken."""


class ReplayStoreBusy(RuntimeError):  # noqa: N818 (a state)
    """It would take a wait to remember a token; nothing was remembered."""


class ReplayStore(Protocol):
    """Remembers tokens until they have expired; times are seconds since 1970."""

    def use(self, issuer: str, jti: str, *, expires: float, now: float, wait: bool = True) -> bool:
        """Remember a token; return whether it is used for the first time.

        Raises:
            ReplayStoreFull: It cannot be remembered.
            ReplayStoreBusy: Not without waiting for others or for the disk, and not to `wait`.
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

    def use(self, issuer: str, jti: str, *, expires: float, now: float, wait: bool = True) -> bool:
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
_TIDY_SECONDS = 30.0
_TIDY_USES = 200
_PATIENCE = 2.0
_LOOK_AGAIN = 0.001


class FileReplayStore:
    """Remembers in a SQLite file: for several workers of one machine, and over a restart.

    To remember a token is a write into the memory of the system. What waits for the disk, to empty
    the write-ahead log into the file, is done once for many tokens, by one that may wait.
    """

    def __init__(self, file: Path) -> None:
        # Each statement is a transaction; the lock keeps threads of one process apart.
        self._connection = _connected(file)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute(_TABLE)
        # An index on the time doubled what is written for a token, and spares a sweep little.
        self._connection.execute("DROP INDEX IF EXISTS used_token_by")
        self._connection.execute("PRAGMA busy_timeout = 0")
        self._tidying = _connected(file)
        self._lock = threading.Lock()
        self._tidied = 0.0
        self._uses = 0

    def use(self, issuer: str, jti: str, *, expires: float, now: float, wait: bool = True) -> bool:
        """Remember a token; return whether it is used for the first time."""
        if not self._lock.acquire(blocking=wait):
            raise ReplayStoreBusy
        try:
            tidy = self._uses >= _TIDY_USES or now - self._tidied > _TIDY_SECONDS
            if tidy and not wait:
                raise ReplayStoreBusy
            first = self._is_first((_digest(issuer, jti), expires, now), wait=wait)
            self._uses += 1
            if tidy:
                self._uses, self._tidied = 0, now
        except sqlite3.Error as error:
            if not wait and _is_busy(error):
                raise ReplayStoreBusy from None
            raise ReplayStoreFull from error
        finally:
            self._lock.release()
        if tidy:
            self._tidy(now)
        return first

    def _is_first(self, token: tuple[bytes, float, float], *, wait: bool) -> bool:
        """Remember a token, as soon as no other worker writes where there is time to wait."""
        deadline = time.monotonic() + (_PATIENCE if wait else 0)
        while True:
            try:
                return self._connection.execute(_USE, token).rowcount == 1
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() >= deadline:
                    raise
            time.sleep(_LOOK_AGAIN)

    def _tidy(self, now: float) -> None:
        """Forget what has expired and bring what is remembered to the disk, or else next time.

        It has a connection of its own, so that tokens can be remembered while the disk is waited
        for.
        """
        with suppress(sqlite3.Error):
            self._tidying.execute("DELETE FROM used_token WHERE expires <= ?", (now,))
            self._tidying.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Close the file."""
        self._tidying.close()
        self._connection.close()


def _connected(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")
    return connection


def _is_busy(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
