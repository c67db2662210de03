"""Annotations by number: find, change and remove them in the document ``events``.

Grafana's API has numbers for annotations; here an annotation is an item of a list, and its number is derived from the item's
id.  A full list drops its oldest items, and with them old annotations.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from dashboard.domain.errors import NotFound
from dashboard.domain.event import EventIn
from dashboard.domain.partition import partition_of
from dashboard.entries.documents import ItemsListed
from dashboard.entries.metrics import encode_change
from dashboard.intake.accept_events import EVENTS, MAX_BYTES, MAX_ITEMS, item_id_of
from dashboard.journal.port import Journal
from dashboard.replication.replicas import Replicas

#: An item of the document ``events``.
Item = dict[str, object]


def number_of(item_id: str) -> int:
    """Derive an annotation's number from its item's id: 52 bits, which JavaScript represents exactly; 0 for an invalid id."""
    return int(item_id[:13], 16) or 1 if all(char in "0123456789abcdef" for char in item_id[:13]) and item_id else 0


def number_of_event(event: EventIn) -> int:
    """Return the number that an annotation with an explicit time is going to have."""
    assert event.t_ms is not None
    return number_of(item_id_of(event, str(event.t_ms)))


class Annotations:
    """Annotations in the document ``events``, by the number that Grafana's API gives them."""

    def __init__(self, *, journal: Journal, replicas: Replicas) -> None:
        self._journal = journal
        self._replicas = replicas

    async def find(self, number: int) -> Item:
        """Return the item of the annotation ``number``; raises NotFound, Unavailable."""
        for again in (False, True):
            if again:  # another process may have just stored it
                await self._replicas.catch_up(EVENTS)
            for found, item in await self.all():
                if found == number:
                    return item
        raise NotFound("Annotation not found")

    async def all(self) -> list[tuple[int, Item]]:
        """Return the number and the item of each annotation, in the order of the document; raises Unavailable."""
        document = await self._replicas.find_document(EVENTS)
        items = msgspec.json.decode(document.body).get("items", []) if document is not None else []
        return [
            (number_of(str(item.get("id", ""))), item) for item in items if item.get("kind") in ("annotation", "event")
        ]

    async def change(self, item: Mapping[str, object], new: Mapping[str, object]) -> None:
        """Replace the fields ``new`` of an item; raises Overloaded, Unavailable."""
        await self._append(str(item["id"]), msgspec.json.encode({**item, **new}))

    async def remove(self, item: Mapping[str, object]) -> None:
        """Remove the item from the list; raises Overloaded, Unavailable."""
        await self._append(str(item["id"]), b"")

    async def _append(self, item_id: str, raw: bytes) -> None:
        partition = partition_of(EVENTS, self._replicas.partitions)
        change = ItemsListed(EVENTS, ((item_id, raw),), MAX_ITEMS, MAX_BYTES, ok_leaves=False)
        await self._journal.append(partition, encode_change(change), request_id="")
