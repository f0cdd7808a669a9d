"""`guidestep fhir`: bundles on standard output, faults of input in one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from guidestep import load
from guidestep.interop.fhir import conformance, outgoing
from tests.cli.conftest import Command

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
INTAKE = EXAMPLES / "eligible-intake.yaml"
ID = "cervical-spasm-opll"
WHEN = "2026-03-02T09:00:00Z"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_answer_to_every_example_is_fhir(command: Command, path: Path) -> None:
    result = command("fhir", "recommendation", path, "--subject", "Patient/9", "--when", WHEN)
    assert (result.code, result.err) == (0, "")
    bundle = json.loads(result.out)
    assert conformance.problems(bundle) == []
    assert '"Patient/9"' in result.out
    answer = outgoing.recommendation_of(bundle)
    assert json.loads(command("recommend", path, "--json").out) == json.loads(answer.to_json())


def test_the_fewest_questions_are_asked_on_demand(command: Command, tmp_path: Path) -> None:
    undecided = tmp_path / "undecided.yaml"
    data = yaml.safe_load(INTAKE.read_text())
    for name in (
        "gait_instability",
        "hoffmann_left",
        "bladder_dysfunction",
        "mri_cord_compression",
    ):
        data["neurologic"].pop(name)
    undecided.write_text(yaml.safe_dump(data))
    bundle = json.loads(command("fhir", "recommendation", undecided, "--ask", "--when", WHEN).out)
    assert conformance.problems(bundle) == []
    resources = [entry["resource"] for entry in bundle["entry"]]
    (form,) = [each for each in resources if each["resourceType"] == "Questionnaire"]
    answer = outgoing.recommendation_of(bundle)
    asked = [item["linkId"] for item in form["item"]]
    patient = yaml.safe_load(undecided.read_text())
    assert asked == [e.path for e in load(ID).recommend(patient).next_questions()]
    assert set(asked) <= {each.path for each in answer.missing}
    (group,) = [each for each in resources if each["resourceType"] == "RequestGroup"]
    references = [action.get("resource", {}).get("reference") for action in group["action"]]
    assert form["url"] in references


def test_what_was_declined_is_not_asked_again(command: Command) -> None:
    declined = EXAMPLES / "missing-hoffmann.yaml"
    for option, forms in (("--ask", 0), ("--when", 1)):
        text = command("fhir", "recommendation", declined, option, *([WHEN] * forms)).out
        assert conformance.problems(json.loads(text)) == []
        assert text.count('"resourceType": "Questionnaire"') == forms


def test_a_guideline_is_fhir_below_the_address_of_the_site(command: Command) -> None:
    result = command("fhir", "guideline", "--base", "https://example.org/fhir/")
    bundle = json.loads(result.out)
    assert conformance.problems(bundle) == []
    plan = bundle["entry"][0]["resource"]
    assert plan["url"] == "https://example.org/fhir/PlanDefinition/cervical-spasm-opll"
    assert "guidestep.example" not in result.out


def test_an_assessment_is_a_response(command: Command) -> None:
    result = command("fhir", "assessment", INTAKE, "--when", WHEN, "--encounter", "Encounter/7")
    response = json.loads(result.out)
    assert conformance.problems(response) == []
    assert response["subject"] == {"reference": "Patient/example"}
    assert response["encounter"] == {"reference": "Encounter/7"}


def test_a_guideline_of_ones_own(command: Command, small: Path, patient: Path) -> None:
    for arguments in (("guideline",), ("recommendation", patient, "--when", WHEN)):
        result = command("fhir", *arguments, "--guideline", small)
        assert (result.code, result.err) == (0, "")
        assert conformance.problems(json.loads(result.out)) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("recommendation", INTAKE, "--when", "noon"), "--when is a time with its zone"),
        (("recommendation", INTAKE, "--when", "2026-03-02T09:00"), "--when is a time"),
        (("recommendation", INTAKE, "--subject", "me"), "--subject is no FHIR reference"),
        (("recommendation", INTAKE, "--encounter", "me"), "--encounter is no FHIR reference"),
        (("recommendation", INTAKE, "--profile", "none"), "there is no profile 'none'"),
        (("recommendation", "nothing.yaml"), "nothing.yaml:1:1: unreadable-file"),
        (("guideline", "--base", "example.org"), "--base is an address such as"),
        (("guideline", "--guideline", "nothing"), "there is no guideline nothing"),
    ],
)
def test_bad_input_is_told_in_one_line(
    command: Command, arguments: tuple[str | Path, ...], message: str
) -> None:
    result = command("fhir", *arguments)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert "Traceback" not in result.err
