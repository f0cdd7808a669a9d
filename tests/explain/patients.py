"""The shipped guideline, and a complete intake without any finding from which the tests start."""

from functools import cache
from pathlib import Path
from typing import cast

import yaml

import guidestep

_EXAMPLE = Path(guidestep.__file__).parents[2] / "docs" / "examples" / "eligible-intake.yaml"

INTAKE = cast("dict[str, dict[str, object]]", yaml.safe_load(_EXAMPLE.read_text(encoding="utf-8")))


@cache
def shipped_guideline() -> guidestep.Guideline:
    return guidestep.load("cervical-spasm-opll")
