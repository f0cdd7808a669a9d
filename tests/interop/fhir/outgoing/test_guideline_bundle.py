"""A guideline out: rules with their conditions as written, steps guarded, every code told."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml

import guidestep
from guidestep import Guideline
from guidestep.guideline import shipped_folder
from guidestep.interop.fhir import conformance, load_mapping, outgoing
from guidestep.interop.fhir.canonical import Canonical
from guidestep.interop.fhir.outgoing.conditions import GUARD
from guidestep.language.documents import NOT_DECIDING, Review
from tests.interop.fhir.outgoing.answers import (
    ID,
    Json,
    answered,
    everything,
    guideline,
    resources,
)


@cache
def bundle() -> Json:
    return outgoing.guideline_bundle(guideline())


def one(kind: str) -> Json:
    (found,) = resources(bundle(), kind)
    return found


def actions() -> dict[str, Json]:
    """All actions of the plan by id, those within others included."""
    found = [part for _, part in everything(one("PlanDefinition")) if isinstance(part, dict)]
    return {part["id"]: part for part in found if "title" in part and "id" in part}


def expressions(action: Json) -> list[str]:
    return [
        condition["expression"]["expression"]
        for condition in action.get("condition", [])
        if condition["expression"]["language"] == "text/x-guidestep"
    ]


def test_every_rule_is_an_action_with_its_condition_as_written() -> None:
    plan = actions()
    for name in (
        "red_flags",
        "referrals",
        "eligibility",
        "conflicts",
        "cautions",
        "surveillance",
    ):
        text = (shipped_folder() / ID / f"{name}.yaml").read_text(encoding="utf-8")
        for rule in yaml.safe_load(text):
            action = plan[f"rule-{rule['id']}"]
            (written,) = expressions(action)
            assert yaml.safe_load(written) == rule["when"], rule["id"]
            assert action["title"] == rule["statement"]
    text = (shipped_folder() / ID / "requirements.yaml").read_text(encoding="utf-8")
    for rule in yaml.safe_load(text):
        first, *scope = expressions(plan[f"rule-{rule['id']}"])
        assert yaml.safe_load(first) == {"none": [rule["require"]]}
        assert [yaml.safe_load(each) for each in scope] == (
            [rule["when"]] if "when" in rule else []
        )


def test_every_progression_is_behind_a_step() -> None:
    text = json.dumps(one("PlanDefinition")["action"])
    for rule in guideline().base.progressions:
        assert f'"label": "{rule.id}"' in text, rule.id


def test_no_exercise_starts_in_an_engine_that_overlooks_the_conditions() -> None:
    defined = [action for action in actions().values() if "definitionCanonical" in action]
    assert {action["id"] for action in defined} == {
        f"step-{s}" for s in ("M1", "M2", "N1", "R1", "R2")
    }
    for action in defined:
        guard = action["condition"][0]
        assert guard == GUARD
        expression = guard["expression"]
        assert (guard["kind"], expression["language"]) == ("applicability", "text/fhirpath")
        assert expression["expression"] == "false"
        assert any(condition["kind"] == "start" for condition in action["condition"])
    others = [action for action in actions().values() if action not in defined]
    assert not any(GUARD in action.get("condition", []) for action in others)
    stops = [c["expression"]["expression"] for c in actions()["step-R2"]["condition"]]
    assert stops[-1] == "scope.acute_spasm_status is not resolved"


def test_each_definition_is_in_the_bundle_with_its_dose() -> None:
    activities = {a["url"]: a for a in resources(bundle(), "ActivityDefinition")}
    for action in actions().values():
        if "definitionCanonical" in action:
            address, _, version = action["definitionCanonical"].partition("|")
            activity = activities.pop(address)
            assert activity["version"] == version
            assert (activity["kind"], activity["intent"]) == ("ServiceRequest", "proposal")
            assert activity["doNotPerform"] is False
            assert any(part["type"] == "citation" for part in activity["relatedArtifact"])
    assert activities == {}


def test_every_action_is_cited_or_says_that_it_is_not_and_is_graded_honestly() -> None:
    for action in actions().values():
        if "action" in action:
            continue
        types = {part["type"] for part in action["documentation"]}
        none = any("No citation" in p.get("display", "") for p in action["documentation"])
        assert ("citation" in types) != none, action["id"]
        strength, quality = action["extension"]
        # Nobody graded these recommendations: no code of a rating scheme may say so.
        assert strength["valueCodeableConcept"]["coding"][0]["code"] == "not-graded"
        codes = {c["code"] for c in quality["valueCodeableConcept"]["coding"]}
        assert codes <= {"not_assessable", "not_cited", "very_low", "very-low", "low", "moderate"}


def test_everything_is_a_draft_while_the_review_is_pending() -> None:
    for resource in resources(bundle()):
        assert (resource["status"], resource["experimental"]) == ("draft", True)
        assert "approvalDate" not in resource
        for name in ("url", "version", "name", "title", "date", "publisher", "description"):
            assert resource[name], name
        assert "PENDING HUMAN REVIEW" in resource["description"]


def test_what_is_approved_is_active() -> None:
    entry = guideline().base.entry
    review = Review(status="approved", statement="A committee approved it.")
    approved = replace(guideline().base, entry=entry.model_copy(update={"review": review}))
    for resource in resources(outgoing.guideline_bundle(Guideline(approved))):
        assert (resource["status"], resource["experimental"]) == ("active", False)


def test_the_files_in_the_library_are_those_that_answer(tmp_path: Path) -> None:
    content = one("Library")["content"]
    digest = hashlib.sha256()
    for part in content:
        data = base64.b64decode(part["data"])
        assert part["size"] == len(data)
        if part["title"] not in NOT_DECIDING:
            digest.update(f"{part['title']}\0{len(data)}\0".encode() + data)
        (tmp_path / part["title"]).write_bytes(data)
    assert digest.hexdigest() == guideline().digest
    # Whoever has the Library has the guideline.
    again = guidestep.load(tmp_path)
    assert again.digest == guideline().digest
    (tmp_path / "notices.yaml").write_text("[]\n", encoding="utf-8")
    (changed,) = resources(outgoing.guideline_bundle(again), "Library")
    assert "content" not in changed


def test_the_thirteen_source_attributes_and_the_inputs_that_tell_who_somebody_is() -> None:
    found = {
        extension["url"].rpartition("/")[2]: extension for extension in one("Library")["extension"]
    }
    assert [part["url"] for part in found["source-attributes"]["extension"]] == [
        "bibliographicCitation",
        "developer",
        "funding",
        "releaseDate",
        "race",
        "ethnicity",
        "language",
        "sexualOrientation",
        "genderIdentity",
        "sex",
        "dateOfBirth",
        "socialDeterminantsOfHealth",
        "healthStatusAssessments",
    ]
    assert found["demographic-inputs"]["extension"] == [
        {"url": "dateOfBirth", "valueString": "scope.age_years"}
    ]
    assert found["guideline-digest"]["valueString"] == guideline().digest


def test_every_local_code_is_in_a_code_system() -> None:
    known: dict[str, set[str]] = {
        system["url"]: {concept["code"] for concept in system["concept"]}
        for system in resources(bundle(), "CodeSystem")
    }
    written = [bundle(), *(answer.bundle for answer in answered())]
    for _, part in (each for value in written for each in everything(value)):
        if isinstance(part, dict) and str(part.get("system", "")).startswith(Canonical().base):
            assert part["code"] in known[part["system"]], part


@pytest.mark.parametrize("asked", [None, "mapping"])
def test_every_input_is_required_in_fhir(asked: str | None) -> None:
    requirements = load_mapping(guideline()).data_requirements if asked else None
    (library,) = resources(outgoing.guideline_bundle(guideline(), None, requirements), "Library")
    assert conformance.problems(library) == []
    assert len(library["dataRequirement"]) >= len(guideline().fields)
    named = {parameter["name"] for parameter in library["parameter"]}
    assert named == {*guideline().fields, "reassessment_overdue_weeks", "outcome"}


def test_another_guideline_is_written_too() -> None:
    folder = Path(__file__).parents[3] / "answer" / "guideline"
    from tests.answer.model import KneeAssessment

    other = guidestep.load(folder, model=KneeAssessment)
    assert conformance.problems(outgoing.guideline_bundle(other)) == []
