"""Why a clinician did not follow a card: the reasons that every card offers.

Source: CDS Hooks 3.0 ballot, CodeSystem `non-adherence-reason-codes`, a selection.
"""

from __future__ import annotations

from guidestep.interop.fhir.canonical import Coding

SYSTEM = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"

_DISPLAYS = {
    "cds-not-applicable": "PC CDS does not apply to patient",
    "cds-suboptimal-context": "PC CDS delivered in suboptimal context",
    "recipient-disagrees-evidence": (
        "Recipient disagrees with recommendation because of issues with the evidence"
    ),
    "recipient-concerns-outcomes": "Recipient has concerns regarding potential health outcomes",
    "does-not-align-preferences": (
        "Recommendation does not align with patient preferences or values"
    ),
    "not-convenient-feasible": "Recommendation is not convenient or feasible",
    "action-completed": "Recommended action was already completed",
    "patient-contraindication": "Patient has contraindication to recommended action",
    "patient-refuses": "Patient refuses/declines (no context given)*",
    "too-costly-uncovered": "Recommended action is too costly or not covered by insurance",
    "service-not-available": "Treatment or service is not practically available",
    "recipient-does-not-understand": (
        "Recipient does not understand the recommended action or know how to perform the "
        "recommended action"
    ),
}


def override_reasons() -> list[Coding]:
    """Return the reasons as Codings, each with its display.

    >>> override_reasons()[0]["code"]
    'cds-not-applicable'
    """
    return [
        {"code": code, "system": SYSTEM, "display": display} for code, display in _DISPLAYS.items()
    ]
