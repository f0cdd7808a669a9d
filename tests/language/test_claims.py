"""Properties in the core: an engine finds who breaks them, as an author would by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from tests.drifting import load_drifting
from tests.faults.model import KneeAssessment
from tests.strategies.assessments import assessment_dicts

from guidestep.engines.compiled import CompiledEngine
from guidestep.guideline import Guideline
from guidestep.language.claims import (
    answer_labels,
    property_definitions,
    with_properties,
)
from guidestep.language.compiler import Compiled, compile_program
from guidestep.language.program import Definition, Program
from guidestep.language.properties import answer_types
from guidestep.language.rulebase import Rulebase
from guidestep.language.tree import CORE, walk
from guidestep.language.types import CONDITION
from guidestep.recommendation import Recommendation

BASE = Path(__file__).parents[1] / "faults" / "base"

REQUESTS = """
- id: ask-for-full-bending
  statement: Bend fully
  when: visit.stage is programme
  granted_by: {track: bending, action: progress}
  otherwise: Not yet.
  facts: [F02]
- id: ask-for-a-brace
  statement: Wear a brace
  when: knee.swelling is mild
  otherwise: Not spoken of.
  facts: [F02]
"""

Patient = dict[str, dict[str, object]]

PLAIN: Patient = {
    "visit": {"on": "2026-03-02", "stage": "programme", "surgery_date": "2026-02-02"},
    "knee": {"swelling": "none", "locked": False, "pain_mm": 20, "flexion_deg": 100},
    "person": {"age_years": 40},
    "programme": {"step": "K1"},
}
"""A patient who goes on to full bending."""


def folder(path: Path, properties: str = "") -> Path:
    shutil.copytree(BASE, path)
    (path / "requests.yaml").write_text(REQUESTS)
    if properties:
        (path / "properties.yaml").write_text(properties)
    return path


def one(claim: str, grounds: str = "facts: [F01]") -> str:
    return f"properties:\n  - id: claimed\n    statement: Said.\n    {grounds}\n    {claim}\n"


def compiled_of(base: Rulebase, profile: str = "usual") -> Compiled:
    entry = next(p for p in base.entry.profiles if p.id == profile)
    return compile_program(base, entry, {p.id: p.default for p in base.entry.parameters})


def judged(
    base: Rulebase, patient: Mapping[str, object], profile: str = "usual"
) -> dict[str, object]:
    """Return for each claimed property of one patient whether the patient breaks it."""
    compiled = compiled_of(base, profile)
    properties = property_definitions(base, compiled)
    program = with_properties(base, compiled, properties)
    return {p.name.partition(":")[2]: seen(program, base, patient)[p.name] for p in properties}


def seen(program: Program, base: Rulebase, patient: Mapping[str, object]) -> dict[str, object]:
    read = base.model.read(patient)
    fields = base.model.fields()
    inputs = tuple(read.value(i.path) if i.path in fields else None for i in program.inputs)
    verdicts = CompiledEngine(program).evaluate(inputs)
    return {d.name: v for d, v in zip(program.definitions, verdicts, strict=True)}


def changed(**fields: object) -> Patient:
    new = {section: dict(part) for section, part in PLAIN.items()}
    for name, value in fields.items():
        section, _, field = name.partition("__")
        new[section][field] = value
    return new


CLAIMS: list[tuple[str, Patient, bool]] = [
    ("never: outcome is recommend", PLAIN, True),
    ("never: outcome is recommend", changed(knee__locked=True), False),
    ("never: outcome is urgent_referral", changed(knee__locked=True), True),
    ("always: outcome is recommend", PLAIN, False),
    ("always: outcome in (recommend, referral)", changed(knee__locked=True), True),
    ("never: steps.bending is K2", PLAIN, True),
    ("never: steps.bending is K1", PLAIN, False),
    ("always: actions.bending is progress", PLAIN, False),
    ("never: actions.bending is progress", changed(knee__flexion_deg=80), False),
    ("never: actions.bending is 'continue'", changed(knee__flexion_deg=80), True),
    (
        "always: actions.bending is none and steps.bending is none",
        changed(knee__locked=True),
        False,
    ),
    ("always: actions.bending is not none", changed(knee__locked=True), True),
    # A condition that is unknown is not 'always', and not 'never' either.
    ("always: rules.bend_fully", changed(knee__flexion_deg=None), True),
    ("never: rules.bend_fully", changed(knee__flexion_deg=None), False),
    ("always: rules.bend_fully is unknown", changed(knee__flexion_deg=None), False),
    ("always: not rules.locked_knee", PLAIN, False),
    ("never: rules.pain_measured", PLAIN, True),
    # Asked for and given; asked for and not given; not asked for; never given.
    ("never: requests.ask_for_full_bending", PLAIN, True),
    ("never: requests.ask_for_full_bending", changed(knee__flexion_deg=80), False),
    ("never: requests.ask_for_full_bending", changed(visit__stage="intake"), False),
    ("never: requests.ask_for_a_brace", changed(knee__swelling="mild"), False),
    # The premise: where it is false or unknown nothing is claimed.
    ("when: knee.pain_mm >= 50\n    never: outcome is recommend", PLAIN, False),
    ("when: knee.pain_mm < 50\n    never: outcome is recommend", PLAIN, True),
    (
        "when: person.age_years < 90\n    always: outcome is recommend",
        changed(person__age_years=None),
        False,
    ),
    # Findings, scores, bands, parameters, and a field that no rule reads.
    ("always: much_pain", changed(knee__pain_mm=60), False),
    ("never: irritation >= 1 and severity is low", changed(knee__pain_mm=60), True),
    ("always: severity in (none, low)", PLAIN, False),
    ("never: knee.pain_mm < pain_limit", PLAIN, True),
    ("always: programme.weeks is unknown", PLAIN, False),
    ("never: programme.weeks > 3", changed(programme__weeks=4), True),
    ("never: at_least(2, rules.bend_fully, not rules.child, outcome is referral)", PLAIN, True),
    ("always:\n      any: [outcome is referral, {none: [knee.locked]}]", PLAIN, False),
]


@pytest.mark.parametrize(("claim", "patient", "broken"), CLAIMS)
def test_who_breaks_a_property(claim: str, patient: Patient, broken: bool, tmp_path: Path) -> None:
    base = load_drifting(folder(tmp_path / "knee", one(claim)), KneeAssessment).base
    assert judged(base, patient) == {"claimed": broken}


@pytest.mark.parametrize(
    ("claim", "grounds", "profiles"),
    [
        ("never: outcome is recommend", "facts: [F01]", {"usual", "bare"}),
        ("never: outcome is recommend", "assumes: [ASM-01]", {"usual"}),
        ("unchanged_by: [knee.remarks]", "facts: [F01]", {"usual", "bare"}),
        ("unchanged_by: [knee.remarks]", "assumes: [ASM-01]", {"usual"}),
        ("never: rules.child", "facts: [F01]", {"usual"}),
    ],
)
def test_what_a_profile_claims(
    claim: str, grounds: str, profiles: set[str], tmp_path: Path
) -> None:
    path = folder(tmp_path / "knee", one(claim, grounds))
    file = path / "eligibility.yaml"
    file.write_text(file.read_text().replace("facts: [F02]", "assumes: [ASM-01]\n  facts: [F02]"))
    base = load_drifting(path, KneeAssessment).base
    found = {p for p in ("usual", "bare") if property_definitions(base, compiled_of(base, p))}
    assert found == profiles


def test_a_property_of_two_patients_is_left_to_others(tmp_path: Path) -> None:
    claim = "when: visit.stage is intake\n    unchanged_by: [knee.remarks, programme.weeks]"
    base = load_drifting(folder(tmp_path / "knee", one(claim)), KneeAssessment).base
    compiled = compiled_of(base)
    (lowered,) = property_definitions(base, compiled)
    assert lowered.violated is None
    assert with_properties(base, compiled, [lowered]).definitions == compiled.program.definitions


def test_what_is_added_comes_last_and_is_of_the_core(tmp_path: Path) -> None:
    text = one("never: programme.weeks > 3 and steps.bending is K1")
    base = load_drifting(folder(tmp_path / "knee", text), KneeAssessment).base
    compiled = compiled_of(base)
    program = with_properties(base, compiled, property_definitions(base, compiled))
    old = compiled.program
    assert program.inputs[: len(old.inputs)] == old.inputs
    assert [i.path for i in program.inputs[len(old.inputs) :]] == ["programme.weeks"]
    assert program.definitions[: len(old.definitions)] == old.definitions
    (added,) = program.definitions[len(old.definitions) :]
    assert added.name == "property:claimed"
    assert all(isinstance(node, CORE) for node in walk(added.expression))


def test_properties_and_measurements_are_not_part_of_the_digest(tmp_path: Path) -> None:
    plain = load_drifting(folder(tmp_path / "plain"), KneeAssessment).base
    claiming = folder(tmp_path / "claiming", one("never: outcome is referral"))
    (claiming / "measurements.yaml").write_text(
        "- {id: error-of-pain, statement: Said., field: knee.pain_mm, kind: repeatability,\n"
        "   error: 7.5, unit: mm, cites: [manual]}\n"
    )
    found = load_drifting(claiming, KneeAssessment).base
    assert found.digest == plain.digest
    assert [(m.entry.field, m.entry.error) for m in found.measurements] == [("knee.pain_mm", 7.5)]


def test_what_is_accepted_is_kept(tmp_path: Path) -> None:
    text = "accepted:\n  - {property: reachable, about: [severity, child], because: Known.}\n"
    base = load_drifting(folder(tmp_path / "knee", text), KneeAssessment).base
    (accepted,) = base.accepted
    assert (accepted.property, accepted.about) == ("reachable", ("severity", "child"))


def test_a_name_that_two_ids_would_have_means_neither() -> None:
    assert "rules.a_b" in answer_types({}, ["a-b"], [])
    assert "rules.a_b" not in answer_types({}, ["a-b", "a_b"], [])


# --- the parts of an answer -----------------------------------------------------------------------


def labelled(guideline: Guideline, profile: str, patient: Mapping[str, object]) -> dict[str, str]:
    """Return the parts of an answer by their names in properties, by the lowered labels alone."""
    base = guideline.base
    compiled = compiled_of(base, profile)
    parts = answer_labels(base, compiled)
    added = [
        Definition(f"{name} = {label}", expression, CONDITION)
        for name, labels in parts.items()
        for label, expression in labels.items()
    ]
    program = compiled.program
    whole = Program(program.name, program.inputs, (*program.definitions, *added))
    verdicts = seen(whole, base, patient)
    assert all(verdicts[d.name] is not None for d in added)
    found = [d.name.split(" = ") for d in added if verdicts[d.name] is True]
    assert len(found) == len(parts)
    return dict(found)


def said(guideline: Guideline, answer: Recommendation) -> Iterator[tuple[str, str]]:
    """Yield the parts of an answer as the recommendation itself has them."""
    yield "outcome", answer.outcome.value
    steps = {step.track: step for step in answer.steps}
    for track in guideline.base.tracks:
        step = steps.get(track)
        named = step is not None and step.id in guideline.base.steps
        yield f"steps.{track}", step.id if step is not None and named else "none"
        yield f"actions.{track}", step.action.value if step is not None else "none"


KNEE = load_drifting(BASE, KneeAssessment)


@given(assessment_dicts(KneeAssessment, missing=0.1))
@settings(max_examples=150, deadline=None)
def test_the_labels_are_those_of_the_answer(patient: Patient) -> None:
    for profile in KNEE.profiles:
        answer = KNEE.recommend(patient, profile=profile, engine="compiled")
        assert labelled(KNEE, profile, patient) == dict(said(KNEE, answer))
