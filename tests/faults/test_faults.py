"""Every kind of fault: a guideline that has it, and the exact report."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from guidestep import Guideline
from guidestep.assessment import Assessment
from guidestep.interop.fhir import load_mapping
from guidestep.language import catalogue
from guidestep.language.catalogue import FAULTS
from guidestep.language.diagnostics import GuidelineError
from guidestep.language.loader import load_rulebase
from tests.faults.model import KneeAssessment, SteppedAssessment

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASE = HERE / "base"
DOCS = ROOT / "docs" / "diagnostics"
LANGUAGE = ROOT / "src" / "guidestep" / "language"
FHIR = ROOT / "src" / "guidestep" / "interop" / "fhir"


def _unlink_guideline(folder: Path) -> None:
    (folder / "guideline.yaml").unlink()


def _remove_folder(folder: Path) -> None:
    shutil.rmtree(folder)


def _directory(folder: Path) -> None:
    (folder / "facts.yaml").unlink()
    (folder / "facts.yaml").mkdir()


def _large(folder: Path) -> None:
    (folder / "facts.yaml").write_text("#" * (1 << 20) + "\n")


def _latin(folder: Path) -> None:
    (folder / "facts.yaml").write_bytes("- {id: F01, section: Gelenk für Knie}\n".encode("latin-1"))


def _bell(folder: Path) -> None:
    (folder / "facts.yaml").write_text("- {id: F01, section: Knee\a}\n")


def _many(folder: Path) -> None:
    (folder / "facts.yaml").write_text("- 1\n" * 200_001)


MADE: dict[str, Callable[[Path], None]] = {
    "not-a-guideline": _unlink_guideline,
    "not-a-guideline-2": _remove_folder,
    "unreadable-file": _directory,
    "file-too-large": _large,
    "not-utf8": _latin,
    "control-character": _bell,
    "too-many-nodes": _many,
}
"""Faults that a stored file cannot have, or is too large to have; their reports are stored."""

CASES = sorted(path.parent.name for path in HERE.glob("*/expected.txt"))


def load(folder: Path, model: type[Assessment] | None) -> None:
    """Load a guideline, and the mapping that may lie beside it."""
    load_mapping(Guideline(load_rulebase(folder, model)))


def report(folder: Path, model: type[Assessment] | None) -> str:
    with pytest.raises(GuidelineError) as caught:
        load(folder, model)
    return str(caught.value).replace(str(folder), "FOLDER")


def overlaid(case: str, folder: Path) -> Path:
    """Return the clean guideline with the files of a case in place of its own."""
    shutil.copytree(BASE, folder)
    for file in (HERE / case).glob("*.yaml"):
        shutil.copy(file, folder)
    if case in MADE:
        MADE[case](folder)
    return folder


def test_the_base_has_no_fault() -> None:
    assert load_rulebase(BASE, KneeAssessment).entry.id == "knee"


@pytest.mark.parametrize("case", CASES)
def test_report(case: str, tmp_path: Path) -> None:
    # Without a model of ours, the one that the guideline names is looked up.
    model = None if case.startswith("unknown-model") else KneeAssessment
    if case.startswith("ambiguous-section"):
        model = SteppedAssessment
    found = report(overlaid(case, tmp_path / "knee"), model)
    assert found + "\n" == (HERE / case / "expected.txt").read_text()


@pytest.mark.parametrize("case", CASES)
def test_the_report_says_what_to_write(case: str) -> None:
    """Each fault has a hint, and a case named after a code has that code."""
    text = (HERE / case / "expected.txt").read_text()
    heads = re.findall(r"^\S+:\d+:\d+: ([a-z0-9-]+): ", text, re.MULTILINE)
    assert text.count("\n  hint: ") == len(heads)
    assert set(heads) <= set(FAULTS)
    code = re.sub(r"-\d+$", "", case)
    assert code == "several" or code in heads


def test_every_code_has_a_case() -> None:
    assert set(FAULTS) <= set(CASES)


def test_there_are_many_cases() -> None:
    assert len(FAULTS) >= 30
    assert len(CASES) >= 60


# --- the catalogue ------------------------------------------------------------------------------

REPORTERS = {"Diagnostic", "Fault", "fault", "_fault", "fail", "fail_at"}


def codes_in(file: Path) -> set[str]:
    """Return the codes that a file reports: the first text among the arguments of a reporter."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        if name not in REPORTERS:
            continue
        texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
        code = next((text for text in texts if isinstance(text, str)), "")
        if re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code):
            found.add(code)
    return found


def test_the_catalogue_lists_the_codes_that_are_used() -> None:
    files = [*LANGUAGE.rglob("*.py"), LANGUAGE.parent / "cases.py"]
    files += [*(FHIR / "mapping").rglob("*.py"), *(FHIR / "codes").rglob("*.py")]
    used = {code for file in files if file.exists() for code in codes_in(file)}
    assert used == set(FAULTS)


def test_titles_are_one_plain_sentence() -> None:
    for title in FAULTS.values():
        assert not title.endswith(".")
        assert len(title) <= 90


# --- the pages ----------------------------------------------------------------------------------


def test_the_index_is_in_step() -> None:
    assert (DOCS / "index.md").read_text() == catalogue.index()


def test_no_page_is_left_over() -> None:
    assert {page.stem for page in DOCS.glob("*.md")} == {"index", *FAULTS}


@pytest.mark.parametrize("code", FAULTS)
def test_page(code: str) -> None:
    text = (DOCS / f"{code}.md").read_text()
    assert text.startswith(f"# {code}\n\n")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Avoid", "Prefer", "Why"]
    assert text.count("```") >= 4
