"""What each engine can run: an error for a node it does not know, and the table of the docs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import get_args

from guidestep.language.tree import CORE, Call, Function

ENGINES: Mapping[str, str] = {
    "durable": "guidestep.engines.durable",
    "compiled": "guidestep.engines.compiled",
    "frame": "guidestep.engines.frame",
}
"""The engines by name, with the package that holds each; imported only when asked for."""


class UnsupportedNode(NotImplementedError):  # noqa: N818 (a name of the public face)
    """A reader met a node, an operator or a function that it does not know.

    `reader` is the name of the engine, `what` the class or the operator.
    """

    def __init__(self, reader: str, what: str) -> None:
        self.reader = reader
        self.what = what
        super().__init__(f"the {reader} engine does not support {what}")


def support() -> Mapping[str, Mapping[str, bool | None]]:
    """Return, for each core node and each built-in function, which engines support it.

    The rows are read off the engines' own dispatch tables: the node classes in `SUPPORTED`, and
    the functions in `FUNCTIONS` of each engine's package. An engine whose library is not installed
    has None.

    >>> support()["WeightedSum"]["compiled"], support()["sqrt()"]["compiled"]
    (True, True)
    """
    packages = {engine: _imported(package) for engine, package in ENGINES.items()}
    nodes = {
        node.__name__: {
            engine: None if package is None else node in package.SUPPORTED
            for engine, package in packages.items()
        }
        for node in CORE
    }
    functions = {
        f"{function}()": {
            engine: None
            if package is None
            else Call in package.SUPPORTED and function in package.FUNCTIONS
            for engine, package in packages.items()
        }
        for function in get_args(Function)
    }
    return nodes | functions


def _imported(package: str) -> ModuleType | None:
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name != "narwhals":
            raise
        return None
