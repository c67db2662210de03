"""Delivery of room events to the connections of this process: messages, read receipts, notifications, unread counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from functools import cache, partial
from typing import NamedTuple

from msgspec import Raw, Struct

from dashboard.accounts.directory import Directory
from dashboard.conversation.conversation import Conversation
from dashboard.conversation.room_logs import RoomLogs
from dashboard.domain.errors import Unavailable
from dashboard.domain.identity import Caller
from dashboard.domain.room import Message, Room, inbox_room, kind_of, participants
from dashboard.entries.rooms import ReadEntry
from dashboard.hub.connection import Connection
from dashboard.hub.registry import ConnectionRegistry
from dashboard.messages.notifications import NotificationChanged, NotificationNotice, NotificationState, Unread
from dashboard.messages.people import encode_personal
from dashboard.messages.presence import PersonDetail, Screen, UserList
from dashboard.messages.rooms import Ack, ReadMark, RoomState, message_id, notice_of
from dashboard.replica.presence import UserPresence
from dashboard.runtime import Batched
from dashboard.store.database import Database
from dashboard.store.rooms import ends_of, rooms_of, unread_counts

#: Loads of a user's state if events keep arriving meanwhile; the last one is used in any case.
_LOADS = 10
#: Users whose state is loaded in one transaction, which must end within the store's time for a statement.
_LOADED_TOGETHER = 16


class UserRooms(Struct, frozen=True):
    """State of a user: rooms with unread counts, and the number of unread notifications."""

    rooms: list[RoomState]
    unread: int


#: A user, and the public rooms that the user may join.
_Wanted = tuple[str, tuple[str, ...]]


class _Standing(NamedTuple):
    """Direct rooms and inbox of a user, read marks, unread counts, and the numbers of the newest changes by room."""

    private: list[Room]
    marks: dict[str, int]
    unread: dict[str, int]
    ends: dict[str, int]


class RoomFanout:
    """Delivery of room events, and the read marks of the users that are connected here."""

    def __init__(
        self,
        *,
        database: Database,
        directory: Directory,
        registry: ConnectionRegistry,
        logs: RoomLogs,
        conversation: Conversation,
    ) -> None:
        self._database = database
        self._directory = directory
        self._registry = registry
        self._logs = logs
        self._conversation = conversation
        self._standings = Batched(self._load_standings, _LOADED_TOGETHER)
        self._counts = Batched(self._load_counts, _LOADED_TOGETHER)
        self._marks: dict[str, dict[str, int]] = {}
        self._preparing: Counter[str] = Counter()  # running ``prepare`` calls, by user
        self._passed: Counter[str] = Counter()  # events delivered to those users meanwhile
        logs.add_follower(self)

    async def prepare(self, caller: Caller) -> UserRooms:
        """Load a user's read marks and direct conversations, before the connection gets any room event. Raises Unavailable.

        The caller must then add the connection without awaiting, so that no event is missed. Events during a load cause another
        load, at most ``_LOADS`` in all; an event during the last load may be missed.
        """
        user = caller.id
        self._preparing[user] += 1
        try:
            for _ in range(_LOADS):
                rooms, passed = self._conversation.rooms(caller), self._passed[user]
                standing = await self._load(caller, rooms)
                if self._passed[user] == passed and self._conversation.rooms(caller) == rooms:
                    break
            return standing
        finally:
            self._preparing[user] -= 1
            if not self._preparing[user]:
                del self._preparing[user], self._passed[user]

    async def _load(self, caller: Caller, rooms: list[Room]) -> UserRooms:
        standing = await self._standings((caller.id, tuple(room.id for room in rooms)))
        known = self._marks.setdefault(caller.id, {})
        for room_id, seq in standing.marks.items():
            known[room_id] = max(seq, known.get(room_id, 0))
        for room in standing.private:
            self._logs.begin(room.id, room.last_seq)
        states = [
            RoomState(
                room.id,
                self._title(room.id, room.title, caller.id),
                room.kind,
                standing.unread[room.id],
                str(standing.ends.get(room.id, room.last_seq)),
            )
            for room in (*rooms, *standing.private)
            if room.kind != "inbox"
        ]
        return UserRooms(states, standing.unread.get(inbox_room(caller.id), 0))

    async def _load_standings(self, wanted: Collection[_Wanted]) -> dict[_Wanted, _Standing]:
        """Load the rooms, read marks and unread counts of several users in one transaction."""
        async with self._database.read() as tx:
            private = await rooms_of(tx, {user for user, _ in wanted})
            rooms: dict[str, set[str]] = {user: {room.id for room in own} for user, own in private.items()}
            for user, public in wanted:
                rooms[user].update(public)
            counts = await unread_counts(tx, rooms)
            ends = await ends_of(tx, {room for of_user in rooms.values() for room in of_user})
        return {
            (user, public): _Standing(
                private=private[user],
                marks=counts.marks[user],
                unread={room: counts.of(user, room) for room in rooms[user]},
                ends=ends,
            )
            for user, public in wanted
        }

    def _note_event(self, *users: str) -> None:
        """Count an event for these users, so that a running ``prepare`` loads again."""
        for user in users:
            if user in self._preparing:
                self._passed[user] += 1

    async def room_states(self, caller: Caller) -> list[RoomState]:
        """Return the user's rooms with their unread counts; raises Unavailable."""
        return (await self.prepare(caller)).rooms

    def _title(self, room_id: str, title: str, own: str) -> str:
        """Return a room's title for the user ``own``; the title of a direct conversation is the other user's name."""
        others = [self._directory.users.get(user) for user in participants(room_id) if user != own]
        return ", ".join(user.name for user in others if user is not None) or title or room_id

    def forget(self, user: str) -> None:
        """Forget the read marks of a user whose last connection here has ended."""
        self._marks.pop(user, None)

    def mark(self, user: str, room_id: str) -> int:
        """Return the number of the last message that a user has read in a room, 0 if the user has read none."""
        return self._marks.get(user, {}).get(room_id, 0)

    async def unread(self, user: str, room_id: str) -> int:
        """Return the number of other users' messages that a user has not read; raises Unavailable."""
        log = self._logs.known(room_id)
        known = log.unread(user, self.mark(user, room_id)) if log is not None else None
        return known if known is not None else await self.count(user, room_id)

    async def _unread_or_none(self, user: str, room_id: str) -> int | None:
        """Return the unread count, None if the store does not answer: the event is then delivered without the count."""
        try:
            return await self.unread(user, room_id)
        except Unavailable:
            return None

    async def count(self, user: str, room_id: str) -> int:
        """Return the number of messages in a room that a user has not read, counted in the store; raises Unavailable."""
        return await self._counts((user, room_id))

    async def _load_counts(self, wanted: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
        rooms: dict[str, set[str]] = {}
        for user, room_id in wanted:
            rooms.setdefault(user, set()).add(room_id)
        async with self._database.read() as tx:
            counts = await unread_counts(tx, rooms)
        return {(user, room_id): counts.of(user, room_id) for user, room_id in wanted}

    # --- RoomFollower ---

    async def deliver(self, room_id: str, messages: list[Message]) -> None:
        """Deliver a room's messages, in order, to its connections here."""
        self._note_event(*participants(room_id))
        kind = kind_of(room_id)
        if kind == "inbox":
            await self._deliver_notifications(room_id, messages)
            return
        receivers = self._participants(room_id) if kind == "direct" else self._registry.in_room(room_id)
        await self._registry.broadcast(receivers, *(encode_personal(notice_of(message)) for message in messages))

    def pass_over(self, room_id: str) -> None:
        """Let a running ``prepare`` load again: it may have missed a message of this room."""
        self._note_event(*participants(room_id))

    def _participants(self, room_id: str) -> Iterable[Connection]:
        return {connection for user in participants(room_id) for connection in self._registry.connections_of(user)}

    async def _deliver_notifications(self, room_id: str, messages: list[Message]) -> None:
        (user,) = participants(room_id)
        pages = self._registry.connections_of(user)
        if not pages:
            return
        unread = await self._unread_or_none(user, room_id)
        for message in messages:
            kind = NotificationNotice if message.changed_seq == message.seq else NotificationChanged
            notice = kind(
                notification_id=message_id(room_id, message.seq),
                title=message.title,
                body=message.text,
                data=Raw(message.data.encode()),
                t=message.t_ms,
                unread=unread,
            )
            await self._registry.broadcast(pages, encode_personal(notice))

    def who_is_here(self, caller: Caller, present: Iterable[UserPresence]) -> UserList:
        """Return the connected users, each with the boards and rooms that the caller may see."""
        sees = cache(partial(self._conversation.may_see, caller))
        joins = cache(partial(self._conversation.may_join, caller))
        return UserList(
            [
                PersonDetail(
                    id=each.user,
                    name=each.name,
                    status=each.status,
                    since=each.since_ms,
                    tabs=each.tabs,
                    screens=[Screen(board) for board in each.boards if sees(board)],
                    rooms=sorted(filter(joins, each.rooms)),
                )
                for each in present
            ]
        )

    async def deliver_read(self, read: ReadEntry) -> None:
        """Send a read mark to the reader's own connections and a receipt to each author."""
        self._note_event(read.user)
        pages = self._registry.connections_of(read.user)
        if pages:
            marks = self._marks.setdefault(read.user, {})
            marks[read.room] = max(marks.get(read.room, 0), read.seq)
            unread = await self._unread_or_none(read.user, read.room)
            if unread is None:
                pass  # the reading page knows; the user's other pages get it with the next mark
            elif kind_of(read.room) == "inbox":
                await self._registry.broadcast(pages, encode_personal(Unread(unread)))
            else:
                mark = ReadMark(read.room, message_id(read.room, read.seq), unread)
                await self._registry.broadcast(pages, encode_personal(mark))
        for author, seq in read.authors.items():
            if pages := self._registry.connections_of(author):
                ack = Ack(message_id=message_id(read.room, seq), room_id=read.room, status="read", user_id=read.user)
                await self._registry.broadcast(pages, encode_personal(ack))


def notification_state(message: Message, *, read: bool) -> NotificationState:
    """Convert a message of an inbox to a notification as clients get it. ``read``: True if its user has read it."""
    return NotificationState(
        notification_id=message_id(message.room, message.seq),
        title=message.title,
        body=message.text,
        data=Raw(message.data.encode()),
        t=message.t_ms,
        read=read,
    )
