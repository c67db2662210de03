"""Rooms are made, changed and closed by operators; each board has one by itself. All in the audit log."""

from __future__ import annotations

from collections.abc import Callable, Collection

from dashboard.accounts.authenticator import LOCAL_ID
from dashboard.accounts.directory import Directory
from dashboard.conversation.notify import Notify
from dashboard.domain.errors import ConfigurationError, Invalid
from dashboard.domain.room import Room
from dashboard.store.audit import record
from dashboard.store.database import Database
from dashboard.store.rooms import change_room, create_room, ensure_room, forget_room


class RoomAdmin:
    """``now_ms`` is the journal's time."""

    def __init__(self, *, database: Database, directory: Directory, notify: Notify, now_ms: Callable[[], int]) -> None:
        self._database = database
        self._directory = directory
        self._notify = notify
        self._now_ms = now_ms

    async def ensure_boards(self, titles: dict[str, str]) -> None:
        """Each board has a room of its id; raises ConfigurationError where a private room has it, Unavailable."""
        async with self._database.write() as tx:
            for board, title in titles.items():
                try:
                    await ensure_room(tx, board, "board", title, self._now_ms())
                except Invalid as error:
                    raise ConfigurationError(
                        f"boards: {board} is to have the conversation of that name, but {error}; rename the board's file"
                    ) from None

    async def create(self, by: str, address: str, room: Room) -> None:
        """Raises Invalid (there is one, or a member is no user), Unavailable."""
        await self._check(room.members)
        async with self._database.write() as tx:
            await create_room(tx, room, by, self._now_ms())
            await record(tx, self._now_ms(), by, "room.created", room.id, address, private=room.private)
        await self._directory.changed()

    async def change(
        self,
        by: str,
        address: str,
        room_id: str,
        *,
        title: str | None,
        private: bool | None,
        members: tuple[str, ...] | None,
    ) -> Room:
        """Raises NotFound, Invalid (a member is no user), Unavailable."""
        await self._check(members or ())
        async with self._database.write() as tx:
            room = await change_room(tx, room_id, title=title, private=private, members=members)
            await record(
                tx, self._now_ms(), by, "room.changed", room_id, address, private=room.private, members=room.members
            )
        await self._directory.changed()
        return room

    async def _check(self, members: Collection[str]) -> None:
        """Raises Invalid, naming the first who is no user; those who were may stay."""
        known = self._directory.users
        if not known.keys() | {LOCAL_ID} >= set(members):
            await self._directory.look()  # another process may just have made them
        for member in members:
            if member not in known and member != LOCAL_ID:
                raise Invalid(f"there is no user {member!a}", field="members")

    async def close(self, by: str, address: str, room_id: str) -> None:
        """Nobody may join it any more, what was said in it is forgotten, also where notifications quote it.

        Raises Invalid (it is a board's own), NotFound, Unavailable.
        """
        room = self._directory.rooms.get(room_id)
        if room is not None and room.kind == "board":
            # an id is a room's for ever: the board would never have one again
            raise Invalid("a board's room stays as long as the board", field="room")
        await self._notify.empty_quotes(room_id)  # if that fails in between, the room is still there to be closed again
        async with self._database.write() as tx:
            await change_room(tx, room_id, closed=True)
            await forget_room(tx, room_id)
            await record(tx, self._now_ms(), by, "room.deleted", room_id, address)
        await self._directory.changed()
        await self._notify.empty_quotes(room_id)
