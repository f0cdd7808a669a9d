"""The writer: one thread that keeps what waits, a group in one transaction.

A future is done only when its record is durable. When a group fails exactly its futures fail, and
where the fault is of one record alone the others of the group are kept without it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError

from guidestep.decision_log.database import WRITING, unavailable
from guidestep.decision_log.errors import LogError, LogUnavailable
from guidestep.decision_log.records import Receipt
from guidestep.decision_log.storage import Entry, Refused, Storage

GROUP = 256
"""Records in one transaction, at most."""

GATHER = 0.008
"""Seconds that a group waits for more, at most, and only where the last one was of several."""

WAITING = 20_000
"""Records that may wait; more are refused at once, so that a dead database fills no memory."""


@dataclass(frozen=True, slots=True)
class _Pending:
    entry: Entry
    future: Future[Receipt]


class _Failed(Exception):  # noqa: N818
    """An attempt that failed, and what is known of its commit and its connection."""

    def __init__(self, error: Exception, *, unknown: bool, lost: bool) -> None:
        super().__init__(str(error))
        self.error = error
        self.unknown = unknown
        self.lost = lost


class Writer:
    """Adds to one log, from one thread of one process."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._queue: SimpleQueue[_Pending | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._connection: Connection | None = None
        self._usual = 1
        self._thread = threading.Thread(
            target=self._run, name="guidestep decision log", daemon=True
        )
        self._thread.start()

    def submit(self, entry: Entry) -> Future[Receipt]:
        """Hand in an entry; the future is done when it is durable or has failed."""
        future: Future[Receipt] = Future()
        with self._lock:
            if self._closed:
                raise LogUnavailable("the log is closed", "open it again")
            if self._queue.qsize() >= WAITING:
                raise LogUnavailable(
                    "too many records wait for the log", "see whether the database answers"
                )
            self._queue.put(_Pending(entry, future))
        return future

    def close(self) -> None:
        """Keep what waits, then stop."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        going = True
        while going:
            group, going = self._group()
            live = [pending for pending in group if pending.future.set_running_or_notify_cancel()]
            if not live:
                continue
            try:
                self._keep(live)
            except BaseException as error:  # whatever it is, nobody may wait for ever
                self._fail(live, unavailable("the record was not kept", error))
        self._drop()

    def _group(self) -> tuple[list[_Pending], bool]:
        """Return what waits now, at least one unless the log is closed.

        Whoever has just been told of a group hands in the next record a moment later: where the
        last group was of several, it is worth that moment to keep as many at once again.
        """
        group: list[_Pending] = []
        pending = self._queue.get()
        patience = time.monotonic() + GATHER
        while pending is not None:
            group.append(pending)
            if len(group) >= GROUP:
                break
            try:
                pending = self._queue.get_nowait()
            except Empty:
                left = patience - time.monotonic()
                if len(group) >= self._usual or left <= 0:
                    break
                try:
                    pending = self._queue.get(timeout=left)
                except Empty:
                    break
        self._usual = len(group)
        return group, pending is not None

    def _keep(self, group: Sequence[_Pending]) -> None:
        try:
            receipts = self._twice([pending.entry for pending in group])
        except _Failed as failed:
            if len(group) > 1 and _of_one(failed.error):
                for pending in group:
                    self._keep([pending])
                return
            self._fail(group, _told(failed))
            return
        for pending, receipt in zip(group, receipts, strict=True):
            pending.future.set_result(receipt)

    def _twice(self, entries: Sequence[Entry]) -> list[Receipt]:
        """Add a group; once more with a new connection where that can help and is safe.

        It is safe because the second attempt looks, under the lock, for what the first has kept.
        """
        try:
            return self._once(entries, again=False)
        except _Failed as failed:
            # A record that is there already is no fault of this group.
            if not (failed.lost or failed.unknown or isinstance(failed.error, IntegrityError)):
                raise
            unknown = failed.unknown
        try:
            return self._once(entries, again=True)
        except _Failed as failed:
            failed.unknown = failed.unknown or unknown
            raise

    def _once(self, entries: Sequence[Entry], *, again: bool) -> list[Receipt]:
        committing = False
        try:
            connection = self._connected()
            transaction = connection.begin()
            receipts = self._storage.add(connection, entries, again=again)
            committing = True
            transaction.commit()
        except Exception as error:
            lost = isinstance(error, DBAPIError) and error.connection_invalidated
            self._drop()
            raise _Failed(error, unknown=committing, lost=lost) from None
        return receipts

    def _connected(self) -> Connection:
        if self._connection is None:
            connection = self._storage.engine.connect()
            self._connection = connection
            with connection.begin():
                self._storage.recognise(connection)
            connection.execution_options(**{WRITING: True})
        return self._connection

    def _drop(self) -> None:
        """Let go of the connection, for good: what it was in the middle of is rolled back."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(SQLAlchemyError, OSError):
            connection.invalidate()
        with suppress(SQLAlchemyError, OSError):
            connection.close()

    @staticmethod
    def _fail(group: Sequence[_Pending], error: Exception) -> None:
        for pending in group:
            if not pending.future.done():
                pending.future.set_exception(error)


def _of_one(error: Exception) -> bool:
    """Whether a fault may be of one record alone, and the others can be kept without it."""
    if isinstance(error, DBAPIError):
        return isinstance(error, IntegrityError | DataError)
    return isinstance(error, Refused) or not isinstance(error, SQLAlchemyError | OSError | LogError)


def _told(failed: _Failed) -> Exception:
    if isinstance(failed.error, LogError):
        return failed.error
    error = unavailable("the record was not kept", failed.error)
    if failed.unknown:
        return LogUnavailable(
            error.message.replace("was not kept", "may not have been kept", 1), error.hint
        )
    return error
