"""Procedures and diagnostic reports: that something was done, and on which day."""

from __future__ import annotations

from guidestep.interop.fhir.mapping.sources import Source
from guidestep.interop.fhir.reading.json_access import codings, element
from guidestep.interop.fhir.reading.sides import side_of
from guidestep.interop.fhir.reading.statements import Collector, Resource, Statement
from guidestep.interop.fhir.reading.times import When, days_before, time_of


def procedure(into: Collector, resource: Resource) -> None:
    """Take what a Procedure states: that it was done."""
    _take(into, resource, time_of(resource.body, "performed"))


def report(into: Collector, resource: Resource) -> None:
    """Take what a DiagnosticReport states: that the investigation was done, and when."""
    _take(into, resource, time_of(resource.body, "effective"))


def _take(into: Collector, resource: Resource, when: When) -> None:
    keyed = into.mapping.by_code.get(resource.kind, {})
    found = {
        id(source): source
        for key in codings(element(resource.body, "code"))
        for source in keyed.get(key, ())
    }
    if not found or into.is_future(resource, when):
        return
    for source in found.values():
        side = side_of(resource.body, into.mapping.sides)
        if source.side is None or side in (source.side, "bilateral"):
            _state(into, resource, source, when)


def _state(into: Collector, resource: Resource, source: Source, when: When) -> None:
    doubt = resource.doubt
    if "modifierExtension" in resource.body:
        doubt = "it has a modifier that is not known"
        message = f"{source.spec.label}: {doubt}"
        hint = "it may turn the meaning round; record it without"
        into.problem("unknown-modifier", resource.name, message, path=source.path, hint=hint)
    if source.take == "date":
        if when.day is None:
            message = f"{source.spec.label}: it does not say on which day"
            hint = "record the day"
            into.problem("imprecise-date", resource.name, message, path=source.path, hint=hint)
            doubt = doubt or message
        into.state(
            Statement(
                source,
                resource.name,
                resource.version,
                when,
                str(when),
                None if doubt else when.day,
                doubtful=bool(doubt),
            )
        )
        return
    if source.within is not None and when.first < days_before(into.on, source.within):
        return  # done too long ago to tell of today
    into.state(
        Statement(
            source,
            resource.name,
            resource.version,
            when,
            "done",
            lasting=True,
            among=source.members,
            decides=not doubt,
        )
    )
