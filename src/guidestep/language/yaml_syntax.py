"""PyYAML's syntax errors as faults that a clinician who writes YAML can act on."""

from __future__ import annotations

from typing import NamedTuple

import yaml

from guidestep.language.diagnostics import Diagnostic
from guidestep.language.source import SourceText
from guidestep.language.yaml_places import BLANK, span_between

_QUOTE = 'put the text in quotes: "..."'


class _Explanation(NamedTuple):
    """What to say instead of a problem of PyYAML, and where it belongs.

    `opens` adds the line where the unfinished part starts; `at_opening` puts the whole fault there.
    """

    message: str
    hint: str = ""
    opens: str = ""
    at_opening: bool = False


_EXPLANATIONS: dict[str, _Explanation] = {
    "mapping values are not allowed in this context": _Explanation(
        "a ':' where no key can stand",
        "put a text that contains ': ' in quotes, or correct the indentation",
    ),
    "block sequence entries are not allowed in this context": _Explanation(
        "a '-' where no list item can stand", "start the list on a new line"
    ),
    "did not find expected key": _Explanation(
        "expected a key", "correct the indentation, or put the whole value in quotes"
    ),
    "could not find expected ':'": _Explanation(
        "a key without ':'", "write the line as `key: value`", at_opening=True
    ),
    "did not find expected '-' indicator": _Explanation(
        "expected a list item", "start the line with '- ', or correct the indentation"
    ),
    "did not find expected ',' or ']'": _Explanation(
        "expected ',' or ']'", "close the list with ']'", "in the list that opens"
    ),
    "did not find expected ',' or '}'": _Explanation(
        "expected ',' or '}'", "close the mapping with '}'", "in the mapping that opens"
    ),
    "did not find expected node content": _Explanation("expected a value", "write null for none"),
    "did not find expected <document start>": _Explanation(
        "text after the end of the document", "correct the indentation"
    ),
    "found unexpected end of stream": _Explanation(
        "quotes that are never closed", "close the quotes", at_opening=True
    ),
    "found unexpected document indicator": _Explanation(
        "quotes that are never closed", "close the quotes", at_opening=True
    ),
    "found unknown escape character": _Explanation(
        "an unknown escape", "write a backslash as \\\\, or use single quotes"
    ),
    "found invalid Unicode character escape code": _Explanation(
        "an escape that is not a character", "write the character itself"
    ),
    "did not find expected alphabetic or numeric character": _Explanation(
        "a text cannot start with '*' or '&'", _QUOTE, at_opening=True
    ),
}


def explain(source: SourceText, error: yaml.YAMLError) -> Diagnostic:
    """Return an error of PyYAML's parser as a fault at its place in the source.

    The code is `yaml-syntax`, or the narrower one that the error is a case of: `tab-indentation`,
    `yaml-tag` for a tag with an unknown prefix, `several-documents` for a directive.
    """
    problem = getattr(error, "problem", None) or "unreadable YAML"
    context = getattr(error, "context", None) or ""
    mark = getattr(error, "problem_mark", None)
    opening = getattr(error, "context_mark", None)
    index = min(mark.index if mark else 0, len(source.text.rstrip(BLANK)))
    character = source.text[index : index + 1]

    def fault(code: str, message: str, hint: str = "") -> Diagnostic:
        return Diagnostic(code, span_between(source, index, index + 1), message, hint)

    if "tab" in problem or (character == "\t" and "cannot start any token" in problem):
        return fault("tab-indentation", "a tab cannot indent", "use spaces")
    if "tag" in problem or "tag" in context:
        return fault("yaml-tag", "a tag is not allowed here", _QUOTE)
    if "directive" in context:
        index = source.text.rfind("\n", 0, index) + 1
        return fault("several-documents", "a directive is not allowed here", "remove the line")
    if "cannot start any token" in problem:
        return fault("yaml-syntax", f"a text cannot start with '{character}'", _QUOTE)
    known = _EXPLANATIONS.get(problem) or _Explanation(problem.lower())
    if known.at_opening and opening:
        index = opening.index
    where = f" {known.opens} in line {opening.line + 1}" if known.opens and opening else ""
    return fault("yaml-syntax", known.message + where, known.hint)
