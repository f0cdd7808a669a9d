"""The shipped guideline in the solver: every assessment that can be read is a patient there."""

from __future__ import annotations

from functools import cache

import pytest
import z3

from guidestep import Assessment
from guidestep.language.program import Verdict
from guidestep.verify.encoding import Truth
from guidestep.verify.patient import Patient, Subject
from guidestep.verify.symbols import given_as
from guidestep.verify.terms import asserted, conj, neg
from guidestep.verify.witness import verdicts_of
from tests.frame.cohorts import at_random, mutated, shipped


@cache
def anyone(profile: str) -> tuple[Patient, z3.Solver]:
    patient = Subject(shipped().base, shipped().compiled(profile)).anyone()
    for definition in patient.subject.program.definitions:
        patient.encoding.term(definition.name)
    solver = z3.Solver()
    solver.set("timeout", 3000)
    solver.add([asserted(limit) for limit in patient.subject.limits(patient)])
    return patient, solver


def said(patient: Patient, verdicts: dict[str, Verdict]) -> z3.BoolRef:
    """Return that the terms come to the verdicts, of all definitions that are conditions."""
    found = []
    for name, verdict in verdicts.items():
        term = patient.encoding.term(name)
        if isinstance(term, Truth):
            found.append(term.true if verdict is True else neg(term.true))
            found.append(term.false if verdict is False else neg(term.false))
    return asserted(conj(found))


def check(assessment: Assessment, profile: str, *, exactly: bool) -> bool:
    """See that the terms come to what the engines find; return whether the solver settled it.

    With `exactly` also that they come to nothing else.
    """
    patient, solver = anyone(profile)
    values = {i.path: _value(assessment, i.path) for i in patient.subject.program.inputs}
    verdicts = verdicts_of(patient, assessment.to_dict())
    assert verdicts is not None
    given = [
        asserted(given_as(path, patient.values, patient.mask, value))
        for path, value in values.items()
    ]
    alike = said(patient, dict(verdicts))
    possible = solver.check(*given, alike)
    assert possible != z3.unsat, assessment
    if not exactly:
        return possible == z3.sat
    # Without the rounding errors that doubles might make, nothing else can be.
    exact = patient.subject.numbers.roundings
    if solver.check(*given, alike, *exact) != z3.sat:
        return False
    other = solver.check(*given, z3.Not(alike), *exact)
    assert other != z3.sat, assessment
    return other == z3.unsat


def _value(assessment: Assessment, path: str) -> object:
    return assessment.value(path) if path in assessment.fields() else None


@pytest.mark.parametrize("profile", ["source", "strict", "bare"])
def test_the_solver_says_of_patients_like_the_cases_what_the_engines_say(profile: str) -> None:
    settled = [check(each, profile, exactly=True) for each in mutated(40, seed=11)]
    assert sum(settled) > 30


def test_whatever_the_model_accepts_is_a_patient_of_the_solver() -> None:
    patients = at_random(shipped().model, 60, seed=12)
    assert sum(check(each, "source", exactly=False) for each in patients) > 50


def test_what_the_model_refuses_is_none() -> None:
    patient, solver = anyone("source")
    age = patient.values.symbols["scope.age_years"].value  # type: ignore[union-attr]
    assert solver.check(age > 200) == z3.unsat
    start, visit = (
        patient.values.symbols[f"encounter.{name}"].value  # type: ignore[union-attr]
        for name in ("program_start_date", "assessment_date")
    )
    known = asserted(patient.mask["encounter.program_start_date"])
    assert solver.check(known, start > visit) == z3.unsat
