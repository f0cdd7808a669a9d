"""Whether a log is whole: every record as it was written, none missing, none added, in order.

The records are read once, in order, a page at a time; nothing else is kept in memory.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Literal, TypeAlias

from sqlalchemy import Connection, func, select

from guidestep.decision_log.chain import Stored
from guidestep.decision_log.log import DecisionLog
from guidestep.decision_log.records import Head
from guidestep.decision_log.schema import CARD, RECORD
from guidestep.decision_log.storage import PAGE, Storage

FaultCode: TypeAlias = Literal[
    "changed", "missing", "inserted", "reordered", "duplicate", "truncated", "rewritten"
]

LISTED = 20
"""Faults that a verification names; it counts the rest."""

_NEAR = 200
"""How far from its place a record is looked for, to tell moved from changed."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a log, and at which record; `sequence` is its place.

    `changed`: a record, or what the log says of its cards, is not what was written. `missing` and
    `inserted`: a record is not there, or was never written. `reordered`: it stands in another
    place. `duplicate`: it is there twice. `truncated`: the end is missing. `rewritten`: the log is
    sound in itself and not the one whose head was kept.
    """

    code: FaultCode
    sequence: int
    message: str

    def __str__(self) -> str:
        return f"record {self.sequence}: {self.code}: {self.message}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What a verification came to: the end of the log, its records, the faults in order.

    `faults` are the first ones, `count` is the number of all.
    """

    head: Head
    records: int
    faults: tuple[Fault, ...]
    count: int

    @property
    def holds(self) -> bool:
        """Whether the log is whole."""
        return self.count == 0


def verify(log: DecisionLog, *, anchor: Head | None = None) -> Verification:
    """Return whether a log is whole.

    `anchor` is a head that was kept elsewhere: without one, a log whose last records were cut off
    looks whole, and so does one made anew by somebody who has the key or needs none.

    Raises:
        LogUnavailable: The log cannot be read.
    """
    with log.storage.reading() as connection:
        return _Walk(log.storage, connection, anchor).walk()


class _Walk:
    """One walk along the chain."""

    def __init__(self, storage: Storage, connection: Connection, anchor: Head | None) -> None:
        self.storage = storage
        self.connection = connection
        self.anchor = anchor
        self.faults: list[Fault] = []
        self.count = 0
        self.records = 0
        self.last = Head(0, storage.start)
        self.computed: str | None = storage.start
        self.shift = 0

    def walk(self) -> Verification:
        cards = _Cards(self.connection)
        if self.anchor is not None and self.anchor.sequence == 0:
            self.meet(self.storage.start)
        for row in self.storage.rows(self.connection):
            self.records += 1
            sound = self.visit(row)
            wanted = _cards_of(row) if sound and self.shift == 0 else None
            found = cards.until(self.last.sequence)
            if wanted is not None and found != wanted:
                self.fault("changed", self.last.sequence, "the list of its cards was changed")
        if cards.left():
            self.fault("changed", self.last.sequence, "cards are listed for records after it")
        if self.anchor is not None and self.anchor.sequence > self.last.sequence:
            lost = _span(self.last.sequence + 1, self.anchor.sequence)
            self.fault("truncated", self.last.sequence + 1, f"{lost} at the end, up to the head")
        self.twins()
        return Verification(self.last, self.records, tuple(self.faults), self.count)

    def fault(self, code: FaultCode, sequence: int, message: str) -> None:
        self.count += 1
        if len(self.faults) < LISTED:
            self.faults.append(Fault(code, sequence, message))

    def visit(self, row: Mapping[str, Stored]) -> bool:
        """Compare a record with the one before it; return whether it is as it was written."""
        sequence, hash_ = row["sequence"], row["hash"]
        expected = self.last.sequence + 1
        if not isinstance(sequence, int) or not isinstance(hash_, str):
            at = self.true_place(row, ()) or expected
            self.fault("changed", at, "its place or hash is no place or hash any more")
            return False
        if sequence < 1:
            true = self.true_place(row, ())
            if true is None:
                self.fault("inserted", sequence, "there is no such place")
            else:
                self.fault("reordered", true, f"it stands at place {sequence}")
            return False
        computed = self.hash(row)
        linked = row["previous"] in (self.last.hash, self.computed)
        sound = computed == hash_
        if sequence == self.last.sequence:
            self.fault("duplicate", sequence, "two records have this place")
        elif not sound:
            self.unsound(row, sequence, expected, linked=linked)
        elif sequence > expected:
            self.fault("missing", expected, _span(expected, sequence - 1))
        elif not linked:
            self.unlinked(sequence)
        self.last, self.computed = Head(sequence, hash_), computed
        if self.anchor is not None and sequence == self.anchor.sequence:
            self.meet(hash_)
        return sound

    def meet(self, hash_: str) -> None:
        anchor = self.anchor
        if anchor is not None and anchor.hash != hash_:
            self.fault("rewritten", anchor.sequence, "its hash is not that of the head kept")

    def hash(self, row: Mapping[str, Stored], sequence: int | None = None) -> str | None:
        """Return the hash of a record, at another place if given; `None` where it has none."""
        try:
            moved = row if sequence is None else {**row, "sequence": sequence}
            return self.storage.chain.hash(moved)
        except (TypeError, ValueError):
            return None

    def unsound(
        self, row: Mapping[str, Stored], sequence: int, expected: int, *, linked: bool
    ) -> None:
        """Say what befell a record that is not what its hash says."""
        if self.shift and linked and self.hash(row, sequence + self.shift) == row["hash"]:
            return  # moved with the ones before it, which has been said
        true = self.true_place(row, _around(sequence))
        if true is None:
            self.shift = 0
            if sequence > expected:
                self.fault("missing", expected, _span(expected, sequence - 1))
            self.fault("changed", sequence, "it is not what was written")
            return
        if sequence > expected:
            self.fault("reordered", true, f"it stands at place {sequence}")
            return
        self.shift = true - sequence
        if true < sequence and not linked and self.comes_after(row, sequence - 2):
            what = "it was never written here, and those after it were renumbered"
            self.fault("inserted", sequence - 1, what)
        elif true > sequence and not self.known(row["previous"]):
            lost = _span(sequence, true - 1)
            self.fault("missing", sequence, f"{lost}, and those after were renumbered")
        else:
            self.fault("reordered", sequence, f"it was written as record {true}")

    def true_place(self, row: Mapping[str, Stored], near: Iterable[int]) -> int | None:
        """Return the place at which a record is what its hash says, if there is one."""
        if len(self.faults) >= LISTED:
            return None  # a search, and nobody reads what it finds after so many
        before = select(RECORD.c.sequence).where(RECORD.c.hash == row["previous"]).limit(1)
        place = self.connection.execute(before).scalar()
        places = (place + 1,) if isinstance(place, int) else ()
        candidates = chain((self.last.sequence + 1,), places, near)
        return next((at for at in candidates if self.hash(row, at) == row["hash"]), None)

    def unlinked(self, sequence: int) -> None:
        """Say what befell the record before one that is sound and follows another."""
        if sequence == 1:
            what = "it does not follow from the beginning of this log"
            self.fault("changed", 1, what)
        else:
            what = f"it is not the record that record {sequence} was written after"
            self.fault("changed", sequence - 1, what)

    def comes_after(self, row: Mapping[str, Stored], sequence: int) -> bool:
        if sequence == 0:
            return row["previous"] == self.storage.start
        query = select(RECORD.c.hash).where(RECORD.c.sequence == sequence)
        return self.connection.execute(query).scalar() == row["previous"]

    def known(self, hash_: Stored) -> bool:
        query = select(RECORD.c.sequence).where(RECORD.c.hash == hash_).limit(1)
        return self.connection.execute(query).first() is not None

    def twins(self) -> None:
        """Find records that were copied, with whatever place and hash."""
        query = (
            select(func.max(RECORD.c.sequence).label("sequence"), func.min(RECORD.c.sequence))
            .group_by(RECORD.c.id)
            .having(func.count() > 1)
            .order_by("sequence")
        )
        for later, first in self.connection.execute(query):
            if later != first:
                self.fault("duplicate", later, f"it is record {first} again")


class _Cards:
    """The list of cards beside the records, read along with them."""

    def __init__(self, connection: Connection) -> None:
        query = select(CARD).order_by(CARD.c.sequence, CARD.c.position)
        found = connection.execution_options(yield_per=PAGE).execute(query)
        self._rows = iter(found.mappings())
        self._next = next(self._rows, None)

    def until(self, sequence: int) -> list[tuple[object, object]]:
        """Return place and card of what is listed up to a record and was not returned before."""
        found: list[tuple[object, object]] = []
        while self._next is not None:
            at = self._next["sequence"]
            if isinstance(at, int) and at > sequence:
                break
            place = self._next["position"] if at == sequence else None
            found.append((place, self._next["card"]))
            self._next = next(self._rows, None)
        return found

    def left(self) -> bool:
        return self._next is not None


def _cards_of(row: Mapping[str, Stored]) -> list[tuple[object, object]]:
    text = row["cards"]
    if not isinstance(text, str):
        return []
    return list(enumerate(card["id"] for card in json.loads(text)))


def _around(sequence: int) -> Iterator[int]:
    for far in range(1, _NEAR + 1):
        yield sequence + far
        if far < sequence:
            yield sequence - far


def _span(first: int, last: int) -> str:
    return (
        f"record {first} is missing" if first == last else f"records {first} to {last} are missing"
    )
