"""A small assessment model with a field of every kind, for the guidelines with faults."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from guidestep.assessment import Assessment
from guidestep.assessment.base import Section
from guidestep.assessment.fields import item, quantity


class Visit(Section):
    on: Annotated[date, item("date of the visit", "When is the visit?")]
    stage: Annotated[Literal["intake", "programme"], item("stage of care", "Which visit is it?")]
    surgery_date: Annotated[date | None, item("date of surgery", "When was the surgery?")] = None


class Knee(Section):
    swelling: Annotated[
        Literal["none", "mild", "severe"] | None, item("swelling", "Is the knee swollen?")
    ] = None
    locked: Annotated[bool | None, item("locking", "Does the knee lock?")] = None
    pain_mm: Annotated[
        int | None, quantity("pain", "How bad is the pain?", unit="mm", minimum=0, maximum=100)
    ] = None
    flexion_deg: Annotated[
        float | None,
        quantity("flexion", "How far does it bend?", unit="deg", minimum=0, maximum=160),
    ] = None
    remarks: Annotated[str | None, item("remarks", "Anything else?", max_length=200)] = None


class Person(Section):
    age_years: Annotated[
        int | None, quantity("age", "How old is the person?", unit="a", minimum=0, maximum=120)
    ] = None


class Programme(Section):
    step: Annotated[Literal["not_started", "K1", "K2"], item("step", "At which step is it?")]
    repetitions: Annotated[
        int | None,
        quantity("repetitions", "How many?", unit="{repetition}", minimum=0, maximum=100),
    ] = None
    weeks: Annotated[
        float | None, quantity("weeks", "For how long?", unit="wk", minimum=0, maximum=500)
    ] = None


class KneeAssessment(Assessment):
    model_id = "knee"

    visit: Visit
    knee: Knee = Knee()
    person: Person = Person()
    programme: Programme


class SteppedAssessment(KneeAssessment):
    """The same with a section whose name is one of the answer."""

    steps: Person = Person()
