"""An expression as text: Python's own parser reads it, and its nodes become our typed tree.

Nothing is ever evaluated: only the constructs listed here are taken over, all others are faults.
"""

from __future__ import annotations

import ast
import math
import re
import warnings
from collections.abc import Callable
from datetime import date
from typing import NoReturn, cast, get_args

from guidestep.language.diagnostics import Diagnostic
from guidestep.language.expression_syntax import construct, explain
from guidestep.language.source import Span
from guidestep.language.tree import (
    And,
    Arithmetic,
    ArithmeticOperator,
    AtLeast,
    Call,
    Compare,
    Comparison,
    Constant,
    Count,
    Expression,
    Field,
    Function,
    IsKnown,
    IsMember,
    Negative,
    Not,
    Or,
    Reference,
)
from guidestep.language.yaml_tree import Scalar
from guidestep.spelling import did_you_mean

MAX_LENGTH = 4000
MAX_DEPTH = 40
MAX_DIGITS = 15
_LARGEST: int = 10**MAX_DIGITS - 1

_COMPARISONS: dict[type[ast.cmpop], Comparison] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_ARITHMETIC: dict[type[ast.operator], ArithmeticOperator] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
}
_OTHER_OPERATORS: dict[type[ast.operator], str] = {
    ast.BitAnd: "write 'and' to join conditions",
    ast.BitOr: "write 'or' to join conditions",
    ast.Pow: "'x * x' is a square, 'sqrt(x)' a root",
}
_FUNCTIONS: tuple[str, ...] = get_args(Function)
_CONDITIONALS = ("at_least", "count")


class _FaultError(Exception):
    """Ends the reading of one expression at its first fault."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def read_text(scalar: Scalar, report: Callable[[Diagnostic], None]) -> Expression | None:
    """Return the expression that a text is, or `None` after reporting its first fault."""
    try:
        return _Reader(scalar).read()
    except _FaultError as error:
        report(error.diagnostic)
        return None


def at_least(
    least: int,
    operands: tuple[Expression, ...],
    span: Span,
    report: Callable[[Diagnostic], None],
) -> Expression | None:
    """Return the condition that so many of some hold, or `None` where that decides nothing."""
    if 1 <= least <= len(operands):
        return AtLeast(least, operands, span=span)
    report(
        Diagnostic(
            "at-least-bounds",
            span,
            f"at least {least} of {len(operands)} conditions is the same for every patient",
            f"write a number from 1 to {len(operands)}",
        )
    )
    return None


class _Reader:
    """Reads the text of one scalar; keeps every node's place in the file."""

    def __init__(self, scalar: Scalar) -> None:
        self.scalar = scalar
        self.text = str(scalar.value)
        # One line for the parser; places are found again by counting characters.
        self.flat = self.text.replace("\n", " ")
        self.starts = [0, *(i + 1 for i, c in enumerate(self.text) if c == "\n")]

    def read(self) -> Expression:
        if not self.text.strip():
            self.fail(
                "empty-condition",
                "an expression is expected here",
                "write an expression, such as 'section.field is member'",
            )
        if len(self.text) > MAX_LENGTH:
            self.fail(
                "expression-too-long",
                f"this expression has {len(self.text)} characters, more than {MAX_LENGTH}",
                "name its parts as findings",
            )
        if "#" in self.text:
            start = self.text.index("#")
            self.fail_at(
                self.place(start, start + 1),
                "expression-unsupported",
                "a comment inside an expression would hide what follows it",
                "put the comment on a YAML line of its own",
            )
        lead = len(self.flat) - len(self.flat.lstrip())
        self.lead = lead
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parsed = ast.parse(self.flat.strip(), mode="eval").body
            return self.convert(parsed, 0)
        except SyntaxError as error:
            slip = explain(self.flat.strip(), error)
            place = self.place(lead + slip.start, lead + slip.end)
            self.fail_at(place, "expression-syntax", slip.message, slip.hint)
        except (RecursionError, MemoryError, ValueError):
            self.fail(
                "expression-too-deep",
                "this expression is nested too deeply",
                "name its parts as findings",
            )

    # --- places -----------------------------------------------------------------------------

    def place(self, start: int, end: int) -> Span:
        """Return the span of the characters `start` to `end` of the text."""

        def at(index: int) -> tuple[int, int]:
            line = sum(1 for s in self.starts[1:] if s <= index)
            return line + 1, index - self.starts[line]

        (line, column), (end_line, end_column) = at(start), at(end)
        return self.scalar.span_of(line, column, end_line, end_column)

    def span(self, node: ast.expr) -> Span:
        stripped = self.flat.strip().encode()

        def characters(offset: int) -> int:
            return self.lead + len(stripped[:offset].decode(errors="ignore"))

        end = node.end_col_offset if node.end_col_offset is not None else node.col_offset + 1
        return self.place(characters(node.col_offset), characters(end))

    def fail(self, code: str, message: str, hint: str = "") -> NoReturn:
        self.fail_at(self.scalar.span, code, message, hint)

    def fail_at(self, span: Span, code: str, message: str, hint: str = "") -> NoReturn:
        raise _FaultError(Diagnostic(code, span, message, hint))

    def unsupported(self, node: ast.expr, what: str, hint: str = "") -> NoReturn:
        self.fail_at(self.span(node), "expression-unsupported", what, hint)

    # --- nodes ------------------------------------------------------------------------------

    def convert(self, node: ast.expr, depth: int) -> Expression:
        if depth > MAX_DEPTH:
            self.fail_at(
                self.span(node),
                "expression-too-deep",
                f"this expression is nested more than {MAX_DEPTH} levels deep",
                "name its parts as findings",
            )
        span = self.span(node)
        match node:
            case ast.BoolOp(op=operator, values=values):
                operands = tuple(self.convert(value, depth + 1) for value in values)
                joined = And if isinstance(operator, ast.And) else Or
                return joined(operands, span=span)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Not(self.convert(operand, depth + 1), span=span)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self.negative(operand, span, depth)
            case ast.Compare():
                return self.comparison(node, span, depth)
            case ast.BinOp(op=operator, left=left, right=right):
                symbol = _ARITHMETIC.get(type(operator))
                if symbol is None:
                    hint = _OTHER_OPERATORS.get(type(operator), "use a function, such as 'round'")
                    self.unsupported(node, "only + - * / combine numbers here", hint)
                return Arithmetic(
                    symbol, self.convert(left, depth + 1), self.convert(right, depth + 1), span=span
                )
            case ast.Call():
                return self.call(node, span, depth)
            case ast.Attribute():
                return Field(self.dotted(node), span=span)
            case ast.Name(id="true" | "false" as word):
                return Constant(word == "true", span=span)
            case ast.Name(id=name):
                return Reference(name, span=span)
            case ast.Constant(value=value):
                return self.constant(node, value, span)
            case ast.IfExp():
                self.unsupported(node, "'if ... else' is not in the rule language", "use a band")
            case _:
                self.unsupported(node, *construct(node))

    def negative(self, operand: ast.expr, span: Span, depth: int) -> Expression:
        inner = self.convert(operand, depth + 1)
        if isinstance(inner, Constant) and type(inner.value) in (int, float):
            assert isinstance(inner.value, int | float)
            return Constant(-inner.value, span=span)
        return Negative(inner, span=span)

    def constant(self, node: ast.expr, value: object, span: Span) -> Expression:
        match value:
            case bool():
                word = str(value).lower()
                self.unsupported(node, f"'{value}' is Python's word", f"write '{word}'")
            case int() | float():
                if not _is_exact(value):
                    self.fail_at(
                        span,
                        "number-too-long",
                        "this number is too large or has too many digits",
                        f"{MAX_DIGITS} digits are exact",
                    )
                return Constant(value, span=span)
            case None:
                self.unsupported(
                    node, "'None' is not a value here", "write 'is unknown', or the member 'none'"
                )
            case str(text):
                hint = f"compare a member with 'is': 'section.field is {text}'"
                if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                    hint = f"a date is written date('{text}')"
                self.unsupported(node, "text stands only as a member after 'is' or 'in'", hint)
            case _:
                self.unsupported(
                    node, "this literal is not in the rule language", "write a number or a date"
                )

    def dotted(self, node: ast.expr) -> str:
        parts: list[str] = []
        current: ast.expr = node
        while isinstance(current, ast.Attribute):
            parts.append(current.attr)
            current = current.value
        if not isinstance(current, ast.Name):
            self.unsupported(node, "this is not a field", "a field is written 'section.name'")
        return ".".join([current.id, *reversed(parts)])

    def comparison(self, node: ast.Compare, span: Span, depth: int) -> Expression:
        lefts = [node.left, *node.comparators[:-1]]
        parts: list[Expression] = []
        for left, operator, right in zip(lefts, node.ops, node.comparators, strict=True):
            symbol = _COMPARISONS.get(type(operator))
            if symbol is not None:
                sides = (self.convert(left, depth + 1), self.convert(right, depth + 1))
                whole = span if len(node.ops) == 1 else self.between(left, right)
                parts.append(Compare(symbol, *sides, span=whole))
            elif len(node.ops) > 1:
                self.unsupported(
                    node, "'is' and 'in' cannot be chained", "join two conditions with 'and'"
                )
            else:
                parts.append(self.membership(left, operator, right, span, depth))
        return parts[0] if len(parts) == 1 else And(tuple(parts), span=span)

    def between(self, left: ast.expr, right: ast.expr) -> Span:
        first, last = self.span(left), self.span(right)
        return Span(first.source, first.line, first.column, last.end_line, last.end_column)

    def membership(
        self, left: ast.expr, operator: ast.cmpop, right: ast.expr, span: Span, depth: int
    ) -> Expression:
        subject = self.convert(left, depth + 1)
        negated = isinstance(operator, ast.IsNot | ast.NotIn)
        found: Expression
        if isinstance(operator, ast.Is | ast.IsNot):
            if isinstance(right, ast.Name) and right.id in ("known", "unknown"):
                negated ^= right.id == "unknown"
                found = IsKnown(subject, span=span)
            else:
                found = IsMember(subject, (self.member(right),), span=span)
        else:
            if not isinstance(right, ast.Tuple | ast.List | ast.Set):
                hint = "write 'in (first, second)'"
                if isinstance(right, ast.Name):
                    hint = f"write 'is {right.id}' for one member, or 'in ({right.id}, ...)'"
                self.unsupported(right, "'in' needs a list of members", hint)
            members = tuple(self.member(element) for element in right.elts)
            if not members:
                self.fail_at(
                    self.span(right),
                    "empty-condition",
                    "'in' needs at least one member",
                    "write 'in (first, second)'",
                )
            for index, element in enumerate(right.elts):
                if members[index] in members[:index]:
                    self.fail_at(
                        self.span(element),
                        "duplicate-member",
                        f"'{members[index]}' stands twice in this list",
                        "leave one of them out",
                    )
            found = IsMember(subject, members, span=span)
        return Not(found, span=span) if negated else found

    def member(self, node: ast.expr) -> str:
        match node:
            case ast.Name(id=name):
                return name
            case ast.Constant(value=str(text)):
                return text
            case ast.Constant(value=None):
                self.unsupported(
                    node, "'None' is not a member", "write 'is unknown', or the member 'none'"
                )
            case ast.Constant(value=bool(value)):
                self.unsupported(
                    node,
                    f"'{value}' is not a member",
                    "a condition stands alone: write it, or 'not' before it",
                )
            case ast.Constant():
                self.fail_at(
                    self.span(node),
                    "is-on-number",
                    "'is' compares with a member of an enumeration, not with a number",
                    "use '==' for numbers",
                )
            case _:
                hint = "put it in quotes if it is not a word"
                if isinstance(node, ast.Tuple | ast.List | ast.Set):
                    hint = "write 'in' instead of 'is' before a list"
                self.unsupported(node, "a member is a single word", hint)

    def call(self, node: ast.Call, span: Span, depth: int) -> Expression:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in (*_FUNCTIONS, *_CONDITIONALS, "date"):
            functions = sorted((*_FUNCTIONS, *_CONDITIONALS, "date"))
            self.fail_at(
                self.span(node.func),
                "unknown-function",
                f"'{name}' is not a function of the rule language" if name else "not a function",
                did_you_mean(name, functions) or f"the functions are {', '.join(functions)}",
            )
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            self.unsupported(
                node,
                "arguments are given one by one, without names",
                f"write '{name}(first, second)'",
            )
        if name == "date":
            return self.date(node, span)
        if name == "at_least":
            return self.at_least(node, span, depth)
        arguments = tuple(self.convert(argument, depth + 1) for argument in node.args)
        if name == "count":
            if not arguments:
                self.fail_at(
                    span,
                    "wrong-arguments",
                    "'count' needs at least one condition",
                    "write 'count(first, second, third) >= 2'",
                )
            return Count(arguments, span=span)
        return Call(cast("Function", name), arguments, span=span)

    def at_least(self, node: ast.Call, span: Span, depth: int) -> Expression:
        match node.args:
            case [ast.Constant(value=int(least)), *rest] if rest and not isinstance(least, bool):
                operands = tuple(self.convert(item, depth + 1) for item in rest)
            case _:
                self.fail_at(
                    span,
                    "wrong-arguments",
                    "'at_least' needs a whole number and then conditions",
                    "write 'at_least(3, first, second, third, fourth)'",
                )
        faults: list[Diagnostic] = []
        found = at_least(least, operands, span, faults.append)
        if found is None:
            raise _FaultError(faults[0])
        return found

    def date(self, node: ast.Call, span: Span) -> Expression:
        match node.args:
            case [ast.Constant(value=str(text))]:
                try:
                    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
                        return Constant(date.fromisoformat(text), span=span)
                except ValueError:
                    pass
        self.fail_at(
            span,
            "bad-date",
            "this is not a day of the calendar",
            "write year, month and day: date('2026-02-24')",
        )


def _is_exact(value: float) -> bool:
    """Whether a number is the same in JSON, in a float and in a solver."""
    if isinstance(value, int):
        return abs(value) <= _LARGEST
    digits = sum(character.isdigit() for character in repr(value))
    return math.isfinite(value) and digits <= MAX_DIGITS + 2
