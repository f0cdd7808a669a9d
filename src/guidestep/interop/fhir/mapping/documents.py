"""The shape of `fhir.yaml`, the mapping from FHIR resources to the fields of an assessment.

Its entries are read as those of a guideline are: no unknown key, no conversion, every fault with
its place.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from guidestep.language.documents import Document, Path, Slug, Text

ResourceType: TypeAlias = Literal[
    "Observation",
    "Condition",
    "QuestionnaireResponse",
    "Procedure",
    "DiagnosticReport",
    "Patient",
]
"""The types of resource that a mapping reads."""

Days: TypeAlias = int
Member = Annotated[str, Field(min_length=1, max_length=80)]


class CodeEntry(Document):
    """A code: `system` is `snomed`, `loinc`, `icd-10-cm` or the address of a system."""

    system: Text
    code: Text
    display: str = ""


class VerifiedEntry(CodeEntry):
    """A code that the site has looked up itself, and where."""

    display: Text
    source: Text


class AnswerEntry(Document):
    """A coded answer, or a truth, and the member of the field that it means."""

    system: str = ""
    code: str = ""
    display: str = ""
    boolean: bool | None = None
    member: Annotated[Member, Field(alias="is")]


class SideEntry(CodeEntry):
    """A code of a body site or qualifier, and the side that it means."""

    side: Annotated[Literal["left", "right", "bilateral"], Field(alias="is")]


class StageEntry(Document):
    """A field and the member at which something holds."""

    path: Path
    member: Annotated[Member, Field(alias="is")]


class BaselineEntry(Document):
    """Measured on or before the day in a field, instead of the day of the visit.

    While that day is not known, `or_visit_while` names the stage in which it is the visit's.
    """

    day: Path
    or_visit_while: StageEntry | None = None


class SourceEntry(Document):
    """One way in which resources tell a field.

    `is` says what a Condition, Procedure or report means for the field: one member, or those among
    which it does not decide. With `suggests` it never gives a value: it only keeps any other from
    being believed. `absent` is the member that a refuted Condition states. `side` wants a body
    site of that side; `sides` reads the side from the body site.
    """

    path: Path
    origin: Annotated[ResourceType, Field(alias="from")]
    codes: tuple[CodeEntry, ...] = ()
    questionnaire: str = ""
    link_id: str = ""
    take: Literal["value", "presence", "date", "age"] | None = None
    means: Annotated[Member | tuple[Member, ...] | None, Field(alias="is")] = None
    suggests: bool = False
    absent: Member | None = None
    side: Literal["left", "right"] | None = None
    sides: bool = False
    answers: tuple[AnswerEntry, ...] = ()
    units: tuple[Text, ...] = ()
    within: Days | None = None
    baseline: BaselineEntry | None = None
    because: str = ""


class WindowEntry(Document):
    """How many days before the visit an answer may date from; null sets no limit.

    `fields` are sections and paths; a path goes before its section.
    """

    within: Days | None
    fields: Annotated[tuple[Slug, ...], Field(min_length=1)]
    because: Text


class VisitEntry(Document):
    """A field that the visit itself tells: its day."""

    path: Path
    take: Literal["date"]
    because: Text


class DefaultEntry(Document):
    """The value of a required field of which nothing usable is recorded, and why that is safe."""

    path: Path
    value: Member
    because: Text


class MappingEntry(Document):
    """`fhir.yaml`: how FHIR resources tell the fields of an assessment."""

    format: Literal[1]
    verified: tuple[VerifiedEntry, ...] = ()
    visit: tuple[VisitEntry, ...] = ()
    defaults: tuple[DefaultEntry, ...] = ()
    windows: tuple[WindowEntry, ...] = ()
    sides: tuple[SideEntry, ...] = ()
    sources: tuple[SourceEntry, ...] = ()
