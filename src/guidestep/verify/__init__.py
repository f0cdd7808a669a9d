"""Proofs over all patients: what a guideline can never do. It needs `[verify]`.

`verify` puts the properties of one profile to the solver; `Guideline.verify` calls it. The
encoding is made of small modules: `terms`, `symbols`, `numbers`, `encoding`, `patient`.
"""

try:
    import z3 as z3
except ModuleNotFoundError as error:
    if error.name != "z3":
        raise
    raise ModuleNotFoundError(
        "guidestep.verify is an extra: pip install 'guidestep[verify]'", name="z3"
    ) from None

from guidestep.verify.report import Finding, Report, Result, Section, Witness
from guidestep.verify.verifier import verify

__all__ = ["Finding", "Report", "Result", "Section", "Witness", "verify"]
