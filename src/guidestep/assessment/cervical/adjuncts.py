"""Drugs and manual techniques beside the exercises, and what speaks against them."""

from typing import Annotated

from guidestep.assessment.base import Section
from guidestep.assessment.cervical.enumerations import AdjunctDrug, ManualTechnique, Presence
from guidestep.assessment.fields import item, quantity, snomed


class Adjuncts(Section):
    """Drugs and manual techniques beside the exercises, and what speaks against them."""

    neuropathic_pain: Annotated[
        Presence | None,
        item("neuropathic pain", "Does the patient have neuropathic pain?", facts=["F072"]),
    ] = None
    cervical_dystonia_diagnosis: Annotated[
        Presence | None,
        item(
            "diagnosis of cervical dystonia",
            "Has cervical dystonia been diagnosed?",
            facts=["F060", "F072"],
            codes=[snomed("74333002", "Spasmodic torticollis")],
        ),
    ] = None
    adjunct_drug: Annotated[
        AdjunctDrug | None,
        item(
            "current adjunct drug",
            "Does the patient take pregabalin, gabapentin, duloxetine or another such drug?",
            facts=["F072"],
        ),
    ] = None
    creatinine_clearance_ml_min: Annotated[
        float | None,
        quantity(
            "creatinine clearance",
            "What is the patient's creatinine clearance?",
            unit="mL/min",
            minimum=0,
            maximum=250,
            facts=["F072"],
            origin="ext",
        ),
    ] = None
    hepatic_disease: Annotated[
        Presence | None,
        item(
            "liver disease",
            "Does the patient have liver disease?",
            facts=["F070", "F072"],
            origin="ext",
        ),
    ] = None
    maoi_use_past_14_days: Annotated[
        Presence | None,
        item(
            "MAO inhibitor in the past 14 days",
            "Has the patient taken a monoamine oxidase inhibitor in the past 14 days?",
            facts=["F070", "F072"],
            origin="ext",
        ),
    ] = None
    uncontrolled_narrow_angle_glaucoma: Annotated[
        Presence | None,
        item(
            "uncontrolled narrow-angle glaucoma",
            "Does the patient have narrow-angle glaucoma that is not under control?",
            facts=["F070", "F072"],
            origin="ext",
        ),
    ] = None
    opioid_or_cns_depressant_use: Annotated[
        Presence | None,
        item(
            "use of opioids or other CNS depressants",
            "Does the patient take opioids or other central nervous system depressants?",
            facts=["F070", "F072"],
            origin="ext",
        ),
    ] = None
    chronic_respiratory_disease: Annotated[
        Presence | None,
        item(
            "chronic respiratory disease",
            "Does the patient have a chronic respiratory disease?",
            facts=["F070", "F072"],
            origin="ext",
        ),
    ] = None
    pregnancy: Annotated[
        Presence | None,
        item("pregnancy", "Is the patient pregnant?", facts=["F070", "F072"], origin="ext"),
    ] = None
    history_of_falls: Annotated[
        Presence | None,
        item("earlier falls", "Has the patient had falls?", facts=["F070", "F072"], origin="ext"),
    ] = None
    planned_manual_technique: Annotated[
        ManualTechnique | None,
        item(
            "planned manual technique",
            "Which manual technique is planned for the cervical or thoracic spine?",
            facts=["F080", "F083"],
        ),
    ] = None
