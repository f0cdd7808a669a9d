"""Ways to break a file or an assessment, each a function of a seeded random generator."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Callable
from random import Random
from typing import Any

# --- texts ----------------------------------------------------------------------------------------

Mutate = Callable[[bytes, Random], bytes]

UNICODE = "\u00e9\u202e\u200b\ufeff\u2028\x00\x1b\U0001f9e0\u0130\ud7ff\uffff\t\u00a0"
NUMBERS = ("9" * 400, "1e999", "-1e-999", "0x7fffffff", "1_000", "1:30", "007", ".inf", "-0.0")
TYPES = ("[]", "{}", "null", "true", "12", "2026-02-30", '""', "[[[a]]]", "{a: {b: c}}", "&a [*a]")


def _lines(data: bytes) -> list[bytes]:
    return data.splitlines(keepends=True)


def _spots(lines: list[bytes]) -> list[int]:
    """Return the lines that say something."""
    return [i for i, line in enumerate(lines) if line.strip() and not line.strip().startswith(b"#")]


def flip_byte(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << random.randrange(8))]) + data[at + 1 :]


def drop_line(data: bytes, random: Random) -> bytes:
    lines = _lines(data)
    del lines[random.choice(_spots(lines))]
    return b"".join(lines)


def duplicate_line(data: bytes, random: Random) -> bytes:
    lines = _lines(data)
    at = random.choice([i for i in _spots(lines) if b":" in lines[i]])
    # Without its dash the first key of an entry comes twice in the entry.
    lines.insert(at + 1, lines[at].replace(b"- ", b"  ", 1))
    return b"".join(lines)


def swap_values(data: bytes, random: Random) -> bytes:
    lines = _lines(data)
    pairs = [i for i in _spots(lines) if re.search(rb": \S", lines[i])]
    one, other = random.sample(pairs, 2)
    key, _, value = lines[one].partition(b": ")
    key_of_other, _, value_of_other = lines[other].partition(b": ")
    lines[one], lines[other] = key + b": " + value_of_other, key_of_other + b": " + value
    return b"".join(lines)


def truncate(data: bytes, random: Random) -> bytes:
    return data[: random.randrange(len(data))]


def indent(data: bytes, random: Random) -> bytes:
    lines = _lines(data)
    at = random.choice(_spots(lines))
    lines[at] = random.choice((b" ", b"   ", b"\t", b"        ")) + lines[at]
    return b"".join(lines)


def _replace_value(data: bytes, random: Random, new: str) -> bytes:
    lines = _lines(data)
    at = random.choice([i for i in _spots(lines) if re.search(rb": \S", lines[i])])
    key, _, _ = lines[at].partition(b": ")
    lines[at] = key + b": " + new.encode() + b"\n"
    return b"".join(lines)


def huge_number(data: bytes, random: Random) -> bytes:
    return _replace_value(data, random, random.choice(NUMBERS))


def wrong_type(data: bytes, random: Random) -> bytes:
    return _replace_value(data, random, random.choice(TYPES))


def unicode_noise(data: bytes, random: Random) -> bytes:
    at = random.randrange(len(data))
    noise = "".join(random.choice(UNICODE) for _ in range(random.randint(1, 4)))
    return data[:at] + noise.encode("utf-8", "surrogatepass") + data[at:]


TEXT_MUTATIONS: tuple[Mutate, ...] = (
    flip_byte,
    drop_line,
    duplicate_line,
    swap_values,
    truncate,
    indent,
    huge_number,
    wrong_type,
    unicode_noise,
)

# --- assessments ----------------------------------------------------------------------------------

Data = dict[str, Any]
Change = Callable[[Data, Random], str]
"""Changes data where they are and returns the path that was changed."""

VALUES: tuple[object, ...] = (
    10**400,
    -(10**400),
    1e308,
    math.nan,
    math.inf,
    -0.0,
    2**63,
    True,
    False,
    "50",
    "5,5",
    " present",
    "Present",
    "",
    "\x00",
    "\u202epresent",
    "a" * 100_000,
    [],
    [50],
    {},
    {"value": 3},
    {"value": 3, "unit": "furlong"},
    {"value": "3", "unit": "mm"},
    {"value": math.nan, "unit": "mm"},
    {"value": 6.2, "unit": "cm"},
    b"50",
    object(),
    1 + 2j,
    "2026-02-30",
    "2026-3-2",
    "2026-03-02T10:00:00",
    "0000-00-00",
    0,
    1,
    12,
    50.0,
    50.5,
)


def _any_path(data: Data, random: Random) -> tuple[str, str]:
    section = random.choice(sorted(data))
    return section, random.choice(sorted(data[section]))


def odd_value(data: Data, random: Random) -> str:
    section, name = _any_path(data, random)
    data[section][name] = random.choice(VALUES)
    return f"{section}.{name}"


def value_of_another(data: Data, random: Random) -> str:
    (section, name), (other, its_name) = _any_path(data, random), _any_path(data, random)
    data[section][name] = copy.copy(data[other][its_name])
    return f"{section}.{name}"


def lost_field(data: Data, random: Random) -> str:
    section, name = _any_path(data, random)
    del data[section][name]
    return f"{section}.{name}"


def moved_field(data: Data, random: Random) -> str:
    section, name = _any_path(data, random)
    other = random.choice(sorted(set(data) - {section}))
    data[other][name] = data[section].pop(name)
    return f"{section}.{name}"


def misspelt_field(data: Data, random: Random) -> str:
    section, name = _any_path(data, random)
    at = random.randrange(len(name))
    wrong = name[:at] + random.choice("xyz_. \x00\u00e9") + name[at:]
    data[section][wrong] = data[section].pop(name)
    return f"{section}.{name}"


def dotted_twice(data: Data, random: Random) -> str:
    section, name = _any_path(data, random)
    data[f"{section}.{name}"] = data[section][name]
    return f"{section}.{name}"


def other_form(data: Data, random: Random) -> str:
    """Write a field in another form that means the same: under a dotted key, or with its unit."""
    section, name = _any_path(data, random)
    if name.endswith("_mm"):
        data[section][name] = {"value": data[section][name], "unit": "mm"}
    else:
        data[f"{section}.{name}"] = data[section].pop(name)
    return f"{section}.{name}"


def odd_section(data: Data, random: Random) -> str:
    section = random.choice(sorted(data))
    data[section] = random.choice(([], "x", 3, None, {1: 2}, [data[section]]))
    return section


def odd_reason(data: Data, random: Random) -> str:
    section, name = _any_path(data, random)
    reason = random.choice(("not-asked", "bored", None, 3))
    data["data_absent_reasons"] = {f"{section}.{name}": reason}
    return f"{section}.{name}"


CHANGES: tuple[Change, ...] = (
    odd_value,
    odd_value,
    odd_value,
    value_of_another,
    lost_field,
    moved_field,
    misspelt_field,
    dotted_twice,
    other_form,
    odd_section,
    odd_reason,
)
