"""Checks of FHIR R4 resources: shape, required codes, invariants and links between them.

They know the resources that guidestep writes, and no terminology. A resource without problems may
still break a profile, or say something that makes no sense.
"""

from __future__ import annotations

from guidestep.interop.fhir.conformance.invariants import broken
from guidestep.interop.fhir.conformance.links import faults
from guidestep.interop.fhir.conformance.problem import Problem
from guidestep.interop.fhir.conformance.structure import Structure

__all__ = ["Problem", "problems"]


def problems(resource: object) -> list[Problem]:
    """Return what is wrong with a resource or a bundle, in the order of its elements.

    Whatever is given, this returns: what is no resource has a problem and raises nothing.

    >>> problems({"resourceType": "ServiceRequest", "status": "draft", "intent": "proposal",
    ...           "subject": {"reference": "Patient/1"}})
    []
    >>> for problem in problems({"resourceType": "RequestGroup", "status": "active",
    ...                          "intent": "idea", "action": [{"title": "Rest"}]}):
    ...     print(problem)
    RequestGroup.intent: 'idea' is no code of request-intent (code)
    RequestGroup.action[0]: a resource or actions, not both (rqg-1)
    """
    structure = Structure(resource)
    found = list(structure.problems)
    for placed in structure.placed:
        found.extend(broken(placed))
    found.extend(faults(structure.placed))
    return found
