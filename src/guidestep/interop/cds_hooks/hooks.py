"""The hooks that a service of ours can answer, and what the context of each holds.

Source: CDS Hooks Library 1.0.1, patient-view 1.0, order-select 1.0, order-sign and
encounter-start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

PATIENT_VIEW = "patient-view"
ORDER_SELECT = "order-select"
ORDER_SIGN = "order-sign"
ENCOUNTER_START = "encounter-start"

CLINICIANS = ("Practitioner", "PractitionerRole")
"""The users that a guideline speaks to: what it says is for licensed clinicians to check."""

USER_TYPES = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
"""The resources that a `userId` may name."""

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
"""A FHIR id, without the type of its resource."""

REFERENCE = re.compile(r"[A-Z][A-Za-z]{0,63}/[A-Za-z0-9\-.]{1,64}")
"""A relative reference: the type of a resource and its id."""

USER_ID = re.compile(rf"(?:{'|'.join(USER_TYPES)})/[A-Za-z0-9\-.]{{1,64}}")
"""A relative reference to a user."""


@dataclass(frozen=True, slots=True)
class HookContext:
    """What the context of a hook holds beside `userId` and `patientId`, which all require.

    >>> HOOKS["order-sign"].orders, HOOKS["order-sign"].selections
    (True, False)
    """

    encounter: bool = False
    """Whether the encounter must be named; it always may be."""
    orders: bool = False
    """Whether there are draft orders."""
    selections: bool = False
    """Whether some of the draft orders are newly selected."""


HOOKS: Mapping[str, HookContext] = {
    PATIENT_VIEW: HookContext(),
    ORDER_SELECT: HookContext(orders=True, selections=True),
    ORDER_SIGN: HookContext(orders=True),
    ENCOUNTER_START: HookContext(encounter=True),
}
"""The hooks by name."""
