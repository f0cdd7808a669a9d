"""Draft orders of exercise steps of the guideline, held against what it says of the patient.

An order is known by the local code of its step or by the ActivityDefinition it instantiates: a
draft that this guideline did not suggest and that is coded otherwise is not recognised.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from guidestep.interop.cds_hooks.request import Resource
from guidestep.interop.cds_hooks.served import Served
from guidestep.interop.fhir.outgoing.elements import fhir_id
from guidestep.outcome import Action, Outcome
from guidestep.recommendation import Recommendation, StepAdvice

EXERCISE = frozenset({Action.START, Action.CONTINUE, Action.PROGRESS})
"""The actions that mean that a step is done."""

_NOT_ORDERED = ("revoked", "entered-in-error", "completed")
"""Statuses of what is no order any more; no set, for what is sent may not be hashable."""


@dataclass(frozen=True, slots=True)
class Ordered:
    """A draft order of a step; `resource_id` is its reference, if it has an id."""

    step: str
    title: str
    resource_id: str | None = None


def ordered(served: Served, orders: Iterable[Resource]) -> tuple[Ordered, ...]:
    """Return the draft orders of exercise steps of the guideline, each once a step."""
    steps = served.guideline.steps
    found: list[Ordered] = []
    for order in orders:
        if order.get("doNotPerform") is True or order.get("status") in _NOT_ORDERED:
            continue
        for step in _steps_of(served, order):
            if step in steps and steps[step].kind == "exercise":
                id_ = order.get("id")
                kind = order.get("resourceType")
                reference = f"{kind}/{id_}" if isinstance(id_, str) and id_ else None
                found.append(Ordered(step, steps[step].title, reference))
    return tuple(dict.fromkeys(found))


def advised(recommendation: Recommendation | None) -> Mapping[str, StepAdvice]:
    """Return the steps that the recommendation wants done, by id."""
    if recommendation is None or recommendation.outcome is not Outcome.RECOMMEND:
        return {}
    return {step.id: step for step in recommendation.steps if step.action in EXERCISE}


def against(recommendation: Recommendation | None, found: Sequence[Ordered]) -> list[Ordered]:
    """Return the orders of steps that the recommendation does not want done."""
    wanted = advised(recommendation)
    return [one for one in found if one.step not in wanted]


def _steps_of(served: Served, order: Resource) -> Iterable[str]:
    canonical, guideline = served.mapping.canonical, served.guideline.id
    system = canonical.step(guideline, "")["system"]
    code = order.get("code")
    codings = code.get("coding") if isinstance(code, Mapping) else None
    for coding in codings if isinstance(codings, list) else ():
        if isinstance(coding, Mapping) and coding.get("system") == system:
            yield str(coding.get("code"))
    instantiated = order.get("instantiatesCanonical")
    if not isinstance(instantiated, list):
        return
    addresses = {
        canonical.of("ActivityDefinition", fhir_id(f"{guideline}-{step}")): step
        for step in served.guideline.steps
    }
    for address in instantiated:
        if isinstance(address, str) and (step := addresses.get(address.partition("|")[0])):
            yield step
