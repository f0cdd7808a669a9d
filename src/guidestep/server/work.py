"""Where work is done: a small record on the event loop, a large one beside it.

Most records are read in one or two milliseconds, less than a thread costs to begin with. One of
two thousand resources takes forty: others are answered meanwhile if a thread does it, as Python
gives them their turns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

LARGE = 150
"""The number of resources from which on a record is read beside the event loop."""


def entries(resources: Iterable[object]) -> int:
    """Return how many entries some Bundles have together.

    >>> entries([{"resourceType": "Bundle", "entry": [{}, {}]}, None, {"resourceType": "Patient"}])
    2
    """
    bundles = [each for each in resources if isinstance(each, dict)]
    return sum(len(e) for each in bundles if isinstance(e := each.get("entry"), list))


async def done(size: int, work: Callable[[], T]) -> T:
    """Return the result of some work on so many resources."""
    return await asyncio.to_thread(work) if size > LARGE else work()
