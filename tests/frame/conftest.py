"""The frames of every backend, and a Spark cluster for those of Spark."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from tests.frame.spark import cluster, read, require_java

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_FROM_POLARS: dict[str, Callable[[pl.DataFrame], Any]] = {
    "polars": lambda frame: frame,
    "polars lazy": lambda frame: frame.lazy(),
    "pandas": lambda frame: frame.to_pandas(),
    "pandas pyarrow dtypes": lambda frame: frame.to_pandas(use_pyarrow_extension_array=True),
    "pyarrow": lambda frame: frame.to_arrow(),
    "duckdb": lambda frame: duckdb.connect().from_arrow(frame.to_arrow()),
}

BACKENDS = (*_FROM_POLARS, "spark")


@dataclass(frozen=True, slots=True)
class Backend:
    """A kind of frame: `frame` makes one of a Polars frame, `rows` reads one back."""

    name: str
    frame: Callable[[pl.DataFrame], Any]

    def rows(self, frame: Any, key: str) -> list[dict[str, Any]]:
        """Return the rows as plain values, in the order of a column: not all backends keep one."""
        return sorted(_rows(frame), key=lambda row: row[key])


def _rows(frame: Any) -> list[dict[str, Any]]:
    match frame:
        case pl.LazyFrame():
            return frame.collect().to_dicts()
        case pl.DataFrame():
            return frame.to_dicts()
        case pd.DataFrame():
            # By way of Arrow, where NaN, NaT, NA and None of pandas are all null.
            return pa.Table.from_pandas(frame, preserve_index=False).to_pylist()
        case pa.Table():
            return frame.to_pylist()
        case duckdb.DuckDBPyRelation():
            return frame.to_arrow_table().to_pylist()
    return [row.asDict() for row in frame.collect()]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "spark: needs Java; run in one process, not under xdist")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests on Spark: before pytest looks at what `-m` asks for."""
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if "spark" in getattr(item, "fixturenames", ()) or params.get("backend") == "spark":
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.spark)
            # PySpark says so wherever it may meet pandas, also where it does not.
            quiet = "ignore:PySpark does not yet fully support pandas:FutureWarning"
            item.add_marker(pytest.mark.filterwarnings(quiet))


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A session on a cluster of two executors; ten seconds to start."""
    require_java()
    if "PYTEST_XDIST_WORKER" in os.environ:
        # The groups of xdist would do, but those of 3.8 are lost on pytest 9.2.
        try:
            (tmp_path_factory.getbasetemp().parent / "spark").touch(exist_ok=False)
        except FileExistsError:
            hint = "run xdist with -m 'not spark', and then pytest -m spark without it"
            pytest.fail(f"another process of xdist has a Spark cluster: {hint}", pytrace=False)
    with cluster(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend in turn; of the session, so that Hypothesis may draw the frames."""
    name = request.param
    if name != "spark":
        return Backend(name, _FROM_POLARS[name])
    session: SparkSession = request.getfixturevalue("spark")
    directory: Path = request.getfixturevalue("tmp_path_factory").mktemp("parquet")
    numbers = iter(range(1_000_000))
    return Backend(name, lambda frame: read(session, frame, directory / str(next(numbers))))
