"""What is recorded of the answer to a call: a recommendation, or that none could be made."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime

from guidestep.channels import ENGINES, versions
from guidestep.decision_log import Card, Decision, RuleHeard
from guidestep.interop.cds_hooks import Reading, Reply, Request, Served, location_of
from guidestep.interop.incomplete import Incomplete

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
    nothing = undecided(
        served, reply.reading, reply.incomplete, when=when, client=client, location=location
    )
    return replace(
        nothing,
        hook=hook,
        hook_instance=asked.hook_instance,
        cards=tuple(Card.of(card) for card in cards),
        user=user,
        encounter=encounter,
    )


def undecided(
    served: Served,
    reading: Reading,
    told: Incomplete | None,
    *,
    when: datetime,
    client: str | None,
    location: str | None,
) -> Decision:
    """Return the record of what was told where no recommendation could be made.

    Its rules are those for a referral that were found, or that an answer to a missing field makes
    true. Where no rule was asked there are no engines.
    """
    guideline = served.guideline
    told = told or Incomplete(guideline, served.profile or guideline.default_profile, {}, (), ())
    heard = [RuleHeard(rule.id, "true") for rule in told.found]
    heard += [RuleHeard(rule.id, "unknown") for rule in told.possible]
    return Decision(
        when=when,
        guideline=guideline.id,
        guideline_version=guideline.version,
        guideline_digest=guideline.digest,
        profile=told.profile,
        parameters={
            entry.id: guideline.parameters.get(entry.id, entry.default)
            for entry in guideline.base.entry.parameters
        },
        engines=ENGINES if told.asked else (),
        agreement=told.asked,
        versions=asdict(versions()),
        input_digest=told.digest,
        outcome=NO_RECOMMENDATION,
        basis=NOBODY,
        rules=tuple(heard),
        missing=tuple(reading.missing_required),
        service=served.id,
        client=client,
        location=location,
    )
