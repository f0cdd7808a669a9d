"""What a cohort costs, side by side in one run: `python tests/benchmarks/cohort.py`.

The shipped guideline over synthetic patients, `detail="outcome"`, by every library, beside the
single-patient loop and beside the machine's own limit (`copy`, in seconds): reading and writing the
same columns with no rules at all. Each figure comes from a process of its own, which also tells its
peak memory. Read the ratios before the rates: other work on the machine slows all columns alike.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

MILLION = 1_000_000
PART = 500_000
"""Synthetic patients in one Parquet file; larger cohorts repeat a few such files."""
SEEDS = 4


def cohort_folder(folder: Path, rows: int) -> Path:
    """Return a folder of Parquet files with so many synthetic patients."""
    import guidestep
    from guidestep.frame import write_synthetic

    guideline = guidestep.load("cervical-spasm-opll")
    made = folder / f"rows-{rows}"
    made.mkdir()
    for part in range(-(-rows // PART)):
        source = folder / f"seed-{part % SEEDS}.parquet"
        if not source.exists():
            write_synthetic(source, guideline, PART, seed=part % SEEDS)
        os.link(source, made / f"part-{part:04d}.parquet")
    return made


# --- what is measured, each in a process of its own -----------------------------------------------


def loop(folder: Path, rows: int) -> dict[str, float]:
    """The single-patient path, both channels, over the first rows as assessments."""
    import polars as pl

    import guidestep
    from guidestep.frame import from_frame

    guideline = guidestep.load("cervical-spasm-opll")
    some = pl.read_parquet(folder / "*.parquet", n_rows=2_000)
    patients = [a.to_dict() for a in from_frame(some, guideline)]
    for patient in patients[:200]:
        guideline.recommend(patient)
    seconds = timed(lambda: [guideline.recommend(patient) for patient in patients])
    return {"seconds": seconds / len(patients) * rows}


def polars_eager(folder: Path, rows: int) -> dict[str, float]:
    """A Polars frame in memory."""
    import polars as pl

    guideline = loaded()
    frame = pl.read_parquet(folder / "*.parquet").rechunk()
    assert frame.height == rows
    guideline.recommend_frame(frame.head(1000))
    size, before = frame.estimated_size("mb"), resident()
    seconds = min(timed(lambda: guideline.recommend_frame(frame)) for _ in range(3))
    peak = peak_resident() - before
    # The fewer the rows, the more another process can take of so short a time.
    more = (timed(lambda: guideline.recommend_frame(frame)) for _ in range(10_000_000 // rows))
    seconds = min([seconds, *more])
    # What it takes to read and write as much without a rule: every column into one buffer.
    copied = timed(lambda: frame.write_ipc(None))
    return {"seconds": seconds, "frame": size, "above the frame": peak, "copy": copied}


def polars_lazy(folder: Path, rows: int) -> dict[str, float]:
    """Lazy Polars from Parquet to Parquet, streamed."""
    import polars as pl

    guideline = loaded()
    out = folder.parent / "answers.parquet"
    answers = guideline.recommend_frame(pl.scan_parquet(folder / "*.parquet"), on_invalid="flag")
    seconds = timed(lambda: answers.select("patient", *ANSWERS).sink_parquet(out))
    plain = pl.scan_parquet(folder / "*.parquet")
    copied = timed(lambda: plain.sink_parquet(folder.parent / "copy.parquet"))
    return {"seconds": seconds, "copy": copied, "peak": peak_resident()}


def duckdb_parquet(folder: Path, rows: int) -> dict[str, float]:
    """DuckDB from Parquet to Parquet, out of core."""
    import duckdb

    guideline = loaded()
    duckdb.sql("SET memory_limit = '2GB'")
    duckdb.sql(f"SET temp_directory = '{folder.parent / 'duckdb'}'")
    cohort = duckdb.read_parquet(str(folder / "*.parquet"))
    planned = time.perf_counter()
    answers: Any = guideline.recommend_frame(cohort, on_invalid="flag")
    planning = time.perf_counter() - planned
    columns = ", ".join(f'"{name}"' for name in ("patient", *ANSWERS))
    out = str(folder.parent / "answers.parquet")
    seconds = timed(lambda: answers.project(columns).write_parquet(out))
    copied = timed(lambda: cohort.write_parquet(str(folder.parent / "copy.parquet")))
    return {"seconds": seconds, "planning": planning, "copy": copied, "peak": peak_resident()}


def spark_parquet(folder: Path, rows: int) -> dict[str, float]:
    """Spark from Parquet to Parquet, on two local cores."""
    from pyspark.sql import SparkSession

    guideline = loaded()
    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.memory", "4g")
        .config("spark.python.sql.dataFrameDebugging.enabled", "false")
        .config("spark.sql.codegen.maxFields", "5000")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    cohort = spark.read.parquet(str(folder))
    cohort.count()
    planned = time.perf_counter()
    answers: Any = guideline.recommend_frame(cohort, on_invalid="flag")
    planning = time.perf_counter() - planned
    out, copy = str(folder.parent / "answers"), str(folder.parent / "copy")
    seconds = timed(
        lambda: answers.select("patient", *ANSWERS).write.mode("overwrite").parquet(out)
    )
    copied = timed(lambda: cohort.write.mode("overwrite").parquet(copy))
    spark.stop()
    return {"seconds": seconds, "planning": planning, "copy": copied}


MEASURES: dict[str, Callable[[Path, int], dict[str, float]]] = {
    "loop": loop,
    "polars": polars_eager,
    "polars lazy": polars_lazy,
    "duckdb": duckdb_parquet,
    "spark": spark_parquet,
}
ANSWERS = ("outcome", "basis", "deciding_rule", "missing_count", "not_evaluable_count")


def loaded() -> Any:
    import guidestep

    warnings.simplefilter("ignore")
    return guidestep.load("cervical-spasm-opll")


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def resident() -> float:
    """Return the memory in use now, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def peak_resident() -> float:
    """Return the most memory in use so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- the report -----------------------------------------------------------------------------------


def measured(what: str, folder: Path, rows: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--measure", what, str(folder), str(rows)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what}, {rows} rows, failed:\n{done.stderr[-3000:]}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def report(sizes: list[int], large: int, libraries: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds: dict[str, dict[int, float]] = {}
        for size in sizes:
            rows = int(size * MILLION)
            made = cohort_folder(folder, rows)
            print(f"\n{rows:,} patients")
            for what in libraries:
                if what == "loop" and size != sizes[0]:
                    continue
                if what == "spark" and size != sizes[0]:
                    continue
                found = measured(what, made, rows)
                seconds.setdefault(what, {})[rows] = found["seconds"]
                rate = rows / found["seconds"]
                more = "  ".join(f"{k} {v:.2f}" for k, v in found.items() if k != "seconds")
                print(f"  {what:<12} {rate:14,.0f} patients/s   {more}", flush=True)
            shutil.rmtree(made)
        first = int(sizes[0] * MILLION)
        if {"loop", "polars"} <= seconds.keys():
            ratio = seconds["loop"][first] / seconds["polars"][first]
            print(f"\nPolars in memory is {ratio:,.0f} times the single-patient loop")
        for what, found_by in seconds.items():
            if len(found_by) > 1:
                last = max(found_by)
                growth = found_by[last] / found_by[first]
                print(f"{what}: {last / first:.0f} times the patients cost {growth:.1f} times")
        if large:
            rows = large * MILLION
            made = cohort_folder(folder, rows)
            print(f"\n{rows:,} patients from Parquet to Parquet")
            for what in ("polars lazy", "duckdb"):
                found = measured(what, made, rows)
                rate = rows / found["seconds"]
                print(f"  {what:<12} {rate:14,.0f} patients/s   peak {found['peak']:.0f} MB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=float, nargs="+", default=[1, 5, 20], help="in millions")
    parser.add_argument("--large", type=int, default=50, help="in millions; 0 leaves it out")
    parser.add_argument("--libraries", nargs="+", default=list(MEASURES), choices=list(MEASURES))
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        what, where, count = options.measure
        print(json.dumps(MEASURES[what](Path(where), int(count))))
    else:
        report(options.sizes, options.large, options.libraries)
