"""`guidestep new`: a guideline that is sound from the start."""

from __future__ import annotations

from pathlib import Path

import pytest

import guidestep
from tests.cli.conftest import Command

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"


@pytest.mark.parametrize("name", ["knees", "no", "null", "A-b_c.2"])
def test_a_new_guideline_passes(command: Command, name: str) -> None:
    result = command("new", name)
    assert (result.code, result.err) == (0, "")
    assert result.out == f"made {name}\nnext: guidestep check {name} --cases\n"
    assert guidestep.load(Path(name)).id == name
    result = command("check", f"./{name}", "--cases")
    assert (result.code, result.out) == (
        0,
        f"{name} 0.1.0: no faults in 3 rules, 3 facts, 1 step, 4 cases, all cases pass\n",
    )


def test_it_has_its_schemas(command: Command) -> None:
    command("new", "knees", "--into", "deep/er")
    folder = Path("deep/er/knees")
    for path in (folder / ".schemas").iterdir():
        assert path.read_text() == (SCHEMAS / path.name).read_text()
    for path in folder.rglob("*.yaml"):
        first = path.read_text().split("\n")[0]
        assert (path.parent / first.partition("$schema=")[2]).is_file()
        assert "my-guideline" not in path.read_text()


def test_nothing_is_overwritten(command: Command) -> None:
    command("new", "knees")
    Path("knees/facts.yaml").write_text("mine")
    result = command("new", "knees")
    assert (result.code, result.out, result.err) == (
        2,
        "",
        "guidestep: knees is there already, and nothing is overwritten\n",
    )
    assert Path("knees/facts.yaml").read_text() == "mine"


@pytest.mark.parametrize("name", ["a b", "../x", "", "1a", "a" * 81, "a\n"])
def test_names_that_do_not_serve(command: Command, tmp_path: Path, name: str) -> None:
    result = command("new", "--", name)
    assert result.code == 2
    assert result.err.startswith("guidestep: '")
    assert result.err.endswith("does not serve as an id: a letter, then letters, digits, - or _\n")
    assert list(tmp_path.iterdir()) == []


def test_folders_that_cannot_be(command: Command, patient: Path) -> None:
    result = command("new", "knees", "--into", patient)
    assert (result.code, result.err) == (2, f"guidestep: {patient} is not a folder\n")
    result = command("new", "knees", "--into", patient / "deeper")
    assert result.code == 2
    assert result.err.endswith("cannot be made: not a directory\n")
