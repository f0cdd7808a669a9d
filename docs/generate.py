"""Writes the tables that are made from the code into the pages: `python docs/generate.py`.

A table stands between `<!-- generated: NAME -->` and `<!-- end generated -->`; a test fails while
one of them is not what this module makes of the code.
"""

from __future__ import annotations

import re
import runpy
from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

import guidestep
from guidestep.engines.support import support
from guidestep.language import documents

PAGES = tuple(
    Path(__file__).parent / name
    for name in ("rule-language.md", "proofs.md", "cds-hooks-requirements.md", "fhir-in.md")
)

_BETWEEN = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end generated -->)", re.S)

_ENTRIES: tuple[type[documents.Document], ...] = (
    documents.GuidelineEntry,
    documents.Review,
    documents.SourceDocument,
    documents.Intended,
    documents.ProfileEntry,
    documents.ParameterEntry,
    documents.CitationEntry,
    documents.FactEntry,
    documents.Figure,
    documents.AmbiguityEntry,
    documents.AssumptionEntry,
    documents.FindingEntry,
    documents.ValueEntry,
    documents.ScoreEntry,
    documents.BandEntry,
    documents.RuleEntry,
    documents.RequirementEntry,
    documents.TrackEntry,
    documents.StepEntry,
    documents.DoseEntry,
    documents.ProgressionEntry,
    documents.NoticeEntry,
    documents.RequestEntry,
    documents.PropertyEntry,
    documents.AcceptedEntry,
    documents.MeasurementEntry,
    documents.CaseEntry,
    documents.Expectation,
)
"""The entries that have a table of their keys."""

_COMMON: Mapping[str, str] = {
    "id": "unique over the whole guideline",
    "statement": "what it says, in one sentence",
    "title": "what it is called",
    "facts": "the facts of the source it is about",
    "cites": "the citations it is taken from",
    "advice": "what the reader should do",
}

_MEANINGS: Mapping[str, Mapping[str, str]] = {
    "GuidelineEntry": {
        "id": "the name of the guideline",
        "format": "the version of the rule language",
        "version": "the version of the guideline: three numbers",
        "assessment": "the id of the assessment model it reads",
        "review": "how far the source has been reviewed",
        "source": "the text the guideline is taken from",
        "intended": "for whom, and for what",
        "source_attributes": "the 13 source attributes of 45 CFR 170.315(b)(11)(iv)(A)",
        "profiles": "which assumptions are on",
        "parameters": "numbers that a site may set",
    },
    "Review": {
        "status": "printed with every recommendation",
        "statement": "what that means here",
    },
    "SourceDocument": {
        "publisher": "who published it",
        "updated": "when it was last updated",
        "url": "where it is",
        "sections": "the parts that were read",
    },
    "Intended": {
        "user": "who may use it",
        "use": "what it may be used for",
        "population": "whom it speaks about",
        "exclusions": "whom it does not speak about",
        "limitations": "what it cannot do",
    },
    "ProfileEntry": {
        "id": "unique among the profiles",
        "default": "used when no profile is named; exactly one profile",
        "assumptions": "those that are on",
        "without": "those that are off although `assumptions` has them on",
        "optional_evidence": "whether declared optional evidence may be missing",
    },
    "ParameterEntry": {
        "default": "the number when a site sets none",
        "minimum": "the least a site may set",
        "maximum": "the most a site may set",
        "unit": "UCUM",
    },
    "CitationEntry": {
        "number": "its number in the source",
        "authors": "as printed",
        "publisher": "journal, publisher or body",
        "year": "of publication",
        "kind": "what kind of work it is",
        "strength": "how strong the evidence is",
        "population_match": "how well its population is the guideline's",
        "resolved": "whether the work itself was found",
        "mapping": "how the number was led back to this entry",
        "mapping_note": "more on that",
        "identifiers": "such as `pmid` or `doi`",
        "caveats": "what a reader must know of it",
        "figures": "its numbers, by name: see [figures](#figures)",
    },
    "FactEntry": {
        "section": "where in the source",
        "category": "a word of your choice",
        "figures": "the numbers as printed, by name: see [figures](#figures)",
        "cites": "what the source cites for it",
        "decides_nothing": "why no rule uses it; required of a fact that nothing uses",
    },
    "Figure": {
        "exactly": "the number alone",
        "at_least": "the number and all above",
        "more_than": "all above the number",
        "at_most": "the number and all below",
        "less_than": "all below the number",
        "from": "the low end of a printed range, included",
        "to": "the high end, included",
        "unit": "UCUM; left out for counts and scores",
        "reading": "the word from which a number that is not printed was read; the number is ours",
    },
    "AmbiguityEntry": {
        "weight": "how much depends on it",
        "question": "what the source leaves open",
        "treatment": "how it is treated here",
        "treated_by": "the ids of the entries that do so",
    },
    "AssumptionEntry": {
        "version": "raised when the answer changes",
        "statement": "our answer",
        "question": "what the source leaves open",
        "open_when": "for whom the question bars every step while the assumption is off",
        "figures": "the numbers that we decided, by name: see [figures](#figures)",
    },
    "FindingEntry": {"when": "the condition that it names"},
    "ValueEntry": {"value": "the number or date that it names", "unit": "UCUM"},
    "ScoreEntry": {"items": "each with `when`, `points` and, for the reader, `label`"},
    "BandEntry": {
        "cases": "each with `when` and `is`, the label; the first that is true counts",
        "else": "the label where no case is true",
    },
    "RuleEntry": {
        "when": "the condition",
        "optional_evidence": "when the rule may stay unknown without blocking",
    },
    "RequirementEntry": {
        "require": "what must be true",
        "when": "for whom",
        "step": "the step in which it is done",
    },
    "TrackEntry": {
        "when": "for whom the track is considered",
        "current": "the field that holds the step a patient is at; it must be required",
        "outside": "the members of that field which mean that no step has begun",
    },
    "StepEntry": {
        "track": "the track it belongs to",
        "kind": "an `exercise` can be begun; a `withheld` step names its absence",
        "content": "what is done",
        "dose": "how much of it",
        "conditions": "what must be observed, printed with the step",
        "next": "what comes after it, printed with the step",
    },
    "DoseEntry": {
        "item": "what is counted or measured",
        "low": "the low end of the range as printed",
        "high": "the high end",
        "unit": "UCUM; required of a range",
        "text": "instead of a range",
        "not_specified": "the source does not say; printed as such",
        "check": "the field that holds what is really done: outside the range a caution is given",
    },
    "ProgressionEntry": {
        "when": "the condition",
        "start": "the step that starts",
        "from": "the step the patient is at",
        "to": "the next step",
        "back_to": "the earlier step",
        "withhold": "the track that is barred",
        "step": "the step that names the withheld state",
    },
    "NoticeEntry": {
        "kind": "what kind of notice it is",
        "when": "when it is shown",
        "outcomes": "with which outcomes; all when left out",
        "shows": "the fields whose values are printed with it",
    },
    "RequestEntry": {
        "when": "how it is recognised",
        "granted_by": "the track and the action that grant it; without it never granted",
        "if_granted": "the answer when granted",
        "otherwise": "the answer when not",
    },
    "PropertyEntry": {
        "when": "of whom it speaks",
        "never": "what is true of none of them",
        "always": "what is true of all of them",
        "unchanged_by": "fields that change neither the outcome nor the step or action of a track",
    },
    "AcceptedEntry": {
        "property": "the check that finds it",
        "about": "the ids of the rules, bands, steps or assumptions it is found of",
        "because": "why it may stay",
    },
    "MeasurementEntry": {
        "field": "the number that is measured",
        "kind": "what the figure is",
        "error": "how far the value may lie from the true one, on either side",
        "unit": "UCUM; that of the field",
    },
    "CaseEntry": {
        "base": "the case whose assessment it starts from",
        "assessment": "the assessment, by section",
        "set": "fields to change, by dotted path",
        "without": "fields to leave out",
        "profile": "the profile; else the default",
        "expect": "what the answer must be",
    },
    "Expectation": {
        "outcome": "exactly this",
        "basis": "exactly this",
        "steps": "exactly these, each written as `start M1`",
        "reasons": "among the reasons",
        "missing": "among the missing inputs",
        "not_evaluable": "among the rules that could not be evaluated",
        "conflicts": "among the conflicts",
        "cautions": "among the cautions",
        "notices": "among the notices",
        "assumptions": "among the assumptions",
        "possible": "among the more urgent outcomes still possible",
        "verdicts": "of rules and findings by id: true, false or unknown",
        "absent": "what must not appear: steps, reasons, notices, missing, facts, words",
    },
}
"""What each key means; keys with the same meaning everywhere are in `_COMMON`."""

_NODES: Mapping[str, str] = {
    "Constant": "a truth, a number, a date",
    "Field": "a field of the assessment",
    "Reference": "a finding, value, score or band",
    "Not": "`not`, `none:`",
    "And": "`and`, `all:`, chained comparisons",
    "Or": "`or`, `any:`",
    "Compare": "`<` `<=` `>` `>=` `==` `!=`",
    "IsMember": "`is`, `is not`, `in`, `not in`",
    "IsKnown": "`is known`, `is unknown`",
    "Arithmetic": "`+` `-` `*` `/`",
    "Negative": "`-x`",
    "Call": "the functions above",
    "WeightedSum": "scores, `count`, `at_least`",
}


_SUPPORTED = {True: "yes", False: "**no**", None: "not installed"}


def tables() -> dict[str, str]:
    """Return the generated tables by name."""
    made = {"support": _support(), "proofs": _proofs(), "cds_hooks": _cds_hooks()}
    made |= {"fhir_sources": _fhir_sources(), "fhir_windows": _fhir_windows()}
    return made | {entry.__name__: _keys(entry) for entry in _ENTRIES}


def opening(name: str) -> str:
    """Return the line that opens a generated table on a page."""
    return f"<!-- generated: {name} -->"


def updated(text: str) -> str:
    """Return a page with its tables as the code has them now."""
    made = tables()
    return _BETWEEN.sub(lambda found: f"{found[1]}\n{made[found[2]]}\n{found[3]}", text)


def unused_meanings() -> list[str]:
    """Return the meanings of keys that no entry has."""
    keys = {entry.__name__: {key for key, _ in _fields(entry)} for entry in _ENTRIES}
    return [
        f"{name}.{key}"
        for name, meanings in _MEANINGS.items()
        for key in meanings
        if key not in keys.get(name, ())
    ]


def _support() -> str:
    found = support()
    engines = list(next(iter(found.values())))
    rows = [
        [f"`{name}`", _NODES.get(name, ""), *(_SUPPORTED[row[e]] for e in engines)]
        for name, row in found.items()
    ]
    return _table(["node or function", "written", *engines], rows)


@cache
def _proofs() -> str:
    """Return what was proved of the shipped guideline, in each of its profiles."""
    guideline = guidestep.load("cervical-spasm-opll")
    facts = {each.id: each.grounds.facts for each in guideline.base.properties}
    cells: dict[str, dict[str, str]] = {}
    titles: dict[str, str] = {}
    for profile in guideline.profiles:
        for section in guideline.verify(profile=profile).sections:
            titles[section.check] = section.title
            counts = Counter(finding.result.value for finding in section.findings)
            words = ", ".join(f"{result} {count}" for result, count in counts.items())
            cells.setdefault(section.check, {})[profile] = (
                section.result.value if len(section.findings) == 1 else words
            )
    rows = [
        [
            f"`{check}`",
            titles[check].rstrip("."),
            ", ".join(facts.get(check, ())),
            *(found.get(profile, "not claimed") for profile in guideline.profiles),
        ]
        for check, found in cells.items()
    ]
    return _table(["property", "what it says", "facts", *guideline.profiles], rows)


def _cds_hooks() -> str:
    """Return the rows of the CDS Hooks requirement table, with the tests that show them."""
    folder = Path(__file__).parents[1] / "tests" / "interop" / "cds_hooks"
    table: str = runpy.run_path(str(folder / "requirements.py"))["table"]()
    return table


def _keys(entry: type[documents.Document]) -> str:
    types = get_type_hints(entry, include_extras=True)
    rows = []
    for key, name in _fields(entry):
        field = entry.model_fields[name]
        own = _MEANINGS.get(entry.__name__, {})
        meaning = own.get(key) or _COMMON[key]
        needed = (
            "yes" if field.is_required() else _default(field.get_default(call_default_factory=True))
        )
        rows.append([f"`{key}`", _type(types[name]), needed, meaning])
    return _table(["key", "value", "required, or default", "meaning"], rows)


def _fields(entry: type[BaseModel]) -> list[tuple[str, str]]:
    """Return the keys of an entry as written in YAML, with their names in Python; `id` first.

    What a grounded entry rests on is said once, on the page, and not in each table.
    """
    left_out = documents.Grounded.model_fields if issubclass(entry, documents.Grounded) else ()
    found = [
        (field.alias or name, name)
        for name, field in entry.model_fields.items()
        if name not in left_out
    ]
    return sorted(found, key=lambda pair: pair[0] != "id")


def _default(value: object) -> str:
    if value in (None, "", (), {}, PydanticUndefined) or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower()}`"


_PLAIN: tuple[tuple[object, str], ...] = (
    (documents.Slug, "id"),
    (documents.DefinitionId, "name"),
    (documents.Text, "text"),
    (documents.Path, "field"),
    (documents.Condition, "condition"),
    (documents.Quantity, "expression"),
    (str, "text"),
    (bool, "true or false"),
    (int, "whole number"),
    (float, "number"),
    (date, "date"),
)


def _type(annotation: Any) -> str:
    """Return a type as an author of a guideline thinks of it."""
    for known, words in _PLAIN:
        if annotation == known:
            return words
    arguments = [each for each in get_args(annotation) if each not in (type(None), Ellipsis)]
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(f"`{each}`" for each in arguments)
    if origin is tuple:
        return f"list: {_type(arguments[0])}"
    if origin is dict:
        return "mapping"
    if origin in (Union, UnionType):
        if set(arguments) == {int, float}:
            return "number"
        if len(arguments) > 3:
            return "value"
        return " or ".join(_type(each) for each in arguments)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "mapping"
    # What is left is annotated with a pattern or a length.
    return "text" if arguments[0] is str else _type(arguments[0])


def _fhir_sources() -> str:
    from guidestep.interop.fhir import load_mapping
    from guidestep.interop.fhir.codes import SYSTEMS

    names = {address: name for name, address in SYSTEMS.items()}
    mapping = load_mapping(guidestep.load("cervical-spasm-opll"))
    rows = []
    for source in mapping.sources:
        codes = "; ".join(f"{names[c.system]} {c.code} {c.display}" for c in source.codes)
        means = " or ".join(source.members) or source.take
        if source.suggests:
            means = f"suggests {means}"
        if source.absent:
            means += f"; refuted: {source.absent}"
        rows.append([f"`{source.path}`", source.resource, codes or "birth date", means])
    return _table(["field", "resource", "codes", "meaning"], rows)


def _fhir_windows() -> str:
    from guidestep.interop.fhir import load_mapping

    mapping = load_mapping(guidestep.load("cervical-spasm-opll"))
    days: dict[int | None, list[str]] = {}
    for path, window in mapping.windows.items():
        days.setdefault(window, []).append(path)
    rows = [
        [str(window), str(len(paths)), ", ".join(f"`{path}`" for path in paths)]
        for window, paths in sorted(days.items(), key=lambda item: item[0] or 0)
    ]
    return _table(["days before the visit", "fields", "which"], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
