"""Numbers and dates calculated in memory are to the last bit those of one patient."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from guidestep.engines.compiled import CompiledEngine
from guidestep.engines.frame import leaves
from guidestep.engines.frame import numbers as module
from guidestep.engines.frame.steps import Operation
from guidestep.language.program import Definition, Input, Program
from guidestep.language.tree import (
    Arithmetic,
    Call,
    Compare,
    Constant,
    Expression,
    Field,
    IsKnown,
    Negative,
)
from guidestep.language.types import CONDITION, DATE, DECIMAL
from tests.engines.frame.test_numbers import numbers
from tests.engines.frame.test_words import verdicts

X, Y, RESULT = Field("number.x"), Field("number.y"), Field("result.r")
S, T = Field("day.s"), Field("day.t")
NUMBERS = (Input(X.path, DECIMAL), Input(Y.path, DECIMAL))
DAYS = (Input(S.path, DATE), Input(T.path, DATE))
BOTH = [Call("min", (X, Y)), Call("max", (X, Y, Constant(1))), Call("min", (X, Constant(0.5)))]
OF_NUMBERS: list[Expression] = [
    *(Arithmetic(sign, X, Y) for sign in ("+", "-", "*", "/")),
    *(Call("round", (X, Constant(digits))) for digits in (-2, 0, 1, 2, 6)),
    *(Arithmetic("/", X, Constant(by)) for by in (7.0, 0.357, 49.0, 0.0)),
    Negative(X),
    Call("abs", (X,)),
    Call("sqrt", (X,)),
    Call("round", (Call("abs", (Arithmetic("-", X, Y),)), Constant(3))),
    *BOTH,
]
OF_DAYS = [Call(name, (S, T)) for name in ("days_between", "weeks_between", "age_in_years")]


def pairs(count: int) -> list[tuple[float | None, float | None]]:
    source, drawn = random.Random(2), numbers(count)
    extreme = [(1e308, 1e308), (-1e308, 1e-300), (5e-324, 4.0), (1e19, 2e16), (None, 1.0)]
    return [*((x, source.choice([*drawn[:20], x, None])) for x in drawn), *extreme]


def days(count: int) -> list[tuple[date | None, date | None]]:
    source = random.Random(3)

    def day() -> date:
        return date(1890, 1, 1) + timedelta(source.randrange(80_000))

    found: list[tuple[date | None, date | None]] = [(day(), day()) for _ in range(count)]
    for year in range(1896, 2020):  # birthdays, the days around them, and those of leap years
        born = source.choice([date(year, 3, 1), date(year, 2, 28), day()])
        for shift in (-1, 0, 1):
            found.append((born, born + timedelta(round(365.25 * 30) + shift)))
    return [*found, (None, day()), (day(), None)]


def wrong(
    expression: Expression, inputs: tuple[Input, ...], rows: Sequence[Sequence[Any]]
) -> list[Sequence[Any]]:
    """Return the rows in which a value in memory is not that of the compiled engine."""
    value = Program("value", inputs, (Definition("v", expression, DECIMAL),))
    results = [result for row in rows for result in CompiledEngine(value).evaluate(list(row))]
    asked = (
        Definition("known", IsKnown(expression), CONDITION),
        Definition("same", Compare("==", expression, RESULT), CONDITION),
    )
    program = Program("same", (*inputs, Input(RESULT.path, DECIMAL)), asked)
    found = verdicts(program, [[*row, r] for row, r in zip(rows, results, strict=True)])
    return [
        row
        for row, r, known, same in zip(rows, results, found["known"], found["same"], strict=True)
        if known is not (r is not None) or same is not (None if r is None else True)
    ]


@pytest.fixture(autouse=True)
def _nothing_is_left_to_polars(monkeypatch: pytest.MonkeyPatch) -> None:
    def arranged(graph: object, rest: Sequence[int], *others: object) -> Any:
        assert not rest

    monkeypatch.setattr(leaves, "arrange", arranged)


@pytest.mark.parametrize("expression", OF_NUMBERS, ids=str)
def test_numbers(expression: Expression) -> None:
    assert not wrong(expression, NUMBERS, pairs(1500))


@pytest.mark.parametrize("expression", OF_DAYS, ids=str)
def test_days(expression: Expression) -> None:
    assert not wrong(expression, DAYS, days(1500))


def test_rounding_at_the_last_digits_a_float_has_is_as_of_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()  # here it is Polars that is compared with
    known = IsKnown(Call("round", (X, Constant(12))))
    program = Program("p", NUMBERS, (Definition("known", known, CONDITION),))
    rows: list[list[object]] = [[x, y] for x, y in pairs(900)]
    found = verdicts(program, rows)["known"]
    assert found == verdicts(program, rows, held=False)["known"]
    assert {True, False} == set(found)


def test_more_rows_than_are_calculated_with_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guidestep.engines.frame.held.BLOCK", 128)
    for rows in (1, 64, 127, 128, 129, 700):
        assert not wrong(Arithmetic("/", X, Y), NUMBERS, pairs(1500)[:rows])


def _by_the_product(digits: Any, number: Any) -> Any:
    return np.round(number * 10.0**digits) / 10.0**digits, None


def _of_the_years(name: object, *operands: Any) -> Any:
    start, end = (np.asarray(day).astype("datetime64[D]") for day in operands)
    years = (end.astype("datetime64[Y]") - start.astype("datetime64[Y]")).astype(float)
    return years, years >= 0


def _of_any_size(sign: object, left: Any, right: Any) -> Any:
    return module._arithmetic(sign, left, right)[0], None


@pytest.mark.parametrize(
    ("operation", "bug", "expression"),
    [
        (Operation.ROUND, _by_the_product, Call("round", (X, Constant(2)))),
        (Operation.ARITHMETIC, _of_any_size, Arithmetic("/", X, Y)),
        (Operation.CALL, _of_the_years, Call("age_in_years", (S, T))),
    ],
)
def test_planted_bugs_are_found(
    operation: Operation, bug: Any, expression: Expression, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(module._CALCULATIONS, operation, bug)  # type: ignore[arg-type]
    numeric = operation is not Operation.CALL
    assert wrong(expression, NUMBERS if numeric else DAYS, pairs(900) if numeric else days(900))
