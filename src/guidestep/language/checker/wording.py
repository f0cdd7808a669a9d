"""The words of the checker's messages and hints."""

from __future__ import annotations

import re
from collections.abc import Mapping

from guidestep.language.source import Span
from guidestep.language.tree import Compare, Comparison, Expression, IsMember
from guidestep.language.types import Kind, Type

FREE_TEXT = "free text is never read by a rule; only 'is known' applies"

TURNED: Mapping[Comparison, Comparison] = {
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
    "==": "==",
    "!=": "!=",
}
"""Each comparison as it is with its sides changed."""


def a(type_: Type) -> str:
    """Return what a type is called, with its article."""
    names = {
        Kind.CONDITION: "a condition",
        Kind.ENUMERATION: "an enumeration",
        Kind.DATE: "a date",
        Kind.TEXT: "free text",
    }
    return names.get(type_.kind, "a score" if type_.interval else "a number")


def one_of(members: tuple[str, ...]) -> str:
    """Return members as alternatives.

    >>> one_of(("left", "right", "none"))
    'left, right or none'
    """
    return members[0] if len(members) == 1 else f"{', '.join(members[:-1])} or {members[-1]}"


def written(node: Expression) -> str:
    """Return the text of a node as its author wrote it, if it stands on one line and is short."""
    span = node.span
    if span.line != span.end_line:
        return ""
    text = span.source.line(span.line)[span.column - 1 : span.end_column - 1]
    return text if len(text) <= 80 else ""


def member_span(node: IsMember, member: str) -> Span:
    """Return where a member stands, or the whole condition if that is not plain to see."""
    span, subject = node.span, node.subject.span
    if span.line != span.end_line or subject.end_line != span.line:
        return span
    text = span.source.line(span.line)[: span.end_column - 1]
    found = re.compile(rf"\b{re.escape(member)}\b").search(text, subject.end_column - 1)
    if found is None:
        return span
    return Span(span.source, span.line, found.start() + 1, span.line, found.end() + 1)


def mismatch_hint(node: Compare, left: Type, right: Type) -> str:
    """Return how two sides of different kinds are meant to be written."""
    kinds = (left.kind, right.kind)
    if Kind.TEXT in kinds:
        return FREE_TEXT
    if Kind.CONDITION in kinds:
        name = written(node.left if left.kind is Kind.CONDITION else node.right) or "it"
        return f"a condition stands alone: write '{name}' or 'not {name}'"
    if Kind.ENUMERATION in kinds:
        name = written(node.left if left.kind is Kind.ENUMERATION else node.right) or "it"
        members = left.members or right.members
        return f"compare an enumeration with a member: '{name} is {members[0]}'"
    return "numbers compare with numbers, and dates with dates: date('2026-02-24')"


def turned_round(node: Compare) -> str:
    """Return how a comparison is written with its sides changed."""
    left, right = written(node.left), written(node.right)
    if not left or not right:
        return "turn the comparison round"
    return f"write '{right} {TURNED[node.operator]} {left}', and join a further bound with 'and'"
