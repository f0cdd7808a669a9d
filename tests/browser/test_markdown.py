"""The page's Markdown: what GitHub-flavoured Markdown means, and nothing that is not safe.

Another implementation (markdown-it-py, which `rich` brings) renders the same; what our cards hold
must come out alike.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, Page

from guidestep.interop.cds_hooks.markdown import bullet, escaped, heading, paragraphs, plain, quoted
from tests.browser.patients import GUIDELINE
from tests.browser.records import Ehr

Render = Callable[[Sequence[str]], list[dict[str, str]]]

RENDER = """async (texts) => {
    const { render } = await import("/markdown.js");
    return texts.map((text) => {
        const made = document.createElement("div");
        made.append(render(text));
        return { html: made.innerHTML, text: made.textContent };
    });
}"""


@pytest.fixture(scope="module")
def render(browser: Browser, ehr: Ehr) -> Iterator[Render]:
    page: Page = browser.new_page()
    page.goto(f"{ehr.origin}/patients")

    def rendered(texts: Sequence[str]) -> list[dict[str, str]]:
        # As JSON text: half a character would not pass otherwise.
        found: list[dict[str, str]] = page.evaluate(RENDER, list(texts))
        return found

    yield rendered
    page.close()


LINK = '<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>'

EXAMPLES = {
    "# One": "<h2>One</h2>",
    "### Three ###": "<h4>Three</h4>",
    "#no": "<p>#no</p>",
    "a\nb\n\nc": "<p>a\nb</p><p>c</p>",
    "**a** _b_ *c* ~~d~~ `e*f*`": (
        "<p><strong>a</strong> <em>b</em> <em>c</em> <del>d</del> <code>e*f*</code></p>"
    ),
    "a_b_c 2*3*4 ** a": "<p>a_b_c 2<em>3</em>4 ** a</p>",
    r"\*a\* \[1\] \\ &lt;b&gt; &amp; &#64;": r"<p>*a* [1] \ &lt;b&gt; &amp; @</p>",
    "- a\n- b\n  - c\n    d\n- e": "<ul><li>a</li><li>b<ul><li>c\nd</li></ul></li><li>e</li></ul>",
    "- a\n\n- b": "<ul><li><p>a</p></li><li><p>b</p></li></ul>",
    "3. a\n4. b": '<ol start="3"><li>a</li><li>b</li></ol>',
    "> a\nb\n\nc": "<blockquote><p>a\nb</p></blockquote><p>c</p>",
    "---": "<hr>",
    "```\n<b>*a*\n```": "<pre><code>&lt;b&gt;*a*</code></pre>",
    "| a | b |\n|---|:-:|\n| **c** | d \\| e |\n| f |": (
        "<table><thead><tr><th>a</th><th>b</th></tr></thead><tbody>"
        "<tr><td><strong>c</strong></td><td>d | e</td></tr><tr><td>f</td><td></td></tr>"
        "</tbody></table>"
    ),
    "[a *b*](https://x.example/c_d 'title')": (
        f"<p>{LINK.format('https://x.example/c_d', 'a <em>b</em>')}</p>"
    ),
    "<https://x.example/a>, https://x.example/b.": (
        f"<p>{LINK.format('https://x.example/a', 'https://x.example/a')}, "
        f"{LINK.format('https://x.example/b', 'https://x.example/b')}.</p>"
    ),
    # What is not safe stays as it was written.
    "[a](javascript:alert(1))": "<p>[a](javascript:alert(1))</p>",
    "[a](JaVaScRiPt:x) [b](data:text/html,c) [c](//x.example) [d](/e) [f](vbscript:g)": (
        "<p>[a](JaVaScRiPt:x) [b](data:text/html,c) [c](//x.example) [d](/e) [f](vbscript:g)</p>"
    ),
    "[a](&#106;avascript:b)": "<p>[a](&amp;#106;avascript:b)</p>",
    "![a](https://x.example/b.png)": '<p><span class="picture">[picture: a]</span></p>',
    "<img src=x onerror=alert(1)>": "<p>&lt;img src=x onerror=alert(1)&gt;</p>",
    "<script>\n</script>": "<p>&lt;script&gt;\n&lt;/script&gt;</p>",
}


def test_examples(render: Render) -> None:
    found = [each["html"] for each in render(list(EXAMPLES))]
    assert dict(zip(EXAMPLES, found, strict=True)) == EXAMPLES


MARKS = st.sampled_from(
    [
        *"\\`*_[]()|~$&<>@#-+=.:!\"'/ \n\t1aw",
        *("](", "://", "www.", "https://x.example", "&lt;", "&#", "javascript:", "</p>"),
        *("<img src=x onerror=y>", "**", "~~", "```", "- ", "> ", "|---|"),
    ]
)
TEXTS = st.lists(MARKS | st.characters(codec="utf-8"), max_size=25).map("".join)


@given(text=TEXTS)
def test_what_is_escaped_is_shown_as_it_is(render: Render, text: str) -> None:
    (found,) = render([escaped(text)])
    assert found["text"] == plain(text)
    assert set(re.findall(r"<(\w+)", found["html"])) <= {"p"}


TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol"),
    *("p", "pre", "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}
ATTRIBUTES = {"class", "href", "rel", "start", "target"}


class Elements(HTMLParser):
    """Collects elements with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@given(text=TEXTS)
def test_whatever_is_rendered_is_safe(render: Render, text: str) -> None:
    (found,) = render([text])
    for tag, attributes in Elements(found["html"]).found:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES
        if "href" in attributes:
            assert re.match(r"https?://", attributes["href"] or "")


def another(text: str) -> str:
    """Return what markdown-it-py makes of a text, as our renderer would write it."""
    html = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).render(text)
    html = re.sub(r"(</?h)([1-5])>", lambda found: f"{found[1]}{int(found[2]) + 1}>", html)
    html = re.sub(r">\n+<", "><", html.strip())
    # Between words and a list inside an item.
    html = re.sub(r"\n(</?(?:ul|ol|li)>)", r"\1", html)
    return html.replace("&quot;", '"')


def test_our_cards_mean_the_same_to_another_renderer(render: Render) -> None:
    words = [citation.title for citation in GUIDELINE.citations.values()]
    words += [*EXAMPLES, "1. one", "- two", "# three", "a@b.example", "https://x.example/y"]
    bullets = [bullet(word, index % 3, strong=index % 4 == 0) for index, word in enumerate(words)]
    texts = [
        paragraphs(
            [heading(word), quoted(word), escaped(word), "\n".join(bullets[at // 3 * 3 : at + 9])]
        )
        for at, word in enumerate(words)
    ]
    for text, found in zip(texts, render(texts), strict=True):
        assert found["html"] == another(text), json.dumps(text)
