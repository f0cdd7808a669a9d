"""Cohorts: the same guideline over data frames, one row a patient. It needs `[cohort]`.

>>> import guidestep, guidestep.frame
>>> guideline = guidestep.load("cervical-spasm-opll")
>>> frame = guidestep.frame.synthesize(guideline, 3, seed=1)
>>> frame["patient"].to_list()
['synthetic-00000001', 'synthetic-00000002', 'synthetic-00000003']
"""

try:
    import narwhals as _narwhals  # noqa: F401 (only whether it is there)
except ModuleNotFoundError as error:
    if error.name != "narwhals":
        raise
    raise ModuleNotFoundError(
        "guidestep.frame is an extra: pip install 'guidestep[cohort]'", name="narwhals"
    ) from None

from guidestep.frame.deciding import deciding_rules
from guidestep.frame.faults import CohortError, ColumnFault
from guidestep.frame.schema import Column, ColumnError, ColumnWarning, Schema, schema
from guidestep.frame.synth import synthesize, synthetic_chunks, write_synthetic
from guidestep.frame.tables import from_frame, to_frame

__all__ = [
    "CohortError",
    "Column",
    "ColumnError",
    "ColumnFault",
    "ColumnWarning",
    "Schema",
    "deciding_rules",
    "from_frame",
    "schema",
    "synthesize",
    "synthetic_chunks",
    "to_frame",
    "write_synthetic",
]
