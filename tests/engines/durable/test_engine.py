"""The engine as a whole: strata, large programs, threads, memory, and its life."""

from __future__ import annotations

import gc
import random
import resource
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import product

import pytest
from hypothesis import given, settings

from guidestep.engines.durable import DurableEngine, session
from guidestep.engines.durable.strata import plan
from guidestep.engines.errors import EngineDisagreement, EngineError
from guidestep.engines.support import UnsupportedNode
from guidestep.language.program import Program, Value
from guidestep.language.tree import (
    And,
    Arithmetic,
    AtLeast,
    Compare,
    Constant,
    Field,
    IsKnown,
    IsMember,
    Negative,
    Not,
    Or,
    Reference,
    WeightedSum,
)
from guidestep.language.types import DATE, DECIMAL
from tests.benchmarks.durable_python_api import python_api_evaluator
from tests.engines.durable.build import SCORE, at_least_one_of, chain, program, rules, watch
from tests.engines.reference import reference
from tests.strategies.programs import Patients, cases, make_program, seeded

B0, B1, E0, X0 = (Field(name) for name in ("b0", "b1", "e0", "x0"))
X0_ABOVE = Compare(">", X0, Constant(2))


# --- meaning ------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(cases())
def test_agrees_with_the_oracle(case: tuple[Program, list[Value]]) -> None:
    source, inputs = case
    assert DurableEngine(source).evaluate(inputs) == reference(source, inputs)


@pytest.mark.parametrize("seed", range(40))
def test_agrees_with_the_oracle_patient_after_patient(seed: int) -> None:
    below = random.Random(seed)
    source = make_program(seeded(below))
    engine, patients = DurableEngine(source), Patients(source)
    for _ in range(25):
        inputs = patients.draw(below)
        assert engine.evaluate(inputs) == reference(source, inputs)


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ((True, True), [True, False, (1.0, 1.0), True, True]),
        ((True, None), [None, True, (0, 1.0), None, True]),
        ((None, False), [False, False, (0, 0), False, False]),
        ((None, None), [None, True, (0, 1.0), None, True]),
    ],
)
def test_a_later_stratum_knows_what_an_earlier_one_left_unknown(
    inputs: tuple[Value, ...], expected: list[object]
) -> None:
    source = program(
        And((B0, B1)),
        Not(IsKnown(Reference("r0"))),
        (WeightedSum(((Reference("r0"), 1.0),)), SCORE),
        Compare(">=", Reference("r2"), Constant(1)),
        Or((Reference("r0"), Reference("r1"))),
        fields="b0 b1",
    )
    assert len(plan(source).strata) == 3  # nothing; r0 and with it r1; r3 and r4
    assert list(DurableEngine(source).evaluate(inputs)) == expected


def test_what_can_never_be_unknown_needs_rules_for_true_only() -> None:
    source = program(Not(IsKnown(B0)), And((IsKnown(B0), IsKnown(B1))), fields="b0 b1")
    conclusions = [
        conclusion
        for each in rules(source)
        for what in each.conclusions.values()
        for conclusion in what
    ]
    assert len(conclusions) == 2
    assert all(conclusion.truth for conclusion in conclusions)
    engine = DurableEngine(source)
    assert engine.evaluate((None, None)) == (True, False)
    assert engine.evaluate((True, False)) == (False, True)


def test_what_can_never_be_unknown_may_be_refuted_instead() -> None:
    either = [Or((IsKnown(Field(f"x{at}")), IsKnown(Field(f"x{at + 1}")))) for at in (0, 2, 4, 6)]
    source = program(And(tuple(either)), fields=" ".join(f"x{at}" for at in range(8)))
    (laid,) = rules(source)
    assert len(laid.conclusions) == 4  # both of a pair are absent; the true form has 16 of 4 tests
    engine = DurableEngine(source)
    for inputs in product((1.0, None), repeat=8):
        assert engine.evaluate(inputs) == reference(source, inputs)


def test_what_asks_one_thing_of_a_truth_is_settled_with_it() -> None:
    source = program(
        And((B0, B1)),
        Not(Reference("r0")),
        And((IsKnown(Reference("r0")), Reference("r0"))),
        Not(IsKnown(Reference("r1"))),
        And((IsKnown(Reference("r1")), Reference("r1"))),
        Or((Reference("r1"), Reference("r3"))),
        fields="b0 b1",
    )
    layout = plan(source)
    assert len(layout.echoes) == 4
    assert [len(stratum.conditions) for stratum in layout.strata] == [0, 1, 1]
    engine = DurableEngine(source)
    for inputs in product((True, False, None), repeat=2):
        assert engine.evaluate(inputs) == reference(source, inputs)


def test_what_is_made_superfluous_leaves_what_is_never_unknown() -> None:
    known = IsKnown(Or((Not(B0), B0)))
    source = program(
        known,
        And((Or((B0, Reference("r0"))), Reference("r0"))),
        Or((And((B0, Not(Reference("r0")))), Not(Reference("r0")))),
        IsKnown(Reference("r1")),
        And((IsKnown(Reference("r2")), Reference("r2"))),
        fields="b0",
    )
    engine = DurableEngine(source)
    for truth in (True, False, None):
        assert engine.evaluate((truth,)) == reference(source, (truth,))


def test_what_several_conditions_need_is_one_alternative() -> None:
    source = program(And((B0, B1)), And((B0, X0_ABOVE)), Or((Not(B0), B1)), fields="b0 b1 x0")
    (laid,) = rules(source)
    assert sum(len(what) for what in laid.conclusions.values()) == 9
    assert len(laid.conclusions) == 7  # "b0 is false" settles all three
    engine = DurableEngine(source)
    for inputs in product((True, False, None), (True, False, None), (1.0, 3.0, None)):
        assert engine.evaluate(inputs) == reference(source, inputs)


def test_constants_need_no_rules() -> None:
    source = program(And(()), Or(()), Or((B0, Constant(True))), Not(Reference("r0")), fields="b0")
    assert rules(source) == []
    assert DurableEngine(source).evaluate((None,)) == (True, False, True, False)


def test_the_same_condition_written_twice_is_decided_once() -> None:
    source = program(And((B0, B1)), And((B0, B1)), Reference("r0"), fields="b0 b1")
    assert len({*plan(source).verdicts}) == 1
    assert DurableEngine(source).evaluate((True, True)) == (True, True, True)


def test_values_of_every_kind() -> None:
    source = program(
        (Field("d0"), DATE),
        (Arithmetic("/", X0, Constant(0)), DECIMAL),
        (Negative(X0), DECIMAL),
        Compare("<", Reference("r0"), Constant(date(2026, 1, 1))),
        Compare(">", Constant(3), Reference("r2")),
        fields="d0 x0",
    )
    day = date(2025, 12, 31)
    assert DurableEngine(source).evaluate((day, 2.5)) == (day, None, -2.5, True, True)
    assert DurableEngine(source).evaluate((None, None)) == (None,) * 5


# --- size ---------------------------------------------------------------------------------------


def test_a_thousand_rules_all_true_or_all_false() -> None:
    source = program(*at_least_one_of(1000), fields="i0")
    engine = DurableEngine(source)
    assert engine.evaluate((1000,)) == (True,) * 1000
    assert engine.evaluate((-1,)) == (False,) * 1000
    assert engine.evaluate((499,)) == (True,) * 500 + (False,) * 500


def test_a_thousand_rules_over_as_many_fields() -> None:
    fields = [f"b{at}" for at in range(1000)]
    conditions = [
        And((Field(name), Or((Field(fields[at - 1]), Field(fields[at - 2])))))
        for at, name in enumerate(fields)
    ]
    engine = DurableEngine(program(*conditions, fields=" ".join(fields)))
    for inputs, expected in (((True,) * 1000, True), ((False,) * 1000, False)):
        assert engine.evaluate(inputs) == (expected,) * 1000
    assert engine.evaluate((None,) * 1000) == (None,) * 1000


def test_a_chain_of_two_hundred() -> None:
    engine = DurableEngine(program(*chain(200), fields="b0"))
    for truth in (True, False, None):
        assert engine.evaluate((truth,)) == (truth,) * 200


# --- threads, memory, life ----------------------------------------------------------------------


def test_thirty_two_threads_each_with_patients_of_its_own() -> None:
    below = random.Random(3)
    source = make_program(seeded(below))
    engine, patients = DurableEngine(source), Patients(source)

    def work(seed: int) -> int:
        own = random.Random(seed)
        for _ in range(100):
            inputs = patients.draw(own)
            assert engine.evaluate(inputs) == reference(source, inputs)
        return 1

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(work, range(32))) == 32


def test_memory_is_flat() -> None:
    below = random.Random(5)
    source = make_program(seeded(below))
    engine, patients = DurableEngine(source), Patients(source)
    drawn = [patients.draw(below) for _ in range(50)]

    def evaluate(times: int) -> int:
        for _ in range(times):
            for inputs in drawn:
                engine.evaluate(inputs)
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    settled = evaluate(40)
    assert evaluate(200) - settled < 1024  # kilobytes, after 10,000 evaluations


def test_an_engine_that_is_gone_frees_its_rulesets(monkeypatch: pytest.MonkeyPatch) -> None:
    deleted = watch(monkeypatch, "delete_ruleset")
    ended = watch(monkeypatch, "delete_state")
    engine = DurableEngine(program(And((B0, B1)), Or((B1, Reference("r0"))), fields="b0 b1"))
    assert engine.evaluate((True, False)) == (False, False)
    handles = list(engine._session._rulesets)
    del engine
    gc.collect()
    assert sorted(handle for (handle,) in deleted) == sorted(handles)
    assert sorted(handle for handle, _ in ended) == sorted(handles)


def test_an_engine_in_use_is_not_freed_under_its_threads() -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = [
            pool.submit(DurableEngine(program(*chain(20), fields="b0")).evaluate, (True,))
            for _ in range(200)
        ]
        gc.collect()
        assert all(answer.result() == (True,) * 20 for answer in answers)


def test_a_program_that_cannot_be_loaded_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    deleted = watch(monkeypatch, "delete_ruleset")
    created: list[int] = []
    create = session.create_ruleset

    def fail_second(name: str, text: str) -> int:
        if created:
            raise RuntimeError("error code: 113")
        created.append(create(name, text))
        return created[0]

    monkeypatch.setattr(session, "create_ruleset", fail_second)
    with pytest.raises(EngineError, match="did not load"):
        DurableEngine(program(And((B0, B1)), Or((B1, Reference("r0"))), fields="b0 b1"))
    assert [handle for (handle,) in deleted] == created


def test_a_node_outside_the_core_is_refused() -> None:
    with pytest.raises(UnsupportedNode, match="AtLeast"):
        DurableEngine(program(AtLeast(1, (B0,)), fields="b0"))
    with pytest.raises(UnsupportedNode, match="IsMember"):
        DurableEngine(program(B0, IsMember(Reference("r0"), ("x",)), fields="b0"))


def test_the_wrong_number_of_inputs_is_refused() -> None:
    engine = DurableEngine(program(B0, fields="b0"))
    with pytest.raises(EngineError, match="1 inputs were expected, not 2"):
        engine.evaluate((True, False))


def test_a_disagreement_names_what_differs() -> None:
    fault = EngineDisagreement([("flag", True, None), ("sum", (0, 2), 3.5)])
    assert isinstance(fault, EngineError)
    assert fault.differences == (("flag", True, None), ("sum", (0, 2), 3.5))
    assert "disagree on 2 definitions" in str(fault)
    assert "sum: durable_rules found 0 to 2, the compiled engine found 3.5" in str(fault)


def test_the_python_api_gives_the_same_verdicts() -> None:
    source = program(
        And((B0, Or((B1, IsMember(E0, ("mild", "severe")))))),
        Compare("<", X0, Constant(2.5)),
        Or((Reference("r0"), Reference("r1"), Not(IsKnown(E0)))),
        (WeightedSum(((Reference("r0"), 2.0), (Reference("r1"), -0.5))), SCORE),
        Compare(">=", Reference("r3"), Constant(1)),
        fields="b0 b1 e0 x0",
    )
    engine, peer = DurableEngine(source), python_api_evaluator(source)
    for inputs in product(
        (True, False, None), (True, None), ("none", "mild", None), (1, 3.5, None)
    ):
        assert peer(inputs) == engine.evaluate(inputs) == reference(source, inputs)
