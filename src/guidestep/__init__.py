"""Clinical guidelines as data: typed assessment in, cited protocol step out.

>>> import guidestep
>>> guideline = guidestep.load("cervical-spasm-opll")
>>> guideline.version
'1.0.0'
"""

from guidestep.assessment import Assessment, AssessmentError, DataAbsentReason
from guidestep.engines.errors import EngineDisagreement, EngineError
from guidestep.guideline import Guideline, SettingError, load, shipped
from guidestep.language.diagnostics import Diagnostic, GuidelineError
from guidestep.outcome import Action, Basis, Outcome
from guidestep.recommendation import Recommendation

__all__ = [
    "Action",
    "Assessment",
    "AssessmentError",
    "Basis",
    "DataAbsentReason",
    "Diagnostic",
    "EngineDisagreement",
    "EngineError",
    "Guideline",
    "GuidelineError",
    "Outcome",
    "Recommendation",
    "SettingError",
    "load",
    "shipped",
]
