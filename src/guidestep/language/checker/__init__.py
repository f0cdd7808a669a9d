"""The type checker of expressions."""

from guidestep.language.checker.checker import Checker
from guidestep.language.checker.scope import Checked, Report, Scope, field_type

__all__ = ["Checked", "Checker", "Report", "Scope", "field_type"]
