"""CDS Hooks 2.0.1 without a web framework: calls read, guidelines asked, cards made.

Nothing here opens a connection. A server hands in decoded JSON and the resources it could get, and
sends what comes back:

- `discovery` answers `GET {base}/cds-services`;
- `parse_request` reads a call (`BadRequest` is status 400), `obtained` and `unobtained` say which
  data it has and which have to be fetched, `respond` answers it (`Unobtainable` is status 412);
- `parse_feedback` reads what became of the cards.
"""

from guidestep.interop.cds_hooks import conformance
from guidestep.interop.cds_hooks.cards import cards
from guidestep.interop.cds_hooks.discovery import discovery
from guidestep.interop.cds_hooks.emptiness import without_empty
from guidestep.interop.cds_hooks.feedback import Feedback, parse_feedback
from guidestep.interop.cds_hooks.hooks import HOOKS
from guidestep.interop.cds_hooks.locations import location_of
from guidestep.interop.cds_hooks.obtaining import is_obtained, obtained, unobtained
from guidestep.interop.cds_hooks.problems import (
    BadRequest,
    RequestProblem,
    Unobtainable,
    operation_outcome,
)
from guidestep.interop.cds_hooks.request import FhirAuthorization, Request, parse_request
from guidestep.interop.cds_hooks.respond import Reply, respond
from guidestep.interop.cds_hooks.served import FhirMapping, Reading, Served
from guidestep.interop.cds_hooks.tokens import filled

__all__ = [
    "HOOKS",
    "BadRequest",
    "Feedback",
    "FhirAuthorization",
    "FhirMapping",
    "Reading",
    "Reply",
    "Request",
    "RequestProblem",
    "Served",
    "Unobtainable",
    "cards",
    "conformance",
    "discovery",
    "filled",
    "is_obtained",
    "location_of",
    "obtained",
    "operation_outcome",
    "parse_feedback",
    "parse_request",
    "respond",
    "unobtained",
    "without_empty",
]
