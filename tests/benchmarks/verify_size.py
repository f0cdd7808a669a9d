"""What proofs cost: `python tests/benchmarks/verify_size.py [RULES ...]`.

The shipped guideline in all its profiles, then generated guidelines of more and more rules: the
time to load, the time to verify and what of it the solver took, and how much memory the process
had needed by then.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import guidestep  # noqa: E402
from guidestep import Guideline  # noqa: E402
from tests.benchmarks.generated import Generated  # noqa: E402

SIZES = (100, 250, 500)


def line(name: str, guideline: Guideline, profile: str, loading: float) -> str:
    """Verify a guideline under one profile, and return what that cost."""
    begin = time.perf_counter()
    report = guideline.verify(profile=profile)
    seconds = time.perf_counter() - begin
    counts = ", ".join(f"{count} {result.value}" for result, count in report.counts().items())
    solver = sum(section.seconds for section in report.sections)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return f"{name:32} {loading:6.1f} {seconds:8.1f} {solver:8.1f} {memory:7d} MB  {counts}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="what proofs cost")
    parser.add_argument("rules", nargs="*", type=int, default=SIZES, help="sizes to generate")
    given = parser.parse_args(arguments)
    print(f"{'':32} {'load':>6} {'verify':>8} {'solver':>8} {'memory':>10}  in seconds")
    begin = time.perf_counter()
    shipped = guidestep.load("cervical-spasm-opll")
    loading = time.perf_counter() - begin
    for profile in shipped.profiles:
        print(line(f"shipped, profile {profile}", shipped, profile, loading), flush=True)
    for rules in given.rules:
        made = Generated(rules=rules, fields=max(30, rules * 3 // 10), findings=rules // 6)
        with tempfile.TemporaryDirectory() as parent:
            folder = Path(parent) / "generated"
            made.write(folder)
            begin = time.perf_counter()
            guideline = guidestep.load(folder, model=made.model())
            loading = time.perf_counter() - begin
        name = f"{len(guideline.rules)} rules over {made.fields} fields"
        print(line(name, guideline, guideline.default_profile, loading), flush=True)


if __name__ == "__main__":
    main()
