"""The next questions: they decide, whatever the answers are, and no smaller set does."""

from __future__ import annotations

import json
import random

import pytest

from guidestep import Outcome, Recommendation
from guidestep.explain.smallest import smallest_hitting
from tests.explain.patients import INTAKE, shipped_guideline
from tests.explain.questions_sample import decided_by_asking, smallest, undecided


def recommend(without: tuple[str, ...] = (), **more: object) -> Recommendation:
    data = {section: dict(content) for section, content in INTAKE.items()}
    for path in without:
        section, _, name = path.partition(".")
        data[section].pop(name, None)
    return shipped_guideline().recommend({**data, **more})


def paths(answer: Recommendation) -> list[str]:
    return [question.path for question in answer.next_questions()]


def test_nothing_is_asked_of_a_patient_who_is_decided() -> None:
    found = recommend().next_questions()
    assert found.decided
    assert not found
    assert str(found) == "Nothing need be asked: the answer stays what it is."


def test_red_flags_are_asked_first() -> None:
    answer = recommend(("scope.pll_lesion_type", "neurologic.gait_instability"))
    found = answer.next_questions()
    assert [q.path for q in found] == ["neurologic.gait_instability", "scope.pll_lesion_type"]
    assert [q.red_flag for q in found] == [True, False]
    assert found.questions[0].could_lead_to is Outcome.URGENT_REFERRAL
    assert found.questions[0].question == "Is the patient unsteady when walking?"
    assert found.smallest


def test_what_was_declined_is_not_asked_again() -> None:
    answer = recommend(
        ("neurologic.hoffmann_left",),
        data_absent_reasons={"neurologic.hoffmann_left": "asked-declined"},
    )
    assert answer.outcome is Outcome.ASSESS_FIRST
    assert paths(answer) == []
    found = answer.next_questions()
    assert [each.path for each in found.declined] == ["neurologic.hoffmann_left"]
    assert "Nothing more can be asked" in str(found)
    assert "What is the Hoffmann sign on the left?" in str(found)
    assert json.loads(found.to_json())["declined"][0]["path"] == "neurologic.hoffmann_left"
    asked = recommend(
        ("neurologic.hoffmann_left",),
        data_absent_reasons={"neurologic.hoffmann_left": "not-asked"},
    )
    assert paths(asked) == ["neurologic.hoffmann_left"]


def test_what_was_declined_and_no_longer_matters_is_not_named() -> None:
    reasons = {"scope.pll_lesion_type": "asked-declined"}
    scope = {**INTAKE["scope"], "age_years": 15}
    scope.pop("pll_lesion_type")
    assert recommend(scope=scope, data_absent_reasons=reasons).next_questions().declined == ()


def test_what_no_longer_matters_is_not_asked() -> None:
    gaps = ("scope.pll_lesion_type", "measures.rom_method", "neurologic.gait_instability")
    assert set(paths(recommend(gaps))) == set(gaps)
    scope = {**INTAKE["scope"], "age_years": 15}
    answer = recommend(gaps, scope=scope)
    assert paths(answer) == ["neurologic.gait_instability"]


def test_of_two_that_do_as_well_one_is_asked() -> None:
    assert smallest_hitting([{"a", "b"}, {"b", "c"}], "abc") == {"b"}
    assert smallest_hitting([], "abc") == frozenset()
    assert len(smallest_hitting([{"a", "b"}, {"c", "d"}, {"a", "c"}], "abcd")) == 2


def test_about_steps_asks_what_a_track_waits_for() -> None:
    answer = recommend(("scope.acute_spasm_status",))
    assert paths(answer) == []
    found = answer.next_questions("steps")
    assert [q.path for q in found] == ["scope.acute_spasm_status"]
    with pytest.raises(ValueError, match="outcome"):
        answer.next_questions("everything")  # type: ignore[arg-type]


def test_json_is_the_same_bytes_and_needs_the_patient() -> None:
    answer = recommend(("neurologic.gait_instability",))
    text = answer.next_questions().to_json()
    assert text == answer.next_questions().to_json()
    assert json.loads(text)["questions"][0]["path"] == "neurologic.gait_instability"
    with pytest.raises(LookupError, match="ask for its next questions"):
        Recommendation.from_json(answer.to_json()).next_questions()


def test_random_patients_are_decided_by_asking() -> None:
    source = random.Random(3)
    assert {decided_by_asking(each, source) for each in undecided(25, 7)} == {"decided"}


def test_no_smaller_set_decides() -> None:
    source = random.Random(4)
    found = [smallest(each, source) for each in undecided(30, 9)]
    assert "a smaller set decides" not in found
    assert sum(each.startswith("smallest") for each in found) > 10
