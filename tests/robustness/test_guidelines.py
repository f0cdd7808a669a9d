"""Two hundred broken guidelines: each fault has its place, and nothing else ever happens."""

from __future__ import annotations

import re
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

import guidestep
from guidestep import GuidelineError
from guidestep.cases import read_cases
from guidestep.language.diagnostics import Diagnostic
from tests.robustness.mutations import TEXT_MUTATIONS

SHIPPED = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
NAMES = sorted(path.name for path in SHIPPED.glob("*.yaml"))
COUNT = 200
CASES = 45
"""Mutated files of cases; each time all cases are read, which takes a while."""
SECONDS = 5.0

COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Characters that command a terminal, which no report may repeat."""

FROM_AFAR = {
    "unknown-id": "the file no longer has what another one names",
    "unknown-field": "the file no longer has a definition that another one uses",
    "unknown-name": "the file no longer has a definition that another one uses",
    "unused-fact": "the file no longer names the fact",
    "unused-citation": "the file no longer names the citation",
    "unused-assumption": "the file no longer names the assumption",
    "unused-definition": "the file no longer uses the definition",
    "unreachable-step": "the file no longer leads to the step",
    "bad-track": "the file no longer has the step that the track is at",
    "threshold-without-figure": "the file no longer has the figure that a threshold rests on",
    "bad-attribute": "the file no longer reads the attribute that guideline.yaml declares",
    "duplicate-id": "of two equal ids the second is at fault",
}
"""The faults that rightly stand in another file than the one that was changed."""


def faults_of(load: Callable[[Path], object], folder: Path) -> tuple[Diagnostic, ...] | None:
    """Return the faults of a guideline, or None where it loads; anything else is a failure."""
    start = time.perf_counter()
    try:
        load(folder)
    except GuidelineError as error:
        return error.diagnostics
    finally:
        assert time.perf_counter() - start < SECONDS
    return None


@pytest.mark.slow
def test_mutated_guidelines(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    folder = tmp_path / "cervical-spasm-opll"
    shutil.copytree(SHIPPED, folder, ignore=shutil.ignore_patterns("cases"))
    for seed in range(COUNT):
        random = Random(seed)
        name = NAMES[seed % len(NAMES)]
        mutate = TEXT_MUTATIONS[seed % len(TEXT_MUTATIONS)]
        good = (folder / name).read_bytes()
        bad = mutate(good, random)
        what = f"seed {seed}: {mutate.__name__} in {name}"
        (folder / name).write_bytes(bad)
        faults = faults_of(guidestep.load, folder)
        (folder / name).write_bytes(good)
        if faults is None:
            outcomes["harmless"] += 1
            continue
        here = [fault for fault in faults if fault.span.source.name == name]
        lines = bad.decode(errors="replace").count("\n") + 1
        for fault in here:
            assert 1 <= fault.span.line <= lines, what
            assert fault.span.column >= 1, what
        assert faults, what
        assert here or {fault.code for fault in faults} <= set(FROM_AFAR), f"{what}\n{faults}"
        report = "\n".join(fault.render() for fault in faults)
        assert not COMMANDS.search(report), f"{what}\n{report!r}"
        outcomes["here" if here else "from afar"] += 1
    assert outcomes.total() == COUNT
    # Most of a guideline is prose, in which a letter more or less cannot be a fault.
    assert outcomes["here"] >= COUNT / 2, outcomes


@pytest.mark.slow
def test_mutated_cases(tmp_path: Path) -> None:
    outcomes: Counter[str] = Counter()
    names = sorted(path.name for path in (SHIPPED / "cases").glob("*.yaml"))
    folder = tmp_path / "cases"
    shutil.copytree(SHIPPED / "cases", folder)
    for seed in range(CASES):
        random = Random(seed)
        name = names[seed % len(names)]
        good = (folder / name).read_bytes()
        mutate = TEXT_MUTATIONS[seed % len(TEXT_MUTATIONS)]
        (folder / name).write_bytes(mutate(good, random))
        faults = faults_of(read_cases, tmp_path)
        (folder / name).write_bytes(good)
        if faults is None:
            outcomes["harmless"] += 1
            continue
        here = [fault for fault in faults if fault.span.source.name == f"cases/{name}"]
        assert here or {fault.code for fault in faults} <= {"unknown-id", "duplicate-id"}
        outcomes["faulty"] += 1
    assert outcomes["faulty"] >= CASES / 3, outcomes
