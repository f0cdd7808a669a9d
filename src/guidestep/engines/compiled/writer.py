"""The function being generated: its statements, its names, and the code of what is read so far.

No text of a guideline enters the generated code. Names are a letter and a number given out here;
constants are the digits of plain numbers, or objects that the code knows under such a name.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import TypeAlias

DEEPEST = 12
"""Conditions nested deeper are split into statements: Python's own parser has its limits."""

_PRINTABLE = 2**63


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as two Python expressions: one that holds if it is true, one if it is false.

    Neither holds if it is unknown. `name` is the local variable that has its verdict, if any.
    `doubtful` says to try the false form first: the one that, if it fails, fails early. `total`
    says that it is never unknown, so that the true form is enough. `known` is an expression that
    holds if it is not unknown, where there is a short one; the true form may then stand in it.
    """

    true: str
    false: str
    depth: int = 0
    name: str | None = None
    doubtful: bool = False
    total: bool = False
    known: str | None = None

    @property
    def verdict(self) -> str:
        """The expression of the verdict: `True`, `False` or `None`."""
        if self.name:
            return self.name
        if self.total:
            return f"True if {self.true} else False"
        if self.known:
            return f"True if {self.true} else False if {self.known} else None"
        if self.doubtful:
            return f"False if {self.false} else True if {self.true} else None"
        return f"True if {self.true} else False if {self.false} else None"


@dataclass(frozen=True, slots=True)
class Value:
    """A number, date or text as a variable or literal; `known` if it can never be `None`.

    `decimal` marks a field of decimals, `whole` is the number if it is a literal integer.
    """

    name: str
    known: bool = False
    decimal: bool = False
    whole: int | None = None

    @property
    def verdict(self) -> str:
        """The expression of the verdict: the value, or `None`."""
        return self.name


@dataclass(frozen=True, slots=True)
class Score:
    """A score as two variables: its least and its greatest possible value."""

    low: str
    high: str

    @property
    def verdict(self) -> str:
        """The expression of the verdict: the pair."""
        return f"({self.low}, {self.high})"


Code: TypeAlias = Condition | Value | Score


def variable(name: str) -> Condition:
    """Return the code of a condition whose verdict is in a local variable."""
    return Condition(name, f"{name} is False", name=name)


class Writer:
    """Collects the statements and constants of one function.

    `fields` and `definitions` hold the code of what an expression may refer to, by path and id.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, object] = {}
        self.fields: dict[str, Code] = {}
        self.definitions: dict[str, Code] = {}
        self._names = 0
        self._known_by: dict[tuple[type, Hashable], str] = {}

    def fresh(self, letter: str) -> str:
        """Return a name that is in use nowhere else."""
        self._names += 1
        return f"{letter}{self._names}"

    def write(self, *lines: str) -> None:
        """Append statements to the function."""
        self.lines.extend(lines)

    def assign(self, letter: str, code: str) -> str:
        """Append an assignment to a fresh variable, and return its name."""
        name = self.fresh(letter)
        self.write(f"{name} = {code}")
        return name

    def constant(self, value: object) -> str:
        """Return the code of a constant: digits if it is a plain number, otherwise a name."""
        # Exactly these types: the `repr` of a subclass may be anything.
        if (type(value) is int and abs(value) < _PRINTABLE) or (
            type(value) is float and math.isfinite(value)
        ):
            return f"({value!r})"
        # Of equal values of one type the first stands for all: one look-up the fewer in the caches.
        key = (type(value), value) if type(value) in (str, frozenset) else (object, id(value))
        if key not in self._known_by:
            name = self._known_by[key] = self.fresh("c")
            self.constants[name] = value
        return self._known_by[key]

    def named(self, condition: Condition) -> Condition:
        """Return the condition as a variable, computed here if it is not one yet."""
        if condition.name:
            return condition
        return replace(variable(self.assign("t", condition.verdict)), total=condition.total)

    def shallow(self, condition: Condition) -> Condition:
        """Return the condition as it is, or as a variable if it has grown too deep."""
        return condition if condition.depth < DEEPEST else self.named(condition)

    def value(self, code: Code) -> Value:
        """Return the code as a value; a score is one only while its two bounds agree.

        Raises `TypeError` for a condition: the program is not well typed.
        """
        match code:
            case Value():
                return code
            case Score(low=low, high=high):
                return Value(self.assign("n", f"{low} if {low} == {high} else None"))
            case Condition():
                raise TypeError("a condition stands where a value is needed")

    def function(self, name: str, parameter: str, unpacked: Iterable[str], result: str) -> str:
        """Return the source text of the function of one parameter that is unpacked first."""
        names = "".join(f"{name}, " for name in unpacked)
        body = [f"({names}) = {parameter}" if names else f"() = {parameter}", *self.lines]
        return "\n    ".join([f"def {name}({parameter}):", *body, f"return {result}"]) + "\n"


def as_condition(code: Code) -> Condition:
    """Return the code as that of a condition; raises `TypeError` if it is not one."""
    if not isinstance(code, Condition):
        raise TypeError("a value stands where a condition is needed")
    return code
