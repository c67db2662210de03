"""Documents that list the newest items, and their changes by ``ItemsListed``.

A process adds items by a journal entry and never rewrites the document, so the items have the journal's order and none is lost.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import msgspec
from msgspec import Raw, Struct

from dashboard.domain.strict_json import JsonValue
from dashboard.entries.documents import ItemsListed

#: Most checks whose state is stored; beyond it those that changed longest ago count as ok.
_MAX_STATES = 1_000


class _Listed(Struct):
    items: list[Raw] = []
    states: JsonValue = None


class _Item(Struct):
    """Item of a list. ``of``: the id of the check that has this ``state``; if empty, that is ``id``.

    Fields may have any type, because another program may have written the entry or document.
    """

    id: JsonValue = ""
    of: JsonValue = ""
    kind: JsonValue = ""
    state: JsonValue = ""


class _Before(NamedTuple):
    items: dict[str, bytes]
    states: dict[str, str]


_document = msgspec.json.Decoder(_Listed)
_item = msgspec.json.Decoder(_Item)


def with_items(body: bytes, change: ItemsListed) -> bytes:
    """Apply a change and return the document's new JSON text.

    Return ``body`` itself if nothing is new: the items exist already, and the checks' states are the same.  ``states`` keeps the
    last states of checks that are not ok, even if their items are dropped.  A document that is not a list of items is replaced.
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
    """Read a document's items by their ids. The result is cached, because most changes bring nothing new."""
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
    """Return the items that fit into the limits of ``change``, in their order; ``ItemsListed`` says which items are
    dropped first."""
    places = range(len(items))
    kept, size = set[int](), 0
    for place in sorted(places, key=lambda p: change.ok_leaves and _read_item(items[p]).state == "ok"):
        size += len(items[place]) + 1
        if len(kept) == change.most or size > change.max_bytes:
            break
        kept.add(place)
    return [items[place] for place in places if place in kept]
