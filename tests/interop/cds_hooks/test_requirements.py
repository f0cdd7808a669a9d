"""Every row of the requirement table is shown by tests that exist, or has its reason."""

from __future__ import annotations

import ast
from functools import cache

import pytest

from tests.interop.cds_hooks.requirements import ROOT, Requirement, requirements

SHALL_NOT = {3, 147, 201, 203}
# fmt: off
NUMBERS = [
    1, 2, 3, 4, 5, 6, 7, 9, 10, 13, 16, 29, 36, 54, 55, 56, 57, 59, 61, 74, 75, 80, 83, 85, 87,
    88, 89, 90, 92, 93, 95, 96, 98, 100, 103, 105, 107, 111, 115, 117, 119, 121, 124, 125, 127,
    128, 130, 131, 132, 133, 134, 135, 136, 138, 139, 141, 142, 144, 147, 168, 176, 199, 201,
    203, 208, 211, 213, 214, 216, 217, 218, 219, 220,
]
# fmt: on


@cache
def names_in(file: str) -> frozenset[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = (n for n in tree.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(function.name for function in functions)


def test_all_rows_are_there_in_order() -> None:
    rows = requirements()
    assert [row.number for row in rows] == NUMBERS
    assert len(rows) == 73
    assert {row.number for row in rows if row.level == "SHALL NOT"} == SHALL_NOT
    assert {row.level for row in rows} == {"SHALL", "SHALL NOT"}


@pytest.mark.parametrize("row", requirements(), ids=lambda row: str(row.number))
def test_a_row_is_shown_by_tests_that_exist_or_has_a_reason(row: Requirement) -> None:
    assert row.tests or row.reason
    assert row.says.endswith(".")
    for node in row.tests:
        file, _, name = node.partition("::")
        assert name in names_in(file), f"requirement {row.number} names {node}"
