"""The enumerations of the cervical assessment.

None of them has a member for 'not assessed': that is None. A member `not_documented` or `unknown`
is an answer that was recorded.
"""

from typing import Literal, TypeAlias

CareStage: TypeAlias = Literal["intake", "active_program", "post_program"]
"""Where in the course of care the visit lies."""

Presence: TypeAlias = Literal["present", "absent"]
"""Whether a finding is there."""

SpasmStatus: TypeAlias = Literal["ongoing", "resolved", "recurred"]
"""The state of an acute spasm."""

LesionType: TypeAlias = Literal["calcification", "ossification", "indeterminate"]
"""What the lesion of the ligament is made of."""

LesionExtent: TypeAlias = Literal["minor", "more_than_minor", "indeterminate"]
"""The clinician's grade of the lesion; never derived."""

ImagingModality: TypeAlias = Literal["radiograph", "ct", "mri", "multiple", "not_documented"]
"""How the lesion was imaged."""

CervicalSurgery: TypeAlias = Literal["none", "fusion", "laminoplasty", "other"]
"""Earlier surgery of the cervical spine."""

Laterality: TypeAlias = Literal["none", "left", "right", "bilateral"]
"""The side or sides of a finding; none where it is absent."""

Trend: TypeAlias = Literal["progressive", "stable", "improving", "not_applicable"]
"""The course of a neurologic finding."""

Onset: TypeAlias = Literal["new_since_baseline", "pre_existing", "not_applicable"]
"""Whether a finding is new since the baseline."""

GaitChangeCause: TypeAlias = Literal[
    "neurological", "non_neurological_documented", "unknown", "not_applicable"
]
"""The cause of a changed gait."""

Sign: TypeAlias = Literal["positive", "negative", "equivocal"]
"""The result of a clinical sign."""

RedFlagAdjudication: TypeAlias = Literal[
    "none", "non_cord_cause_recorded_by_clinician", "not_applicable"
]
"""What a named clinician recorded about red flags."""

Performed: TypeAlias = Literal["done", "not_done"]
"""Whether an investigation was done."""

CordCompression: TypeAlias = Literal["none", "mild", "significant", "indeterminate"]
"""Cord compression, in the words of the MRI report."""

ImagingPresence: TypeAlias = Literal["present", "absent", "indeterminate"]
"""Whether imaging shows a finding."""

RomMethod: TypeAlias = Literal[
    "inclinometer", "crom_device", "goniometer", "visual_estimate", "not_documented"
]
"""How range of motion was measured."""

TestResult: TypeAlias = Literal["positive", "negative"]
"""The result of a test that is never equivocal here."""

MobilityStep: TypeAlias = Literal["not_started", "M1", "M2"]
"""The step of the mobility track."""

NeuromuscularStep: TypeAlias = Literal["not_started", "N1"]
"""The step of the neuromuscular track."""

ResistanceStep: TypeAlias = Literal["withheld", "R1", "R2"]
"""The step of the resistance track."""

RequestedAction: TypeAlias = Literal[
    "none",
    "start_resistance",
    "progress_resistance",
    "progress_mobility",
    "thrust_manipulation",
    "start_adjunct_drug",
]
"""What a clinician asks the guideline about."""

SymptomTrend: TypeAlias = Literal["improved", "unchanged", "worsened", "mixed"]
"""The course of the symptoms, as the clinician states it."""

RomTrend: TypeAlias = Literal["improved", "unchanged", "decreased", "mixed"]
"""The course of the range of motion."""

OneRmMethod: TypeAlias = Literal["estimated_submaximal", "direct_maximal"]
"""How the one-repetition maximum was found."""

RpeScale: TypeAlias = Literal["borg_6_20", "borg_cr10", "not_documented"]
"""The scale of a rating of perceived exertion."""

AdjunctDrug: TypeAlias = Literal["none", "pregabalin", "gabapentin", "duloxetine", "other"]
"""The adjunct drug taken now."""

ManualTechnique: TypeAlias = Literal[
    "none", "mobilization_grade_i_iv", "thrust_manipulation", "soft_tissue"
]
"""A manual technique for the spine."""
