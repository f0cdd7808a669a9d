"""What others let pass is found here, and the page says who finds what."""

from __future__ import annotations

import pytest

from guidestep.interop.fhir import conformance
from tests.interop.fhir.outgoing.answers import Json
from tests.interop.fhir.outgoing.validators import fhir_resources_faults, npm_faults
from tests.interop.fhir.outgoing.wrong_documents import PAGE, VALID, WRONG, Wrong, updated


@pytest.mark.parametrize("document", VALID, ids=lambda one: one["resourceType"])
def test_without_the_change_a_document_is_valid(document: Json) -> None:
    assert conformance.problems(document) == []
    assert fhir_resources_faults(document) == []
    assert npm_faults([document]) == [[]]


@pytest.mark.parametrize("wrong", WRONG, ids=lambda one: one.fault)
def test_the_fault_is_found_and_nothing_else(wrong: Wrong) -> None:
    assert {problem.rule for problem in conformance.problems(wrong.document)} == {wrong.rule}


def test_the_page_says_who_finds_what() -> None:
    text = PAGE.read_text(encoding="utf-8")
    again = "python -m tests.interop.fhir.outgoing.wrong_documents"
    assert updated(text) == text, f"run: {again}"
