"""Every number of the shipped guideline, changed by one and put on the other side, is caught."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from guidestep.language import files
from guidestep.language.diagnostics import Diagnostic, GuidelineError
from guidestep.language.figures import ACROSS
from guidestep.language.loader import load_rulebase
from guidestep.language.source import Span
from guidestep.language.thresholds import Threshold, thresholds
from guidestep.language.tree import Comparison
from guidestep.language.yaml_reader import read_file
from guidestep.language.yaml_tree import Node, locate

FOLDER = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
BASE = load_rulebase(FOLDER)
ALL = thresholds(BASE)

CODES = {"threshold-without-figure", "wrong-side", "figure-unit", "dose-differs"}
"""What a number that drifted is reported as."""

OTHERWISE = {"out-of-range", "parameter-bounds", "bad-dose", "at-least-bounds", "always-false"}
"""What a number may be reported as before its figure is looked for."""

# The cut-off of one decade is that of another one: the rule rests on all four.
SURVIVORS = {
    ("slow-grip-and-release", f"neurologic.grip_release_10s_{hand} <= {old}", change)
    for hand in ("left", "right")
    for old, change in ((20, "-1"), (19, "+1"), (17, "-1"), (16, "+1"))
}
"""Mutants that no figure tells from the guideline; tables and cases of the rule do."""

Reader = Callable[[Path, str], tuple[Node | None, list[Diagnostic]]]
Mutant = tuple[str, str, int, int, str]
"""A change, and the file, line, column (from 0) and old and new text it is made with."""


def numbers_at(threshold: Threshold) -> Span:
    """Return where the number of a threshold stands."""
    if not threshold.path:
        return threshold.span
    name = "guideline.yaml" if threshold.path[0] == "parameters" else "steps.yaml"
    node, _ = read_file(FOLDER / name, name)
    assert node is not None
    if name == "guideline.yaml":
        return locate(node, threshold.path)
    return locate(node, ("steps", list(BASE.steps).index(threshold.owner), *threshold.path))


def mutants(threshold: Threshold) -> Iterator[tuple[str, Span, str, str]]:
    """Yield the changes of a threshold: its name, where, the old text and the new."""
    span = numbers_at(threshold)
    line = span.source.line(span.line)
    text = threshold.text
    if text.startswith("at_least("):
        old = f"at_least({threshold.number},"
        for change in (1, -1):
            yield f"{change:+}", span, old, f"at_least({threshold.number + change},"
        return
    start = span.column - 1
    written = re.match(r"-?[\d.]+", line[start:])
    if written is not None:  # not the name of a parameter
        for change in (1, -1):
            yield f"{change:+}", span, written[0], repr(threshold.number + change)
    operator = re.search(r"<=|>=|<|>", text)
    if operator is not None and not threshold.path:
        first = next(
            found.start()
            for found in re.finditer(re.escape(text), line)
            if found.start() <= start < found.end()
        )
        place = Span(span.source, span.line, first + 1, span.line, first + 1)
        signs: dict[str, Comparison] = dict(zip(map(str, ACROSS), ACROSS.values(), strict=True))
        new = text.replace(operator[0], signs[operator[0]], 1)
        yield "across", place, text, new


MUTANTS = [
    pytest.param(threshold, *mutant, id=f"{threshold.owner}-{mutant[1]}-{mutant[0]}")
    for threshold in ALL
    for mutant in mutants(threshold)
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a copy of the guideline whose unchanged files are parsed once."""
    folder = tmp_path_factory.mktemp("drift") / FOLDER.name
    shutil.copytree(FOLDER, folder)

    @cache
    def parsed(path: Path, name: str, text: str) -> tuple[Node | None, list[Diagnostic]]:
        return read_file(path, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            files, "read_file", lambda path, name: parsed(path, name, path.read_text("utf-8"))
        )
        yield folder


@pytest.mark.parametrize(("threshold", "change", "span", "old", "new"), MUTANTS)
def test_a_number_that_drifts_is_caught(
    copy: Path, threshold: Threshold, change: str, span: Span, old: str, new: str
) -> None:
    file = copy / span.source.name
    text = file.read_text(encoding="utf-8")
    lines = text.split("\n")
    line, start = lines[span.line - 1], span.column - 1
    assert line[start:].startswith(old)
    lines[span.line - 1] = line[:start] + new + line[start + len(old) :]
    file.write_text("\n".join(lines), encoding="utf-8")
    try:
        load_rulebase(copy)
        found = set()
    except GuidelineError as error:
        found = {fault.code for fault in error.diagnostics}
    finally:
        file.write_text(text, encoding="utf-8")
    survives = (threshold.owner, threshold.text, change) in SURVIVORS
    assert bool(found) is not survives, found
    assert found <= CODES | OTHERWISE


def test_each_threshold_has_its_figure() -> None:
    assert all(threshold.recorded is not None for threshold in ALL)
    assert len(ALL) >= 80
    assert len(MUTANTS) >= 200
