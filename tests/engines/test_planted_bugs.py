"""The differential test is itself tested: each bug planted in the compiled engine must be found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from guidestep.engines.compiled import CompiledEngine, conditions, functions, numbers, writer
from guidestep.engines.compiled.engine import EMITTERS
from guidestep.engines.compiled.writer import Code, Condition, Score, Value, Writer, as_condition
from guidestep.language.tree import (
    And,
    Arithmetic,
    Compare,
    Function,
    IsKnown,
    IsMember,
    Negative,
    Not,
    Or,
    WeightedSum,
)
from tests.engines.differential import hunt, shrink

WITHIN = 20_000
Patch = pytest.MonkeyPatch
BUGS: list[Callable[[Patch], None]] = []


def bug(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
    BUGS.append(plant)
    return plant


@bug
def unknown_is_false_under_not(patch: Patch) -> None:
    def wrong(writer: Writer, node: Not, operands: Sequence[Code]) -> Condition:
        operand = as_condition(operands[0])
        return Condition(f"(not {operand.true})", operand.true, operand.depth)

    patch.setitem(EMITTERS, Not, wrong)


@bug
def greater_or_equal_for_greater(patch: Patch) -> None:
    def wrong(writer: Writer, node: Compare, operands: Sequence[Code]) -> Condition:
        if node.operator == ">":
            node = dataclasses.replace(node, operator=">=")
        return conditions.compare(writer, node, operands)

    patch.setitem(EMITTERS, Compare, wrong)


@bug
def unknown_compares_as_false(patch: Patch) -> None:
    def wrong(writer: Writer, node: Compare, operands: Sequence[Code]) -> Condition:
        compared = conditions.compare(writer, node, operands)
        return Condition(compared.true, f"(not {compared.true})")

    patch.setitem(EMITTERS, Compare, wrong)


@bug
def or_drops_its_last_operand(patch: Patch) -> None:
    patch.setitem(EMITTERS, Or, lambda w, node, found: conditions.any_of(w, node, found[:-1]))


@bug
def wide_or_drops_its_last_operand(patch: Patch) -> None:
    def wrong(writer: Writer, node: Or, operands: Sequence[Code]) -> Condition:
        return conditions.any_of(writer, node, operands[:20])

    patch.setitem(EMITTERS, Or, wrong)


@bug
def unknown_makes_and_false(patch: Patch) -> None:
    def wrong(writer: Writer, node: And, operands: Sequence[Code]) -> Condition:
        right = conditions.all_of(writer, node, operands)
        return Condition(right.true, f"(not {right.true})", right.depth)

    patch.setitem(EMITTERS, And, wrong)


@bug
def deep_condition_forgets_its_false_form(patch: Patch) -> None:
    def wrong(self: Writer, found: Condition) -> Condition:
        if found.depth < writer.DEEPEST:
            return found
        return writer.variable(self.assign("t", f"True if {found.true} else None"))

    patch.setattr(Writer, "shallow", wrong)


@bug
def score_ignores_unknown_negative_weights(patch: Patch) -> None:
    def wrong(writer: Writer, node: WeightedSum, operands: Sequence[Code]) -> Score:
        pairs = [
            (Condition(as_condition(found).true, "True") if weight < 0 else found)
            for found, (_, weight) in zip(operands, node.items, strict=True)
        ]
        return numbers.weighted_sum(writer, node, pairs)

    patch.setitem(EMITTERS, WeightedSum, wrong)


@bug
def score_equality_looks_at_its_lower_bound(patch: Patch) -> None:
    patch.setitem(conditions.INTERVAL, "==", "{low} == {x}")


@bug
def score_counts_by_its_lower_bound_in_arithmetic(patch: Patch) -> None:
    right = Writer.value

    def wrong(self: Writer, code: Code) -> Value:
        return Value(code.low) if isinstance(code, Score) else right(self, code)

    patch.setattr(Writer, "value", wrong)


@bug
def known_false_is_unknown(patch: Patch) -> None:
    def wrong(writer: Writer, node: IsKnown, operands: Sequence[Code]) -> Condition:
        match operands[0]:
            case Condition(true=true):
                return Condition(f"({true})", f"(not {true})")
            case _:
                return conditions.is_known(writer, node, operands)

    patch.setitem(EMITTERS, IsKnown, wrong)


@bug
def zero_is_unknown(patch: Patch) -> None:
    def wrong(writer: Writer, node: IsKnown, operands: Sequence[Code]) -> Condition:
        match operands[0]:
            case Value(name=name):
                return Condition(f"(True if {name} else False)", f"(not {name})")
            case _:
                return conditions.is_known(writer, node, operands)

    patch.setitem(EMITTERS, IsKnown, wrong)


@bug
def unknown_is_no_member(patch: Patch) -> None:
    def wrong(writer: Writer, node: IsMember, operands: Sequence[Code]) -> Condition:
        right = conditions.is_member(writer, node, operands)
        return Condition(right.true, f"(not {right.true})")

    patch.setitem(EMITTERS, IsMember, wrong)


@bug
def unknown_counts_as_zero_in_arithmetic(patch: Patch) -> None:
    def wrong(writer: Writer, node: Arithmetic, operands: Sequence[Code]) -> Value:
        values = map(writer.value, operands)
        known = [
            each
            if each.known
            else Value(writer.assign("n", f"0 if {each.name} is None else {each.name}"), known=True)
            for each in values
        ]
        return numbers.arithmetic(writer, node, known)

    patch.setitem(EMITTERS, Arithmetic, wrong)


@bug
def infinity_is_a_number(patch: Patch) -> None:
    def wrong(writer: Writer, node: Arithmetic, operands: Sequence[Code]) -> Value:
        found = numbers.arithmetic(writer, node, operands)
        checked = next(at for at, line in enumerate(writer.lines) if str(functions.LARGEST) in line)
        del writer.lines[checked : checked + 2]
        return found

    patch.setitem(EMITTERS, Arithmetic, wrong)


@bug
def negative_of_zero_is_unknown(patch: Patch) -> None:
    def wrong(writer: Writer, node: Negative, operands: Sequence[Code]) -> Value:
        name = writer.value(operands[0]).name
        return Value(writer.assign("n", f"-{name} if {name} else None"))

    patch.setitem(EMITTERS, Negative, wrong)


def wrong_function(name: Function, wrong: Callable[..., Any]) -> Callable[[Patch], None]:
    def plant(patch: Patch) -> None:
        patch.setitem(functions.FUNCTIONS, name, functions.known(wrong))

    plant.__name__ = f"wrong_{name}"
    return bug(plant)


wrong_function("round", lambda x, digits=0: float(round(x, int(digits))))
wrong_function("age_in_years", lambda birth, on: max(0, on.year - birth.year))
wrong_function("days_between", lambda start, end: abs((end - start).days))
wrong_function("weeks_between", lambda start, end: (end - start).days // 7)
wrong_function("min", lambda *numbers: numbers[0])


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_found(plant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    plant(monkeypatch)
    found = hunt(CompiledEngine, WITHIN)
    assert found is not None
    assert not isinstance(found.got, Exception)  # a wrong answer, not a crash
    print(f"{plant.__name__}: found after {found.evaluations} evaluations")


def test_what_is_found_is_shown_small(monkeypatch: Patch) -> None:
    or_drops_its_last_operand(monkeypatch)
    found = hunt(CompiledEngine, WITHIN)
    assert found is not None
    small = shrink(found, CompiledEngine)
    assert len(small.program.definitions) == 1
    assert "Or(operands=" in str(small)
    assert str(small).count("\n") < 20
