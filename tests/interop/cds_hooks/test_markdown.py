"""Whatever a text holds, Markdown shows it and nothing else happens."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from guidestep.interop.cds_hooks.markdown import bullet, escaped, heading, plain, quoted

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])

marks = st.text(st.sampled_from("\\`*_{}[]()<>#+-.!|~$&@:/w1 \n\ta=\u202e"), max_size=30)
texts = st.text(max_size=30) | marks

MARKUP = {"link_open", "image", "html_inline", "html_block", "code_inline", "em_open", "s_open"}


def inner(text: str) -> list[Token]:
    return [child for token in PARSER.parse(text) for child in token.children or ()]


def shown(text: str) -> str:
    parts = ["\n" if "break" in token.type else token.content for token in inner(text)]
    return "".join(parts)


@given(texts)
@example("![x](javascript:alert(1))")
@example("<img src=x onerror=alert(1)>")
@example("1. not a list")
@example("&lt;b&gt;")
@example("- - -")
@example("=====")
@example("a | b\n--|--\n1 | 2")
def test_an_escaped_text_is_shown_as_it_is(text: str) -> None:
    blocks = [token.type for token in PARSER.parse(escaped(text))]
    assert blocks in ([], ["paragraph_open", "inline", "paragraph_close"])
    assert {token.type for token in inner(escaped(text))} <= {"text", "text_special"}
    assert shown(escaped(text)) == plain(text)
    # For clients that show Markdown as HTML without a look at it.
    assert not {*escaped(text)} & {"<", ">"}


@given(texts, st.integers(0, 2))
def test_a_list_item_holds_the_text_alone(text: str, depth: int) -> None:
    above = "".join(f"{'  ' * level}- above\n" for level in range(depth))
    document = above + bullet(text, depth)
    kinds = [token.type for token in PARSER.parse(document)]
    assert not {*kinds} & {"heading_open", "ordered_list_open", "hr", "code_block", "fence"}
    assert shown(document) == "above" * depth + (plain(text) or "…")


@given(texts)
@example("what closes a heading #")
def test_headings_and_quotations_hold_the_text_alone(text: str) -> None:
    for document in (heading(text), quoted(text)):
        assert not {token.type for token in inner(document)} & MARKUP
        assert shown(document) == plain(text)
    assert shown(bullet(text, strong=True)) == (plain(text) or "…")


@pytest.mark.parametrize(
    "text",
    [
        "https://evil.example",
        "HTTP://evil.example",
        "www.evil.example",
        "_www.evil.example",
        "a@evil.example",
    ],
)
def test_addresses_do_not_become_links_by_themselves(text: str) -> None:
    # What a GitHub-flavoured renderer looks for in the raw text is not in it.
    assert not re.search(r"(?i)https?://|www\.|@", escaped(text))


def test_a_text_is_one_printable_line() -> None:
    assert plain("a\r\n\x00b\u2028c\ud800") == "a b c"
