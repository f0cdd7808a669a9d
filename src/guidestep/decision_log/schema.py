"""The tables of a log, and the guards that let records be added and nothing else.

One table holds decisions and feedback in one chain; each row has the columns of its kind and null
in the others. Lists and mappings are canonical JSON in text columns, times are ISO 8601 texts in
UTC: what is read is to the last character what was hashed, whichever the database.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

VERSION = 1
"""The version of the tables that this version of guidestep reads and writes."""

METADATA = MetaData()

LOG = Table(
    "guidestep_log",
    METADATA,
    Column("id", SmallInteger, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("log", String(36), nullable=False),
    Column("created", String(27), nullable=False),
    Column("scheme", String(16), nullable=False),
)
"""One row: the version of the tables, which log it is, and how its records are hashed."""

RECORD = Table(
    "guidestep_record",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(8), CheckConstraint("kind IN ('decision', 'feedback')"), nullable=False),
    Column("id", String(36), nullable=False, unique=True),
    Column("time", String(27), nullable=False),
    # a decision
    Column("guideline", Text),
    Column("guideline_version", Text),
    Column("guideline_digest", Text),
    Column("profile", Text),
    Column("parameters", Text),
    Column("engines", Text),
    Column("agreement", SmallInteger),
    Column("versions", Text),
    Column("input_digest", Text),
    Column("input", Text),
    Column("outcome", Text),
    Column("basis", Text),
    Column("steps", Text),
    Column("rules", Text),
    Column("assumptions", Text),
    Column("missing", Text),
    Column("hook", Text),
    Column("hook_instance", Text),
    Column("cards", Text),
    Column("encounter", Text),
    # both
    Column("service", Text),
    Column("client", Text),
    Column("user_id", Text),
    Column("location", Text),
    # feedback
    Column("card", Text),
    Column("decision", BigInteger),
    Column("response", Text),
    Column("response_time", String(27)),
    Column("suggestions", Text),
    Column("reason", Text),
    Column("comment", Text),
    # the chain
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("guidestep_record_card", "card"),
)
"""Decisions and feedback, in the order they were kept."""

CARD = Table(
    "guidestep_card",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("card", Text, nullable=False),
    Index("guidestep_card_card", "card"),
)
"""Which decision a card belongs to; follows from the records, and is verified against them."""

TABLES = (LOG, RECORD, CARD)

COLUMNS: tuple[str, ...] = tuple(column.name for column in RECORD.columns)
"""The columns of a record, in order; all but the hash are hashed."""

_REFUSAL = "a decision log is only added to"


def create(connection: Connection) -> None:
    """Make the tables and their guards.

    The guards refuse UPDATE, DELETE and what comes to the same. They are for mistakes: an owner of
    the database can drop them, and that is what the chain is for.
    """
    METADATA.create_all(connection)
    statements = _sqlite() if connection.dialect.name == "sqlite" else _postgresql()
    for statement in statements:
        connection.execute(text(statement))


def _sqlite() -> Iterator[str]:
    for table in TABLES:
        name = table.name
        for event in ("UPDATE", "DELETE"):
            yield (
                f"CREATE TRIGGER {name}_no_{event.lower()} BEFORE {event} ON {name} "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
            )
    # INSERT OR REPLACE deletes without a DELETE trigger.
    for table, same in (
        (RECORD, "sequence = NEW.sequence OR id = NEW.id"),
        (CARD, "sequence = NEW.sequence AND position = NEW.position"),
        (LOG, "id = NEW.id"),
    ):
        there = f"SELECT 1 FROM {table.name} WHERE {same}"  # noqa: S608 (the words are ours)
        yield (
            f"CREATE TRIGGER {table.name}_no_replace BEFORE INSERT ON {table.name} "
            f"WHEN EXISTS ({there}) BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )


def _postgresql() -> Iterator[str]:
    yield (
        "CREATE OR REPLACE FUNCTION guidestep_only_added_to() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSAL}' USING ERRCODE = 'restrict_violation'; END $$"
    )
    for table in TABLES:
        yield (
            f"CREATE TRIGGER {table.name}_no_change "
            f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table.name} "
            "FOR EACH STATEMENT EXECUTE FUNCTION guidestep_only_added_to()"
        )
