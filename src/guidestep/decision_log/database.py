"""The database under a log: how it is reached, and what it must promise to be trusted.

SQLite: write-ahead log with `synchronous = FULL`, one writer at a time through BEGIN IMMEDIATE.
PostgreSQL: `synchronous_commit` at least `on`, one writer at a time through an advisory lock that
the end of the transaction lets go of.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import SQLITE_BUSY, DatabaseError, connect
from sqlite3 import Connection as SQLiteConnection
from sqlite3 import OperationalError as SQLiteError
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    DisconnectionError,
    NoSuchModuleError,
    SQLAlchemyError,
)

from guidestep.decision_log.errors import LogError, LogUnavailable

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

SQLITE = "sqlite"
POSTGRESQL = "postgresql"

_FILE = "guidestep_file"

WRITING = "guidestep_writing"
"""The execution option of a connection whose transactions write."""

_LOOK_AGAIN = 3
"""Milliseconds after which SQLite is asked anew for the lock: it looks after 1 and after 3."""

ADVISORY_LOCK = 0x677569646573  # 'guides'
"""The advisory lock of PostgreSQL that all writers of a database share."""


def url_of(text_: str) -> URL:
    """Return the address of a log: a URL, or the path of an SQLite file.

    >>> url_of("/srv/decisions.db").render_as_string()
    'sqlite:////srv/decisions.db'

    Raises:
        LogError: There can be no log there.
    """
    try:
        url = make_url(text_) if "://" in text_ else URL.create(SQLITE, database=text_)
    except ArgumentError:
        # The text may hold a password.
        raise LogError(
            "the address of the log cannot be read",
            "write sqlite:///decisions.db or postgresql+psycopg://user@host/database",
        ) from None
    name = url.get_backend_name()
    if name == SQLITE:
        if url.database in (None, "", ":memory:"):
            raise LogError("a log in memory loses everything", "name a file: sqlite:///log.db")
        if url.query or str(url.database).startswith("file:"):
            raise LogError("an SQLite log takes no options in its address", "leave them out")
        # Absolute, for a program that changes its folder later.
        return url.set(database=str(Path(url.database or "").absolute()))
    if name != POSTGRESQL:
        raise LogError(f"a log cannot be kept in {name}", "sqlite and postgresql can keep one")
    # psycopg alone: other drivers tell less of what became of a commit.
    if url.get_driver_name() != "psycopg" and "+" in url.drivername:
        raise LogError(
            f"the driver {url.get_driver_name()} is not supported", "write postgresql+psycopg://"
        )
    return url.set(drivername="postgresql+psycopg")


def shown(url: URL) -> str:
    """Return where a log is, without password."""
    if url.get_backend_name() == SQLITE:
        return Path(url.database or "").name
    return url.set(query={}).render_as_string(hide_password=True)


def engine_of(url: URL, *, seconds: float) -> Engine:
    """Return the engine for a log; connections are made when asked for.

    `seconds` limits each wait: for a connection, for a lock, for a server that went silent.

    Raises:
        LogError: The driver is not installed.
    """
    try:
        if url.get_backend_name() == SQLITE:
            engine = create_engine(
                url,
                hide_parameters=True,
                paramstyle="named",
                creator=lambda: _connected(url, seconds),
            )
            _sqlite(engine, seconds)
        else:
            engine = create_engine(
                url,
                hide_parameters=True,
                pool_pre_ping=True,
                isolation_level="READ COMMITTED",
                connect_args=_patience(url, seconds),
            )
            _postgresql(engine, seconds)
    except (ModuleNotFoundError, NoSuchModuleError):
        raise LogError("PostgreSQL is an extra", "pip install 'guidestep[postgresql]'") from None
    return engine


def _patience(url: URL, seconds: float) -> dict[str, object]:
    """Return the limits of a connection that its address does not set itself."""
    limits: dict[str, object] = {
        "connect_timeout": max(2, int(seconds)),
        "keepalives": 1,
        "keepalives_idle": max(1, int(seconds)),
        "keepalives_interval": 1,
        "keepalives_count": 3,
        "tcp_user_timeout": int(seconds * 1000),
        "application_name": "guidestep decision log",
    }
    return {name: value for name, value in limits.items() if name not in url.query}


def _connected(url: URL, seconds: float) -> SQLiteConnection:
    """Connect to a file that is there: one that is gone is not made anew, empty."""
    address = f"file:{quote(url.database or '')}?mode=rw"
    return connect(address, uri=True, timeout=seconds, check_same_thread=False)


def _sqlite(engine: Engine, seconds: float) -> None:
    @event.listens_for(engine, "connect")
    def connected(dbapi: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        record.info[_FILE] = _file(engine.url)
        connection = cast("SQLiteConnection", dbapi)
        connection.isolation_level = None  # BEGIN is ours: Python's own comes too late
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS
        connection.execute("PRAGMA trusted_schema = OFF")

    @event.listens_for(engine, "checkout")
    def checked_out(_: DBAPIConnection, record: ConnectionPoolEntry, __: object) -> None:
        if record.info[_FILE] != _file(engine.url):
            raise DisconnectionError  # the pool connects to what lies there now

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        if connection.get_execution_options().get(WRITING, False):
            _await_turn(connection, seconds)
        else:
            connection.exec_driver_sql("BEGIN")


def _await_turn(connection: Connection, seconds: float) -> None:
    """Begin to write as soon as nobody else does.

    SQLite looks for that after 1, 2, 5, 10 and soon 100 ms, so that the longer one has waited the
    more seldom one looks, and two busy writers kept each other waiting for seconds. Asked anew
    every few milliseconds it looks all the time, and does not hold up Python meanwhile.

    Raises:
        OperationalError: Somebody else held the file all the time.
    """
    raw = cast("SQLiteConnection", connection.connection.dbapi_connection)
    raw.execute(f"PRAGMA busy_timeout = {_LOOK_AGAIN}")
    try:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                raw.execute("BEGIN IMMEDIATE")
            except DatabaseError as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF != SQLITE_BUSY:
                    break
            else:
                return
        # Once more through SQLAlchemy, whose fault it is then.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        raw.execute(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def _postgresql(engine: Engine, seconds: float) -> None:
    @event.listens_for(engine, "connect")
    def connected(dbapi: DBAPIConnection, _: object) -> None:
        cursor = dbapi.cursor()
        cursor.execute(f"SET lock_timeout = {int(seconds * 1000)}")
        # A server may promise more than `on`, and is left to it; it must not promise less.
        cursor.execute("SHOW synchronous_commit")
        if (cursor.fetchone() or ("",))[0] in ("off", "local"):
            cursor.execute("SET synchronous_commit = on")
        cursor.close()
        dbapi.commit()


def prepare_file(url: URL, *, create: bool) -> None:
    """See that the file of an SQLite log is there; a new one is for its owner's eyes alone.

    Raises:
        LogError: The file is not there and is not to be made.
        LogUnavailable: It cannot be made.
    """
    if url.get_backend_name() != SQLITE:
        return
    path = Path(url.database or "")
    if path.exists():
        return
    if not create:
        raise LogError(f"there is no log {path.name}", "see --log or GUIDESTEP_LOG")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise LogUnavailable(
            f"the file {path.name} cannot be made: {error.strerror or 'no reason given'}",
            "see that its folder is there and may be written to",
        ) from None


def write_ahead(connection: Connection) -> None:
    """Put an SQLite file into write-ahead mode, in which it stays.

    Several processes may do so at once: SQLite does not wait for each other here, so we do.

    Raises:
        LogUnavailable: The file cannot be used so.
    """
    raw = cast("SQLiteConnection", connection.connection.dbapi_connection)
    for _ in range(200):
        try:
            mode = raw.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        except SQLiteError as error:
            if "locked" not in str(error):
                raise
            time.sleep(0.01)
        else:
            if mode == "wal":
                return
            break
    raise LogUnavailable(
        "the file cannot be written ahead", "keep the log on a local disk, not on a network"
    )


def lock(connection: Connection) -> None:
    """Wait until nobody else adds to the log; the end of the transaction lets go."""
    if connection.dialect.name == POSTGRESQL:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})


def durable(connection: Connection) -> None:
    """See that the server keeps what it acknowledges.

    Raises:
        LogError: It does not.
    """
    if connection.dialect.name != POSTGRESQL:
        return
    if connection.execute(text("SHOW fsync")).scalar() != "on":
        raise LogError(
            "the server runs with fsync off and can lose what it acknowledged",
            "set fsync = on in postgresql.conf",
        )


def still_there(connection: Connection) -> None:
    """See that the file written to is the one at its address: a file that is gone takes all writes.

    Raises:
        FileNotFoundError: It is not.
    """
    if connection.dialect.name == SQLITE and connection.info[_FILE] != _file(connection.engine.url):
        raise FileNotFoundError("the file of the log is gone, or another lies in its place")


def _file(url: URL) -> tuple[int, int] | None:
    try:
        found = os.stat(url.database or "")
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def faults(doing: str) -> Iterator[None]:
    """Turn what a database raises into what can be told.

    Raises:
        LogUnavailable: The database refused, failed or is not there.
    """
    try:
        yield
    except (SQLAlchemyError, SQLiteError, OSError) as error:
        raise unavailable(doing, error) from None


def unavailable(doing: str, error: BaseException) -> LogUnavailable:
    """Return what to tell of a fault: its kind and the words of the database, without any value."""
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    diagnosis = getattr(getattr(original, "diag", None), "message_primary", None)
    # Not the whole text: PostgreSQL adds the row at fault to it, as a detail of more lines.
    reason = str(diagnosis or original).strip().split("\n")[0].strip()
    if not isinstance(error, DBAPIError | SQLiteError | OSError) or not reason:
        reason = type(error).__name__
    return LogUnavailable(f"{doing}: {reason}", _hint(reason))


def _hint(reason: str) -> str:
    lowered = reason.lower()
    for word, hint in _HINTS:
        if word in lowered:
            return hint
    return "see that the database is there and can be written to"


_HINTS = (
    ("full", "make room on the disk of the log; nothing that was acknowledged is lost"),
    ("no space", "make room on the disk of the log; nothing that was acknowledged is lost"),
    ("disk i/o", "see whether the disk of the log is full or failing"),
    ("is gone", "put the file back; what was acknowledged is in the one that was there"),
    ("unable to open", "see that the file of the log is there and may be written to"),
    ("is locked", "another program holds the file; see that none keeps a transaction open"),
    ("lock timeout", "another session holds the log; see pg_stat_activity"),
    ("readonly", "see that the file and its folder may be written to"),
    ("read-only", "the server is a standby or set to read-only: give the address of the primary"),
    ("password", "see the user and password in the address of the log"),
    ("does not exist", "see the user and database in the address of the log"),
    ("permission denied", "see the rights of the user in the address of the log"),
    ("starting up", "the server is starting up; try again"),
    ("connect", "see that the server runs and the address of the log is right"),
    ("not a database", "the file is something else: name another"),
    ("malformed", "the file is damaged: keep it, restore a copy, run 'guidestep log verify'"),
)
