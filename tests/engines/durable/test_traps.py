"""One test for each way in which durable_rules fails, crashes or answers wrongly."""

from __future__ import annotations

import json
import math
import random
import re
from collections.abc import Iterable
from datetime import date
from itertools import product
from typing import Any

import pytest

from guidestep.engines.durable import DurableEngine, session
from guidestep.engines.durable.engine import Evaluation
from guidestep.engines.durable.facts import (
    BUCKETS,
    RESERVED,
    VALUE,
    Names,
    Shape,
    Source,
    decimal_text,
    identity,
)
from guidestep.engines.durable.normal_form import Literal, Operator, shortest
from guidestep.engines.durable.rulesets import (
    MOST_ALTERNATIVES,
    Conclusion,
    Rules,
    at_once,
    lay,
    prove,
)
from guidestep.engines.durable.session import Session
from guidestep.engines.durable.strata import plan
from guidestep.engines.errors import EngineError
from guidestep.language.program import Definition, Input, Program
from guidestep.language.tree import (
    And,
    Compare,
    Constant,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Not,
    Or,
    Reference,
    WeightedSum,
)
from guidestep.language.types import CONDITION, Kind, Type
from tests.engines.durable.build import SCORE, program, rules, verdict, watch

FLAGS = " ".join(f"b{number}" for number in range(500))
B0, B1, B2, E0, I0, X0 = (Field(name) for name in ("b0", "b1", "b2", "e0", "i0", "x0"))

# A program with every kind of rule in it.
MANY = program(
    And((B0, Or((B1, Not(B2))), IsMember(E0, ("mild", "severe")))),
    Or((Reference("r0"), Not(IsKnown(Reference("r0"))), Compare("<", X0, Constant(1e-7)))),
    (WeightedSum(((B0, 2.0), (Reference("r1"), -0.5))), SCORE),
    Compare("==", Reference("r2"), Constant(1.5)),
    Compare("!=", X0, I0),
    Not(IsKnown(E0)),
    IsMember(E0, ("none",)),
    fields="b0 b1 b2 e0 i0 x0",
)
PATIENT = (True, False, None, "mild", 3, 2.5)


# --- sessions -----------------------------------------------------------------------------------


def test_a_rule_has_fired_in_every_session_that_is_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    fired: set[int] = set()
    deleted: list[int] = []
    complete, delete = session.complete_and_start_action, session.delete_state

    def note_fired(ruleset: int, state: int) -> Any:
        fired.add(ruleset)
        return complete(ruleset, state)

    def note_deleted(ruleset: int, sid: str) -> None:
        assert ruleset in fired
        fired.remove(ruleset)
        deleted.append(ruleset)
        delete(ruleset, sid)

    monkeypatch.setattr(session, "complete_and_start_action", note_fired)
    monkeypatch.setattr(session, "delete_state", note_deleted)
    opened = Session(rules(MANY))
    for _ in range(200):
        opened.open()
        opened.close()
    assert len(deleted) == 200 * len(rules(MANY))
    opened.free()


def test_a_session_is_deleted_when_an_evaluation_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = DurableEngine(MANY)
    expected = engine.evaluate(PATIENT)
    deleted = watch(monkeypatch, "delete_state")

    def fail(*_: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        watch(patch, "complete_and_start_action", fail)
        with pytest.raises(EngineError):
            engine.evaluate(PATIENT)
    assert len(deleted) == len(rules(MANY))
    assert engine.evaluate(PATIENT) == expected


def test_an_interrupt_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = DurableEngine(MANY)
    expected = engine.evaluate(PATIENT)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        watch(patch, "retract_fact", interrupt)
        with pytest.raises(KeyboardInterrupt):
            engine.evaluate((False, True, True, "none", 1, 9.0))
    assert engine.evaluate(PATIENT) == expected


def test_a_fact_left_over_is_refused_not_mixed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = DurableEngine(program(B0, B1, fields="b0 b1"))
    with monkeypatch.context() as patch:
        watch(patch, "retract_fact", lambda *_: (session.HANDLED, 0))
        assert engine.evaluate((True, False)) == (True, False)
        with pytest.raises(EngineError, match="answered 2 to a fact"):
            engine.evaluate((False, None))
    assert engine.evaluate((False, None)) == (False, None)


def test_one_session_a_ruleset_so_that_no_two_collide(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = watch(monkeypatch, "assert_fact")
    engine = DurableEngine(MANY)
    for _ in range(3):
        engine.evaluate(PATIENT)
    assert {json.loads(fact)["sid"] for _, fact in facts} == {"0"}


def test_the_identities_of_the_facts_of_a_session_differ() -> None:
    assert len({identity(each) for each in ("f", "z", "sid-0")}) == 3


@pytest.mark.parametrize("code", [2, 3, 7])
def test_an_unexpected_return_code_is_an_error(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    engine = DurableEngine(MANY)
    watch(monkeypatch, "assert_fact", lambda *_: (code, 0))
    with pytest.raises(EngineError, match=f"answered {code}"):
        engine.evaluate(PATIENT)


@pytest.mark.parametrize("code", [1, 2])
def test_a_session_that_does_not_open_is_an_error(
    monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    watch(monkeypatch, "assert_fact", lambda *_: (code, 0))
    with pytest.raises(EngineError, match=f"answered {code} to the opening"):
        DurableEngine(MANY)


def test_a_fact_that_no_rule_matches_is_no_error() -> None:
    assert verdict(And((B0, B1)), None, True, fields="b0 b1") is None


def test_a_message_of_another_make_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = DurableEngine(MANY)
    watch(monkeypatch, "start_action_for_state", lambda *_: ("{}", '{"r":{"a":{}}}'))
    with pytest.raises(EngineError, match="not made of the fact"):
        engine.evaluate(PATIENT)


def test_a_fact_handled_without_a_firing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = DurableEngine(MANY)
    watch(monkeypatch, "start_action_for_state", lambda *_: None)
    with pytest.raises(EngineError, match="fires nothing"):
        engine.evaluate(PATIENT)


def test_a_condition_both_true_and_false_is_an_error() -> None:
    source = program(B0, fields="b0")
    layout = plan(source)
    laid = [lay(stratum.conditions) for stratum in layout.strata]
    with pytest.raises(EngineError, match="both true and false"):
        Evaluation(layout, laid).run((True,), lambda number, fact: "ab")


# --- limits of a ruleset ------------------------------------------------------------------------


def test_no_more_than_64_conditions_can_match_one_fact() -> None:
    source = program(*[Compare(">=", I0, Constant(bound)) for bound in range(1000)], fields="i0")
    assert all(1 + at_once(each.conclusions) <= 64 for each in rules(source))
    assert max(len(each.conclusions) for each in rules(source)) > 64
    engine = DurableEngine(source)
    assert engine.evaluate((1000,)) == (True,) * 1000
    assert engine.evaluate((-1,)) == (False,) * 1000
    assert engine.evaluate((None,)) == (None,) * 1000


def test_durable_rules_itself_holds_at_64_and_fails_at_65() -> None:
    """The limit that the proof stands on, measured on the engine as it is installed."""
    source = Source(0, Shape.NUMBER, 0, properties={VALUE: "aa"})
    found = [Conclusion(source, True)]

    def full(count: int) -> Rules:
        bounds = [Literal(source, VALUE, "$gte", str(-number)) for number in range(count)]
        return Rules({(bound,): found for bound in bounds})

    held = Session([full(64)])
    assert held.fire(0, ',"aa":1') == 64 * "a"
    held.free()
    over = Session([full(65)])
    with pytest.raises(Exception, match="303"):
        over.fire(0, ',"aa":1')
    over.free()


def test_alternatives_that_exclude_one_another_are_not_counted_together() -> None:
    source = Source(0, Shape.NUMBER, 0, properties={VALUE: "aa"})
    found = [Conclusion(source, True)]
    equal = [Literal(source, VALUE, "$eq", str(number)) for number in range(80)]
    above = [Literal(source, VALUE, "$gt", str(number)) for number in range(62)]
    crowded = Rules({(test,): found for test in [*equal, *above]})
    assert at_once(crowded.conclusions) == 63  # above 61 and equal to one
    prove(crowded)
    session = Session([crowded])
    assert session.fire(0, ',"aa":79') == 63 * "a"
    assert session.fire(0, ',"aa":0') == "a"
    assert session.fire(0, ',"aa":-1') == ""
    session.free()


@pytest.mark.parametrize("seed", range(20))
def test_no_more_first_tests_are_passed_at_once_than_proved(seed: int) -> None:
    below = random.Random(seed)
    signs: list[Operator] = ["$lt", "$lte", "$gt", "$gte", "$eq", "$neq", "$ex"]
    sources = [Source(slot, Shape.NUMBER, 0, properties={VALUE: "aa"}) for slot in range(3)]

    def test() -> Literal:
        return Literal(
            below.choice(sources), VALUE, below.choice(signs), str(below.randrange(4) / 2)
        )

    alternatives = list({(test(), test()) for _ in range(30)})
    most = max(
        sum(first.holds(found[first.source.slot]) for first, _ in alternatives)
        for found in product([at / 4 for at in range(-1, 8)], repeat=3)
    )
    assert at_once(alternatives) == most


@pytest.mark.parametrize("seed", range(20))
def test_a_form_made_shorter_means_the_same(seed: int) -> None:
    below = random.Random(seed)
    signs: list[Operator] = ["$lt", "$lte", "$gt", "$gte", "$eq", "$neq", "$ex"]
    sources = [Source(slot, Shape.NUMBER, 0) for slot in range(2)]
    form = [
        [
            Literal(below.choice(sources), VALUE, below.choice(signs), str(below.randrange(3)))
            for _ in range(below.randint(1, 4))
        ]
        for _ in range(below.randint(1, 6))
    ]
    made = shortest(form)
    for found in product([None, *(at / 2 for at in range(-1, 6))], repeat=2):

        def matches(form: Iterable[Iterable[Literal]], found: Any = found) -> bool:
            values = [[(test, found[test.source.slot]) for test in each] for each in form]
            return any(
                all(value is not None and test.holds(value) for test, value in each)
                for each in values
            )

        assert matches(made) == matches(form)


def test_the_proof_counts_alternatives_properties_and_tests() -> None:
    source = Source(0, Shape.NUMBER, 0, properties={VALUE: "aa"})
    literal = Literal(source, VALUE, "$gte", "0")
    more = [(Literal(source, VALUE, "$gte", str(at)),) for at in range(MOST_ALTERNATIVES)]
    with pytest.raises(EngineError, match="alternatives"):
        prove(Rules({each: [] for each in more}))
    wide = Source(0, Shape.NUMBER, 0, properties={str(at): str(at) for at in range(201)})
    with pytest.raises(EngineError, match="properties"):
        prove(Rules({(Literal(wide, "0", "$gte", "0"),): []}))
    with pytest.raises(EngineError, match="without a test"):
        prove(Rules({(literal,): [], (): []}))


def test_properties_of_a_fact_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = watch(monkeypatch, "assert_fact")
    source = program(*[Field(name) for name in FLAGS.split()], fields=FLAGS)
    assert DurableEngine(source).evaluate((True,) * 500) == (True,) * 500
    assert max(len(json.loads(fact)) for _, fact in facts) <= 200


@pytest.mark.parametrize("operator", [And, Or])
@pytest.mark.parametrize("count", [16, 17, 257, 500])
def test_a_wide_condition_is_split(operator: type[And | Or], count: int) -> None:
    flags = FLAGS.split()[:count]
    engine = DurableEngine(
        program(operator(tuple(Field(name) for name in flags)), fields=" ".join(flags))
    )
    decides = operator is Or
    for others in (True, False, None):
        for odd in (True, False, None):
            inputs = [others] * count
            inputs[count // 2] = odd
            expected = (
                decides if decides in (others, odd) else None if None in inputs else not decides
            )
            assert engine.evaluate(inputs) == (expected,)


def test_a_product_of_disjunctions_is_not_multiplied_out() -> None:
    pairs = tuple(Or((Field(f"b{at}"), Field(f"b{at + 1}"))) for at in range(0, 60, 2))
    engine = DurableEngine(program(And(pairs), fields=FLAGS[: FLAGS.index(" b60")]))
    assert engine.evaluate((True, None) * 30) == (True,)
    assert engine.evaluate((None, True) * 29 + (False, False)) == (False,)
    assert engine.evaluate((None, True) * 29 + (False, None)) == (None,)


def test_every_rule_is_on_one_fact_without_join_disjunction_negation_or_arithmetic() -> None:
    for each in rules(MANY):
        text = str(each)
        assert '"dist":0' in text
        operators = set(re.findall(r'"(\$\w+)"', text))
        assert operators <= {"$and", "$lt", "$lte", "$gt", "$gte", "$neq", "$ex"}
        ways = re.findall(r'"all":\[', text)
        assert len(ways) == 1 + len(each.alternatives)
        # One entry an `all`: the next one begins where this one ends.
        assert len(re.findall(r'"all":\[\{"[^"]":\{', text)) == len(ways)


def test_alternatives_that_fire_together_conclude_once() -> None:
    source = program(Or((B0, B1, B2)), Reference("r0"), Not(Reference("r0")), fields="b0 b1 b2")
    assert DurableEngine(source).evaluate((True, True, True)) == (True, True, False)


# --- what is written ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number",
    [1e-7, 1e22, 5e-324, 1.7976931348623157e308, -1e-300, 0.1, 1e16, -0.0, 0.30000000000000004],
)
def test_numbers_are_written_without_exponent_and_read_exactly(number: float) -> None:
    assert re.fullmatch(r"-?\d+\.\d+", decimal_text(number))
    assert float(decimal_text(number)) == number
    above, below = math.nextafter(number, math.inf), math.nextafter(number, -math.inf)
    for sign, expected in ((">=", (False, True, True)), ("==", (False, True, False))):
        engine = DurableEngine(program(Compare(sign, X0, Constant(number)), fields="x0"))
        found = [
            engine.evaluate((value,))[0] if math.isfinite(value) else wanted
            for value, wanted in zip((below, number, above), expected, strict=True)
        ]
        assert tuple(found) == expected


@pytest.mark.parametrize("bound", [2**53, -(2**53), 2**53 + 1, 2**63, -(2**63) - 1, 10**30, 1e22])
def test_integers_that_no_double_holds_are_compared_exactly(bound: float) -> None:
    for sign, expected in (("<", (True, False, False)), ("!=", (True, False, True))):
        engine = DurableEngine(program(Compare(sign, I0, Constant(bound)), fields="i0"))
        values = (int(bound) - 1, int(bound), int(bound) + 1)
        assert tuple(engine.evaluate((value,))[0] for value in values) == expected


@pytest.mark.parametrize("number", [math.inf, -math.inf, math.nan])
def test_what_is_not_finite_is_refused(number: float) -> None:
    engine = DurableEngine(program(Compare("<", X0, Constant(1)), fields="x0"))
    with pytest.raises(EngineError, match="is not a number that can be compared"):
        engine.evaluate((number,))
    assert engine.evaluate((0.5,)) == (True,)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("b0", "true"), ("b0", "1"), ("b0", 2), ("x0", "10"), ("x0", True), ("i0", "7"),
        ("i0", False), ("e0", "unheard of"), ("e0", 1), ("e0", True), ("d0", 730000), ("d0", "x"),
    ],
)  # fmt: skip
def test_texts_truths_and_numbers_are_not_taken_for_one_another(field: str, value: Any) -> None:
    tests: dict[str, Expression] = {
        "b": Field(field),
        "x": Compare(">=", Field(field), Constant(7)),
        "i": Compare(">=", Field(field), Constant(1)),
        "e": IsMember(Field(field), ("mild", "severe")),
        "d": Compare(">", Field(field), Constant(date(2000, 1, 1))),
    }
    engine = DurableEngine(program(tests[field[0]], fields=field))
    with pytest.raises(EngineError):
        engine.evaluate((value,))


def test_facts_hold_numbers_only_and_nothing_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    facts = watch(monkeypatch, "assert_fact")
    engine = DurableEngine(MANY)
    for patient in (PATIENT, (None,) * 6, (None, True, False, None, None, 1e-9)):
        engine.evaluate(patient)
    for _, fact in facts:
        found = json.loads(fact)
        assert found.pop("sid") == "0"
        assert found.pop("id") in ("f", "z")
        assert {type(value) for value in found.values()} <= {int, float}


def test_nothing_of_the_guideline_reaches_the_json(monkeypatch: pytest.MonkeyPatch) -> None:
    wild = ('"', "\\", "$gt", "a.b", "}{", "\x00", "id", "sid", "é", "\u202e", "' or", "all")
    choice = Type(Kind.ENUMERATION, members=wild)
    source = Program(
        '"$m',
        tuple(Input(name, choice) for name in wild),
        tuple(
            Definition(f"{name}{member}", IsMember(Field(name), (member,)), CONDITION)
            for name in wild
            for member in wild
        ),
    )
    created, facts = watch(monkeypatch, "create_ruleset"), watch(monkeypatch, "assert_fact")
    engine = DurableEngine(source)
    assert engine.evaluate(wild) == tuple(name == member for name in wild for member in wild)
    for text in [text for _, text in created] + [fact for _, fact in facts]:
        bare = re.sub(r'"all":\[\{"[^"\\]":', "", text)  # names that the engine gives
        assert re.fullmatch(r'[\w"$:,.{}\[\]-]+', bare, re.ASCII)


def test_property_names_never_share_a_hash() -> None:
    names = Names()
    given = [names.new(at % BUCKETS) for at in range(20_000)]
    hashes = {identity(name) for name in given} | {identity(name) for name in RESERVED}
    assert len(hashes) == 20_000 + len(RESERVED)


def test_a_name_whose_hash_is_taken_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "guidestep.engines.durable.facts.identity", lambda name: name.replace("ab", "aa")
    )
    monkeypatch.setattr("guidestep.engines.durable.facts.bucket", lambda name: 0)
    names = Names()
    given = [names.new(0) for _ in range(26)]
    assert given[-3:] == ["y", "aa", "ac"]  # z is what opens a session


def test_the_hash_is_the_one_of_durable_rules() -> None:
    # HASH_SID, HASH_ID, HASH_GTE and HASH_FORWARD of its source.
    known = {"sid": 3593476751, "id": 926444256, "$gte": 3645344263, "$forward": 739185624}
    assert {name: identity(name) for name in known} == known
