"""The plain-text card, word for word."""

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from guidestep import Guideline, Recommendation
from guidestep.assessment import CervicalAssessment
from guidestep.notebook.text_card import text_card
from tests.explain.patients import shipped_guideline
from tests.notebook.conftest import PATIENTS
from tests.strategies.assessments import cervical_assessments, changed

GOLDEN = Path(__file__).parent / "golden"
UPDATE = os.environ.get("GUIDESTEP_UPDATE_GOLDEN") == "1"


@pytest.mark.parametrize("name", PATIENTS)
def test_the_card_word_for_word(cervical: Guideline, name: str) -> None:
    """The answers are kept beside the cards, so that no change of a rule changes a card.

    GUIDESTEP_UPDATE_GOLDEN=1 writes both anew.
    """
    answer, card = GOLDEN / f"{name}.json", GOLDEN / f"{name}.txt"
    if UPDATE:
        given_ = cervical.recommend(PATIENTS[name])
        answer.write_text(given_.to_json() + "\n", encoding="utf-8")
        card.write_text(text_card(given_) + "\n", encoding="utf-8")
    kept = Recommendation.from_json(answer.read_text(encoding="utf-8"))
    assert text_card(kept) + "\n" == card.read_text(encoding="utf-8")


@settings(max_examples=60, deadline=None)
@given(patient=cervical_assessments())
def test_what_every_card_says(patient: CervicalAssessment) -> None:
    # Not a fixture: Hypothesis would print all of it with a failure.
    answer = shipped_guideline().recommend(patient, engine="compiled")
    card = text_card(answer)
    lines = card.splitlines()
    assert max(map(len, lines)) <= 90
    flat = " ".join(card.split())
    said = [step.title for step in answer.steps]
    said += [one.statement for one in (*answer.reasons, *answer.cautions, *answer.conflicts)]
    assert not [text for text in said if " ".join(text.split()) not in flat]
    for missing in answer.missing:
        assert missing.question in flat
    for rule in answer.not_evaluable:
        assert f"? {rule.statement}" in flat
    for notice in answer.notices:
        assert " ".join(notice.statement.split()) in flat
    for citation in answer.citations:
        assert citation.title.rstrip(".") in flat
    for used in answer.assumptions:
        assert f"- {used.id} (version {used.version}): {used.title}" in flat
    assert "PENDING HUMAN REVIEW" in flat
    assert answer.guideline.digest[:12] in flat
    # From the answer alone: what is read back has the same card.
    assert text_card(Recommendation.from_json(answer.to_json())) == card


def test_an_answer_of_one_engine_says_so(cervical: Guideline) -> None:
    patient = PATIENTS["start"]
    assert "Engines agree: durable, compiled." in text_card(cervical.recommend(patient))
    alone = text_card(cervical.recommend(patient, engine="compiled"))
    assert "NOT checked by a second engine: compiled alone." in alone


def test_the_outcome_comes_first(cervical: Guideline) -> None:
    cards = {
        name: text_card(cervical.recommend(p, engine="compiled")) for name, p in PATIENTS.items()
    }
    assert cards["start"].startswith("Start M1, start N1, ")
    assert cards["urgent"].startswith("STOP REHABILITATION, REFER URGENTLY\n")
    assert cards["assess-first"].startswith("ASSESS FIRST, NOT DECIDED YET\n")


def test_an_undecided_rule_is_never_stated_as_found(cervical: Guideline) -> None:
    answer = cervical.recommend(PATIENTS["assess-first"], engine="compiled")
    undecided = [reason.statement for reason in answer.reasons if reason.verdict == "unknown"]
    assert undecided
    flat = " ".join(text_card(answer).split())
    for statement in undecided:
        assert not re.search(rf"(?<!\?) {re.escape(statement)}", flat)


def test_an_answer_that_is_not_granted_says_so(cervical: Guideline) -> None:
    card = text_card(cervical.recommend(PATIENTS["start"], engine="compiled"))
    assert "- Start resistance training: NOT granted" in card


def test_contradictions_beside_a_referral_have_a_block_of_their_own(cervical: Guideline) -> None:
    card = text_card(cervical.recommend(PATIENTS["urgent"], engine="compiled"))
    assert "Entries that contradict each other" in card
    # In an answer that they decide, they are the reason and are said once.
    patient = changed(PATIENTS["start"], neurologic__hand_weakness_trend="stable")
    card = text_card(cervical.recommend(patient, engine="compiled"))
    assert "Entries that contradict each other" not in card
    assert card.count("The entries on weakness or numbness of hands and arms contradict") == 1


def test_hostile_texts_stay_within_the_columns(hostile: list[Recommendation]) -> None:
    for answer in hostile:
        assert max(map(len, text_card(answer).splitlines())) <= 90
