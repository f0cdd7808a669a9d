"""What a recommendation says is put together when it is first asked for: nobody may notice."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

import guidestep
from guidestep import Outcome, Recommendation
from guidestep.answer import recommender
from tests.answer.conftest import USUAL, Ask

FIELDS = [part.name for part in dataclasses.fields(Recommendation)]


def put_together(answer: Recommendation) -> bool:
    return "reasons" in vars(answer)


def test_the_outcome_waits_for_nothing(ask: Ask) -> None:
    answer = ask()
    assert answer.outcome is Outcome.RECOMMEND
    assert (answer.agreement, answer.guideline.version) == (True, "1.2.3")
    assert not put_together(answer)


@pytest.mark.parametrize("name", FIELDS)
def test_every_part_is_there_whichever_is_asked_first(ask: Ask, name: str) -> None:
    answer, other = ask(knee__flexion=None), ask(knee__flexion=None)
    assert getattr(answer, name) == getattr(other, name)
    assert answer == other
    assert answer.to_json() == ask(knee__flexion=None).to_json()


def test_a_part_stays_the_same_object_and_nothing_else_is_kept(ask: Ask) -> None:
    answer = ask()
    assert answer.steps is answer.steps
    assert set(vars(answer)) == {*FIELDS, "_evidence"}


@pytest.mark.parametrize("name", ["reason", "_laterr", "__wrapped__"])
def test_a_name_it_does_not_have_is_no_part(ask: Ask, name: str) -> None:
    answer = ask()
    with pytest.raises(AttributeError, match=name):
        getattr(answer, name)
    assert not put_together(answer)


def test_no_part_can_be_set_before_it_is_put_together(ask: Ask) -> None:
    with pytest.raises(AttributeError):
        ask().steps = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del ask().steps  # type: ignore[misc]


def test_pickles_copies_and_json_are_whole(ask: Ask) -> None:
    asked = ask()
    assert asked.steps
    assert pickle.dumps(ask()) == pickle.dumps(asked)
    for made in (
        pickle.loads(pickle.dumps(ask())),
        copy.copy(ask()),
        copy.deepcopy(ask()),
        dataclasses.replace(ask(), outcome=Outcome.RECOMMEND),
    ):
        assert made == asked
        assert hash(made) == hash(asked)
        assert repr(made) == repr(asked)
    assert ask().to_json() == asked.to_json()


def test_what_the_caller_changes_afterwards_changes_no_answer(knee: guidestep.Guideline) -> None:
    given = {"visit": {"stage": "intake", "on": "2026-03-01"}, "programme": {"bend": "none"}}
    expected = knee.recommend(given).to_json()
    answer = knee.recommend(given)
    given["visit"]["stage"] = "done"
    assert answer.to_json() == expected


def test_many_threads_find_one_and_the_same(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    barrier = threading.Barrier(8)
    said = recommender._digest

    def digest(assessment: guidestep.Assessment) -> str:
        barrier.wait(10)  # so that all of them are putting the same answer together
        return said(assessment)

    monkeypatch.setattr(recommender, "_digest", digest)
    answer = ask(knee__flexion=None)
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: answer.missing, range(8)))
    assert len({id(each) for each in found}) == 1
    assert put_together(answer)


def test_a_fault_in_putting_together_is_no_missing_attribute(
    knee: guidestep.Guideline, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(assessment: guidestep.Assessment) -> str:
        raise AttributeError("no serializer")

    answer = knee.recommend(USUAL)
    with monkeypatch.context() as patched:
        patched.setattr(recommender, "_digest", broken)
        with pytest.raises(RuntimeError, match="could not be put together"):
            getattr(answer, "missing", ())
    assert answer.missing == ()
