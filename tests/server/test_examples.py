"""The examples in the documentation of the service run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import guidestep.server

MODULES = [
    each.name for each in pkgutil.walk_packages(guidestep.server.__path__, "guidestep.server.")
]


@pytest.mark.parametrize("name", ["guidestep.server", *MODULES])
def test_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
