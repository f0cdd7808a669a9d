"""A file of settings: YAML, every fault told where it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from guidestep.assessment.errors import named
from guidestep.language import yaml_tree
from guidestep.language.yaml_reader import read_file
from guidestep.language.yaml_tree import Node, locate, locate_key, plain
from guidestep.server.settings import Settings
from guidestep.spelling import did_you_mean

_PATHS = (
    "mapping",
    "jwks_file",
    "file",
    "replay_store",
    "certificate",
    "key",
    "certificate_authorities",
)


class SettingsError(Exception):
    """Settings at fault: one line for each fault, with its place."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def read_settings(file: Path | None, options: Mapping[str, object] | None = None) -> Settings:
    """Return the settings of a file, with options that take the place of what it says.

    Paths in the file are relative to its folder.

    Raises:
        SettingsError: The file cannot be read, or settings are missing or wrong; it names each.
    """
    options = {key: value for key, value in (options or {}).items() if value is not None}
    root: Node | None = None
    if file is not None:
        root, faults = read_file(file, file.name)
        if faults:
            raise SettingsError(fault.render() for fault in faults)
    found: object = {} if root is None else plain(root)
    if not isinstance(found, dict):
        raise SettingsError([f"{_name(file)}: settings are a mapping of names to values"])
    folder = None if file is None else file.parent
    data = {name: _placed(value, folder, str(name)) for name, value in found.items()}
    try:
        return Settings.model_validate({**data, **options})
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False)
        raise SettingsError(_fault(each, root, file) for each in _causes(found)) from None


def _causes(found: list[ErrorDetails]) -> list[ErrorDetails]:
    """Return faults without those that only follow: a list is too short once its items are bad."""
    return [
        each
        for each in found
        if each["type"] != "too_short"
        or not any(
            len(other["loc"]) > len(each["loc"]) and other["loc"][: len(each["loc"])] == each["loc"]
            for other in found
        )
    ]


def _placed(data: object, folder: Path | None, key: str) -> object:
    """Return the settings with the paths in them as seen from the folder of their file."""
    if folder is None:
        return data
    match data:
        case dict():
            return {name: _placed(value, folder, str(name)) for name, value in data.items()}
        case list():
            return [_placed(value, folder, key) for value in data]
        case str() if key in _PATHS:
            return str(folder / data)
        case str() if key == "guideline" and (data.startswith(".") or "/" in data):
            return str(folder / data)
        case _:
            return data


def _fault(error: ErrorDetails, root: Node | None, file: Path | None) -> str:
    way = error["loc"]
    key = ".".join(str(step) for step in way)
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "it must be")
    if error["type"] == "extra_forbidden":
        message = "there is no such setting"
        if len(way) == 1 and (hint := did_you_mean(str(way[0]), Settings.model_fields)):
            message += f"; {hint}"
    elif error["type"] == "missing":
        message = "it is missing"
    place = _place(root, way, key_alone=error["type"] == "extra_forbidden") or _name(file)
    return f"{place}: {named(key)}: {message}" if key else f"{place}: {message}"


def _place(root: Node | None, way: yaml_tree.Path, *, key_alone: bool) -> str | None:
    """Return where a setting stands, or the nearest thing around it that does."""
    if root is None or not way:
        return None
    return str(locate_key(root, way) if key_alone else locate(root, way))


def _name(file: Path | None) -> str:
    return "settings" if file is None else file.name
