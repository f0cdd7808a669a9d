"""Doses: what becomes a Timing, what an extension, and what is said in words alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.interop.fhir import conformance
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.doses import dose_extensions, dose_text, timing
from guidestep.language.documents import DoseEntry
from tests.interop.fhir.outgoing.answers import Json, guideline

UNITS = ["/d", "/wk", "d/wk", "/mo", "/h", "/a", "s", "%", "{repetition}"]


@st.composite
def doses(draw: st.DrawFn) -> DoseEntry:
    numbers = st.none() | st.integers(0, 20) | st.floats(0, 20)
    ends = sorted(n for n in (draw(numbers), draw(numbers)) if n is not None)
    low, high = (ends[0], ends[-1]) if ends else (None, None)
    if draw(st.booleans()):
        return DoseEntry(item="frequency", low=low, high=high, unit=draw(st.sampled_from(UNITS)))
    return DoseEntry(item="sets", not_specified=True)


@given(st.lists(doses(), max_size=4))
def test_any_dose_is_valid_and_complete(dose: list[DoseEntry]) -> None:
    request: Json = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "subject": {"reference": "Patient/1"},
    }
    often = timing(dose)
    if often is not None:
        request["occurrenceTiming"] = often
        (entry,) = (e for e in dose if e.unit in UNITS[:6] and not e.not_specified)
        repeat: Json = often["repeat"]
        assert (repeat["frequency"], repeat.get("frequencyMax", repeat["frequency"])) == (
            entry.low,
            entry.high,
        )
    extensions = dose_extensions(dose, Canonical())
    if extensions:
        request["extension"] = extensions
    assert conformance.problems(request) == []
    assert len(extensions) == len(dose)


@pytest.mark.parametrize(
    ("low", "high"), [(None, 3), (3, None), (0, 3), (2.5, 3), (None, None), (0, 0)]
)
def test_what_a_timing_cannot_say_is_in_words_alone(low: float | None, high: float | None) -> None:
    entry = DoseEntry(item="frequency", low=low, high=high, unit="/wk")
    assert timing([entry]) is None


def test_two_frequencies_have_no_common_timing() -> None:
    each = DoseEntry(item="frequency", low=2, high=3, unit="/wk")
    assert timing([each]) is not None
    assert timing([each, each]) is None


@pytest.mark.parametrize(
    ("step", "repeat"),
    [
        ("M1", {"frequency": 2, "frequencyMax": 3, "period": 1, "periodUnit": "wk"}),
        ("R1", {"frequency": 2, "frequencyMax": 3, "period": 1, "periodUnit": "wk"}),
        ("M2", None),
        ("N1", None),
    ],
)
def test_the_steps_of_the_guideline(step: str, repeat: Json) -> None:
    found: Json = timing(guideline().steps[step].dose)
    assert (found and found["repeat"]) == repeat


def test_what_the_source_does_not_specify_is_said() -> None:
    for step in guideline().steps.values():
        for entry in step.dose:
            (extension,) = dose_extensions([entry], Canonical())
            parts: Json = extension["extension"]
            values = {part["url"]: part for part in parts}
            assert values["specifiedBySource"]["valueBoolean"] is not entry.not_specified
            if entry.not_specified:
                assert values["words"]["valueString"] == "not specified by source"
                assert f"{entry.item}: not specified by source" in dose_text(step.dose)
