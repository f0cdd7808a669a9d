"""What the graph leaves out or joins does not change what a program means."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any

import polars as pl
import pytest

from guidestep.engines.compiled import CompiledEngine, functions
from guidestep.engines.compiled.trace import COMPARISONS
from guidestep.engines.frame import FrameEngine
from guidestep.engines.frame.graph import Graph
from guidestep.engines.frame.steps import Condition, Operation, Score, Step
from guidestep.language.program import Definition, Input, Program, Value
from guidestep.language.tree import And, Constant, Expression, Field, IsKnown, Not, Or, Reference
from guidestep.language.types import CONDITION
from tests.engines.frame.running import alike, difference, duck, random_cohorts, run
from tests.strategies.programs import Size

ONE_OF_EACH = Size(inputs=1, definitions=8, depth=3, wide=8, deep=12)


def subsets(paths: Sequence[str]) -> Iterator[frozenset[str]]:
    for size in range(len(paths) + 1):
        yield from map(frozenset, combinations(paths, size))


# --- the meaning of a step, one patient at a time -------------------------------------------------


def computed(graph: Graph, values: Mapping[str, Value]) -> list[Any]:
    """Return what every step of a graph is for one patient, by plain Python."""
    done: list[Any] = []
    for step in graph.steps:
        done.append(_meaning(step, [done[operand] for operand in step.operands], values))
    return done


def _meaning(step: Step, of: Sequence[Any], values: Mapping[str, Value]) -> Any:
    parameter: Any = step.parameter
    match step.operation:
        case Operation.ALL:
            return all(of)
        case Operation.ANY:
            return any(of)
        case Operation.NOT:
            return not of[0]
        case Operation.KNOWN:
            return of[0] is not None
        case Operation.TRUTH:
            return of[0] is parameter
        case Operation.MEMBER:
            return of[0] == parameter
        case Operation.COMPARE:
            return None not in of and COMPARISONS[parameter](*of)
        case Operation.FIELD:
            return values[parameter]
        case Operation.CONSTANT:
            return parameter
        case Operation.TOTAL:
            return sum(weight for item, weight in zip(of, parameter, strict=True) if item)
        case Operation.EXACT:
            return of[0] if of[0] == of[1] else None
        case Operation.NEGATIVE:
            return None if of[0] is None else -of[0]
        case Operation.ARITHMETIC:
            return functions.ARITHMETIC[parameter](*of)
        case Operation.ROUND:
            return functions.FUNCTIONS["round"](of[0], parameter)
        case Operation.CALL:
            return functions.FUNCTIONS[parameter](*of)


def verdict(found: Any, done: Sequence[Any]) -> Any:
    match found:
        case Condition(true=true, false=false, known=known):
            assert not (done[true] and done[false])
            assert done[known] is (done[true] or done[false])
            return done[true] if done[known] else None
        case Score(low=low, high=high):
            return done[low], done[high]
        case _:
            return done[found.step]


def check(
    program: Program,
    engine: CompiledEngine,
    present: frozenset[str],
    patients: Sequence[Sequence[Value]],
) -> None:
    graph = Graph(program, present.__contains__)
    for patient in patients:
        same_meaning(program, graph, engine, present, patient)


def same_meaning(
    program: Program,
    graph: Graph,
    engine: CompiledEngine,
    present: frozenset[str],
    patient: Sequence[Value],
) -> None:
    given = [v if e.path in present else None for e, v in zip(program.inputs, patient, strict=True)]
    done = computed(graph, dict(zip((e.path for e in program.inputs), given, strict=True)))
    for number, implied in enumerate(graph.implied):
        if done[number] is True:
            said = [other for other in range(len(done)) if implied >> other & 1]
            assert all(done[other] is True for other in said), graph.steps[number]
    for each, right in zip(program.definitions, engine.evaluate(given), strict=True):
        # Here numbers are those of Python: whole ones stay whole.
        assert alike(right, _float(verdict(graph.definitions[each.name], done))), each


def _float(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_float, value))
    return float(value) if type(value) is int else value


def test_the_graph_means_what_the_program_does_whichever_columns_are_there() -> None:
    for _, program, drawn in random_cohorts(100, 3, ONE_OF_EACH):
        engine = CompiledEngine(program)
        for present in subsets([entry.path for entry in program.inputs]):
            check(program, engine, present, drawn)


def test_the_same_with_large_programs_and_some_columns() -> None:
    source = random.Random(7)
    for _, program, drawn in random_cohorts(60, 2):
        engine = CompiledEngine(program)
        paths = [entry.path for entry in program.inputs]
        for share in (0.3, 0.6, 0.9):
            present = frozenset(path for path in paths if source.random() < share)
            check(program, engine, present, drawn)


def test_frames_without_some_columns() -> None:
    source = random.Random(3)
    for seed, program, drawn in random_cohorts(12, 30, ONE_OF_EACH, start=1000):
        for absent in source.sample(list(subsets([e.path for e in program.inputs])), 6):
            assert not difference(program, drawn, absent=absent), (seed, absent)


def test_a_column_that_is_not_there_costs_nothing() -> None:
    age = Definition("old", And((Field("a"), Not(Field("b")))), CONDITION)
    program = Program("p", (Input("a", CONDITION), Input("b", CONDITION)), (age,))
    graph = Graph(program, lambda path: path == "a")
    found = graph.definitions["old"]
    assert isinstance(found, Condition)
    assert found.true == graph.no
    assert found.known == found.false
    assert Operation.FIELD not in {step.operation for step in graph.steps if step.parameter == "b"}


def test_unknown_names_are_refused() -> None:
    for expression in (Field("no.such"), Reference("later")):
        program = Program("p", (), (Definition("d", expression, CONDITION),))
        with pytest.raises(LookupError, match=r"no\.such|later"):
            FrameEngine(program)


def test_a_value_where_a_condition_belongs_is_refused() -> None:
    program = Program("p", (), (Definition("d", And((Constant(1), Constant(2))), CONDITION),))
    with pytest.raises(TypeError, match="a value stands where a condition is needed"):
        FrameEngine(program)


# --- width and depth ------------------------------------------------------------------------------

FLAGS = tuple(Input(f"flag.f{number}", CONDITION) for number in range(1000))


def patients(width: int) -> list[list[Value]]:
    """Return patients who are all alike but for one flag, and some at random."""
    source = random.Random(1)
    chosen: list[list[Value]] = [[value] * width for value in (True, False, None)]
    for usual, odd in ((True, None), (True, False), (False, None), (False, True), (None, True)):
        row: list[Value] = [usual] * width
        row[source.randrange(width)] = odd
        chosen.append(row)
    return chosen + [[source.choice((True, False, None)) for _ in range(width)] for _ in range(8)]


LINKS: dict[str, Callable[[Expression, Expression], Expression]] = {
    "or": lambda so_far, flag: Or((so_far, flag)),
    "and": lambda so_far, flag: And((so_far, flag)),
    "not or": lambda so_far, flag: Not(Or((so_far, Not(flag)))),
    "known": lambda so_far, flag: Or((And((so_far, flag)), Not(IsKnown(so_far)))),
}


def last_of(program: Program, make: Any = pl.DataFrame.lazy) -> None:
    drawn = patients(len(program.inputs))
    name = program.definitions[-1].name
    got = [verdicts[0] for verdicts in run(program, drawn, make, wanted=[name])]
    compiled = CompiledEngine(program)
    assert got == [compiled.evaluate(patient)[-1] for patient in drawn]


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
def test_a_thousand_definitions_in_a_chain(link: Callable[..., Expression]) -> None:
    last_of(chain(link, 1000))


def test_a_chain_on_duckdb() -> None:
    last_of(chain(LINKS["not or"], 60), duck)


def chain(link: Callable[..., Expression], length: int) -> Program:
    definitions = [Definition("d0", Field(FLAGS[0].path), CONDITION)]
    for number, flag in enumerate(FLAGS[1:length], start=1):
        expression = link(Reference(f"d{number - 1}"), Field(flag.path))
        definitions.append(Definition(f"d{number}", expression, CONDITION))
    whole = IsKnown(Reference(definitions[-1].name))
    definitions.append(Definition("known", Not(whole), CONDITION))
    either = Or((Reference("known"), Reference(f"d{length - 1}")))
    definitions.append(Definition("last", either, CONDITION))
    return Program("chain", FLAGS[:length], tuple(definitions))


@pytest.mark.parametrize("make", [pl.DataFrame.lazy, duck], ids=["polars", "duckdb"])
@pytest.mark.parametrize("node", [And, Or])
def test_five_hundred_conditions_side_by_side(node: Any, make: Any) -> None:
    whole = node(tuple(Field(flag.path) for flag in FLAGS[:500]))
    last_of(Program("wide", FLAGS[:500], (Definition("it", whole, CONDITION),)), make)


@pytest.mark.parametrize("name", ["or", "and", "not or"])
def test_three_hundred_levels(name: str) -> None:
    link = LINKS[name]
    deep: Expression = Field(FLAGS[0].path)
    for flag in FLAGS[1:300]:
        deep = link(deep, Field(flag.path))
    last_of(Program("deep", FLAGS[:300], (Definition("it", deep, CONDITION),)))
    last_of(Program("deep", FLAGS[:300], (Definition("it", IsKnown(deep), CONDITION),)))
