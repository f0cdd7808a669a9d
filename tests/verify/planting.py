"""Copies of guidelines with something changed, and what the proofs say to them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from guidestep.cases import check_cases, read_cases, run_case
from guidestep.guideline import Guideline
from guidestep.language import compiler, decision
from guidestep.language.program import Definition
from guidestep.language.tree import Expression
from guidestep.verify import Report, Witness
from tests.answer.model import KneeAssessment
from tests.drifting import load_drifting

CERVICAL = Path(__file__).parents[2] / "rules" / "cervical-spasm-opll"
KNEE = Path(__file__).parents[1] / "answer" / "guideline"


def copied(source: Path, folder: Path, changes: Mapping[str, tuple[str, str]]) -> Path:
    """Copy a guideline; in each file named, the first text becomes the second.

    It must be there. Where the first text is empty, the second is added at the end.
    """
    shutil.copytree(source, folder)
    for name, (old, new) in changes.items():
        file = folder / name
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        assert old in text
        file.write_text(text.replace(old, new, 1) if old else text + new, encoding="utf-8")
    return folder


def knee(folder: Path, **changes: tuple[str, str]) -> Guideline:
    """Return the small guideline with changes, by the names of its files without the ending."""
    files = {f"{name}.yaml": change for name, change in changes.items()}
    return load_drifting(copied(KNEE, folder, files), KneeAssessment)


def planted_decision(
    monkeypatch: pytest.MonkeyPatch, name: str, change: Callable[[Expression], Expression]
) -> None:
    """Plant a bug in the decision of every guideline: one definition becomes another."""
    real = decision.decide

    def decide(*given: object, **named: object) -> decision.Decision:
        made = real(*given, **named)  # type: ignore[arg-type]
        assert any(each.name == name for each in made.definitions)
        made.definitions = [
            Definition(name, change(each.expression), each.type) if each.name == name else each
            for each in made.definitions
        ]
        return made

    monkeypatch.setattr(compiler, "decide", decide)


def failing(report: Report) -> set[str]:
    """Return the properties that fail or are not proved."""
    return {finding.check for finding in report.failures}


def shown(report: Report, check: str) -> tuple[Witness, ...]:
    """Return the patients of the first failure of a property."""
    return next(finding.witnesses for finding in report.failures if finding.check == check)


def passes(guideline: Guideline, witness: Witness, folder: Path) -> bool:
    """Return whether the case text of a witness is a case that the guideline passes."""
    (folder / "cases").mkdir(parents=True)
    (folder / "cases" / "witness.yaml").write_text(witness.case, encoding="utf-8")
    cases = read_cases(folder)
    assert len(cases) == 1
    return not check_cases(guideline, cases) and not any(run_case(guideline, c) for c in cases)
