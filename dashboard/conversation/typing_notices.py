"""Typing notices to the other users in a room: sent as signals, never stored, ended by a timeout."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from dashboard.cluster.bus import Bus, Heard
from dashboard.conversation.conversation import Conversation
from dashboard.conversation.join import check_member
from dashboard.domain.errors import TooMany
from dashboard.domain.presence import TYPING_S
from dashboard.domain.rate import TokenBucket
from dashboard.domain.room import participants
from dashboard.entries.signals import TypingSignal
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.people import encode_personal
from dashboard.messages.rooms import Typing, TypingNotice
from dashboard.runtime import Group

#: Notices of one connection; faster ones are refused with ``rate_limited``.
_PER_S = 2
_BURST = 5
_SWEEP_S = 0.5
#: Signals that wait to be published, and to be delivered here; beyond it new ones are dropped.
_MAX_WAITING = 1_000


class TypingNotices:
    """Sender and receiver of typing signals. ``monotonic`` gives seconds."""

    def __init__(
        self,
        *,
        registry: ConnectionRegistry,
        bus: Bus,
        conversation: Conversation,
        monotonic: Callable[[], float],
    ) -> None:
        self._registry = registry
        self._bus = bus
        self._conversation = conversation
        self._monotonic = monotonic
        self._rates: dict[Connection, TokenBucket] = {}
        self._writing: dict[Connection, set[str]] = {}  # rooms, by connection of this process
        self._shown: dict[tuple[str, str], tuple[float, str]] = {}  # room, user -> end of the notice, name
        self._outgoing: asyncio.Queue[TypingSignal] = asyncio.Queue(_MAX_WAITING)
        self._heard: asyncio.Queue[TypingSignal] = asyncio.Queue(_MAX_WAITING)
        bus.subscribe(TypingSignal, self._hear)

    def __call__(self, connection: Connection, request: Typing) -> None:
        """Publish that a user of this process is typing or has stopped typing; raises NotFound, NotMember, TooMany."""
        room_id = request.room_id
        self._conversation.room(connection.caller, room_id)
        check_member(connection, room_id)
        if not request.is_typing:
            self.stop(connection, room_id)
            return
        now_s = self._monotonic()
        rate = self._rates.setdefault(connection, TokenBucket(_PER_S, _BURST, now_s))
        if not rate.take(now_s):
            raise TooMany(f"more than {_PER_S} typing notices a second; send one every 3 s")
        self._writing.setdefault(connection, set()).add(room_id)
        self._publish(connection, room_id, is_typing=True)

    def _publish(self, connection: Connection, room_id: str, *, is_typing: bool) -> None:
        """Queue a signal to all processes. If the queue is full, the signal is dropped, and the notice ends by its timeout."""
        caller = connection.caller
        if not self._outgoing.full():
            self._outgoing.put_nowait(TypingSignal(room_id, caller.id, caller.name, is_typing))

    def stop(self, connection: Connection, room_id: str | None = None) -> None:
        """Publish that a connection stopped typing in a room, or in all rooms if it has ended (``room_id`` None)."""
        writing = self._writing.get(connection, set())
        for room in list(writing) if room_id is None else writing & {room_id}:
            writing.discard(room)
            self._publish(connection, room, is_typing=False)
        if room_id is None:
            self._writing.pop(connection, None)
            self._rates.pop(connection, None)

    def _hear(self, signal: TypingSignal, _: Heard) -> None:
        if not self._heard.full():
            self._heard.put_nowait(signal)

    async def run(self) -> None:
        """Publish, receive and deliver typing signals until cancelled."""
        async with Group() as group:
            group.start("typing here", self._run_publishing)
            group.start("typing", self._run_delivery)

    async def _run_publishing(self) -> None:
        while True:
            await self._bus.publish(await self._outgoing.get())

    async def _run_delivery(self) -> None:
        while True:
            typed = None
            try:
                async with asyncio.timeout(_SWEEP_S):
                    typed = await self._heard.get()
            except TimeoutError:
                pass
            if typed is not None:
                await self._deliver(typed)
            now_s = self._monotonic()
            for (room, user), (until_s, name) in list(self._shown.items()):
                if until_s <= now_s:
                    await self._deliver(TypingSignal(room, user, name, False))

    async def _deliver(self, typed: TypingSignal) -> None:
        key = (typed.room, typed.user)
        if typed.is_typing:
            self._shown[key] = (self._monotonic() + TYPING_S, typed.name)
        elif self._shown.pop(key, None) is None:
            return
        private = participants(typed.room)
        connections = (
            [c for user in private for c in self._registry.connections_of(user)]
            if private
            else self._registry.in_room(typed.room)
        )
        others = [connection for connection in connections if connection.caller.id != typed.user]
        notice = TypingNotice(typed.room, typed.user, typed.name, typed.is_typing)
        await self._registry.broadcast(others, encode_personal(notice))
