"""The context: references and moments it refuses, and ids that nobody shares by chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.interop.fhir.outgoing import Context
from guidestep.interop.fhir.outgoing.elements import date_time, fhir_id
from tests.interop.fhir.outgoing.answers import WHEN, context, guideline, recommend


@pytest.mark.parametrize("subject", ["", "1", "Patient/", "Patient/a b", "Patient/1\n", "#p"])
def test_a_subject_that_is_no_reference_is_refused(subject: str) -> None:
    with pytest.raises(ValueError, match="subject is no FHIR reference") as caught:
        Context(guideline(), subject, WHEN)
    assert subject == "" or subject not in str(caught.value).replace("'Patient/1'", "")
    with pytest.raises(ValueError, match="encounter is no FHIR reference"):
        Context(guideline(), "Patient/1", WHEN, encounter=subject)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        Context(guideline(), "Patient/1", datetime(2026, 3, 2))


def test_a_source_that_leads_nowhere_is_left_out() -> None:
    sources = {"a.b": "Observation/1", "a.c": "#contained", "a.d": "urn:uuid:x", "a.e": "Bad/_id_"}
    assert dict(Context(guideline(), "Patient/1", WHEN, sources=sources).sources) == {
        "a.b": "Observation/1"
    }


def test_moments_are_written_in_utc() -> None:
    east = datetime(2026, 3, 2, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert date_time(east) == "2026-03-01T23:30:00Z"
    assert date_time(WHEN.replace(microsecond=5000)) == "2026-03-02T09:00:00.005Z"


def test_ids_differ_with_all_that_tells_two_answers_apart() -> None:
    answer = recommend()
    more = recommend(neurologic__gait_instability="absent")
    base = context()
    contexts = [
        base,
        replace(base, subject="Patient/2"),
        replace(base, encounter=None),
        replace(base, when=datetime(2026, 3, 3, tzinfo=UTC)),
    ]
    ids = {each.id_of(one, role) for each in contexts for one in (answer, more) for role in "ab"}
    assert len(ids) == 16
    assert base.id_of(answer, "a") == replace(base).id_of(answer, "a")


@given(st.lists(st.text(min_size=1, max_size=90), min_size=2, max_size=2, unique=True))
def test_two_texts_never_become_one_id(texts: list[str]) -> None:
    one, other = map(fhir_id, texts)
    assert one != other
    assert all(len(id_) <= 64 and id_.isascii() for id_ in (one, other))
