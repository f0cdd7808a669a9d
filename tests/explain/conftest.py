"""The ankle guideline with one rule for each expression in the table, and the shipped one."""

import pytest

from guidestep import Guideline
from tests.explain.ankle import ankle
from tests.explain.expressions import EXPRESSIONS
from tests.explain.patients import shipped_guideline


@pytest.fixture(scope="session")
def ankles(tmp_path_factory: pytest.TempPathFactory) -> Guideline:
    conditions = {f"rule-{index}": written for index, (written, _) in enumerate(EXPRESSIONS)}
    return ankle(tmp_path_factory.mktemp("ankle"), conditions)


@pytest.fixture(scope="session")
def cervical() -> Guideline:
    return shipped_guideline()
