"""The HTML card: what the text card says, escaped, and nothing that it would have to load."""

import html
import re
from html.parser import HTMLParser

import pytest

from guidestep import Guideline, Recommendation
from guidestep.notebook.content import card_content
from guidestep.notebook.html_card import html_card
from tests.notebook.conftest import HOSTILE, PATIENTS

VOID = {"br", "hr", "img", "input", "meta", "link"}


class Reader(HTMLParser):
    """Reads the tags and the text of a page, and whether the tags are balanced."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("name", PATIENTS)
def test_it_says_what_the_text_card_says(cervical: Guideline, name: str) -> None:
    answer = cervical.recommend(PATIENTS[name], engine="compiled")
    texts = set(read(html_card(answer)).texts)
    card = card_content(answer)
    wanted = [card.headline, card.banner, *card.lead, *card.footer]
    for block in card.blocks:
        for item in block.items:
            cells = [cell for row in item.rows for cell in row]
            wanted += [item.heading, *item.lines, *cells, *item.more]
        assert any(text.startswith(block.title) for text in texts)
    assert not [text for text in wanted if text not in texts]


def test_every_text_is_escaped(hostile: list[Recommendation]) -> None:
    allowed = {"div", "p", "ul", "li", "details", "summary", "table", "tbody", "tr", "th", "td"}
    for answer in hostile:
        page = html_card(answer)
        reader = read(page)
        assert reader.tags <= allowed
        assert reader.attributes <= {"style", "scope"}
        assert "<script" not in page
        assert page.count(html.escape(HOSTILE)) > 20


def test_citations_and_assumptions_fold(cervical: Guideline) -> None:
    page = html_card(cervical.recommend(PATIENTS["start"], engine="compiled"))
    assert re.search(r"<details><summary[^>]*>Citations \(\d+\)</summary>", page)
    assert "<details open" not in page


def test_nothing_is_loaded_and_no_page_colour_is_forced(cervical: Guideline) -> None:
    page = html_card(cervical.recommend(PATIENTS["urgent"], engine="compiled"))
    # An address may stand in the text; nothing may fetch one.
    assert not re.search(r"url\(|<link|<img|<style|<script|src=|href=", page)
    # Text takes the colour of the page, so that it reads on a light and on a dark one.
    assert set(re.findall(r"(?<![-\w])color:([^;\"]+)", page)) == {"inherit"}


def test_a_notebook_shows_it(cervical: Guideline) -> None:
    answer = cervical.recommend(PATIENTS["start"], engine="compiled")
    assert answer._repr_html_() == html_card(answer)
    assert str(answer) == answer.card()
