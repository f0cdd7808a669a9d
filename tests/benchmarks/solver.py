"""What the solver's answers cost: `python tests/benchmarks/solver.py`.

Each answer is asked for the patients of `docs/examples`: `why_not` for every outcome and every step
that is not their answer already, `robustness`, `next_questions`. The first call of a process builds
the encoding and is told apart; the figures are of the calls after it, in the order of the files.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import guidestep  # noqa: E402
from guidestep import Guideline, Outcome, Recommendation  # noqa: E402
from guidestep.explain.targets import target_of  # noqa: E402

GUIDELINE = "cervical-spasm-opll"


def answers(guideline: Guideline) -> Iterator[Recommendation]:
    """Yield the answers to the patients of the examples."""
    for path in sorted((ROOT / "docs/examples").glob("*.yaml")):
        yield guideline.recommend(yaml.safe_load(path.read_text()))


def targets(guideline: Guideline, answer: Recommendation) -> Iterator[str]:
    """Yield the outcomes and steps that are not the answer already."""
    assert answer.evidence is not None
    steps = [step for step, entry in guideline.steps.items() if entry.track is not None]
    for wanted in (*(outcome.value for outcome in Outcome), *steps):
        if not target_of(answer.evidence, wanted).holds(answer.evidence.verdicts):
            yield wanted


def calls(guideline: Guideline) -> dict[str, list[Callable[[], object]]]:
    """Return the calls that are timed, by what they ask."""
    found: dict[str, list[Callable[[], object]]] = {"why_not": [], "robustness": []}
    for answer in answers(guideline):
        for wanted in targets(guideline, answer):
            found["why_not"].append(lambda a=answer, w=wanted: a.why_not(w))  # type: ignore[misc]
        found["robustness"].append(answer.robustness)
        for about in ("outcome", "steps"):
            if (asked := getattr(answer, "next_questions", None)) is not None:
                name = f"next_questions, {about}"
                found.setdefault(name, []).append(lambda q=asked, a=about: q(about=a))  # type: ignore[misc]
    return found


def timed(call: Callable[[], object]) -> float:
    """Return how long a call takes, in milliseconds."""
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1000


def small(rounds: int) -> None:
    """Time the answers about one patient."""
    guideline = guidestep.load(GUIDELINE)
    for name, every in calls(guideline).items():
        first = timed(every[0])
        times = [timed(call) for _ in range(rounds) for call in every]
        print(
            f"{name:24} {len(every):4} calls   median {statistics.median(times):7.1f} ms   "
            f"least {min(times):7.1f}   most {max(times):7.1f}   first call {first:7.1f}"
        )


def whole() -> None:
    """Time what is asked of all patients at once."""
    guideline = guidestep.load(GUIDELINE)
    print(f"verify  {timed(guideline.verify) / 1000:6.2f} s")
    other = guideline.configure(reassessment_overdue_weeks=2)
    print(f"diff    {timed(lambda: guidestep.diff(guideline, other)) / 1000:6.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--patients-only", action="store_true")
    options = parser.parse_args()
    small(options.rounds)
    if not options.patients_only:
        whole()
