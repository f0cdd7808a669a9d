"""What a decision log costs: `python tests/benchmarks/decision_log.py`.

Records as large as those of the shipped guideline, one after another and many in flight, in SQLite
in a folder (`--folder`: a real disk, or the figures are of memory) and in PostgreSQL (`--url`, or a
server of our own where its programs are installed); then how quickly a log is verified, and the
most memory that takes, over `--records` records.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import yaml  # noqa: E402

import guidestep  # noqa: E402
from guidestep.decision_log import Card, Decision, DecisionLog, Receipt  # noqa: E402
from guidestep.decision_log.verification import verify  # noqa: E402
from guidestep.recommendation import Recommendation  # noqa: E402


def answers() -> list[Recommendation]:
    """Return the answers to the examples of the docs, put together."""
    guideline = guidestep.load("cervical-spasm-opll")
    files = sorted((ROOT / "docs" / "examples").glob("*.yaml"))
    made = [guideline.recommend(yaml.safe_load(f.read_text(encoding="utf-8"))) for f in files]
    for answer in made:
        answer.to_json()
    return made


def cost_of_a_record(made: list[Recommendation]) -> float:
    """Return the microseconds that `Decision.of` takes, the median of many."""
    costs = []
    for _ in range(300):
        before = time.perf_counter()
        for answer in made:
            Decision.of(answer, when=datetime.now(UTC), cards=[Card("a", "Refer")])
        costs.append((time.perf_counter() - before) / len(made))
    return statistics.median(costs) * 1e6


def rate(log: DecisionLog, made: list[Recommendation], count: int, in_flight: int) -> float:
    """Return the records a second that are durable with so many in flight."""
    waiting: deque[Future[Receipt]] = deque()
    before = time.perf_counter()
    for number in range(count):
        if len(waiting) >= in_flight:
            waiting.popleft().result()
        answer = made[number % len(made)]
        decision = Decision.of(answer, when=datetime.now(UTC), cards=[Card(f"c{number}", "Refer")])
        waiting.append(log.submit(decision))
    while waiting:
        waiting.popleft().result()
    return count / (time.perf_counter() - before)


def memory() -> float:
    """Return the most memory that this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name: str, url: str, made: list[Recommendation], records: int) -> None:
    with DecisionLog.open(url) as log:
        rate(log, made, 50, 1)
        for in_flight, count in ((1, 300), (8, 2000), (64, 5000), (256, 10_000)):
            before = time.process_time()
            found = [rate(log, made, count, in_flight) for _ in range(3)]
            cost = (time.process_time() - before) / (3 * count) * 1e6
            middle, most = statistics.median(found), max(found)
            print(
                f"{name}, {in_flight:>3} in flight: {middle:7.0f} records/s, most {most:.0f}; "
                f"{cost:.0f} us of processor each"
            )
        with log.storage.reading() as connection:
            missing = records - log.storage.head(connection).sequence
        if missing > 0:
            rate(log, made, missing, 256)
        before, held = time.perf_counter(), memory()
        found_ = verify(log)
        took = time.perf_counter() - before
        assert found_.holds
        print(
            f"{name}, verified {found_.records} records in {took:.1f} s, "
            f"{found_.records / took:.0f} a second; memory {held:.0f} MB before, "
            f"{memory():.0f} MB at most"
        )


def with_server(run: Callable[[str], None]) -> None:
    """Run with a server of our own, on the disk of the temporary folder."""
    import shutil

    from tests.postgresql import Server, programs

    where = programs()
    if where is None:
        print("PostgreSQL is not installed")
        return
    folder = Path(tempfile.mkdtemp(prefix="guidestep-benchmark-"))
    try:
        shutil.chown(folder, "postgres", "postgres")
        server = Server(folder, where)
        server.make()
        server.start()
        try:
            run(server.database())
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", help="where the SQLite file is made")
    parser.add_argument("--url", help="a PostgreSQL server that is there")
    parser.add_argument("--records", type=int, default=100_000)
    given = parser.parse_args()
    made = answers()
    print(f"Decision.of: {cost_of_a_record(made):.1f} us")
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        measure("SQLite", f"sqlite:///{folder}/log.db", made, given.records)
    if given.url:
        measure("PostgreSQL", given.url, made, given.records)
    else:
        with_server(lambda url: measure("PostgreSQL", url, made, given.records))


if __name__ == "__main__":
    main()
