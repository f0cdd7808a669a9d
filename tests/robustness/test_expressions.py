"""Expressions of any text at all: a tree or a diagnostic, never anything else, and soon."""

from __future__ import annotations

import time
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guidestep.assessment import CervicalAssessment
from guidestep.language.checker import Checker, Scope
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.expressions import read_condition, read_quantity
from guidestep.language.source import SourceText, Span
from guidestep.language.types import CONDITION, DECIMAL, INTEGER
from guidestep.language.yaml_tree import Scalar

SECONDS = 5.0

WORDS = r"""
    and or not is in if else for lambda None True False await yield import
    ( ) [ ] { } , . : ; = == != < <= > >= + - * / // ** % @ & | ^ ~ << >> := -> !
    known unknown present absent left bilateral M1 R2 stable
    at_least count min max abs round sqrt ln log10 exp days_between date
    weeks_between age_in_years eval open __import__ self
    scope.age_years scope.pll_calcification neurologic.gait_instability
    program.rpe_value encounter.assessment_date scope scope.agee a_finding a_value limit
    0 1 15 1.5 1e5 1e999 9999999999999999999 0x1f 1_000 1j .5 007
    'text' "2026-02-24" f'{x}' b'x' ' ''' # \ é $ ? `
"""
TOKENS = (*WORDS.split(), "\n", "\t", " ")
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(TOKENS), max_size=14).map(" ".join),
    st.lists(st.sampled_from(TOKENS), max_size=14).map("".join),
)
NASTY = {
    "parentheses": "(" * 1999 + "1" + ")" * 1999,
    "open parentheses": "(" * 3999,
    "brackets": "[" * 2000,
    "negations": "not " * 999 + "scope.age_years",
    "minus signs": "-" * 3999 + "1",
    "attributes": "scope" + ".a" * 1990,
    "calls": "abs(" * 900 + "1" + ")" * 900,
    "comparisons": " < ".join(["scope.age_years"] * 200),
    "alternatives": " or ".join(["scope.age_years > 1"] * 180),
    "sum": "+".join("1" * 2000),
    "digits": "1" * 4000,
    "power": "9**9**9**9",
    "infinity": "1e99999 > 1",
    "too long": "a " * 100_000,
    "null": "a\x00b",
    "names": "a" * 4000,
    "lines": "\n" * 3999,
    "tabs": "\t" * 3999,
    "unicode": "\u00e9" * 4000,
    "conditional": "1 if scope.age_years else 2",
    "call": "__import__('os').system('true')",
    "attribute of a class": "().__class__.__bases__[0]",
    "format": "f'{scope.age_years!r:>{10}}'",
    "open text": "'''",
    "comprehension": "[x for x in (1, 2)]",
    "assignment": "(x := 1)",
    "escape": "'\\N{NULL}\\xzz'",
    "surrogate": "'\ud800'",
}


@cache
def scope() -> Scope:
    return Scope(
        fields=CervicalAssessment.fields(),
        parameters={"limit": INTEGER},
        definitions={"a_finding": CONDITION, "a_value": DECIMAL},
    )


def faults_of(text: str) -> list[Diagnostic]:
    """Read and check a text as a condition and as a quantity; return the faults of both."""
    lines = text.split("\n")
    span = Span(SourceText("a.yaml", text), 1, 1, len(lines), len(lines[-1]) + 1)
    node = Scalar(text, text, span, quoted=True)
    faults: list[Diagnostic] = []
    checker = Checker(scope(), faults.append)
    for read, check in (
        (read_condition, checker.condition),
        (read_quantity, checker.quantity),
    ):
        before = len(faults)
        expression = read(node, faults.append)
        checked = None if expression is None else check(expression)
        assert checked is not None or len(faults) > before, "nothing, and not a word why"
    for fault in faults:
        assert fault.code
        assert fault.message
        assert fault.span.source.name == "a.yaml"
        fault.render()
    return faults


@given(TEXTS)
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text(text: str) -> None:
    faults_of(text)


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY.keys())
def test_nasty_texts(text: str) -> None:
    start = time.perf_counter()
    assert faults_of(text)
    assert time.perf_counter() - start < SECONDS
