"""Whatever is done to the records of a log, a verification finds it and says where."""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.decision_log import Coding, Decision, DecisionLog, Feedback, Head, LogError
from guidestep.decision_log.chain import Chain
from guidestep.decision_log.schema import COLUMNS
from guidestep.decision_log.verification import Verification, verify
from guidestep.recommendation import Recommendation
from tests.decision_log.conftest import at

RECORDS = 12
KEY = b"kept elsewhere"


def fill(log: DecisionLog, answers: list[Recommendation]) -> None:
    """Add eight decisions, each with cards, and feedback after every second one."""
    for index in range(8):
        cards = [f"card-{index}-{n}" for n in range(index % 3)]
        log.append(
            Decision.of(answers[index], when=at(index), card_ids=cards, client="c", user="u")
        )
        if index % 2:
            log.record_feedback(
                Feedback(
                    card=f"card-{index}-0",
                    outcome="overridden" if index % 4 == 1 else "accepted",
                    at=at(index + 0.5),
                    reason=Coding("patient-refuses"),
                    comment="said no",
                )
            )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder in memory where that is possible: a disk would take most of the time."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as made:
        yield Path(made)


@pytest.fixture(scope="module")
def whole(folder: Path, answers: list[Recommendation]) -> Path:
    """A log of twelve records in one file."""
    path = folder / "whole.db"
    with DecisionLog.open(f"sqlite:///{path}", keep_input=True) as log:
        fill(log, answers)
        assert log.head().sequence == RECORDS
    settle(path)
    return path


def settle(path: Path) -> None:
    """Put all that is in the write-ahead file into the file itself."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@pytest.fixture(scope="module")
def bare(whole: Path) -> bytes:
    """The same log without guards and constraints, as an owner of the database can have it."""
    path = whole.with_name("bare.db")
    shutil.copy(whole, path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for name, table in connection.execute(
            "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            assert table
            connection.execute(f"DROP TRIGGER {name}")
        for table in ("guidestep_record", "guidestep_card"):
            connection.execute(f"CREATE TABLE copy AS SELECT * FROM {table}")
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"ALTER TABLE copy RENAME TO {table}")
    settle(path)
    return path.read_bytes()


Change = Callable[[sqlite3.Connection], object]


@pytest.fixture(scope="module")
def after(bare: bytes, folder: Path) -> Callable[..., Verification]:
    """Verify the log after a change to it."""
    path = folder / "after" / "log.db"
    path.parent.mkdir()

    def changed(change: Change, anchor: Head | None = None) -> Verification:
        for beside in path.parent.iterdir():
            beside.unlink()
        path.write_bytes(bare)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            change(connection)
        with DecisionLog.open(f"sqlite:///{path}", create=False) as log:
            return verify(log, anchor=anchor)

    return changed


def first(found: Verification) -> tuple[str, int]:
    assert found.faults
    return found.faults[0].code, found.faults[0].sequence


def test_a_whole_log(log: DecisionLog, answers: list[Recommendation]) -> None:
    assert verify(log).records == 0
    fill(log, answers)
    found = verify(log, anchor=log.head())
    assert (found.holds, found.records, found.head) == (True, RECORDS, log.head())


def test_nothing_changed(after: Callable[..., Verification]) -> None:
    found = after(lambda _: None)
    assert (found.holds, found.records) == (True, RECORDS)


VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=40),
    st.binary(max_size=20),
    st.floats(allow_nan=False),
)


@st.composite
def mutations(draw: st.DrawFn) -> Callable[[sqlite3.Connection], tuple[int, bool]]:
    """A change of one value of one record: another value, or the one it has, a little changed."""
    sequence = draw(st.integers(1, RECORDS))
    column = draw(st.sampled_from(COLUMNS))
    drawn = draw(VALUES)
    place = draw(st.integers(0, 100))
    near = draw(st.booleans())

    def change(connection: sqlite3.Connection) -> tuple[int, bool]:
        query = f"SELECT {column} FROM guidestep_record WHERE sequence = {sequence}"
        (old,) = connection.execute(query).fetchone()
        new = drawn
        if near and isinstance(old, str) and old:
            index = place % len(old)
            new = old[:index] + chr(ord(old[index]) ^ 1) + old[index + 1 :]
        elif near and isinstance(old, int):
            new = old + 1
        connection.execute(
            f"UPDATE guidestep_record SET {column} = ? WHERE sequence = {sequence}", (new,)
        )
        differs = connection.execute(
            f"SELECT count(*) FROM guidestep_record WHERE {column} IS ? AND sequence = ?",
            (old, sequence),
        ).fetchone()[0]
        return sequence, not differs or (column == "sequence" and new != old)

    return change


@given(mutations())
def test_any_changed_value_is_found(
    after: Callable[..., Verification], change: Callable[[sqlite3.Connection], tuple[int, bool]]
) -> None:
    outcome: list[tuple[int, bool]] = []
    found = after(lambda connection: outcome.append(change(connection)))
    ((sequence, differs),) = outcome
    assert found.holds is not differs
    if differs:
        # A record whose place is none any more counts where it stands, and is missing at its own.
        assert any(abs(fault.sequence - sequence) <= 1 for fault in found.faults), (sequence, found)


@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_counts(column: str, after: Callable[..., Verification]) -> None:
    for sequence in (1, 3, 4, RECORDS):
        found = after(
            lambda connection, at=sequence: connection.execute(
                f"UPDATE guidestep_record SET {column} = 'x' || coalesce({column}, '') "
                f"WHERE sequence = {at}"
            )
        )
        assert not found.holds
        if column not in ("sequence", "hash", "id"):
            assert first(found) == ("changed", sequence)


@given(st.integers(1, RECORDS - 1), st.booleans())
def test_a_missing_record_is_found(
    after: Callable[..., Verification], sequence: int, renumbered: bool
) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute(f"DELETE FROM guidestep_record WHERE sequence = {sequence}")
        connection.execute(f"DELETE FROM guidestep_card WHERE sequence = {sequence}")
        if renumbered:
            for table in ("record", "card"):
                connection.execute(
                    f"UPDATE guidestep_{table} SET sequence = sequence - 1 "
                    f"WHERE sequence > {sequence}"
                )

    found = after(change)
    assert first(found) == ("missing", sequence)
    assert found.count == 1


@settings(max_examples=30)
@given(st.lists(st.integers(1, RECORDS), min_size=2, max_size=2, unique=True))
def test_swapped_records_are_found(after: Callable[..., Verification], pair: list[int]) -> None:
    one, two = sorted(pair)

    def change(connection: sqlite3.Connection) -> None:
        for old, new in ((one, -1), (two, one), (-1, two)):
            connection.execute(
                f"UPDATE guidestep_record SET sequence = {new} WHERE sequence = {old}"
            )

    assert first(after(change)) == ("reordered", one)


def forged(connection: sqlite3.Connection, after_: int, place: int) -> None:
    """Put a copy of a record, with an id and place of its own, where its hash fits."""
    connection.row_factory = sqlite3.Row
    row = dict(
        connection.execute(f"SELECT * FROM guidestep_record WHERE sequence = {after_}").fetchone()
    )
    row |= {"id": "forged", "sequence": place, "cards": "[]", "previous": row["hash"]}
    row["hash"] = Chain().hash(row)
    marks = ", ".join(f":{name}" for name in row)
    connection.execute(f"INSERT INTO guidestep_record ({', '.join(row)}) VALUES ({marks})", row)


@given(st.integers(1, RECORDS - 1))
def test_an_inserted_record_is_found(after: Callable[..., Verification], sequence: int) -> None:
    def change(connection: sqlite3.Connection) -> None:
        for table in ("record", "card"):
            connection.execute(
                f"UPDATE guidestep_{table} SET sequence = sequence + 1 WHERE sequence > {sequence}"
            )
        forged(connection, sequence, sequence + 1)

    found = after(change)
    assert first(found) == ("inserted", sequence + 1)
    assert found.count == 1


@pytest.mark.parametrize("place", [0, -5])
def test_a_record_before_the_first_is_found(place: int, after: Callable[..., Verification]) -> None:
    assert first(after(lambda connection: forged(connection, 1, place))) == ("inserted", place)


def test_a_replaced_record_is_found(after: Callable[..., Verification]) -> None:
    """Its hash was computed anew: the record after it tells."""

    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM guidestep_record WHERE sequence = 4")
        connection.execute("DELETE FROM guidestep_card WHERE sequence = 4")
        forged(connection, 3, 4)

    found = after(change)
    assert first(found) == ("changed", 4)
    assert found.count == 1


def test_a_copied_record_is_found(after: Callable[..., Verification]) -> None:
    same = after(
        lambda c: c.execute(
            "INSERT INTO guidestep_record SELECT * FROM guidestep_record WHERE sequence = 5"
        )
    )
    assert first(same) == ("duplicate", 5)

    def chained(connection: sqlite3.Connection) -> None:
        forged(connection, RECORDS, RECORDS + 1)
        connection.execute(
            "UPDATE guidestep_record SET id = (SELECT id FROM guidestep_record WHERE sequence = 2) "
            "WHERE id = 'forged'"
        )
        connection.row_factory = sqlite3.Row
        query = f"SELECT * FROM guidestep_record WHERE sequence = {RECORDS + 1}"
        hash_ = Chain().hash(dict(connection.execute(query).fetchone()))
        connection.execute(
            f"UPDATE guidestep_record SET hash = '{hash_}' WHERE sequence = {RECORDS + 1}"
        )

    assert first(after(chained)) == ("duplicate", RECORDS + 1)


@given(st.integers(0, RECORDS - 1))
def test_a_cut_log_is_found_with_its_head(
    after: Callable[..., Verification], whole: Path, last: int
) -> None:
    def change(connection: sqlite3.Connection) -> None:
        for table in ("record", "card"):
            connection.execute(f"DELETE FROM guidestep_{table} WHERE sequence > {last}")

    with DecisionLog.open(f"sqlite:///{whole}") as log:
        head = log.head()
    assert after(change).holds
    assert first(after(change, head)) == ("truncated", last + 1)


def test_a_log_made_anew_is_found_with_its_head(
    tmp_path: Path, whole: Path, answers: list[Recommendation]
) -> None:
    with DecisionLog.open(f"sqlite:///{whole}") as log:
        head = log.head()
    with DecisionLog.open(f"sqlite:///{tmp_path / 'anew.db'}") as anew:
        fill(anew, answers)
        assert verify(anew).holds
        assert first(verify(anew, anchor=head)) == ("rewritten", RECORDS)
        assert first(verify(anew, anchor=Head(0, "0" * 64))) == ("rewritten", 0)


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM guidestep_card WHERE card = 'card-2-1'",
        "UPDATE guidestep_card SET card = 'card-9' WHERE card = 'card-2-1'",
        "UPDATE guidestep_card SET position = 7 WHERE card = 'card-2-1'",
        "UPDATE guidestep_card SET sequence = 3 WHERE card = 'card-2-1'",
        "UPDATE guidestep_card SET sequence = 99 WHERE card = 'card-2-1'",
        "UPDATE guidestep_card SET sequence = 'x' WHERE card = 'card-2-1'",
        "INSERT INTO guidestep_card VALUES (1, 0, 'card-9')",
        "INSERT INTO guidestep_card VALUES (99, 0, 'card-9')",
        "INSERT INTO guidestep_card VALUES (-1, 0, 'card-9')",
    ],
)
def test_the_list_of_cards_is_verified(change: str, after: Callable[..., Verification]) -> None:
    assert first(after(lambda connection: connection.execute(change)))[0] == "changed"


@pytest.mark.parametrize("column", ["log", "created"])
def test_the_identity_of_the_log_is_verified(
    column: str, after: Callable[..., Verification]
) -> None:
    found = after(lambda c: c.execute(f"UPDATE guidestep_log SET {column} = 'another'"))
    assert first(found) == ("changed", 1)


def test_a_key_is_needed_to_make_a_chain(tmp_path: Path, answers: list[Recommendation]) -> None:
    url = f"sqlite:///{tmp_path / 'keyed.db'}"
    with DecisionLog.open(url, key=KEY) as log:
        fill(log, answers)
        assert verify(log).holds
    with pytest.raises(LogError, match="made with a key"):
        DecisionLog.open(url)
    with DecisionLog.open(url, key=b"another") as log:
        assert first(verify(log))[1] == 1
    with closing(sqlite3.connect(tmp_path / "keyed.db", isolation_level=None)) as connection:
        forged(connection, RECORDS, RECORDS + 1)
    with DecisionLog.open(url, key=KEY) as log:
        assert first(verify(log)) == ("changed", RECORDS + 1)


def test_a_log_without_a_key_does_not_take_one(sqlite: str) -> None:
    DecisionLog.open(sqlite).close()
    with pytest.raises(LogError, match="without a key"):
        DecisionLog.open(sqlite, key=KEY)


def test_faults_are_counted_and_the_first_are_named(after: Callable[..., Verification]) -> None:
    found = after(lambda c: c.execute("UPDATE guidestep_record SET location = 'x'"))
    assert [fault.sequence for fault in found.faults] == list(range(1, RECORDS + 1))
    assert found.count == RECORDS
