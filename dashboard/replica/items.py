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
    id: str = ""


_document = msgspec.json.Decoder(_Listed)
_item = msgspec.json.Decoder(_Item)


def with_items(body: bytes, change: ItemsListed) -> bytes:
    """The document's new JSON text. One that was no list of items is replaced."""
    items = dict(reversed(change.items))
    try:
        before = {_item.decode(raw).id: bytes(raw) for raw in _document.decode(body).items} if body else {}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        before = {}
    kept, size = list[bytes](), 0
    for item in (items | {key: raw for key, raw in before.items() if key not in items}).values():
        size += len(item) + 1
        if len(kept) == change.most or size > change.max_bytes:
            break
        kept.append(item)
    return b'{"items":[' + b",".join(kept) + b"]}"
