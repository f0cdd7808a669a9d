"""Numbers and dates come out of a column to the last bit as from the functions of one patient."""

from __future__ import annotations

import calendar
import math
import random
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from guidestep.engines.compiled import functions
from guidestep.language.program import Definition, Input, Program
from guidestep.language.tree import Arithmetic, Call, Compare, Constant, Field, WeightedSum
from guidestep.language.types import CONDITION, DATE, DECIMAL, Kind, Type
from tests.engines.frame.running import difference, duck

BACKENDS = pytest.mark.parametrize("make", [pl.DataFrame.lazy, duck], ids=["polars", "duckdb"])
X, Y = Field("number.x"), Field("number.y")
S, T = Field("day.s"), Field("day.t")
NUMBERS = (Input(X.path, DECIMAL), Input(Y.path, DECIMAL))
DAYS = (Input(S.path, DATE), Input(T.path, DATE))


def numbers(count: int) -> list[float]:
    """Return numbers as they are measured, and their neighbours among the floats."""
    source = random.Random(5)
    found = [0.0, 2.675, 1.005, 0.5, -2.5, 0.49999999999999994, 0.07, 4.35, 1e7, 5e-324]
    for _ in range(count // 3):
        digits = source.randrange(5)
        number = source.randrange(-(10**7), 10**7) * 5 / 10 ** (digits + 1)
        found += [number, math.nextafter(number, math.inf), math.nextafter(number, -math.inf)]
    return found


@BACKENDS
@pytest.mark.parametrize("by", [3.0, 7.0, 0.1, 0.357, 10.0, 49.0])
def test_division_by_a_literal_is_correctly_rounded(make: Any, by: float) -> None:
    quotient = Definition("d", Arithmetic("/", X, Constant(by)), DECIMAL)
    assert not difference(
        Program("p", NUMBERS, (quotient,)), [(x, None) for x in numbers(3000)], make
    )


def test_a_division_by_the_reciprocal_would_be_found() -> None:
    # What Polars makes of a literal divisor: if it stops, `_divided` can be simpler.
    given = pl.Series(numbers(3000))
    wrong = given.to_frame("x").lazy().select(pl.col("x") / 49.0).collect()["x"]
    assert wrong.to_list() != [x / 49.0 for x in given]


@BACKENDS
@pytest.mark.parametrize("digits", [-2, -1, 0, 1, 2, 3, 6])
def test_rounding_is_half_away_from_zero_on_the_decimal(make: Any, digits: int) -> None:
    rounded = Definition("d", Call("round", (X, Constant(digits))), DECIMAL)
    assert not difference(
        Program("p", NUMBERS, (rounded,)), [(x, None) for x in numbers(6000)], make
    )


@pytest.mark.parametrize(
    ("number", "digits"),
    [(-9382978025878884.0, -1), (-10224758698.166824, 5), (35167478.2, 8), (1e-9, 23)],
)
def test_rounding_at_the_last_digits_a_float_has_is_unknown(number: float, digits: int) -> None:
    """The middle of two such decimals is no float: whether it was reached cannot be told."""
    rounded = Definition("d", Call("round", (X, Constant(digits))), DECIMAL)
    said = difference(Program("p", NUMBERS, (rounded,)), [(number, None)])
    assert said is not None


@BACKENDS
@pytest.mark.parametrize("sign", ["+", "-", "*", "/"])
def test_arithmetic(make: Any, sign: Any) -> None:
    source = random.Random(1)
    drawn = [*numbers(900), 0.0, 1e200, -1e200, 1e-200, 1.7976931348623157e308]
    pairs = [(x, source.choice([*drawn, None])) for x in drawn] + [(1e200, 1e200), (1.0, 0.0)]
    result = Definition("d", Arithmetic(sign, X, Y), DECIMAL)
    below = Definition("c", Compare("<", Arithmetic(sign, X, Y), Constant(0.3)), CONDITION)
    assert not difference(Program("p", NUMBERS, (result, below)), pairs, make)


@BACKENDS
@pytest.mark.parametrize("function", ["sqrt", "abs"])
def test_functions_of_one_number(make: Any, function: Any) -> None:
    result = Definition("d", Call(function, (X,)), DECIMAL)
    assert not difference(
        Program("p", NUMBERS, (result,)), [(x, None) for x in numbers(3000)], make
    )


@BACKENDS
def test_sums_are_added_in_the_order_written(make: Any) -> None:
    weights = (0.1, 0.2, 0.3, -0.7, 1e16, 1.0, -1e16)
    flags = [Input(f"flag.f{at}", CONDITION) for at in range(len(weights))]
    items = [(Field(flag.path), weight) for flag, weight in zip(flags, weights, strict=True)]
    score = Definition("s", WeightedSum(tuple(items)), Type(Kind.DECIMAL, interval=True))
    source = random.Random(2)
    drawn = [[source.choice((True, False, None)) for _ in flags] for _ in range(400)]
    assert not difference(Program("p", tuple(flags), (score,)), drawn, make)


def days() -> list[tuple[date, date]]:
    source = random.Random(4)
    first, last = date(1, 1, 1).toordinal(), date(9999, 12, 31).toordinal()
    pairs = []
    for year in (1, 4, 100, 400, 1582, 1600, 1899, 1900, 1969, 1970, 2000, 2024, 2025, 2100, 9999):
        leap = calendar.isleap(year)
        for day in (date(year, 2, 28), date(year, 3, 1), *([date(year, 2, 29)] if leap else [])):
            pairs += [(day, date(1970, 1, 1)), (date(1969, 12, 31), day), (day, day)]
    for _ in range(1500):
        start = date.fromordinal(source.randrange(first, last))
        end = date.fromordinal(source.randrange(start.toordinal(), last))
        pairs += [(start, end), (end, start)]
    born = date(1960, 2, 29)
    anniversaries = [date(year, 2, 28) for year in range(1960, 2031)]
    pairs += [(born, day + timedelta(n)) for day in anniversaries for n in range(3)]
    return pairs


@BACKENDS
@pytest.mark.parametrize("function", ["days_between", "age_in_years"])
def test_days_and_ages(make: Any, function: Any) -> None:
    result = Definition("d", Call(function, (S, T)), DECIMAL)
    assert not difference(Program("p", DAYS, (result,)), days(), make)


@BACKENDS
def test_weeks(make: Any) -> None:
    result = Definition("d", Call("weeks_between", (S, T)), DECIMAL)
    assert not difference(Program("p", DAYS, (result,)), days(), make)


def test_who_is_born_on_29_february_is_a_year_older_on_1_march() -> None:
    age = Definition("d", Compare(">=", Call("age_in_years", (S, T)), Constant(18)), CONDITION)
    born = date(2000, 2, 29)
    drawn = [(born, date(2018, 2, 28)), (born, date(2018, 3, 1))]
    assert not difference(Program("p", DAYS, (age,)), drawn)
    assert functions.FUNCTIONS["age_in_years"](*drawn[0]) == 17
    assert functions.FUNCTIONS["age_in_years"](*drawn[1]) == 18


def test_the_float_next_to_a_tie_is_no_tie() -> None:

    below = math.nextafter(2.675, 0)
    rounded = Definition("d", Call("round", (X, Constant(2))), DECIMAL)
    assert not difference(Program("p", NUMBERS, (rounded,)), [(below, None), (2.675, None)])
    assert [functions.FUNCTIONS["round"](x, 2) for x in (below, 2.675)] == [2.67, 2.68]
