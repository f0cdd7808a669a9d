"""The chain: the hash of each record is over all it holds and the hash of the one before it."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import TypeAlias

from guidestep.decision_log.schema import COLUMNS

Stored: TypeAlias = str | int | None
"""A value as it stands in a column."""

Row: TypeAlias = Mapping[str, Stored]
"""A record as it stands in the table, by column."""

PLAIN = "sha-256"
KEYED = "hmac-sha-256"

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)

_HASHED = tuple(name for name in COLUMNS if name != "hash")


def canonical_json(value: object) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, ASCII alone.

    >>> canonical_json({"b": 1, "a": ["c"]})
    '{"a":["c"],"b":1}'

    Raises:
        TypeError: JSON has no such value.
        ValueError: A number is not finite.
    """
    return _ENCODER.encode(value)


class Chain:
    """Computes hashes: SHA-256, or HMAC with SHA-256 where there is a key.

    Without the key nobody can make records that fit, not even the owner of the database.
    """

    def __init__(self, key: bytes | None = None) -> None:
        self._key = key

    @property
    def scheme(self) -> str:
        """How records are hashed: `sha-256` or `hmac-sha-256`."""
        return PLAIN if self._key is None else KEYED

    def start(self, log: str, created: str) -> str:
        """Return what stands for the hash before the first record of a log."""
        return self._hash(
            canonical_json({"guidestep_log": log, "created": created, "scheme": self.scheme})
        )

    def hash(self, row: Mapping[str, object]) -> str:
        """Return the hash of a record, over all its columns but the hash itself.

        Raises:
            TypeError: A column holds what no record has: bytes, for one.
        """
        return self._hash(canonical_json({name: row[name] for name in _HASHED}))

    def _hash(self, text: str) -> str:
        if self._key is None:
            return sha256(text.encode()).hexdigest()
        return hmac.digest(self._key, text.encode(), "sha256").hex()
