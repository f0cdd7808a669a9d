"""Text as GitHub-flavoured Markdown that shows it as it is: no text becomes markup or HTML.

Every word of a card goes through `escaped`, those of the guideline and those of a patient alike.
Angle brackets and ampersands become entities, for some clients show Markdown without a sanitiser.

Source: GitHub Flavored Markdown 0.29, "Backslash escapes", "Autolinks (extension)".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

_MARKS = (
    # In this order: what stands for a mark may hold those above it.
    *((mark, f"\\{mark}") for mark in "\\`*_[]|~$#"),
    ("&", "&amp;"),
    ("<", "&lt;"),
    (">", "&gt;"),
    # An address of mail becomes a link by itself.
    ("@", "&#64;"),
)
_SCHEME = re.compile(r":(?=//)")
# Behind an escaped _ too, which is a letter to Python and not to Markdown.
_WWW = re.compile(r"(?i)(www)\.")
_BULLETS = ("-", "+", "=")
_NUMBER = re.compile(r"^(\d{1,9})([.)])")


def plain(text: str) -> str:
    r"""Return a text on one line, without control characters and needless spaces.

    >>> plain(" one\n two\u202e")
    'one two'
    """
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    # A space is the only white space that is printable.
    if "  " in text or text[:1] == " " or text[-1:] == " ":
        return " ".join(text.split())
    return text


def escaped(text: str) -> str:
    r"""Return a text as one line of Markdown that shows it as it is.

    >>> escaped("# [1] *weak* <b> a_b https://a.example")
    '\\# \\[1\\] \\*weak\\* &lt;b&gt; a\\_b https\\://a.example'
    """
    line = plain(text)
    for mark, words in _MARKS:
        if mark in line:
            line = line.replace(mark, words)
    if line[:1].isdigit():
        line = _NUMBER.sub(r"\1\\\2", line)
    elif line[:1] in _BULLETS:
        line = f"\\{line}"
    if "://" in line:
        line = _SCHEME.sub(r"\:", line)
    if "." in line and "www" in line.lower():
        line = _WWW.sub(r"\1\\.", line)
    return line


@lru_cache(maxsize=4096)
def escaped_once(text: str) -> str:
    """Return the same as `escaped`, of words of ours or of the guideline alone, and keep it.

    What is kept stays in the process: no text that says anything of a patient may go in.
    """
    return escaped(text)


def heading(text: str, level: int = 3) -> str:
    """Return a heading, of words of ours.

    >>> heading("Why")
    '### Why'
    """
    return f"{'#' * level} {escaped_once(text)}"


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
