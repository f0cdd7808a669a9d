"""The folder of a guideline: which files it may hold, and the shape of each."""

from __future__ import annotations

from guidestep.language.documents.cases import CaseEntry
from guidestep.language.documents.claims import MeasurementEntry, PropertiesFile
from guidestep.language.documents.findings import FindingsFile
from guidestep.language.documents.header import GuidelineEntry
from guidestep.language.documents.protocol import (
    NoticeEntry,
    ProgressionEntry,
    RequestEntry,
    StepsFile,
)
from guidestep.language.documents.rules import (
    CautionEntry,
    ConflictEntry,
    EligibilityEntry,
    RedFlagEntry,
    ReferralEntry,
    RequirementEntry,
    SurveillanceEntry,
)
from guidestep.language.documents.sources import (
    AmbiguityEntry,
    AssumptionEntry,
    CitationEntry,
    FactEntry,
)

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
