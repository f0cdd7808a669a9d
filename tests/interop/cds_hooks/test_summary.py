"""A summary is short, says what the answer is, and is cut nowhere but in its tail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guidestep.interop.cds_hooks.markdown import plain
from guidestep.interop.cds_hooks.summary import LONGEST, shortened, summary
from guidestep.notebook.content import card_content
from guidestep.outcome import Action, Outcome
from tests.interop.cds_hooks.standins import cervical, example

wordy = st.lists(st.text("abcdeé\U0001d7d8.,", min_size=1, max_size=12), max_size=60).map(" ".join)


def length(text: str) -> int:
    """Count as a browser does: what lies beyond 16 bits counts twice."""
    return sum(1 + (ord(c) > 0xFFFF) for c in text)


@given(wordy, wordy)
def test_a_summary_is_always_short_enough(head: str, tail: str) -> None:
    assert length(shortened(head, tail)) <= LONGEST


@given(wordy, wordy)
def test_a_head_is_never_cut_and_a_tail_at_a_word(head: str, tail: str) -> None:
    said, head, tail = shortened(head, tail), plain(head), plain(tail)
    if length(head) > LONGEST:
        assert said == "See the details"
        return
    assert said.startswith(head)
    rest = said[len(head) :]
    if rest not in ("", f": {tail}"):
        assert rest.endswith(" …")
        assert f"{tail} ".startswith(rest.removeprefix(": ").removesuffix(" …").rstrip(",;:"))
        words = rest.removeprefix(": ").removesuffix(" …").split(" ")
        assert [word.rstrip(",;:") for word in tail.split(" ")[: len(words)]] == [
            word.rstrip(",;:") for word in words
        ]


def test_a_cut_tail_does_not_end_with_a_word_that_leads_on() -> None:
    for words in range(10, 40):
        said = shortened("Refer", "sure " * words + "and not without " * 20)
        assert not said.endswith(("and …", "not …", "without …")), said


examples = ["eligible-intake", "missing-hoffmann", "red-flag-mid-programme", "out-of-scope"]


@pytest.mark.parametrize("name", [*examples, "post-programme", "worse-at-six-weeks"])
def test_every_outcome_is_said_in_the_summary(name: str) -> None:
    given_ = cervical().recommend(example(name))
    said = summary(given_, card_content(given_).headline)
    assert said.startswith(card_content(given_).headline)
    assert len(said) <= LONGEST


@given(st.sampled_from(examples), st.integers(1, 40), st.text("ab c", min_size=1, max_size=200))
def test_long_titles_and_many_steps_still_fit(name: str, count: int, title: str) -> None:
    given_ = cervical().recommend(example(name))
    steps = tuple(
        replace(given_.steps[index % len(given_.steps)], id=f"STEP-{index}", title=title)
        for index in range(count if given_.steps else 0)
    )
    reasons = tuple(
        replace(reason, statement=f"{title} {reason.statement}") for reason in given_.reasons
    )
    guideline = replace(given_.guideline, title=title * 3)
    changed = replace(given_, steps=steps, reasons=reasons, guideline=guideline)
    said = summary(changed, card_content(changed).headline)
    assert length(said) <= LONGEST
    if changed.steps:
        withheld = sum(step.action is Action.WITHHOLD for step in steps)
        counted = f"withhold {withheld}" in said if withheld else True
        assert all(step.id in said for step in steps) or counted


def test_what_is_more_urgent_and_not_ruled_out_is_in_the_head() -> None:
    given_ = cervical().recommend(example("missing-hoffmann"))
    for possible, words in (
        ((Outcome.URGENT_REFERRAL, Outcome.REFERRAL), "; urgent referral not ruled out"),
        ((Outcome.REFERRAL,), "; referral not ruled out"),
    ):
        changed = replace(given_, possible=possible)
        assert f"Assess first, not decided yet{words}" in summary(
            changed, card_content(changed).headline
        )
