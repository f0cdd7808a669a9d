"""A log in its database: made when new, read as a stream, added to a group at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self, cast
from uuid import uuid4

from sqlalchemy import URL, ClauseElement, Connection, Engine, insert, inspect, select

from guidestep.decision_log import database
from guidestep.decision_log.chain import KEYED, Chain, Stored
from guidestep.decision_log.database import POSTGRESQL, SQLITE, WRITING, faults
from guidestep.decision_log.errors import LogError, LogUnavailable, UnknownSchema
from guidestep.decision_log.records import Head, Receipt
from guidestep.decision_log.rows import written_time
from guidestep.decision_log.schema import CARD, LOG, RECORD, VERSION, create

PAGE = 500
"""Rows that are in memory at once when a log is read."""

_PLACE = ("sequence", "decision", "previous", "hash")


@dataclass(frozen=True, slots=True)
class Identity:
    """Which log it is, when it was made (ISO 8601) and how its records are hashed."""

    log: str
    created: str
    scheme: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A row to be kept, its place in the chain left open, and the ids of its cards."""

    row: Mapping[str, Stored]
    cards: tuple[str, ...] = ()


class Refused(LogError):  # noqa: N818
    """One record that the log cannot keep, whatever the database does."""


class Storage:
    """One log; safe to use from several threads."""

    def __init__(self, url: URL, engine: Engine, chain: Chain, identity: Identity) -> None:
        self.url = url
        self.engine = engine
        self.chain = chain
        self.identity = identity
        self._insert = {table: _statement(insert(table), engine) for table in (RECORD, CARD)}
        last = select(RECORD.c.sequence, RECORD.c.hash).order_by(RECORD.c.sequence.desc())
        self._last = _statement(last.limit(1), engine)

    @classmethod
    def open(cls, url: URL, chain: Chain, *, create_it: bool, seconds: float) -> Self:
        """Return the log at an address, made if it is not there.

        Raises:
            LogError: It is not there and is not to be made, or needs a key, or another one.
            LogUnavailable: The database cannot be reached.
            UnknownSchema: Its tables are of another version.
        """
        database.prepare_file(url, create=create_it)
        engine = database.engine_of(url, seconds=seconds)
        try:
            with faults("the log cannot be opened"):
                identity = _opened(engine, chain, create_it=create_it)
        except BaseException:
            engine.dispose()
            raise
        return cls(url, engine, chain, identity)

    @property
    def start(self) -> str:
        """What stands for the hash before the first record."""
        return self.chain.start(self.identity.log, self.identity.created)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the log as it is now, whatever is added meanwhile.

        Raises:
            LogUnavailable: The database cannot be reached, or goes away meanwhile.
        """
        with faults("the log cannot be read"), self.engine.connect() as connection:
            if connection.dialect.name == POSTGRESQL:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    def head(self, connection: Connection) -> Head:
        """Return the last record's place and hash; place 0 is before the first."""
        row = connection.exec_driver_sql(self._last).first()
        return Head(0, self.start) if row is None else Head(row.sequence, row.hash)

    def rows(
        self, connection: Connection, *, kind: str | None = None
    ) -> Iterator[Mapping[str, Stored]]:
        """Yield the records in order, a page at a time in memory."""
        query = select(RECORD).order_by(RECORD.c.sequence)
        if kind is not None:
            query = query.where(RECORD.c.kind == kind)
        found = connection.execution_options(yield_per=PAGE).execute(query)
        for row in found.mappings():
            yield cast("Mapping[str, Stored]", row)

    def add(
        self, connection: Connection, entries: Sequence[Entry], *, again: bool
    ) -> list[Receipt]:
        """Add entries in a transaction that the caller commits; return their receipts, in order.

        `again` says that some may be there already, from an attempt whose fate is not known: what
        is there is not added twice.

        Raises:
            Refused: An entry has the id of another record.
            SQLAlchemyError: Whatever the database says.
        """
        database.lock(connection)
        kept = self._kept(connection, entries) if again else {}
        new = [entry for entry in entries if entry.row["id"] not in kept]
        decisions = self._decisions(connection, new)
        head = self.head(connection)
        records: list[dict[str, Stored]] = []
        cards: list[dict[str, Stored]] = []
        for entry in new:
            row = {**entry.row, "sequence": head.sequence + 1, "previous": head.hash}
            if row["kind"] == "feedback":
                row["decision"] = _told_of(row, decisions.get(cast("str", row["card"]), ()))
            row["hash"] = hash_ = self.chain.hash(row)
            head = Head(head.sequence + 1, hash_)
            records.append(row)
            for position, card in enumerate(entry.cards):
                cards.append({"sequence": head.sequence, "position": position, "card": card})
                decisions.setdefault(card, []).append(row)
        if records:
            connection.exec_driver_sql(self._insert[RECORD], records)
        if cards:
            connection.exec_driver_sql(self._insert[CARD], cards)
        database.still_there(connection)
        receipts = kept | {row["id"]: _receipt(row) for row in records}
        return [receipts[entry.row["id"]] for entry in entries]

    def _kept(self, connection: Connection, entries: Sequence[Entry]) -> dict[Stored, Receipt]:
        """Return the receipts of the entries that are there already."""
        given = {entry.row["id"]: entry.row for entry in entries}
        found = connection.execute(select(RECORD).where(RECORD.c.id.in_(list(given))))
        kept: dict[Stored, Receipt] = {}
        for row in found.mappings():
            wanted = given[row["id"]]
            if any(row[name] != value for name, value in wanted.items() if name not in _PLACE):
                raise Refused("another record has this id", "every decision needs an id of its own")
            kept[row["id"]] = _receipt(cast("Mapping[str, Stored]", row))
        return kept

    def _decisions(
        self, connection: Connection, entries: Sequence[Entry]
    ) -> dict[str, list[Mapping[str, Stored]]]:
        """Return the decisions, in order, with each card that an entry of feedback is about."""
        wanted = {entry.row["card"] for entry in entries if entry.row["kind"] == "feedback"}
        if not wanted:
            return {}
        query = (
            select(CARD.c.card, RECORD.c.sequence, RECORD.c.service, RECORD.c.client)
            .join_from(CARD, RECORD, CARD.c.sequence == RECORD.c.sequence)
            .where(CARD.c.card.in_(list(wanted)))
            .order_by(CARD.c.sequence)
        )
        decisions: dict[str, list[Mapping[str, Stored]]] = {}
        for row in connection.execute(query).mappings():
            decisions.setdefault(row["card"], []).append(cast("Mapping[str, Stored]", row))
        return decisions

    def recognise(self, connection: Connection) -> None:
        """See that the log behind a new connection is this one.

        Raises:
            LogUnavailable: It is another, or none.
            UnknownSchema: Its tables are of another version.
        """
        if _identity(connection) != self.identity:
            raise LogUnavailable("another log is at the address", "put this one back")

    def check(self) -> None:
        """See that the log is there, is this one, and can be added to.

        Raises:
            LogError: It is not.
        """
        with faults("the log cannot be reached"), self.engine.connect() as connection:
            connection = connection.execution_options(**{WRITING: True})
            with connection.begin() as transaction:
                self.recognise(connection)
                # A standby answers every question and takes no record.
                if (
                    connection.dialect.name == POSTGRESQL
                    and connection.exec_driver_sql("SHOW transaction_read_only").scalar() != "off"
                ):
                    raise LogUnavailable("the server is read-only", "name the primary")
                database.still_there(connection)
                transaction.rollback()


def _statement(clause: ClauseElement, engine: Engine) -> str:
    """Return a statement as the driver takes it, for what is said for every group.

    To find its text anew each time costs SQLAlchemy more than the database needs to obey it.
    """
    return str(clause.compile(dialect=engine.dialect, compile_kwargs={"literal_binds": True}))


def _receipt(row: Mapping[str, Stored]) -> Receipt:
    return Receipt(
        cast("int", row["sequence"]),
        cast("str", row["id"]),
        cast("str", row["hash"]),
        cast("int | None", row["decision"]),
    )


def _opened(engine: Engine, chain: Chain, *, create_it: bool) -> Identity:
    with engine.connect() as connection:
        if connection.dialect.name == SQLITE:
            database.write_ahead(connection)
        with connection.begin():
            identity = _identity(connection)
            database.durable(connection)
    if identity is None:
        if not create_it:
            raise LogError("there is no log in this database", "see --log or GUIDESTEP_LOG")
        identity = _made(engine, chain)
    if identity.scheme != chain.scheme:
        if identity.scheme == KEYED:
            raise LogError("the log was made with a key", "give the key, or nothing can be checked")
        raise LogError("the log was made without a key", "leave the key out, or make a new log")
    return identity


def _made(engine: Engine, chain: Chain) -> Identity:
    with engine.connect() as connection:
        connection = connection.execution_options(**{WRITING: True})
        with connection.begin():
            database.lock(connection)
            # Another process may have made it since.
            identity = _identity(connection)
            if identity is None:
                create(connection)
                identity = Identity(str(uuid4()), written_time(datetime.now(UTC)), chain.scheme)
                row = {
                    "id": 1,
                    "version": VERSION,
                    "log": identity.log,
                    "created": identity.created,
                    "scheme": identity.scheme,
                }
                connection.execute(insert(LOG), row)
    return identity


def _identity(connection: Connection) -> Identity | None:
    """Return which log is in a database, or none.

    Raises:
        UnknownSchema: Its tables are of another version.
    """
    if not inspect(connection).has_table(LOG.name):
        return None
    row = connection.execute(select(LOG).where(LOG.c.id == 1)).mappings().first()
    if row is None or row["version"] != VERSION:
        found = "no version" if row is None else f"version {row['version']}"
        raise UnknownSchema(
            f"the tables of the log have {found}, this guidestep knows version {VERSION}",
            "use the guidestep that made the log, or a newer one",
        )
    return Identity(row["log"], row["created"], row["scheme"])


def _told_of(feedback: Mapping[str, Stored], decisions: Sequence[Mapping[str, Stored]]) -> Stored:
    """Return the place of the decision that feedback is about: the latest that it can be of.

    Feedback through another service, or of another client, than got the card is about no decision:
    it must not count as what the clinicians did who saw it.
    """
    who = [name for name in ("service", "client") if feedback[name] is not None]
    for decided in reversed(decisions):
        if all(feedback[name] == decided[name] for name in who):
            return decided["sequence"]
    return None
