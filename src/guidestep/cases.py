"""The cases of a guideline: patients with the answers that it must give, read and run.

A case may start from the assessment of another one; here each has its own, complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from guidestep.assessment import AssessmentError
from guidestep.guideline import Guideline
from guidestep.language.diagnostics import Diagnostic, GuidelineError
from guidestep.language.documents import CaseEntry
from guidestep.language.files import Read, shape
from guidestep.language.program import Verdict
from guidestep.language.source import SourceText, Span
from guidestep.language.yaml_reader import read_file
from guidestep.language.yaml_tree import Node, Sequence, locate, locate_key
from guidestep.language.yaml_tree import Path as Way
from guidestep.outcome import Action, Outcome
from guidestep.recommendation import Recommendation
from guidestep.spelling import did_you_mean

NO_RULE = "no-rule-decides"
"""The reason that is given where no rule decides; no rule has this id."""

REASONS = "data_absent_reasons"
"""The part of an assessment whose keys are paths themselves."""

Data = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Case:
    """One case, with the whole assessment that it is about."""

    entry: CaseEntry
    assessment: Data
    read: Read[CaseEntry]

    @property
    def id(self) -> str:
        """The id of the case."""
        return self.entry.id

    @property
    def span(self) -> Span:
        """Where the case is written."""
        return self.read.span


# --- reading --------------------------------------------------------------------------------------


def read_cases(path: Path) -> tuple[Case, ...]:
    """Return the cases in the folder of a guideline: the files by name, the cases as written.

    Raises:
        GuidelineError: The cases are at fault; the error carries every fault found.
    """
    faults: list[Diagnostic] = []
    reads: dict[str, Read[CaseEntry]] = {}
    for read in _entries(path / "cases", faults):
        first = reads.setdefault(read.entry.id, read)
        if first is not read:
            message = f"'{read.entry.id}' is already the id of the case at {first.span}"
            faults.append(
                Diagnostic("duplicate-id", read.span, message, "give one of them another")
            )
    data = _Bases(reads, faults)
    cases = tuple(Case(read.entry, data.of(id_), read) for id_, read in reads.items())
    if faults:
        raise GuidelineError(faults)
    return cases


def _entries(folder: Path, faults: list[Diagnostic]) -> Iterator[Read[CaseEntry]]:
    if folder.exists() and not folder.is_dir():
        faults.append(_unknown_file("cases", "cases is a file", "make it a folder of YAML files"))
        return
    names = sorted(child.name for child in folder.iterdir()) if folder.is_dir() else []
    for name in names:
        if name.endswith((".yml", ".json")) or (folder / name).is_dir():
            # A case that is never run would pass for ever.
            message = f"cases/{name} is no file of cases"
            faults.append(_unknown_file(f"cases/{name}", message, "name it cases/NAME.yaml"))
        if not name.endswith(".yaml") or (folder / name).is_dir():
            continue
        node, found = read_file(folder / name, f"cases/{name}")
        faults += found
        if node is None or found:
            continue
        if not isinstance(node, Sequence):
            message = f"cases/{name} is a list of cases"
            faults.append(Diagnostic("wrong-shape", node.span, message, "- id: ..."))
            continue
        for item in node.items:
            read, found = shape(item, CaseEntry)
            faults += found
            if read is not None:
                yield read


def _unknown_file(name: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic("unknown-file", Span(SourceText(name, ""), 1, 1, 1, 1), message, hint)


class _Bases:
    """The whole assessments of cases, each made once, from its base on."""

    def __init__(self, reads: Mapping[str, Read[CaseEntry]], faults: list[Diagnostic]) -> None:
        self.reads = reads
        self.faults = faults
        self.done: dict[str, Data] = {}

    def of(self, id_: str) -> Data:
        """Return the assessment of a case; after a fault in its bases, what is known of it."""
        chain: dict[str, None] = {}
        base: str | None = id_
        while base is not None and base not in self.done:
            chain[base] = None
            base = self._base_of(base, chain)
        # The base comes first: each is a change of the one before.
        for name in reversed(chain):
            self.done[name] = _changed({} if base is None else self.done[base], self.reads[name])
            base = name
        return self.done[id_]

    def _base_of(self, id_: str, chain: Mapping[str, None]) -> str | None:
        read = self.reads[id_]
        base = read.entry.base
        if base is None:
            return None
        if base in chain:
            names = list(chain)
            circle = " -> ".join([*names[names.index(base) :], base])
            self._fault("cycle", read, f"'{base}' starts from itself: {circle}")
            return None
        if base not in self.reads:
            hint = did_you_mean(base, self.reads)
            self._fault("unknown-id", read, f"there is no case '{base}'", hint)
            return None
        return base

    def _fault(self, code: str, read: Read[CaseEntry], message: str, hint: str = "") -> None:
        self.faults.append(Diagnostic(code, read.at("base"), message, hint))


def _changed(base: Data, read: Read[CaseEntry]) -> Data:
    """Return an assessment with the changes of a case: its sections, what it sets, leaves out."""
    entry = read.entry
    new: dict[str, object] = {
        key: dict(part) if isinstance(part, Mapping) else part for key, part in base.items()
    }
    for key, part in entry.assessment.items():
        if isinstance(part, Mapping):
            for name, value in part.items():
                _put(new, key, str(name), value)
        elif "." in key:
            _put(new, *_split(key), part)
        else:
            new[key] = part  # a fault of shape, which the model explains
    for path, value in entry.set.items():
        _put(new, *_split(path), value)
    for path in entry.without:
        _put(new, *_split(path), None)
    return new


def _split(path: str) -> tuple[str, str]:
    section, _, name = path.partition(".")
    return section, name


def _put(data: dict[str, object], section: str, name: str, value: object) -> None:
    """Set a field of a draft, or unset it with None."""
    part = data.setdefault(section, {})
    if not isinstance(part, dict):
        return  # a fault of shape, which the model explains
    if value is None:
        part.pop(name, None)
    else:
        part[name] = value


# --- checking -------------------------------------------------------------------------------------


def check_cases(guideline: Guideline, cases: Iterable[Case]) -> list[Diagnostic]:
    """Return the names in cases that the guideline does not have.

    A case that says what must not appear would pass for ever with a misspelt name.
    """
    return [fault for case in cases for fault in _misnamed(guideline, case)]


def _misnamed(guideline: Guideline, case: Case) -> Iterator[Diagnostic]:
    base, entry, expect = guideline.base, case.entry, case.entry.expect
    fields = guideline.model.fields()
    rules = {*base.rules, *(p.id for p in base.progressions)}
    notices = {notice.entry.id for notice in base.notices}
    requests = {request.entry.id for request in base.requests}
    spoken = {*rules, *base.assumptions, NO_RULE}
    judged = {*rules, *base.definitions, *notices, *requests}
    steps = {f"{action} {name}" for name in {*base.steps, *base.tracks} for action in Action}
    absent = expect.absent
    for what, way, names, known in (
        ("field", ("set",), list(entry.set), {*fields, *(f"{REASONS}.{path}" for path in fields)}),
        ("field", ("without",), entry.without, fields),
        ("profile", ("profile",), [entry.profile] if entry.profile else [], guideline.profiles),
        ("fact", ("facts",), entry.facts, base.facts),
        ("action of a step", ("expect", "steps"), expect.steps or (), steps),
        ("rule", ("expect", "reasons"), expect.reasons, spoken),
        ("field", ("expect", "missing"), expect.missing, fields),
        ("rule", ("expect", "not_evaluable"), expect.not_evaluable, rules),
        ("rule", ("expect", "conflicts"), expect.conflicts, rules),
        ("rule", ("expect", "cautions"), expect.cautions, rules),
        ("notice", ("expect", "notices"), expect.notices, notices),
        ("assumption", ("expect", "assumptions"), expect.assumptions, base.assumptions),
        ("outcome", ("expect", "possible"), expect.possible, {o.value for o in Outcome}),
        ("rule", ("expect", "verdicts"), list(expect.verdicts), judged),
        ("step", ("expect", "absent", "steps"), absent.steps, {*steps, *base.steps, *base.tracks}),
        ("rule", ("expect", "absent", "reasons"), absent.reasons, spoken),
        ("notice", ("expect", "absent", "notices"), absent.notices, notices),
        ("field", ("expect", "absent", "missing"), absent.missing, fields),
        ("fact", ("expect", "absent", "facts"), absent.facts, base.facts),
    ):
        for index, name in enumerate(names):
            if name not in known:
                message = f"there is no {what} '{name}'"
                hint = did_you_mean(name, known)
                place = _place(case.read.node, way, name, index)
                yield Diagnostic("unknown-id", place, message, hint)


def _place(node: Node, way: Way, name: str, index: int) -> Span:
    keyed = locate_key(node, (*way, name))
    return locate(node, (*way, index)) if keyed == locate_key(node, way) else keyed


# --- running --------------------------------------------------------------------------------------


def run_case(guideline: Guideline, case: Case) -> tuple[str, ...]:
    """Return the differences between the guideline's answer and the expected one, in words.

    Nothing is returned where the case passes. An assessment that cannot be read is a difference.
    """
    try:
        given = guideline.recommend(case.assessment, profile=case.entry.profile)
    except AssessmentError as error:
        what = f"the assessment of '{case.id}' cannot be read"
        return tuple(f"{what}: {p.path}: {p.message}" for p in error.problems)
    return tuple(_differences(case, given))


def _differences(case: Case, given: Recommendation) -> Iterator[str]:
    expect = case.entry.expect
    if given.outcome.value != expect.outcome:
        why = ", ".join(reason.rule for reason in given.reasons)
        yield f"the outcome is {given.outcome}, not {expect.outcome} (because of {why})"
    if expect.basis is not None and given.basis.value != expect.basis:
        yield f"the basis is {given.basis}, not {expect.basis}"
    steps = tuple(f"{step.action} {step.id}" for step in given.steps)
    if expect.steps is not None and steps != expect.steps:
        yield f"the steps are {_listed(steps)}, not {_listed(expect.steps)}"
    found = _found(given)
    for part, wanted in (
        ("reasons", expect.reasons),
        ("missing", expect.missing),
        ("not_evaluable", expect.not_evaluable),
        ("conflicts", expect.conflicts),
        ("cautions", expect.cautions),
        ("notices", expect.notices),
        ("assumptions", expect.assumptions),
        ("possible", expect.possible),
    ):
        for name in wanted:
            if name not in found[part]:
                yield f"{part} lacks '{name}'; it has {_listed(found[part])}"
    yield from _verdicts(expect.verdicts, given)
    yield from _present(case, given, {**found, "steps": (*steps, *(s.id for s in given.steps))})


def _found(given: Recommendation) -> dict[str, tuple[str, ...]]:
    return {
        "reasons": tuple(reason.rule for reason in given.reasons),
        "missing": tuple(missing.path for missing in given.missing),
        "not_evaluable": tuple(item.rule for item in given.not_evaluable),
        "conflicts": tuple(reason.rule for reason in given.conflicts),
        "cautions": tuple(reason.rule for reason in given.cautions),
        "notices": tuple(notice.id for notice in given.notices),
        "assumptions": tuple(assumption.id for assumption in given.assumptions),
        "possible": tuple(outcome.value for outcome in given.possible),
        "facts": given.facts,
    }


def _verdicts(expected: Mapping[str, object], given: Recommendation) -> Iterator[str]:
    assert given.evidence is not None  # it was asked just now
    verdicts = given.evidence.verdicts
    for name, wanted in expected.items():
        if name not in verdicts:
            yield f"'{name}' has no verdict in the profile {given.guideline.profile}"
            continue
        verdict = "unknown" if verdicts[name] is None else verdicts[name]
        if verdict != wanted or type(verdict) is not type(wanted):
            yield f"'{name}' is {_word(verdict)}, not {_word(wanted)}"


def _present(
    case: Case, given: Recommendation, found: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    absent = case.entry.expect.absent
    for part, names in (
        ("steps", absent.steps),
        ("reasons", absent.reasons),
        ("notices", absent.notices),
        ("missing", absent.missing),
        ("facts", absent.facts),
    ):
        for name in names:
            if name in found[part]:
                yield f"{part} has '{name}', which must not appear"
    texts: tuple[tuple[str, Callable[[], str]], ...] = (
        ("card", given.card),
        ("JSON", given.to_json),
    )
    for where, text in texts if absent.words else ():
        written = text().casefold()
        for word in absent.words:
            if word.casefold() in written:
                yield f"the {where} says '{word}', which must not appear"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _word(verdict: Verdict | object) -> str:
    return str(verdict).lower() if isinstance(verdict, bool) else str(verdict)
