"""No null and nothing empty leaves, but the lists that may be empty."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from guidestep.interop.cds_hooks import conformance, without_empty
from guidestep.interop.cds_hooks.conformance.elements import Problems

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3)
)
names = st.sampled_from(["cards", "services", "a", "b", "c"])
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=20,
)


def test_null_and_empty_elements_go_with_what_they_leave_empty() -> None:
    given_ = {"a": None, "b": "", "c": [], "d": {}, "e": [{"f": [None, ""]}], "g": 0, "h": False}
    assert without_empty(given_) == {"g": 0, "h": False}


def test_no_card_and_no_service_are_answers() -> None:
    assert without_empty({"cards": [], "services": []}) == {"cards": [], "services": []}
    assert without_empty({"cards": [None, {}]}) == {"cards": []}
    assert without_empty({"cards": None}) == {}
    assert without_empty({"inner": {"cards": []}}) == {}


@given(documents)
def test_nothing_empty_is_left_and_nothing_else_is_lost(document: Any) -> None:
    before = copy.deepcopy(document)
    slim = without_empty(document)
    assert document == before
    assert without_empty(slim) == slim
    if isinstance(slim, dict | list) and slim:
        problems = Problems()
        problems.empty(slim, ("cards", "services"))
        assert not problems.found
    assert leaves(slim) == leaves(document)


def leaves(document: Any) -> list[Any]:
    if isinstance(document, dict):
        return [leaf for part in document.values() for leaf in leaves(part)]
    if isinstance(document, list):
        return [leaf for part in document for leaf in leaves(part)]
    return [] if document in (None, "") else [repr(document)]


def test_the_check_finds_what_is_taken_out() -> None:
    found = conformance.check("response", {"cards": [{"summary": "", "source": None}]})
    assert [p.path for p in found if p.rule == "requirement 3"] == [
        "cards[0].summary",
        "cards[0].source",
    ]
