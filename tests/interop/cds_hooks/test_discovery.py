"""Discovery describes each service once for each of its hooks, with templates it can rely on."""

from __future__ import annotations

from typing import Any

import pytest

from guidestep.guideline import SettingError
from guidestep.interop.cds_hooks import HOOKS, Served, conformance, discovery
from tests.interop.cds_hooks.standins import QUERIES, SetMapping, SetReading, cervical, served


def mapping(**queries: str) -> SetMapping:
    return SetMapping(SetReading(cervical(), {}), asked=queries or dict(QUERIES))


def test_each_hook_has_a_service_and_all_have_the_same_id() -> None:
    document: Any = discovery([served()])
    assert [service["hook"] for service in document["services"]] == list(HOOKS)
    assert {service["id"] for service in document["services"]} == {"cervical-spasm-opll"}
    assert not conformance.check("services", document)


def test_a_service_says_what_it_is_and_what_it_needs() -> None:
    document: Any = discovery([served()])
    service = document["services"][0]
    assert service["title"] == cervical().title
    assert "Source: Conservative Rehabilitation Protocol" in service["description"]
    assert "Review: pending human review" in service["description"]
    assert service["prefetch"] == QUERIES
    assert "never absent" in service["usageRequirements"]


def test_without_guidelines_there_is_an_empty_list() -> None:
    assert discovery([]) == {"services": []}


def test_hooks_can_be_chosen() -> None:
    place = Served("neck", cervical(), mapping(), hooks=("order-sign", "order-sign"))
    document: Any = discovery([place])
    assert [(one["id"], one["hook"]) for one in document["services"]] == [("neck", "order-sign")]


def test_a_mapping_that_asks_for_nothing_has_no_prefetch() -> None:
    place = Served("neck", cervical(), SetMapping(SetReading(cervical(), {}), asked={}))
    assert "prefetch" not in str(discovery([place]))


@pytest.mark.parametrize(
    "query",
    [
        "Encounter/{{context.encounterId}}",
        "Patient/{{patientId}}",
        "Patient/{{context.patient.id}}",
        "Patient/{{context.patientId}",
        "Observation?date=gt{{today()}}",
    ],
)
def test_a_template_that_a_client_could_not_fill_is_refused(query: str) -> None:
    with pytest.raises(SettingError, match="prefetch key 'a'"):
        discovery([Served("neck", cervical(), mapping(a=query))])


def test_two_services_cannot_share_an_id() -> None:
    with pytest.raises(SettingError, match="two services"):
        discovery([served(), served()])


@pytest.mark.parametrize(
    "settings",
    [
        {"id": "a/b"},
        {"id": ""},
        {"hooks": ("patient-vew",)},
        {"hooks": ()},
        {"profile": "lenient"},
        {"base_url": "cds.example"},
        {"base_url": "ftp://cds.example"},
        {"base_url": "https://"},
        {"base_url": "https://cds.example/\n"},
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(SettingError):
        Served(**{"id": "neck", "guideline": cervical(), "mapping": mapping(), **settings})


def test_the_page_of_the_explanation_lies_below_the_base_address() -> None:
    place = Served("neck", cervical(), mapping(), base_url="https://cds.example/a/")
    assert place.explanation_url == "https://cds.example/a/guidelines/neck/explanation"
    assert served().explanation_url is None
