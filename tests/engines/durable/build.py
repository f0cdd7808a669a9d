"""Short ways to write programs for the tests of this folder, and to watch the C module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from guidestep.engines.durable import session
from guidestep.engines.durable.engine import DurableEngine
from guidestep.engines.durable.rulesets import Rules, lay
from guidestep.engines.durable.strata import plan
from guidestep.language.program import Definition, Input, Program
from guidestep.language.tree import And, Compare, Constant, Expression, Field, Or, Reference
from guidestep.language.types import CONDITION, DATE, DECIMAL, INTEGER, Kind, Type

KINDS: Mapping[str, Type] = {
    "b": CONDITION,
    "i": INTEGER,
    "x": DECIMAL,
    "d": DATE,
    "e": Type(Kind.ENUMERATION, members=("none", "mild", "severe")),
}
SCORE = Type(Kind.DECIMAL, interval=True)


def program(*definitions: Expression | tuple[Expression, Type], fields: str = "") -> Program:
    """Return a program; a field's type is given by its first letter, a definition is `r0` ..."""
    typed = [each if isinstance(each, tuple) else (each, CONDITION) for each in definitions]
    return Program(
        "test",
        tuple(Input(name, KINDS[name[0]]) for name in fields.split()),
        tuple(Definition(f"r{at}", *each) for at, each in enumerate(typed)),
    )


def at_least_one_of(count: int) -> list[Expression]:
    """Return conditions on `i0`, all different."""
    return [Compare(">=", Field("i0"), Constant(bound)) for bound in range(count)]


def chain(depth: int) -> list[Expression]:
    """Return definitions each of which waits for the one before."""
    first: list[Expression] = [Field("b0")]
    return first + [
        (And if at % 2 else Or)((Reference(f"r{at - 1}"), Field("b0"))) for at in range(1, depth)
    ]


def rules(source: Program) -> list[Rules]:
    """Return all rulesets of a program."""
    return [each for stratum in plan(source).strata for each in lay(stratum.conditions)]


def watch(
    monkeypatch: pytest.MonkeyPatch, name: str, instead: Callable[..., Any] | None = None
) -> list[tuple[Any, ...]]:
    """Return the list in which all calls of a function of the C module are noted from now on."""
    calls: list[tuple[Any, ...]] = []
    real = getattr(session, name)

    def noted(*arguments: Any) -> Any:
        calls.append(arguments)
        return (instead or real)(*arguments)

    monkeypatch.setattr(session, name, noted)
    return calls


def verdict(expression: Expression, *inputs: Any, fields: str) -> Any:
    """Return the verdict of one condition for one patient."""
    return DurableEngine(program(expression, fields=fields)).evaluate(inputs)[0]
