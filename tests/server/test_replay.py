"""Used tokens: none twice, while it could still be taken, in one process and in several."""

from __future__ import annotations

import multiprocessing
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.server.authentication.replay import (
    FileReplayStore,
    MemoryReplayStore,
    ReplayStore,
    ReplayStoreBusy,
    ReplayStoreFull,
    make_replay_store,
)
from guidestep.server.settings import Tokens


@pytest.fixture(params=["memory", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReplayStore]:
    file = tmp_path / "used.db" if request.param == "file" else None
    made = make_replay_store(Tokens(replay_store=file))
    yield made
    made.close()


def test_once(store: ReplayStore) -> None:
    assert store.use("a", "1", expires=100, now=0)
    assert not store.use("a", "1", expires=100, now=99.9)
    assert store.use("a", "1", expires=200, now=100)
    assert not store.use("a", "1", expires=200, now=101)


def test_of_each_issuer_its_own(store: ReplayStore) -> None:
    assert store.use("a", "bc", expires=100, now=0)
    assert store.use("ab", "c", expires=100, now=0)
    assert not store.use("ab", "c", expires=100, now=0)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 20), st.integers(0, 3)), max_size=60))
def test_memory_does_what_a_list_of_all_would(calls: list[tuple[int, int, int]]) -> None:
    store, now = MemoryReplayStore(1000), 0
    taken: dict[int, int] = {}
    for name, lifetime, passed in calls:
        now += passed
        first = taken.get(name, 0) <= now
        assert store.use("a", str(name), expires=now + lifetime, now=now) is first
        if first:
            taken[name] = now + lifetime


def test_memory_is_bounded_and_refuses_rather_than_forgets() -> None:
    store = MemoryReplayStore(3)
    for name in "abc":
        assert store.use("i", name, expires=100, now=0)
    with pytest.raises(ReplayStoreFull):
        store.use("i", "d", expires=100, now=1)
    assert not store.use("i", "a", expires=100, now=1)
    assert store.use("i", "d", expires=300, now=100)
    assert len(store) == 1


def test_a_long_token_in_front_takes_no_room_for_expired_ones() -> None:
    store = MemoryReplayStore(3)
    assert store.use("i", "long", expires=1000, now=0)
    for turn, name in enumerate("abcdef"):
        assert store.use("i", name, expires=20 * turn + 10, now=20 * turn)
    assert not store.use("i", "long", expires=1000, now=999)


def _use(file: Path) -> int:
    store = FileReplayStore(file)
    won = sum(store.use("i", str(name), expires=100, now=0) for name in range(50))
    store.close()
    return won


def test_of_several_processes_one_is_first(tmp_path: Path) -> None:
    file = tmp_path / "used.db"
    FileReplayStore(file).close()
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert sum(pool.map(_use, [file, file], chunksize=1)) == 50


def test_over_a_restart(tmp_path: Path) -> None:
    first = FileReplayStore(tmp_path / "used.db")
    assert first.use("i", "1", expires=100, now=0)
    first.close()
    second = FileReplayStore(tmp_path / "used.db")
    assert not second.use("i", "1", expires=100, now=1)
    second.close()


def test_neither_issuer_nor_id_is_kept(tmp_path: Path) -> None:
    store = FileReplayStore(tmp_path / "used.db")
    store.use("issuer-name", "token-id", expires=100, now=0)
    store.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"issuer-name" not in kept
    assert b"token-id" not in kept


def test_a_file_that_is_gone_is_no_free_pass(tmp_path: Path) -> None:
    store = FileReplayStore(tmp_path / "used.db")
    store.close()
    with pytest.raises(ReplayStoreFull):
        store.use("i", "1", expires=100, now=0)


@contextmanager
def held(file: Path) -> Iterator[sqlite3.Connection]:
    """Let another worker write to the file, as long as it does not end its transaction."""
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield other


def test_who_may_not_wait_is_told_at_once(tmp_path: Path) -> None:
    """And nothing was remembered, so that the token can be used by one that waits."""
    store = FileReplayStore(tmp_path / "used.db")
    store.use("i", "0", expires=100, now=0)
    with held(tmp_path / "used.db"), pytest.raises(ReplayStoreBusy):
        store.use("i", "1", expires=100, now=0, wait=False)
    assert store.use("i", "1", expires=100, now=0, wait=False)
    assert not store.use("i", "1", expires=100, now=0, wait=False)
    store.close()


def test_who_may_wait_does(tmp_path: Path) -> None:
    store = FileReplayStore(tmp_path / "used.db")
    with held(tmp_path / "used.db") as other:
        threading.Timer(0.2, other.execute, ["COMMIT"]).start()
        assert store.use("i", "1", expires=100, now=0)
    store.close()


def test_the_disk_is_waited_for_once_for_many_and_by_one_that_may(tmp_path: Path) -> None:
    """What is remembered comes into the file itself, and what has expired leaves it."""
    store, waits = FileReplayStore(tmp_path / "used.db"), 0
    for name in range(1000):
        token = str(name)
        try:
            assert store.use("i", token, expires=name + 100, now=0, wait=False)
        except ReplayStoreBusy:
            waits += 1
            assert store.use("i", token, expires=name + 100, now=0)
    assert 3 <= waits <= 6
    alone = tmp_path / "alone.db"
    alone.write_bytes((tmp_path / "used.db").read_bytes())
    with closing(sqlite3.connect(alone)) as file:
        assert file.execute("SELECT count(*) FROM used_token").fetchone()[0] >= 800
    with pytest.raises(ReplayStoreBusy):
        store.use("i", "late", expires=9000, now=1000, wait=False)
    assert store.use("i", "late", expires=9000, now=1000)
    with closing(sqlite3.connect(tmp_path / "used.db")) as file:
        assert file.execute("SELECT count(*) FROM used_token").fetchone()[0] == 100
    store.close()
