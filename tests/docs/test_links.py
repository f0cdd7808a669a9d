"""The pages hang together: links resolve, navigation is complete, nothing is of one machine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.docs.pages import ROOT, pages, prose

LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
HEADING = re.compile(r"^#+ (?P<title>.+)$", re.M)
OF_A_MACHINE = re.compile(r"(?<![\w.])/(?:work|home|tmp|Users|root)\b")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub and MkDocs make them."""
    titles = HEADING.findall(prose(page.read_text(encoding="utf-8")))
    plain = (re.sub(r"[^\w\s-]", "", title).strip().lower() for title in titles)
    return {re.sub(r"\s", "-", title) for title in plain}


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_links_resolve(page: Path) -> None:
    broken = []
    for target in LINK.findall(prose(page.read_text(encoding="utf-8"))):
        if target.startswith(("https://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.stem)
def test_pages_of_the_site_link_inside_it(page: Path) -> None:
    targets = LINK.findall(prose(page.read_text(encoding="utf-8")))
    assert not [target for target in targets if target.startswith("../")]


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_no_page_names_a_place_on_a_machine(page: Path) -> None:
    assert not OF_A_MACHINE.findall(page.read_text(encoding="utf-8"))


def entries(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    parts = nav.values() if isinstance(nav, dict) else nav
    return [entry for part in parts for entry in entries(part)]  # type: ignore[union-attr]


def test_navigation_is_complete() -> None:
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    named = entries(site["nav"])
    assert len(named) == len(set(named))
    assert not [name for name in named if not (ROOT / "docs" / name).exists()]
    assert not {page.name for page in (ROOT / "docs").glob("*.md")} - set(named)


def test_make_targets_named_on_pages_exist() -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = {
        target
        for page in pages()
        for target in re.findall(r"(?:^|`)make (\w+)", page.read_text(encoding="utf-8"), re.M)
    }
    assert {"demo", "test"} <= named <= targets
