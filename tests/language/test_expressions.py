"""Reading expressions: Python's precedence, our nodes, and the place of every one of them."""

from __future__ import annotations

import ast
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.engines.compiled.trace import trace
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.expressions import read_condition, read_quantity
from guidestep.language.source import SourceText, Span
from guidestep.language.tree import (
    And,
    Arithmetic,
    AtLeast,
    Call,
    Compare,
    Constant,
    Count,
    Expression,
    Field,
    IsKnown,
    IsMember,
    Negative,
    Not,
    Or,
    Reference,
    walk,
)
from guidestep.language.yaml_reader import read
from guidestep.language.yaml_tree import Mapping, Node, Scalar

X, Y, Z, N = Field("a.x"), Field("a.y"), Field("a.z"), Field("a.n")


def scalar(text: str) -> Scalar:
    """A text as it stands in a quoted YAML scalar, whatever it has in it."""
    node = yaml(f"when: '{text.replace(chr(39), chr(39) * 2)}'")
    assert isinstance(node, Scalar)
    return node


def yaml(text: str) -> Node:
    root, faults = read(SourceText("rules.yaml", text))
    assert not faults, [fault.render() for fault in faults]
    assert isinstance(root, Mapping)
    node = root.get("when")
    assert node is not None
    return node


def parse(node: Node | str) -> Expression:
    faults: list[Diagnostic] = []
    found = read_condition(scalar(node) if isinstance(node, str) else node, faults.append)
    assert found is not None, [fault.render() for fault in faults]
    return found


def fault(node: Node | str) -> Diagnostic:
    faults: list[Diagnostic] = []
    assert read_condition(scalar(node) if isinstance(node, str) else node, faults.append) is None
    assert len(faults) == 1, [fault.render() for fault in faults]
    return faults[0]


def text_at(span: Span) -> str:
    lines = span.source.text.split("\n")[span.line - 1 : span.end_line]
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = lines[0][span.column - 1 :]
    return "\n".join(lines)


# --- nodes --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("true", Constant(True)),
        ("a.x", X),
        ("much_pain", Reference("much_pain")),
        ("not a.x", Not(X)),
        ("a.x and a.y and a.z", And((X, Y, Z))),
        ("a.x or a.y", Or((X, Y))),
        ("a.x is mild", IsMember(X, ("mild",))),
        ("a.x is 'not done'", IsMember(X, ("not done",))),
        ("a.x is not mild", Not(IsMember(X, ("mild",)))),
        ("a.x in (mild, severe)", IsMember(X, ("mild", "severe"))),
        ("a.x in [mild, severe]", IsMember(X, ("mild", "severe"))),
        ("a.x not in (mild, severe)", Not(IsMember(X, ("mild", "severe")))),
        ("a.x is known", IsKnown(X)),
        ("a.x is not known", Not(IsKnown(X))),
        ("a.x is unknown", Not(IsKnown(X))),
        ("a.x is not unknown", IsKnown(X)),
        ("a.n >= 1.5", Compare(">=", N, Constant(1.5))),
        ("a.n > -3", Compare(">", N, Constant(-3))),
        ("a.n > -a.x", Compare(">", N, Negative(X))),
        ("a.n != 3", Compare("!=", N, Constant(3))),
        ("1 <= a.n < 3", And((Compare("<=", Constant(1), N), Compare("<", N, Constant(3))))),
        ("a.n > date('2026-02-24')", Compare(">", N, Constant(date(2026, 2, 24)))),
        ("at_least(2, a.x, a.y)", AtLeast(2, (X, Y))),
        ("count(a.x, a.y) == 1", Compare("==", Count((X, Y)), Constant(1))),
        ("round(a.n, 1) < 3", Compare("<", Call("round", (N, Constant(1))), Constant(3))),
    ],
)
def test_nodes(text: str, tree: Expression) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a.x or a.y and a.z", "a.x or (a.y and a.z)"),
        ("not a.x and a.y", "(not a.x) and a.y"),
        ("not a.x is mild", "not (a.x is mild)"),
        ("not a.n > 3", "not (a.n > 3)"),
        ("a.x is mild or a.y and not a.z", "(a.x is mild) or (a.y and (not a.z))"),
        ("a.n + 2 * a.m > 3", "(a.n + (2 * a.m)) > 3"),
        ("a.n - 2 - a.m > 3", "((a.n - 2) - a.m) > 3"),
        ("a.n / 2 / a.m > 3", "((a.n / 2) / a.m) > 3"),
        ("-a.n * 2 > 3", "((-a.n) * 2) > 3"),
    ],
)
def test_precedence(text: str, same: str) -> None:
    assert parse(text) == parse(same)


def test_yaml_lists() -> None:
    assert parse(yaml("when: {all: [a.x, a.y]}")) == And((X, Y))
    assert parse(yaml("when: {any: [a.x, {all: [a.y, a.z]}]}")) == Or((X, And((Y, Z))))
    assert parse(yaml("when: {none: [a.x, a.y]}")) == Not(Or((X, Y)))
    assert parse(yaml("when: {at_least: {least: 1, of: [a.x, a.y]}}")) == AtLeast(1, (X, Y))
    assert parse(yaml("when: false")) == Constant(False)


def test_quantities() -> None:
    def quantity(text: str) -> Expression | None:
        return read_quantity(yaml(f"when: {text}"), lambda _: None)

    assert quantity("3") == Constant(3)
    assert quantity("2.5") == Constant(2.5)
    assert quantity("a.n * 2") == Arithmetic("*", N, Constant(2))
    assert quantity("true") is None
    assert quantity("[a.n]") is None


# --- python's own reading -----------------------------------------------------------------------


def _texts() -> st.SearchStrategy[str]:
    numbers = st.recursive(
        st.sampled_from(["p.n", "p.m", "1", "2", "7"]),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from("+-*"), inner).map(" ".join),
            inner.map("-{}".format),
            inner.map("({})".format),
        ),
        max_leaves=4,
    )
    relation = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
    comparisons = st.tuples(numbers, relation, numbers).map(" ".join)
    chains = st.tuples(numbers, relation, numbers, relation, numbers).map(" ".join)
    return st.recursive(
        st.one_of(st.sampled_from(["p.x", "p.y"]), comparisons, chains),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
            inner.map("not {}".format),
            inner.map("({})".format),
        ),
        max_leaves=6,
    )


texts = _texts()
values = st.fixed_dictionaries(
    {
        "p.x": st.booleans(),
        "p.y": st.booleans(),
        "p.n": st.integers(-3, 3),
        "p.m": st.integers(-3, 3),
    }
)


@given(texts, values)
def test_means_what_it_means_to_python(text: str, patient: dict[str, int]) -> None:
    names = SimpleNamespace(**{path[2:]: value for path, value in patient.items()})
    expected = eval(text, {"p": names})  # a text made above, of names and numbers
    assert trace(parse(text), patient.get, {}.get).verdict == expected


# --- places -------------------------------------------------------------------------------------


def check_places(tree: Expression) -> None:
    """Whatever stands at the place of a node reads as that node."""
    for node in walk(tree):
        again = _read(text_at(node.span))
        # 'a is not b' is two nodes in one place.
        inner = again.operand if isinstance(again, Not) else None
        assert node in (again, inner), text_at(node.span)


def _read(text: str) -> Expression | None:
    flat = " ".join(text.split())
    node = scalar(flat)
    return read_condition(node, lambda fault: pytest.fail(fault.render()))


@given(texts)
def test_every_node_has_its_exact_place(text: str) -> None:
    check_places(parse(text.replace("(", "").replace(")", "")))


@pytest.mark.parametrize(
    "text",
    [
        "when: at_least(2, a.x, a.y is mild, count(a.x, a.y) >= 2)",
        "when: 1 <= a.n < 3 and a.x in (mild, severe) or a.y is unknown",
        "when: 'a.x is ''not done'' and a.y'",
        'when: "a.x and a.y is not known"',
        "when: >-\n  a.x is mild\n  and a.y\n  and round(a.n, 1) > 2",
        "when: |\n  a.x is mild\n    or a.y\n",
        "when: a.x\n  and not a.y\n",
        "# größer als 3\nwhen: a.x is größer and a.y",
    ],
)
def test_places_in_yaml(text: str) -> None:
    tree = parse(yaml(text))
    if "''" in text:
        # A text with escapes has no places of its own: the whole scalar is underlined.
        assert {text_at(node.span) for node in walk(tree)} == {"'a.x is ''not done'' and a.y'"}
    else:
        check_places(tree)


def test_the_places_of_a_list() -> None:
    tree = parse(yaml("when:\n  all:\n    - a.x\n    - not a.y\n"))
    assert [text_at(node.span) for node in walk(tree)][1:] == ["a.x", "not a.y", "a.y"]


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "underlined"),
    [
        ("a.x == 'mild'", "expression-unsupported", "'mild'"),
        ("a.x & a.y", "expression-unsupported", "a.x & a.y"),
        ("a.x if a.y else a.z", "expression-unsupported", "a.x if a.y else a.z"),
        ("[a.x]", "expression-unsupported", "[a.x]"),
        ("{a.x}", "expression-unsupported", "{a.x}"),
        ("{a.x: a.y}", "expression-unsupported", "{a.x: a.y}"),
        ("lambda: a.x", "expression-unsupported", "lambda: a.x"),
        ("f'{a.x}'", "expression-unsupported", "f'{a.x}'"),
        ("(b := a.x)", "expression-unsupported", "b := a.x"),
        ("a.n > 1j", "expression-unsupported", "1j"),
        ("a.x # why", "expression-unsupported", "#"),
        ("f(a.x).y", "expression-unsupported", "f(a.x).y"),
        ("a.x is (mild, severe)", "expression-unsupported", "(mild, severe)"),
        ("a.x is mild is known", "expression-unsupported", "a.x is mild is known"),
        ("a.n > 1e999", "number-too-long", "1e999"),
        ("a.n > " + "9" * 400, "number-too-long", "9" * 400),
        ("a.n > 0x" + "f" * 3900, "number-too-long", "0x" + "f" * 3900),
        ("a.x.lower()", "unknown-function", "a.x.lower"),
        ("a.x and", "expression-syntax", "and"),
        ("or a.x", "expression-syntax", "or"),
        ("a.x, a.y)", "expression-syntax", ")"),
        ("a.x is mild severe", "expression-syntax", "severe"),
        ("a.n > 18 years", "expression-syntax", "years"),
        ("a.n > 18years", "expression-syntax", "years"),
        ("a.n > 018", "expression-syntax", "018"),
        ("a.x => 3", "expression-syntax", "=>"),
        ("a.x || a.y", "expression-syntax", "||"),
        ("!a.x", "expression-syntax", "!"),
        ("a.x <> a.y", "expression-syntax", "<>"),
        ("class is mild", "expression-syntax", "class"),
        ('a.x is "mild', "expression-syntax", '"'),
    ],
)
def test_refused(text: str, code: str, underlined: str) -> None:
    found = fault(text)
    assert found.code == code
    assert found.hint
    if "'" not in text:
        assert text_at(found.span) == underlined


@given(st.text(alphabet="ab.x()[]{} <>=!&|+-*/,0123456789'\"#\n\téand ornt is", max_size=40))
def test_nothing_else_is_ever_raised(text: str) -> None:
    span = Span(SourceText("rules.yaml", text), 1, 1, 1, 1)
    faults: list[Diagnostic] = []
    found = read_condition(Scalar(text, text, span), faults.append)
    assert (found is None) == bool(faults)
    assert all(one.hint and one.message for one in faults)


def test_python_itself_is_not_asked_for_its_words() -> None:
    """Messages are ours: Python's differ between its versions."""
    for text in ("a b", "a.x is", "(a.x", "012 < a.x", "a.x ? a.y", "'a"):
        with pytest.raises(SyntaxError) as caught:
            ast.parse(text, mode="eval")
        assert str(caught.value.msg) not in fault(text).message
