"""Reads FHIR data: whose they are, which of them count, what they state, and what follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

from guidestep.assessment import Assessment, AssessmentError, FieldSpec, Value
from guidestep.assessment.errors import named
from guidestep.assessment.frozen import FrozenDict
from guidestep.interop.fhir.mapping.mapping import FhirMapping
from guidestep.interop.fhir.reading.bundles import Given, unpack
from guidestep.interop.fhir.reading.conditions import VERIFICATION, condition
from guidestep.interop.fhir.reading.json_access import codings, element, elements, text
from guidestep.interop.fhir.reading.observations import observation, response
from guidestep.interop.fhir.reading.patients import patient
from guidestep.interop.fhir.reading.problems import ReadingError, ReadingProblem
from guidestep.interop.fhir.reading.procedures import procedure, report
from guidestep.interop.fhir.reading.reading import REASONS, Provenance, Reading, sections
from guidestep.interop.fhir.reading.settling import Settled, Settling
from guidestep.interop.fhir.reading.statements import Collector, Reader, Resource, Statement
from guidestep.interop.fhir.reading.subjects import addresses, patient_of, the_patient
from guidestep.interop.fhir.reading.versions import name_of, newest

LISTED = 500
"""The most problems that one reading lists."""

READERS: Mapping[str, Reader] = {
    "Observation": observation,
    "Condition": condition,
    "QuestionnaireResponse": response,
    "Procedure": procedure,
    "DiagnosticReport": report,
    "Patient": patient,
}
"""What takes the statements out of a resource, by its type."""

_FINAL: Mapping[str, frozenset[str]] = {
    "Observation": frozenset({"final", "amended", "corrected"}),
    "QuestionnaireResponse": frozenset({"completed", "amended"}),
    "Procedure": frozenset({"completed"}),
    "DiagnosticReport": frozenset({"final", "amended", "corrected", "appended"}),
}
"""The statuses in which a resource says what is the case."""

_NOTHING_YET = frozenset({"registered", "cancelled", "preparation", "not-done", "on-hold"})
"""The statuses in which a resource holds no result: it is passed over, and reported."""


def read(mapping: FhirMapping, data: object, *, subject: str | None, on: date) -> Reading:
    """Return what FHIR data say of a patient on the day of a visit: see `FhirMapping.read`."""
    if not isinstance(on, date) or isinstance(on, datetime):
        raise ReadingError("the day of the visit is a date, without a time")
    try:
        return _read(mapping, data, subject, on)
    except RecursionError:
        raise ReadingError("the data are nested too deeply") from None


def _read(mapping: FhirMapping, data: object, subject: str | None, on: date) -> Reading:
    given, problems = unpack(data)
    into = Collector(mapping, on, problems=problems)
    known = addresses(given)
    who = the_patient(subject, given, known)
    for resource, in_doubt in newest(given):
        if text(resource.body, "resourceType") in READERS:
            _take(into, resource, patient_of(resource, known), who, in_doubt=in_doubt)
    return _settle(into)


def _take(into: Collector, given: Given, whose: str, who: str, *, in_doubt: bool) -> None:
    """Take what a resource states, if it is this patient's and holds a result."""
    body, name = given.body, name_of(given)
    kind = text(body, "resourceType")
    if whose != who:
        if whose:
            message = "it is about another patient, and was not used"
            hint = "ask for the resources of this patient only"
            into.problem("not-this-patient", name, message, hint=hint)
        elif _is_read(into, kind, body):
            message = "it does not say about which patient it is, and was not used"
            into.problem("patient-not-named", name, message, hint="add its subject")
        return
    version = text(element(body, "meta"), "versionId")
    doubt = ""
    if in_doubt:
        doubt = "it was given in several versions"
        if _is_read(into, kind, body):
            hint = "give the newest one only, or meta.versionId with each"
            into.problem("several-versions", name, doubt, hint=hint)
    status = _status(into, kind, body, name)
    if status == "over":
        return
    if status == "not final":
        doubt = doubt or "it is not final"
    if "implicitRules" in body or ("modifierExtension" in body and kind != "Condition"):
        doubt = "it has a modifier that is not known"
        if _is_read(into, kind, body):
            hint = "it may turn the meaning round; record the finding without it"
            into.problem("unknown-modifier", name, doubt, hint=hint)
    READERS[kind](into, Resource(kind, name, body, version, doubt))


def _status(into: Collector, kind: str, body: Mapping[str, object], name: str) -> str:
    """Return whether a resource is 'over', 'not final', or (an empty text) to be believed."""
    if kind == "Condition":
        codes = {c for s, c in codings(element(body, "verificationStatus")) if s == VERIFICATION}
        in_error = "entered-in-error" in codes
        status = ""
    else:
        status = text(body, "status")
        in_error = status == "entered-in-error"
    if in_error:
        if _is_read(into, kind, body):
            message = "it was entered in error, and was not used"
            into.problem("entered-in-error", name, message, severity="information")
        return "over"
    if kind not in _FINAL or status in _FINAL[kind]:
        return ""
    if _is_read(into, kind, body):
        message = f"its status is {named(status) or 'not given'}, and it was not used"
        hint = "have it completed, or wait for the final result"
        into.problem("not-final", name, message, hint=hint, severity="warning")
    return "over" if status in _NOTHING_YET else "not final"


def _is_read(into: Collector, kind: str, body: Mapping[str, object]) -> bool:
    """Return whether the mapping reads such a resource at all: of others nothing is said."""
    if kind in ("Patient", "QuestionnaireResponse"):
        return True
    keyed = into.mapping.by_code.get(kind, {})
    holders = [body, *elements(body, "component")]
    return any(key in keyed for holder in holders for key in codings(element(holder, "code")))


# --- from statements to values ------------------------------------------------------------------


def _settle(into: Collector) -> Reading:
    mapping = into.mapping
    fields = mapping.fields
    values: dict[str, Value] = {}
    reasons: dict[str, str] = {}
    provenance: dict[str, Provenance] = {}
    settling = Settling(into.on, values)

    for path in _in_order(into):
        found = settling.settle(fields[path], into.statements[path])
        if path in mapping.visit:
            found = _of_the_visit(into, fields[path], found)
        if found.by is None:
            continue
        if found.value is not None:
            values[path] = found.value
        elif found.reason is not None and not fields[path].required:
            reasons[path] = found.reason.value
        else:
            continue
        provenance[path] = _provenance(found.by)
    problems = [*into.problems, *settling.problems]
    for path in mapping.visit:
        if path not in into.statements:
            values[path] = into.on
            provenance[path] = Provenance(path, "", into.on, "the day of the visit", "")
    for path, (value, because) in mapping.defaults.items():
        if path not in values:
            values[path] = value
            provenance[path] = Provenance(path, "", None, f"nothing recorded: {because}", "")
    inconsistent, made = _make_consistent(mapping, values, reasons, provenance, into.on)
    problems += inconsistent
    data: dict[str, object] = {path: values[path] for path in fields if path in values}
    if reasons:
        data[REASONS] = {path: reasons[path] for path in fields if path in reasons}
    missing = tuple([path for path in mapping.required if path not in values])
    return Reading(
        guideline=mapping.guideline,
        on=into.on,
        data=FrozenDict(data),
        provenance=FrozenDict({p: provenance[p] for p in fields if p in provenance}),
        problems=_listed(problems),
        missing_required=missing,
        _read=made,
    )


def _in_order(into: Collector) -> list[str]:
    """Return the fields that something is stated of; what is a baseline to others comes first."""
    after = [
        path
        for path in sorted(into.mapping.anchored & into.statements.keys())
        if any(statement.source.baseline is not None for statement in into.statements[path])
    ]
    return [*sorted(into.statements.keys() - after), *after]


def _of_the_visit(into: Collector, spec: FieldSpec, found: Settled) -> Settled:
    """Return the day of the visit, unless another day is recorded for this visit."""
    if found.value is None or found.value == into.on:
        return Settled(into.on, None, found.by or into.statements[spec.path][0])
    name = found.by.resource if found.by is not None else ""
    message = f"{spec.label}: {found.value} is recorded, and the visit is on {into.on}"
    into.problem("conflict", name, message, path=spec.path, hint="check both dates")
    return Settled()


def _provenance(by: Statement) -> Provenance:
    return Provenance(by.source.path, by.resource, by.when.day, by.recorded, by.version)


def _make_consistent(
    mapping: FhirMapping,
    values: dict[str, Value],
    reasons: dict[str, str],
    provenance: dict[str, Provenance],
    on: date,
) -> tuple[list[ReadingProblem], Assessment | None]:
    """Take out values that cannot be true together, such as dates in the wrong order.

    With what was wrong comes the assessment that the rest makes, if no required field is missing.
    """
    problems: list[ReadingProblem] = []
    for _ in range(len(mapping.fields)):
        data = sections({**values, REASONS: reasons})
        try:
            return problems, mapping.guideline.model.read(data, today=on)
        except AssessmentError as error:
            wrong = [problem for problem in error.problems if problem.code != "missing"]
        removed = False
        for problem in wrong:
            spec = mapping.fields.get(problem.path)
            derived = spec.derived.inputs if spec is not None and spec.derived is not None else ()
            for path in (problem.path, *derived):
                if path in values and path not in mapping.visit:
                    value = provenance.pop(path, None)
                    del values[path]
                    resource = value.resource if value is not None else ""
                    kind: Literal["date-order", "inconsistent"] = "inconsistent"
                    if problem.code == "date-order":
                        kind = "date-order"
                    problems.append(
                        ReadingProblem(kind, path, resource, problem.message, problem.hint)
                    )
                    removed = True
                    break
            if problem.path in reasons:
                del reasons[problem.path]
                removed = True
        if not removed:
            break
    return problems, None


def _listed(problems: list[ReadingProblem]) -> tuple[ReadingProblem, ...]:
    """Return the problems, each once, in an order that does not depend on that of the data."""
    unique = sorted(set(problems), key=lambda p: (_GRAVITY[p.severity], p))
    if len(unique) <= LISTED:
        return tuple(unique)
    left = len(unique) - LISTED
    last = ReadingProblem("too-many-problems", "", "", f"{left} more problems", "", "error")
    return (*unique[:LISTED], last)


_GRAVITY = {"error": 0, "warning": 1, "information": 2}
