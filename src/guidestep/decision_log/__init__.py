"""The decision log: what was decided, for whom to audit, and what clinicians made of it.

Append-only, chained by hashes, in SQLite or PostgreSQL. It needs `[log]`, and `[postgresql]` for
PostgreSQL.
"""

try:
    import sqlalchemy as _sqlalchemy  # noqa: F401 (only whether it is there)
except ModuleNotFoundError as error:
    if error.name != "sqlalchemy":
        raise
    raise ModuleNotFoundError(
        "guidestep.decision_log is an extra: pip install 'guidestep[log]'", name="sqlalchemy"
    ) from None

from guidestep.decision_log.errors import LogError, LogUnavailable, UnknownSchema
from guidestep.decision_log.log import DecisionLog
from guidestep.decision_log.records import (
    Card,
    Coding,
    Decision,
    Feedback,
    Head,
    Receipt,
    RuleHeard,
    StepTaken,
)

__all__ = [
    "Card",
    "Coding",
    "Decision",
    "DecisionLog",
    "Feedback",
    "Head",
    "LogError",
    "LogUnavailable",
    "Receipt",
    "RuleHeard",
    "StepTaken",
    "UnknownSchema",
]
