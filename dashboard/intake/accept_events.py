"""Acceptance of events: each goes into the document ``events``, the state of an alert or check also into ``alerts``.

Both documents are lists for the list, table and status widgets, newest first: ``{"items": [{"id", "label", "value", "t", "state",
…}]}``. An event is an entry with the item to add (``replica/items.py``). No process reads and rewrites the list, so no event is
lost when several processes accept events at once. A repeated event (an alert that goes on) replaces the earlier one. A check with
an unchanged state gives no new event; the replica detects this.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

import msgspec

from dashboard.domain.counters import Counters
from dashboard.domain.event import EventIn, fingerprint_of
from dashboard.domain.partition import partition_of
from dashboard.entries.documents import ItemsListed
from dashboard.entries.metrics import encode_change
from dashboard.journal.port import Journal
from dashboard.replication.replicas import Replicas

EVENTS, ALERTS = "events", "alerts"
MAX_ITEMS = 200
MAX_BYTES = 64 * 1024
_MAX_VALUE_CHARACTERS = 500
_MAX_TAGS = 8
_STATES = ("ok", "warning", "critical", "unknown")


class AcceptEvents:
    """Writer of events. Only this class appends events to the journal. ``now_ms`` is the journal's time."""

    def __init__(self, *, journal: Journal, replicas: Replicas, now_ms: Callable[[], int], counters: Counters) -> None:
        self._journal = journal
        self._replicas = replicas
        self._now_ms = now_ms
        self._counters = counters

    async def accept(self, events: list[EventIn], *, request_id: str = "") -> None:
        """Store events; events with a repeated ``request_id`` are not stored again. Raises Overloaded, Unavailable."""
        if not events:
            return
        now_ms, seed = self._now_ms(), request_id or secrets.token_hex(8)
        told, states = list[tuple[str, bytes]](), list[tuple[str, bytes]]()
        for place, event in enumerate(events):
            state = state_of(event)
            t_ms = now_ms if event.t_ms is None else event.t_ms
            when = f"{seed}/{place}" if event.t_ms is None else str(t_ms)
            item_id = item_id_of(event, when)
            told.append((item_id, _item(item_id, event, state, t_ms, of=event.fingerprint if state else "")))
            if state:
                states.append((event.fingerprint, _item(event.fingerprint, event, state, t_ms)))
        await asyncio.gather(self._append(ALERTS, states, request_id), self._append(EVENTS, told, request_id))
        self._counters.events_accepted += len(events)

    async def _append(self, key: str, items: list[tuple[str, bytes]], request_id: str) -> None:
        partition = partition_of(key, self._replicas.partitions)
        for first in range(0, len(items), MAX_ITEMS):  # the replica drops the oldest beyond the limits
            some = tuple(items[first : first + MAX_ITEMS])
            change = ItemsListed(key, some, MAX_ITEMS, MAX_BYTES, ok_leaves=key == ALERTS)
            once = f"{request_id}/{key}/{first}" if request_id else ""
            await self._journal.append(partition, encode_change(change), request_id=once)


def item_id_of(event: EventIn, when: str) -> str:
    """Return the id of an event's item; ``when``: the event's time, or another text that distinguishes otherwise equal events."""
    text = "" if event.kind == "alert" else event.text  # an alert's text may change while it goes on
    return fingerprint_of(event.fingerprint, event.title, event.state, when, text)


def state_of(event: EventIn) -> str:
    """Return an event's state: ok, warning, critical or unknown; empty if it has none."""
    if event.kind == "alert":
        severities = ("severity:warning", "severity:info", "severity:none")
        mild = any(tag.lower() in severities for tag in event.tags)
        return "ok" if event.state == "resolved" else "warning" if mild else "critical"
    return event.state if event.kind == "check" and event.state in _STATES else ""


def _item(item_id: str, event: EventIn, state: str, t_ms: int, of: str = "") -> bytes:
    text = event.text or state or event.state
    item: dict[str, object] = {
        "id": item_id,
        "label": event.title,
        "value": text if len(text) <= _MAX_VALUE_CHARACTERS else text[: _MAX_VALUE_CHARACTERS - 1] + "…",
        "t": t_ms,
        "kind": event.kind,
    }
    if state:
        item["state"] = state
    if of:
        item["of"] = of
    if event.ended_ms is not None:
        item["ended"] = event.ended_ms
    if event.tags:
        item["tags"] = event.tags[:_MAX_TAGS]
    return msgspec.json.encode(item)
