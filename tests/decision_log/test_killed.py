"""Whatever dies, and whenever: what was acknowledged is there, whole, once, and in the chain."""

from __future__ import annotations

import os
import random
import subprocess
import threading
from collections.abc import Iterable

import pytest
from sqlalchemy import create_engine, text

from guidestep.decision_log import DecisionLog, LogUnavailable, Receipt
from guidestep.decision_log.verification import verify
from tests.decision_log.appender import decision, start
from tests.postgresql import ONCE, Server

NEVER = 1_000_000


def kept(log: DecisionLog) -> dict[str, tuple[int, str]]:
    """The records by id; each is there once."""
    with log.storage.reading() as connection:
        rows = list(log.storage.rows(connection))
    found = {str(row["id"]): (int(row["sequence"] or 0), str(row["hash"])) for row in rows}
    assert len(found) == len(rows)
    return found


def whole(url: str, acknowledged: Iterable[str]) -> int:
    """Check that all that was acknowledged is there and the chain holds; return all there is."""
    with DecisionLog.open(url, create=False) as log:
        found = verify(log)
        assert found.holds, found.faults
        there = kept(log)
    for line in acknowledged:
        sequence, id_, hash_ = line.split()
        assert there[id_] == (int(sequence), hash_)
    return len(there)


def finished(process: subprocess.Popen[str]) -> list[str]:
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    return out.splitlines()


def test_killed_while_it_appends(url: str) -> None:
    dice = random.Random(5)
    DecisionLog.open(url).close()
    acknowledged: list[str] = []
    for in_flight in (1, 64, 7):
        with start(url, NEVER, in_flight) as process:
            assert process.stdout is not None
            for _ in range(dice.randint(1, 150)):
                acknowledged.append(process.stdout.readline())
            process.kill()
            # What it printed before it died counts too, but for a line that was cut.
            acknowledged += [line for line in process.stdout if line.endswith("\n")]
    assert all(acknowledged)
    # What was written and not told any more may be there: at most what was in flight.
    assert 0 <= whole(url, acknowledged) - len(acknowledged) <= 3 * (64 + 256)


def test_a_program_that_just_ends_keeps_what_it_handed_in(url: str) -> None:
    assert finished(start(url, 300, 0)) == []
    assert whole(url, []) == 300


def test_four_processes_keep_one_chain(url: str) -> None:
    processes = [start(url, 60, in_flight) for in_flight in (1, 4, 16, 60)]
    acknowledged = [line for process in processes for line in finished(process)]
    assert len(acknowledged) == 240
    assert whole(url, acknowledged) == 240
    assert sorted(int(line.split()[0]) for line in acknowledged) == list(range(1, 241))


def test_threads_keep_one_chain(url: str) -> None:
    receipts: list[Receipt] = []
    with DecisionLog.open(url) as log:

        def append() -> None:
            receipts.extend(log.append(decision(number)) for number in range(15))

        threads = [threading.Thread(target=append) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(receipt.sequence for receipt in receipts) == list(range(1, 121))
    assert whole(url, (f"{r.sequence} {r.id} {r.hash}" for r in receipts)) == 120


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_process_writes_on_its_own(url: str) -> None:
    with DecisionLog.open(url) as log:
        first = log.append(decision(0))
        child = os.fork()
        if child == 0:
            code = 1
            try:
                log.append(decision(1))
                log.close()
                code = 0
            finally:
                os._exit(code)
        second = log.append(decision(2))
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        third = log.append(decision(3))
        receipts = (first, second, third)
    assert whole(url, (f"{r.sequence} {r.id} {r.hash}" for r in receipts)) == 4


def hammer(log: DecisionLog, until: threading.Event) -> tuple[list[str], int]:
    """Submit until told to stop; return what was acknowledged and how many failed."""
    acknowledged: list[str] = []
    failed = number = 0
    while not until.is_set():
        group = [log.submit(decision(number + index)) for index in range(20)]
        number += 20
        for future in group:
            try:
                receipt = future.result(timeout=30)
            except LogUnavailable:
                failed += 1
            else:
                acknowledged.append(f"{receipt.sequence} {receipt.id} {receipt.hash}")
    return acknowledged, failed


@ONCE
@pytest.mark.parametrize("blow", ["kill", "stop"])
def test_the_server_dies_and_comes_back(blow: str, postgresql: Server) -> None:
    url = postgresql.database()
    done = threading.Event()
    result: list[tuple[list[str], int]] = []
    with DecisionLog.open(url) as log:
        thread = threading.Thread(target=lambda: result.append(hammer(log, done)))
        thread.start()
        while log.head().sequence < 100:
            pass
        getattr(postgresql, blow)()
        assert not log.ready()
        with pytest.raises(LogUnavailable) as caught:
            log.append(decision(0))
        assert "see that the server runs" in str(caught.value)
        postgresql.start()
        assert log.ready()
        before = log.head().sequence
        while log.head().sequence < before + 50:
            pass
        done.set()
        thread.join()
    ((acknowledged, failed),) = result
    assert failed > 0
    there = whole(url, acknowledged)
    assert len(acknowledged) <= there <= len(acknowledged) + failed + 1


@ONCE
def test_a_server_that_hangs(postgresql: Server) -> None:
    with DecisionLog.open(postgresql.database()) as log:
        log.append(decision(0))
        postgresql.pause()
        try:
            future = log.submit(decision(1))
            with pytest.raises(TimeoutError):
                future.result(timeout=0.3)
        finally:
            postgresql.resume()
        assert future.result(timeout=30).sequence == 2
        assert verify(log).holds


@ONCE
def test_a_connection_that_is_cut_is_made_again(postgresql: Server) -> None:
    url = postgresql.database()
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    cut = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with DecisionLog.open(url) as log, admin.connect() as connection:
        acknowledged: list[str] = []
        for number in range(6):
            receipt = log.append(decision(number))
            acknowledged.append(f"{receipt.sequence} {receipt.id} {receipt.hash}")
            connection.execute(cut)
    admin.dispose()
    assert whole(url, acknowledged) == 6
