"""The patients of an obligation: found, made ordinary, and replayed in both engines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import z3

from guidestep.language.decision import outcome_name
from guidestep.language.program import Verdict
from guidestep.outcome import Outcome
from guidestep.verify.case_file import case_text
from guidestep.verify.properties.obligation import Existence, Obligation
from guidestep.verify.report import Finding, Witness
from guidestep.verify.solve import Search
from guidestep.verify.witness import assessment_of, ordinary, replay, verdicts_of

if TYPE_CHECKING:
    from guidestep.guideline import Guideline


def witnesses(
    guideline: Guideline, profile: str, finding: Finding, obligation: Obligation, seconds: float
) -> tuple[Witness, ...] | None:
    """Return the patients that break an obligation, or `None` where the engines do not confirm it.

    None are shown where a patient is given no outcome at all: there is no recommendation then.

    Raises:
        EngineDisagreement: The two engines differ on one of them.
    """
    scene = obligation.scene
    search = Search(scene.limits, obligation.wanted, seconds)
    if not search.found():
        return None
    ordinary(search, scene.patients)
    assert search.model is not None
    found: list[Witness] = []
    for name, patient in zip(scene.names, scene.patients, strict=True):
        data = assessment_of(patient, search.model)
        replayed = replay(patient, data, search.model)
        if replayed is None or replayed.differing:
            return None
        if not any(replayed.verdicts[outcome_name(outcome)] is True for outcome in Outcome):
            return ()
        said = guideline.recommend(data, profile=profile)
        # Ids are lower case with hyphens; a rule's own part of the id makes several distinct.
        parts = (finding.check, finding.about, name if len(scene.names) > 1 else "")
        id_ = "-".join("-".join(part.replace(":", " ").split()) for part in parts if part)
        case = case_text(id_, f"{name}: {finding.statement}", data, said, finding.facts)
        found.append(Witness(name, data, said, case))
    return tuple(found)


def confirmed(
    existence: Existence, model: z3.ModelRef, seconds: float
) -> Mapping[str, Verdict] | None:
    """Return what the engines find for a patient who shows it, or `None` where they do not.

    Raises:
        EngineDisagreement: The two engines differ.
    """
    scene = existence.scene
    patient = scene.patients[0]
    verdicts = verdicts_of(patient, assessment_of(patient, model))
    if verdicts is not None and existence.shown_by(verdicts):
        return verdicts
    # Perhaps a rounding error that doubles do not make: without any, as far as that goes.
    search = Search(scene.limits, (existence.wanted,), seconds)
    if not search.found():
        return None
    search.most(patient.subject.numbers.roundings)
    assert search.model is not None
    verdicts = verdicts_of(patient, assessment_of(patient, search.model))
    return verdicts if verdicts is not None and existence.shown_by(verdicts) else None
