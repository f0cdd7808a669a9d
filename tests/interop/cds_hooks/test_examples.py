"""The examples in the docstrings run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from guidestep.interop import cds_hooks

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(cds_hooks.__path__, f"{cds_hooks.__name__}.")
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_a_module_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder()
    found = [
        e for name in MODULES for e in finder.find(importlib.import_module(name)) if e.examples
    ]
    assert len(found) > 20
