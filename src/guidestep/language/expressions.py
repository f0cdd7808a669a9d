"""Conditions and expressions as YAML: a text, or lists under `all`, `any`, `none`, `at_least`."""

from __future__ import annotations

from collections.abc import Callable

from guidestep.language.diagnostics import Diagnostic
from guidestep.language.expression_text import at_least, read_text
from guidestep.language.tree import And, Constant, Expression, Not, Or
from guidestep.language.yaml_tree import Mapping, Node, Scalar, Sequence

_MAPPING_KEYS = ("all", "any", "none", "at_least")


def read_condition(node: Node, report: Callable[[Diagnostic], None]) -> Expression | None:
    """Return the condition written at a YAML node, or `None` after reporting its faults."""
    match node:
        case Scalar(value=bool(value)):
            return Constant(value, span=node.span)
        case Scalar(value=str()):
            return read_text(node, report)
        case Scalar():
            shown = f", not {node.text}" if node.text else ""
            report(
                Diagnostic(
                    "not-a-condition",
                    node.span,
                    f"a condition is expected here{shown}",
                    "write an expression, such as 'section.field is member'",
                )
            )
            return None
        case Sequence():
            report(
                Diagnostic(
                    "not-a-condition",
                    node.span,
                    "a list of conditions needs a word that joins them",
                    "put the list under 'all:', 'any:', 'none:' or 'at_least:'",
                )
            )
            return None
        case Mapping():
            return _read_mapping(node, report)


def read_quantity(node: Node, report: Callable[[Diagnostic], None]) -> Expression | None:
    """Return the number or date expression at a YAML node, or `None` after reporting faults."""
    match node:
        case Scalar(value=bool()):
            pass
        case Scalar(value=int(value) | float(value)):
            return Constant(value, span=node.span)
        case Scalar(value=str()):
            return read_text(node, report)
        case _:
            pass
    report(
        Diagnostic(
            "not-a-number",
            node.span,
            "an expression of a number or a date is expected here",
            "write, for example, 'weeks_between(section.first_date, section.second_date)'",
        )
    )
    return None


def _read_mapping(node: Mapping, report: Callable[[Diagnostic], None]) -> Expression | None:
    if len(node.entries) != 1 or node.entries[0].key not in _MAPPING_KEYS:
        stray = next((e for e in node.entries if e.key not in _MAPPING_KEYS), None)
        report(
            Diagnostic(
                "not-a-condition",
                stray.key_span if stray else node.span,
                f"'{stray.key}' does not join conditions" if stray else "one joining word only",
                "use exactly one of 'all:', 'any:', 'none:' and 'at_least:', and nest them",
            )
        )
        return None
    entry = node.entries[0]
    least = 0
    items: Node | None = entry.value
    if entry.key == "at_least":
        number = entry.value.get("least") if isinstance(entry.value, Mapping) else None
        items = entry.value.get("of") if isinstance(entry.value, Mapping) else None
        if (
            not isinstance(entry.value, Mapping)
            or len(entry.value.entries) > 2  # a third key would be passed over in silence
            or not isinstance(number, Scalar)
            or not isinstance(number.value, int)
            or isinstance(number.value, bool)
            or items is None
        ):
            report(
                Diagnostic(
                    "not-a-condition",
                    entry.key_span,
                    "'at_least' needs a whole number and a list",
                    "write 'at_least: {least: 3, of: [...]}'",
                )
            )
            return None
        least = number.value
    if not isinstance(items, Sequence) or not items.items:
        report(
            Diagnostic(
                "empty-condition",
                entry.key_span,
                f"'{entry.key}' needs a list with at least one condition",
                "an empty list would decide without looking at the patient",
            )
        )
        return None
    read = [read_condition(item, report) for item in items.items]
    if any(item is None for item in read):
        return None
    operands = tuple(item for item in read if item is not None)
    match entry.key:
        case "all":
            return And(operands, span=node.span)
        case "any":
            return Or(operands, span=node.span)
        case "none":
            return Not(Or(operands, span=node.span), span=node.span)
        case _:
            return at_least(least, operands, node.span, report)
