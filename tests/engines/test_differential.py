"""Every engine gives the oracle's answer, unknowns included, on random programs and patients.

For hours instead of seconds, set GUIDESTEP_DIFFERENTIAL to the number of evaluations.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings

from guidestep.engines.compiled import CompiledEngine, trace
from guidestep.language.program import Engine, Program, Value
from guidestep.language.tree import CORE, Call, Function, Reference, walk
from tests.engines.conftest import durable
from tests.engines.differential import first_difference, hunt, same, shrink
from tests.engines.reference import reference
from tests.strategies.programs import SMALL, Patients, cases, make_program, seeded

Make = Callable[[Program], Engine]

EVALUATIONS = 50_000  # of each engine
ENGINES: dict[str, Make] = {"compiled": CompiledEngine, "durable": durable}
RELAXED = settings(
    max_examples=100,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("name", ENGINES)
def test_random_programs_and_patients(name: str) -> None:
    make = ENGINES[name]
    evaluations = int(os.environ.get("GUIDESTEP_DIFFERENTIAL", EVALUATIONS))
    found = hunt(make, evaluations)
    if found:
        pytest.fail(f"{name}, {shrink(found, make)}", pytrace=False)


@pytest.mark.parametrize("name", ENGINES)
def test_the_same_by_hypothesis(name: str) -> None:
    @RELAXED
    @given(cases(SMALL))
    def equal(case: tuple[Program, list[Value]]) -> None:
        program, patient = case
        found = first_difference(program, ENGINES[name], [patient])
        assert found is None, f"{name}, {found}"

    equal()


def test_the_trace_shows_at_its_root_what_the_oracle_says() -> None:
    for seed in range(150):
        source = random.Random(seed)
        program = make_program(seeded(source))
        patients = Patients(program)
        for _ in range(10):
            inputs = patients.draw(source)
            values = {e.path: v for e, v in zip(program.inputs, inputs, strict=True)}
            expected = reference(program, inputs)
            names = [each.name for each in program.definitions]
            verdicts = dict(zip(names, expected, strict=True))
            for each in program.definitions:
                seen = trace(each.expression, values.__getitem__, verdicts.__getitem__)
                assert same(seen.verdict, verdicts[each.name]), (seed, each, inputs)


def test_the_generator_reaches_every_node_function_and_verdict() -> None:
    nodes: Counter[object] = Counter()
    verdicts: Counter[object] = Counter()
    strata: Counter[int] = Counter()
    for seed in range(300):
        source = random.Random(seed)
        program = make_program(seeded(source))
        levels: dict[str, int] = {}
        for each in program.definitions:
            tree = walk(each.expression)
            below = [levels[node.name] for node in tree if isinstance(node, Reference)]
            levels[each.name] = 1 + max(below, default=0)
            nodes.update(type(node) for node in tree)
            nodes.update(node.function for node in tree if isinstance(node, Call))
        strata[max(levels.values())] += 1
        for verdict in reference(program, Patients(program).draw(source)):
            verdicts[verdict if isinstance(verdict, bool) else type(verdict)] += 1
    assert set(nodes) == {*CORE, *get_args(Function)}
    assert {True, False, type(None), int, float, tuple} < set(verdicts)
    assert min(verdicts[each] for each in (True, False, type(None))) > sum(verdicts.values()) / 10
    assert sum(count for depth, count in strata.items() if depth >= 4) > 50
