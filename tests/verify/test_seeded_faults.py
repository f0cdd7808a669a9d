"""A few of the planted faults, found as they should be; the whole of them is run on demand."""

from __future__ import annotations

import pytest

from tests.verify.seeded_faults import FOLDER, Fault, faults, look

QUICK = [fault for fault in faults() if fault.found_by]


@pytest.mark.parametrize("fault", faults(), ids=lambda fault: fault.id)
def test_it_can_still_be_planted(fault: Fault) -> None:
    text = (FOLDER / fault.file).read_text(encoding="utf-8")
    assert fault.planted_in(text) != text


def test_there_are_many_and_each_is_another() -> None:
    ids = [fault.id for fault in faults()]
    assert len(ids) == len(set(ids)) >= 60


@pytest.mark.parametrize("fault", QUICK[::2], ids=lambda fault: fault.id)
def test_it_is_found(fault: Fault) -> None:
    found = look(fault)
    assert found.verify is not None
    assert set(fault.found_by) <= set(found.verify)


def test_a_survivor_survives() -> None:
    fault = next(fault for fault in faults() if fault.survives)
    assert not look(fault).anything
