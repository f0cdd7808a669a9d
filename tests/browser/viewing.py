"""What a user of the page does and sees."""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.records import Ehr


def open_page(page: Page, ehr: Ehr, service: str) -> None:
    """Open the EHR, and wait until it has asked which services there are."""
    page.goto(ehr.page(service))
    expect(page.locator("body")).to_have_attribute("data-state", "ready")


def choose(page: Page, patient: str) -> None:
    """Choose a patient, and wait for what the service says."""
    page.locator(f'#patients button[data-id="{patient}"]').click()
    expect(page.locator("#answer")).to_have_attribute("data-state", "done")


def order(page: Page, title: str) -> None:
    """Put an order among the drafts, and wait for what the service says of it."""
    page.get_by_label("Order").select_option(label=title)
    page.locator("#order").click()
    expect(page.locator("#answer")).to_have_attribute("data-hook", "order-select")
    expect(page.locator("#answer")).to_have_attribute("data-state", "done")


@dataclass(frozen=True)
class Seen:
    """A card on the page, in the words that are on it."""

    uuid: str
    indicator: str
    summary: str
    source: tuple[str, str | None]
    suggestions: tuple[str, ...]
    detail: str
    reasons: tuple[str, ...]
    links: tuple[tuple[str, str | None], ...]
    at: Locator


def cards(page: Page) -> list[Seen]:
    """Return the cards that are on the page, from the top."""
    return [_card(each) for each in page.locator("#answer article.card").all()]


def card(page: Page) -> Seen:
    """Return the only card on the page."""
    (found,) = cards(page)
    return found


def _card(at: Locator) -> Seen:
    words = {"Information": "info", "Warning": "warning", "Critical": "critical"}
    assert at.is_visible()
    source = at.locator(".source a")
    return Seen(
        uuid=at.get_attribute("data-uuid") or "",
        indicator=words[at.locator(".indicator").inner_text()],
        summary=at.locator("h2").inner_text(),
        source=(source.inner_text(), source.get_attribute("href")),
        suggestions=tuple(at.locator(".suggestion h4").all_inner_texts()),
        detail=at.locator(".detail").inner_text(),
        reasons=tuple(at.locator("select option:not([value=''])").all_inner_texts()),
        links=tuple(
            (each.inner_text(), each.get_attribute("href")) for each in at.locator(".links a").all()
        ),
        at=at,
    )


def told(seen: Seen) -> Locator:
    """Return where a card says what became of its feedback."""
    return seen.at.locator(".said")
