"""The Patient: the age in completed years on the day of the visit."""

from __future__ import annotations

from guidestep.assessment import Problem
from guidestep.assessment.errors import named
from guidestep.assessment.values import check
from guidestep.interop.fhir.mapping.sources import Source
from guidestep.interop.fhir.reading.json_access import elements, text
from guidestep.interop.fhir.reading.statements import Collector, Resource, Statement
from guidestep.interop.fhir.reading.times import UNDATED, completed_years, parse


def patient(into: Collector, resource: Resource) -> None:
    """Take the age from the date of birth; a date that is not whole must decide the age."""
    body = resource.body
    if body.get("deceasedBoolean") is True or "deceasedDateTime" in body:
        message = "the record says that the patient has died"
        into.problem("deceased", resource.name, message, hint="check which patient this is")
    written = text(body, "birthDate")
    if any(text(link, "type") == "replaced-by" for link in elements(body, "link")):
        message = "the record of this patient has been replaced by another"
        into.problem("replaced", resource.name, message, hint="use the other record")
    for source in into.mapping.ages if written else ():
        _state(into, resource, source, written)


def _state(into: Collector, resource: Resource, source: Source, written: str) -> None:
    born = parse(written)
    label = source.spec.label
    if born is None or born.last > into.on:
        message = f"{label}: the date of birth is no day before the visit"
        into.problem("birth-date", resource.name, message, path=source.path, hint="check it")
        _keep(into, resource, source, None)
        return
    oldest, youngest = completed_years(born.first, into.on), completed_years(born.last, into.on)
    if oldest != youngest:
        message = f"{label}: {youngest} or {oldest}, the date of birth is not whole"
        hint = "complete the date of birth, or record the age"
        into.problem("birth-date", resource.name, message, path=source.path, hint=hint)
        _keep(into, resource, source, None)
        return
    kept = check(source.spec, oldest)
    if isinstance(kept, Problem):
        into.problem("out-of-range", resource.name, kept.message, path=source.path, hint="check it")
        _keep(into, resource, source, None)
        return
    _keep(into, resource, source, oldest)


def _keep(into: Collector, resource: Resource, source: Source, age: int | None) -> None:
    if age is None and not resource.doubt:
        return  # nothing is stated: an age that is recorded elsewhere may count
    value = None if resource.doubt else age
    into.state(
        Statement(
            source,
            resource.name,
            resource.version,
            UNDATED,
            f"born {named(text(resource.body, 'birthDate'))}",
            value,
            doubtful=value is None,
        )
    )
