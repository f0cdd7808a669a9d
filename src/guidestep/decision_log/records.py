"""What a log keeps: decisions, what clinicians made of their cards, and the receipts for both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, cast
from uuid import uuid4

if TYPE_CHECKING:
    from guidestep.assessment import Assessment
    from guidestep.guideline import Guideline
    from guidestep.recommendation import GuidelineUsed, Recommendation, Versions

Response: TypeAlias = Literal["accepted", "overridden"]
"""What a client reports of a card; a card that was ignored is never reported."""


def _uuid() -> str:
    return str(uuid4())


def _now() -> datetime:
    return datetime.now(UTC)


def _utc(name: str, moment: datetime) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"{name} must say its time zone, such as datetime.now(UTC)")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{name} is before or after all time in UTC") from None


def _checked_id(id_: str) -> None:
    if not 0 < len(id_) <= 36:
        raise ValueError("the id of a record is a uuid: 1 to 36 characters")


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A step of the answer and what happens with it: `start`, `continue`, `progress`, `withhold`.

    `current` is the step the patient is at, if one has begun.
    """

    id: str
    track: str
    action: str
    current: str | None = None


@dataclass(frozen=True, slots=True)
class RuleHeard:
    """A rule that spoke in the answer, and its verdict: `true`, `false`, `unknown` or `unmet`."""

    id: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Card:
    """A card that was shown: its uuid, its summary and the uuids of its suggestions.

    `rules` are the ids of the rules it shows; where empty, it stands for all of the decision.
    """

    id: str
    summary: str = ""
    suggestions: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @classmethod
    def of(cls, card: Mapping[str, object]) -> Self:
        """Return what the log keeps of a card of CDS Hooks.

        >>> Card.of({"uuid": "b1", "summary": "Refer", "suggestions": [{"uuid": "s"}]})
        Card(id='b1', summary='Refer', suggestions=('s',), rules=())

        Raises:
            ValueError: The card has no uuid.
        """
        id_ = card.get("uuid")
        if not isinstance(id_, str) or not id_:
            raise ValueError("a card without a uuid cannot be joined to its feedback")
        offered = card.get("suggestions")
        offered = offered if isinstance(offered, Sequence) else ()
        ids = (s.get("uuid") for s in offered if isinstance(s, Mapping))
        summary = card.get("summary")
        return cls(
            id=id_,
            summary=summary if isinstance(summary, str) else "",
            suggestions=tuple(s for s in ids if isinstance(s, str)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One answer that was given; `Decision.of` makes it from a recommendation.

    `when` has a time zone and is kept in UTC, to the microsecond. `id` is a uuid of its own: the
    same decision handed in twice is kept once. `client` is the issuer of the client's token.
    `user`, `encounter` and `location` are identifiers (`"Practitioner/7"`) for the feedback duty;
    they are kept in the log and are never in log lines or messages. `patient_data` are those of the
    assessment, kept only by a log that keeps inputs.
    """

    when: datetime
    guideline: str
    guideline_version: str
    guideline_digest: str
    profile: str
    parameters: Mapping[str, float]
    engines: tuple[str, ...]
    agreement: bool
    versions: Mapping[str, str]
    input_digest: str
    outcome: str
    basis: str
    steps: tuple[StepTaken, ...] = ()
    rules: tuple[RuleHeard, ...] = ()
    assumptions: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    hook: str | None = None
    hook_instance: str | None = None
    service: str | None = None
    client: str | None = None
    cards: tuple[Card, ...] = ()
    user: str | None = None
    encounter: str | None = None
    location: str | None = None
    patient_data: Assessment | None = field(default=None, repr=False, compare=False)
    id: str = field(default_factory=_uuid)

    def __post_init__(self) -> None:
        _checked_id(self.id)
        object.__setattr__(self, "when", _utc("when", self.when))

    @classmethod
    def of(
        cls,
        recommendation: Recommendation,
        *,
        when: datetime,
        guideline: Guideline | None = None,
        hook: str | None = None,
        hook_instance: str | None = None,
        service: str | None = None,
        client: str | None = None,
        cards: Sequence[Card | Mapping[str, object]] = (),
        card_ids: Sequence[str] = (),
        assessment: Assessment | None = None,
        user: str | None = None,
        encounter: str | None = None,
        location: str | None = None,
    ) -> Self:
        """Return the record of a recommendation that was given.

        `cards` are those of the reply, as CDS Hooks writes them, or `card_ids` their uuids alone.
        `assessment` is what was asked about; without it, that of the recommendation, which one
        read from JSON does not have. `guideline`, if given, must be the one that answered.

        >>> import guidestep
        >>> from datetime import UTC, datetime
        >>> guideline = guidestep.load("cervical-spasm-opll")
        >>> answer = guideline.recommend({
        ...     "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
        ...     "neurologic": {"gait_instability": "present", "mri_status": "not_done",
        ...                    "red_flag_adjudication": "none"},
        ...     "program": {"mobility_step": "not_started", "neuromuscular_step": "not_started",
        ...                 "resistance_step": "withheld", "requested_action": "none"},
        ... })
        >>> decision = Decision.of(answer, when=datetime(2026, 3, 2, 9, 30, tzinfo=UTC))
        >>> decision.outcome, decision.rules[0].id
        ('urgent_referral', 'unstable-gait')

        Raises:
            ValueError: `when` has no time zone, a card has no uuid, or another guideline answered.
        """
        used = recommendation.guideline
        if guideline is not None and guideline.digest != used.digest:
            raise ValueError(f"another guideline than {guideline.id} {guideline.version} answered")
        if assessment is None and (evidence := recommendation.evidence) is not None:
            assessment = evidence.assessment
        kept = [card if isinstance(card, Card) else Card.of(card) for card in cards]
        kept += [Card(id_) for id_ in card_ids]
        return cls(
            when=when,
            guideline=used.id,
            guideline_version=used.version,
            guideline_digest=used.digest,
            profile=used.profile,
            parameters=_parameters(used),
            engines=recommendation.engines,
            agreement=recommendation.agreement,
            versions=_versions(recommendation.versions),
            input_digest=recommendation.input_digest,
            outcome=recommendation.outcome.value,
            basis=recommendation.basis.value,
            steps=tuple(
                [StepTaken(s.id, s.track, s.action.value, s.current) for s in recommendation.steps]
            ),
            rules=rules_of(recommendation),
            assumptions=tuple([used.id for used in recommendation.assumptions]),
            missing=tuple([missing.path for missing in recommendation.missing]),
            hook=hook,
            hook_instance=hook_instance,
            service=service,
            client=client,
            cards=tuple(kept),
            user=user,
            encounter=encounter,
            location=location,
            patient_data=assessment,
        )


def rules_of(recommendation: Recommendation) -> tuple[RuleHeard, ...]:
    """Return the rules that spoke: those that decided, then conflicts and cautions, each once."""
    said = (*recommendation.reasons, *recommendation.conflicts, *recommendation.cautions)
    verdicts = {reason.rule: reason.verdict for reason in reversed(said)}
    return tuple([RuleHeard(rule, verdicts[rule]) for rule in dict.fromkeys(r.rule for r in said)])


def _parameters(used: GuidelineUsed) -> Mapping[str, float]:
    return {parameter.id: parameter.value for parameter in used.parameters}


@lru_cache(maxsize=16)
def _versions(versions: Versions) -> Mapping[str, str]:
    names = cast("tuple[str, ...]", versions.__slots__)
    return {name: str(getattr(versions, name)) for name in names}


@dataclass(frozen=True, slots=True)
class Coding:
    """The coded reason of an override, as the client gave it."""

    code: str
    system: str | None = None
    display: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What a client reports of a card: that it was accepted or overridden, when and why.

    `at` is the client's time of it, `received` ours. `comment` is free text and may name a patient:
    it is kept in the log and nowhere else. `user` and `location`, where not given, are those of the
    decision. Where `service` or `client` is given, and is not that of the decision with this card,
    the card counts as unknown.

    Source: CDS Hooks 2.0.1, Feedback.
    """

    card: str
    outcome: Response
    at: datetime
    accepted_suggestions: tuple[str, ...] = ()
    reason: Coding | None = None
    comment: str | None = None
    service: str | None = None
    client: str | None = None
    user: str | None = None
    location: str | None = None
    received: datetime = field(default_factory=_now)
    id: str = field(default_factory=_uuid)

    def __post_init__(self) -> None:
        if self.outcome not in ("accepted", "overridden"):
            raise ValueError("the outcome of a card is accepted or overridden")
        _checked_id(self.id)
        object.__setattr__(self, "at", _utc("at", self.at))
        object.__setattr__(self, "received", _utc("received", self.received))


@dataclass(frozen=True, slots=True)
class Receipt:
    """What says that a record is kept: its place in the chain, its id and its hash.

    `decision` is the place of the decision that a feedback is about; `None` for a decision, and for
    feedback to a card that the log does not know.
    """

    sequence: int
    id: str
    hash: str
    decision: int | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: keep it elsewhere, and a log that was cut short is found.

    >>> str(Head(12, "ab" * 32))[-9:]
    'ababab:12'
    """

    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.hash}:{self.sequence}"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the head that `str` wrote.

        Raises:
            ValueError: The text is not a head.
        """
        hash_, _, sequence = text.strip().rpartition(":")
        if len(hash_) != 64 or set(hash_) - set("0123456789abcdef") or not sequence.isdecimal():
            raise ValueError("a head is written HASH:SEQUENCE, 64 hexadecimal digits and a number")
        return cls(int(sequence), hash_)
