"""The smallest set that meets every one of some sets: exact, by branch and bound."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def smallest_hitting(sets: Sequence[Collection[str]], order: Sequence[str]) -> frozenset[str]:
    """Return a smallest set that has an element of each of the sets, earlier elements preferred.

    >>> sorted(smallest_hitting([{"a", "b"}, {"b", "c"}, {"d"}], "abcd"))
    ['b', 'd']
    """
    rank = {element: at for at, element in enumerate(order)}
    sure = {element for one in sets if len(one) == 1 for element in one}
    # What stands in a set with fewer elements too need not be looked at.
    rest = sorted({frozenset(one) for one in sets if sure.isdisjoint(one)}, key=len)
    kept: list[frozenset[str]] = []
    for one in rest:
        if not any(smaller <= one for smaller in kept):
            kept.append(one)
    best = _greedy(kept, rank)

    def search(chosen: tuple[str, ...], left: list[frozenset[str]], most: int) -> None:
        nonlocal best
        if not left:
            best = chosen
            return
        if len(chosen) + _apart(left) >= most:
            return
        for element in sorted(left[0], key=rank.__getitem__):
            search((*chosen, element), [one for one in left if element not in one], len(best))

    search((), kept, len(best))
    return frozenset(sure).union(best)


def _greedy(sets: Sequence[frozenset[str]], rank: dict[str, int]) -> tuple[str, ...]:
    """Return a set that meets all, taking whatever meets most of what is left."""
    chosen: list[str] = []
    left = list(sets)
    while left:
        count: dict[str, int] = {}
        for one in left:
            for element in one:
                count[element] = count.get(element, 0) + 1
        chosen.append(min(count, key=lambda e: (-count[e], rank[e])))
        left = [one for one in left if chosen[-1] not in one]
    return tuple(chosen)


def _apart(sets: Sequence[frozenset[str]]) -> int:
    """Return how many of the sets, taken in order, have nothing in common: each needs its own."""
    seen: set[str] = set()
    found = 0
    for one in sets:
        if seen.isdisjoint(one):
            seen |= one
            found += 1
    return found
