"""Answers to log, and a log in each database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

import guidestep
from guidestep.decision_log import DecisionLog
from guidestep.recommendation import Recommendation
from tests.postgresql import ONCE, Server, postgresql  # noqa: F401 (a fixture)

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


@pytest.fixture(scope="session")
def answers() -> list[Recommendation]:
    """An answer to each of the examples."""
    guideline = guidestep.load("cervical-spasm-opll")
    files = sorted(EXAMPLES.glob("*.yaml"))
    return [guideline.recommend(yaml.safe_load(f.read_text(encoding="utf-8"))) for f in files]


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'log.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=ONCE)])
def url(request: pytest.FixtureRequest) -> str:
    """The address of a new database, one of each kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite"))
    server: Server = request.getfixturevalue("postgresql")
    return server.database()


@pytest.fixture
def log(url: str) -> Iterator[DecisionLog]:
    with DecisionLog.open(url, keep_input=True) as opened:
        yield opened
