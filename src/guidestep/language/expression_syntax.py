"""Python's syntax errors as faults that a clinician who writes a condition can act on.

Python's own messages differ between its versions and speak of programs, so none is passed on.
"""

from __future__ import annotations

import ast
import re
from keyword import iskeyword
from typing import NamedTuple


class Slip(NamedTuple):
    """What is wrong with the text of an expression, and between which characters of it."""

    start: int
    end: int
    message: str
    hint: str


_ELSEWHERE: dict[str, str] = {
    "&&": "and",
    "&": "and",
    "||": "or",
    "|": "or",
    "!": "not",
    "≤": "<=",
    "=<": "<=",
    "≥": ">=",
    "=>": ">=",
    "≠": "!=",
    "<>": "!=",
}
"""How other languages write what is written in words here, or as in Python."""

_SYMBOL = re.compile(r"&&|\|\||[≤≥≠]|<>|=<|=>|!(?!=)|(?<![=<>!])=(?!=)|&|\|")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z%°µ][\w%°/]*)")
_ZERO = re.compile(r"(?<![\w.])0+(\d[\d.]*)")
_WORD = re.compile(r"\w+|\S")
_OPERATORS = frozenset(("and", "or", "in", "is", "not", "if", "else"))


def explain(text: str, error: SyntaxError) -> Slip:
    """Return what is wrong with a text that Python does not read as an expression."""
    # What stands in quotes is data; blanked out, it keeps its width.
    bare = _QUOTED.sub(lambda found: " " * len(found.group()), text)
    start = min((error.offset or 0) - 1, len(text) - 1)
    reason = error.msg or ""
    if found := _SYMBOL.search(bare):
        return _symbol(found)
    if "never closed" in reason:
        return Slip(start, start + 1, f"'{text[start]}' is never closed", "close it")
    if "unterminated" in reason:
        return Slip(start, start + 1, "these quotes are never closed", "close them")
    if "unmatched" in reason or "does not match" in reason:
        message = f"'{text[start]}' closes nothing that is open"
        return Slip(start, start + 1, message, "leave it out, or open it")
    for found in _NUMBER.finditer(bare):
        if found.start() <= max(start, 0) < found.end():
            number, unit = found.groups()
            if unit not in _OPERATORS:
                message = f"a number stands without a unit, so '{unit}' is not expected here"
                hint = f"write '{number}': the field has its unit already"
                return Slip(found.start(2), found.end(2), message, hint)
    for found in _ZERO.finditer(bare):
        if found.start() <= start < found.end():
            message = "a number does not start with a needless zero"
            return Slip(*found.span(), message, f"write '{found.group(1)}'")
    if start < 0:
        *_, last = _WORD.finditer(text)
        message = f"something is missing after '{last.group()}'"
        return Slip(*last.span(), message, "complete the expression, or leave this out")
    word = _WORD.match(text, start) or re.compile(r"\s*\S?").match(text, start)
    assert word is not None
    message = f"'{word.group()}' is not expected here"
    hint = "join conditions with 'and' or 'or', and list members as 'in (first, second)'"
    if word.group() in _OPERATORS:
        hint = "write what stands before it, or leave it out"
    elif iskeyword(word.group()):
        message = f"'{word.group()}' is a word of Python's own"
        hint = f"""write it in quotes if it is a member: is \"{word.group()}\""""
    return Slip(*word.span(), message, hint)


def _symbol(found: re.Match[str]) -> Slip:
    symbol = found.group()
    message = f"'{symbol}' is not in the rule language"
    hint = f"write '{_ELSEWHERE.get(symbol)}'"
    if symbol == "=":
        hint = "use '==' to compare numbers and 'is' to compare members"
    return Slip(*found.span(), message, hint)


def construct(node: ast.expr) -> tuple[str, str]:
    """Return a message and a hint for a construct of Python that is not one of ours."""
    joined = "join conditions with 'and' or 'or'"
    names: dict[type[ast.expr], tuple[str, str]] = {
        ast.Tuple: ("a comma", f"a decimal number has a point; {joined}"),
        ast.List: ("a list here", joined),
        ast.Set: ("a set here", joined),
        ast.Dict: ("a mapping here", joined),
        ast.Subscript: ("an index in brackets", "a field is written 'section.name'"),
        ast.Lambda: ("'lambda'", "name the condition as a finding"),
        ast.JoinedStr: ("a formatted text", "leave out the 'f'"),
        ast.NamedExpr: ("':='", "name the value in findings.yaml"),
        ast.UnaryOp: ("this sign", "leave it out, or write 'not'"),
    }
    what, hint = names.get(type(node), ("this construct", "see the rule language reference"))
    return f"{what} is not in the rule language", hint
