"""A small guideline that uses every kind of expression, and its assessment model."""

# ruff: noqa: E501 (one entry a line, however long)

from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from guidestep import Guideline
from guidestep.assessment import Assessment, Section, item, quantity
from tests.drifting import load_drifting

Presence = Literal["present", "absent"]


class Visit(Section):
    on: Annotated[date | None, item("date of the visit", "When?")] = None
    born: Annotated[date | None, item("date of birth", "When born?")] = None
    note: Annotated[str | None, item("note", "Anything else?")] = None


class Ankle(Section):
    warm: Annotated[bool | None, item("warm ankle", "Is it warm?")] = None
    signs: Annotated[Presence | None, item("signs of a sprain", "Any signs?")] = None
    pain: Annotated[
        Literal["none", "mild", "severe", "not_done"] | None, item("pain, at rest", "Any pain?")
    ] = None
    scan: Annotated[Literal["done", "not_done"] | None, item("scan", "Was a scan done?")] = None
    age: Annotated[int | None, quantity("age", "How old?", unit="a", minimum=0, maximum=120)] = None
    steps: Annotated[
        int | None,
        quantity("repetitions done", "How many?", unit="{repetition}", minimum=0, maximum=99),
    ] = None
    flexion: Annotated[
        float | None, quantity("flexion", "How far?", unit="deg", minimum=0, maximum=90)
    ] = None
    other: Annotated[
        float | None, quantity("other flexion", "How far?", unit="deg", minimum=0, maximum=90)
    ] = None


class AnkleAssessment(Assessment):
    model_id = "ankle"
    visit: Visit = Visit()
    ankle: Ankle = Ankle()


GUIDELINE = """
format: 1
id: ankle
title: An ankle
version: 1.2.3
assessment: ankle
review: {status: pending_human_review, statement: Nobody has reviewed this.}
source: {title: On ankles, publisher: Tests, updated: 2026-01-02}
intended: {user: testers, use: tests, population: ankles}
source_attributes:
  bibliographic_citation: On ankles.
  developer: The testers.
  funding: None.
  release_date: 2026-01-02
  race: {used: false}
  ethnicity: {used: false}
  language: {used: false}
  sexual_orientation: {used: false}
  gender_identity: {used: false}
  sex: {used: false}
  date_of_birth: {used: true, how: Age.}
  social_determinants_of_health: {used: false}
  health_status_assessments: {used: false}
profiles:
  - {id: usual, title: All assumptions, default: true, assumptions: all}
  - {id: bare, title: No assumption, assumptions: none}
parameters:
  - {id: least_flexion, statement: Flexion needed, default: 20, minimum: 10, maximum: 40, unit: deg, facts: [F1]}
"""
FINDINGS = """
findings:
  - {id: hot, statement: Hot to the touch, when: ankle.warm, facts: [F1]}
  - {id: worse, statement: MRI looks worse, when: ankle.pain is severe or hot, facts: [F1], assumes: [ASM-1]}
values:
  - {id: gap, statement: Difference between the sides, value: abs(ankle.flexion - ankle.other), unit: deg, facts: [F1]}
scores:
  - id: points
    statement: Points of the ankle
    items:
      - {when: ankle.warm, points: 2, label: warmth}
      - {when: "grade in (bad, fair)", points: 1}
      - {when: ankle.signs is present, points: -1}
    facts: [F1]
bands:
  - id: grade
    statement: Grade of the ankle
    cases:
      - {when: ankle.pain is severe, is: bad}
      - {when: ankle.flexion < least_flexion, is: fair}
      - {when: ankle.age > 60, is: poor}
    else: good
    facts: [F1]
  - id: open_grade
    statement: Grade by an assumption
    cases:
      - {when: ankle.warm, is: bad}
    else: good
    facts: [F1]
    assumes: [ASM-1]
"""
OTHERS = {
    "assumptions.yaml": "- {id: ASM-1, title: Worse, statement: We say what is worse., question: What is worse?, open_when: ankle.warm}",
    "citations.yaml": "- {id: book, title: The book, kind: guideline, strength: low, population_match: partial, resolved: true, mapping: not_in_source}",
    "facts.yaml": "- {id: F1, section: A, category: red_flag, statement: Ankles., figures: {most_degrees: 20}, cites: [book]}",
    "steps.yaml": "steps:\n  - {id: S1, kind: assessment, title: Rest, content: Rest it., facts: [F1]}",
}


def ankle(folder: Path, conditions: dict[str, str]) -> Guideline:
    """Write the guideline with one requirement a condition, by id, and load it."""
    rules = [
        f'- {{id: {id_}, statement: About {id_}, require: "{when}", step: S1, facts: [F1]}}'
        for id_, when in conditions.items()
    ]
    files = {**OTHERS, "guideline.yaml": GUIDELINE, "findings.yaml": FINDINGS}
    for name, text in {**files, "requirements.yaml": "\n".join(rules)}.items():
        (folder / name).write_text(text, encoding="utf-8")

    return load_drifting(folder, AnkleAssessment)
