"""The neurologic examination and the MRI of the neck."""

from typing import Annotated

from guidestep.assessment.base import Section
from guidestep.assessment.cervical.enumerations import (
    CordCompression,
    GaitChangeCause,
    ImagingPresence,
    Laterality,
    Onset,
    Performed,
    Presence,
    RedFlagAdjudication,
    Sign,
    Trend,
)
from guidestep.assessment.fields import item, quantity, snomed
from guidestep.assessment.values import Day


class Neurologic(Section):
    """The neurologic examination and the MRI of the neck."""

    hand_weakness_laterality: Annotated[
        Laterality | None,
        item(
            "hand weakness, side",
            "Is there weakness of the hands on examination, and on which side?",
            facts=["F021", "F103"],
            codes=[snomed("299042006", "Weakness of hand")],
        ),
    ] = None
    hand_weakness_trend: Annotated[
        Trend | None,
        item(
            "hand weakness, course",
            "Is the hand weakness getting worse, stable or improving?",
            facts=["F021", "F103"],
        ),
    ] = None
    hand_weakness_onset: Annotated[
        Onset | None,
        item(
            "hand weakness, onset",
            "Has the hand weakness appeared since the baseline, or was it there before?",
            facts=["F103", "F106"],
        ),
    ] = None
    patient_reported_hand_clumsiness: Annotated[
        Laterality | None,
        item(
            "hand clumsiness as the patient reports it",
            "Does the patient notice clumsiness of the hands, and on which side?",
            facts=["F021", "F103"],
            origin="ext",
        ),
    ] = None
    gait_instability: Annotated[
        Presence | None,
        item(
            "unsteady gait",
            "Is the patient unsteady when walking?",
            facts=["F022", "F123"],
            codes=[snomed("22631008", "Unsteady when walking")],
        ),
    ] = None
    gait_change: Annotated[
        Presence | None,
        item(
            "change of gait",
            "Has the patient's gait changed?",
            facts=["F104"],
            codes=[snomed("22325002", "Abnormal gait")],
        ),
    ] = None
    gait_change_cause: Annotated[
        GaitChangeCause | None,
        item(
            "cause of the gait change",
            "Is the gait change neurological, or is another cause documented?",
            facts=["F104", "F123"],
            origin="ext",
        ),
    ] = None
    hoffmann_left: Annotated[
        Sign | None,
        item("Hoffmann sign, left", "What is the Hoffmann sign on the left?", facts=["F023"]),
    ] = None
    hoffmann_right: Annotated[
        Sign | None,
        item("Hoffmann sign, right", "What is the Hoffmann sign on the right?", facts=["F023"]),
    ] = None
    ue_weakness_laterality: Annotated[
        Laterality | None,
        item(
            "arm weakness, side",
            "Is there weakness of the upper extremities, and on which side?",
            facts=["F105", "F121"],
        ),
    ] = None
    ue_weakness_trend: Annotated[
        Trend | None,
        item(
            "arm weakness, course",
            "Is the arm weakness getting worse, stable or improving?",
            facts=["F121"],
        ),
    ] = None
    ue_numbness_laterality: Annotated[
        Laterality | None,
        item(
            "arm numbness, side",
            "Is there numbness of the upper extremities, and on which side?",
            facts=["F105", "F122"],
        ),
    ] = None
    ue_numbness_trend: Annotated[
        Trend | None,
        item(
            "arm numbness, course",
            "Is the arm numbness getting worse, stable or improving?",
            facts=["F122"],
        ),
    ] = None
    le_symptoms: Annotated[
        Presence | None,
        item(
            "leg symptoms",
            "Does the patient have symptoms in the lower extremities?",
            facts=["F124"],
        ),
    ] = None
    le_symptoms_onset: Annotated[
        Onset | None,
        item(
            "leg symptoms, onset",
            "Have the leg symptoms appeared since the baseline, or were they there before?",
            facts=["F124"],
        ),
    ] = None
    bowel_dysfunction: Annotated[
        Presence | None,
        item(
            "bowel dysfunction",
            "Does the patient have trouble controlling or emptying the bowel?",
            facts=["F125"],
        ),
    ] = None
    bladder_dysfunction: Annotated[
        Presence | None,
        item(
            "bladder dysfunction",
            "Does the patient have trouble holding or passing urine?",
            facts=["F126"],
            codes=[snomed("40492006", "Bladder dysfunction")],
        ),
    ] = None
    sphincter_symptom_onset: Annotated[
        Onset | None,
        item(
            "bowel or bladder symptoms, onset",
            "Are the bowel or bladder symptoms new since the baseline, or were they there before?",
            facts=["F125", "F126"],
        ),
    ] = None
    new_neurologic_deficit: Annotated[
        Presence | None,
        item(
            "new neurologic deficit",
            "Has a neurologic deficit developed since the programme started?",
            facts=["F110"],
        ),
    ] = None
    new_neurologic_deficit_description: Annotated[
        str | None,
        item(
            "description of the new neurologic deficit",
            "What is the new neurologic deficit?",
            max_length=500,
            facts=["F110"],
        ),
    ] = None
    red_flag_adjudication: Annotated[
        RedFlagAdjudication,
        item(
            "clinician's record on the red flags",
            "Has a named clinician recorded that the red flags do not come from the spinal cord?",
            facts=["F120", "F124", "F125", "F126"],
            origin="ext",
        ),
    ]
    mri_status: Annotated[
        Performed | None,
        item("cervical MRI", "Has an MRI of the cervical spine been done?", facts=["F127"]),
    ] = None
    mri_cord_compression: Annotated[
        CordCompression | None,
        item(
            "cord compression on MRI",
            "Does the MRI show compression of the spinal cord, and how much?",
            facts=["F127"],
            codes=[snomed("71286001", "Spinal cord compression")],
        ),
    ] = None
    mri_myelomalacia: Annotated[
        ImagingPresence | None,
        item("myelomalacia on MRI", "Does the MRI report describe myelomalacia?", facts=["F127"]),
    ] = None
    mri_date: Annotated[
        Day | None,
        item(
            "date of the MRI",
            "On which date was the MRI done?",
            not_after="encounter.assessment_date",
            facts=["F127", "F108"],
            origin="ext",
        ),
    ] = None
    babinski_left: Annotated[
        Sign | None,
        item(
            "Babinski sign, left",
            "What is the Babinski sign on the left?",
            facts=["F020"],
            origin="ext",
        ),
    ] = None
    inverted_supinator_left: Annotated[
        Sign | None,
        item(
            "inverted supinator sign, left",
            "What is the inverted supinator sign on the left?",
            facts=["F020"],
            origin="ext",
        ),
    ] = None
    grip_release_10s_left: Annotated[
        int | None,
        quantity(
            "grip and release in 10 seconds, left",
            "How often can the patient close and open the left hand in 10 seconds?",
            unit="{count}",
            minimum=0,
            maximum=60,
            facts=["F103"],
            origin="ext",
        ),
    ] = None
    babinski_right: Annotated[
        Sign | None,
        item(
            "Babinski sign, right",
            "What is the Babinski sign on the right?",
            facts=["F020"],
            origin="ext",
        ),
    ] = None
    inverted_supinator_right: Annotated[
        Sign | None,
        item(
            "inverted supinator sign, right",
            "What is the inverted supinator sign on the right?",
            facts=["F020"],
            origin="ext",
        ),
    ] = None
    grip_release_10s_right: Annotated[
        int | None,
        quantity(
            "grip and release in 10 seconds, right",
            "How often can the patient close and open the right hand in 10 seconds?",
            unit="{count}",
            minimum=0,
            maximum=60,
            facts=["F103"],
            origin="ext",
        ),
    ] = None
    mjoa_total: Annotated[
        int | None,
        quantity(
            "total mJOA score",
            "What is the total modified Japanese Orthopaedic Association score (0 to 18)?",
            unit="{score}",
            minimum=0,
            maximum=18,
            facts=["F013", "F106"],
            origin="ext",
        ),
    ] = None
