"""Lists that many replies contain, such as the members of a room. Each encoding of an item is made once and used in all replies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from msgspec import Raw

T = TypeVar("T")


class SharedList(Generic[T]):
    """Items that many replies contain, and the items' JSON by encoding function."""

    __slots__ = ("_pieces", "items")

    def __init__(self, items: Sequence[T]) -> None:
        self.items = items
        self._pieces: dict[Callable[[T], bytes], list[bytes]] = {}

    def pieces(self, encode: Callable[[T], bytes]) -> list[bytes]:
        """Return the JSON of each item, as made by ``encode``."""
        pieces = self._pieces.get(encode)
        if pieces is None:
            pieces = self._pieces[encode] = [encode(item) for item in self.items]
        return pieces


class ReplyList(Generic[T]):
    """List of one reply: ``first``, then the items of a shared list without the one at index ``without``, then ``last``.

    At most ``most`` items in all.
    """

    __slots__ = ("_first", "_last", "_most", "_shared", "_without")

    def __init__(
        self,
        shared: SharedList[T],
        *,
        first: Sequence[T] = (),
        without: int | None = None,
        last: Sequence[T] = (),
        most: int | None = None,
    ) -> None:
        self._shared = shared
        self._first = first
        self._without = without
        self._last = last
        self._most = most

    @classmethod
    def of(cls, *items: T) -> ReplyList[T]:
        """Return a list whose items no other reply contains."""
        return cls(SharedList(items))

    def items(self) -> list[T]:
        """Return the items."""
        shared = [item for index, item in enumerate(self._shared.items) if index != self._without]
        return [*self._first, *shared, *self._last][: self._most]

    def json(self, encode: Callable[[T], bytes]) -> Raw:
        """Return the JSON array of the items; ``encode`` returns the JSON of one item, and must be the same function each time."""
        pieces = list(map(encode, self._first)) + self._shared.pieces(encode)
        if self._without is not None:
            del pieces[len(self._first) + self._without]
        if self._last:
            pieces += map(encode, self._last)
        return Raw(b"[" + b",".join(pieces[: self._most]) + b"]")
