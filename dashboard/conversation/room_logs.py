"""Logs of the rooms that connections here have joined: the newest messages in memory, from the journal and the store.

Messages arrive through the journal's partition ``ROOMS``. A message never arrives if its append failed, the journal was emptied,
or a process died between commit and append. A sweep every two seconds finds such messages by comparing each log's end with the
store.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol
from weakref import WeakValueDictionary

from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError, Unavailable
from dashboard.domain.room import Message, kind_of, participants
from dashboard.entries.room_event import RoomEvent
from dashboard.entries.rooms import ROOM_CODEC, MessageEntry, ReadEntry
from dashboard.hub.registry import ConnectionRegistry
from dashboard.journal.port import ROOMS, Gap, Journal
from dashboard.replica.rooms import RoomLog
from dashboard.runtime import Group
from dashboard.store.database import Database
from dashboard.store.messages import changes_after, latest_changes, newest
from dashboard.store.rooms import progress

_log = logging.getLogger(__name__)

_SWEEP_S = 2.0
#: The sweep checks rooms that changed within this time; older misses are found only after a gap or a fault of the store.
_SWEPT_MS = 60_000
#: Sweeps that are left out while nothing is committed; then the rooms are checked all the same.
_SKIPPED_SWEEPS = 4
#: Time for the journal to deliver a missing message before it is read from the store.
_HOLE_S = 0.25
#: A room without connections leaves memory after this long.
_IDLE_S = 60.0
#: Messages read from the store in one transaction when a log catches up.
_CHANGES_AT_ONCE = 500
#: Newest changes and newest messages that a log begins with.
_LOADED_CHANGES = 300
_LOADED_MESSAGES = 100
#: An append that takes longer has failed; the sweep delivers its message.
_APPEND_S = 2.0
#: Read marks that could not be published, beyond which the oldest is dropped; and how many a sweep publishes again.
_MAX_UNPUBLISHED = 10_000
_REPUBLISHED = 200


class RoomFollower(Protocol):
    """Follower of all rooms that have a log here, called in the order of each room's changes."""

    async def deliver(self, room_id: str, messages: list[Message]) -> None:
        """Deliver a room's new and changed messages, in order."""

    async def deliver_read(self, read: ReadEntry) -> None:
        """Deliver a read mark."""

    def pass_over(self, room_id: str) -> None:
        """Note a message in a room that has no log here; it is not delivered."""


class RoomLogs:
    """Logs by room id. Messages older than ``keep_ms`` are forgotten."""

    def __init__(
        self,
        *,
        database: Database,
        journal: Journal,
        registry: ConnectionRegistry,
        counters: Counters,
        now_ms: Callable[[], int],
        keep_ms: int,
    ) -> None:
        self._database = database
        self._journal = journal
        self._registry = registry
        self._counters = counters
        self._now_ms = now_ms
        self._keep_ms = keep_ms
        self._logs: dict[str, RoomLog] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # those in use
        self._used_s: dict[str, float] = {}
        self._holes: asyncio.Queue[str] = asyncio.Queue()
        self._unpublished: dict[tuple[str, str], tuple[ReadEntry, str]] = {}  # by room and reader
        self._followers: list[RoomFollower] = []
        self._others: dict[type[RoomEvent], Callable[[RoomEvent], None]] = {}
        self._on_gap: list[Callable[[], None]] = []

    # --- reading ---

    def known(self, room_id: str) -> RoomLog | None:
        """Return a room's log if it is in memory."""
        return self._logs.get(room_id)

    async def get(self, room_id: str) -> RoomLog:
        """Return a room's log, loaded from the store if it is not in memory; raises Unavailable."""
        async with self._lock(room_id):
            log = self._logs.get(room_id)
            if log is None:
                async with self._database.read() as tx:
                    changes, seq, whole_after = await latest_changes(tx, room_id, _LOADED_CHANGES)
                    last, _ = await newest(tx, room_id, None, _LOADED_MESSAGES)
                by_seq = {message.seq: message for message in (*changes, *last)}
                log = self._logs[room_id] = RoomLog(seq, whole_after, list(by_seq.values()))
        self._used_s[room_id] = asyncio.get_running_loop().time()
        return log

    def begin(self, room_id: str, seq: int) -> None:
        """Begin the log of a direct conversation at ``seq``, the conversation's newest change, if the log is not in
        memory."""
        self._logs.setdefault(room_id, RoomLog(seq, seq, []))

    # --- publishing ---

    async def publish(self, event: RoomEvent, request_id: str, *, again: bool = False) -> bool:
        """Publish a committed event to all processes; return False if the journal did not store the event.

        The periodic sweep then delivers the event later.  ``again`` is True if the sweep repeats a failed publication.
        """
        try:
            async with asyncio.timeout(_APPEND_S):
                await self._journal.append(ROOMS, ROOM_CODEC.encode(event), request_id=request_id)
        except (DashboardError, TimeoutError) as error:
            self._counters.room_events_not_appended += not again
            _log.debug("%s not appended; the sweep will deliver it: %s", request_id, error)
            if isinstance(event, ReadEntry):
                self._keep(event, request_id)
            return False
        return True

    def _keep(self, read: ReadEntry, request_id: str) -> None:
        """Keep an unpublished read mark, merged with an earlier mark: the store does not know which authors need a receipt."""
        earlier = self._unpublished.pop((read.room, read.user), None)
        if earlier is not None:
            seq = max(earlier[0].seq, read.seq)
            authors = earlier[0].authors
            newest = {author: max(at, authors.get(author, 0)) for author, at in read.authors.items()}
            read = ReadEntry(read.room, read.user, seq, authors | newest)
        elif len(self._unpublished) >= _MAX_UNPUBLISHED:
            del self._unpublished[next(iter(self._unpublished))]
        self._unpublished[read.room, read.user] = read, request_id

    async def _publish_again(self) -> None:
        for key in list(self._unpublished)[:_REPUBLISHED]:
            mark = self._unpublished.pop(key, None)
            if mark is not None and not await self.publish(*mark, again=True):
                return

    # --- following the journal ---

    def add_follower(self, follower: RoomFollower) -> None:
        """Let ``follower`` deliver messages and read marks from now on."""
        self._followers.append(follower)

    def subscribe(
        self, kind: type[RoomEvent], handler: Callable[[RoomEvent], None], on_gap: Callable[[], None]
    ) -> None:
        """Call ``handler`` with each event of ``kind``, and ``on_gap`` when some events may have been missed.

        ``kind`` must not be one of the kinds that are about rooms: this class handles those itself.
        """
        self._others[kind] = handler
        self._on_gap.append(on_gap)

    async def run(self) -> None:
        """Follow the journal, fill holes and sweep until cancelled."""
        async with Group() as group:
            group.start("events", self._follow)
            group.start("holes", self._fill_holes)
            group.start("sweep", self._sweep)

    async def _follow(self) -> None:
        after = await self._journal.attach(ROOMS)
        async for batch in self._journal.follow(ROOMS, after):
            if isinstance(batch, Gap):
                for missed in self._on_gap:
                    missed()
                await self._look_everywhere()
                continue
            for entry in batch:
                event = ROOM_CODEC.decode(entry.payload)
                if isinstance(event, MessageEntry):
                    await self._take(event.message)
                elif isinstance(event, ReadEntry):
                    for follower in self._followers:
                        await follower.deliver_read(event)
                elif event is not None and type(event) in self._others:
                    self._others[type(event)](event)
                else:
                    self._counters.foreign_entries += 1

    async def _take(self, message: Message) -> None:
        log = self._logs.get(message.room)
        if log is None:
            if kind_of(message.room) == "room" or not self._is_heard(message.room):
                for follower in self._followers:
                    follower.pass_over(message.room)
                return
            log = await self._load_private(message)
        async with self._lock(message.room):
            if released := log.take(message):
                await self._deliver(message.room, released)
            if log.waits:
                asyncio.get_running_loop().call_later(_HOLE_S, self._holes.put_nowait, message.room)

    async def _deliver(self, room_id: str, messages: list[Message]) -> None:
        for follower in self._followers:
            await follower.deliver(room_id, messages)

    async def _load_private(self, message: Message) -> RoomLog:
        """Begin the log of a direct conversation at its first message; its users were connected already."""
        async with self._lock(message.room):
            return self._logs.setdefault(message.room, RoomLog(0, 0, []))

    def _is_heard(self, room_id: str) -> bool:
        if private := participants(room_id):
            return any(self._registry.connections_of(user) for user in private)
        return bool(self._registry.in_room(room_id))

    async def _fill_holes(self) -> None:
        while True:
            room_id = await self._holes.get()
            log = self._logs.get(room_id)
            if log is not None and log.waits:
                await self._try_to_catch_up(room_id)

    async def catch_up(self, room_id: str) -> None:
        """Read the messages missing in a room's log from the store, and deliver them; raises Unavailable."""
        log = self._logs[room_id]
        async with self._lock(room_id):
            whole = False
            while not whole:
                async with self._database.read() as tx:
                    changes, last, whole = await changes_after(tx, room_id, log.seq, _CHANGES_AT_ONCE)
                whole = whole or not changes
                fresh = log.catch_up(changes, last if whole else changes[-1].changed_seq)
                self._counters.room_messages_healed += len(fresh)
                if fresh:
                    await self._deliver(room_id, fresh)

    async def _try_to_catch_up(self, room_id: str) -> None:
        try:
            await self.catch_up(room_id)
        except Unavailable as error:
            _log.debug("room %s could not catch up: %s", room_id, error)  # the next sweep tries again

    async def _sweep(self) -> None:
        seen, skipped = None, 0
        while True:
            await asyncio.sleep(_SWEEP_S)
            try:
                mark = await self._database.mark()
                skipped = skipped + 1 if mark is not None and mark == seen and skipped < _SKIPPED_SWEEPS else 0
                if not skipped:
                    await self._look(self._now_ms() - _SWEPT_MS)
                    seen = mark
            except Unavailable as error:
                _log.debug("sweep: %s", error)
                await self._look_everywhere()
            await self._publish_again()
            self._forget_old()
            self._forget_idle()

    async def _look_everywhere(self) -> None:
        """Check all rooms for missed messages, not only the rooms that changed lately; wait until the store answers."""
        while True:
            try:
                await self._look(0)
                return
            except Unavailable:
                await asyncio.sleep(_SWEEP_S)

    async def _look(self, since_ms: int) -> None:
        async with self._database.read() as tx:
            ends = await progress(tx, since_ms)
        for room_id, end in ends.items():
            log = self._logs.get(room_id)
            if log is None and participants(room_id) and self._is_heard(room_id) and since_ms:
                log = self._logs[room_id] = RoomLog(0, 0, [])
            if log is not None and log.seq < end:
                await self._try_to_catch_up(room_id)

    def _forget_old(self) -> None:
        before_ms = self._now_ms() - self._keep_ms
        for log in self._logs.values():
            log.forget(before_ms)

    def _forget_idle(self) -> None:
        now_s = asyncio.get_running_loop().time()
        for room_id in list(self._logs):
            if self._is_heard(room_id):
                self._used_s[room_id] = now_s
            elif now_s - self._used_s.setdefault(room_id, now_s) > _IDLE_S and room_id not in self._locks:
                del self._logs[room_id]
                self._used_s.pop(room_id, None)

    def _lock(self, room_id: str) -> asyncio.Lock:
        return self._locks.setdefault(room_id, asyncio.Lock())
