"""The shape of the YAML files of a guideline, as Pydantic models.

One model a kind of entry, one entry of `FILES` a file. The published JSON Schema is made from
these models, and the loader checks every file against them before it reads an expression.
Conditions and expressions are kept as they stand: `guidestep.language.expressions` reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    Tag,
    WithJsonSchema,
)

from guidestep.assessment.frozen import FrozenDict
from guidestep.language.properties import BuiltIn

Slug = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", max_length=80)]
"""An id: a letter, then letters, digits, hyphens, underscores or dots."""

DefinitionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
"""The id of something that expressions name: lower-case letters, digits and underscores."""

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Path = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$")]
Number: TypeAlias = int | float

_CONDITION_SCHEMA = {
    "description": "A condition: an expression, or a list under all, any, none or at_least.",
    "anyOf": [
        {"type": "string"},
        {"type": "boolean"},
        {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
            "properties": {
                **{key: {"type": "array", "minItems": 1} for key in ("all", "any", "none")},
                "at_least": {
                    "type": "object",
                    "required": ["least", "of"],
                    "additionalProperties": False,
                    "properties": {
                        "least": {"type": "integer", "minimum": 1},
                        "of": {"type": "array", "minItems": 1},
                    },
                },
            },
        },
    ],
}
Condition = Annotated[object, WithJsonSchema(_CONDITION_SCHEMA)]
Quantity = Annotated[
    object,
    WithJsonSchema(
        {"description": "An expression of a number or a date.", "type": ["string", "number"]}
    ),
]

Outcome: TypeAlias = Literal["urgent_referral", "referral", "not_eligible", "assess_first"]


class Document(BaseModel):
    """What all entries share: no unknown key, no conversion."""

    # Built when first used: importing the package must stay quick.
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


class Identified(Document):
    """An entry with an id; ids are unique over the whole guideline."""

    id: Slug


class Grounded(Document):
    """An entry that says what it rests on."""

    facts: tuple[Slug, ...] = ()
    cites: tuple[Slug, ...] = ()
    assumes: tuple[Slug, ...] = ()


class Definition(Identified, Grounded):
    """Something that expressions call by its id."""

    id: DefinitionId
    statement: Text


# --- guideline.yaml -----------------------------------------------------------------------------


class Review(Document):
    """How far the source has been reviewed; printed with every recommendation."""

    status: Literal["pending_human_review", "reviewed", "approved"]
    statement: Text


class SourceDocument(Document):
    """The text the guideline is taken from."""

    title: Text
    publisher: Text
    updated: date
    url: str = ""
    sections: tuple[Text, ...] = ()


class Intended(Document):
    """Who the guideline is for, what for, and what it does not cover."""

    user: Text
    use: Text
    population: Text
    exclusions: tuple[Text, ...] = ()
    limitations: tuple[Text, ...] = ()


class DemographicUse(Document):
    """Whether an attribute of the person is an input, and how."""

    used: bool
    how: str = ""


class SourceAttributes(Document):
    """The 13 source attributes of an evidence-based decision support intervention.

    Source: 45 CFR 170.315(b)(11)(iv)(A)(1) to (13).
    """

    bibliographic_citation: Text
    developer: Text
    funding: Text
    release_date: date
    revision_date: date | None = None
    race: DemographicUse
    ethnicity: DemographicUse
    language: DemographicUse
    sexual_orientation: DemographicUse
    gender_identity: DemographicUse
    sex: DemographicUse
    date_of_birth: DemographicUse
    social_determinants_of_health: DemographicUse
    health_status_assessments: DemographicUse


class ParameterEntry(Definition):
    """A number that a site may set, within bounds."""

    default: Number
    minimum: Number
    maximum: Number
    unit: str | None = None


class ProfileEntry(Identified):
    """Which assumptions are on, and whether declared optional evidence may be missing."""

    title: Text
    default: bool = False
    assumptions: Literal["all", "none"] | tuple[Slug, ...]
    without: tuple[Slug, ...] = ()
    optional_evidence: Literal["accepted", "refused"] = "accepted"


class GuidelineEntry(Identified):
    """`guideline.yaml`: what the guideline is."""

    format: Literal[1]
    title: Text
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    assessment: Slug
    review: Review
    source: SourceDocument
    intended: Intended
    source_attributes: SourceAttributes
    profiles: Annotated[tuple[ProfileEntry, ...], Field(min_length=1)]
    parameters: tuple[ParameterEntry, ...] = ()


# --- what rules rest on -------------------------------------------------------------------------


class Figure(Document):
    """A number as printed, and on which side of a boundary the printed number itself lies.

    `{at_least: 6, unit: wk}` is "6+ weeks": 6.0 belongs to what lies above. A printed range,
    `{from: 30, to: 70}`, includes both its ends. `reading` says how a number that is not printed
    follows from a word of the text; it marks the number as ours.
    """

    exactly: Number | None = None
    at_least: Number | None = None
    more_than: Number | None = None
    at_most: Number | None = None
    less_than: Number | None = None
    low: Annotated[Number | None, Field(alias="from")] = None
    high: Annotated[Number | None, Field(alias="to")] = None
    unit: str | None = None
    reading: str = ""


def _kind_of_figure(value: object) -> str:
    return "mapping" if isinstance(value, Mapping | Figure) else "number"


def _plain_figures(figures: Mapping[str, Figure | Number]) -> dict[str, object]:
    """Return figures as they are written in YAML."""
    return {
        name: figure.model_dump(by_alias=True, exclude_defaults=True)
        if isinstance(figure, Figure)
        else figure
        for name, figure in figures.items()
    }


Figures = Annotated[
    Mapping[
        str,
        Annotated[
            Annotated[Number, Tag("number")] | Annotated[Figure, Tag("mapping")],
            Discriminator(_kind_of_figure),
        ],
    ],
    AfterValidator(FrozenDict),
    PlainSerializer(_plain_figures),
    Field(default_factory=FrozenDict),
]
"""Figures by name. A bare number is one that nothing is compared with, such as a p-value."""


class CitationEntry(Identified):
    """`citations.yaml`: a bibliographic entry, and how good it is."""

    number: int | None = None
    title: Text
    authors: str = ""
    publisher: str = ""
    year: int | None = None
    kind: Literal[
        "guideline",
        "systematic_review",
        "randomized_trial",
        "cohort",
        "case_series",
        "case_report",
        "publisher_overview",
        "derivation_study",
        "regulation",
        "unknown",
    ]
    strength: Literal["high", "moderate", "low", "very_low", "not_assessable"]
    population_match: Literal["good", "partial", "poor", "not_assessable"]
    resolved: bool
    mapping: Literal["printed", "inferred", "unresolved", "not_in_source"]
    mapping_note: str = ""
    identifiers: Annotated[
        Mapping[str, str],
        AfterValidator(FrozenDict),
        PlainSerializer(dict),
        Field(default_factory=FrozenDict),
    ]
    caveats: tuple[Text, ...] = ()
    figures: Figures


class FactEntry(Identified):
    """`facts.yaml`: one statement of the source, in our own words.

    A fact that nothing uses must say why it decides nothing.
    """

    section: Text
    category: Slug
    statement: Text
    figures: Figures
    cites: tuple[Slug, ...] = ()
    decides_nothing: str = ""


class AmbiguityEntry(Identified):
    """`ambiguities.yaml`: a question the source leaves open, and what treats it."""

    weight: Literal["low", "medium", "high", "safety"]
    facts: tuple[Slug, ...] = ()
    question: Text
    treatment: Text
    treated_by: Annotated[tuple[Slug, ...], Field(min_length=1)]


class AssumptionEntry(Identified):
    """`assumptions.yaml`: our answer to a question that the source leaves open; switchable.

    While a profile has it off, rules that assume it are inactive, definitions that assume it are
    unknown, and the outcome is `assess_first` for everyone for whom `open_when` is not false.
    """

    version: int = 1
    title: Text
    statement: Text
    question: Text
    facts: tuple[Slug, ...] = ()
    cites: tuple[Slug, ...] = ()
    open_when: Condition = None
    figures: Figures


# --- definitions --------------------------------------------------------------------------------


class FindingEntry(Definition):
    """A named condition."""

    when: Condition


class ValueEntry(Definition):
    """A named expression of a number or a date."""

    value: Quantity
    unit: str | None = None


class ScoreItem(Document):
    """One item of a score and its points."""

    when: Condition
    points: Number
    label: str = ""


class ScoreEntry(Definition):
    """A weighted sum of conditions; unknown items leave an interval."""

    items: Annotated[tuple[ScoreItem, ...], Field(min_length=1)]


class BandCase(Document):
    """One case of a band: its condition and its label."""

    when: Condition
    label: Annotated[Slug, Field(alias="is")]


class BandEntry(Definition):
    """Ordered cases: the first that is true gives the label."""

    cases: Annotated[tuple[BandCase, ...], Field(min_length=1)]
    otherwise: Annotated[Slug, Field(alias="else")]


class FindingsFile(Document):
    """`findings.yaml`: the definitions that rules refer to."""

    findings: tuple[FindingEntry, ...] = ()
    values: tuple[ValueEntry, ...] = ()
    scores: tuple[ScoreEntry, ...] = ()
    bands: tuple[BandEntry, ...] = ()


# --- rules --------------------------------------------------------------------------------------


class OptionalEvidence(Document):
    """When a rule may stay unknown: it is then listed as not evaluable and does not block."""

    when: Condition = True
    assumes: Slug


class RuleEntry(Identified, Grounded):
    """What the rules of all families share."""

    statement: Text
    when: Condition
    advice: str = ""
    optional_evidence: OptionalEvidence | None = None


class RedFlagEntry(RuleEntry):
    """`red_flags.yaml`: a red flag, evaluated for everyone."""

    then: Literal["urgent_referral", "assess_first"] = "urgent_referral"


class ReferralEntry(RuleEntry):
    """`referrals.yaml`: a trigger for referral, with the urgency as the source states it."""

    then: Literal["referral", "assess_first"] = "referral"
    urgency: str = ""


class EligibilityEntry(RuleEntry):
    """`eligibility.yaml`: a reason why the guideline does not speak about this person."""

    then: Literal["not_eligible", "assess_first"] = "not_eligible"


class CautionEntry(RuleEntry):
    """`cautions.yaml`: what can only make the answer more careful."""

    then: Literal["assess_first", "caution"] = "caution"


class ConflictEntry(RuleEntry):
    """`conflicts.yaml`: data that contradict each other; never resolved silently."""

    then: Literal["assess_first"] = "assess_first"


class SurveillanceEntry(RuleEntry):
    """`surveillance.yaml`: when nothing is to be started and watching goes on."""

    then: Literal["surveillance"] = "surveillance"


class RequirementEntry(Identified, Grounded):
    """`requirements.yaml`: what must hold, or be known, before any step is recommended.

    `when` says for whom; `step` names the step in which it is done.
    """

    statement: Text
    require: Condition
    when: Condition = True
    advice: str = ""
    step: Slug | None = None


# --- steps --------------------------------------------------------------------------------------


class TrackEntry(Identified):
    """One of the parallel strands of a protocol: at most one step and one action each.

    `current` is the enumeration field that holds the step a patient is at; its members are the
    ids of steps, and those in `outside`, which mean that no step has begun. A track without it is
    a choice: the first step whose `start` is true, and `assess_first` while that is open.
    """

    title: Text
    when: Condition = True
    current: Path | None = None
    outside: tuple[Slug, ...] = ()


class DoseEntry(Grounded):
    """One item of a dose: a range as printed, a text, or 'not specified by source'.

    `check` names a field holding what is really done: outside the range, a caution is given.
    """

    item: Text
    low: Number | None = None
    high: Number | None = None
    unit: str | None = None
    text: str = ""
    not_specified: bool = False
    check: Path | None = None


class StepEntry(Identified, Grounded):
    """A protocol step and its dose."""

    track: Slug | None = None
    kind: Literal["exercise", "assessment", "withheld", "action"] = "exercise"
    title: Text
    content: Text
    dose: tuple[DoseEntry, ...] = ()
    conditions: tuple[Text, ...] = ()
    next: str = ""


class StepsFile(Document):
    """`steps.yaml`: the tracks and the steps."""

    tracks: tuple[TrackEntry, ...] = ()
    steps: tuple[StepEntry, ...] = ()


class ProgressionEntry(Identified, Grounded):
    """`progression.yaml`: how a track moves, in one of four forms.

    `start: STEP` (nothing begun yet), `from: STEP, to: STEP` (progress),
    `from: STEP, back_to: STEP` (the earlier step continues while `when` is not false),
    `withhold: TRACK` (no exercise in the track while `when` is not false; `step` names it).
    """

    statement: Text
    when: Condition
    start: Slug | None = None
    origin: Annotated[Slug | None, Field(alias="from")] = None
    to: Slug | None = None
    back_to: Slug | None = None
    withhold: Slug | None = None
    step: Slug | None = None
    advice: str = ""


class NoticeEntry(Identified, Grounded):
    """`notices.yaml`: what rides along with an answer.

    `outcomes` restricts it to some outcomes; `shows` lists fields whose values are printed.
    """

    kind: Literal[
        "monitoring",
        "surveillance",
        "prescriber",
        "adjunct",
        "evidence",
        "scope",
        "caution",
        "information",
    ]
    statement: Text
    when: Condition = True
    outcomes: tuple[
        Literal[
            "urgent_referral",
            "referral",
            "not_eligible",
            "assess_first",
            "recommend",
            "surveillance",
        ],
        ...,
    ] = ()
    shows: tuple[Path, ...] = ()


class Grant(Document):
    """The track and action that would grant a request."""

    track: Slug
    action: Literal["start", "continue", "progress"]


class RequestEntry(Identified, Grounded):
    """`requests.yaml`: something a clinician may ask for; answered, never obeyed.

    Granted only when the rules themselves give `granted_by`; without it, never granted.
    """

    statement: Text
    when: Condition
    granted_by: Grant | None = None
    if_granted: str = ""
    otherwise: Text


# --- what is claimed of the answers -------------------------------------------------------------


class PropertyEntry(Identified, Grounded):
    """`properties.yaml`: what holds of every answer, in one of three forms.

    `never: CONDITION` (true of nobody for whom `when` is true), `always: CONDITION` (true, and not
    merely unknown, of everyone for whom it is), `unchanged_by: [FIELD]` (inputs that change
    neither the outcome nor the step or action of any track).
    """

    statement: Text
    when: Condition = True
    never: Condition = None
    always: Condition = None
    unchanged_by: Annotated[tuple[Path, ...], Field(min_length=1)] = ()


class AcceptedEntry(Grounded):
    """`properties.yaml`: something that a check of every guideline finds, and why it may stay."""

    property: BuiltIn
    about: Annotated[tuple[Slug, ...], Field(min_length=1)]
    because: Text


class PropertiesFile(Document):
    """`properties.yaml`: the properties, and what is accepted of the checks of all guidelines."""

    properties: tuple[PropertyEntry, ...] = ()
    accepted: tuple[AcceptedEntry, ...] = ()


class MeasurementEntry(Identified, Grounded):
    """`measurements.yaml`: how far a measured value may lie from the true one.

    `error` is in the unit of the field and has the same size on both sides.
    """

    statement: Text
    field: Path
    kind: Literal[
        "minimal_detectable_change", "standard_error", "limits_of_agreement", "repeatability"
    ]
    error: Number
    unit: str | None = None
    cites: Annotated[tuple[Slug, ...], Field(min_length=1)]


# --- cases --------------------------------------------------------------------------------------


class MustNotAppear(Document):
    """What an answer must not contain."""

    steps: tuple[Text, ...] = ()
    reasons: tuple[Slug, ...] = ()
    notices: tuple[Slug, ...] = ()
    missing: tuple[Path, ...] = ()
    facts: tuple[Slug, ...] = ()
    words: tuple[Text, ...] = ()


class Expectation(Document):
    """What a case expects; what is left out is not checked, a list given is a subset.

    `steps` is the exact list, each written as `start M1`.
    """

    outcome: Literal[
        "urgent_referral", "referral", "not_eligible", "assess_first", "recommend", "surveillance"
    ]
    basis: Literal["source", "assumption", "undetermined_by_source"] | None = None
    steps: tuple[Text, ...] | None = None
    reasons: tuple[Slug, ...] = ()
    missing: tuple[Path, ...] = ()
    not_evaluable: tuple[Slug, ...] = ()
    conflicts: tuple[Slug, ...] = ()
    cautions: tuple[Slug, ...] = ()
    notices: tuple[Slug, ...] = ()
    assumptions: tuple[Slug, ...] = ()
    possible: tuple[Slug, ...] = ()
    verdicts: dict[str, bool | Literal["unknown"]] = Field(default_factory=dict)
    absent: MustNotAppear = MustNotAppear()


class CaseEntry(Identified):
    """`cases/*.yaml`: a patient and the answer the guideline must give.

    `base` names another case whose assessment this one starts from; `set` changes fields by
    their dotted path, `without` leaves fields out.
    """

    statement: Text
    base: Slug | None = None
    assessment: dict[str, object] = Field(default_factory=dict)
    set: dict[str, str | bool | int | float | date | None] = Field(default_factory=dict)
    without: tuple[Path, ...] = ()
    profile: Slug | None = None
    facts: tuple[Slug, ...] = ()
    expect: Expectation


# --- the folder ---------------------------------------------------------------------------------

FILES: dict[str, object] = {
    "guideline.yaml": GuidelineEntry,
    "citations.yaml": tuple[CitationEntry, ...],
    "facts.yaml": tuple[FactEntry, ...],
    "ambiguities.yaml": tuple[AmbiguityEntry, ...],
    "assumptions.yaml": tuple[AssumptionEntry, ...],
    "findings.yaml": FindingsFile,
    "red_flags.yaml": tuple[RedFlagEntry, ...],
    "referrals.yaml": tuple[ReferralEntry, ...],
    "eligibility.yaml": tuple[EligibilityEntry, ...],
    "requirements.yaml": tuple[RequirementEntry, ...],
    "cautions.yaml": tuple[CautionEntry, ...],
    "conflicts.yaml": tuple[ConflictEntry, ...],
    "surveillance.yaml": tuple[SurveillanceEntry, ...],
    "steps.yaml": StepsFile,
    "progression.yaml": tuple[ProgressionEntry, ...],
    "notices.yaml": tuple[NoticeEntry, ...],
    "requests.yaml": tuple[RequestEntry, ...],
    "properties.yaml": PropertiesFile,
    "measurements.yaml": tuple[MeasurementEntry, ...],
}
"""The files a guideline folder may hold, and the shape of each; `guideline.yaml` must be there."""

NOT_DECIDING = frozenset({"properties.yaml", "measurements.yaml"})
"""The files that change no answer: they are not part of the digest."""

READ_ELSEWHERE = frozenset({"fhir.yaml"})
"""The files that loading a guideline does not read: `fhir.yaml` is read by `load_mapping`."""

CASES: object = tuple[CaseEntry, ...]
"""The shape of each file under `cases/`."""
