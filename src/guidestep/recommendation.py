"""What comes back: a recommendation, immutable, with everything it rests on.

All parts are frozen and go to JSON and back; the order of everything is fixed, so that the same
input gives the same bytes.

The outcome is settled when a recommendation is made, and so is all that it follows from: the
patient, and the verdicts on which the engines agree. What it says besides is put together when a
part of it is first asked for, all at once: who reads only outcomes does not wait for the words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, cast

from pydantic import TypeAdapter

from guidestep.language.documents import CitationEntry, DoseEntry, Review
from guidestep.outcome import Action, Basis, Family, Outcome

if TYPE_CHECKING:
    from guidestep.explain.evidence import Evidence
    from guidestep.explain.explanation import Explanation
    from guidestep.explain.questions import NextQuestions
    from guidestep.explain.robustness import Robustness
    from guidestep.explain.targets import Wanted
    from guidestep.explain.why_not import WhyNot

Known: TypeAlias = bool | int | float | str

Parts: TypeAlias = Mapping[str, object]
"""Fields of a recommendation, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A value of the assessment that a rule looked at; `unit` is UCUM, a date is ISO 8601."""

    path: str
    label: str
    value: Known
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """An input that is not assessed and could still change the answer.

    `rules` are the rules that wait for it and `could_lead_to` the most urgent outcome that one of
    them gives. `absent_reason` is the FHIR data-absent-reason recorded beside it, if any.
    """

    path: str
    label: str
    question: str
    unit: str | None = None
    members: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    could_lead_to: Outcome
    absent_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A rule that speaks in the answer.

    `verdict` is `true` for a rule that fired, `unknown` for one that could still fire, `unmet` for
    a requirement that does not hold, `false` for a criterion that is not met. The grounds include
    those of the definitions that the rule refers to.
    """

    rule: str
    family: Family | Literal["progression"]
    statement: str
    verdict: Literal["true", "false", "unknown", "unmet"]
    advice: str = ""
    urgency: str = ""
    step: str | None = None
    seen: tuple[Seen, ...] = ()
    facts: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAdvice:
    """One protocol step and what happens with it.

    `current` is the step the patient is at, if one has begun: another than `id` where an earlier
    step continues instead of it, or where it is withheld. `waiting_for` are the inputs whose answer
    could start or progress it.
    """

    id: str
    track: str
    action: Action
    current: str | None = None
    title: str
    content: str
    dose: tuple[DoseEntry, ...] = ()
    conditions: tuple[str, ...] = ()
    next: str = ""
    reasons: tuple[Reason, ...] = ()
    waiting_for: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """A step of assessment in which an unmet requirement is met."""

    id: str
    title: str
    content: str
    facts: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a score or a band came to.

    A score lies between `low` and `high`, equal when it is decided. A band has its `label`, or
    the labels that are still `possible`.
    """

    id: str
    statement: str
    low: float | None = None
    high: float | None = None
    label: str | None = None
    possible: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotEvaluable:
    """A rule that stayed unknown and did not block, because the guideline declares it optional.

    Not evaluable is never negative.
    """

    rule: str
    statement: str
    missing: tuple[str, ...]
    facts: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeGiven:
    """A notice that rides along: monitoring, surveillance, a word to the prescriber."""

    id: str
    kind: str
    statement: str
    seen: tuple[Seen, ...] = ()
    facts: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to what the clinician asked for: granted only when the rules themselves do."""

    request: str
    statement: str
    granted: bool
    answer: str
    facts: tuple[str, ...] = ()
    cites: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumptionUsed:
    """An assumption that the answer rests on."""

    id: str
    version: int
    title: str
    statement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterUsed:
    """A parameter and the value it had."""

    id: str
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """The versions of the packages that answered."""

    guidestep: str
    durable_rules: str
    pydantic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidelineUsed:
    """Which guideline answered: `digest` is SHA-256 over its files.

    `source` names the text it is taken from, `source_updated` its date (ISO 8601).
    """

    id: str
    title: str
    version: str
    source: str
    source_url: str
    source_updated: str
    digest: str
    profile: str
    parameters: tuple[ParameterUsed, ...]


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """The answer to one assessment.

    `possible` are outcomes more urgent than this one that an unknown input could still bring.
    `engines` are the channels that agreed on it; with one alone, `agreement` is `False`.
    """

    outcome: Outcome
    basis: Basis
    steps: tuple[StepAdvice, ...]
    reasons: tuple[Reason, ...]
    possible: tuple[Outcome, ...]
    missing: tuple[Missing, ...]
    preparation: tuple[Preparation, ...]
    results: tuple[Result, ...]
    not_evaluable: tuple[NotEvaluable, ...]
    conflicts: tuple[Reason, ...]
    cautions: tuple[Reason, ...]
    notices: tuple[NoticeGiven, ...]
    answers: tuple[Answer, ...]
    facts: tuple[str, ...]
    assumptions: tuple[AssumptionUsed, ...]
    citations: tuple[CitationEntry, ...]
    review: Review
    guideline: GuidelineUsed
    engines: tuple[str, ...]
    agreement: bool
    versions: Versions
    input_digest: str

    @classmethod
    def made_of(cls, settled: Parts, later: Callable[[], Parts], evidence: Evidence) -> Self:
        """Return a recommendation of which some parts are put together when first asked for.

        `later` returns all the fields that are not `settled`, always the same. It is let go of as
        soon as it has been asked. The evidence is kept outside equality, pickles and JSON.
        """
        made = object.__new__(cls)
        made.__dict__.update(settled, _later=later, _evidence=evidence)
        return made

    if not TYPE_CHECKING:  # a type checker would take it that any name is an attribute

        def __getattr__(self, name: str) -> object:
            # Python comes here only for what is not there.
            if name not in self.__dataclass_fields__:
                raise AttributeError(f"a recommendation has no {name!r}", name=name, obj=self)
            self._complete()
            return self.__dict__[name]

    def _complete(self) -> None:
        """Put together what has not been asked for yet.

        Two threads may both do so; they arrive at the same, and keep the parts of one.
        """
        later = self.__dict__.get("_later")
        if later is None:
            return
        try:
            parts = later()
        except AttributeError as fault:
            # It must not be taken for a part that a recommendation does not have.
            raise RuntimeError("the recommendation could not be put together") from fault
        for name, part in parts.items():
            self.__dict__.setdefault(name, part)
        self.__dict__.pop("_later", None)

    def __getstate__(self) -> dict[str, object]:
        # A pickle goes to other processes and files: the patient's data stay here.
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @property
    def evidence(self) -> Evidence | None:
        """What the recommendation was made from; `None` when it was read from JSON."""
        return cast("Evidence | None", self.__dict__.get("_evidence"))

    def explain(self) -> Explanation:
        """Return why: the tree of every rule that decided, with the values it saw.

        Raises:
            LookupError: The recommendation was read from JSON, which does not hold the patient's
                data: ask the guideline again.
        """
        from guidestep.explain.explanation import explain

        return explain(self, self._kept())

    def why_not(self, target: Wanted, *, seconds: float = 5.0) -> WhyNot:
        """Return what bars another answer: the nearest patient who gets it, and the rules between.

        `target` is an outcome, a step (`"R1"`) or a step with an action (`"R1:start"`). `seconds`
        limits the search; what it cuts off is *not settled*, never *nothing leads there*. It
        explains the rules and is no advice to enter other data. Needs `[verify]`.

        Raises:
            EngineDisagreement: The two engines differ on a patient that the solver found.
            LookupError: The recommendation was read from JSON.
            SettingError: The guideline has no such step or outcome.
        """
        evidence = self._kept()
        from guidestep.explain.why_not import why_not

        return why_not(evidence, target, seconds)

    def robustness(self, *, seconds: float = 10.0) -> Robustness:
        """Return which numbers and dates lie near a boundary, the closest first.

        How far each can move before the outcome or the action of a step changes, at which value,
        by which rule, and whether that is within the measurement error that the guideline states.
        `seconds` limits the search. Needs `[verify]`.

        Raises:
            EngineDisagreement: The two engines differ beside a boundary.
            LookupError: The recommendation was read from JSON.
        """
        evidence = self._kept()
        from guidestep.explain.robustness import robustness

        return robustness(evidence, seconds)

    def _kept(self) -> Evidence:
        evidence = self.evidence
        if evidence is None:
            raise LookupError(
                "this recommendation was read back without its assessment; "
                "call guideline.recommend(assessment) again to explain it"
            )
        return evidence

    def next_questions(self, about: Literal["outcome", "steps"] = "outcome") -> NextQuestions:
        """Return the fewest missing inputs whose answers decide, whatever they are.

        Red flags come first, then what settles most rules. With `about="steps"` the answers decide
        the action of every track too. Once the outcome is decided there is nothing to ask; what
        somebody declined is never asked. Needs `[verify]`.

        >>> import guidestep
        >>> guideline = guidestep.load("cervical-spasm-opll")
        >>> required = {
        ...     "encounter": {"care_stage": "intake", "assessment_date": "2026-03-02"},
        ...     "scope": {"age_years": 15},
        ...     "neurologic": {"mri_status": "not_done", "red_flag_adjudication": "none"},
        ...     "program": {"mobility_step": "not_started", "neuromuscular_step": "not_started",
        ...                 "resistance_step": "withheld", "requested_action": "none"},
        ... }
        >>> asked = guideline.recommend(required).next_questions()
        >>> asked.questions[0].path, asked.decided, asked.smallest
        ('neurologic.gait_instability', False, True)

        Raises:
            LookupError: The recommendation was read from JSON, which does not hold the patient's
                data: ask the guideline again.
            ModuleNotFoundError: The extra `[verify]` is not installed.
            ValueError: `about` is something else.
        """
        evidence = self.evidence
        if evidence is None:
            raise LookupError(
                "this recommendation was read back without its assessment; "
                "call guideline.recommend(assessment) again to ask for its next questions"
            )
        from guidestep.explain.questions import next_questions

        return next_questions(self, evidence, about)

    def to_json(self) -> str:
        """Return the recommendation as JSON, the same bytes for the same answer."""
        return _adapter().dump_json(self, by_alias=True, exclude_none=True).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Recommendation:
        """Return the recommendation that `to_json` wrote.

        Raises:
            pydantic.ValidationError: The text is not such a recommendation.
        """
        return _adapter().validate_json(text)

    @classmethod
    def json_schema(cls) -> dict[str, object]:
        """Return the JSON Schema of what `to_json` writes."""
        schema = _adapter().json_schema(mode="serialization")
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}

    def card(self) -> str:
        """Return the plain-text card that a clinician reads."""
        from guidestep.notebook.text_card import text_card

        return text_card(self)

    def __str__(self) -> str:
        return self.card()

    def _repr_html_(self) -> str:
        from guidestep.notebook.html_card import html_card

        return html_card(self)


@cache
def _adapter() -> TypeAdapter[Recommendation]:
    """Return the reader and writer of JSON, made when first needed."""
    return TypeAdapter(Recommendation)
