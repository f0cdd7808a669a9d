"""A small immutable mapping: ordered, hashable and picklable, unlike `types.MappingProxyType`."""

from collections.abc import ItemsView, Iterable, Iterator, Mapping
from typing import Generic, TypeVar, overload

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class FrozenDict(Mapping[K, V], Generic[K, V]):
    """A mapping that cannot be changed, equal to any mapping with the same items.

    >>> FrozenDict({"cm": 10.0})
    FrozenDict({'cm': 10.0})
    >>> FrozenDict({"cm": 10.0}) == {"cm": 10.0}
    True
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        self._items: dict[K, V] = dict(items)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    # What follows is inherited as loops in Python; models are read often enough to care.

    def __contains__(self, key: object) -> bool:
        return key in self._items

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: V | T) -> V | T: ...
    def get(self, key: K, /, default: V | T | None = None) -> V | T | None:
        """Return the value of a key, or the default where it is not there."""
        return self._items.get(key, default)

    def items(self) -> ItemsView[K, V]:
        """Return a view of the items."""
        return self._items.items()

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"FrozenDict({self._items!r})"
