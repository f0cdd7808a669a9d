"""The encoding says of every patient what the engines say: random programs, random patients."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pytest
import z3

from guidestep.language.program import Definition, Input, Program
from guidestep.language.tree import Arithmetic, Call, Compare, Constant, Field
from guidestep.language.types import CONDITION, DATE, DECIMAL, INTEGER
from guidestep.verify import encoding, numbers
from guidestep.verify.encoding import Truth
from guidestep.verify.terms import conj, disj
from tests.strategies.programs import Patients, Size, make_program, seeded
from tests.verify.encodings import Encoded

SIZE = Size(inputs=2, definitions=8, depth=2, wide=6, deep=8)
PROGRAMS = int(os.environ.get("GUIDESTEP_ENCODINGS", "600"))
EACH = 3  # patients of a program


def first_difference(programs: int, *, limited: bool) -> str:
    """Return the first patient of whom the encoding says another thing than the oracle, or none."""
    for seed in range(programs):
        source = random.Random(seed)
        program = make_program(seeded(source), SIZE)
        encoded = Encoded(program, limited)
        patients = Patients(program)
        for _ in range(EACH):
            patient = encoded.within(patients.draw(source))
            if not encoded.allows(patient):
                return f"program {seed} cannot be so for {patient}"
            if encoded.exact and encoded.allows_another(patient):
                return f"program {seed} can be otherwise for {patient}"
    return ""


@pytest.mark.parametrize("limited", [False, True])
def test_the_encoding_at_a_patient_is_what_the_engines_find(limited: bool) -> None:
    assert not first_difference(PROGRAMS, limited=limited)


def test_most_programs_are_encoded_exactly() -> None:
    made = [Encoded(make_program(seeded(random.Random(seed)), SIZE)) for seed in range(60)]
    assert sum(each.exact for each in made) > 30


def _and_that_forgets_unknown(encoder: encoding.Encoding, node: Any, below: list[Any]) -> Any:
    if type(node).__name__ == "And":
        true = conj(each.true for each in below)
        return encoding.sure(true)
    return _right(encoder, node, below)


def _known_by_value(encoder: encoding.Encoding, node: Any, below: list[Any]) -> Any:
    if type(node).__name__ == "IsKnown" and isinstance(below[0], Truth):
        return encoding.sure(below[0].true)
    return _right(encoder, node, below)


def _or_that_is_false_too_soon(encoder: encoding.Encoding, node: Any, below: list[Any]) -> Any:
    if type(node).__name__ == "Or":
        return Truth(disj(each.true for each in below), disj(each.false for each in below))
    return _right(encoder, node, below)


def _member_of_the_unknown(encoder: encoding.Encoding, node: Any, below: list[Any]) -> Any:
    if type(node).__name__ == "IsMember":
        inside = disj(below[0].choice.members[each] for each in node.members)
        return encoding.sure(inside)
    return _right(encoder, node, below)


_right = encoding.Encoding._node


@pytest.mark.parametrize(
    "planted",
    [
        _and_that_forgets_unknown,
        _known_by_value,
        _or_that_is_false_too_soon,
        _member_of_the_unknown,
    ],
)
def test_a_planted_bug_in_a_condition_is_found(
    monkeypatch: pytest.MonkeyPatch, planted: Callable[..., Any]
) -> None:
    monkeypatch.setattr(encoding.Encoding, "_node", planted)
    assert first_difference(PROGRAMS, limited=False)


def test_planted_bugs_in_comparisons_and_sums_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = encoding._compare_score
    monkeypatch.setattr(
        encoding, "_compare_score", lambda o, left, r: right({">=": ">"}.get(o, o), left, r)
    )
    assert first_difference(PROGRAMS, limited=False)
    monkeypatch.undo()
    compared = numbers.compared
    monkeypatch.setattr(
        encoding, "compared", lambda o, left, r: compared({"<=": "<"}.get(o, o), left, r)
    )
    assert first_difference(PROGRAMS, limited=False)


def test_a_rounding_held_too_tightly_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    # Doubles differ from the exact result, so that no room at all leaves nothing they could be.
    monkeypatch.setattr(numbers, "ERROR", numbers.Fraction(0))
    inputs = (Input("a.x", DECIMAL), Input("a.y", DECIMAL))
    total = Arithmetic("+", Field("a.x"), Field("a.y"))
    program = Program(
        "example", inputs, (Definition("d", Compare("==", total, Constant(0.3)), CONDITION),)
    )
    assert not Encoded(program, True).allows([0.1, 0.2])
    monkeypatch.undo()
    assert Encoded(program, True).allows([0.1, 0.2])


@pytest.mark.parametrize(("days", "reached"), [(41, False), (42, True), (43, True)])
def test_six_weeks_are_reached_on_day_42(days: int, reached: bool) -> None:
    inputs = (Input("a.start", DATE), Input("a.end", DATE))
    weeks = Call("weeks_between", (Field("a.start"), Field("a.end")))
    program = Program(
        "example", inputs, (Definition("six", Compare(">=", weeks, Constant(6)), CONDITION),)
    )
    start = date(2026, 1, 15)
    patient = [start, start + timedelta(days)]
    encoded = Encoded(program)
    assert encoded.allows(patient)
    assert not encoded.allows_another(patient)
    assert encoded.encoding.truth("six").true is not reached


def test_what_cannot_be_computed_is_said_and_left_open() -> None:
    product = Call("exp", (Field("a.n"),))
    large = Compare(">", product, Constant(20))
    program = Program("example", (Input("a.n", INTEGER),), (Definition("large", large, CONDITION),))
    encoded = Encoded(program)
    assert list(encoded.numbers.notes) == ["a power"]
    patient: Sequence[int] = [3]
    assert encoded.allows(patient)
    assert encoded.allows_another(patient)  # not computed, so nothing is claimed


def test_terms_stay_small() -> None:
    x = z3.Bool("x")
    assert conj((True, x)) is x
    assert conj((x, x)) is x
    assert disj((x, True)) is True
