"""What is made of an entry of a guideline once, and is the same for every patient."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Entry = TypeVar("Entry")
Made = TypeVar("Made")

_MOST_KEPT = 1024


def kept(make: Callable[[Entry], Made]) -> Callable[[Entry], Made]:
    """Return a function that remembers what it made of each of the last entries.

    An entry is known by its identity, not by what it says: two guidelines never share anything, and
    `2` and `2.0`, which are equal, stay apart. It must be frozen, what is made of it too, and
    neither may hold anything of a patient: both stay in memory when the patient's answer is gone.

    >>> from guidestep.language.documents import Review
    >>> words = kept(lambda review: review.statement.split())
    >>> review = Review(status="approved", statement="Looked at twice.")
    >>> words(review) is words(review), words(review) is words(review.model_copy())
    (True, False)
    """
    found: dict[int, tuple[Entry, Made]] = {}

    @wraps(make)
    def recall(entry: Entry) -> Made:
        known = found.get(id(entry))
        if known is None:
            if len(found) >= _MOST_KEPT:
                found.clear()
            # The entry is held too: nothing else can have its identity while it is remembered.
            known = found[id(entry)] = (entry, make(entry))
        return known[1]

    return recall
