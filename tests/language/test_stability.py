"""The stability checker: what it accepts is never taken back, whatever else becomes known."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guidestep.engines.compiled.trace import Seen, trace
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.expressions import read_condition
from guidestep.language.program import Value
from guidestep.language.source import SourceText
from guidestep.language.stability import Stays, unstable
from guidestep.language.tree import (
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
    Reference,
    walk,
)
from guidestep.language.yaml_reader import read

# --- shapes -------------------------------------------------------------------------------------


def condition(text: str) -> Expression:
    node, faults = read(SourceText("rules.yaml", text))
    assert node is not None
    found = read_condition(node, faults.append)
    assert found is not None, [fault.render() for fault in faults]
    return found


def verdict(text: str, stays: Stays, **findings: str) -> Diagnostic | None:
    return unstable(condition(text), stays, {id_: condition(t) for id_, t in findings.items()})


@pytest.mark.parametrize(
    ("text", "stays_true", "stays_false"),
    [
        ("a.x", True, True),
        ("not a.x and (a.n > 3 or a.s is mild)", True, True),
        ("count(a.x, a.y) >= 1", True, True),
        ("a.x is known", True, False),
        ("a.x is unknown", False, True),
        ("not a.x is unknown", True, False),
        ("a.x and a.y is known", True, False),
        ("a.x or a.y is unknown", False, True),
        ("{none: [a.x is known]}", False, True),
        ("{all: [a.x is known, a.y is unknown]}", False, False),
        # Inside a count, a comparison or another 'is known', either way may overturn it.
        ("count(a.x is known, a.y) >= 1", False, False),
        ("at_least(1, a.x is known, a.y)", False, False),
        ("(a.x and a.y is known) is known", False, False),
        ("(a.x and a.y) is known", True, False),
    ],
)
def test_shapes(text: str, stays_true: bool, stays_false: bool) -> None:
    assert (verdict(text, Stays.TRUE) is None) is stays_true
    assert (verdict(text, Stays.FALSE) is None) is stays_false


def test_findings_are_looked_into() -> None:
    assert verdict("not assessed", Stays.TRUE, assessed="a.x is known") is not None
    assert verdict("not assessed", Stays.FALSE, assessed="a.x is known") is None
    assert verdict("deep", Stays.FALSE, deep="not inner", inner="not (a.x is known)") is not None


def test_the_same_finding_counts_under_each_sign() -> None:
    assert verdict("f or not f", Stays.TRUE, f="a.x is known") is not None


def test_the_fault_is_where_the_rule_wrote_it() -> None:
    fault = verdict("a.x and not assessed", Stays.TRUE, assessed="a.y or a.x is known")
    assert fault is not None
    assert fault.render() == (
        "rules.yaml:1:13: unstable: this could be taken back when more becomes known\n"
        "    a.x and not assessed\n"
        "                ^^^^^^^^\n"
        "  hint: let a step depend on what is known, never on 'is unknown'"
    )


# --- the law ------------------------------------------------------------------------------------

FIELDS: Mapping[str, tuple[Value, ...]] = {
    "a.x": (True, False),
    "a.y": (True, False),
    "a.s": ("mild", "severe"),
    "a.n": (0, 5),
}

LEAVES: st.SearchStrategy[Expression] = st.sampled_from(
    [
        Field("a.x"),
        Field("a.y"),
        IsMember(Field("a.s"), ("mild",)),
        Compare(">=", Field("a.n"), Constant(3)),
        *(IsKnown(Field(path)) for path in FIELDS),
    ]
)


def conditions(leaves: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def larger(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
        several = st.lists(inner, min_size=1, max_size=3).map(tuple)
        pairs = st.tuples(st.integers(1, 2), st.tuples(inner, inner))
        return st.one_of(
            several.map(And),
            several.map(Or),
            inner.map(Not),
            inner.map(IsKnown),
            pairs.map(lambda pair: AtLeast(*pair)),
            pairs.map(lambda pair: Compare("<=", Count(pair[1]), Constant(pair[0]))),
        )

    return st.recursive(leaves, larger, max_leaves=6)


@st.composite
def guidelines(draw: st.DrawFn) -> tuple[Expression, dict[str, Expression]]:
    """A condition, and the finding and the band that it may refer to."""
    finding = draw(conditions(LEAVES))
    cases = tuple((draw(conditions(LEAVES)), label) for label in ("low", "high"))
    definitions: dict[str, Expression] = {"finding": finding, "band": Cases(cases, "low")}
    leaves = st.one_of(
        LEAVES,
        st.just(Reference("finding")),
        st.just(IsMember(Reference("band"), ("low",))),
        st.just(IsKnown(Reference("band"))),
    )
    return draw(conditions(leaves)), definitions


def states() -> Iterator[tuple[Value, ...]]:
    return itertools.product(*((None, *values) for values in FIELDS.values()))


def fuller(state: tuple[Value, ...]) -> Iterator[tuple[Value, ...]]:
    """The states in which one unknown input more is known."""
    for index, values in enumerate(FIELDS.values()):
        if state[index] is None:
            for value in values:
                yield (*state[:index], value, *state[index + 1 :])


def truth(
    state: tuple[Value, ...], root: Expression, definitions: Mapping[str, Expression]
) -> Seen:
    values = dict(zip(FIELDS, state, strict=True))
    verdicts: dict[str, Seen] = {}
    for id_, expression in definitions.items():
        verdicts[id_] = trace(expression, values.get, verdicts.get).verdict
    return trace(root, values.get, verdicts.get).verdict


@settings(max_examples=300, deadline=None)
@given(guidelines())
def test_what_is_accepted_is_never_taken_back(
    guideline: tuple[Expression, dict[str, Expression]],
) -> None:
    root, definitions = guideline
    kept = [
        wanted
        for stays, wanted in ((Stays.TRUE, True), (Stays.FALSE, False))
        if unstable(root, stays, definitions) is None
    ]
    if not kept:
        return
    truths = {state: truth(state, root, definitions) for state in states()}
    for state, seen in truths.items():
        if seen in kept and isinstance(seen, bool):
            assert all(truths[later] is seen for later in fuller(state))


def test_the_law_is_about_something() -> None:
    """A condition that is refused can indeed be taken back, and one with `known` accepted."""
    refused = condition("a.x or a.y is unknown")
    taken_back = [
        (state, later)
        for state in states()
        for later in fuller(state)
        if truth(state, refused, {}) is True and truth(later, refused, {}) is not True
    ]
    assert taken_back
    accepted = condition("a.x is known and a.y")
    assert any(isinstance(node, IsKnown) for node in walk(accepted))
    assert unstable(accepted, Stays.TRUE, {}) is None
