"""The answer where the two engines differ: none, and a number to look it up under."""

from __future__ import annotations

from starlette.requests import Request

from guidestep import EngineDisagreement
from guidestep.server.refusals import Code, Refusal
from guidestep.server.site import site_of
from guidestep.server.watch import incident


def engines_disagree(request: Request, error: EngineDisagreement) -> Refusal:
    """Return the refusal for a patient on whom the engines differ, counted and logged."""
    site_of(request).metrics.disagreed()
    title = "the two engines disagree on this patient: there is no answer"
    return incident(request.scope, error, Code.ENGINES_DISAGREE, title)
