"""The pages of the documentation, and the blocks of code in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)$")


def pages() -> list[Path]:
    """Return the pages that are tested, those at the root first."""
    top = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG")]
    return [*top, *sorted((ROOT / "docs").glob("*.md"))]


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its lines, and the index of the first of them in the page."""

    language: str
    lines: tuple[str, ...]
    start: int


def blocks(text: str) -> Iterator[Block]:
    """Yield the fenced blocks of a page.

    >>> [block.lines for block in blocks("a\\n```python\\nx = 1\\n```\\nb")]
    [('x = 1',)]
    """
    language: str | None = None
    start = 0
    lines = text.split("\n")
    for index, line in enumerate(lines):
        fence = FENCE.match(line)
        if fence is None:
            continue
        if language is None:
            language, start = fence["language"], index + 1
        else:
            yield Block(language, tuple(lines[start:index]), start)
            language = None
    if language is not None:
        raise AssertionError(f"the block that begins at line {start} is never closed")


def prose(text: str) -> str:
    """Return a page without its blocks."""
    lines = text.split("\n")
    for block in blocks(text):
        for index in range(block.start, block.start + len(block.lines)):
            lines[index] = ""
    return "\n".join(lines)
