"""The type checker: names resolved, types and units found, and what cannot be meant reported."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.faults.model import KneeAssessment

from guidestep.engines.compiled.trace import trace
from guidestep.language.checker import Checker, Scope
from guidestep.language.contradictions import always_any, never_all
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.expressions import read_condition, read_quantity
from guidestep.language.source import SourceText
from guidestep.language.tree import (
    Compare,
    Constant,
    Expression,
    Field,
    IsMember,
    Not,
    Or,
    Parameter,
    WeightedSum,
    walk,
)
from guidestep.language.types import CONDITION, DATE, DECIMAL, INTEGER, Kind, Type
from guidestep.language.yaml_reader import read
from guidestep.logic import all_of, any_of
from guidestep.spelling import closest, did_you_mean, field_hint

SCOPE = Scope(
    fields=KneeAssessment.fields(),
    parameters={"pain_limit": Type(Kind.INTEGER, unit="mm")},
    definitions={
        "stuck": CONDITION,
        "score": Type(Kind.INTEGER, interval=True),
        "weeks": Type(Kind.DECIMAL, unit="wk"),
        "severity": Type(Kind.ENUMERATION, members=("high", "low")),
        "broken": None,
    },
)


def parsed(text: str, faults: list[Diagnostic], *, quantity: bool = False) -> Expression:
    node, yaml_faults = read(SourceText("rules.yaml", text))
    assert node is not None
    assert not yaml_faults
    reader = read_quantity if quantity else read_condition
    found = reader(node, faults.append)
    assert found is not None, [fault.render() for fault in faults]
    return found


def faults_of(text: str, scope: Scope = SCOPE) -> list[Diagnostic]:
    faults: list[Diagnostic] = []
    found = Checker(scope, faults.append).condition(parsed(text, faults))
    assert faults or found is not None or "broken" in text
    return faults


def type_of(text: str) -> Type:
    faults: list[Diagnostic] = []
    checked = Checker(SCOPE, faults.append).check(parsed(text, faults, quantity=True))
    assert checked is not None, [fault.render() for fault in faults]
    return checked[1]


# --- types and units ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("3", INTEGER),
        ("2.5", DECIMAL),
        ("visit.on", DATE),
        ("date('2026-01-15')", DATE),
        ("knee.pain_mm", Type(Kind.INTEGER, unit="mm")),
        ("knee.flexion_deg", Type(Kind.DECIMAL, unit="deg")),
        ("pain_limit", Type(Kind.INTEGER, unit="mm")),
        ("-knee.pain_mm", Type(Kind.INTEGER, unit="mm")),
        ("knee.pain_mm + 3", Type(Kind.INTEGER, unit="mm")),
        ("3 - knee.pain_mm", Type(Kind.INTEGER, unit="mm")),
        ("knee.pain_mm * 2", Type(Kind.INTEGER, unit="mm")),
        ("knee.pain_mm * person.age_years", INTEGER),
        ("knee.pain_mm / 2", Type(Kind.DECIMAL, unit="mm")),
        ("knee.pain_mm / pain_limit", DECIMAL),
        ("knee.pain_mm + 0.5", Type(Kind.DECIMAL, unit="mm")),
        ("abs(knee.pain_mm)", Type(Kind.INTEGER, unit="mm")),
        ("round(knee.pain_mm, 1)", Type(Kind.DECIMAL, unit="mm")),
        ("min(knee.pain_mm, 3)", Type(Kind.INTEGER, unit="mm")),
        ("max(knee.pain_mm, 3.5)", Type(Kind.DECIMAL, unit="mm")),
        ("sqrt(knee.pain_mm)", DECIMAL),
        ("days_between(visit.on, visit.surgery_date)", Type(Kind.INTEGER, unit="d")),
        ("weeks_between(visit.on, visit.surgery_date)", Type(Kind.DECIMAL, unit="wk")),
        ("age_in_years(visit.on, visit.surgery_date)", Type(Kind.INTEGER, unit="a")),
        ("count(stuck, knee.locked)", Type(Kind.INTEGER, interval=True)),
        ("score", Type(Kind.INTEGER, interval=True)),
        ("score + 1", INTEGER),
        ("severity", Type(Kind.ENUMERATION, members=("high", "low"))),
        ("stuck", CONDITION),
    ],
)
def test_types(text: str, type_: Type) -> None:
    assert type_of(text) == type_


def test_a_score_of_whole_points_is_whole() -> None:
    def type_of_points(points: float) -> Type:
        found = Checker(SCOPE, lambda _: None).check(WeightedSum(((Field("knee.locked"), points),)))
        assert found is not None
        return found[1]

    assert type_of_points(2) == Type(Kind.INTEGER, interval=True)
    assert type_of_points(0.5) == Type(Kind.DECIMAL, interval=True)


@pytest.mark.parametrize(
    "text",
    [
        "knee.locked",
        "stuck and not knee.locked",
        "knee.swelling is severe",
        "severity in (high,)",
        "score >= 3",
        "score > count(stuck, knee.locked)",
        "30 <= knee.pain_mm <= pain_limit",
        "weeks >= 2 and programme.weeks >= weeks",
        "knee.remarks is known",
        "(knee.locked and stuck) is unknown",
        "visit.surgery_date <= visit.on",
        "knee.pain_mm <= 0",
        "knee.pain_mm >= 100",
        "knee.swelling is mild or knee.swelling is severe",
        "knee.pain_mm < 20 or knee.pain_mm > 40",
        "{at_least: {least: 2, of: [stuck, knee.locked, score >= 1]}}",
    ],
)
def test_right(text: str) -> None:
    assert not faults_of(text)


def test_parameters_are_resolved() -> None:
    found = Checker(SCOPE, lambda _: None).condition(parsed("knee.pain_mm >= pain_limit", []))
    assert found is not None
    parameters = [node for node in walk(found) if isinstance(node, Parameter)]
    assert parameters == [Parameter("pain_limit")]
    assert parameters[0].span.column == 17


# --- faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("knee.pain_mm < weeks", "unit-mismatch"),
        ("knee.pain_mm + weeks > 3", "unit-mismatch"),
        ("max(knee.pain_mm, weeks) > 3", "unit-mismatch"),
        ("knee.locked < 3", "type-mismatch"),
        ("visit.on < knee.pain_mm", "type-mismatch"),
        ("knee.remarks == 3", "type-mismatch"),
        ("severity > 3", "type-mismatch"),
        ("knee.swelling != severe", "equals-on-member"),
        ("3 < score", "score-on-the-left"),
        ("score is high", "is-on-number"),
        ("knee.remarks is high", "is-on-number"),
        ("knee.swelling is high", "unknown-member"),
        ("severity is severe", "unknown-member"),
        ("knee.swell is severe", "unknown-field"),
        ("locked", "unknown-name"),
        ("severity", "not-a-condition"),
        ("score", "not-a-condition"),
        ("count(knee.pain_mm) > 1", "not-a-condition"),
        ("knee.locked + 1 > 2", "not-a-number"),
        ("knee.remarks + 1 > 2", "not-a-number"),
        ("round(knee.pain_mm, 13) > 2", "wrong-arguments"),
        ("round(knee.pain_mm, knee.pain_mm) > 2", "wrong-arguments"),
        ("days_between(visit.on) > 2", "wrong-arguments"),
        ("days_between(visit.on, 3) > 2", "type-mismatch"),
        ("knee.pain_mm / 0 > 2", "always-unknown"),
        ("knee.pain_mm < 0", "out-of-range"),
        ("knee.pain_mm != 101", "out-of-range"),
        ("101 > knee.pain_mm", "out-of-range"),
        ("visit.on is known", "always-true"),
        ("pain_limit is known", "always-true"),
        ("knee.swelling not in (none, mild, severe)", "always-true"),
        ("stuck or not stuck", "always-true"),
        ("stuck and not stuck", "always-false"),
        ("stuck and (knee.locked and not stuck)", "always-false"),
        ("knee.pain_mm > 14 and knee.pain_mm < 12", "always-false"),
        ("40 <= knee.pain_mm < 40", "always-false"),
        ("stuck or stuck", "duplicate-condition"),
        ("count(stuck, stuck) > 1", "duplicate-condition"),
    ],
)
def test_faults(text: str, code: str) -> None:
    found = faults_of(text)
    assert [fault.code for fault in found] == [code]
    assert found[0].hint


def test_every_fault_of_an_expression_is_reported_and_none_twice() -> None:
    found = faults_of("knee.lokced or knee.swelling is red or knee.pain_mm < weeks")
    assert [fault.code for fault in found] == ["unknown-field", "unknown-member", "unit-mismatch"]


def test_what_uses_a_broken_definition_is_passed_over() -> None:
    assert not faults_of("broken and knee.locked")
    assert not faults_of("broken > 3")
    assert [fault.code for fault in faults_of("broken and knee.lokced")] == ["unknown-field"]


def test_an_unknown_name_is_passed_over_while_definitions_are_missing() -> None:
    incomplete = Scope(SCOPE.fields, SCOPE.parameters, SCOPE.definitions, incomplete=True)
    faults: list[Diagnostic] = []
    tree = parsed("elsewhere and knee.lokced", faults)
    assert Checker(incomplete, faults.append).condition(tree) is None
    assert [fault.code for fault in faults] == ["unknown-field"]


def test_quantities() -> None:
    def codes(text: str) -> list[str]:
        faults: list[Diagnostic] = []
        Checker(SCOPE, faults.append).quantity(parsed(text, faults, quantity=True))
        return [fault.code for fault in faults]

    assert codes("visit.on") == codes("knee.pain_mm * 2") == []
    assert codes("knee.locked") == codes("knee.swelling") == ["not-a-number"]


def test_the_underlined_text_is_the_fault() -> None:
    (fault,) = faults_of("knee.locked and knee.swelling in (mild, sever)")
    assert fault.render().splitlines()[1:3] == [
        "    knee.locked and knee.swelling in (mild, sever)",
        "                                            ^^^^^",
    ]


def test_hints() -> None:
    assert closest("sever", ["mild", "severe"]) == "severe"
    assert did_you_mean("red", ["mild", "severe"]) == ""
    fields = list(SCOPE.fields)
    assert field_hint("nee.locked", fields) == "did you mean 'knee.locked'?"
    assert field_hint("person.age", fields) == "did you mean 'person.age_years'?"
    assert field_hint("person.weight", fields) == "the fields of person are age_years"
    assert field_hint("persn.weight", fields) == ""


# --- conditions that contradict each other -------------------------------------------------------

NUMBER, COLOUR = Field("a.n"), Field("a.c")
COLOURS = ("red", "green", "blue")

simple: st.SearchStrategy[Expression] = st.one_of(
    st.builds(
        Compare,
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.just(NUMBER),
        st.sampled_from([Constant(0), Constant(1), Constant(2)]),
    ),
    st.builds(
        Compare,
        st.sampled_from(["<", "<=", ">", ">=", "==", "!="]),
        st.sampled_from([Constant(0), Constant(2)]),
        st.just(NUMBER),
    ),
    st.sets(st.sampled_from(COLOURS), min_size=1).map(lambda s: IsMember(COLOUR, tuple(sorted(s)))),
    st.sampled_from([Field("a.x"), Not(Field("a.x"))]),
)
joined = st.lists(st.one_of(simple, simple.map(Not)), min_size=1, max_size=4)


def worlds() -> list[dict[str, bool | float | str]]:
    numbers = (-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0)
    return [
        {"a.n": number, "a.c": colour, "a.x": x}
        for number, colour, x in itertools.product(numbers, COLOURS, (True, False))
    ]


@given(joined)
def test_never_all_is_right_whenever_it_says_so(operands: list[Expression]) -> None:
    if never_all(operands):
        for world in worlds():
            assert all_of([bool(trace(o, world.get, {}.get).verdict) for o in operands]) is False


@given(joined)
def test_always_any_is_right_whenever_it_says_so(operands: list[Expression]) -> None:
    if always_any(operands):
        for world in worlds():
            assert any_of([bool(trace(o, world.get, {}.get).verdict) for o in operands]) is True


def test_nested_alternatives_are_seen() -> None:
    assert always_any([Or((Field("a.x"), NUMBER)), Not(Field("a.x"))])
