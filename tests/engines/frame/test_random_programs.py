"""On random programs and patients, every verdict of a frame is that of the compiled engine."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import narwhals as nw
import pytest

from guidestep.engines.frame import FrameEngine, emit, graph
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.steps import Condition, Operation, Step
from guidestep.engines.support import UnsupportedNode
from guidestep.language.tree import Call, Or, walk
from tests.engines.frame.running import duck, hunt
from tests.strategies.programs import make_program, seeded

Patch = pytest.MonkeyPatch
REFUSED = {"ln", "log10", "exp"}


def test_on_polars() -> None:
    assert not hunt(programs=300, patients=100)


def test_on_duckdb() -> None:
    assert not hunt(programs=15, patients=50, make=duck)


def test_refused_is_what_uses_a_refused_function_and_nothing_else() -> None:
    refused = 0
    for seed in range(300):
        program = make_program(seeded(random.Random(seed)))
        nodes = [node for each in program.definitions for node in walk(each.expression)]
        if REFUSED.isdisjoint(node.function for node in nodes if isinstance(node, Call)):
            FrameEngine(program)
            continue
        refused += 1
        with pytest.raises(UnsupportedNode, match=r"(ln|log10|exp)\(\)"):
            FrameEngine(program)
    assert 20 < refused < 280


# --- planted bugs: the comparison finds each ----------------------------------------------------

BUGS: list[Callable[[Patch], None]] = []


def bug(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
    BUGS.append(plant)
    return plant


@bug
def unknown_compares_as_true(patch: Patch) -> None:
    def wrong(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
        left, right = operands
        return emit._COMPARE[step.parameter](left, right).fill_null(value=True)

    patch.setitem(emit.EMITTERS, Operation.COMPARE, wrong)


@bug
def unknown_is_a_member(patch: Patch) -> None:
    def wrong(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
        return (operands[0] == step.parameter).fill_null(value=True)

    patch.setitem(emit.EMITTERS, Operation.MEMBER, wrong)


@bug
def less_or_equal_for_less(patch: Patch) -> None:
    patch.setitem(emit._COMPARE, "<", emit._COMPARE["<="])


@bug
def or_is_false_wherever_it_is_not_true(patch: Patch) -> None:
    def wrong(made: Graph, node: Or, operands: Sequence[Any]) -> Condition:
        return made.settled(made.any_([part.true for part in operands]))

    patch.setitem(graph.READERS, Or, wrong)


@bug
def or_forgets_its_last_operand(patch: Patch) -> None:
    def wrong(step: Step, operands: Sequence[nw.Expr], library: nw.Implementation) -> nw.Expr:
        return emit._any(step, operands[:-1], library)

    patch.setitem(emit.EMITTERS, Operation.ANY, wrong)


@bug
def the_least_of_a_score_counts_what_is_unknown(patch: Patch) -> None:
    right = graph._weighted_sum

    def wrong(made: Graph, node: Any, operands: Any) -> graph.Score:
        return replace(found := right(made, node, operands), low=found.high)

    patch.setitem(graph.READERS, graph.WeightedSum, wrong)


@bug
def a_horizontal_minimum_passes_over_nulls(patch: Patch) -> None:
    patch.setattr(emit, "_whole", lambda operands, result: result)


@bug
def infinity_is_a_number(patch: Patch) -> None:
    patch.setattr(emit, "_finite", lambda number: number)


@bug
def a_conjunction_loses_what_another_part_does_not_imply(patch: Patch) -> None:
    right = Graph.all_
    patch.setattr(Graph, "all_", lambda self, numbers: right(self, list(numbers)[:3]))


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    found = hunt(programs=250, patients=40)
    assert found is not None
    assert "expected" in found  # a wrong answer, not a crash
