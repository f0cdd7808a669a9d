"""The decision log: opened once, handed decisions and feedback, closed at the end."""

from __future__ import annotations

import os
import threading
import weakref
from concurrent.futures import Future
from typing import Self

from sqlalchemy import URL, Engine

from guidestep.decision_log.chain import Chain
from guidestep.decision_log.database import shown, url_of
from guidestep.decision_log.errors import LogError, LogUnavailable
from guidestep.decision_log.records import Decision, Feedback, Head, Receipt
from guidestep.decision_log.rows import card_ids, row_of
from guidestep.decision_log.storage import Entry, Storage
from guidestep.decision_log.writer import Writer

SECONDS = 5.0
"""How long the log waits for a connection or a lock before it says that it cannot."""


class DecisionLog:
    """Keeps decisions and the feedback to their cards, each chained to the one before it.

    Safe to use from several threads; several processes may add to one log at once. After a fork
    the child has connections of its own.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, DecisionLog.open(f"sqlite:///{folder}/log.db") as log:
    ...     log.head().sequence, log.ready()
    (0, True)
    """

    def __init__(self, storage: Storage, *, keep_input: bool) -> None:
        self._storage = storage
        self._keep_input = keep_input
        self._lock = threading.Lock()
        self._closed = False
        self._writing: Writer | None = None
        self._flush: weakref.finalize[[Writer, Engine], DecisionLog] | None = None
        _OPEN.add(self)

    @classmethod
    def open(
        cls,
        url: str | URL,
        *,
        keep_input: bool = False,
        key: bytes | None = None,
        create: bool = True,
        seconds: float = SECONDS,
    ) -> Self:
        """Return the log at an address, made if it is not there.

        `url` is `sqlite:///decisions.db` or `postgresql+psycopg://user@host/database`.
        `keep_input` keeps the assessments themselves, which replays need: they are a patient's
        data. With a `key` records are hashed with HMAC, so that an owner of the database alone
        cannot make a chain that fits; a log has it from its beginning or not at all. `seconds`
        limits each wait for a connection or a lock.

        Raises:
            LogError: There can be no log there, it needs a key or another driver.
            LogUnavailable: The database cannot be reached.
            UnknownSchema: The tables are of a version that is not known.
        """
        address = url_of(url if isinstance(url, str) else url.render_as_string(False))
        storage = Storage.open(address, Chain(key), create_it=create, seconds=seconds)
        return cls(storage, keep_input=keep_input)

    @property
    def storage(self) -> Storage:
        """The log in its database, for those who read it."""
        return self._storage

    @property
    def where(self) -> str:
        """Where the log is, without password."""
        return shown(self._storage.url)

    @property
    def keeps_input(self) -> bool:
        """Whether the assessments themselves are kept."""
        return self._keep_input

    def append(self, decision: Decision) -> Receipt:
        """Keep a decision; return when it is durable.

        Raises:
            LogError: Another record has its id.
            LogUnavailable: It was not kept, or nobody knows.
        """
        return self.submit(decision).result()

    def submit(self, decision: Decision) -> Future[Receipt]:
        """Hand in a decision; its future is done when it is durable.

        What waits at the same time is kept in one transaction. The future raises what `append`
        raises.

        Raises:
            LogUnavailable: The log is closed, or too many wait already.
        """
        row = row_of(decision, keep_input=self._keep_input)
        return self._writer().submit(Entry(row, card_ids(decision)))

    def record_feedback(self, feedback: Feedback) -> Receipt:
        """Keep feedback; return when it is durable.

        Feedback to a card that the log does not know is kept too: its receipt has no decision.

        Raises:
            LogError: Another record has its id.
            LogUnavailable: It was not kept, or nobody knows.
        """
        return self.submit_feedback(feedback).result()

    def submit_feedback(self, feedback: Feedback) -> Future[Receipt]:
        """Hand in feedback; its future is done when it is durable.

        Raises:
            LogUnavailable: The log is closed, or too many wait already.
        """
        return self._writer().submit(Entry(row_of(feedback, keep_input=False)))

    def head(self) -> Head:
        """Return the end of the chain, to be kept elsewhere; place 0 is before the first record.

        Raises:
            LogUnavailable: The log cannot be read.
        """
        with self._storage.reading() as connection:
            return self._storage.head(connection)

    def ready(self) -> bool:
        """Whether the log can be reached and added to now."""
        if self._closed:
            return False
        try:
            self._storage.check()
        except LogError:
            return False
        return True

    def close(self) -> None:
        """Keep what waits, then let go of the database."""
        with self._lock:
            self._closed = True
            writer, self._writing = self._writing, None
        if writer is not None:
            writer.close()
        self._storage.engine.dispose()

    def _writer(self) -> Writer:
        with self._lock:
            if self._closed:
                raise LogUnavailable("the log is closed", "open it again")
            if self._writing is None:
                self._writing = Writer(self._storage)
                # What waits is kept although nobody closes the log, also when Python ends.
                engine = self._storage.engine
                self._flush = weakref.finalize(self, _finish, self._writing, engine)
            return self._writing

    def _inherit(self) -> None:
        """Make a child process start anew: thread, lock and connections are its parent's."""
        pool = self._storage.engine.pool
        if self._flush is not None:
            self._flush.detach()
        # Kept, and not closed: to close them here would end them for the parent too.
        _INHERITED.append((pool, self._writing))
        self._storage.engine.dispose(close=False)
        self._lock = threading.Lock()
        self._writing = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _finish(writer: Writer, engine: Engine) -> None:
    writer.close()
    engine.dispose()


_OPEN: weakref.WeakSet[DecisionLog] = weakref.WeakSet()
_INHERITED: list[object] = []


def _inherit() -> None:
    for log in list(_OPEN):
        log._inherit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_inherit)
