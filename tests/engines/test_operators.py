"""What every operator means, written out by hand and asked of every engine."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest

from guidestep.engines.support import UnsupportedNode
from guidestep.language.program import Definition, Input, Program, Verdict
from guidestep.language.tree import (
    And,
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Negative,
    Not,
    Or,
    Reference,
    WeightedSum,
)
from guidestep.language.types import CONDITION, DATE, DECIMAL, INTEGER, Kind, Type
from tests.engines.conftest import Run, frame
from tests.engines.differential import same

SCORE = Type(Kind.DECIMAL, interval=True)
INPUTS = (
    *(Input(f"bool.{name}", CONDITION) for name in "abc"),
    *(Input(f"whole.{name}", INTEGER) for name in "ij"),
    *(Input(f"decimal.{name}", DECIMAL) for name in "xy"),
    Input("text.e", Type(Kind.ENUMERATION, members=("none", "mild", "severe"))),
    *(Input(f"day.{name}", DATE) for name in "st"),
)
FIELDS = {entry.path[-1]: Field(entry.path) for entry in INPUTS}
A, B, C, I, J, X, Y, E, S, TT = (FIELDS[name] for name in "abcijxyest")  # noqa: E741
LETTERS = {"T": True, "F": False, "U": None}
SIGNS = ("<", "<=", ">", ">=", "==", "!=")
REFUSED_BY_FRAMES = ("ln", "log10", "exp")  # their last digit differs between backends


def ask(engine: Run, expression: Expression, type_: Type = CONDITION, **values: Any) -> Verdict:
    """Return the verdict of one expression, for a patient of whom only `values` are known."""
    program = Program("one", INPUTS, (Definition("it", expression, type_),))
    return engine(program, [values.get(entry.path[-1]) for entry in INPUTS])[0]


def rows(table: str) -> list[Any]:
    """Read a truth table: the letters of the operands, and after the arrow that of the result."""
    return [
        pytest.param([LETTERS[letter] for letter in given], LETTERS[result], id=row)
        for row in table.split()
        for given, result in [row.split(">")]
    ]


# --- leaves -------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [True, False])
def test_constant_truth(engine: Run, value: bool) -> None:
    assert ask(engine, Constant(value)) is value


@pytest.mark.parametrize(
    ("value", "type_"),
    [(3, INTEGER), (-3, INTEGER), (2.5, DECIMAL), (0.0, DECIMAL), (date(2026, 1, 15), DATE)],
)
def test_constant_value(engine: Run, value: Any, type_: Type) -> None:
    assert same(ask(engine, Constant(value), type_), value)


@pytest.mark.parametrize("value", [True, False, None])
def test_a_boolean_field_is_a_condition(engine: Run, value: bool | None) -> None:
    assert ask(engine, A, a=value) is value


@pytest.mark.parametrize(
    ("node", "type_", "value"),
    [
        (I, INTEGER, 0),
        (I, INTEGER, 7),
        (I, INTEGER, None),
        (X, DECIMAL, 0.0),
        (X, DECIMAL, -1.5),
        (X, DECIMAL, 1e-7),
        (X, DECIMAL, 1e22),
        (S, DATE, date(2000, 2, 29)),
        (S, DATE, None),
    ],
)
def test_field(engine: Run, node: Field, type_: Type, value: Any) -> None:
    assert same(ask(engine, node, type_, **{node.path[-1]: value}), value)


@pytest.mark.parametrize("value", [True, False, None])
def test_reference(engine: Run, value: bool | None) -> None:
    definitions = (
        Definition("first", A, CONDITION),
        Definition("second", Not(Reference("first")), CONDITION),
        Definition("third", Or((Reference("second"), Reference("first"))), CONDITION),
        Definition("number", I, INTEGER),
        Definition("same-number", Reference("number"), INTEGER),
        Definition("score", WeightedSum(((A, 2), (Constant(True), 1))), SCORE),
        Definition("same-score", Reference("score"), SCORE),
    )
    program = Program("references", INPUTS, definitions)
    patient = [value if e.path == "bool.a" else 4 if e.path == "whole.i" else None for e in INPUTS]
    opposite = None if value is None else not value
    score = {True: (3, 3), False: (1, 1), None: (1, 3)}[value]
    known = None if value is None else True
    assert same(engine(program, patient), (value, opposite, known, 4, 4, score, score))


# --- conditions ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("given", "result"), rows("T>F F>T U>U"))
def test_not(engine: Run, given: list[bool | None], result: bool | None) -> None:
    assert ask(engine, Not(A), a=given[0]) is result
    assert ask(engine, Not(Not(Not(A))), a=given[0]) is result


AND = "TT>T TF>F TU>U FT>F FF>F FU>F UT>U UF>F UU>U"
OR = "TT>T TF>T TU>T FT>T FF>F FU>U UT>T UF>U UU>U"


@pytest.mark.parametrize(("given", "result"), rows(AND))
def test_and(engine: Run, given: list[bool | None], result: bool | None) -> None:
    assert ask(engine, And((A, B)), a=given[0], b=given[1]) is result


@pytest.mark.parametrize(("given", "result"), rows(OR))
def test_or(engine: Run, given: list[bool | None], result: bool | None) -> None:
    assert ask(engine, Or((A, B)), a=given[0], b=given[1]) is result


@pytest.mark.parametrize(("given", "result"), rows("TTT>F TTU>U TUF>T FUU>T UFU>T UUT>U UUU>U"))
def test_not_and(engine: Run, given: list[bool | None], result: bool | None) -> None:
    a, b, c = given
    assert ask(engine, Not(And((A, B, C))), a=a, b=b, c=c) is result


@pytest.mark.parametrize(("given", "result"), rows("FFF>T FFU>U FUT>F TUU>F UTU>F UUF>U UUU>U"))
def test_not_or(engine: Run, given: list[bool | None], result: bool | None) -> None:
    a, b, c = given
    assert ask(engine, Not(Or((A, B, C))), a=a, b=b, c=c) is result


def test_and_or_of_none_or_one(engine: Run) -> None:
    assert ask(engine, And(())) is True
    assert ask(engine, Or(())) is False
    for value in (True, False, None):
        assert ask(engine, And((A,)), a=value) is value
        assert ask(engine, Or((A,)), a=value) is value


@pytest.mark.parametrize("last", [True, False, None])
def test_wide(engine: Run, last: bool | None) -> None:
    assert ask(engine, Or((*(A,) * 39, B)), a=False, b=last) is last
    assert ask(engine, And((*(A,) * 39, B)), a=True, b=last) is last


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(("left", "holds"), [(14, "< <= !="), (15, "<= >= =="), (16, "> >= !=")])
def test_compare_numbers(engine: Run, sign: Any, left: int, holds: str) -> None:
    expected = sign in holds.split()
    assert ask(engine, Compare(sign, I, Constant(15)), i=left) is expected
    assert ask(engine, Compare(sign, X, Constant(15)), x=float(left)) is expected
    assert ask(engine, Compare(sign, I, Constant(15.0)), i=left) is expected
    assert ask(engine, Compare(sign, I, J), i=left, j=15) is expected
    assert ask(engine, Compare(sign, I, X), i=left, x=15.0) is expected


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(("day", "holds"), [(14, "< <= !="), (15, "<= >= =="), (16, "> >= !=")])
def test_compare_dates(engine: Run, sign: Any, day: int, holds: str) -> None:
    expected = sign in holds.split()
    bound = date(2026, 1, 15)
    assert ask(engine, Compare(sign, S, Constant(bound)), s=date(2026, 1, day)) is expected
    assert ask(engine, Compare(sign, S, TT), s=date(2026, 1, day), t=bound) is expected


@pytest.mark.parametrize("sign", SIGNS)
def test_compare_unknown(engine: Run, sign: Any) -> None:
    assert ask(engine, Compare(sign, I, Constant(15))) is None
    assert ask(engine, Compare(sign, Constant(15), I)) is None
    assert ask(engine, Compare(sign, I, J), i=1) is None
    assert ask(engine, Compare(sign, I, J), j=1) is None
    assert ask(engine, Compare(sign, S, TT), s=date(2026, 1, 1)) is None
    assert ask(engine, Not(Compare(sign, I, J))) is None


# From 1 to 3: certainly 1, and 2 more for an item that is not known.
LOOSE = WeightedSum(((Constant(True), 1), (A, 2)))
INTERVALS = {
    "<": "0>F 1>F 2>U 3>U 4>T",
    "<=": "0>F 1>U 2>U 3>T 4>T",
    ">": "0>T 1>U 2>U 3>F 4>F",
    ">=": "0>T 1>T 2>U 3>U 4>F",
    "==": "0>F 1>U 2>U 3>U 4>F",
    "!=": "0>T 1>U 2>U 3>U 4>T",
}


@pytest.mark.parametrize(
    ("sign", "bound", "result"),
    [
        (sign, int(row[0]), LETTERS[row[2]])
        for sign, table in INTERVALS.items()
        for row in table.split()
    ],
)
def test_compare_score(engine: Run, sign: Any, bound: int, result: bool | None) -> None:
    assert ask(engine, Compare(sign, LOOSE, Constant(bound))) is result
    assert ask(engine, Compare(sign, LOOSE, X), x=float(bound)) is result
    assert ask(engine, Compare(sign, LOOSE, X)) is None
    program = Program(
        "referred",
        INPUTS,
        (
            Definition("score", LOOSE, SCORE),
            Definition("again", Reference("score"), SCORE),
            Definition("it", Compare(sign, Reference("again"), Constant(bound)), CONDITION),
        ),
    )
    assert engine(program, [None] * len(INPUTS))[2] is result


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(("bound", "holds"), [(4, "< <= !="), (3, "<= >= =="), (2, "> >= !=")])
def test_compare_certain_score(engine: Run, sign: Any, bound: int, holds: str) -> None:
    assert ask(engine, Compare(sign, LOOSE, Constant(bound)), a=True) is (sign in holds.split())


def test_a_score_on_the_right_counts_only_when_certain(engine: Run) -> None:
    assert ask(engine, Compare("<", Constant(0), LOOSE)) is None
    assert ask(engine, Compare("<", Constant(0), LOOSE), a=False) is True
    assert ask(engine, Compare("<=", LOOSE, LOOSE)) is None
    assert ask(engine, Compare("<=", LOOSE, LOOSE), a=True) is True


@pytest.mark.parametrize(
    ("members", "value", "result"),
    [
        (("mild",), "mild", True),
        (("mild",), "severe", False),
        (("mild",), None, None),
        (("mild", "severe"), "severe", True),
        (("mild", "severe"), "none", False),
        (("mild", "severe"), None, None),
        (("none", "mild", "severe"), None, None),
    ],
)
def test_is_member(
    engine: Run, members: tuple[str, ...], value: str | None, result: bool | None
) -> None:
    assert ask(engine, IsMember(E, members), e=value) is result
    opposite = None if result is None else not result
    assert ask(engine, Not(IsMember(E, members)), e=value) is opposite


@pytest.mark.parametrize(
    ("operand", "values", "result"),
    [
        (A, {}, False),
        (A, {"a": False}, True),
        (A, {"a": True}, True),
        (I, {}, False),
        (I, {"i": 0}, True),
        (X, {}, False),
        (X, {"x": 0.0}, True),
        (E, {}, False),
        (E, {"e": "none"}, True),
        (S, {}, False),
        (S, {"s": date(2026, 1, 1)}, True),
        (Constant(False), {}, True),
        (Constant(0), {}, True),
        (Not(A), {}, False),
        (Not(A), {"a": True}, True),
        (And((A, B)), {"a": True}, False),
        (And((A, B)), {"a": False}, True),
        (Or((A, B)), {"a": False}, False),
        (Or((A, B)), {"a": True}, True),
        (Compare(">", I, Constant(0)), {}, False),
        (Compare(">", I, Constant(0)), {"i": 0}, True),
        (Arithmetic("/", I, J), {"i": 1, "j": 0}, False),
        (Arithmetic("/", I, J), {"i": 0, "j": 1}, True),
        (LOOSE, {}, False),
        (LOOSE, {"a": False}, True),
        (WeightedSum(((A, 0),)), {}, True),
        (IsKnown(A), {}, True),
    ],
)
def test_is_known(engine: Run, operand: Expression, values: dict[str, Any], result: bool) -> None:
    assert ask(engine, IsKnown(operand), **values) is result
    assert ask(engine, Not(IsKnown(operand)), **values) is not result
    assert ask(engine, IsKnown(IsKnown(operand)), **values) is True


# --- numbers ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sign", "left", "right", "result"),
    [
        ("+", 2, 3, 5),
        ("-", 2, 3, -1),
        ("*", 2, 3, 6),
        ("/", 3, 2, 1.5),
        ("/", 4, 2, 2.0),
        ("/", 1, 0, None),
        ("/", 0, 0, None),
        ("+", None, 1, None),
        ("*", 0, None, None),
        ("/", None, None, None),
    ],
)
def test_arithmetic_of_integers(
    engine: Run, sign: Any, left: int | None, right: int | None, result: Any
) -> None:
    type_ = DECIMAL if sign == "/" else INTEGER
    assert same(ask(engine, Arithmetic(sign, I, J), type_, i=left, j=right), result)


@pytest.mark.parametrize(
    ("sign", "left", "right", "result"),
    [
        ("+", 0.1, 0.2, 0.1 + 0.2),
        ("-", 0.5, 0.5, 0.0),
        ("*", 1.5, 2.0, 3.0),
        ("/", 1.0, 3.0, 1 / 3),
        ("/", 1.0, 0.0, None),
        ("*", 1e200, 1e200, None),
        ("/", 1e200, 1e-200, None),
        ("+", 1.7e308, 1.7e308, None),
        ("-", -1.7e308, 1.7e308, None),
        ("*", 1e-200, 1e-200, 0.0),
    ],
)
def test_arithmetic_of_decimals(
    engine: Run, sign: Any, left: float, right: float, result: Any
) -> None:
    assert same(ask(engine, Arithmetic(sign, X, Y), DECIMAL, x=left, y=right), result)


def test_arithmetic_beyond_the_largest_decimal(engine: Run) -> None:
    large = Constant(10**308)
    assert ask(engine, Arithmetic("*", large, Constant(10)), INTEGER) is None
    assert ask(engine, Arithmetic("/", Constant(10**400), Constant(2)), DECIMAL) is None
    overflow = Arithmetic("*", X, Y)
    assert ask(engine, Arithmetic("/", Constant(1), overflow), DECIMAL, x=1e200, y=1e200) is None


def test_arithmetic_nested_and_mixed(engine: Run) -> None:
    bmi = Arithmetic("/", X, Arithmetic("*", Y, Y))
    assert ask(engine, bmi, DECIMAL, x=81.0, y=1.8) == 81.0 / (1.8 * 1.8)
    assert same(ask(engine, Arithmetic("+", I, X), DECIMAL, i=1, x=0.5), 1.5)
    assert ask(engine, Compare(">=", bmi, Constant(25)), x=81.0, y=1.8) is True
    assert ask(engine, Compare(">=", bmi, Constant(25)), x=81.0) is None


def test_arithmetic_of_a_score(engine: Run) -> None:
    doubled = Arithmetic("*", LOOSE, Constant(2))
    assert ask(engine, doubled, INTEGER) is None
    assert same(ask(engine, doubled, INTEGER, a=True), 6)
    assert ask(engine, Compare(">", doubled, Constant(0))) is None
    assert same(ask(engine, Call("max", (LOOSE, Constant(0))), INTEGER, a=False), 1)
    assert ask(engine, Call("max", (LOOSE, Constant(0))), INTEGER) is None
    assert same(ask(engine, Negative(LOOSE), INTEGER, a=False), -1)
    assert ask(engine, Negative(LOOSE), INTEGER) is None


@pytest.mark.parametrize(("value", "result"), [(3, -3), (-3, 3), (0, 0), (None, None)])
def test_negative(engine: Run, value: int | None, result: int | None) -> None:
    assert same(ask(engine, Negative(I), INTEGER, i=value), result)
    assert same(ask(engine, Negative(Negative(I)), INTEGER, i=value), value)


@pytest.mark.parametrize(
    ("items", "values", "result"),
    [
        ((), {}, (0, 0)),
        (((A, 2),), {"a": True}, (2, 2)),
        (((A, 2),), {"a": False}, (0, 0)),
        (((A, 2),), {}, (0, 2)),
        (((A, -2),), {}, (-2, 0)),
        (((A, -2),), {"a": True}, (-2, -2)),
        (((A, 0),), {}, (0, 0)),
        (((A, 1), (B, 2), (C, -4)), {}, (-4, 3)),
        (((A, 1), (B, 2), (C, -4)), {"b": True}, (-2, 3)),
        (((A, 1), (B, 2), (C, -4)), {"a": True, "b": True, "c": True}, (-1, -1)),
        (((A, 0.5), (B, 1)), {"a": True}, (0.5, 1.5)),
        (((A, 0.1), (B, 0.2), (C, 0.3)), {"a": True, "b": True, "c": True}, (0.1 + 0.2 + 0.3,) * 2),
        (((Compare(">", I, Constant(1)), 1), (Not(A), 2)), {"i": 2, "a": True}, (1, 1)),
        (((Or((A, B)), 1),), {"b": True}, (1, 1)),
    ],
)
def test_weighted_sum(engine: Run, items: Any, values: dict[str, Any], result: Any) -> None:
    assert same(ask(engine, WeightedSum(items), SCORE, **values), result)


# --- functions ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "values", "result"),
    [
        ("min", (3, 1, 2), 1),
        ("max", (3, 1, 2), 3),
        ("min", (3,), 3),
        ("max", (-1, -1), -1),
        ("min", (1, None), None),
        ("max", (None, 1), None),
        ("abs", (-3,), 3),
        ("abs", (3,), 3),
        ("abs", (None,), None),
    ],
)
def test_functions_of_integers(engine: Run, function: Any, values: Any, result: Any) -> None:
    fields = (I, J)
    arguments = tuple(fields[at] if at < 2 else Constant(value) for at, value in enumerate(values))
    known = {field.path[-1]: value for field, value in zip(fields, values, strict=False)}
    assert same(ask(engine, Call(function, arguments), INTEGER, **known), result)


@pytest.mark.parametrize(
    ("function", "value", "result"),
    [
        ("abs", -1.5, 1.5),
        ("sqrt", 6.25, 2.5),
        ("sqrt", 0.0, 0.0),
        ("sqrt", -0.01, None),
        ("sqrt", None, None),
        ("ln", 1.0, 0.0),
        ("ln", 2.0, math.log(2.0)),
        ("ln", 0.0, None),
        ("ln", -1.0, None),
        ("log10", 1000.0, 3.0),
        ("log10", 0.0, None),
        ("log10", None, None),
        ("exp", 0.0, 1.0),
        ("exp", 1.0, math.e),
        ("exp", 709.0, math.exp(709.0)),
        ("exp", 710.0, None),
        ("exp", -1e200, 0.0),
        ("exp", None, None),
    ],
)
def test_functions_of_decimals(engine: Run, function: Any, value: Any, result: Any) -> None:
    if engine is frame and function in REFUSED_BY_FRAMES:
        with pytest.raises(UnsupportedNode, match=rf"the frame engine .* {function}\(\)"):
            ask(engine, Call(function, (X,)), DECIMAL, x=value)
        return
    assert same(ask(engine, Call(function, (X,)), DECIMAL, x=value), result)


@pytest.mark.parametrize(
    ("value", "digits", "result"),
    [
        (0.5, 0, 1.0),
        (1.5, 0, 2.0),
        (2.5, 0, 3.0),
        (-0.5, 0, -1.0),
        (-2.5, 0, -3.0),
        (2.4999, 0, 2.0),
        (0.49999999999999994, 0, 0.0),
        (2.675, 2, 2.68),
        (1.005, 2, 1.01),
        (0.15, 1, 0.2),
        (0.25, 1, 0.3),
        (-0.25, 1, -0.3),
        (1e-9, 2, 0.0),
        (1e22, 2, 1e22),
        (1e300, 1, 1e300),
        (1250.0, -2, 1300.0),
        (49.0, -2, 0.0),
        (50.0, -2, 100.0),
        (None, 1, None),
    ],
)
def test_round(engine: Run, value: float | None, digits: int, result: float | None) -> None:
    rounded = Call("round", (X, Constant(digits)))
    assert same(ask(engine, rounded, DECIMAL, x=value), result)
    if digits == 0:
        assert same(ask(engine, Call("round", (X,)), DECIMAL, x=value), result)


def test_round_of_an_integer_is_a_decimal(engine: Run) -> None:
    assert same(ask(engine, Call("round", (I,)), DECIMAL, i=7), 7.0)


def test_round_beyond_the_largest_decimal(engine: Run, request: pytest.FixtureRequest) -> None:
    if engine is frame:
        reason = "the frame engine rounds it to infinity"
        request.applymarker(pytest.mark.xfail(strict=True, reason=reason))
    assert ask(engine, Call("round", (X, Constant(-308))), DECIMAL, x=1.7e308) is None


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2026, 1, 1), date(2026, 1, 15), 14),
        (date(2026, 1, 15), date(2026, 1, 1), -14),
        (date(2026, 1, 1), date(2026, 1, 1), 0),
        (date(2024, 2, 28), date(2024, 3, 1), 2),
        (date(2025, 2, 28), date(2025, 3, 1), 1),
        (None, date(2026, 1, 1), None),
        (date(2026, 1, 1), None, None),
    ],
)
def test_days_and_weeks_between(engine: Run, start: Any, end: Any, days: int | None) -> None:
    assert same(ask(engine, Call("days_between", (S, TT)), INTEGER, s=start, t=end), days)
    weeks = None if days is None else days / 7
    assert same(ask(engine, Call("weeks_between", (S, TT)), DECIMAL, s=start, t=end), weeks)


@pytest.mark.parametrize(
    ("birth", "on", "years"),
    [
        (date(1980, 6, 15), date(2026, 6, 14), 45),
        (date(1980, 6, 15), date(2026, 6, 15), 46),
        (date(2000, 2, 29), date(2001, 2, 28), 0),
        (date(2000, 2, 29), date(2001, 3, 1), 1),
        (date(2000, 2, 29), date(2004, 2, 28), 3),
        (date(2000, 2, 29), date(2004, 2, 29), 4),
        (date(2026, 1, 1), date(2026, 1, 1), 0),
        (date(2026, 1, 2), date(2026, 1, 1), None),
        (date(2027, 1, 1), date(2026, 12, 31), None),
        (None, date(2026, 1, 1), None),
        (date(2026, 1, 1), None, None),
    ],
)
def test_age_in_years(engine: Run, birth: Any, on: Any, years: int | None) -> None:
    assert same(ask(engine, Call("age_in_years", (S, TT)), INTEGER, s=birth, t=on), years)
