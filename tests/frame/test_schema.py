"""The columns of a cohort: their types, their table, and which column holds which field."""

from __future__ import annotations

import subprocess
import sys
import warnings

import narwhals as nw
import pytest

import guidestep
from guidestep import Guideline
from guidestep.assessment import CervicalAssessment, FieldKind, UnknownFieldError
from guidestep.frame.schema import ColumnError, ColumnWarning, bind, columns_of, schema
from tests.answer.model import KneeAssessment
from tests.guidelines.models import Curb65Assessment


@pytest.fixture(scope="module")
def guideline() -> Guideline:
    return guidestep.load("cervical-spasm-opll")


def test_the_columns_are_the_fields_of_the_model_in_order(guideline: Guideline) -> None:
    columns = schema(guideline)
    assert tuple(columns) == tuple(CervicalAssessment.fields())
    for name, spec in CervicalAssessment.fields().items():
        column = columns[name]
        assert (column.name, column.label, column.question) == (name, spec.label, spec.question)
        assert (column.kind, column.unit, column.members) == (spec.kind, spec.unit, spec.members)
        assert (column.minimum, column.maximum) == (spec.minimum, spec.maximum)
        assert (column.required, column.not_after) == (spec.required, spec.not_after)
        assert column.read is (name in guideline.fields)
    assert {column.read for column in columns.values()} == {True, False}
    weeks = columns["program.weeks_since_program_start"]
    assert weeks.formula == "weeks_between(encounter.program_start_date, encounter.assessment_date)"


def test_the_types_of_all_kinds() -> None:
    found = {column.kind: column for column in columns_of(KneeAssessment).values()}
    found |= {column.kind: column for column in columns_of(Curb65Assessment).values()}
    assert found[FieldKind.BOOLEAN].dtype == nw.Boolean
    assert found[FieldKind.INTEGER].dtype == nw.Int64
    assert found[FieldKind.DECIMAL].dtype == nw.Float64
    assert found[FieldKind.DATE].dtype == nw.Date
    enumeration = found[FieldKind.ENUMERATION]
    assert enumeration.dtype == nw.Enum(enumeration.members)
    assert enumeration.dtype_in("polars") == nw.Enum(enumeration.members)
    for backend in ("pandas", "pyarrow", "duckdb", "pyspark"):
        assert enumeration.dtype_in(backend) == nw.String


def test_the_table(guideline: Guideline) -> None:
    lines = str(schema(guideline)).splitlines()
    assert len(lines) == 1 + 104
    age = next(line for line in lines if line.startswith("scope.age_years"))
    assert age.split(maxsplit=4)[1:] == ["integer", "yes", "yes", "a whole number from 0 to 120 a"]
    stage = next(line for line in lines if line.startswith("encounter.care_stage"))
    assert stage.split(maxsplit=4)[1:4] == ["enumeration", "no", "yes"]
    assert all(line == line.rstrip() for line in lines)


# --- which column holds which field ---------------------------------------------------------------

KNEE = columns_of(KneeAssessment)


def test_binding_keeps_the_order_of_the_model() -> None:
    names = ["knee.age", "data_absent_reasons.knee.tear", "years", "patient", "visit.stage"]
    assert list(bind(KNEE, names).items()) == [
        ("visit.stage", "visit.stage"),
        ("knee.age", "knee.age"),
        ("data_absent_reasons.knee.tear", "data_absent_reasons.knee.tear"),
    ]
    # A column that is named wins over the one that has the name of the field.
    assert bind(KNEE, names, {"knee.age": "years"})["knee.age"] == "years"
    reason = {"data_absent_reasons.knee.age": "years"}
    assert bind(KNEE, names, reason)["data_absent_reasons.knee.age"] == "years"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("knee.swolen", "knee.swolen: did you mean 'knee.swollen'?"),
        ("knee_swollen", "knee_swollen: did you mean 'knee.swollen'?"),
        ("swollen", "swollen: did you mean 'knee.swollen'?"),
        ("programme.swollen", "programme.swollen: did you mean 'knee.swollen'?"),
        ("knee.zzzzzz", "knee.zzzzzz: there is no such field"),
        (
            "data_absent_reasons.knee.swolen",
            "data_absent_reasons.knee.swolen: did you mean 'data_absent_reasons.knee.swollen'?",
        ),
        ("data_absent_reasons.zzz", "data_absent_reasons.zzz: there is no such field"),
    ],
)
def test_what_looks_like_a_field_is_mentioned(name: str, hint: str) -> None:
    with pytest.warns(ColumnWarning) as caught:
        bind(KNEE, ["patient", name])
    assert str(caught[0].message) == f"columns passed over that look like fields:\n- {hint}"


def test_what_belongs_to_the_user_is_not_mentioned(guideline: Guideline) -> None:
    names = ["patient", "synthetic", "id", "site", "outcome", "sex", "comment", "ward.name", "nhs"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bind(schema(guideline), names) == {}
        # A column that was named is used, whatever it looks like.
        assert bind(KNEE, ["swollen"], {"knee.swollen": "swollen"}) == {"knee.swollen": "swollen"}


def test_what_is_asked_for_must_exist() -> None:
    with pytest.raises(UnknownFieldError, match=r"no field knee\.swolen; did you mean 'knee\.swo"):
        bind(KNEE, ["a"], {"knee.swolen": "a"})
    with pytest.raises(ColumnError, match=r"no column ages, which is to hold knee\.age; did you m"):
        bind(KNEE, ["age"], {"knee.age": "ages"})


# --- the extra ------------------------------------------------------------------------------------


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


def test_the_library_does_not_need_the_extra() -> None:
    heavy = "{'narwhals', 'polars', 'numpy', 'pandas', 'pyarrow'}"
    code = f"import sys, guidestep, guidestep.cli.app; sys.exit(bool({heavy} & set(sys.modules)))"
    assert python(code).returncode == 0


def test_without_the_extra_it_says_so() -> None:
    result = python("import sys; sys.modules['narwhals'] = None; import guidestep.frame")
    assert result.returncode == 1
    last = result.stderr.splitlines()[-1]
    assert last == (
        "ModuleNotFoundError: guidestep.frame is an extra: pip install 'guidestep[cohort]'"
    )
