"""A real client: a page in a browser that acts as the EHR, and the service in its own process."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from guidestep.interop import cds_hooks
from guidestep.interop.fhir import load_mapping
from guidestep.outcome import Outcome
from guidestep.recommendation import Recommendation
from guidestep.server.decisions import NO_RECOMMENDATION
from tests.browser.conftest import Console, Signing
from tests.browser.patients import GUIDELINE, HOSTILE, orders, patients, today
from tests.browser.records import Ehr
from tests.browser.service import ID, Service
from tests.browser.viewing import card, cards, choose, open_page, order, told
from tests.server.clients import ISSUER

MAPPING = load_mapping(GUIDELINE)
PENDING = " (pending human review)"

EXPECTED: dict[str, tuple[Outcome | None, str, str, tuple[str, ...]]] = {
    "eligible-intake": (
        Outcome.RECOMMEND,
        "info",
        "Start M1, start N1, withhold R0",
        (
            f"Start M1: Static stretching and muscle energy technique{PENDING}",
            f"Start N1: Supervised neuromuscular training{PENDING}",
        ),
    ),
    "missing-hoffmann": (
        Outcome.ASSESS_FIRST,
        "warning",
        "Assess first, not decided yet: 1 to assess, Hoffmann sign, right first",
        (),
    ),
    "red-flag-mid-programme": (
        Outcome.URGENT_REFERRAL,
        "critical",
        "Stop rehabilitation, refer urgently: Bladder dysfunction",
        (f"Draft an urgent referral: stop rehabilitation{PENDING}",),
    ),
    "no-mri": (
        Outcome.RECOMMEND,
        "info",
        "Start M1, start N1, start R1",
        (
            f"Start M1: Static stretching and muscle energy technique{PENDING}",
            f"Start N1: Supervised neuromuscular training{PENDING}",
            f"Start R1: Low-load resistance training{PENDING}",
        ),
    ),
    "nothing-recorded": (None, "warning", "Cannot say yet", ()),
    "hostile-text": (
        Outcome.ASSESS_FIRST,
        "warning",
        "Assess first, not decided yet: A new neurologic deficit",
        (),
    ),
}
"""Outcome, indicator, how the summary begins, and the suggestions, written by hand."""


def library(ehr: Ehr, patient: str, service: Service) -> cds_hooks.Reply:
    """Return what the library says of a patient, from the records that the EHR has."""
    resources: dict[str, Any] = {}
    for key, template in MAPPING.queries().items():
        query = template.replace("{{context.patientId}}", patient)
        status, _, body = ehr.answer(f"/fhir/{query}")
        assert status == 200
        resources[key] = json.loads(body)
    served = cds_hooks.Served(ID, GUIDELINE, MAPPING, base_url=service.base)
    raw = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/7", "patientId": patient},
    }
    return cds_hooks.respond(cds_hooks.parse_request(raw, served.hooks), served, resources, today())


@pytest.mark.parametrize("patient", EXPECTED)
def test_the_cards_are_what_the_library_says(
    page: Page, ehr: Ehr, service: Service, patient: str
) -> None:
    outcome, indicator, summary, suggestions = EXPECTED[patient]
    open_page(page, ehr, service.base)
    choose(page, patient)
    seen = card(page)
    assert (seen.indicator, seen.suggestions) == (indicator, suggestions)
    assert seen.summary.startswith(summary)
    assert len(seen.summary) < 140

    reply = library(ehr, patient, service)
    (expected,) = reply.body["cards"]  # type: ignore[misc, union-attr]
    assert isinstance(expected, dict)
    assert (seen.summary, seen.indicator) == (expected["summary"], expected["indicator"])
    source = expected["source"]
    assert seen.source == (source["label"], source["url"])  # type: ignore[index, call-overload]
    assert seen.reasons == tuple(
        reason["display"]  # type: ignore[index, call-overload]
        for reason in expected["overrideReasons"]  # type: ignore[union-attr]
    )
    explanation = f"{service.base}/guidelines/{ID}/explanation"
    assert seen.links == (("How this guideline decides", explanation),)
    assert "PENDING HUMAN REVIEW" in seen.detail

    if outcome is None:
        assert reply.recommendation is None
        assert "No recommendation is made" in seen.detail
        return
    found = GUIDELINE.recommend(ehr.patients[patient].assessment)  # type: ignore[arg-type]
    assert found.outcome is outcome
    # Through FHIR and the browser the library was asked of the same patient.
    assert reply.recommendation is not None
    assert reply.recommendation.input_digest == found.input_digest
    for citation in found.citations:
        assert citation.title in seen.detail
        assert f"[{citation.number or citation.id}]" in seen.detail
    assert_steps(seen.suggestions, seen.detail, found)


def assert_steps(suggestions: tuple[str, ...], detail: str, found: Recommendation) -> None:
    """A step that is withheld is said so, and none is suggested unless it is recommended."""
    titles = [step.title for step in GUIDELINE.steps.values() if step.kind == "exercise"]
    offered = [title for title in titles if any(title in each for each in suggestions)]
    if found.outcome is not Outcome.RECOMMEND:
        assert offered == []
    for step in found.steps:
        heading = f"{step.action.value.upper()} {step.id}: {step.title}"
        assert heading in detail
        assert (step.title in offered) == (step.action.value != "withhold")


def test_a_suggestion_shows_the_order_it_would_create(
    page: Page, ehr: Ehr, service: Service
) -> None:
    open_page(page, ehr, service.base)
    choose(page, "eligible-intake")
    found = GUIDELINE.recommend(ehr.patients["eligible-intake"].assessment)  # type: ignore[arg-type]
    wanted = [step for step in found.steps if step.action.value != "withhold"]
    shown = page.locator(".suggestion .order").all()
    assert len(shown) == len(wanted) == 2
    for at, step in zip(shown, wanted, strict=True):
        assert step.title in at.inner_text()
        assert at.locator("dt").count() > 0
    dose = dict(
        zip(*(shown[0].locator(tag).all_inner_texts() for tag in ("dt", "dd")), strict=True)
    )
    assert dose["frequency"] == "2-3 a week"
    assert dose["hold"] == "10-30 seconds"
    # What the source does not say is said to be so, not left out.
    assert "not specified by source" in shown[1].inner_text()


def test_accepted_feedback_is_joined_to_its_card(page: Page, ehr: Ehr, service: Service) -> None:
    open_page(page, ehr, service.base)
    choose(page, "eligible-intake")
    seen = card(page)
    suggestion = seen.at.locator(".suggestion").first
    suggestion.get_by_role("button", name="Accept").click()
    expect(told(seen)).to_have_text("The service was told that this was accepted.")

    kept = service.feedback()[-1]
    assert (kept["card"], kept["response"], kept["hook"]) == (seen.uuid, "accepted", "patient-view")
    assert (kept["outcome"], kept["user_id"]) == ("recommend", "Practitioner/7")
    assert kept["suggestions"] == [suggestion.get_attribute("data-uuid")]
    assert [each["id"] for each in kept["cards"]] == [seen.uuid]
    # The draft is among the orders, with its dose, and cannot be made twice.
    drafts = page.locator("#drafts li")
    expect(drafts).to_have_count(1)
    expect(drafts).to_contain_text("2-3 a week")
    assert suggestion.get_by_role("button").count() == 0


@pytest.mark.parametrize("patient", EXPECTED)
def test_overridden_feedback_is_joined_to_its_card(
    page: Page, ehr: Ehr, service: Service, patient: str
) -> None:
    open_page(page, ehr, service.base)
    choose(page, patient)
    seen = card(page)
    display = "Recommended action was already completed"
    seen.at.get_by_label("Reason not to follow this card").select_option(label=display)
    seen.at.get_by_label("Comment").fill("seen by <b>surgery</b> today")
    seen.at.get_by_role("button", name="Override").click()
    expect(told(seen)).to_have_text("The service was told that this was overridden.")

    kept = service.feedback()[-1]
    outcome = EXPECTED[patient][0]
    assert (kept["card"], kept["response"]) == (seen.uuid, "overridden")
    assert kept["outcome"] == (NO_RECOMMENDATION if outcome is None else outcome.value)
    assert [each["id"] for each in kept["cards"]] == [seen.uuid]
    assert (kept["reason"]["code"], kept["suggestions"]) == ("action-completed", [])
    assert kept["comment"] == "seen by <b>surgery</b> today"


def test_an_override_needs_no_reason(page: Page, ehr: Ehr, service: Service) -> None:
    open_page(page, ehr, service.base)
    choose(page, "no-mri")
    seen = card(page)
    seen.at.get_by_role("button", name="Override").click()
    expect(told(seen)).to_have_text("The service was told that this was overridden.")
    kept = service.feedback()[-1]
    assert (kept["card"], kept["reason"], kept["comment"]) == (seen.uuid, None, None)


def test_the_link_of_a_card_leads_to_the_explanation(
    page: Page, ehr: Ehr, service: Service, console: Console
) -> None:
    open_page(page, ehr, service.base)
    choose(page, "eligible-intake")
    with page.expect_popup() as opened:
        card(page).at.get_by_role("link", name="How this guideline decides").click()
    opened.value.on("console", lambda said: console.errors.append(said.text))
    opened.value.reload()
    for words in (GUIDELINE.title, GUIDELINE.version, "PENDING HUMAN REVIEW"):
        expect(opened.value.locator("body")).to_contain_text(words, ignore_case=True)
    # It is not known where the reader came from.
    assert opened.value.evaluate("[window.opener, document.referrer]") == [None, ""]


def test_a_draft_that_is_not_advised_is_opposed(page: Page, ehr: Ehr, service: Service) -> None:
    open_page(page, ehr, service.base)
    choose(page, "missing-hoffmann")
    order(page, "Static stretching and muscle energy technique")
    opposed, seen = cards(page)
    assert (opposed.indicator, seen.indicator) == ("warning", "warning")
    assert opposed.summary.startswith("Do not order M1")
    assert opposed.suggestions == ("Remove the draft order of M1",)
    assert seen.summary.startswith("Assess first")

    opposed.at.get_by_role("button", name="Accept").click()
    expect(told(opposed)).to_have_text("The service was told that this was accepted.")
    expect(page.locator("#drafts li")).to_have_count(0)
    kept = service.feedback()[-1]
    assert (kept["card"], kept["hook"]) == (opposed.uuid, "order-select")
    assert [each["id"] for each in kept["cards"]] == [opposed.uuid, seen.uuid]


def test_a_draft_of_a_withheld_step_is_opposed(page: Page, ehr: Ehr, service: Service) -> None:
    open_page(page, ehr, service.base)
    choose(page, "eligible-intake")
    order(page, "Low-load resistance training")
    opposed, seen = cards(page)
    assert opposed.summary.startswith("Do not order R1")
    assert all("R1" not in suggestion for suggestion in seen.suggestions)


def test_data_that_were_not_sent_are_named(
    page: Page, ehr: Ehr, service: Service, console: Console
) -> None:
    open_page(page, ehr, service.base)
    page.get_by_label("Send prefetch").uncheck()
    choose(page, "eligible-intake")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The service needs data that it was not sent.")
    expect(alert).to_contain_text("There is no advice for this patient (status 412).")
    for key in MAPPING.queries():
        expect(alert).to_contain_text(f"prefetch.{key}")
    assert cards(page) == []
    (error,) = console.take()
    assert "412" in error


def test_pages_of_another_origin_cannot_call(
    page: Page, ehr: Ehr, service: Service, console: Console
) -> None:
    before = len(service.lines)
    with Ehr(patients().values(), orders()) as stranger:
        page.goto(stranger.page(service.base))
        expect(page.locator("body")).to_have_attribute("data-state", "failed")
        expect(page.get_by_role("alert")).to_contain_text("The service cannot be reached.")
        # Neither can a page that does not ask first.
        call = """async (address) => {
            try {
                const headers = { "Content-Type": "application/json" };
                const options = { method: "POST", headers, body: "{}" };
                return (await fetch(address, options)).status;
            } catch (error) { return error.name; }
        }"""
        assert page.evaluate(call, f"{service.base}/cds-services/{ID}") == "TypeError"
        # A form of another page could send text; the service takes none.
        plain = call.replace('"application/json"', '"text/plain"')
        assert page.evaluate(plain, f"{service.base}/cds-services/{ID}") == "TypeError"
    said = console.take()
    assert any("blocked by CORS policy" in each for each in said)
    lines = [json.loads(line) for line in service.lines[before:].splitlines()]
    posts = [line for line in lines if line.get("method") == "POST"]
    assert [line["status"] for line in posts] == [415]


def test_tokens_are_asked_for(
    page: Page, signed_ehr: Ehr, signed_service: Service, signing: Signing, console: Console
) -> None:
    open_page(page, signed_ehr, signed_service.base)
    choose(page, "eligible-intake")
    seen = card(page)
    assert seen.summary.startswith("Start M1, start N1, withhold R0")
    seen.at.get_by_role("button", name="Override").click()
    expect(told(seen)).to_have_text("The service was told that this was overridden.")
    kept = signed_service.feedback()[-1]
    assert (kept["card"], kept["client"], kept["outcome"]) == (seen.uuid, ISSUER, "recommend")

    refused = page.get_by_role("alert")
    address = f"{signed_service.base}/cds-services/{ID}"
    used = signing(address)
    wrong: list[dict[str, Any]] = [
        {"key": "somebody"},
        {"now": lambda: time.time() - 3600},
        {"kept": used},
        {"kept": "no.token.atall"},
    ]
    for changes in wrong:
        signing.become(**changes)
        choose(page, "no-mri")
        if changes == {"kept": used}:  # taken once, and never again
            assert card(page).indicator == "info"
            choose(page, "no-mri")
        expect(refused).to_contain_text("The service does not accept this EHR's token.")
        expect(refused).to_contain_text("(status 401)")
        assert cards(page) == []
        signing.become()
        choose(page, "red-flag-mid-programme")
        assert card(page).indicator == "critical"
    assert ["401" in error for error in console.take()] == [True] * len(wrong)
    assert used not in signed_service.lines


def test_text_of_a_record_stays_text(page: Page, ehr: Ehr, service: Service) -> None:
    title = page.title()
    open_page(page, ehr, service.base)
    title = page.title()
    choose(page, "hostile-text")
    expect(page.locator(".record dd")).to_have_text(HOSTILE)
    expect(page.locator("#patient h1")).to_have_text("<b>Fritz</b> Example")
    assert page.locator("main img, main script, main b").count() == 0
    assert page.locator('main a[href*="evil"], main a[href^="javascript"]').count() == 0
    assert page.title() == title
    # The service was sent it, and says nothing of it.
    assert "img" not in card(page).detail


@pytest.fixture
def answering(page: Page, service: Service) -> Iterator[Any]:
    """Return what makes the service answer something else."""

    def answer(status: int, body: object, kind: str = "application/json") -> None:
        def give(route: Route) -> None:
            headers = {"Access-Control-Allow-Origin": "*", "Content-Type": kind}
            route.fulfill(status=status, headers=headers, body=json.dumps(body))

        page.route(f"{service.base}/cds-services/{ID}", give)

    yield answer
    page.unroute_all()


EVIL = "<img src=x onerror=document.title='x'>"
EVIL_LINKS = "[a](javascript:alert(1)) [b](data:text/html,x) ![c](https://evil.example/c.png) "


def test_a_hostile_service_cannot_make_markup(
    page: Page, ehr: Ehr, service: Service, answering: Any
) -> None:
    action = {"type": "create", "description": EVIL, "resource": {"code": {"text": EVIL}}}
    hostile = {
        "uuid": f'"{EVIL}',
        "summary": EVIL,
        "indicator": f'info" {EVIL}',
        "detail": f"# {EVIL}\n\n{EVIL_LINKS}\n\n- {EVIL}\n\n| {EVIL} |\n|---|\n| {EVIL} |\n\n"
        "<script>document.title='x'</script>\n\n<https://ok.example/> [d](https://ok.example/d)",
        "source": {"label": EVIL, "url": "javascript:document.title='x'"},
        "suggestions": [{"label": EVIL, "uuid": "1", "actions": [action]}],
        "selectionBehavior": "any",
        "overrideReasons": [{"code": "x", "system": "y", "display": EVIL}],
        "links": [{"label": EVIL, "url": "data:text/html,x", "type": "absolute"}],
    }
    open_page(page, ehr, service.base)
    title = page.title()
    answering(200, {"cards": [hostile]})
    choose(page, "eligible-intake")
    assert page.locator("#answer h2").first.inner_text() == EVIL
    assert page.locator("#answer").locator("img, script, iframe, object, style").count() == 0
    links = page.locator("#answer a")
    addresses = {links.nth(index).get_attribute("href") for index in range(links.count())}
    assert addresses == {"https://ok.example/", "https://ok.example/d"}
    assert page.title() == title


def test_a_fault_of_the_service_is_never_an_empty_answer(
    page: Page, ehr: Ehr, service: Service, answering: Any, console: Console
) -> None:
    open_page(page, ehr, service.base)
    issue = {"severity": "fatal", "code": "exception", "diagnostics": "the two engines disagree"}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    answering(500, outcome, "application/fhir+json")
    choose(page, "eligible-intake")
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("The service failed.")
    expect(alert).to_contain_text("the two engines disagree")
    expect(alert).to_contain_text("That says nothing of the patient.")
    (error,) = console.take()
    assert "500" in error


def test_a_late_answer_is_not_shown_for_another_patient(
    page: Page, ehr: Ehr, service: Service
) -> None:
    open_page(page, ehr, service.base)
    held: list[Route] = []
    address = f"{service.base}/cds-services/{ID}"

    def hold_the_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(address, hold_the_first)
    page.locator('#patients button[data-id="eligible-intake"]').click()
    while not held:
        page.wait_for_timeout(10)
    choose(page, "red-flag-mid-programme")
    with page.expect_response(address) as late:
        held[0].continue_()
    late.value.finished()
    page.wait_for_timeout(50)
    assert card(page).indicator == "critical"
    expect(page.locator("#patient h1")).to_have_text("Clara Example")


def test_the_log_names_no_patient(page: Page, ehr: Ehr, service: Service) -> None:
    open_page(page, ehr, service.base)
    choose(page, "eligible-intake")
    seen = card(page)
    seen.at.get_by_label("Comment").fill("seen by surgery today")
    seen.at.get_by_role("button", name="Override").click()
    expect(told(seen)).not_to_be_empty()
    for words in (*ehr.patients, "Fritz", "Practitioner/7", "surgery", seen.uuid, "2-3 a week"):
        assert words not in service.lines
