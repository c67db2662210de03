"""Administration of rooms by operators, recorded in the audit log; and creation of the boards' rooms."""

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
    """Use cases of creating, changing and closing rooms. ``now_ms`` is the journal's time."""

    def __init__(self, *, database: Database, directory: Directory, notify: Notify, now_ms: Callable[[], int]) -> None:
        self._database = database
        self._directory = directory
        self._notify = notify
        self._now_ms = now_ms

    async def ensure_boards(self, titles: dict[str, str]) -> None:
        """Create a room for each board, with the board's id; raises Unavailable, and ConfigurationError if another room has that id."""
        async with self._database.write() as tx:
            for board, title in titles.items():
                try:
                    await ensure_room(tx, board, "board", title, self._now_ms())
                except Invalid as error:
                    raise ConfigurationError(
                        f"boards: {board} needs a room of the same id, but {error}; rename the board's file"
                    ) from None

    async def create(self, by: str, address: str, room: Room) -> None:
        """Create a room; raises Invalid (the room exists, or a member is no user), Unavailable."""
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
        """Change the given properties of a room; properties that are None stay. Raises NotFound, Invalid (a member is
        no user), Unavailable."""
        await self._check(members or ())
        async with self._database.write() as tx:
            room = await change_room(tx, room_id, title=title, private=private, members=members)
            await record(
                tx, self._now_ms(), by, "room.changed", room_id, address, private=room.private, members=room.members
            )
        await self._directory.changed()
        return room

    async def _check(self, members: Collection[str]) -> None:
        """Raise Invalid for the first member that is no user; disabled users may stay members."""
        known = self._directory.users
        if not known.keys() | {LOCAL_ID} >= set(members):
            await self._directory.look()  # another process may have just created them
        for member in members:
            if member not in known and member != LOCAL_ID:
                raise Invalid(f"there is no user {member!a}", field="members")

    async def close(self, by: str, address: str, room_id: str) -> None:
        """Close a room: it cannot be joined any more, and its messages and their quotes in notifications are deleted.

        Raises Invalid (the room belongs to a board), NotFound, Unavailable.
        """
        room = self._directory.rooms.get(room_id)
        if room is not None and room.kind == "board":
            # The id of a closed room is never used again, so the board could not get a new room.
            raise Invalid("belongs to a board and stays as long as the board", field="room")
        await self._notify.empty_quotes(room_id)  # if a later step fails, the room can be closed again
        async with self._database.write() as tx:
            await change_room(tx, room_id, closed=True)
            await forget_room(tx, room_id)
            await record(tx, self._now_ms(), by, "room.deleted", room_id, address)
        await self._directory.changed()
        await self._notify.empty_quotes(room_id)
