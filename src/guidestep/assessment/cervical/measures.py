"""Range of motion, pain and the shoulder, at baseline and now."""

from typing import Annotated

from guidestep.assessment.base import Section
from guidestep.assessment.cervical.enumerations import RomMethod, TestResult
from guidestep.assessment.fields import item, loinc, quantity


class Measures(Section):
    """Range of motion, pain and the shoulder, at baseline and now."""

    rom_method: Annotated[
        RomMethod | None,
        item(
            "method of measuring neck motion",
            "How was cervical range of motion measured?",
            facts=["F024", "F025", "F026", "F027", "F091"],
        ),
    ] = None
    baseline_cervical_flexion_deg: Annotated[
        float | None,
        quantity(
            "cervical flexion at baseline",
            "How far could the patient bend the neck forward at baseline?",
            unit="deg",
            minimum=0,
            maximum=90,
            facts=["F024"],
        ),
    ] = None
    baseline_cervical_extension_deg: Annotated[
        float | None,
        quantity(
            "cervical extension at baseline",
            "How far could the patient bend the neck back at baseline?",
            unit="deg",
            minimum=0,
            maximum=100,
            facts=["F025"],
        ),
    ] = None
    baseline_cervical_rotation_left_deg: Annotated[
        float | None,
        quantity(
            "cervical rotation to the left at baseline",
            "How far could the patient turn the head to the left at baseline?",
            unit="deg",
            minimum=0,
            maximum=110,
            facts=["F026"],
        ),
    ] = None
    baseline_cervical_rotation_right_deg: Annotated[
        float | None,
        quantity(
            "cervical rotation to the right at baseline",
            "How far could the patient turn the head to the right at baseline?",
            unit="deg",
            minimum=0,
            maximum=110,
            facts=["F026"],
        ),
    ] = None
    baseline_cervical_lateral_bending_left_deg: Annotated[
        float | None,
        quantity(
            "lateral bending to the left at baseline",
            "How far could the patient bend the neck to the left at baseline?",
            unit="deg",
            minimum=0,
            maximum=70,
            facts=["F027"],
        ),
    ] = None
    baseline_cervical_lateral_bending_right_deg: Annotated[
        float | None,
        quantity(
            "lateral bending to the right at baseline",
            "How far could the patient bend the neck to the right at baseline?",
            unit="deg",
            minimum=0,
            maximum=70,
            facts=["F027"],
        ),
    ] = None
    baseline_pain_vas_mm: Annotated[
        float | None,
        quantity(
            "neck pain on a visual analogue scale at baseline",
            "How severe was the neck pain at baseline, on a 100 mm visual analogue scale?",
            unit="mm",
            minimum=0,
            maximum=100,
            other_units={"cm": 10},
            facts=["F028"],
            codes=[loinc("38214-3", "Pain severity [Score] Visual analog score")],
        ),
    ] = None
    current_cervical_flexion_deg: Annotated[
        float | None,
        quantity(
            "cervical flexion now",
            "How far can the patient bend the neck forward now?",
            unit="deg",
            minimum=0,
            maximum=90,
            facts=["F024", "F091"],
        ),
    ] = None
    current_cervical_extension_deg: Annotated[
        float | None,
        quantity(
            "cervical extension now",
            "How far can the patient bend the neck back now?",
            unit="deg",
            minimum=0,
            maximum=100,
            facts=["F025", "F091"],
        ),
    ] = None
    current_cervical_rotation_left_deg: Annotated[
        float | None,
        quantity(
            "cervical rotation to the left now",
            "How far can the patient turn the head to the left now?",
            unit="deg",
            minimum=0,
            maximum=110,
            facts=["F026", "F091"],
        ),
    ] = None
    current_cervical_rotation_right_deg: Annotated[
        float | None,
        quantity(
            "cervical rotation to the right now",
            "How far can the patient turn the head to the right now?",
            unit="deg",
            minimum=0,
            maximum=110,
            facts=["F026", "F091"],
        ),
    ] = None
    current_cervical_lateral_bending_left_deg: Annotated[
        float | None,
        quantity(
            "lateral bending to the left now",
            "How far can the patient bend the neck to the left now?",
            unit="deg",
            minimum=0,
            maximum=70,
            facts=["F027", "F091"],
        ),
    ] = None
    current_cervical_lateral_bending_right_deg: Annotated[
        float | None,
        quantity(
            "lateral bending to the right now",
            "How far can the patient bend the neck to the right now?",
            unit="deg",
            minimum=0,
            maximum=70,
            facts=["F027", "F091"],
        ),
    ] = None
    current_pain_vas_mm: Annotated[
        float | None,
        quantity(
            "neck pain on a visual analogue scale now",
            "How severe is the neck pain now, on a 100 mm visual analogue scale?",
            unit="mm",
            minimum=0,
            maximum=100,
            other_units={"cm": 10},
            facts=["F028", "F131"],
            codes=[loinc("38214-3", "Pain severity [Score] Visual analog score")],
        ),
    ] = None
    shoulder_strength_left_mrc: Annotated[
        int | None,
        quantity(
            "shoulder strength, left",
            "What is the strength of the left shoulder on the MRC scale (0 to 5)?",
            unit="{score}",
            minimum=0,
            maximum=5,
            facts=["F029"],
        ),
    ] = None
    shoulder_elevation_left_deg: Annotated[
        float | None,
        quantity(
            "shoulder elevation, left",
            "How far can the patient raise the left arm?",
            unit="deg",
            minimum=0,
            maximum=180,
            facts=["F030"],
        ),
    ] = None
    shoulder_impingement_left: Annotated[
        TestResult | None,
        item(
            "shoulder impingement signs, left",
            "Are the impingement signs of the left shoulder positive?",
            facts=["F031"],
        ),
    ] = None
    shoulder_strength_right_mrc: Annotated[
        int | None,
        quantity(
            "shoulder strength, right",
            "What is the strength of the right shoulder on the MRC scale (0 to 5)?",
            unit="{score}",
            minimum=0,
            maximum=5,
            facts=["F029"],
        ),
    ] = None
    shoulder_elevation_right_deg: Annotated[
        float | None,
        quantity(
            "shoulder elevation, right",
            "How far can the patient raise the right arm?",
            unit="deg",
            minimum=0,
            maximum=180,
            facts=["F030"],
        ),
    ] = None
    shoulder_impingement_right: Annotated[
        TestResult | None,
        item(
            "shoulder impingement signs, right",
            "Are the impingement signs of the right shoulder positive?",
            facts=["F031"],
        ),
    ] = None
