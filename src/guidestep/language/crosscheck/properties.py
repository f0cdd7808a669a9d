"""Properties: the names of the answer mean one thing, and what is named is there."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.language.crosscheck.whole import Whole
from guidestep.language.diagnostics import Diagnostic
from guidestep.language.documents import PropertyEntry
from guidestep.language.properties import SECTIONS
from guidestep.spelling import field_hint


def sections(whole: Whole) -> Iterator[Diagnostic]:
    """Yield the sections of the model whose fields properties could not tell from the answer."""
    if not any(isinstance(read.entry, PropertyEntry) for read in whole.reads.values()):
        return
    there = {path.partition(".")[0] for path in whole.base.model.fields()}
    for section in SECTIONS:
        if section in there:
            yield Diagnostic(
                "ambiguous-section",
                whole.guideline.at("assessment"),
                f"the assessment has a section '{section}', and so has the answer, of which "
                "properties speak",
                "give the section of the model another name, or leave out properties.yaml",
            )


def inputs(whole: Whole) -> Iterator[Diagnostic]:
    """Yield fields that are said to change nothing, and are not there or named twice."""
    fields = whole.base.model.fields()
    for id_, read in whole.reads.items():
        if not isinstance(read.entry, PropertyEntry):
            continue
        names = read.entry.unchanged_by
        for index, path in enumerate(names):
            span = whole.span(id_, "unchanged_by", index)
            if path not in fields:
                message = f"'{path}' is not a field of the assessment"
                yield Diagnostic("unknown-field", span, message, field_hint(path, fields))
            elif path in names[:index]:
                message = f"'{path}' stands twice in this list"
                yield Diagnostic("duplicate-member", span, message, "leave one of them out")
