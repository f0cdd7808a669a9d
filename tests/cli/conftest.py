"""One fixture runs the command line in this process and gives what it printed."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest

from guidestep.cli.app import run
from guidestep.cli.new import skeleton

PATIENT = """\
encounter: {care_stage: intake, assessment_date: 2026-01-15}
scope: {acute_spasm_status: resolved}
neurologic: {gait_instability: absent, mri_status: not_done, red_flag_adjudication: none}
measures: {baseline_pain_vas_mm: 40}
program:
  mobility_step: not_started
  neuromuscular_step: not_started
  resistance_step: withheld
  requested_action: none
"""


@dataclass(frozen=True)
class Result:
    """What a command printed and its exit code."""

    code: int
    out: str
    err: str


class Command(Protocol):
    def __call__(self, *arguments: str | Path, stdin: bytes = b"") -> Result: ...


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Command:
    """Run a command in an empty folder; a traceback would be an exception here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GUIDESTEP_TRACEBACK", "1")

    def call(*arguments: str | Path, stdin: bytes = b"") -> Result:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = run([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return call


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The folder of a small guideline that tests may change."""
    return Path(shutil.copytree(str(skeleton()), tmp_path / "small"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    def make(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


@pytest.fixture
def patient(write: Callable[[str, str | bytes], Path]) -> Path:
    """A file with an assessment that the small guideline answers with a step."""
    return write("patient.yaml", PATIENT)
