"""Typed assessments: what is known of one patient at one visit, and what is not."""

from guidestep.assessment.absent import DataAbsentReason
from guidestep.assessment.base import Assessment, Section
from guidestep.assessment.cervical import CervicalAssessment
from guidestep.assessment.derived import Derivation, Value, WeeksBetween
from guidestep.assessment.errors import (
    AssessmentError,
    Problem,
    UnknownAssessmentModel,
    UnknownFieldError,
)
from guidestep.assessment.fields import (
    TODAY,
    Coding,
    FieldKind,
    FieldSpec,
    item,
    loinc,
    quantity,
    snomed,
)
from guidestep.assessment.registry import available, find
from guidestep.assessment.values import Day

__all__ = [
    "TODAY",
    "Assessment",
    "AssessmentError",
    "CervicalAssessment",
    "Coding",
    "DataAbsentReason",
    "Day",
    "Derivation",
    "FieldKind",
    "FieldSpec",
    "Problem",
    "Section",
    "UnknownAssessmentModel",
    "UnknownFieldError",
    "Value",
    "WeeksBetween",
    "available",
    "find",
    "item",
    "loinc",
    "quantity",
    "snomed",
]
