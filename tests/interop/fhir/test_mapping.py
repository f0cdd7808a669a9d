"""The mapping: what it asks for, its codes, and what it makes of a guideline without one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import guidestep
from guidestep.assessment import FieldKind, UnknownFieldError
from guidestep.interop.fhir import Canonical, load_mapping
from guidestep.interop.fhir.codes.linter import lint
from guidestep.interop.fhir.mapping import mapping_faults
from guidestep.interop.fhir.mapping.mapping import ASSUMED_WINDOW
from guidestep.language.diagnostics import GuidelineError
from tests.guidelines.models import Curb65Assessment
from tests.interop.fhir.records import (
    CANONICAL,
    FIELDS,
    GUIDELINE,
    MAPPING,
    ON,
    PATIENT,
    concept,
    observation,
    quantity,
    response,
)

PAIN = "measures.current_pain_vas_mm"


def mapped(text: str, tmp_path: Path) -> Any:
    path = tmp_path / "fhir.yaml"
    path.write_text(f"format: 1\n{text}", encoding="utf-8")
    return load_mapping(GUIDELINE, path)


# --- the shipped mapping --------------------------------------------------------------------------


def test_the_shipped_mapping_has_no_fault() -> None:
    assert mapping_faults(GUIDELINE) == ()


def test_every_shipped_code_is_pinned_with_its_display() -> None:
    codes = [code for source in MAPPING.sources for code in source.codes]
    assert len(codes) > 50
    for code in codes:
        assert lint(code.system, code.code, code.display) is None


def test_where_a_patient_stands_is_never_assumed() -> None:
    never = {"encounter.care_stage", *(path for path in FIELDS if path.endswith("_step"))}
    assert not never & {*MAPPING.defaults, *MAPPING.visit}
    assert set(MAPPING.defaults) == {
        "program.requested_action",
        "neurologic.red_flag_adjudication",
    }


def test_every_field_has_a_window_with_a_reason() -> None:
    assert set(MAPPING.windows) == set(FIELDS)
    assert all(window is not None for window in MAPPING.windows.values())


def test_what_is_red_counts_at_this_visit_only() -> None:
    for path, spec in FIELDS.items():
        if spec.section == "neurologic" and spec.kind is FieldKind.ENUMERATION:
            read_on_images = path in {
                "neurologic.mri_cord_compression",
                "neurologic.mri_myelomalacia",
            }
            assert MAPPING.windows[path] == (365 if read_on_images else 1), path


def test_a_condition_never_states_an_absence_of_a_red_flag() -> None:
    told = {s.path for s in MAPPING.sources if s.resource == "Condition" and s.absent}
    assert told == {"adjuncts.cervical_dystonia_diagnosis"}
    for source in MAPPING.sources:
        if source.resource == "Condition":
            assert not {"absent", "none", "negative"} & set(source.members), source.path


# --- queries --------------------------------------------------------------------------------------

QUERY = re.compile(
    r"(?:[A-Z]\w+/\{\{context\.patientId\}\}"
    r"|[A-Z]\w+\?patient=\{\{context\.patientId\}\}(?:&[a-z_-]+=[^&\s]+)*)"
)


def test_queries_keep_to_the_subset() -> None:
    queries = MAPPING.queries()
    assert list(queries) == ["patient", "observations", "conditions", "reports", "answers"]
    for query in queries.values():
        assert QUERY.fullmatch(query), query
        assert len(query) < 2000
        for parameter in query.partition("?")[2].split("&"):
            name, _, value = parameter.partition("=")
            assert name in {"", "patient", "code", "_sort", "_count"}
            assert "{{" not in value or value == "{{context.patientId}}"


def test_queries_ask_for_all_that_is_read() -> None:
    queries = MAPPING.queries()
    keys = {
        "Observation": "observations",
        "Condition": "conditions",
        "DiagnosticReport": "reports",
    }
    for source in MAPPING.sources:
        for code in source.codes:
            tokens = queries[keys[source.resource]].partition("code=")[2].partition("&")[0]
            assert f"{code.system}|{code.code}" in tokens.split(",")
    assert f"{CANONICAL.fields('cervical')}|" in queries["observations"]


def test_the_base_of_local_codes_is_the_site_s() -> None:
    mapping = load_mapping(GUIDELINE, canonical=Canonical("https://clinic.example/fhir"))
    assert (
        "https://clinic.example/fhir/CodeSystem/cervical-field|"
        in mapping.queries()["observations"]
    )
    reading = mapping.read([observation("o", PAIN, 46)], subject=PATIENT, on=ON)
    assert PAIN not in reading.data
    assert reading.problems == ()


# --- codes and requirements -----------------------------------------------------------------------


def test_codes_of_a_field_standard_first() -> None:
    loinc, local = MAPPING.coding(PAIN)
    assert loinc == {
        "system": "http://loinc.org",
        "code": "38214-3",
        "display": "Pain severity [Score] Visual analog score",
    }
    assert local == CANONICAL.field("cervical", PAIN, FIELDS[PAIN].label)
    assert MAPPING.coding("neurologic.hoffmann_left")[0]["code"] == "neurologic.hoffmann_left"


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(UnknownFieldError, match="did you mean"):
        MAPPING.coding("neurologic.hofmann_left")
    with pytest.raises(UnknownFieldError):
        MAPPING.data_requirements(["nothing.at_all"])


def test_data_requirements_say_which_resources_would_tell() -> None:
    age, own = MAPPING.data_requirements(["scope.age_years"])
    assert age == {"type": "Patient", "mustSupport": ["birthDate"]}
    assert own["type"] == "Observation"
    report = MAPPING.data_requirements(["neurologic.mri_status", "neurologic.mri_status"])[1]
    assert report["type"] == "DiagnosticReport"
    assert "dateFilter" not in report
    (pain,) = MAPPING.data_requirements([PAIN])
    filters: Any = pain["dateFilter"]
    assert filters[0]["valueDuration"]["value"] == 28
    codes: Any = pain["codeFilter"]
    assert [code["code"] for code in codes[0]["code"]] == ["38214-3", PAIN]
    # A code that only suggests would tell nothing.
    (deficit,) = MAPPING.data_requirements(["scope.significant_neurologic_deficit"])
    assert deficit["type"] == "Observation"
    every = MAPPING.data_requirements(FIELDS)
    assert len(every) >= len(FIELDS)


# --- other mappings -------------------------------------------------------------------------------


def test_a_guideline_without_a_mapping_is_read_by_its_own_codes() -> None:
    folder = Path(__file__).parents[2] / "guidelines" / "curb65"
    bare = load_mapping(guidestep.load(folder, model=Curb65Assessment))
    assert list(bare.queries()) == ["patient", "observations", "answers"]
    path = next(iter(bare.fields))
    assert bare.window(path) == ASSUMED_WINDOW
    reading = bare.read([], subject=PATIENT, on=ON)
    assert dict(reading.data) == {}


def test_a_mapping_in_a_file_that_is_not_there() -> None:
    with pytest.raises(GuidelineError, match="unreadable-file"):
        load_mapping(GUIDELINE, "nowhere.yaml")


def test_a_mapping_of_the_wrong_shape(tmp_path: Path) -> None:
    path = tmp_path / "fhir.yaml"
    path.write_text("- 1\n", encoding="utf-8")
    with pytest.raises(GuidelineError, match="wrong-shape"):
        load_mapping(GUIDELINE, path)


def test_answers_of_a_site_and_codes_that_it_verified(tmp_path: Path) -> None:
    mapping = mapped(
        """
verified:
  - {system: snomed, code: "52101004", display: Present, source: "SNOMED CT browser, 2026-09"}
sources:
  - path: neurologic.gait_instability
    from: Observation
    within: 1
    codes: [{system: "https://clinic.example/codes", code: GAIT}]
    answers:
      - {system: snomed, code: "52101004", display: Present, is: present}
      - {system: "https://clinic.example/codes", code: STEADY, is: absent}
""",
        tmp_path,
    )
    code = concept("https://clinic.example/codes", "GAIT")
    path = "neurologic.gait_instability"
    for system, answer, member in (
        ("http://snomed.info/sct", "52101004", "present"),
        ("https://clinic.example/codes", "STEADY", "absent"),
    ):
        body = observation("o", path, code=code, valueCodeableConcept=concept(system, answer))
        assert mapping.read([body], subject=PATIENT, on=ON).data == {path: member}


def test_a_questionnaire_of_a_site(tmp_path: Path) -> None:
    mapping = mapped(
        """
sources:
  - path: neurologic.bladder_dysfunction
    from: QuestionnaireResponse
    questionnaire: https://clinic.example/Questionnaire/neck
    link_id: "4.2"
    within: 0
    answers: [{boolean: true, is: present}, {boolean: false, is: absent}]
  - path: measures.current_pain_vas_mm
    from: QuestionnaireResponse
    link_id: "5"
    within: 0
""",
        tmp_path,
    )
    items = [
        {"linkId": "4.2", "answer": [{"valueBoolean": True}]},
        {"linkId": "5", "answer": [{"valueQuantity": quantity(4.6, "cm")}]},
    ]
    theirs = "https://clinic.example/Questionnaire/neck|2"
    read = mapping.read(
        [response("q", {}, item=items, questionnaire=theirs)], subject=PATIENT, on=ON
    )
    assert read.data == {"neurologic.bladder_dysfunction": "present", PAIN: 46}
    other = mapping.read([response("q", {}, item=items)], subject=PATIENT, on=ON)
    assert other.data == {PAIN: 46}
    # A bare number of somebody else's question has no unit.
    items[1] = {"linkId": "5", "answer": [{"valueDecimal": 46}]}
    bare = mapping.read([response("q", {}, item=items)], subject=PATIENT, on=ON)
    assert bare.data == {}


def test_a_side_is_read_from_the_body_site(tmp_path: Path) -> None:
    mapping = mapped(
        """
sides:
  - {system: "https://clinic.example/codes", code: L, is: left}
  - {system: "https://clinic.example/codes", code: R, is: right}
sources:
  - path: neurologic.hoffmann_left
    from: Observation
    side: left
    within: 1
    codes: [{system: "https://clinic.example/codes", code: HOFFMANN}]
  - path: neurologic.hoffmann_right
    from: Observation
    side: right
    within: 1
    codes: [{system: "https://clinic.example/codes", code: HOFFMANN}]
  - path: scope.prior_cervical_surgery
    from: Procedure
    is: fusion
    codes: [{system: "https://clinic.example/codes", code: FUSION}]
""",
        tmp_path,
    )
    answer = {"valueCodeableConcept": {"coding": [CANONICAL.answer("cervical", "positive")]}}
    code = concept("https://clinic.example/codes", "HOFFMANN")
    left, right = "neurologic.hoffmann_left", "neurologic.hoffmann_right"

    def tested(side: str | None) -> Any:
        site = {} if side is None else {"bodySite": concept("https://clinic.example/codes", side)}
        body = observation("o", left, code=code, **answer, **site)
        return mapping.read([body], subject=PATIENT, on=ON)

    assert tested("L").data == {left: "positive"}
    assert tested("R").data == {right: "positive"}
    unsided = tested(None)
    assert unsided.data == {}
    assert {problem.code for problem in unsided.problems} == {"side-not-recorded"}

    def operated(status: str, day: str = "2019-05-01") -> Any:
        body = {
            "resourceType": "Procedure",
            "id": "p",
            "status": status,
            "subject": {"reference": PATIENT},
            "code": concept("https://clinic.example/codes", "FUSION"),
            "performedDateTime": day,
        }
        return mapping.read([body], subject=PATIENT, on=ON)

    assert operated("completed").data == {"scope.prior_cervical_surgery": "fusion"}
    assert operated("completed", "2026-03-05").data == {}
    for status in ("not-done", "in-progress", "preparation", "stopped", "entered-in-error"):
        assert operated(status).data == {}
        assert operated(status).problems
