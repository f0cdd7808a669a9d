"""Which guideline a command is about: one in a folder, a shipped one, or the only shipped one."""

from __future__ import annotations

import sys
from pathlib import Path

from guidestep.assessment.errors import named
from guidestep.cli.output import Failure, show_faults
from guidestep.guideline import Guideline, load, shipped, shipped_folder
from guidestep.language.diagnostics import GuidelineError
from guidestep.spelling import did_you_mean


def folder_of(name: str | None) -> Path:
    """Return the folder of a guideline named by its path or id, or of the only shipped one."""
    ids = shipped()
    if name is None:
        if len(ids) != 1:
            raise Failure(f"say which guideline: --guideline {' or '.join(ids) or 'PATH'}")
        return shipped_folder() / ids[0]
    path = Path(name)
    if not path.is_dir() and name in ids:
        return shipped_folder() / name
    if not path.exists():
        hint = did_you_mean(name, ids) or f"shipped with guidestep: {', '.join(ids) or 'none'}"
        raise Failure(f"there is no guideline {named(name)}: no such folder or id; {hint}")
    if not path.is_dir():
        raise Failure(f"{named(name)} is a file; a guideline is a folder that holds guideline.yaml")
    return path


def guideline_of(name: str | None) -> Guideline:
    """Return a guideline for a command that needs a sound one; its faults end the command."""
    path = folder_of(name)
    try:
        return load(path)
    except GuidelineError as error:
        show_faults(error.diagnostics, sys.stderr)
        raise Failure(
            f"the guideline {path.name} is at fault and answers nothing; see 'guidestep check'"
        ) from None
