"""What expressions are checked against: the names they may use, with their types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from guidestep.assessment import FieldKind, FieldSpec
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.source import Span
from guidestep.language.tree import Expression
from guidestep.language.types import CONDITION, DATE, DECIMAL, INTEGER, TEXT, Kind, Type

Report: TypeAlias = Callable[[Diagnostic], None]
"""Takes a fault that was found."""

Checked: TypeAlias = tuple[Expression, Type]
"""A resolved node and its type."""


def field_type(spec: FieldSpec) -> Type:
    """Return the type that a field of the assessment has in expressions."""
    match spec.kind:
        case FieldKind.BOOLEAN:
            return CONDITION
        case FieldKind.INTEGER:
            return replace(INTEGER, unit=spec.unit)
        case FieldKind.DECIMAL:
            return replace(DECIMAL, unit=spec.unit)
        case FieldKind.ENUMERATION:
            return Type(Kind.ENUMERATION, members=spec.members)
        case FieldKind.DATE:
            return DATE
        case FieldKind.TEXT:
            return TEXT


@dataclass(frozen=True, slots=True)
class Scope:
    """The names an expression may use."""

    fields: Mapping[str, FieldSpec]
    parameters: Mapping[str, Type]
    definitions: Mapping[str, Type | None]
    """`None` for a definition that is itself at fault: what uses it is passed over."""
    incomplete: bool = False
    """Whether definitions could not be read: a name that is not there is then passed over."""
    answer: Mapping[str, Type] = field(default_factory=dict)
    """The names of the answer, which only properties may use."""


class Checks:
    """What the checks of all kinds of expressions have in common."""

    def __init__(self, scope: Scope, report: Report) -> None:
        self.scope = scope
        self.report = report

    def check(self, node: Expression) -> Checked | None:
        """Return the resolved node and its type, or `None` after reporting its faults."""
        raise NotImplementedError

    def _fault(self, code: str, span: Span, message: str, hint: str = "") -> None:
        self.report(Diagnostic(code, span, message, hint))
