"""The rows of the requirement table and the tests that show them, from `requirements.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

FILE = Path(__file__).with_name("requirements.yaml")
ROOT = Path(__file__).parents[3]

_FOLDERS = {"C": "tests/interop/cds_hooks", "S": "tests/server"}


@dataclass(frozen=True)
class Requirement:
    """One row: what it says in our words, the tests that show it, and what tests cannot show."""

    number: int
    level: str
    says: str
    tests: tuple[str, ...] = ()
    reason: str = ""


def requirements() -> list[Requirement]:
    """Return the rows, by number."""
    rows = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return [Requirement(**{**row, "tests": tuple(map(node, row.get("tests", ())))}) for row in rows]


def node(short: str) -> str:
    """Return the node id of a test.

    >>> node("C/cards::every_outcome_has_an_urgency")
    'tests/interop/cds_hooks/test_cards.py::test_every_outcome_has_an_urgency'
    """
    folder, _, rest = short.partition("/")
    file, _, name = rest.partition("::")
    return f"{_FOLDERS[folder]}/test_{file}.py::test_{name}"


def table() -> str:
    """Return the rows as a Markdown table."""
    lines = ["| no. | level | what it says | shown by |", "| --- | --- | --- | --- |"]
    for row in requirements():
        shown = [f"`{path.rpartition('/')[2]}`" for path in row.tests]
        shown += [" ".join(row.reason.split())] if row.reason else []
        lines.append(f"| {row.number} | {row.level} | {row.says} | {'<br>'.join(shown)} |")
    return "".join(f"{line}\n" for line in lines)
