"""The cheapest set that meets every one of some sets: exact, by branch and bound."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence


def cheapest_hitting(
    sets: Iterable[Collection[str]], order: Sequence[str], cost: Mapping[str, int]
) -> frozenset[str]:
    """Return a cheapest set with an element of each of the sets, earlier elements preferred.

    >>> sets = [{"a", "b"}, {"b", "c"}, {"d"}]
    >>> sorted(cheapest_hitting(sets, "abcd", {"a": 1, "b": 1, "c": 1, "d": 1}))
    ['b', 'd']
    >>> sorted(cheapest_hitting(sets, "abcd", {"a": 1, "b": 9, "c": 1, "d": 1}))
    ['a', 'c', 'd']
    """
    rank = {element: at for at, element in enumerate(order)}
    kept: list[frozenset[str]] = []
    for one in sorted({frozenset(each) for each in sets}, key=lambda s: (len(s), sorted(s))):
        if not any(smaller <= one for smaller in kept):
            kept.append(one)
    best = frozenset(element for one in kept for element in one)
    least = sum(cost[element] for element in best) + 1

    def search(chosen: tuple[str, ...], spent: int, left: list[frozenset[str]]) -> None:
        nonlocal best, least
        if not left:
            best, least = frozenset(chosen), spent
            return
        for element in sorted(left[0], key=lambda e: (cost[e], rank[e])):
            rest = [one for one in left if element not in one]
            if spent + cost[element] + _apart(rest, cost) < least:
                search((*chosen, element), spent + cost[element], rest)

    search((), 0, kept)
    return best


def _apart(sets: Iterable[frozenset[str]], cost: Mapping[str, int]) -> int:
    """Return what sets, taken in order, cost that have nothing in common: each needs its own."""
    seen: set[str] = set()
    found = 0
    for one in sets:
        if seen.isdisjoint(one):
            seen |= one
            found += min(cost[element] for element in one)
    return found
