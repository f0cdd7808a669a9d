"""A large cohort by every library against the patients one by one, on demand.

`python -m tests.frame.parity 200000` draws synthetic patients with 15 % missing, asks both engines
about each, and compares every column of every library's answers with that. It takes some minutes.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq

from guidestep.frame import from_frame, synthesize
from guidestep.frame.recommend import prepared
from tests.frame.cohorts import BITS, expected, shipped

LIBRARIES = ("polars", "polars lazy", "pandas", "pyarrow", "duckdb", "spark")
DETAILS = ("outcome", "rules", "missing")


def one_by_one(part: Path) -> Path:
    """Write what both engines say to each patient of a file, as the columns of an answer."""
    guideline = shipped()
    order = list(prepared(guideline, None).report.reasons)
    rows: list[dict[str, Any]] = []
    for patient in from_frame(pl.read_parquet(part), guideline):
        answer = expected(guideline, guideline.recommend(patient), None)
        reasons = answer.pop("reasons")
        if not reasons <= set(order):
            raise AssertionError(f"frames have no such reasons: {reasons - set(order)}")
        answer["deciding_rule"] = next((id_ for id_ in order if id_ in reasons), None)
        for start in range(0, len(order), BITS):
            some = order[start : start + BITS]
            bits = sum(1 << at for at, id_ in enumerate(some) if id_ in reasons)
            answer[f"deciding_rules_{start // BITS}"] = bits
        rows.append(answer)
    said = part.with_suffix(".said")
    pl.DataFrame(rows, infer_schema_length=None).write_parquet(said)
    return said


def answers(library: str, file: Path, detail: Any, folder: Path) -> pl.DataFrame:
    """Return what a library answers to the patients of a file, in their order."""
    asked: Callable[[Any], Any] = lambda frame: shipped().recommend_frame(frame, detail=detail)  # noqa: E731
    match library:
        case "polars":
            found = asked(pl.read_parquet(file))
        case "polars lazy":
            found = asked(pl.scan_parquet(file)).collect(engine="streaming")
        case "pandas":
            found = pl.from_pandas(asked(pl.read_parquet(file).to_pandas()))
        case "pyarrow":
            found = pl.from_arrow(asked(pq.read_table(file)))
        case "duckdb":
            found = pl.from_arrow(asked(duckdb.read_parquet(str(file))).to_arrow_table())
        case _:
            from tests.frame.spark import cluster

            with cluster(folder / f"spark {detail}") as session:
                out = folder / f"answers {detail}"
                asked(session.read.parquet(str(file))).write.parquet(str(out))
                found = pl.read_parquet(out / "*.parquet")
    return found.sort("patient")


def main(count: int, libraries: list[str]) -> int:
    """Compare, and return 1 where anything differs."""
    differ = False
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cohort = synthesize(shipped(), count, seed=20261122, missing=0.15).sort("patient")
        cohort.write_parquet(folder / "cohort.parquet")
        parts = []
        for start in range(0, count, 5_000):
            parts.append(folder / f"part-{start}.parquet")
            cohort.slice(start, 5_000).write_parquet(parts[-1])
        begun = time.perf_counter()
        spawn = get_context("spawn")  # a fork of Polars' threads would wait for ever
        with ProcessPoolExecutor(2, mp_context=spawn) as pool:
            said = list(pool.map(one_by_one, parts))
        right = pl.concat(map(pl.read_parquet, said), how="vertical_relaxed")
        print(f"{count} patients one by one: {time.perf_counter() - begun:.0f} s", flush=True)
        print(right["outcome"].value_counts(sort=True).rows(), flush=True)
        for library in libraries:
            for detail in DETAILS:
                found = answers(library, folder / "cohort.parquet", detail, folder)
                names = [column for column in right.columns if column in found.columns]
                wrong = {
                    column: differing
                    for column in names
                    if (
                        differing := found[column]
                        .cast(right.schema[column])
                        .ne_missing(right[column])
                        .sum()
                    )
                }
                told = wrong or "no difference"
                head = f"{library}, {detail}: {found.height} rows, {len(names)} columns"
                print(f"{head}: {told}", flush=True)
                differ |= bool(wrong) or found.height != count
    return int(differ)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("libraries", nargs="*", default=LIBRARIES)
    options = parser.parse_args()
    sys.exit(main(options.count, list(options.libraries)))
