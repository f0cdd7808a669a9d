"""One fixture, three engines: what an operator's tests say holds for each of them."""

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


@pytest.fixture(params=["reference", "compiled", "durable"])
def engine(request: pytest.FixtureRequest) -> Run:
    """Return a function that gives a program's verdicts for one patient."""
    if request.param == "reference":
        return reference
    make = {"compiled": CompiledEngine, "durable": durable}[request.param]
    return lambda program, inputs: make(program).evaluate(inputs)
