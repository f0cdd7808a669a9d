"""Loading guidelines whose numbers no figure bears out: mutants, and lists of expressions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import guidestep
from guidestep import Assessment, Guideline
from guidestep.language import crosscheck


@contextmanager
def drifting() -> Iterator[None]:
    """Leave out the check of figures, so that what comes after it can be seen."""
    with mock.patch.object(crosscheck, "PROVENANCE", ()):
        yield


def load_drifting(path: Path, model: type[Assessment] | None = None) -> Guideline:
    """Return a guideline that `guidestep.load` would refuse for its numbers alone."""
    with drifting():
        return guidestep.load(path, model=model)
