"""A log that cannot be written to: what it says, whom it fails, and that it works again."""

from __future__ import annotations

import dataclasses
import sqlite3
import traceback
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.engine import RootTransaction
from sqlalchemy.exc import OperationalError

from guidestep.decision_log import (
    DecisionLog,
    Feedback,
    LogError,
    LogUnavailable,
    UnknownSchema,
    writer,
)
from guidestep.decision_log.database import ADVISORY_LOCK, shown, url_of
from guidestep.decision_log.verification import verify
from tests.decision_log.appender import decision, start
from tests.decision_log.conftest import at
from tests.decision_log.test_killed import finished, whole
from tests.postgresql import ONCE, Server


def test_a_full_disk(sqlite: str) -> None:
    lines = finished(start(sqlite, 400, 8, "300000"))
    full = [line for line in lines if line.startswith("full ")]
    acknowledged = [line for line in lines if not line.startswith("full ")]
    assert full
    assert all("full" in line and "disk of the log" in line for line in full)
    assert len(full) <= 8
    assert len(acknowledged) + len(full) == 400
    assert int(acknowledged[-1].split()[0]) == len(acknowledged)
    assert whole(sqlite, acknowledged) == len(acknowledged)


def test_no_room_left_in_the_file(sqlite: str) -> None:
    pages = 0
    with DecisionLog.open(sqlite) as log:

        @event.listens_for(log.storage.engine, "connect")
        def limited(dbapi: sqlite3.Connection, _: object) -> None:
            dbapi.execute(f"PRAGMA max_page_count = {pages or 4294967294}")

        log.storage.engine.dispose()
        log.append(decision(0))
        with closing(sqlite3.connect(sqlite.removeprefix("sqlite:///"))) as connection:
            pages = connection.execute("PRAGMA page_count").fetchone()[0] + 1
        log.storage.engine.dispose()
        log._writing._drop()  # type: ignore[union-attr]
        group = [log.submit(decision(number)) for number in range(1, 40)]
        errors = [future.exception() for future in group]
        full = {str(error) for error in errors if isinstance(error, LogUnavailable)}
        assert full == {
            "the record was not kept: database or disk is full; make room on the disk of the log; "
            "nothing that was acknowledged is lost"
        }
        pages = 0
        # Where the last that waited still found room, its connection is open, with the limit.
        log._writing._drop()  # type: ignore[union-attr]
        last = log.append(decision(99))
        assert last.sequence == 2 + errors.count(None)
        assert verify(log).holds


def test_another_program_holds_the_file(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with DecisionLog.open(f"sqlite:///{path}", seconds=0.2) as log:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(LogUnavailable, match="locked; another program holds the file"):
                log.append(decision(0))
            assert not log.ready()
            other.execute("ROLLBACK")
        assert log.ready()
        assert log.append(decision(0)).sequence == 1


@ONCE
def test_another_session_holds_the_lock(postgresql: Server) -> None:
    with DecisionLog.open(postgresql.database(), seconds=0.2) as log:
        with log.storage.engine.begin() as other:
            other.exec_driver_sql(f"SELECT pg_advisory_xact_lock({ADVISORY_LOCK})")
            with pytest.raises(LogUnavailable, match="another session holds the log"):
                log.append(decision(0))
        assert log.append(decision(0)).sequence == 1


@pytest.mark.parametrize("committed", [True, False])
def test_a_commit_whose_fate_is_unknown(
    committed: bool, log: DecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to the commit is lost on its way, after it was done, or before."""
    original = RootTransaction.commit
    lost: list[int] = []

    def commit(self: RootTransaction) -> None:
        if lost:
            return original(self)
        lost.append(1)
        if committed:
            original(self)
        raise OperationalError("COMMIT", None, ConnectionError("gone"), connection_invalidated=True)

    log.append(decision(0))
    monkeypatch.setattr(RootTransaction, "commit", commit)
    futures = [log.submit(decision(number)) for number in range(1, 10)]
    told = log.submit_feedback(Feedback(card="card-3", outcome="accepted", at=at(0)))
    assert [future.result().sequence for future in futures] == list(range(2, 11))
    assert (told.result().sequence, told.result().decision) == (11, 4)
    found = verify(log)
    assert (found.holds, found.records, lost) == (True, 11, [1])


def test_a_commit_that_is_lost_twice_says_so(
    log: DecisionLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append(decision(0))
    kept = decision(1)
    with monkeypatch.context() as broken:

        def commit(_: RootTransaction) -> None:
            raise OperationalError("COMMIT", None, ConnectionError("gone"))

        broken.setattr(RootTransaction, "commit", commit)
        with pytest.raises(LogUnavailable, match="may not have been kept: gone"):
            log.append(kept)
    assert log.append(kept).sequence == 2
    assert log.append(kept).sequence == 2


def test_one_record_at_fault_does_not_take_the_others_with_it(log: DecisionLog) -> None:
    first = decision(0)
    log.append(first)
    wrong = dataclasses.replace(first, outcome="another")
    futures = [log.submit(each) for each in (decision(1), wrong, decision(2))]
    assert futures[0].result().sequence == 2
    assert futures[2].result().sequence == 3
    with pytest.raises(LogError, match="another record has this id"):
        futures[1].result()
    assert verify(log).records == 3


def test_what_cannot_be_written_never_waits(log: DecisionLog) -> None:
    with pytest.raises(ValueError, match="JSON"):
        log.append(dataclasses.replace(decision(0), parameters={"x": float("nan")}))


def test_too_many_wait(sqlite: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "WAITING", 0)
    with DecisionLog.open(sqlite) as log, pytest.raises(LogUnavailable, match="too many"):
        log.append(decision(0))


def test_a_cancelled_future_is_not_kept(sqlite: str) -> None:
    with DecisionLog.open(sqlite) as log:
        log.append(decision(0))
        futures = [log.submit(decision(number)) for number in range(200)]
        cancelled = sum(future.cancel() for future in futures)
        log.close()
    with DecisionLog.open(sqlite) as log:
        assert verify(log).records == 201 - cancelled


def test_a_log_that_nobody_closes_keeps_what_waits(sqlite: str) -> None:
    log = DecisionLog.open(sqlite)
    future = log.submit(decision(0))
    del log
    assert future.result(timeout=10).sequence == 1


def test_another_version_is_refused(log: DecisionLog, url: str) -> None:
    engine = log.storage.engine
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DROP TRIGGER guidestep_log_no_update")
        else:
            connection.exec_driver_sql("DROP TRIGGER guidestep_log_no_change ON guidestep_log")
        connection.exec_driver_sql("UPDATE guidestep_log SET version = 2")
    with pytest.raises(UnknownSchema, match="version 2, this guidestep knows version 1"):
        DecisionLog.open(url)
    assert not log.ready()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("sqlite://", "in memory"),
        ("sqlite:///:memory:", "in memory"),
        ("sqlite:///log.db?mode=memory", "no options"),
        ("sqlite:///file:log.db", "no options"),
        ("mysql://user:secret@host/db", "mysql"),
        ("postgresql+pg8000://user:secret@host/db", "driver"),
        ("://secret", "cannot be read"),
        ("sqlite:////nowhere/at/all.db", "cannot be made: No such file"),
        ("postgresql+psycopg://user:secret@127.0.0.1:1/db", "see that the server runs"),
    ],
)
def test_an_address_that_is_no_log(address: str, message: str) -> None:
    with pytest.raises(LogError, match=message) as caught:
        DecisionLog.open(address)
    assert "secret" not in "".join(traceback.format_exception(caught.value))


def test_no_log_is_made_by_reading(tmp_path: Path, sqlite: str) -> None:
    with pytest.raises(LogError, match="there is no log"):
        DecisionLog.open(sqlite, create=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "log.db").write_bytes(b"")
    with pytest.raises(LogError, match="no log in this database"):
        DecisionLog.open(sqlite, create=False)


def test_a_file_that_is_something_else(tmp_path: Path, sqlite: str) -> None:
    (tmp_path / "log.db").write_bytes(b"something else" * 100)
    with pytest.raises(LogUnavailable, match="not a database; the file is something else"):
        DecisionLog.open(sqlite)


def test_a_new_file_is_for_its_owner_alone(tmp_path: Path, sqlite: str) -> None:
    DecisionLog.open(sqlite).close()
    assert (tmp_path / "log.db").stat().st_mode & 0o777 == 0o600


def test_where_it_is_without_password() -> None:
    url = url_of("postgresql://user:secret@host/db?sslpassword=secret")
    assert shown(url) == "postgresql+psycopg://user:***@host/db"


def test_promises_of_sqlite(sqlite: str) -> None:
    with DecisionLog.open(sqlite) as log, log.storage.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


@ONCE
def test_promises_of_postgresql(postgresql: Server) -> None:
    url = postgresql.database()
    DecisionLog.open(url).close()
    for given, used in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
        options = f"{url}?options=-csynchronous_commit%3D{given}"
        with DecisionLog.open(options) as log, log.storage.engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == used


@ONCE
def test_a_server_that_is_read_only(postgresql: Server) -> None:
    url = postgresql.database()
    DecisionLog.open(url).close()
    with DecisionLog.open(f"{url}?options=-cdefault_transaction_read_only%3Don") as log:
        assert not log.ready()
        with pytest.raises(LogUnavailable, match="read-only"):
            log.append(decision(0))


@ONCE
def test_a_role_that_may_only_read_and_add(postgresql: Server) -> None:
    url = postgresql.database()
    with DecisionLog.open(url) as log:
        with log.storage.engine.begin() as connection:
            connection.exec_driver_sql("CREATE ROLE service LOGIN")
            connection.exec_driver_sql(
                "GRANT SELECT, INSERT ON guidestep_log, guidestep_record, guidestep_card TO service"
            )
        log.append(decision(0))
    with DecisionLog.open(url.replace("//guidestep@", "//service@"), create=False) as log:
        assert log.ready()
        assert log.append(decision(1)).sequence == 2
        assert verify(log).holds


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_taken_away(replaced: bool, tmp_path: Path) -> None:
    """A file that is gone would take all writes, and nobody would ever read them."""
    path, aside = tmp_path / "log.db", tmp_path / "aside"
    aside.mkdir()
    with DecisionLog.open(f"sqlite:///{path}") as log:
        assert log.append(decision(0)).sequence == 1
        for file in tmp_path.glob("log.db*"):
            file.rename(aside / file.name)
        if replaced:
            DecisionLog.open(f"sqlite:///{path}").close()
        with pytest.raises(LogUnavailable, match="is gone"):
            log.append(decision(1))
        with pytest.raises(LogUnavailable, match="another log" if replaced else "unable to open"):
            log.append(decision(1))
        assert not log.ready()
        assert path.exists() is replaced
        for file in aside.glob("log.db*"):
            file.replace(tmp_path / file.name)
        assert log.append(decision(2)).sequence == 2
        assert log.ready()
    assert whole(f"sqlite:///{path}", []) == 2


def test_a_program_that_changes_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    with DecisionLog.open("odd name%20#.db") as log:
        monkeypatch.chdir(tmp_path / "other")
        assert log.append(decision(0)).sequence == 1
    assert (tmp_path / "odd name%20#.db").exists()
