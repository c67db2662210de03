"""Notices that tell connected users which further rooms they may join.

``dispatch.py`` sends ``left`` for rooms that users may no longer join.
"""

from __future__ import annotations

import asyncio

from dashboard.accounts.directory import Directory
from dashboard.accounts.policies import Access
from dashboard.domain.room import Room
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.people import encode_personal
from dashboard.messages.rooms import RoomOpened


class RoomNotices:
    """Sender of the notices: compares the rooms before and after each change of the directory."""

    def __init__(self, *, registry: ConnectionRegistry, directory: Directory, access: Access) -> None:
        self._registry = registry
        self._directory = directory
        self._access = access
        self._known: dict[str, Room] | None = None  # None: not read yet
        self._changed = asyncio.Event()
        directory.subscribe(self._changed.set)

    async def run(self) -> None:
        """Send notices after each change until cancelled."""
        while True:
            before, self._known = self._known, dict(self._directory.rooms)
            if before is not None:
                for room in self._known.values():
                    if room is not (was := before.get(room.id)):
                        await self._send(was, room)
            await self._changed.wait()
            self._changed.clear()

    async def _send(self, was: Room | None, now: Room) -> None:
        joins = self._access.joins
        same = was if was is not None and was.title == now.title else None  # users who could join it already know it
        receivers = [
            each
            for each in self._registry.people
            if joins(each.caller, now) and not (same is not None and joins(each.caller, same))
        ]
        await self._registry.broadcast(receivers, encode_personal(RoomOpened(now.id, now.title, now.kind)))
