"""The conditions of a guideline as Expression: as they are written, and what they say in English.

The language is named `text/x-guidestep`, for no engine but guidestep knows it. The text is the
stretch of YAML in which the condition stands.

Source: HL7 FHIR R4, Expression (the language is a code, of an extensible value set).
"""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import dedent, indent

from guidestep.explain.prose import prose
from guidestep.interop.fhir.outgoing.elements import Element, element
from guidestep.language.rulebase import Rulebase
from guidestep.language.tree import Expression

LANGUAGE = "text/x-guidestep"
FHIRPATH = "text/fhirpath"

GUARD: Element = {
    "kind": "applicability",
    "expression": {
        "description": "Never applied by an engine that cannot read the conditions beside this "
        "one: ask guidestep, which checks red flags and what is missing first",
        "language": FHIRPATH,
        "expression": "false",
    },
}
"""A condition that is false wherever FHIRPath is understood.

The real conditions are in a language that other engines do not know. One that skips what it does
not know would otherwise start every exercise.
"""


def written(expression: Expression) -> str:
    """Return a condition as the guideline writes it, without its indentation."""
    span = expression.span
    lines = span.source.text.split("\n")[span.line - 1 : span.end_line]
    if not lines:
        return ""
    lines[-1] = lines[-1][: span.end_column - 1]
    lines[0] = " " * (span.column - 1) + lines[0][span.column - 1 :]
    return dedent("\n".join(lines)).strip()


def condition(kind: str, expression: Expression, base: Rulebase) -> Element:
    """Return when an action is considered, starts or stops."""
    return _condition(kind, prose(expression, base), written(expression))


def unmet(expression: Expression, base: Rulebase) -> Element:
    """Return that a requirement does not hold; while it is unknown it does not hold either."""
    text = f"none:\n  - {indent(written(expression), '    ').strip()}"
    return _condition("applicability", f"Not known to hold: {prose(expression, base)}", text)


def any_of(kind: str, expressions: Sequence[Expression], base: Rulebase) -> Element | None:
    """Return that one of some conditions holds, for FHIR means by several that all do."""
    if not expressions:
        return None
    if len(expressions) == 1:
        return condition(kind, expressions[0], base)
    texts = "\n".join(f"  - {indent(written(one), '    ').strip()}" for one in expressions)
    words = "; or ".join(prose(one, base) for one in expressions)
    return _condition(kind, words, f"any:\n{texts}")


def _condition(kind: str, words: str, text: str) -> Element:
    return element(
        kind=kind, expression=element(description=words, language=LANGUAGE, expression=text)
    )
