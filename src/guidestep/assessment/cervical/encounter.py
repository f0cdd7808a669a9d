"""The visit: where in the course of care it lies, and when."""

from typing import Annotated

from guidestep.assessment.base import Section
from guidestep.assessment.cervical.enumerations import CareStage
from guidestep.assessment.fields import TODAY, item
from guidestep.assessment.values import Day


class Encounter(Section):
    """The visit: where in the course of care it lies, and when."""

    care_stage: Annotated[
        CareStage,
        item(
            "stage of care",
            "Is this visit the intake, part of the active programme, or after it?",
            facts=["F020", "F091", "F108"],
        ),
    ]
    assessment_date: Annotated[
        Day,
        item(
            "date of the assessment",
            "On which date was the patient assessed?",
            not_after=TODAY,
            facts=["F091", "F109"],
        ),
    ]
    program_start_date: Annotated[
        Day | None,
        item(
            "start of the programme",
            "On which date did the rehabilitation programme start?",
            not_after="encounter.assessment_date",
            facts=["F109", "F110", "F131"],
        ),
    ] = None
