"""A document that is a list of the newest items: what an ``ItemsListed`` makes of it.

Every process adds to it by an entry, never by reading and writing it again: the journal's order is the order of the items,
and none is lost.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import msgspec
from msgspec import Raw, Struct

from dashboard.entries.documents import ItemsListed

#: Checks whose state is remembered beside the items; of more, those that changed longest ago count as ok.
_MAX_STATES = 1_000


class _Listed(Struct):
    items: list[Raw] = []
    states: Any = None


class _Item(Struct):
    """``of``: whose state it tells; "": that of ``id``. What foreign entries or documents hold may be of any type."""

    id: Any = ""
    of: Any = ""
    kind: Any = ""
    state: Any = ""


class _Before(NamedTuple):
    items: dict[str, bytes]
    states: dict[str, str]


_document = msgspec.json.Decoder(_Listed)
_item = msgspec.json.Decoder(_Item)


def with_items(body: bytes, change: ItemsListed) -> bytes:
    """The document's new JSON text; ``body`` itself where nothing is new: an item that is there, a check that says what it said.

    What checks said last and is not ok stays in ``states``, whatever items leave.  A document that was no list of items is replaced.
    """
    before = _read(body)
    states, fresh, gone = dict(before.states), dict[str, bytes](), set[str]()
    for key, raw in change.items:
        if not raw:
            fresh.pop(key, None)
            gone.update({key} & before.items.keys())
            continue
        item = _read_item(raw)
        if item.kind == "check":
            subject = str(item.of or key)
            if states.get(subject, "ok") == item.state:
                continue
            states.pop(subject, None)
            if item.state != "ok":
                states[subject] = str(item.state)
        elif fresh.get(key, before.items.get(key)) == raw:
            continue
        fresh.pop(key, None)
        fresh[key] = raw
    gone -= fresh.keys()
    if not fresh and not gone:
        return body
    others = {key: raw for key, raw in before.items.items() if key not in fresh and key not in gone}
    newest_first = dict(reversed(fresh.items())) | others
    stay = b",".join(_those_that_stay(list(newest_first.values()), change))
    kept = dict(list(states.items())[-_MAX_STATES:])
    return b'{"items":[' + stay + b"]" + (b',"states":' + msgspec.json.encode(kept) if kept else b"") + b"}"


@lru_cache(maxsize=8)
def _read(body: bytes) -> _Before:
    """A document's items by their ids. What says nothing new is most of what comes: it is not read again each time."""
    try:
        listed = _document.decode(body) if body else _Listed()
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        listed = _Listed()
    items = dict[str, bytes]()
    for place, raw in enumerate(listed.items):
        key = _read_item(raw).id
        items.setdefault(key if isinstance(key, str) and key else f"#{place}", bytes(raw))
    states = listed.states if isinstance(listed.states, dict) else {}
    return _Before(items, {str(subject): str(state) for subject, state in states.items()})


def _read_item(raw: bytes | Raw) -> _Item:
    try:
        return _item.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Item()


def _those_that_stay(items: list[bytes], change: ItemsListed) -> list[bytes]:
    """In their order; who leaves for want of room, see ``ItemsListed``."""
    places = range(len(items))
    kept, size = set[int](), 0
    for place in sorted(places, key=lambda p: change.ok_leaves and _read_item(items[p]).state == "ok"):
        size += len(items[place]) + 1
        if len(kept) == change.most or size > change.max_bytes:
            break
        kept.add(place)
    return [items[place] for place in places if place in kept]
