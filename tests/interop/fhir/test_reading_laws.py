"""What holds of every reading: order, errors and strangers change nothing, absence is stated."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from guidestep.assessment import CervicalAssessment
from guidestep.assessment.frozen import FrozenDict
from guidestep.interop.fhir import Reading
from guidestep.interop.fhir.canonical import UCUM
from guidestep.interop.fhir.reading.reader import READERS
from guidestep.interop.fhir.reading.settling import Settling
from guidestep.interop.fhir.reading.statements import Collector
from guidestep.interop.fhir.reading.statements import Resource as Taken
from tests.interop.fhir.records import (
    ABSENT,
    CANONICAL,
    FIELDS,
    MAPPING,
    ON,
    PATIENT,
    SNOMED,
    Resource,
    answer,
    bundle,
    concept,
    condition,
    observation,
    read,
    report,
    response,
    vas,
)
from tests.strategies.assessments import cervical_dicts

RED_FLAGS = (
    "neurologic.gait_instability",
    "neurologic.bladder_dysfunction",
    "neurologic.bowel_dysfunction",
    "neurologic.le_symptoms",
)
FEW = settings(max_examples=60)

DAYS = ("2026-02-27", "2026-03-01", "2026-03-02", "2026-03-02T09:00:00Z", "2026-03-03", "2026", "")
CONDITIONS = {
    "neurologic.gait_instability": ("22631008", "20262006"),
    "neurologic.bladder_dysfunction": ("40492006",),
    "neurologic.bowel_dysfunction": ("72042002",),
    "neurologic.le_symptoms": ("91327001",),
}


@st.composite
def resources(draw: DrawFn) -> Resource:
    """A resource about a red flag, or about what else is read; its id is set by the record."""
    flag = draw(st.sampled_from(RED_FLAGS))
    day = draw(st.sampled_from(DAYS))
    status = draw(st.sampled_from(("final", "final", "final", "preliminary", "amended")))
    match draw(st.integers(0, 6)):
        case 0 | 1:
            member = draw(st.sampled_from(("present", "absent")))
            return observation("", flag, member, day, status=status)
        case 2:
            odd = draw(
                st.sampled_from(
                    (
                        {"dataAbsentReason": concept(ABSENT, "asked-declined")},
                        {"valueCodeableConcept": answer("maybe")},
                        {"valueBoolean": False},
                    )
                )
            )
            return observation("", flag, None, day, **odd)
        case 3:
            return condition(
                "",
                draw(st.sampled_from(CONDITIONS[flag])),
                draw(st.sampled_from(("active", "resolved", "recurrence", ""))),
                draw(st.sampled_from(("confirmed", "provisional", "refuted", ""))),
            )
        case 4:
            member = draw(st.sampled_from(("present", "absent")))
            complete = draw(st.sampled_from(("completed", "in-progress")))
            return dict(response("", {flag: member}, day, status=complete))
        case 5:
            return report("", day, status=status)
        case _:
            value = draw(st.integers(0, 110))
            return vas("", value, draw(st.sampled_from(("mm", "cm"))), effectiveDateTime=day)


@st.composite
def records(draw: DrawFn) -> list[Resource]:
    """A record: up to eight resources, each with an id of its own."""
    many = draw(st.lists(resources(), max_size=8))
    return [resource | {"id": f"r{index}"} for index, resource in enumerate(many)]


def content(reading: Reading) -> tuple[Any, ...]:
    return (
        dict(reading.data),
        dict(reading.provenance),
        reading.problems,
        reading.missing_required,
    )


@given(records(), st.randoms())
def test_the_order_of_resources_changes_nothing(record: list[Resource], random: Any) -> None:
    shuffled = random.sample(record, len(record))
    assert content(read(*shuffled)) == content(read(*record))


@given(records(), st.data())
def test_the_form_and_copies_change_nothing(record: list[Resource], data: st.DataObject) -> None:
    first = content(read(*record))
    some = data.draw(st.lists(st.sampled_from(record), max_size=3)) if record else []
    assert content(read(*record, *copy.deepcopy(some))) == first
    assert content(read(bundle(*record))) == first
    prefetch = {"one": bundle(*record[:3]), "two": bundle(*record[3:]), "three": None}
    assert content(MAPPING.read(prefetch, subject=PATIENT, on=ON)) == first


@given(records(), resources())
def test_what_was_entered_in_error_changes_no_value(record: list[Resource], more: Resource) -> None:
    more = more | {"id": "wrong"}
    if more["resourceType"] == "Condition":
        system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
        more["verificationStatus"] = concept(system, "entered-in-error")
    else:
        more["status"] = "entered-in-error"
    before, after = read(*record), read(*record, more)
    assert after.data == before.data
    assert after.provenance == before.provenance


@given(records(), resources(), st.sampled_from(("Patient/2", "Patient/10", "", "Group/1")))
def test_what_is_of_others_changes_no_value(
    record: list[Resource], more: Resource, whose: str
) -> None:
    stranger = more | {"id": "stranger", "subject": {"reference": whose}}
    before, after = read(*record), read(*record, stranger)
    assert after.data == before.data
    assert after.provenance == before.provenance


def states(resource: Resource, path: str, member: str) -> bool:
    """Whether a resource states a member of a field in so many words."""
    if resource["resourceType"] == "Observation":
        code = resource["code"]["coding"][0]["code"]
        return bool(code == path and resource.get("valueCodeableConcept") == answer(member))
    if resource["resourceType"] == "QuestionnaireResponse":
        return any(
            item["linkId"] == path
            and item["answer"] == [{"valueCoding": CANONICAL.answer("cervical", member)}]
            for item in resource["item"]
        )
    return False


@given(records())
def test_a_red_flag_is_absent_only_by_the_word_of_a_resource(record: list[Resource]) -> None:
    reading = read(*record)
    for flag in RED_FLAGS:
        if reading.data.get(flag) != "absent":
            continue
        by = reading.provenance[flag].resource.partition("/")[2]
        (resource,) = (each for each in record if each["id"] == by)
        assert states(resource, flag, "absent")
        assert resource["status"] in ("final", "amended", "completed")
        # Nothing that is current speaks of it as present.
        assert not [
            each
            for each in record
            if each["resourceType"] == "Condition"
            and each["code"]["coding"][0]["code"] in CONDITIONS[flag]
            and each.get("verificationStatus", {})
            != concept("http://terminology.hl7.org/CodeSystem/condition-ver-status", "refuted")
            and each.get("clinicalStatus", {})
            != concept("http://terminology.hl7.org/CodeSystem/condition-clinical", "resolved")
        ]


@given(records(), st.data())
def test_without_a_resource_nothing_becomes_absent_that_none_states(
    record: list[Resource], data: st.DataObject
) -> None:
    if not record:
        return
    left_out = data.draw(st.sampled_from(record))
    rest = [resource for resource in record if resource is not left_out]
    before, after = read(*record), read(*rest)
    for flag in RED_FLAGS:
        if after.data.get(flag) == "absent" and before.data.get(flag) != "absent":
            assert any(states(resource, flag, "absent") for resource in rest)
    # What is new in the rest was hidden by the one that is gone, and is older or contradicted it.
    for path in after.data.keys() - before.data.keys() - {"data_absent_reasons"}:
        assert after.provenance[path].resource in {
            f"{resource['resourceType']}/{resource['id']}" for resource in rest
        }


@given(records())
def test_what_is_read_is_an_assessment_but_for_what_is_required(record: list[Resource]) -> None:
    reading = read(*record)
    whole = dict(reading.data) | {
        path: FIELDS[path].members[0] for path in reading.missing_required
    }
    CervicalAssessment.read(whole, today=ON)


# --- quick ways -----------------------------------------------------------------------------------

ODD_ANSWERS: tuple[Resource, ...] = (
    {"answer": []},
    {"answer": "x"},
    {"answer": [{}]},
    {"answer": [{"valueBoolean": True}]},
    {"answer": [{"valueString": "12"}]},
    {"answer": [{"valueInteger": 12}]},
    {"answer": [{"valueDecimal": True}]},
    {"answer": [{"valueDate": "2026-02"}]},
    {"answer": [{"valueQuantity": {"value": 12, "code": "kg", "system": UCUM}}]},
    {"answer": [{"valueQuantity": {"value": 12, "comparator": "<", "code": "1", "system": UCUM}}]},
    {"answer": [{"valueCoding": {"system": SNOMED, "code": "none"}}]},
    {"answer": [{"valueCoding": {"code": 5}}]},
    {"answer": [{"valueCoding": CANONICAL.answer("cervical", "maybe")}]},
    {"answer": [{"valueCoding": CANONICAL.answer("cervical", "present")}] * 2},
    {"answer": [{"valueCoding": CANONICAL.answer("cervical", "absent")}], "extension": []},
)


def laboured(item: Resource) -> Resource:
    """Return an item that says the same, in a form for which there is no quick way."""
    if not isinstance(item.get("answer"), list):
        return item
    answers = [
        {
            # What an answer may hold beside its value, and a Mapping that is no dict.
            "id": "a",
            **{k: FrozenDict(v) if k == "valueCoding" else v for k, v in each.items()},
        }
        for each in item["answer"]
    ]
    return item | {"answer": answers}


@given(cervical_dicts(missing=0.5), st.data())
def test_an_answer_is_read_alike_in_any_form(given_: dict[str, Any], data: st.DataObject) -> None:
    assessment = CervicalAssessment.read(given_)
    values = flat(assessment.to_dict())
    odd = st.dictionaries(st.sampled_from(sorted(FIELDS)), st.sampled_from(ODD_ANSWERS), max_size=9)
    sent = response("q", {**values, **data.draw(odd)})
    on = assessment.encounter.assessment_date
    other = sent | {"item": [laboured(item) for item in sent["item"]]}
    assert content(read(sent, on=on)) == content(read(other, on=on))


@given(records(), st.sampled_from((ON, ON + timedelta(days=40))))
def test_what_is_settled_at_once_is_settled_alike(record: list[Resource], on: date) -> None:
    into = statements_of(record, on)
    for path, statements in into.statements.items():
        for each in statements:
            quick, slow = Settling(on, {}), Settling(on, {})
            spec = FIELDS[path]
            assert quick.settle(spec, [each]) == slow.weighed(spec, [each])
            assert quick.problems == slow.problems


def statements_of(record: list[Resource], on: date) -> Collector:
    """Return what some resources state, all of them believed."""
    into = Collector(MAPPING, on)
    for each in record:
        kind = each["resourceType"]
        READERS[kind](into, Taken(kind, f"{kind}/{each['id']}", each))
    return into


# --- there and back -------------------------------------------------------------------------------


def flat(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{section}.{name}": value
        for section, part in data.items()
        if section != "data_absent_reasons"
        for name, value in part.items()
    }


@FEW
@given(cervical_dicts())
def test_an_assessment_as_a_questionnaire_response_comes_back(given_: dict[str, Any]) -> None:
    assessment = CervicalAssessment.read(given_)
    data = assessment.to_dict()
    on = assessment.encounter.assessment_date
    why = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    reasons = {
        path: {"extension": [{"url": why, "valueCode": code}]}
        for path, code in data.get("data_absent_reasons", {}).items()
    }
    sent = response("q", {**flat(data), **reasons}, on.isoformat())
    reading = read(sent, on=on)
    assert not reading.problems
    assert reading.assessment() == assessment
    assert {p.resource for p in reading.provenance.values()} <= {"QuestionnaireResponse/q"}


@FEW
@given(cervical_dicts(missing=0.6), st.randoms())
def test_an_assessment_as_observations_comes_back(given_: dict[str, Any], random: Any) -> None:
    given_.pop("data_absent_reasons", None)
    assessment = CervicalAssessment.read(given_)
    on = assessment.encounter.assessment_date
    values = flat(assessment.to_dict())
    sent = [observation(path, path, value, on.isoformat()) for path, value in values.items()]
    # Older records of the same fields change nothing.
    old = (on - timedelta(days=1)).isoformat()
    for path in random.sample(sorted(values), min(5, len(values))):
        spec = FIELDS[path]
        if spec.members:
            sent.append(observation(f"old-{path}", path, spec.members[0], old))
    random.shuffle(sent)
    reading = read(*sent, on=on)
    assert not reading.problems
    assert reading.assessment() == assessment


def test_the_round_trip_can_fail() -> None:
    """The comparison is not blind: another value is another assessment."""
    path = "neurologic.gait_instability"
    one, other = (read(observation("o", path, member)).data for member in ("present", "absent"))
    assert one != other
    assert date(2026, 3, 2) == ON
