"""The export for the feedback duty: every feedback once, and no formula for a spreadsheet."""

from __future__ import annotations

import csv
import io
import json

from hypothesis import given
from hypothesis import strategies as st

from guidestep.decision_log import Card, Coding, Decision, DecisionLog, Feedback
from guidestep.decision_log.export import Intervention, interventions, write_csv, write_ndjson
from guidestep.recommendation import Recommendation
from tests.decision_log.conftest import NOON, at


def fill(log: DecisionLog, answer: Recommendation) -> None:
    log.append(
        Decision.of(
            answer,
            when=NOON,
            hook="patient-view",
            service="neck",
            client="https://ehr.example",
            cards=[Card("a", "Refer now", ("s1",), ("R1",)), Card("b", "=1+1")],
            user="Practitioner/7",
            location="Location/2",
        )
    )
    log.record_feedback(
        Feedback(
            card="a",
            outcome="overridden",
            at=at(60),
            reason=Coding("patient-refuses", "http://x", "Patient refuses"),
            comment="-1 day\nlater",
            user="Practitioner/8",
        )
    )
    log.record_feedback(
        Feedback(card="a", outcome="accepted", at=at(90), accepted_suggestions=("s1",))
    )
    log.record_feedback(Feedback(card="z", outcome="accepted", at=at(91)))


def test_what_is_exported(log: DecisionLog, answers: list[Recommendation]) -> None:
    fill(log, answers[0])
    first, second, unknown, unanswered = interventions(log, unanswered=True)
    assert (first.intervention, first.action, first.user) == (
        "Refer now",
        "overridden",
        "Practitioner/8",
    )
    assert first.feedback == "Patient refuses: -1 day\nlater"
    assert (first.date, first.location) == ("2026-03-02T12:01:00.000000Z", "Location/2")
    assert (first.rules, first.reason, first.decision, first.record) == (
        ("R1",),
        "patient-refuses",
        1,
        2,
    )
    assert (second.action, second.user, second.suggestions) == (
        "accepted",
        "Practitioner/7",
        ("s1",),
    )
    assert (unknown.card, unknown.decision, unknown.intervention) == ("z", None, "")
    assert (unanswered.card, unanswered.action, unanswered.record) == ("b", "not reported", None)
    assert unanswered.date == "2026-03-02T12:00:00.000000Z"
    assert len(unanswered.rules) == len(Decision.of(answers[0], when=NOON).rules)
    assert len(list(interventions(log))) == 3


def test_csv_and_ndjson(log: DecisionLog, answers: list[Recommendation]) -> None:
    fill(log, answers[0])
    sheet, lines = io.StringIO(newline=""), io.StringIO()
    assert write_csv(interventions(log, unanswered=True), sheet) == 4
    assert write_ndjson(interventions(log, unanswered=True), lines) == 4
    rows = list(csv.DictReader(io.StringIO(sheet.getvalue(), newline="")))
    objects = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert (
        [row["card"] for row in rows] == [each["card"] for each in objects] == ["a", "a", "z", "b"]
    )
    assert rows[3]["intervention"] == "'=1+1"
    assert objects[3]["intervention"] == "=1+1"
    assert rows[2]["decision"] == ""
    assert objects[2]["decision"] is None


CELLS = st.text(st.characters(exclude_categories=("Cs",)) | st.sampled_from("=+-@\t\r\n\"',;"))


@given(CELLS, st.lists(CELLS, max_size=3))
def test_no_cell_is_a_formula(text: str, many: list[str]) -> None:
    row = Intervention(
        text, text, text, text, text, text, text, tuple(many), text, text, text, text,
        tuple(many), text, text, text, text, 1, None,
    )  # fmt: skip
    sheet = io.StringIO(newline="")
    write_csv(iter([row]), sheet)
    (_, cells) = csv.reader(io.StringIO(sheet.getvalue(), newline=""))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)
    assert cells[0].removeprefix("'") == text.removeprefix("'")
