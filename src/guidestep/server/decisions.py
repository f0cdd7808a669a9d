"""What is recorded of the answer to a call: a recommendation, or that none could be made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from guidestep.channels import ENGINES, versions
from guidestep.decision_log import Card, Decision
from guidestep.interop.cds_hooks import Reading, Reply, Request, Served, location_of

NO_RECOMMENDATION = "no_recommendation"
"""The outcome where required fields are not recorded, or contradict each other."""

NOBODY = "none"
"""The basis where nothing was decided."""


def decision_of(
    reply: Reply,
    asked: Request,
    served: Served,
    *,
    when: datetime,
    client: str | None,
    location: str | None,
) -> Decision:
    """Return the record of the answer to a call.

    `location` is where the client's users are; an Encounter that was asked for says it better.

    Cards that say that no recommendation can be made are an answer too, and may name a red flag
    that is found all the same: they are recorded with the outcome `no_recommendation`.
    """
    if served.asks_encounter:
        location = location_of(asked) or location
    user, hook = asked.user_id, asked.hook
    encounter = None if asked.encounter_id is None else f"Encounter/{asked.encounter_id}"
    listed = reply.body["cards"]
    cards = [card for card in listed if isinstance(card, dict)] if isinstance(listed, list) else []
    if reply.recommendation is not None:
        return Decision.of(
            reply.recommendation,
            when=when,
            hook=hook,
            hook_instance=asked.hook_instance,
            service=served.id,
            client=client,
            cards=cards,
            user=user,
            encounter=encounter,
            location=location,
        )
    nothing = undecided(served, reply.reading, when=when, client=client, location=location)
    return replace(
        nothing,
        hook=hook,
        hook_instance=asked.hook_instance,
        cards=tuple(Card.of(card) for card in cards),
        user=user,
        encounter=encounter,
    )


def undecided(
    served: Served, reading: Reading, *, when: datetime, client: str | None, location: str | None
) -> Decision:
    """Return the record of what was told where no recommendation could be made."""
    guideline = served.guideline
    return Decision(
        when=when,
        guideline=guideline.id,
        guideline_version=guideline.version,
        guideline_digest=guideline.digest,
        profile=served.profile or guideline.default_profile,
        parameters={
            entry.id: guideline.parameters.get(entry.id, entry.default)
            for entry in guideline.base.entry.parameters
        },
        engines=ENGINES,
        agreement=True,
        versions=asdict(versions()),
        input_digest=_digest(reading.data),
        outcome=NO_RECOMMENDATION,
        basis=NOBODY,
        missing=tuple(reading.missing_required),
        service=served.id,
        client=client,
        location=location,
    )


def _digest(data: Mapping[str, object]) -> str:
    """Return what says whether two readings hold the same, as no assessment can be made of them."""
    text = json.dumps(dict(data), sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
