"""What one recommendation costs, side by side in one run: `python tests/benchmarks/single.py`.

A round is a block of 100 patients in each column, one column after the other: blocks, because the
slowest column leaves nothing of the others in the caches, and a column of one patient would time
that. Every figure is the median over the rounds of a round's mean, so that a slow minute of the
machine slows all columns alike; read the ratios before the microseconds, and on a busy machine the
least of the rounds beside the median. The patients are variants of the examples in the docs, each
with measurements of its own, so that nothing is answered from memory alone; one column has patients
drawn at random instead, of whom no two are alike. What a recommendation says is put together when a
part of it is first read, so that a column of its own reads all of it.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import guidestep  # noqa: E402
import guidestep.frame  # noqa: E402
from guidestep.assessment import FieldKind  # noqa: E402
from guidestep.engines.compiled import CompiledEngine  # noqa: E402
from guidestep.engines.durable import DurableEngine  # noqa: E402
from guidestep.language.program import Definition, Engine, Input, Program, Value  # noqa: E402
from guidestep.language.tree import (  # noqa: E402
    And,
    Compare,
    Constant,
    Expression,
    Field,
    IsMember,
    Or,
    Reference,
)
from guidestep.language.types import CONDITION, INTEGER, Kind, Type  # noqa: E402
from guidestep.language.yaml_reader import plain, read_file  # noqa: E402
from tests.benchmarks.durable_python_api import python_api_evaluator  # noqa: E402

Patient = dict[str, dict[str, object]]

BLOCK = 100
"""So many patients after one another in each column, which are timed together."""


def patients(count: int, seed: int = 7) -> list[Patient]:
    """Return variants of the examples: what is measured in numbers differs from one to another."""
    rng = random.Random(seed)
    fields = guidestep.load("cervical-spasm-opll").model.fields()
    examples = []
    for path in sorted((ROOT / "docs/examples").glob("*.yaml")):
        node, faults = read_file(path, path.name)
        assert node is not None
        assert not faults
        examples.append(json.loads(json.dumps(plain(node), default=str)))
    found: list[Patient] = []
    while len(found) < count:
        patient = json.loads(json.dumps(examples[len(found) % len(examples)]))
        for section, values in patient.items():
            for name in values if isinstance(values, dict) else ():
                spec = fields.get(f"{section}.{name}")
                if section == "measures" and spec and spec.kind is FieldKind.DECIMAL:
                    values[name] = round(rng.uniform(spec.minimum or 0, spec.maximum or 1), 1)
        found.append(patient)
    return found


def blocks(
    columns: Mapping[str, Callable[[int], object]], rounds: int
) -> dict[str, tuple[float, float]]:
    """Return the median and the least mean of a block, in microseconds, the columns in turn."""
    times: dict[str, list[float]] = {name: [] for name in columns}
    gc.collect()
    gc.disable()
    try:
        for first in range(0, rounds * BLOCK, BLOCK):
            for name, call in columns.items():
                for index in range(first + BLOCK - 20, first + BLOCK):
                    call(index)  # untimed: the caches are still those of the column before
                begin = time.perf_counter_ns()
                for index in range(first, first + BLOCK):
                    call(index)
                times[name].append((time.perf_counter_ns() - begin) / BLOCK / 1000)
                # What a column leaves in cycles would fill the memory of those after it.
                gc.collect()
    finally:
        gc.enable()
    return {name: (statistics.median(values), min(values)) for name, values in times.items()}


def recommendation(rounds: int) -> None:
    """Compare a recommendation with its parts and with the engine's own Python interface."""
    guideline = guidestep.load("cervical-spasm-opll")
    given = patients(600)
    cohort = guidestep.frame.synthesize(guideline, 2000, seed=3)
    drawn = [patient.to_dict() for patient in guidestep.frame.from_frame(cohort, guideline)]
    read = [guideline.model.read(patient) for patient in given]
    channels = guideline.channels()
    inputs = [channels.inputs(patient) for patient in read]
    durable, compiled = channels.engine("durable"), channels.engine("compiled")
    python_api = python_api_evaluator(channels.compiled.program)
    size = len(given)
    columns: dict[str, Callable[[int], object]] = {
        "dict in, Recommendation out, both channels": lambda i: guideline.recommend(
            given[i % size]
        ),
        "the same, and all it says read": lambda i: guideline.recommend(given[i % size]).reasons,
        "both channels, patients drawn at random": lambda i: guideline.recommend(
            drawn[i % len(drawn)]
        ),
        "compiled channel alone": lambda i: guideline.recommend(given[i % size], engine="compiled"),
        "validation alone": lambda i: guideline.model.read(given[i % size]),
        "durable channel, verdicts only": lambda i: durable.evaluate(inputs[i % size]),
        "compiled channel, verdicts only": lambda i: compiled.evaluate(inputs[i % size]),
        "durable.engine.Ruleset, verdicts only": lambda i: python_api(inputs[i % size]),
    }
    for patient in inputs[:60]:
        assert durable.evaluate(patient) == compiled.evaluate(patient) == python_api(patient)
    blocks(columns, size // BLOCK)
    found = blocks(columns, rounds)
    whole, _ = found["dict in, Recommendation out, both channels"]
    definitions = len(channels.compiled.program.definitions)
    print(f"\nOne recommendation ({definitions} definitions, {len(inputs[0])} inputs)")
    print(f"  {'':<45}   median      least")
    for name, (value, least) in found.items():
        print(f"  {name:<45} {value:8.1f} {least:8.1f} us   {value / whole:5.2f} of the whole")
    ratio = whole / found["durable.engine.Ruleset, verdicts only"][0]
    print(f"  the whole is {ratio:.2f} of what durable.engine.Ruleset costs for the verdicts alone")


def generated(count: int) -> Program:
    """Return `count` rules over 80 inputs, two to four conditions each, in four chained layers."""
    rng = random.Random(count)
    members = ("absent", "mild", "severe")
    inputs = [Input(f"s.e{i}", Type(Kind.ENUMERATION, members=members)) for i in range(40)]
    inputs += [Input(f"s.n{i}", INTEGER) for i in range(40)]
    definitions: list[Definition] = []

    def condition(layer: int) -> Expression:
        if layer and rng.random() < 0.4:
            return Reference(rng.choice(definitions[: layer * count // 4]).name)
        i = rng.randrange(40)
        if rng.random() < 0.5:
            return IsMember(Field(f"s.e{i}"), (rng.choice(members),))
        return Compare(
            rng.choice(("<", "<=", ">", ">=")), Field(f"s.n{i}"), Constant(rng.randrange(9))
        )

    for index in range(count):
        layer = index * 4 // count
        operands = tuple(condition(layer) for _ in range(rng.randint(2, 4)))
        joined = (And if rng.random() < 0.5 else Or)(operands)
        definitions.append(Definition(f"r{index}", joined, CONDITION))
    return Program("generated", tuple(inputs), tuple(definitions))


def _patient(program: Program, rng: random.Random) -> tuple[Value, ...]:
    """Return a patient with 15 % of the inputs missing."""
    return tuple(
        None
        if rng.random() < 0.15
        else rng.choice(given.type.members)
        if given.type.members
        else rng.randrange(10)
        for given in program.inputs
    )


def growth(rounds: int) -> None:
    """Show how the cost of both channels grows with the number of rules."""
    print("\nGrowth with the number of generated definitions (median us; the least of each)")
    for count in (60, 120, 240, 480, 960):
        program = generated(count)
        rng = random.Random(5)
        drawn = [_patient(program, rng) for _ in range(50)]
        engines = {"durable": DurableEngine(program), "compiled": CompiledEngine(program)}
        for patient in drawn:
            assert engines["durable"].evaluate(patient) == engines["compiled"].evaluate(patient)
        columns: dict[str, Callable[[int], object]] = {
            name: _asking(engine, drawn) for name, engine in engines.items()
        }
        found = blocks(columns, rounds)
        total = len(program.definitions)
        cells = "   ".join(f"{n} {v:8.1f} ({low / total:5.2f})" for n, (v, low) in found.items())
        print(f"  {total:4d} definitions   {cells}")


def _asking(engine: Engine, drawn: list[tuple[Value, ...]]) -> Callable[[int], object]:
    return lambda index: engine.evaluate(drawn[index % len(drawn)])


def memory(evaluations: int) -> None:
    """Show that the resident memory stays flat over many evaluations."""
    guideline = guidestep.load("cervical-spasm-opll")
    given = patients(2000)
    for index in range(20_000):
        guideline.recommend(given[index % len(given)])
    gc.collect()
    before = _resident()
    for index in range(evaluations):
        guideline.recommend(given[index % len(given)])
    gc.collect()
    grown = _resident() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{evaluations} evaluations after 20000: {grown:.2f} MB more, peak {peak:.0f} MB")


def _resident() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


def start(rounds: int) -> None:
    """Time importing the package and loading the shipped guideline, each in a fresh process."""
    code = (
        "import time; a = time.perf_counter(); import guidestep; b = time.perf_counter(); "
        "guidestep.load('cervical-spasm-opll'); c = time.perf_counter(); print(b - a, c - b)"
    )
    found = []
    for _ in range(rounds):
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        found.append([float(word) for word in out.stdout.split()])
    imports, loads = (statistics.median(column) for column in zip(*found, strict=True))
    print(f"\nimport guidestep {imports:.3f} s, load the shipped guideline {loads:.3f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--evaluations", type=int, default=200_000)
    options = parser.parse_args()
    start(7)
    recommendation(options.rounds)
    growth(min(options.rounds, 25))
    memory(options.evaluations)
