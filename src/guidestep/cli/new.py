"""`guidestep new`: a small guideline that loads and passes its cases, to be changed."""

from __future__ import annotations

import re
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated

import typer

from guidestep.assessment.errors import shown
from guidestep.cli.output import Failure, say
from guidestep.cli.schema import file_schemas

NAME = "my-guideline"
"""What the skeleton is called until it is copied."""

SCHEMAS = ".schemas"
"""Where the schemas lie that the first line of each file names, for editors."""


def new(
    name: Annotated[str, typer.Argument(help="The id of the new guideline, and of its folder.")],
    into: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder in which it is made.")
    ] = Path(),
) -> None:
    """Make a small guideline that loads and passes its cases, for you to change.

    Nothing that exists is overwritten. The folder has a copy of the JSON Schemas of its files, so
    that an editor completes and checks while you type.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_.-]{0,79}", name):
        raise Failure(
            f"{shown(name)} does not serve as an id: a letter, then letters, digits, - or _"
        )
    if into.exists() and not into.is_dir():
        raise Failure(f"{into} is not a folder")
    folder = into / name
    try:
        into.mkdir(parents=True, exist_ok=True)
        folder.mkdir()
        _copy(skeleton(), folder, name)
        (folder / SCHEMAS).mkdir()
        for file, text in file_schemas().items():
            (folder / SCHEMAS / file).write_text(text, encoding="utf-8")
    except FileExistsError:
        raise Failure(f"{folder} is there already, and nothing is overwritten") from None
    except OSError as error:
        raise Failure(
            f"{folder} cannot be made: {(error.strerror or str(error)).lower()}"
        ) from None
    say(f"made {folder}\nnext: guidestep check {folder} --cases")


def skeleton() -> Traversable:
    """Return the folder of the skeleton."""
    return resources.files("guidestep.cli") / "skeleton"


def _copy(source: Traversable, target: Path, name: str) -> None:
    for child in sorted(source.iterdir(), key=lambda c: c.name):
        if child.is_dir():
            (target / child.name).mkdir()
            _copy(child, target / child.name, name)
        elif child.name.endswith(".yaml"):
            text = child.read_text(encoding="utf-8").replace(NAME, name)
            (target / child.name).write_text(text, encoding="utf-8")
