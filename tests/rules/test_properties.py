"""The properties of the cervical guideline hold of random patients, and a wrong rule breaks them.

Patients are those of the guideline's own cases with some fields changed or left out, given to the
compiled engine as they are. For each property there is one fault in the rules that it finds.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml
from tests.drifting import load_drifting

import guidestep
from guidestep.assessment import CervicalAssessment, FieldKind, FieldSpec
from guidestep.cases import read_cases
from guidestep.engines.compiled import CompiledEngine
from guidestep.guideline import Guideline
from guidestep.language.claims import (
    LoweredProperty,
    answer_labels,
    property_definitions,
    with_properties,
)
from guidestep.language.program import Definition, Program, Value
from guidestep.language.rulebase import UnchangedBy
from guidestep.language.types import CONDITION

FOLDER = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
GUIDELINE = guidestep.load(FOLDER)
SPECS = CervicalAssessment.fields()
IDS = [property_.id for property_ in GUIDELINE.base.properties]
THRESHOLDS = (4, 6, 8, 12, 14, 15, 16, 18, 25, 30, 45, 70)
"""Numbers at which rules change their mind; values are drawn on them and beside them."""

Patient = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges patients by the properties of a guideline in one profile."""

    program: Program
    engine: CompiledEngine
    properties: tuple[LoweredProperty, ...]
    answer: tuple[int, ...]
    """Where the parts of an answer stand among the verdicts."""

    @classmethod
    def of(cls, guideline: Guideline, profile: str) -> Judge:
        compiled = guideline.compiled(profile)
        properties = property_definitions(guideline.base, compiled)
        program = with_properties(guideline.base, compiled, properties)
        premises = [Definition(f"{p.name}:when", p.when, CONDITION) for p in properties]
        parts = [
            Definition(f"{name} = {label}", expression, CONDITION)
            for name, labels in answer_labels(guideline.base, compiled).items()
            for label, expression in labels.items()
        ]
        definitions = (*program.definitions, *premises, *parts)
        program = Program(program.name, program.inputs, definitions)
        answer = tuple(range(len(definitions) - len(parts), len(definitions)))
        return cls(program, CompiledEngine(program), properties, answer)

    def verdicts(self, patient: Patient) -> dict[str, object]:
        inputs = tuple(patient.get(i.path) for i in self.program.inputs)
        found = self.engine.evaluate(inputs)
        return {d.name: v for d, v in zip(self.program.definitions, found, strict=True)}

    def broken(self, patient: Patient, other: Patient | None = None) -> Iterator[str]:
        """Yield the properties that a patient breaks, or two patients together."""
        verdicts = self.verdicts(patient)
        names = [d.name for d in self.program.definitions]
        for p in self.properties:
            if p.violated is not None:
                if verdicts[p.name] is not False:
                    yield p.claimed.id
            elif other is not None:
                changed = {**patient, **{path: other.get(path) for path in _unchanged(p)}}
                theirs = self.verdicts(changed)
                when = f"{p.name}:when"
                if verdicts[when] is True is theirs[when] and any(
                    verdicts[names[at]] != theirs[names[at]] for at in self.answer
                ):
                    yield p.claimed.id


def _unchanged(lowered: LoweredProperty) -> tuple[str, ...]:
    claim = lowered.claimed.claim
    return claim.fields if isinstance(claim, UnchangedBy) else ()


@cache
def patients() -> dict[str, Patient]:
    """Return the patients of the guideline's cases as an engine receives them."""
    found: dict[str, Patient] = {}
    for case in read_cases(FOLDER):
        assessment = CervicalAssessment.read(case.assessment)
        found[case.entry.id] = {path: assessment.value(path) for path in SPECS}
    return found


def drawn(spec: FieldSpec, patient: Patient, random: Random) -> Value:
    """Return a value of a field: any member, a number near a threshold, a day near the visit."""
    match spec.kind:
        case FieldKind.ENUMERATION:
            return random.choice(spec.members)
        case FieldKind.DATE:
            visit = patient["encounter.assessment_date"]
            assert isinstance(visit, date)
            return visit - timedelta(days=random.choice((0, 6, 7, 27, 28, 41, 42, 43, 56, 90)))
        case FieldKind.INTEGER | FieldKind.DECIMAL:
            assert spec.minimum is not None
            assert spec.maximum is not None
            near = random.choice(THRESHOLDS) + random.choice((-1, 0, 0, 1))
            value = min(max(near, spec.minimum), spec.maximum)
            return int(value) if spec.kind is FieldKind.INTEGER else float(value)
        case _:
            return None


def near(patient: Patient, random: Random, most: int = 5) -> Patient:
    """Return a patient with up to `most` fields changed or, where they may be, left out."""
    changed = dict(patient)
    for path in random.sample(sorted(SPECS), random.randint(0, most)):
        spec = SPECS[path]
        if path == "encounter.assessment_date":
            continue
        missing = not spec.required and random.random() < 0.25
        changed[path] = None if missing else drawn(spec, patient, random)
    return changed


def walk(seed: int, number: int) -> Iterator[tuple[Patient, Patient]]:
    random = Random(seed)
    known = list(patients().values())
    for _ in range(number):
        yield near(random.choice(known), random), near(random.choice(known), random)


def test_the_guideline_states_what_it_can_never_do() -> None:
    assert len(IDS) >= 25
    assert {p.claimed.id for p in Judge.of(GUIDELINE, "source").properties} == set(IDS)


@pytest.mark.parametrize("profile", ["source", "strict", "bare"])
def test_every_property_holds_of_random_patients(profile: str) -> None:
    judge = Judge.of(GUIDELINE, profile)
    for patient, other in walk(len(profile), 3000):
        assert list(judge.broken(patient, other)) == []


@pytest.mark.parametrize("profile", ["source", "strict", "bare"])
def test_properties_speak_of_the_answer_that_is_given(profile: str) -> None:
    judge = Judge.of(GUIDELINE, profile)
    for patient, _ in walk(17, 250):
        answer = GUIDELINE.recommend(nested(patient), profile=profile, engine="compiled")
        steps = {step.track: step for step in answer.steps}
        said = {f"outcome = {answer.outcome}"}
        for track in GUIDELINE.base.tracks:
            step = steps.get(track)
            # Where no start is left a withheld track names itself, and no step.
            named = step.id if step is not None and step.id != track else "none"
            said.add(f"steps.{track} = {named}")
            said.add(f"actions.{track} = {step.action if step is not None else 'none'}")
        verdicts = judge.verdicts(patient)
        assert {name for name in verdicts if " = " in name and verdicts[name]} == said


def nested(patient: Patient) -> dict[str, dict[str, object]]:
    """Return a patient by section; what would be derived is left as it is."""
    found: dict[str, dict[str, object]] = {}
    for path, value in patient.items():
        section, _, name = path.partition(".")
        if value is not None:
            found.setdefault(section, {})[name] = value
    if patient["program.weeks_since_program_start"] is None:
        found["data_absent_reasons"] = {"program.weeks_since_program_start": "not-asked"}
    return found


# --- faults -------------------------------------------------------------------------------------

PLANTED = yaml.safe_load((Path(__file__).parent / "planted.yaml").read_text(encoding="utf-8"))


def planted(fault: dict[str, Any], folder: Path) -> Guideline:
    """Return the guideline with a fault in its rules."""
    shutil.copytree(FOLDER, folder)
    for edit in fault["edits"]:
        file = folder / edit["file"]
        text = file.read_text(encoding="utf-8")
        assert edit["old"] in text
        file.write_text(text.replace(edit["old"], edit["new"], 1), encoding="utf-8")
    return load_drifting(folder)


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault["property"])
def test_a_wrong_rule_breaks_it(fault: dict[str, Any], tmp_path: Path) -> None:
    patient = {**patients()[fault["case"]], **fault.get("set", {})}
    other = {**patient, **fault.get("other", {})}
    name = fault["property"]
    assert name not in set(Judge.of(GUIDELINE, "source").broken(patient, other))
    assert name in set(
        Judge.of(planted(fault, tmp_path / "wrong"), "source").broken(patient, other)
    )


def test_every_property_can_fail() -> None:
    assert {fault["property"] for fault in PLANTED} == set(IDS)
