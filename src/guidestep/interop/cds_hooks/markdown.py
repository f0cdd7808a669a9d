"""Text as GitHub-flavoured Markdown that shows it as it is: no text becomes markup or HTML.

Every word of a card goes through `escaped`, those of the guideline and those of a patient alike.
Angle brackets and ampersands become entities, for some clients show Markdown without a sanitiser.

Source: GitHub Flavored Markdown 0.29, "Backslash escapes", "Autolinks (extension)".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_MARKS = str.maketrans(
    {
        **{mark: f"\\{mark}" for mark in "\\`*_[]|~$#"},
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        # An address of mail becomes a link by itself.
        "@": "&#64;",
    }
)
_SCHEME = re.compile(r":(?=//)")
# Behind an escaped _ too, which is a letter to Python and not to Markdown.
_WWW = re.compile(r"(?i)(www)\.")
_BULLET = re.compile(r"^([-+=])")
_NUMBER = re.compile(r"^(\d{1,9})([.)])")


def plain(text: str) -> str:
    r"""Return a text on one line, without control characters and needless spaces.

    >>> plain(" one\n two\u202e")
    'one two'
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(text.split())


@lru_cache(maxsize=4096)
def escaped(text: str) -> str:
    r"""Return a text as one line of Markdown that shows it as it is.

    >>> escaped("# [1] *weak* <b> a_b https://a.example")
    '\\# \\[1\\] \\*weak\\* &lt;b&gt; a\\_b https\\://a.example'
    """
    line = plain(text).translate(_MARKS)
    line = _BULLET.sub(r"\\\1", _NUMBER.sub(r"\1\\\2", line))
    if "://" in line:
        line = _SCHEME.sub(r"\:", line)
    if "." in line:
        line = _WWW.sub(r"\1\\.", line)
    return line


def heading(text: str, level: int = 3) -> str:
    """Return a heading.

    >>> heading("Why")
    '### Why'
    """
    return f"{'#' * level} {escaped(text)}"


def bullet(text: str, depth: int = 0, *, strong: bool = False) -> str:
    """Return an item of a list, below others at a depth.

    >>> bullet("START M1", 1, strong=True)
    '  - **START M1**'
    """
    # A dash with nothing behind it would underline the line above, as of a heading.
    words = escaped(text) or "…"
    return f"{'  ' * depth}- {f'**{words}**' if strong else words}"


def quoted(text: str) -> str:
    """Return a text as a quotation, which stands out.

    >>> quoted("Check it.")
    '> Check it.'
    """
    return f"> {escaped(text)}"


def paragraphs(parts: Iterable[str]) -> str:
    """Return parts with an empty line between them, those that are empty left out."""
    return "\n\n".join(part for part in parts if part)
