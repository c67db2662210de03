"""The rooms that people connected here hear: their newest messages in memory, moved on by the journal, healed by the store.

Messages come through the partition ``events``.  What did not come that way (the append failed, the journal was emptied,
a process died between commit and append) is found by comparing how far each log has got, every two seconds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from dashboard.domain.counters import Counters
from dashboard.domain.errors import DashboardError, Unavailable
from dashboard.domain.room import Message, kind_of, participants
from dashboard.entries.rooms import ROOM_CODEC, MessageEntry, ReadEntry, RoomEvent
from dashboard.hub.registry import ConnectionRegistry
from dashboard.journal.port import ROOMS, Gap, Journal
from dashboard.replica.rooms import RoomLog
from dashboard.runtime import Group
from dashboard.store.database import Database
from dashboard.store.messages import changes_after, latest_changes, newest
from dashboard.store.rooms import progress

_log = logging.getLogger(__name__)

_SWEEP_S = 2.0
#: How far back the sweep looks for rooms in which something happened; also what a first look takes.
_SWEPT_MS = 60_000
#: How long a hole may be filled by the journal before the store is asked.
_HOLE_S = 0.25
#: A room that nobody hears is kept in memory so long.
_IDLE_S = 60.0
_CHANGES_AT_ONCE = 500
_LOADED_CHANGES = 300
_LOADED_MESSAGES = 100
_APPEND_S = 2.0
#: What was read while nobody could be told is remembered of so many readers.
_MAX_UNTOLD = 10_000
_TOLD_AGAIN = 200


class RoomLogs:
    """``deliver(room, messages)`` and ``on_read(read)`` are called in each room's order, ``on_unheard(room)`` where nobody hears it.

    What was said longer than ``keep_ms`` ago is forgotten.
    """

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
        self._locks: dict[str, asyncio.Lock] = {}
        self._used_s: dict[str, float] = {}
        self._holes: asyncio.Queue[str] = asyncio.Queue()
        self._untold: dict[tuple[str, str], tuple[ReadEntry, str]] = {}  # by room and reader
        self.fanout: Callable[[str, list[Message]], Awaitable[None]]
        self.on_read: Callable[[ReadEntry], Awaitable[None]]
        self.on_unheard: Callable[[str], None] = lambda room_id: None

    # --- reading ---

    def known(self, room_id: str) -> RoomLog | None:
        """A room that is in memory."""
        return self._logs.get(room_id)

    async def get(self, room_id: str) -> RoomLog:
        """A room, from the store if need be; raises Unavailable."""
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
        """Somebody hears a conversation of two from now on, whose log has got so far."""
        self._logs.setdefault(room_id, RoomLog(seq, seq, []))

    # --- telling ---

    async def publish(self, happening: RoomEvent, request_id: str, *, again: bool = False) -> bool:
        """Tell all processes what the store has committed; False: that failed, the sweep does it."""
        try:
            async with asyncio.timeout(_APPEND_S):
                await self._journal.append(ROOMS, ROOM_CODEC.encode(happening), request_id=request_id)
        except (DashboardError, TimeoutError) as error:
            self._counters.events_not_appended += not again
            _log.debug("%s is left to the sweep: %s", request_id, error)
            if isinstance(happening, ReadEntry):
                self._keep(happening, request_id)
            return False
        return True

    def _keep(self, read: ReadEntry, request_id: str) -> None:
        """The store does not know whom to tell that something was read."""
        earlier = self._untold.pop((read.room, read.user), None)
        if earlier is not None:
            seq = max(earlier[0].seq, read.seq)
            authors = earlier[0].authors
            newest = {author: max(at, authors.get(author, 0)) for author, at in read.authors.items()}
            read = ReadEntry(read.room, read.user, seq, authors | newest)
        elif len(self._untold) >= _MAX_UNTOLD:
            del self._untold[next(iter(self._untold))]
        self._untold[read.room, read.user] = read, request_id

    async def _tell_again(self) -> None:
        for of in list(self._untold)[:_TOLD_AGAIN]:
            untold = self._untold.pop(of, None)
            if untold is not None and not await self.publish(*untold, again=True):
                return

    # --- moving on ---

    async def run(self) -> None:
        """Follow the journal and fill holes, until cancelled."""
        async with Group() as group:
            group.start("events", self._follow)
            group.start("holes", self._fill_holes)
            group.start("sweep", self._sweep)

    async def _follow(self) -> None:
        after = await self._journal.attach(ROOMS)
        async for batch in self._journal.follow(ROOMS, after):
            if isinstance(batch, Gap):
                await self._look_everywhere()
                continue
            for entry in batch:
                happening = ROOM_CODEC.decode(entry.payload)
                if isinstance(happening, MessageEntry):
                    await self._take(happening.message)
                elif isinstance(happening, ReadEntry):
                    await self.on_read(happening)
                else:
                    self._counters.foreign_entries += 1

    async def _take(self, message: Message) -> None:
        log = self._logs.get(message.room)
        if log is None:
            if kind_of(message.room) == "room" or not self._is_heard(message.room):
                self.on_unheard(message.room)
                return
            log = await self._load_private(message)
        async with self._lock(message.room):
            if released := log.take(message):
                await self.fanout(message.room, released)
            if log.waits:
                asyncio.get_running_loop().call_later(_HOLE_S, self._holes.put_nowait, message.room)

    async def _load_private(self, message: Message) -> RoomLog:
        """A conversation of two that began after its people came: nothing of it was shown to them yet."""
        async with self._lock(message.room):
            return self._logs.setdefault(message.room, RoomLog(0, 0, []))

    def _is_heard(self, room_id: str) -> bool:
        if private := participants(room_id):
            return any(self._registry.of(user) for user in private)
        return bool(self._registry.room(room_id))

    async def _fill_holes(self) -> None:
        while True:
            room_id = await self._holes.get()
            log = self._logs.get(room_id)
            if log is not None and log.waits:
                await self._try_to_catch_up(room_id)

    async def catch_up(self, room_id: str) -> None:
        """Read what a room in memory lacks from the store, and deliver it; raises Unavailable."""
        log = self._logs[room_id]
        async with self._lock(room_id):
            whole = False
            while not whole:
                async with self._database.read() as tx:
                    changes, last, whole = await changes_after(tx, room_id, log.seq, _CHANGES_AT_ONCE)
                whole = whole or not changes
                fresh = log.catch_up(changes, last if whole else changes[-1].changed_seq)
                self._counters.events_healed += len(fresh)
                if fresh:
                    await self.fanout(room_id, fresh)

    async def _try_to_catch_up(self, room_id: str) -> None:
        try:
            await self.catch_up(room_id)
        except Unavailable as error:
            _log.debug("%s is not caught up with: %s", room_id, error)  # the next sweep tries again

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_S)
            try:
                await self._look(self._now_ms() - _SWEPT_MS)
            except Unavailable as error:
                _log.debug("sweep: %s", error)
                await self._look_everywhere()
            await self._tell_again()
            self._forget_old()
            self._forget_idle()

    async def _look_everywhere(self) -> None:
        """Whatever happened whenever; waits for the store."""
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
            elif now_s - self._used_s.setdefault(room_id, now_s) > _IDLE_S and not self._lock(room_id).locked():
                del self._logs[room_id], self._locks[room_id]
                self._used_s.pop(room_id, None)

    def _lock(self, room_id: str) -> asyncio.Lock:
        return self._locks.setdefault(room_id, asyncio.Lock())
