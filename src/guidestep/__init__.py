"""Clinical guidelines as data: typed assessment in, cited protocol step out.

>>> import guidestep
>>> guideline = guidestep.load("cervical-spasm-opll")
>>> guideline.version
'1.0.0'
"""

from typing import TYPE_CHECKING

from guidestep.assessment import Assessment, AssessmentError, DataAbsentReason
from guidestep.engines.errors import EngineDisagreement, EngineError
from guidestep.guideline import Guideline, SettingError, load, shipped
from guidestep.language.diagnostics import Diagnostic, GuidelineError
from guidestep.outcome import Action, Basis, Outcome
from guidestep.recommendation import Recommendation

if TYPE_CHECKING:
    from guidestep.frame.impact import impact as impact
    from guidestep.verify.diff import diff as diff

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


def __getattr__(name: str) -> object:
    # Not among the names above: `import *` is for all, and this needs the extra `[cohort]`.
    if name == "impact":
        from guidestep.frame.impact import impact

        return impact
    if name == "diff":  # and this `[verify]`
        from guidestep.verify.diff import diff

        return diff
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
