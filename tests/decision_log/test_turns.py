"""Several that write to one log: each gets its turn soon, however busy the others are."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from guidestep.decision_log import DecisionLog, LogUnavailable
from guidestep.decision_log.verification import verify
from tests.decision_log.appender import decision

HELD, FREE = 0.02, 0.002
"""Seconds that the other writer holds the file, and leaves it free before it takes it again."""


@contextmanager
def busy(path: Path) -> Iterator[None]:
    """Let another connection write all the time, with short pauses."""
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
            while not done.is_set():
                other.execute("BEGIN IMMEDIATE")
                time.sleep(HELD)
                other.execute("ROLLBACK")
                time.sleep(FREE)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_busy_writer_starves_nobody(tmp_path: Path) -> None:
    """Who looks ever more seldom misses the pauses: of these waits many took over a second."""
    path = tmp_path / "log.db"
    waits: list[float] = []
    with DecisionLog.open(f"sqlite:///{path}") as log:
        with busy(path):
            for number in range(30):
                before = time.monotonic()
                log.append(decision(number))
                waits.append(time.monotonic() - before)
        assert max(waits) < 1, sorted(waits)
        assert verify(log).records == 30


def test_the_wait_ends(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with (
        DecisionLog.open(f"sqlite:///{path}", seconds=0.3) as log,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        log.append(decision(0))
        other.execute("BEGIN IMMEDIATE")
        before = time.monotonic()
        with pytest.raises(LogUnavailable, match="locked"):
            log.append(decision(1))
        assert 0.3 <= time.monotonic() - before < 2


def test_a_turn_leaves_the_patience_of_the_connection_as_it_was(tmp_path: Path) -> None:
    """Whatever else waits on this connection waits as long as the log was told to."""
    with DecisionLog.open(f"sqlite:///{tmp_path / 'log.db'}", seconds=0.3) as log:
        log.append(decision(0))
        assert log.ready()
        writer = log._writing
        assert writer is not None
        assert writer._connection is not None
        found = writer._connection.connection.cursor().execute("PRAGMA busy_timeout").fetchone()
        assert found == (300,)
