"""FHIR R4 out: an answer, a guideline and an assessment as resources, in plain dicts.

Everything is a draft for a clinician. Nothing here is an order, nothing prescribes a drug, and a
step that is withheld never becomes a request to do something.
"""

from guidestep.interop.fhir.outgoing.bundles import recommendation_bundle
from guidestep.interop.fhir.outgoing.context import Context
from guidestep.interop.fhir.outgoing.groups import care_plan, request_group
from guidestep.interop.fhir.outgoing.guidance import guidance_response, status_of
from guidestep.interop.fhir.outgoing.guideline_bundle import guideline_bundle
from guidestep.interop.fhir.outgoing.incomplete import incomplete_bundle
from guidestep.interop.fhir.outgoing.issues import detected_issues
from guidestep.interop.fhir.outgoing.messages import communication_requests
from guidestep.interop.fhir.outgoing.questionnaires import assessment_questionnaire, questionnaire
from guidestep.interop.fhir.outgoing.requests import service_requests
from guidestep.interop.fhir.outgoing.responses import assessment_response
from guidestep.interop.fhir.outgoing.stored import StoredRecommendationError, recommendation_of

__all__ = [
    "Context",
    "StoredRecommendationError",
    "assessment_questionnaire",
    "assessment_response",
    "care_plan",
    "communication_requests",
    "detected_issues",
    "guidance_response",
    "guideline_bundle",
    "incomplete_bundle",
    "questionnaire",
    "recommendation_bundle",
    "recommendation_of",
    "request_group",
    "service_requests",
    "status_of",
]
