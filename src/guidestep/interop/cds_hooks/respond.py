"""A call answered: the resources read, the guideline asked, the cards made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

from guidestep.interop.cds_hooks.cards import cards, incomplete_cards
from guidestep.interop.cds_hooks.emptiness import Object
from guidestep.interop.cds_hooks.locations import ENCOUNTER
from guidestep.interop.cds_hooks.obtaining import unobtained
from guidestep.interop.cds_hooks.problems import BadRequest, RequestProblem, Unobtainable
from guidestep.interop.cds_hooks.request import Request
from guidestep.interop.cds_hooks.served import Reading, Served
from guidestep.interop.cds_hooks.suggestions import NewId
from guidestep.interop.fhir import ReadingError
from guidestep.interop.incomplete import Incomplete, answered
from guidestep.recommendation import Recommendation


@dataclass(frozen=True, slots=True)
class Reply:
    """What a call is answered with.

    `body` is the JSON of the response. `recommendation` is `None` where none could be made because
    required fields are not recorded or contradict each other: `incomplete` is then what the cards
    say, or `None` where nothing was looked at.
    """

    body: Object
    recommendation: Recommendation | None
    reading: Reading
    incomplete: Incomplete | None = None

    @property
    def card_ids(self) -> tuple[str, ...]:
        """The uuids of the cards, in order."""
        found = self.body["cards"]
        assert isinstance(found, list)
        return tuple(str(card["uuid"]) for card in found if isinstance(card, dict))


def respond(
    request: Request,
    served: Served,
    resources: Mapping[str, object],
    on: date,
    *,
    when: datetime | None = None,
    new_id: NewId | None = None,
) -> Reply:
    """Return the answer to a call.

    `resources` are the data by prefetch key, complete: a resource, a Bundle with all its pages, or
    `None` where there are no such data. `on` is the day of the visit. `when` is the moment of the
    answer, with its time zone; without it that is now. `new_id` makes the ids of cards and
    suggestions, random UUIDs where it is left out. A patient who asks, or somebody close to them,
    gets no cards: the guideline speaks to clinicians.

    Raises:
        BadRequest: The data are no FHIR resources, or too many of them.
        EngineDisagreement: The two engines differ; no answer is given.
        Unobtainable: Data that the mapping asks for are not there; it names their keys.

    Source: CDS Hooks 2.0, "CDS Service Response".
    """
    if not request.by_clinician:
        # To others there is no decision support, which the standard answers with no cards.
        nothing = served.mapping.read({}, subject=f"Patient/{request.patient_id}", on=on)
        return Reply({"cards": []}, None, nothing)
    if served.asks_encounter:  # it tells where the patient is, and nothing of their findings
        resources = {key: value for key, value in resources.items() if key != ENCOUNTER}
    lacking = unobtained(served, resources)
    if lacking:
        raise Unobtainable(lacking)
    try:
        reading = served.mapping.read(resources, subject=f"Patient/{request.patient_id}", on=on)
    except ReadingError as error:
        problem = RequestProblem("prefetch", str(error), "send FHIR R4 resources", "structure")
        raise BadRequest([problem]) from None
    found = answered(served.guideline, served.profile, reading, on)
    if isinstance(found, Incomplete):
        told = incomplete_cards(
            found, served=served, request=request, reading=reading, new_id=new_id
        )
        return Reply({"cards": [*told]}, None, reading, found)
    made = cards(
        found,
        served=served,
        request=request,
        reading=reading,
        when=when or datetime.now(UTC),
        new_id=new_id,
    )
    return Reply({"cards": [*made]}, found, reading)
