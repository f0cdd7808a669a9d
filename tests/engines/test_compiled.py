"""The compiled engine: what no guideline may do to it, how far it goes, and Kleene's law."""

from __future__ import annotations

import ast
import random
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import product
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.engines.compiled import FUNCTIONS, SUPPORTED, CompiledEngine, trace
from guidestep.engines.support import UnsupportedNode, support
from guidestep.language.program import Definition, Input, Program, Value
from guidestep.language.tree import (
    CORE,
    And,
    Arithmetic,
    AtLeast,
    Call,
    Cases,
    Compare,
    Constant,
    Count,
    Expression,
    Field,
    Function,
    IsKnown,
    IsMember,
    Negative,
    Node,
    Not,
    Or,
    Parameter,
    Reference,
    WeightedSum,
    walk,
)
from guidestep.language.types import CONDITION, DECIMAL, INTEGER, Kind, Type
from tests.engines.reference import reference
from tests.strategies.programs import SMALL, Patients, Size, make_program, programs, seeded

FLAG = (Input("flag", CONDITION),)


def one(expression: Expression, inputs: tuple[Input, ...] = FLAG) -> CompiledEngine:
    """Return the engine of a program of one condition."""
    return CompiledEngine(Program("one", inputs, (Definition("it", expression, CONDITION),)))


# --- hostile guidelines -------------------------------------------------------------------------

HOSTILE = [
    "__import__('os').system('touch /tmp/owned')",
    "');raise SystemExit#",
    '"""\nraise SystemExit\n"""',
    "x\n    raise SystemExit",
    "inputs",
    "evaluate",
    "__builtins__",
    "i1",
    "c1",
    "True",
    "{low}",
    "%s",
    "\\",
    "\x00",
    "\u2028raise SystemExit",
    "",
]


def test_hostile_text_is_only_text() -> None:
    inputs = tuple(Input(text, Type(Kind.ENUMERATION, members=(text, "x"))) for text in HOSTILE)
    definitions = []
    for text in HOSTILE:
        definitions.append(Definition(text, IsMember(Field(text), (text,)), CONDITION))
        both = IsMember(Field(text), (text, "also " + text))
        definitions.append(Definition("both " + text, And((Reference(text), both)), CONDITION))
    program = Program(HOSTILE[0], inputs, tuple(definitions))
    engine = CompiledEngine(program)
    assert engine.evaluate(HOSTILE) == (True,) * len(definitions)
    assert engine.evaluate(["x"] * len(HOSTILE)) == (False,) * len(definitions)
    assert engine.evaluate([None] * len(HOSTILE)) == (None,) * len(definitions)


@pytest.mark.parametrize("seed", range(20))
def test_generated_code_holds_nothing_but_generated_names_and_numbers(seed: int) -> None:
    source = random.Random(seed)
    engine = CompiledEngine(make_program(seeded(source)))
    allowed = re.compile(r"[a-z]\d+|inputs|undefined")
    for node in ast.walk(ast.parse(engine.source)):
        assert not isinstance(node, ast.Attribute | ast.Import | ast.ImportFrom | ast.Lambda)
        if isinstance(node, ast.Name):
            assert allowed.fullmatch(node.id)
        if isinstance(node, ast.Constant):
            assert node.value is None or type(node.value) in (bool, int, float)


class Liar(int):
    def __repr__(self) -> str:
        return "__import__('os').abort()"


class Fraction(float):
    def __repr__(self) -> str:
        return "1); raise SystemExit("


def test_hostile_numbers_are_not_printed() -> None:
    inputs = (Input("n", INTEGER), Input("flag", CONDITION))
    above = Compare(">", Field("n"), Constant(Liar(3)))
    score = WeightedSum(((Field("flag"), Fraction(0.5)), (Field("flag"), Liar(3))))
    engine = one(And((above, Compare("<=", score, Constant(4)))), inputs)
    assert "import" not in engine.source
    assert engine.evaluate([4, True]) == (True,)
    assert engine.evaluate([3, True]) == (False,)


def test_numbers_without_a_literal() -> None:
    inputs = (Input("n", DECIMAL),)
    for bound in (float("inf"), 10**5000, 2**64):
        assert one(Compare("<", Field("n"), Constant(bound)), inputs).evaluate([1.5]) == (True,)
    assert one(Compare("==", Field("n"), Constant(-0.0)), inputs).evaluate([0.0]) == (True,)
    exact = one(Compare("==", Field("n"), Constant(2**53 + 1)), inputs)
    assert exact.evaluate([float(2**53)]) == (False,)


@pytest.mark.parametrize(
    "node",
    [
        Parameter("p"),
        AtLeast(1, (Field("flag"),)),
        Count((Field("flag"),)),
        Cases(((Field("flag"), "a"),), "b"),
        Call("system", (Constant(1),)),  # type: ignore[arg-type]
        Arithmetic("**", Constant(1), Constant(1)),  # type: ignore[arg-type]
        Compare("or 1 or", Constant(1), Constant(1)),  # type: ignore[arg-type]
    ],
)
def test_what_is_not_of_the_core_is_refused(node: Expression) -> None:
    with pytest.raises(UnsupportedNode, match="the compiled engine does not support"):
        one(And((Field("flag"), Not(node))))


def test_an_unknown_class_is_refused_even_if_it_resembles_a_known_one() -> None:
    class Xor(Node):
        pass

    class Nearly(And):
        pass

    for node in (Xor(), Nearly(())):
        with pytest.raises(UnsupportedNode) as refused:
            one(Not(node))  # type: ignore[arg-type]
        assert (refused.value.reader, refused.value.what) == ("compiled", type(node).__name__)


def test_faults_of_a_program() -> None:
    with pytest.raises(LookupError, match="no input of the program has the path 'gone'"):
        one(Field("gone"))
    with pytest.raises(LookupError, match="no definition so far has the name 'it'"):
        one(Reference("it"))
    with pytest.raises(TypeError, match="a condition stands where a value is needed"):
        one(Compare("<", Field("flag"), Constant(1)))
    with pytest.raises(TypeError, match="a value stands where a condition is needed"):
        one(Not(Constant(1)))
    with pytest.raises(ValueError, match="values to unpack"):
        one(Field("flag")).evaluate([True, False])


def test_empty_program() -> None:
    assert CompiledEngine(Program("nothing", (), ())).evaluate([]) == ()


def test_support() -> None:
    assert frozenset(CORE) == SUPPORTED
    assert set(FUNCTIONS) == set(get_args(Function))
    pytest.importorskip("guidestep.engines.durable")
    table = support()
    assert len(table) == len(CORE) + len(FUNCTIONS)
    assert all(row["compiled"] for row in table.values())


# --- size ---------------------------------------------------------------------------------------


def nested(levels: int, kind: str) -> Expression:
    """Return a condition many levels deep, that comes to the flag or to its negation."""
    node: Expression = Field("flag")
    for level in range(levels):
        match kind:
            case "and":
                node = And((node, Constant(True)))
            case "and of one":
                node = And((node,))
            case "or":
                node = Or((Constant(False), node))
            case "not":
                node = Not(node)
            case "known":
                node = And((Not(IsKnown(node)), node)) if level % 2 else Not(node)
            case _:
                node = Not(And((node, Or((Field("flag"), node))))) if level < 8 else And((node,))
    return node


@pytest.mark.parametrize("kind", ["and", "and of one", "or", "not"])
@pytest.mark.parametrize("levels", [500, 5000])
def test_deep_nesting(kind: str, levels: int) -> None:
    engine = one(nested(levels, kind))
    for value in (True, False, None):
        assert engine.evaluate([value]) == (value,)


def test_deep_nesting_of_everything_else() -> None:
    inputs = (Input("flag", CONDITION), Input("n", INTEGER))
    number: Expression = Field("n")
    condition: Expression = Field("flag")
    for _ in range(300):
        number = Negative(Arithmetic("+", number, Constant(1)))
        condition = Compare(">=", WeightedSum(((condition, 2),)), Constant(1))
        condition = Not(IsKnown(And((condition, Field("flag")))))
    both = Or((condition, Compare("==", number, Constant(5))))
    engine = one(both, inputs)
    assert len(engine.source) < 300_000
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        program = Program("deep", inputs, (Definition("it", both, CONDITION),))
        for patient in ([True, 5], [False, 6], [None, 5], [None, None]):
            assert engine.evaluate(patient) == reference(program, patient)
    finally:
        sys.setrecursionlimit(limit)


@pytest.mark.parametrize("negated", [(False, False), (False, True), (True, False), (True, True)])
def test_known_and_true_is_looked_at_once(negated: tuple[bool, bool]) -> None:
    age = Compare(">=", Field("age"), Constant(18))
    told = Or((age, Field("flag")))
    asked, said = (Not(told) if turned else told for turned in negated)
    inputs = (*FLAG, Input("age", INTEGER))
    engine = one(And((IsKnown(asked), said)), inputs)
    assert engine.source.count("(18)") == 1
    for values in product((True, False, None), (17, 18, None)):
        assert engine.evaluate(values) == reference(engine.program, values)


def test_a_wide_condition() -> None:
    inputs = tuple(Input(f"f{number}", CONDITION) for number in range(5000))
    engine = one(Or(tuple(Field(entry.path) for entry in inputs)), inputs)
    assert engine.evaluate([False] * 4999 + [True]) == (True,)
    assert engine.evaluate([False] * 4999 + [None]) == (None,)
    assert engine.evaluate([False] * 5000) == (False,)


def test_more_than_a_thousand_definitions() -> None:
    size = Size(inputs=30, definitions=2, depth=2)
    source = random.Random(7)
    while len((program := make_program(seeded(source), size)).inputs) < 60:
        pass
    inputs, flag = program.inputs, next(e.path for e in program.inputs if e.type == CONDITION)
    definitions = [Definition("d0", Field(flag), CONDITION)]
    for number in range(1, 1500):
        condition = make_program(seeded(source), size).definitions[0].expression
        paths = {node.path for node in walk(condition) if isinstance(node, Field)}
        if not paths <= {entry.path for entry in inputs} or type(condition) not in (And, Or, Not):
            condition = Not(Field(flag))
        chained = Or((And((condition, Reference(f"d{number - 1}"))), Not(condition)))
        definitions.append(Definition(f"d{number}", chained, CONDITION))
    program = Program("large", inputs, tuple(definitions))
    engine, patients = CompiledEngine(program), Patients(program)
    for _ in range(20):
        patient = patients.draw(source)
        assert engine.evaluate(patient) == reference(program, patient)


def test_many_threads_share_one_engine() -> None:
    source = random.Random(11)
    program = make_program(seeded(source), Size(definitions=60))
    engine, patients = CompiledEngine(program), Patients(program)
    drawn = [patients.draw(source) for _ in range(200)]
    expected = [reference(program, patient) for patient in drawn]

    def work(offset: int) -> bool:
        order = [(at * 7 + offset) % len(drawn) for at in range(5 * len(drawn))]
        return all(engine.evaluate(drawn[at]) == expected[at] for at in order)

    with ThreadPoolExecutor(32) as pool:
        assert all(pool.map(work, range(32)))


# --- Kleene's law -------------------------------------------------------------------------------


def reads_knownness(program: Program) -> set[str]:
    """Return the definitions that ask, directly or through another, whether something is known."""
    found: set[str] = set()
    for each in program.definitions:
        tree = walk(each.expression)
        if any(isinstance(n, IsKnown) or getattr(n, "name", None) in found for n in tree):
            found.add(each.name)
    return found


@settings(max_examples=300, deadline=None, database=None, derandomize=True)
@given(data=st.data(), program=programs(SMALL))
def test_learning_more_never_changes_what_was_known(data: st.DataObject, program: Program) -> None:
    patients = Patients(program)
    count = len(patients.pools)
    missing = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    full = [data.draw(st.sampled_from(pool)) for pool in patients.pools]
    less = [None if gone else v for gone, v in zip(missing, full, strict=True)]
    engine, excepted = CompiledEngine(program), reads_knownness(program)
    pairs = zip(engine.evaluate(less), engine.evaluate(full), strict=True)
    for definition, (before, after) in zip(program.definitions, pairs, strict=True):
        if definition.name in excepted:
            continue
        if isinstance(before, tuple) and isinstance(after, tuple):
            assert before[0] <= after[0] <= after[1] <= before[1]
        elif before is not None:
            assert before == after


# --- trace --------------------------------------------------------------------------------------


NOTHING = dict[str, None]().__getitem__


def seen(expression: Expression, **values: Value) -> Any:
    verdicts = {"band": "high", "open-band": None, "score": (1, 3)}
    return trace(expression, values.get, verdicts.__getitem__, {"limit": 2}).verdict


BAND = Cases(((Field("a"), "low"), (Field("b"), "high")), "none")


@pytest.mark.parametrize(
    ("expression", "values", "verdict"),
    [
        (Parameter("limit"), {}, 2),
        (Compare("<", Parameter("limit"), Constant(3)), {}, True),
        (AtLeast(2, (Field("a"), Field("b"), Field("c"))), {"a": True, "b": True}, True),
        (AtLeast(2, (Field("a"), Field("b"), Field("c"))), {"a": True}, None),
        (AtLeast(2, (Field("a"), Field("b"), Field("c"))), {"a": False, "b": False}, False),
        (Count((Field("a"), Field("b"))), {"a": True}, (1, 2)),
        (Compare("==", Count((Field("a"), Field("b"))), Constant(3)), {}, False),
        (Compare("==", Reference("score"), Constant(2)), {}, None),
        (Compare("!=", Reference("score"), Constant(1)), {}, None),
        (Compare(">=", Reference("score"), Constant(1)), {}, True),
        (IsKnown(Reference("score")), {}, False),
        (BAND, {"a": True}, "low"),
        (BAND, {"a": False, "b": True}, "high"),
        (BAND, {"a": False, "b": False}, "none"),
        (BAND, {"b": True}, None),
        (IsMember(BAND, ("low", "high")), {"b": True}, True),
        (IsMember(BAND, ("none",)), {"b": True}, False),
        (IsMember(BAND, ("low",)), {"b": True}, None),
        (IsMember(Reference("band"), ("high",)), {}, True),
        (IsMember(Reference("open-band"), ("high",)), {}, None),
        (IsMember(Field("e"), ("x",)), {"e": "y"}, False),
        (Call("days_between", (Field("s"), Field("t"))), {"s": date(2026, 1, 1)}, None),
        (Negative(Arithmetic("/", Constant(1), Constant(0))), {}, None),
    ],
)
def test_trace(expression: Expression, values: dict[str, Value], verdict: object) -> None:
    assert seen(expression, **values) == verdict


def test_trace_keeps_the_shape_of_the_tree() -> None:
    tree = And((Field("a"), AtLeast(1, (Field("b"), Not(Field("c"))))))
    root = trace(tree, {"a": True, "b": None, "c": False}.get, NOTHING)
    assert (root.node, root.verdict) == (tree, True)
    first, second = root.children
    assert (first.node, first.verdict, first.children) == (Field("a"), True, ())
    assert [child.verdict for child in second.children] == [None, True]
    assert second.children[1].children[0].verdict is False


def test_trace_of_a_deep_tree() -> None:
    assert trace(nested(2000, "and"), {"flag": None}.get, NOTHING).verdict is None
    with pytest.raises(UnsupportedNode, match="the trace engine does not support Node"):
        trace(Not(Node()), NOTHING, NOTHING)  # type: ignore[arg-type]
