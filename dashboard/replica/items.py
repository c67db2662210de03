"""A document that is a list of the newest items: what an ``ItemsListed`` makes of it.

Every process adds to it by an entry, never by reading and writing it again: the journal's order is the order of the items,
and none is lost.
"""

from __future__ import annotations

import msgspec
from msgspec import Raw, Struct

from dashboard.replica.changes import ItemsListed


class _Listed(Struct):
    items: list[Raw] = []


class _Item(Struct):
    """``of``: whose state it tells; "": that of ``id``."""

    id: str = ""
    of: str = ""
    kind: str = ""
    state: str = ""


_document = msgspec.json.Decoder(_Listed)
_item = msgspec.json.Decoder(_Item)


def with_items(body: bytes, change: ItemsListed) -> bytes:
    """The document's new JSON text; ``body`` itself where nothing is new: an item that is there, a check that says what it said.

    One that was no list of items is replaced.
    """
    before, states = dict[str, bytes](), dict[str, str]()
    for item, raw in _items_of(body):
        before[item.id] = raw
        states.setdefault(item.of or item.id, item.state)
    fresh = dict[str, bytes]()
    for key, raw in change.items:
        item = _item.decode(raw)
        subject = item.of or key
        is_said_again = item.kind == "check" and states.get(subject, "ok") == item.state
        if is_said_again or fresh.get(key, before.get(key)) == raw:
            continue
        states[subject] = item.state
        fresh.pop(key, None)
        fresh[key] = raw
    if not fresh:
        return body
    newest_first = dict(reversed(fresh.items())) | {key: raw for key, raw in before.items() if key not in fresh}
    return b'{"items":[' + b",".join(_those_that_stay(list(newest_first.values()), change)) + b"]}"


def _items_of(body: bytes) -> list[tuple[_Item, bytes]]:
    try:
        return [(_item.decode(raw), bytes(raw)) for raw in _document.decode(body).items] if body else []
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return []


def _those_that_stay(items: list[bytes], change: ItemsListed) -> list[bytes]:
    """In their order; who leaves for want of room, see ``ItemsListed``."""
    places = range(len(items))
    kept, size = set[int](), 0
    for place in sorted(places, key=lambda p: change.ok_leaves and _item.decode(items[p]).state == "ok"):
        size += len(items[place]) + 1
        if len(kept) == change.most or size > change.max_bytes:
            break
        kept.add(place)
    return [items[place] for place in places if place in kept]
