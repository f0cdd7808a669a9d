"""Lowering: bands, counts, parameters and assumptions that are off, in the core and exactly."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.engines.compiled.trace import Seen, trace
from guidestep.language.lowering import (
    FALSE,
    TRUE,
    Lowering,
    all_of,
    any_of,
    is_false,
    is_true,
    negated,
    none_of,
    two_valued,
)
from guidestep.language.rulebase import Defined, Grounds
from guidestep.language.source import NOWHERE
from guidestep.language.tree import (
    CORE,
    And,
    AtLeast,
    Cases,
    Compare,
    Constant,
    Count,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Not,
    Or,
    Parameter,
    Reference,
    WeightedSum,
    walk,
)
from guidestep.language.types import CONDITION, DECIMAL, INTEGER, Kind, Type
from guidestep.logic import Truth

LABELS = ("low", "middle", "high")
X, Y = Field("a.x"), Field("a.y")


def defined(id_: str, expression: Expression, type_: Type, *assumes: str) -> Defined:
    return Defined(id_, id_, expression, type_, Grounds(assumes=assumes), NOWHERE)


def band(labels: Sequence[str], otherwise: str, *assumes: str) -> Defined:
    cases = tuple((Field(f"case.c{index}"), label) for index, label in enumerate(labels))
    members = tuple(dict.fromkeys([*labels, otherwise]))
    type_ = Type(Kind.ENUMERATION, members=members)
    return defined("band", Cases(cases, otherwise), type_, *assumes)


def evaluate(subject: Defined, question: Expression, truths: Sequence[Truth]) -> Seen:
    """Return what a question about a band comes to, by the lowered definitions alone."""
    lowering = Lowering({subject.id: subject}, {}, ())
    values = {f"case.c{index}": truth for index, truth in enumerate(truths)}
    verdicts: dict[str, Seen] = {}
    for definition in lowering.definition(subject):
        assert all(isinstance(node, CORE) for node in walk(definition.expression))
        verdicts[definition.name] = trace(
            definition.expression, values.get, verdicts.__getitem__
        ).verdict
    lowered = lowering.lower(question)
    assert all(isinstance(node, CORE) for node in walk(lowered))
    return trace(lowered, values.get, verdicts.__getitem__).verdict


def possible(truths: Sequence[Truth], labels: Sequence[str], otherwise: str) -> set[str]:
    """The labels a band can still have: over all ways in which the unknown may turn out."""
    choices = [(True, False) if truth is None else (truth,) for truth in truths]
    return {
        next((label for case, label in zip(world, labels, strict=True) if case), otherwise)
        for world in itertools.product(*choices)
    }


def within(labels: set[str], members: Collection[str]) -> Truth:
    if labels <= set(members):
        return True
    return False if labels.isdisjoint(members) else None


truth = st.sampled_from([True, False, None])
cases = st.lists(st.tuples(truth, st.sampled_from(LABELS)), min_size=1, max_size=6)


@given(
    cases,
    st.sampled_from([*LABELS, "none"]),
    st.lists(st.sampled_from([*LABELS, "none"]), min_size=1, unique=True),
)
def test_a_band_is_lowered_exactly(
    drawn: list[tuple[Truth, str]], otherwise: str, asked: list[str]
) -> None:
    truths, labels = [t for t, _ in drawn], [label for _, label in drawn]
    subject = band(labels, otherwise)
    members = tuple(label for label in asked if label in subject.type.members)
    if members:
        question = IsMember(Reference("band"), members)
        expected = within(possible(truths, labels, otherwise), members)
        assert evaluate(subject, question, truths) is expected


@given(cases, st.sampled_from([*LABELS, "none"]))
def test_a_band_is_known_when_one_label_is_left(
    drawn: list[tuple[Truth, str]], otherwise: str
) -> None:
    truths, labels = [t for t, _ in drawn], [label for _, label in drawn]
    subject = band(labels, otherwise)
    known = len(possible(truths, labels, otherwise)) == 1
    assert evaluate(subject, IsKnown(Reference("band")), truths) is known


def test_the_first_true_case_gives_the_label() -> None:
    subject = band(["high", "low"], "none")
    assert evaluate(subject, IsMember(Reference("band"), ("high",)), [True, True]) is True
    assert evaluate(subject, IsMember(Reference("band"), ("low",)), [True, True]) is False


def test_an_undecided_case_does_not_matter_where_all_agree() -> None:
    subject = band(["high", "high"], "none")
    assert evaluate(subject, IsMember(Reference("band"), ("high",)), [None, True]) is True


# --- what is not a band -------------------------------------------------------------------------


def lower(node: Expression) -> Expression:
    return Lowering({}, {"limit": 40}, ()).lower(node)


def test_counts_become_sums() -> None:
    total = WeightedSum(((X, 1), (Y, 1)))
    assert lower(Count((X, Y))) == total
    assert lower(AtLeast(2, (X, Y))) == Compare(">=", total, Constant(2))


def test_parameters_become_what_the_site_has_set() -> None:
    node = Or((Not(X), Compare("<", Field("a.n"), Parameter("limit"))))
    assert lower(node) == Or((Not(X), Compare("<", Field("a.n"), Constant(40))))


def test_a_band_outside_a_definition_is_refused() -> None:
    with pytest.raises(TypeError, match="definition of its own"):
        lower(Cases(((X, "low"),), "high"))


def off(subject: Defined) -> list[Expression]:
    lowering = Lowering({subject.id: subject}, {}, {"ASM-01"})
    return [definition.expression for definition in lowering.definition(subject)]


def test_a_definition_whose_assumption_is_off_is_an_input_nobody_gives() -> None:
    assert off(defined("f", X, CONDITION, "ASM-01")) == [Field("open point ASM-01 condition")]
    assert off(defined("v", Field("a.n"), DECIMAL, "ASM-01")) == [
        Field("open point ASM-01 decimal")
    ]
    score = defined("s", WeightedSum(((X, 2), (Y, 1))), INTEGER, "ASM-01")
    unknown = Field("open point ASM-01 condition")
    assert off(score) == [WeightedSum(((unknown, 2), (unknown, 1)))]
    first, *_ = off(band(["low"], "high", "ASM-01"))
    assert first == unknown


def test_a_definition_whose_assumption_is_on_is_lowered() -> None:
    lowering = Lowering({}, {}, {"ASM-02"})
    (found,) = lowering.definition(defined("f", X, CONDITION, "ASM-01"))
    assert found.expression == X


# --- the small builders -------------------------------------------------------------------------


def test_constants_that_decide_nothing_are_left_out() -> None:
    assert all_of() == TRUE
    assert any_of() == FALSE
    assert all_of(TRUE, X) == X
    assert all_of(X, FALSE) == FALSE
    assert any_of(X, TRUE) == TRUE
    assert any_of(X, FALSE, Y) == Or((X, Y))
    assert none_of(X, FALSE) == Not(X)
    assert negated(Not(X)) == X
    assert negated(TRUE) == FALSE


@given(truth)
def test_is_true_and_is_false_are_never_unknown(value: Truth) -> None:
    def seen(node: Expression) -> Seen:
        return trace(node, {"a.x": value}.get, {}.get).verdict

    assert seen(is_true(X)) is (value is True)
    assert seen(is_false(X)) is (value is False)
    assert is_true(IsKnown(X)) == IsKnown(X)
    assert is_false(IsKnown(X)) == Not(IsKnown(X))


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (TRUE, True),
        (X, False),
        (IsKnown(X), True),
        (Not(IsKnown(X)), True),
        (is_true(X), True),
        (is_false(X), True),
        (And((IsKnown(X), Y)), False),
        (Or((IsKnown(X), TRUE)), True),
        (Or((IsKnown(X), X)), False),
    ],
)
def test_two_valued(node: Expression, expected: bool) -> None:
    assert two_valued(node) is expected
