"""The tables that are made from code are those on the pages, and say something of every key."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

from guidestep.engines.support import support
from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def generate() -> Any:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_pages_are_up_to_date(generate: Any) -> None:
    for page in generate.PAGES:
        text = page.read_text(encoding="utf-8")
        assert generate.updated(text) == text, f"run: python docs/generate.py ({page.name})"


def test_every_table_is_on_a_page(generate: Any) -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in generate.PAGES)
    assert not [name for name in generate.tables() if generate.opening(name) not in text]


def test_support_table_has_every_row(generate: Any) -> None:
    table = generate.tables()["support"]
    assert not [name for name in support() if f"`{name}`" not in table]


def test_meanings_are_of_keys_that_exist(generate: Any) -> None:
    assert not generate.unused_meanings()


def test_an_unknown_table_is_refused(generate: Any) -> None:
    with pytest.raises(KeyError):
        generate.updated("<!-- generated: nothing -->\n\n<!-- end generated -->")
