"""The assessment that the guideline on cervical spasm with minor OPLL is asked about."""

from typing import ClassVar

from guidestep.assessment.base import Assessment
from guidestep.assessment.cervical.adjuncts import Adjuncts
from guidestep.assessment.cervical.encounter import Encounter
from guidestep.assessment.cervical.measures import Measures
from guidestep.assessment.cervical.neurologic import Neurologic
from guidestep.assessment.cervical.program import Program
from guidestep.assessment.cervical.safety_screen import SafetyScreen
from guidestep.assessment.cervical.scope import Scope

__all__ = ["CervicalAssessment"]


class CervicalAssessment(Assessment):
    """What is known of one person with neck spasm and a ligament lesion, at one visit.

    Seven fields are always known, the other 97 may be None: not assessed. Lengths are mm, angles
    deg, times wk or s, as the name of each field says.

    >>> fields = CervicalAssessment.fields()
    >>> len(fields), [path for path, spec in fields.items() if spec.required][:2]
    (104, ['encounter.care_stage', 'encounter.assessment_date'])

    Raises:
        AssessmentError: From `read`, with every problem of the data given.
    """

    model_id: ClassVar[str] = "cervical"

    encounter: Encounter
    scope: Scope = Scope()
    neurologic: Neurologic
    measures: Measures = Measures()
    program: Program
    adjuncts: Adjuncts = Adjuncts()
    safety_screen: SafetyScreen = SafetyScreen()
