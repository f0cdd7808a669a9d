"""Observations, their components, and the answers of questionnaires."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from guidestep.interop.fhir.mapping.sources import Source
from guidestep.interop.fhir.reading.json_access import Body, codings, element, elements, text
from guidestep.interop.fhir.reading.problems import ReadingError
from guidestep.interop.fhir.reading.sides import side_of
from guidestep.interop.fhir.reading.statements import Collector, Resource, Statement
from guidestep.interop.fhir.reading.times import When, time_of
from guidestep.interop.fhir.reading.values import ABSENT_EXTENSION, Fault, Found, read_value

MAX_ITEMS = 20_000
"""Items of one questionnaire response; more are no questionnaire."""

_NO_ANSWER = frozenset({"item", "id"})
"""What an answer may hold beside its value."""

_NOTHING_RECORDED = Fault("no-value", "it has no value", "record one, or why there is none")


def observation(into: Collector, resource: Resource) -> None:
    """Take what an Observation and its components state."""
    body = resource.body
    asked = _sources(into, body)
    parts = [(part, _sources(into, part)) for part in elements(body, "component")]
    if not asked and not any(sources for _, sources in parts):
        return
    if "focus" in body:
        message = "it is about somebody or something else than the patient, and was not used"
        into.problem("not-this-patient", resource.name, message, severity="warning")
        return
    when = time_of(body, "effective", "issued")
    if into.is_future(resource, when):
        return
    whole = any(sources for _, sources in parts)
    for holder, sources in [(body, asked), *parts]:
        doubt = "it has a modifier that is not known" if "modifierExtension" in holder else ""
        for source in sources:
            if source.side is not None and not _is_of_side(into, resource, source):
                continue
            found = read_value(source, holder)
            if found is None:
                if holder is body and whole:
                    continue  # a panel: its components hold the values
                found = Found(fault=_NOTHING_RECORDED)
            _state(into, resource, source, when, found, doubt)


def _sources(into: Collector, holder: Body) -> list[Source]:
    keyed = into.mapping.by_code["Observation"]
    found: dict[int, Source] = {}
    for key in codings(element(holder, "code")):
        for source in keyed.get(key, ()):
            found[id(source)] = source
    # The field's own code says more than one that several fields share.
    own = {source.path for source in found.values() if source.local}
    return [s for s in found.values() if s.local or not own]


def _is_of_side(into: Collector, resource: Resource, source: Source) -> bool:
    side = side_of(resource.body, into.mapping.sides)
    if side == "":
        spec = source.spec
        message = f"{spec.label}: its side is not recorded"
        hint = "record the body site with its side"
        into.problem("side-not-recorded", resource.name, message, path=spec.path, hint=hint)
    return side in (source.side, "bilateral")


def response(into: Collector, resource: Resource) -> None:
    """Take what the answers of a QuestionnaireResponse state; a `linkId` may be a field's path."""
    when = time_of(resource.body, "authored", "authored")
    questionnaire = text(resource.body, "questionnaire").partition("|")[0]
    is_future: bool | None = None
    by_link = into.mapping.by_link
    for item in _items(resource.body):
        link = item.get("linkId")
        for source in by_link.get(link, ()) if isinstance(link, str) else ():
            if source.questionnaire and source.questionnaire != questionnaire:
                continue
            found = _answer(source, item)
            if found is None:
                continue
            if is_future is None:
                is_future = into.is_future(resource, when)
            if is_future:
                return
            doubt = "it has a modifier that is not known" if "modifierExtension" in item else ""
            _state(into, resource, source, when, found, doubt)


def _items(body: Body) -> Iterator[Body]:
    """Yield the items at all levels, those below answers included, without recursion."""
    waiting = list(elements(body, "item"))
    count = 0
    while waiting:
        item = waiting.pop()
        count += 1
        if count > MAX_ITEMS:
            raise ReadingError(f"a QuestionnaireResponse has more than {MAX_ITEMS} items")
        yield item
        if "item" in item:
            waiting += elements(item, "item")
        answers = item.get("answer")
        for answer in answers if isinstance(answers, list | tuple) else ():
            if (type(answer) is dict or isinstance(answer, Mapping)) and "item" in answer:
                waiting += elements(answer, "item")


def _answer(source: Source, item: Body) -> Found | None:
    """Return the one answer of an item, or why it has none; None where nothing was answered."""
    # An item that only says why it has no answer, and one whose answer says so, are alike.
    given = item.get("answer", [])
    if type(given) is list and len(given) == 1 and "extension" not in item:
        (only,) = given
        if type(only) is dict and len(only) == 1:
            return read_value(source, only, bare_numbers=source.local)
    if not isinstance(given, list | tuple) or any(not isinstance(part, Mapping) for part in given):
        return Found(fault=Fault("malformed", "its answers are no list of objects"))
    answers = [part for part in given if part.keys() - _NO_ANSWER]
    if len(answers) > 1:
        hint = "the question takes one answer"
        return Found(fault=Fault("several-answers", f"it has {len(answers)} answers", hint))
    reason = {"extension": item["extension"]} if _says_why(item) else {}
    if not answers:
        return read_value(source, reason) if reason else None
    # The question is the field's own, or mapped to it, and names its unit.
    holder = {**answers[0], **reason} if reason else answers[0]
    return read_value(source, holder, bare_numbers=source.local)


def _says_why(item: Body) -> bool:
    return "extension" in item and any(
        text(each, "url") == ABSENT_EXTENSION for each in elements(item, "extension")
    )


def _state(
    into: Collector, resource: Resource, source: Source, when: When, found: Found, doubt: str
) -> None:
    spec = source.spec
    if found.fault is not None:
        fault = found.fault
        message = f"{spec.label}: {fault.message}"
        into.problem(fault.code, resource.name, message, path=spec.path, hint=fault.hint)
    if doubt:
        message = f"{spec.label}: {doubt}"
        hint = "it may turn the meaning round; record the finding without it"
        into.problem("unknown-modifier", resource.name, message, path=spec.path, hint=hint)
    readable = found.fault is None and not doubt and not resource.doubt
    into.state(
        Statement(
            source,
            resource.name,
            resource.version,
            when,
            found.recorded,
            found.value if readable else None,
            found.reason if readable else None,
            doubtful=not readable,
        )
    )
