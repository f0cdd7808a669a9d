"""All artifacts of a guideline as one Bundle.

Source: HL7 FHIR R4, Bundle; CPG-on-FHIR 2.0.0; CRMI, shareable artifacts.
"""

from __future__ import annotations

import uuid

from guidestep.guideline import Guideline
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.activity_definitions import activity_definitions
from guidestep.interop.fhir.outgoing.bundles import bundle
from guidestep.interop.fhir.outgoing.code_systems import code_systems
from guidestep.interop.fhir.outgoing.context import Requirements
from guidestep.interop.fhir.outgoing.elements import Resource
from guidestep.interop.fhir.outgoing.library import library
from guidestep.interop.fhir.outgoing.plan_definition import plan_definition
from guidestep.interop.fhir.outgoing.questionnaires import assessment_questionnaire


def guideline_bundle(
    guideline: Guideline,
    canonical: Canonical | None = None,
    requirements: Requirements | None = None,
) -> Resource:
    """Return a guideline as PlanDefinition, Library, ActivityDefinitions, Questionnaire and codes.

    `requirements` says how an input is asked for in FHIR, such as `Mapping.data_requirements`;
    without it the local codes are named.

    >>> import guidestep
    >>> bundle = guideline_bundle(guidestep.load("cervical-spasm-opll"))
    >>> kinds = [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    >>> kinds[0], kinds.count("ActivityDefinition"), kinds.count("CodeSystem")
    ('PlanDefinition', 5, 6)
    """
    canonical = canonical or Canonical()
    id_ = uuid.uuid5(uuid.NAMESPACE_URL, f"{canonical.base}\n{guideline.id}\n{guideline.digest}")
    return bundle(
        str(id_),
        [
            plan_definition(guideline, canonical),
            library(guideline, canonical, requirements),
            *activity_definitions(guideline, canonical),
            assessment_questionnaire(guideline, canonical),
            *code_systems(guideline, canonical),
        ],
    )
