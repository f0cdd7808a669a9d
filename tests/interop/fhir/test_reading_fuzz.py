"""Broken FHIR data: a clear error or a reading whose values are sound, and never anything else."""

from __future__ import annotations

import copy
import math
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.assessment import Problem
from guidestep.assessment.values import check
from guidestep.interop.fhir import Reading, ReadingError
from tests.interop.fhir.records import (
    FIELDS,
    MAPPING,
    ON,
    PATIENT,
    bundle,
    condition,
    observation,
    report,
    response,
    vas,
)

ODD: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**400,
    math.nan,
    math.inf,
    "",
    "x" * 5000,
    "\x00\u202e\ud800",
    "entered-in-error",
    "2026-02-30",
    "9999-12-31T23:59:60Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    [],
    {},
    [[]],
    [{}],
    {"coding": "x"},
    {"coding": [None, 5, {"system": [], "code": {}}]},
    {"reference": ["Patient/1"]},
    b"bytes",
    object(),
    1 + 2j,
)

KEYS = (
    "resourceType",
    "id",
    "status",
    "code",
    "coding",
    "system",
    "value",
    "valueQuantity",
    "valueBoolean",
    "comparator",
    "component",
    "contained",
    "item",
    "answer",
    "linkId",
    "extension",
    "modifierExtension",
    "dataAbsentReason",
    "bodySite",
    "meta",
    "subject",
    "effectivePeriod",
    "entry",
    "link",
)

RECORD = bundle(
    {"resourceType": "Patient", "id": "1", "birthDate": "1974-03-02", "meta": {"versionId": "1"}},
    observation("a", "neurologic.gait_instability", "absent", component=[]),
    observation("b", "neurologic.mri_date", "2026-02-16"),
    observation("c", "neurologic.new_neurologic_deficit_description", "none seen"),
    vas("v", 4.6, "cm"),
    condition("d", "299042006", bodySite=[{"coding": [{"system": "x:y", "code": "left"}]}]),
    condition("e", "74333002", "", "refuted"),
    report("f", "2026-02-16", contained=[{"resourceType": "Observation", "id": "g"}]),
    response("q", {"scope.age_years": 52, "neurologic.bladder_dysfunction": "absent"}),
)


def places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every container with every key of it."""
    keys = list(value) if isinstance(value, dict) else range(len(value))
    for key in keys:
        found.append((value, key))
        if isinstance(value[key], dict | list):
            places(value[key], found)
    return found


def broken(random: Random) -> Any:
    data = copy.deepcopy(RECORD)
    for _ in range(random.randint(1, 4)):
        container, key = random.choice(places(data, []))
        match random.randrange(2):
            case 0:
                container[key] = copy.deepcopy(random.choice(ODD))
            case 1:
                del container[key]
            case 2 if isinstance(container, dict):
                container[random.choice(KEYS)] = copy.deepcopy(random.choice(ODD))
            case 3 if isinstance(container, list):
                container.append(copy.deepcopy(random.choice(ODD)))
            case _:
                other, name = random.choice(places(data, []))
                container[key] = copy.deepcopy(other[name])
        if not data:
            return data
    return data


def sound(reading: Reading) -> None:
    for path, value in reading.data.items():
        if path != "data_absent_reasons":
            kept = check(FIELDS[path], value)
            assert not isinstance(kept, Problem)
            assert kept == value
    for problem in reading.problems:
        str(problem).encode("utf-8", "backslashreplace")
        assert len(str(problem)) < 2000


def attempt(data: Any) -> None:
    message = "nothing was refused"
    try:
        sound(MAPPING.read(data, subject=PATIENT, on=ON))
    except ReadingError as error:
        message = str(error)
    assert message


@given(st.integers(0, 2**32))
def test_a_broken_record_gives_a_reading_or_a_clear_error(seed: int) -> None:
    for step in range(5):
        data = broken(Random(seed * 2 + step))
        attempt(data)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from(["Observation", "Condition", "Bundle", "Patient", "final", "Patient/1"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=30,
)


@given(JSON)
def test_any_json_gives_a_reading_or_a_clear_error(data: Any) -> None:
    attempt(data)


@pytest.mark.parametrize("odd", ODD, ids=lambda odd: type(odd).__name__)
def test_odd_values_everywhere(odd: Any) -> None:
    """One after another, each part of the record is replaced."""
    count = len(places(copy.deepcopy(RECORD), []))
    for index in range(count):
        data = copy.deepcopy(RECORD)
        container, key = places(data, [])[index]
        container[key] = odd
        attempt(data)
