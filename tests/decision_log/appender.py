"""A process that appends as quickly as it can and prints what was acknowledged.

`python -m tests.decision_log.appender URL COUNT IN_FLIGHT [LIMIT]` prints sequence, id and hash.
LIMIT is the size that no file may grow beyond, until the log says that it is unavailable: then
`full` is printed, with the reason, and the limit is lifted. With 0 in flight all are handed in, and
the process ends without waiting for them or closing the log.
"""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
from collections import deque
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

from guidestep.decision_log import Card, Decision, DecisionLog, LogUnavailable, Receipt, RuleHeard

ROOT = Path(__file__).parents[2]


def decision(number: int) -> Decision:
    """A decision that no guideline needs to be loaded for, about as large as a real one."""
    return Decision(
        when=datetime.now(UTC),
        guideline="some-guideline",
        guideline_version="1.0.0",
        guideline_digest="d" * 64,
        profile="source",
        parameters={"threshold": 12.5},
        engines=("durable", "compiled"),
        agreement=True,
        versions={"guidestep": "0"},
        input_digest=f"{number:064x}",
        outcome="recommend",
        basis="source",
        rules=tuple(RuleHeard(f"R{index:03}", "true") for index in range(12)),
        missing=tuple(f"section.field_{index}" for index in range(8)),
        cards=(Card(f"card-{number}", "Start with mobility"),),
    )


def start(url: str, count: int, in_flight: int, *more: str) -> subprocess.Popen[str]:
    """Start the process."""
    arguments = [url, str(count), str(in_flight), *more]
    return subprocess.Popen(
        [sys.executable, "-m", "tests.decision_log.appender", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def main(url: str, count: int, in_flight: int, limit: int | None) -> None:
    if limit is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    waiting: deque[Future[Receipt]] = deque()

    def settle() -> None:
        try:
            receipt = waiting.popleft().result()
        except LogUnavailable as error:
            if limit is None:
                raise
            print(f"full {error}", flush=True)
            resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        else:
            print(receipt.sequence, receipt.id, receipt.hash, flush=True)

    if in_flight == 0:  # hand all in, and end without a word
        left_open = DecisionLog.open(url)
        for number in range(count):
            left_open.submit(decision(number))
        return
    with DecisionLog.open(url) as log:
        for number in range(count):
            if len(waiting) >= in_flight:
                settle()
            waiting.append(log.submit(decision(number)))
        while waiting:
            settle()


if __name__ == "__main__":
    url, count, in_flight, *more = sys.argv[1:]
    main(url, int(count), int(in_flight), int(more[0]) if more else None)
