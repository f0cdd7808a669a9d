"""Whether the guideline speaks about this person."""

from typing import Annotated

from guidestep.assessment.base import Section
from guidestep.assessment.cervical.enumerations import (
    CervicalSurgery,
    ImagingModality,
    LesionExtent,
    LesionType,
    Presence,
    SpasmStatus,
)
from guidestep.assessment.fields import item, quantity


class Scope(Section):
    """Whether the guideline speaks about this person."""

    age_years: Annotated[
        int | None,
        quantity(
            "age",
            "How old is the patient, in completed years?",
            unit="a",
            minimum=0,
            maximum=120,
            facts=["F010"],
            immutable=True,
        ),
    ] = None
    cervical_muscle_spasm: Annotated[
        Presence | None,
        item(
            "cervical muscle spasm",
            "Does the patient have spasm of the neck muscles?",
            facts=["F011"],
        ),
    ] = None
    acute_spasm_status: Annotated[
        SpasmStatus | None,
        item(
            "state of the acute spasm",
            "Is the acute spasm still there, has it resolved, or has it come back?",
            facts=["F063"],
        ),
    ] = None
    pll_calcification: Annotated[
        Presence | None,
        item(
            "calcification of the posterior longitudinal ligament",
            "Does imaging show calcification of the posterior longitudinal ligament in the neck?",
            facts=["F012"],
        ),
    ] = None
    pll_lesion_type: Annotated[
        LesionType | None,
        item(
            "type of the ligament lesion",
            "Is the lesion of the ligament a calcification or an ossification?",
            facts=["F012", "F101"],
        ),
    ] = None
    pll_extent_clinician_grade: Annotated[
        LesionExtent | None,
        item(
            "extent of the ligament lesion, as graded by the clinician",
            "In your judgement, is the ligament lesion minor or more than minor?",
            facts=["F012", "F100"],
        ),
    ] = None
    pll_imaging_modality: Annotated[
        ImagingModality | None,
        item(
            "imaging of the ligament lesion",
            "Which imaging showed the ligament lesion?",
            facts=["F012", "F127"],
        ),
    ] = None
    pll_occupying_ratio_percent: Annotated[
        float | None,
        quantity(
            "canal occupying ratio of the ligament lesion",
            "What share of the canal's sagittal diameter does the lesion take up at its widest?",
            unit="%",
            minimum=0,
            maximum=100,
            facts=["F012"],
            origin="ext",
        ),
    ] = None
    space_available_for_cord_mm: Annotated[
        float | None,
        quantity(
            "space available for the cord",
            "How much room is left for the spinal cord at the narrowest level?",
            unit="mm",
            minimum=0,
            maximum=25,
            other_units={"cm": 10},
            facts=["F012", "F127"],
            origin="ext",
        ),
    ] = None
    significant_neurologic_deficit: Annotated[
        Presence | None,
        item(
            "significant neurologic deficit",
            "In your judgement, does the patient have a significant neurologic deficit?",
            facts=["F013"],
        ),
    ] = None
    prior_cervical_surgery: Annotated[
        CervicalSurgery | None,
        item(
            "earlier surgery of the neck",
            "Has the patient had surgery of the cervical spine, and of which kind?",
            facts=["F107"],
        ),
    ] = None
