"""The kinds of fault a guideline can have, as data: one sentence each, and a page in the docs.

`docs/diagnostics/CODE.md` says of each code what it means, what to avoid and what to prefer.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

GROUPS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "The folder and its files": {
            "not-a-guideline": "the folder is not one, or holds no `guideline.yaml`",
            "unknown-file": "a YAML file has a name that nothing reads",
            "unreadable-file": "a file cannot be opened",
            "file-too-large": "a file is larger than any guideline needs",
            "not-utf8": "a file is not saved as UTF-8",
            "control-character": "a text has a character that no editor shows",
            "unknown-model": "the assessment model is not installed",
        },
        "YAML": {
            "yaml-syntax": "the text is not YAML",
            "tab-indentation": "a line is indented with a tab",
            "empty-file": "a file has nothing in it",
            "several-documents": "a file holds a second document or a directive",
            "yaml-alias": "a value stands for another one elsewhere",
            "yaml-tag": "a value asks for a type by a tag",
            "yaml-surprise": "a value means one thing to one YAML reader and another to the next",
            "duplicate-key": "a key stands twice in one mapping",
            "key-not-text": "a key is not a text",
            "bad-date": "a date is not a day of the calendar",
            "number-too-long": "a number is too large or too long to be exact",
            "too-deep": "the nesting is deeper than anyone can follow",
            "too-many-nodes": "a file has more values than any guideline needs",
        },
        "The shape of entries": {
            "wrong-shape": "a mapping stands where a list belongs, or the other way round",
            "missing-key": "an entry lacks a key",
            "unknown-key": "an entry has a key that means nothing",
            "bad-value": "a value is not of the kind that its key takes",
            "bad-id": "an id is not written as its use demands",
            "duplicate-id": "two entries have the same id",
        },
        "Expressions": {
            "expression-syntax": "the text is not an expression",
            "expression-unsupported": "an expression uses what the rule language leaves out",
            "expression-too-long": "an expression is too long to be read",
            "expression-too-deep": "an expression is nested too deeply",
            "unknown-function": "a function is not one of the rule language",
            "wrong-arguments": "a function is given the wrong arguments",
            "empty-condition": "a condition or a list of conditions is empty",
            "at-least-bounds": "`at_least` asks for none of its conditions, or for too many",
            "duplicate-member": "a member stands twice in a list",
            "duplicate-condition": "a condition stands twice among those joined",
        },
        "Names and types": {
            "unknown-field": "a field is not one of the assessment",
            "unknown-name": "a name is not defined in the guideline",
            "unknown-member": "a word is not a member of the enumeration",
            "not-a-condition": "something stands for a condition that is neither true nor false",
            "not-a-number": "something stands for a number that is none",
            "type-mismatch": "two things are compared that cannot be",
            "equals-on-member": "a member is compared with `==`",
            "is-on-number": "`is` stands with something that is no enumeration",
            "unit-mismatch": "two numbers of different units meet",
            "score-on-the-left": "a score or count stands on the right of a comparison",
            "cycle": "a definition is defined by itself",
        },
        "Conditions that decide nothing": {
            "out-of-range": "a comparison is the same for every value the field can have",
            "always-true": "a condition is true of everyone assessed",
            "always-false": "conditions are joined that are never true together",
            "always-unknown": "an expression can never be known",
            "constant-condition": "a rule applies to everyone or to nobody",
            "duplicate-rule": "two rules say the same",
            "unreachable-case": "no patient comes to a case of a band",
            "zero-points": "an item of a score counts for nothing",
        },
        "What rules rest on": {
            "unknown-id": "an id leads nowhere",
            "no-grounds": "an entry names no fact, citation or assumption",
            "unused-fact": "nothing rests on a fact",
            "unused-citation": "nothing cites a citation",
            "unused-assumption": "nothing rests on an assumption",
            "unused-definition": "no expression uses a definition or parameter",
        },
        "Numbers and their source": {
            "bad-figure": "a figure does not say one thing",
            "threshold-without-figure": "a number decides that no figure records",
            "wrong-side": "a comparison puts its number on another side than the figure does",
            "figure-unit": "a figure and the number compared with it have different units",
            "dose-differs": "a dose is not the range that is printed",
        },
        "The protocol": {
            "bad-track": "a track and its steps do not fit together",
            "bad-progression": "a progression has none of the four forms, or leads nowhere",
            "unreachable-step": "nothing leads to a step",
            "bad-dose": "a dose is unclear: no unit, two statements, or a range turned round",
        },
        "Profiles and metadata": {
            "bad-profile": "not exactly one profile is the default",
            "parameter-bounds": "a parameter's default or bounds contradict each other",
            "bad-attribute": "a source attribute does not say what the rules do",
        },
        "Safety": {
            "unstable": "learning more could take an exercise back",
        },
        "Properties and measurements": {
            "bad-property": "a property claims nothing, or two things at once",
            "ambiguous-section": "a section of the assessment has a name of the answer",
            "bad-measurement": "an error of measurement is not above 0, or not that of a number",
        },
        "The mapping to FHIR": {
            "bad-mapping": "an entry of `fhir.yaml` says what cannot be",
            "bad-check-digit": "a code was never issued: its check digit is wrong",
            "display-differs": "a code means something else than its display says",
            "unverified-code": "a code is not in the table of verified codes",
        },
    }
)
"""The codes in groups, each with its title."""

FAULTS: Mapping[str, str] = MappingProxyType(
    {code: title for group in GROUPS.values() for code, title in group.items()}
)
"""The codes in order, each with its title."""


def index() -> str:
    """Return the page that lists all codes, `docs/diagnostics/index.md`."""
    lines = [
        "# Diagnostics",
        "",
        "A guideline that says something unclear does not load. Every fault is reported at once,",
        "with its file, line and column, the text underlined, and a hint. This is every kind of",
        "fault there is.",
    ]
    for group, faults in GROUPS.items():
        lines += ["", f"## {group}", "", "| code | the fault |", "|---|---|"]
        lines += [f"| [{code}]({code}.md) | {title} |" for code, title in faults.items()]
    return "\n".join(lines) + "\n"
