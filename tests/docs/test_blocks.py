"""Every block of code on every page runs, and prints what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import pages
from tests.docs.running import Run, differences


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_blocks_print_what_the_page_says(page: Path) -> None:
    found = differences(page)
    assert not found, "\n".join(f"{page.name}: {each}" for each in found)


def ran(text: str) -> list[str]:
    return [str(each) for each in Run().page(text)]


def test_a_difference_is_found_and_told() -> None:
    (python,) = ran("```python\n>>> 1 + 1\n3\n```")
    assert "line 3: 1 + 1" in python
    (console,) = ran("```console\n$ echo one\ntwo\n```")
    assert "+ one" in console
    (code,) = ran("```console\n$ false\n$ echo $?\n0\n```")
    assert "+ 1" in code


def test_what_agrees_is_no_difference() -> None:
    assert (
        ran(
            "```python\nx = 2\n```\n```python\n>>> x\n2\n>>> int('a')\n"
            "Traceback (most recent call last):\n    ...\nValueError: invalid ...\n```"
        )
        == []
    )
    assert ran("```console\n$ echo one \\\n    two\n...two\n\n$ true\n```") == []


def test_an_error_that_the_page_does_not_show_fails() -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        ran("```python\n>>> 1 / 0\n```")


def test_files_named_by_a_block_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert (
        ran("```yaml\n# a/b.yaml\n- 1\n```\n```yaml\n# a/b.yaml\n- 2\n```\n```yaml\nx\n```") == []
    )
    assert (tmp_path / "a" / "b.yaml").read_text() == "# a/b.yaml\n- 1\n# a/b.yaml\n- 2\n"
