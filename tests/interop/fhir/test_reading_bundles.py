"""Bundles, prefetch results, versions, whose resources they are, and data that are none."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from guidestep.interop.fhir import ReadingError
from guidestep.interop.fhir.reading.bundles import MAX_RESOURCES
from guidestep.interop.fhir.reading.reader import LISTED
from tests.interop.fhir.records import (
    MAPPING,
    ON,
    PATIENT,
    Resource,
    bundle,
    codes,
    condition,
    observation,
    read,
    response,
)

GAIT = "neurologic.gait_instability"
STEADY = observation("a", GAIT, "absent")


@pytest.mark.parametrize(
    "data",
    [
        [STEADY],
        (STEADY,),
        STEADY,
        bundle(STEADY),
        bundle(STEADY, kind="collection"),
        bundle(bundle(STEADY), kind="batch-response"),
        {"observations": bundle(STEADY), "conditions": None, "patient": None},
        {"one": STEADY, "two": STEADY},
    ],
)
def test_every_form_reads_alike(data: object) -> None:
    reading = MAPPING.read(data, subject=PATIENT, on=ON)
    assert reading.data[GAIT] == "absent"
    assert not reading.problems


@pytest.mark.parametrize("data", [None, "text", b"bytes", 5, True, object()])
def test_what_holds_no_resources_is_refused(data: object) -> None:
    with pytest.raises(ReadingError, match="FHIR"):
        MAPPING.read(data, subject=PATIENT, on=ON)


def test_what_is_no_resource_is_told_and_the_rest_is_read() -> None:
    reading = read(STEADY, 5, {"id": "x"}, {"resourceType": 3}, None)
    assert reading.data[GAIT] == "absent"
    assert codes(reading) == {"malformed"}


@pytest.mark.parametrize("kind", ["history", "transaction", "batch", "message", "", 5, None])
def test_bundles_that_say_nothing_of_what_is_are_not_read(kind: Any) -> None:
    reading = read(bundle(STEADY, kind=kind))
    assert GAIT not in reading.data
    assert codes(reading) == {"unsupported-bundle"}


def test_a_search_with_more_pages_is_incomplete() -> None:
    page = bundle(STEADY) | {"link": [{"relation": "next", "url": "x:y"}]}
    assert codes(read(page)) == {"incomplete"}


def test_a_search_that_holds_fewer_than_it_counts_is_incomplete() -> None:
    assert codes(read(bundle(STEADY) | {"total": 2})) == {"incomplete"}
    assert not codes(read(bundle(STEADY) | {"total": 1}))


@pytest.mark.parametrize("entries", [{}, "x", [None], [{"resource": STEADY}, 5]])
def test_entries_that_are_none_are_told(entries: Any) -> None:
    broken = {"resourceType": "Bundle", "type": "searchset", "entry": entries}
    assert "malformed" in codes(read(broken))


def test_an_outcome_inside_is_told_by_its_codes_alone() -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [
            {"severity": "error", "code": "forbidden", "diagnostics": "Jane Doe"},
            {"severity": "information", "code": "informational"},
        ],
    }
    reading = read(bundle(STEADY, outcome))
    assert reading.data[GAIT] == "absent"
    assert [(p.code, p.severity) for p in reading.problems] == [
        ("server-outcome", "error"),
        ("server-outcome", "warning"),
    ]
    assert "Jane" not in "".join(map(str, reading.problems))


def test_a_failed_request_of_a_batch_is_told() -> None:
    failed = {"resourceType": "Bundle", "type": "batch-response"}
    reading = read(failed | {"entry": [{"response": {"status": "403 Forbidden"}}]})
    assert codes(reading) == {"server-outcome"}


# --- size and depth -------------------------------------------------------------------------------


def test_bundles_within_bundles_have_an_end() -> None:
    inner: Resource = STEADY
    for _ in range(20):
        inner = bundle(inner)
    with pytest.raises(ReadingError, match="within"):
        read(inner)
    inner["entry"][0]["resource"] = inner
    with pytest.raises(ReadingError, match="within"):
        read(inner)


def test_a_long_list_has_an_end() -> None:
    with pytest.raises(ReadingError, match="more than"):
        read(*[STEADY] * (MAX_RESOURCES + 1))


def test_thousands_of_resources_are_read_quickly_and_their_problems_capped() -> None:
    many = [
        observation(str(i), GAIT, "absent", subject={"reference": f"Patient/{i}x"})
        for i in range(2000)
    ]
    reading = read(STEADY, *many)
    assert reading.data[GAIT] == "absent"
    assert len(reading.problems) == LISTED + 1
    assert reading.problems[-1].code == "too-many-problems"


def test_deep_items_are_read_without_recursion() -> None:
    item: Resource = response("q", {GAIT: "absent"})["item"][0]
    for _ in range(5000):
        item = {"linkId": "group", "item": [item]}
    assert read(response("q", {}, item=[item])).data[GAIT] == "absent"
    loop: Resource = {"linkId": "group"}
    loop["item"] = [loop]
    with pytest.raises(ReadingError, match="items"):
        read(response("q", {}, item=[loop]))


def test_a_deep_resource_given_twice_is_refused_clearly() -> None:
    def deep() -> Resource:
        value: Resource = {}
        for _ in range(100_000):
            value = {"x": value}
        return STEADY | {"extension": [value]}

    with pytest.raises(ReadingError, match="deep"):
        read(deep(), deep())


@pytest.mark.parametrize("on", [datetime(2026, 3, 2, 10), "2026-03-02", None])
def test_the_day_of_the_visit_is_a_date(on: Any) -> None:
    with pytest.raises(ReadingError, match="date"):
        MAPPING.read([], subject=PATIENT, on=on)


@pytest.mark.parametrize("on", [date.min, date.max])
def test_the_first_and_the_last_day_of_all_can_be_read(on: date) -> None:
    read(STEADY, condition("c", "40492006"), on=on)


# --- whose ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/2",
        "Patient/11",
        "patient/1",
        "Patient/1 ",
        "Group/1",
        "1",
        "https://other.example/fhir/Patient/1",
        "urn:uuid:5d7b1c1e-0000-4000-8000-000000000000",
        "#1",
    ],
)
def test_resources_of_anybody_else_are_refused_and_told(reference: str) -> None:
    reading = read(observation("a", GAIT, "absent", subject={"reference": reference}))
    assert GAIT not in reading.data
    assert codes(reading) == {"not-this-patient"}


@pytest.mark.parametrize("subject", [None, {}, {"display": "Jane"}, {"identifier": {"value": "1"}}])
def test_a_resource_that_names_nobody_is_refused(subject: object) -> None:
    reading = read(observation("a", GAIT, "absent", subject=subject))
    assert GAIT not in reading.data
    assert codes(reading) == {"patient-not-named"}


def test_a_versioned_reference_is_to_the_same_patient() -> None:
    subject = {"reference": "Patient/1/_history/7"}
    assert GAIT in read(observation("a", GAIT, "absent", subject=subject)).data


def test_an_absolute_reference_is_to_the_server_of_the_resource() -> None:
    base = "https://ehr.example/fhir"
    body = observation("a", GAIT, "absent", subject={"reference": f"{base}/Patient/1"})
    entry = {"fullUrl": f"{base}/Observation/a", "resource": body}
    one = {"resourceType": "Bundle", "type": "searchset", "entry": [entry]}
    assert GAIT in read(one).data
    named = MAPPING.read([body], subject=f"{base}/Patient/1", on=ON)
    assert GAIT in named.data


def test_references_inside_a_collection_are_followed() -> None:
    urn = "urn:uuid:5d7b1c1e-0000-4000-8000-000000000000"
    collection = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"fullUrl": urn, "resource": {"resourceType": "Patient", "id": "1"}},
            {"resource": observation("a", GAIT, "absent", subject={"reference": urn})},
        ],
    }
    assert read(collection).data[GAIT] == "absent"


def test_without_a_subject_the_only_patient_is_meant() -> None:
    assert MAPPING.read([STEADY], on=ON).data[GAIT] == "absent"
    other = observation("b", GAIT, "absent", subject={"reference": "Patient/2"})
    with pytest.raises(ReadingError, match="several patients"):
        MAPPING.read([STEADY, other], on=ON)
    with pytest.raises(ReadingError, match="no patient"):
        MAPPING.read([], on=ON)


@pytest.mark.parametrize("subject", ["1", "", "Patient/", "Patient/1?x=y", "Group/1", 1])
def test_a_subject_is_a_reference_to_a_patient(subject: Any) -> None:
    with pytest.raises(ReadingError, match="Patient/1"):
        MAPPING.read([STEADY], subject=subject, on=ON)


# --- contained ------------------------------------------------------------------------------------


def test_a_contained_resource_is_about_the_patient_of_its_container() -> None:
    inner = {key: value for key, value in STEADY.items() if key != "subject"}
    outer = {"resourceType": "Composition", "id": "d", "subject": {"reference": PATIENT}}
    reading = read(outer | {"contained": [inner]})
    assert reading.data[GAIT] == "absent"
    assert reading.provenance[GAIT].resource == "Composition/d#a"
    stranger = outer | {"subject": {"reference": "Patient/2"}, "contained": [inner]}
    assert GAIT not in read(stranger).data


# --- versions -------------------------------------------------------------------------------------


def version(number: object, value: str, **more: object) -> Resource:
    return observation("a", GAIT, value, meta={"versionId": number}, **more)


def test_the_newest_version_counts() -> None:
    reading = read(version("9", "present"), version("10", "absent"))
    assert reading.data[GAIT] == "absent"
    assert not reading.problems


def test_a_resource_that_was_withdrawn_later_is_gone() -> None:
    withdrawn = version("2", "absent", status="entered-in-error")
    assert GAIT not in read(version("1", "absent"), withdrawn).data


def test_a_resource_that_was_moved_to_another_patient_is_gone() -> None:
    moved = version("2", "absent", subject={"reference": "Patient/2"})
    assert GAIT not in read(version("1", "absent"), moved).data


def test_last_updated_decides_where_versions_are_no_numbers() -> None:
    def updated(second: int, value: str) -> Resource:
        meta = {"versionId": "abc", "lastUpdated": f"2026-03-02T10:00:{second:02}Z"}
        return observation("a", GAIT, value, meta=meta)

    assert read(updated(5, "absent"), updated(4, "present")).data[GAIT] == "absent"


def test_versions_without_an_order_are_in_doubt() -> None:
    reading = read(observation("a", GAIT, "absent"), observation("a", GAIT, "present"))
    assert GAIT not in reading.data
    assert codes(reading) == {"several-versions"}
    assert reading.problems[0].resource == "Observation/a"


def test_resources_without_an_id_are_read() -> None:
    bare = {key: value for key, value in STEADY.items() if key != "id"}
    reading = read(bare, bare)
    assert reading.data[GAIT] == "absent"
    assert reading.provenance[GAIT].resource == "Observation without id"


# --- questionnaires -------------------------------------------------------------------------------

WHY = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def test_answers_are_read_by_their_path_at_any_level() -> None:
    flat = response("q", {GAIT: "absent", "scope.age_years": 52, "neurologic.mri_date": ON})
    grouped = response("q", {}, item=[{"linkId": "neurologic", "item": flat["item"]}])
    for given in (flat, grouped):
        data = read(given).data
        assert (data[GAIT], data["scope.age_years"], data["neurologic.mri_date"]) == (
            "absent",
            52,
            ON,
        )


@pytest.mark.parametrize(
    "item",
    [
        {"extension": [{"url": WHY, "valueCode": "not-asked"}]},
        {"answer": [{"extension": [{"url": WHY, "valueCode": "not-asked"}]}]},
        {"answer": [{"_valueCoding": {"extension": [{"url": WHY, "valueCode": "not-asked"}]}}]},
    ],
)
def test_a_reason_is_read_from_item_answer_or_value(item: Resource) -> None:
    reading = read(response("q", {GAIT: item}))
    assert reading.data["data_absent_reasons"] == {GAIT: "not-asked"}


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ([{"valueCoding": {"code": "absent"}}], "unknown-answer"),
        ([{"valueString": "absent"}], "wrong-type"),
        ([{"valueInteger": 1}, {"valueInteger": 2}], "several-answers"),
        ([{"valueBoolean": False}], "wrong-type"),
        ({"valueCoding": {}}, "malformed"),
        (["absent"], "malformed"),
    ],
)
def test_answers_that_are_none(answers: object, code: str) -> None:
    reading = read(response("q", {GAIT: {"answer": answers}}))
    assert GAIT not in reading.data
    assert codes(reading, GAIT) == {code}


def test_an_item_without_an_answer_says_nothing() -> None:
    reading = read(response("q", {GAIT: {}, "scope.age_years": {"answer": []}}))
    assert GAIT not in reading.data
    assert not reading.problems


@pytest.mark.parametrize("status", ["in-progress", "stopped", "entered-in-error", None])
def test_a_response_that_is_not_complete_does_not_count(status: object) -> None:
    reading = read(response("q", {GAIT: "absent"}, status=status))
    assert GAIT not in reading.data
    assert len(codes(reading)) == 1


def test_a_bare_number_is_in_the_unit_that_the_question_names() -> None:
    answers = {"answer": [{"valueDecimal": 46}]}
    assert read(response("q", {"measures.current_pain_vas_mm": answers})).data
