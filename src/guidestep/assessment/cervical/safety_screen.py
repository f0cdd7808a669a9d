"""Serious causes of neck pain that the source does not ask about."""

from typing import Annotated

from guidestep.assessment.base import Section
from guidestep.assessment.cervical.enumerations import Presence
from guidestep.assessment.fields import item


class SafetyScreen(Section):
    """Serious causes of neck pain that the source does not ask about."""

    recent_neck_trauma: Annotated[
        Presence | None,
        item(
            "recent neck trauma",
            "Has the patient had a recent injury of the neck?",
            facts=["F020", "F120"],
            origin="ext",
        ),
    ] = None
    history_of_cancer: Annotated[
        Presence | None,
        item(
            "history of cancer",
            "Has the patient ever had cancer?",
            facts=["F020", "F120"],
            origin="ext",
        ),
    ] = None
    fever_or_suspected_infection: Annotated[
        Presence | None,
        item(
            "fever or suspected infection",
            "Does the patient have fever, or do you suspect an infection?",
            facts=["F020", "F120"],
            origin="ext",
        ),
    ] = None
    inflammatory_arthritis_or_upper_cervical_instability: Annotated[
        Presence | None,
        item(
            "inflammatory arthritis or upper cervical instability",
            "Does the patient have inflammatory arthritis or an unstable upper cervical spine?",
            facts=["F020", "F120"],
            origin="ext",
        ),
    ] = None
    cervical_arterial_dysfunction_features: Annotated[
        Presence | None,
        item(
            "features of cervical arterial dysfunction",
            "Are there features that suggest cervical arterial dysfunction?",
            facts=["F020", "F120"],
            origin="ext",
        ),
    ] = None
