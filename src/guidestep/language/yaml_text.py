"""From a file to its text, before any YAML is read: size, encoding and characters."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from itertools import islice
from pathlib import Path
from stat import S_ISREG

from guidestep.language.diagnostics import Diagnostic
from guidestep.language.source import SourceText
from guidestep.language.yaml_places import span_between

MAX_BYTES = 1 << 20
"""The size of the largest file that is read."""

_MAX_SHOWN = 20
_REPLACEMENT = "\ufffd"

# What YAML forbids, what it counts as a line end although no editor shows it as one, and what
# changes the direction of writing: with it a rule can look like another to whoever reviews it.
_CONTROL = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    "|\r(?!\n)|[\u2028\u2029\u202a-\u202e\u2066-\u2069]"
)


def load(path: Path, name: str) -> SourceText | Diagnostic:
    """Return the text of a file, or the fault for which it cannot be had.

    Faults: `unreadable-file`, `file-too-large`, `not-utf8`. A byte order mark is left out.
    """
    nothing = SourceText(name, "")
    try:
        status = path.stat()
        if not S_ISREG(status.st_mode):
            return _unreadable(nothing, "it is not a file")
        if status.st_size > MAX_BYTES:
            return _too_large(nothing, status.st_size)
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return _unreadable(nothing, (error.strerror or str(error)).lower())
    except ValueError:
        return _unreadable(nothing, "its path has a character that no path can have")
    return decode(data, name)


def decode(data: bytes, name: str) -> SourceText | Diagnostic:
    """Return the text of a file's bytes, or the fault for which it cannot be had.

    Faults: `file-too-large`, `not-utf8`. A byte order mark is left out.
    """
    if len(data) > MAX_BYTES:
        return _too_large(SourceText(name, ""), len(data))
    data = data.removeprefix(BOM_UTF8)
    try:
        return SourceText(name, data.decode())
    except UnicodeDecodeError as error:
        return _not_utf8(name, data, error)


def check(source: SourceText) -> list[Diagnostic]:
    """Return the faults of a text as such: `file-too-large`, `control-character`."""
    if len(source.text) > MAX_BYTES:
        return [_too_large(SourceText(source.name, ""), len(source.text))]
    # The fault shows the line without the character, which could command a terminal.
    shown = SourceText(source.name, _CONTROL.sub(_REPLACEMENT, source.text))
    return [
        _control_character(shown, found.start(), ord(found.group()))
        for found in islice(_CONTROL.finditer(source.text), _MAX_SHOWN)
    ]


def _unreadable(source: SourceText, reason: str) -> Diagnostic:
    return Diagnostic(
        "unreadable-file",
        span_between(source, 0, 0),
        f"the file cannot be read: {reason}",
        "check the path and its permissions",
    )


def _too_large(source: SourceText, size: int) -> Diagnostic:
    return Diagnostic(
        "file-too-large",
        span_between(source, 0, 0),
        f"the file has {size} bytes, and {MAX_BYTES} are allowed",
        "split the file",
    )


def _not_utf8(name: str, data: bytes, error: UnicodeDecodeError) -> Diagnostic:
    text = data.decode(errors="replace")
    # The place is counted in characters: those before the fault are sound.
    index = len(data[: error.start].decode())
    return Diagnostic(
        "not-utf8",
        span_between(SourceText(name, _CONTROL.sub(_REPLACEMENT, text)), index, index + 1),
        f"byte 0x{data[error.start]:02x} is not UTF-8",
        "save the file as UTF-8",
    )


def _control_character(source: SourceText, index: int, code: int) -> Diagnostic:
    return Diagnostic(
        "control-character",
        span_between(source, index, index + 1),
        f"character U+{code:04X} is not allowed",
        f'remove it, or write it as "\\u{code:04x}" in double quotes',
    )
