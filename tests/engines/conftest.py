"""One fixture, four engines: what an operator's tests say holds for each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TypeAlias

import pytest

from guidestep.engines.compiled import CompiledEngine
from guidestep.language.program import Engine, Program, Value, Verdict
from tests.engines.reference import reference

Run: TypeAlias = Callable[[Program, Sequence[Value]], tuple[Verdict, ...]]


def durable(program: Program) -> Engine:
    try:
        package = import_module("guidestep.engines.durable")
    except ImportError as absent:
        pytest.skip(f"no durable engine: {absent}")
    engine: Engine = package.DurableEngine(program)
    return engine


def frame(program: Program, inputs: Sequence[Value]) -> tuple[Verdict, ...]:
    """Return the verdicts of the frame engine for a cohort of one."""
    from tests.engines.frame.running import run

    (verdicts,) = run(program, [inputs])
    # Columns of numbers are floats: what is compared is the value, in the type it ought to have.
    return tuple(map(_retyped, verdicts, reference(program, inputs)))


def _retyped(found: Verdict, expected: Verdict) -> Verdict:
    if isinstance(found, tuple) and isinstance(expected, tuple):
        low, high = map(_retyped, found, expected)
        return low, high  # type: ignore[return-value]
    whole = isinstance(found, float) and found.is_integer()
    return int(found) if whole and type(expected) is int else found  # type: ignore[arg-type]


@pytest.fixture(params=["reference", "compiled", "durable", "frame"])
def engine(request: pytest.FixtureRequest) -> Run:
    """Return a function that gives a program's verdicts for one patient."""
    if request.param in ("reference", "frame"):
        return reference if request.param == "reference" else frame
    make = {"compiled": CompiledEngine, "durable": durable}[request.param]
    return lambda program, inputs: make(program).evaluate(inputs)
