"""Messages in rooms and in direct conversations: post, edit, delete, mark as read, and history.

A message is checked and rate-limited, committed in SQL (a repeated key stores no second message), appended to the journal and
acknowledged. Every process reads the message from the journal and delivers it to its own connections.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from dashboard.accounts.authenticator import LOCAL, LOCAL_ID
from dashboard.accounts.directory import Directory
from dashboard.accounts.policies import Access
from dashboard.cluster.rate_limits import SharedRateLimits
from dashboard.conversation.markdown import Markdown
from dashboard.conversation.notify import Notify
from dashboard.conversation.room_logs import RoomLogs
from dashboard.domain.counters import Counters
from dashboard.domain.errors import Forbidden, Invalid, NotFound, TooMany
from dashboard.domain.identity import Caller, Role
from dashboard.domain.rate import Pace
from dashboard.domain.room import MAX_KEY, Message, Room, clean_text, direct_room, kind_of, participants
from dashboard.entries.rooms import MessageEntry, ReadEntry
from dashboard.messages.rooms import seq_of
from dashboard.store.audit import record
from dashboard.store.database import Database
from dashboard.store.messages import authors_between, get_message, newest, newest_seq, oldest, post, rewrite, take_back
from dashboard.store.rooms import ends_of, ensure_room, mark_read


class Conversation:
    """Use cases of rooms and messages. ``now_ms``: journal's time; ``pace``: limit of a user's messages; ``local``:
    True if the local operator gets notifications."""

    def __init__(
        self,
        *,
        database: Database,
        directory: Directory,
        access: Access,
        logs: RoomLogs,
        notify: Notify,
        counters: Counters,
        now_ms: Callable[[], int],
        rates: SharedRateLimits,
        pace: Pace,
        local: bool,
    ) -> None:
        self._database = database
        self._directory = directory
        self._access = access
        self._logs = logs
        self._markdown = Markdown(lambda name: name if self.is_user(name) else None)
        self._notify = notify
        self._counters = counters
        self._now_ms = now_ms
        self._rates = rates
        self._pace = pace
        self._local = local

    def room(self, caller: Caller, room_id: str) -> Room:
        """Return a room; raises NotFound if the room does not exist or the caller may not join it."""
        room = self._directory.rooms.get(room_id)
        if room is None and kind_of(room_id) == "direct":
            room = self._direct_room(room_id)
        if room is None or not self._access.joins(caller, room):
            raise NotFound(f"there is no room {room_id[:60]!a}")
        return room

    async def find_room(self, caller: Caller, room_id: str) -> Room:
        """Return a room, even if another process has just created it; raises NotFound."""
        try:
            return self.room(caller, room_id)
        except NotFound:
            await self._directory.refresh()
            return self.room(caller, room_id)

    def may_join(self, caller: Caller, room_id: str) -> bool:
        """Return whether the room exists and the caller may join it."""
        try:
            self.room(caller, room_id)
        except NotFound:
            return False
        return True

    def may_see(self, caller: Caller, board_id: str) -> bool:
        """Return whether the caller may see the board."""
        return self._access.sees(caller, board_id)

    def _direct_room(self, room_id: str) -> Room | None:
        """Return the direct conversation with this id, None if the id is not canonical or a user does not exist."""
        two = participants(room_id)
        if len(set(two)) != 2 or room_id != direct_room(*two):
            return None
        if not all(user in self._directory.users or user == LOCAL_ID for user in two):
            return None
        return Room(room_id, "direct", "", private=True, members=two)

    def rooms(self, caller: Caller) -> list[Room]:
        """Return the rooms that the caller may join, boards' rooms first, without direct conversations; ``last_seq`` may be outdated."""
        found = [room for room in self._directory.rooms.values() if self._access.joins(caller, room)]
        return sorted(found, key=lambda room: (room.kind != "board", room.title.lower(), room.id))

    async def rooms_now(self, caller: Caller) -> list[Room]:
        """Return the rooms of ``rooms``, with the current ``last_seq`` from the store; raises Unavailable."""
        found = self.rooms(caller)
        async with self._database.read() as tx:
            ends = await ends_of(tx, [room.id for room in found])
        return [msgspec.structs.replace(room, last_seq=ends.get(room.id, room.last_seq)) for room in found]

    # --- writing ---

    async def post(
        self, caller: Caller, room_id: str, text: str, *, key: str | None = None, at_ms: int | None = None
    ) -> Message:
        """Post a message in a room; raises NotFound, Invalid, TooMany, Unavailable.

        A repeated ``key`` of the same author posts no second message. ``at_ms``: the time on the charts that the message is
        about.
        """
        room = await self.find_room(caller, room_id)
        gone = [user for user in participants(room.id) if user != caller.id and self._person(user) is None]
        if room.kind == "direct" and gone:
            raise NotFound(f"the user {gone[0]!a} does not exist any more")
        return await self._post(caller, room, text, key, at_ms)

    async def direct(self, caller: Caller, user_id: str, text: str, *, key: str | None = None) -> Message:
        """Post a message to one user; ``key``: see ``post``. Raises NotFound, Invalid, TooMany, Unavailable."""
        if caller.kind == "guest":
            raise Forbidden("guests talk in rooms; log in to write to one user")
        user = self._person(user_id)
        if user is None:
            await self._directory.refresh()
            user = self._person(user_id)
        if user is None or user_id == caller.id:
            raise NotFound(f"there is no user {user_id[:40]!a}" if user is None else "you cannot write to yourself")
        room_id = direct_room(caller.id, user_id)
        room = Room(room_id, "direct", "", private=True, members=participants(room_id))
        return await self._post(caller, room, text, key, None)

    async def _post(self, caller: Caller, room: Room, text: str, key: str | None, at_ms: int | None) -> Message:
        text = clean_text(text)
        if key is not None and not (0 < len(key) <= MAX_KEY and key.isprintable()):
            raise Invalid(f"needs 1 to {MAX_KEY} printable characters", field="key")
        self._limit(caller)
        html, mentioned = self._markdown.render(text)
        now_ms = self._now_ms()
        message = Message(
            room=room.id,
            seq=0,
            changed_seq=0,
            author=caller.id,
            name=caller.name,
            text=text,
            html=html,
            t_ms=now_ms,
            key=key or secrets.token_urlsafe(12),
            at_ms=at_ms,
            mentions=self._mentions(caller, room, mentioned),
        )
        async with self._database.write() as tx:
            if room.kind == "direct":
                await ensure_room(tx, room.id, "direct", "", now_ms)
            stored, is_new = await post(tx, message)
            notified = await self._mention(tx, stored, room, stored.mentions) if is_new else []
        self._counters.messages_posted[room.kind] += is_new
        for each in (stored, *notified):
            await self._publish(each)
        return stored

    def _mentions(self, caller: Caller, room: Room, mentioned: Iterable[str]) -> tuple[str, ...]:
        return tuple(user for user in mentioned if user != caller.id and self._joins(user, room))

    def _joins(self, user_id: str, room: Room) -> bool:
        person = self._person(user_id)
        return person is not None and self._access.joins(person, room)

    def is_user(self, user_id: str) -> bool:
        """Return whether the id is a user's, or the local operator's."""
        return self._person(user_id) is not None

    def _person(self, user_id: str) -> Caller | None:
        """Return the user with this id, or the local operator, as a caller; None if no such user exists."""
        user = self._directory.user(user_id)
        if user is not None:
            return Caller("user", user.id, user.name, user.role, grants=user.grants)
        return LOCAL if self._local and user_id == LOCAL_ID else None

    async def _mention(
        self, tx: AsyncConnection, message: Message, room: Room, users: Collection[str]
    ) -> list[Message]:
        if not users:
            return []
        where = f" in {room.title}" if room.title else ""
        return await self._notify.store_mention(tx, message, users, f"{message.name} mentioned you{where}")

    async def edit(self, caller: Caller, room_id: str, message_id: str, text: str) -> Message:
        """Edit the caller's message and notify newly mentioned users.

        Raises Forbidden, NotFound, Invalid, TooMany, Unavailable.
        """
        room = await self.find_room(caller, room_id)
        text = clean_text(text)
        self._limit(caller)
        html, mentioned = self._markdown.render(text)
        mentions = self._mentions(caller, room, mentioned)
        now_ms = self._now_ms()
        async with self._database.write() as tx:
            message = await self._own(tx, caller, room, message_id, others=False)
            changed = await rewrite(tx, message, now_ms, text=text, html=html, mentions=mentions)
            requoted = await self._notify.follow_mentions(tx, changed)
            notified = await self._mention(tx, changed, room, set(mentions) - set(message.mentions))
        for each in (changed, *requoted, *notified):
            await self._publish(each)
        return changed

    async def delete(self, caller: Caller, room_id: str, message_id: str) -> Message:
        """Delete a message and its quotes in notifications; raises the errors of ``edit``.

        Operators may delete every message in a room, others only their own messages.
        """
        room = await self.find_room(caller, room_id)
        self._limit(caller)
        async with self._database.write() as tx:
            others = caller.role >= Role.OPERATOR and room.kind != "direct"
            message = await self._own(tx, caller, room, message_id, others=others)
            changed = await take_back(tx, message, self._now_ms())
            await record(tx, self._now_ms(), caller.id, "message.deleted", message_id, author=message.author)
            requoted = await self._notify.follow_mentions(tx, changed)
        for each in (changed, *requoted):
            await self._publish(each)
        return changed

    async def _own(self, tx: AsyncConnection, caller: Caller, room: Room, message_id: str, *, others: bool) -> Message:
        if caller.kind == "guest":  # the name may have been another guest's
            raise Forbidden("guests cannot change messages; log in")
        seq = seq_of(room.id, message_id)
        if seq is None:
            raise NotFound("there is no such message")
        message = await get_message(tx, room.id, seq)
        if message.deleted:
            raise NotFound("the message is deleted")
        if message.author != caller.id and not others:
            raise Forbidden("only the author may change this message")
        return message

    async def _publish(self, message: Message) -> None:
        await self._logs.publish(MessageEntry(message), f"{message.room}.{message.changed_seq}")

    def _limit(self, caller: Caller) -> None:
        if self._rates.take(caller.id, self._pace):
            raise TooMany(f"more than {self._pace.per_s:g} messages a second; try again in a second")

    # --- reading ---

    async def read(self, caller: Caller, room_id: str, message_id: str) -> None:
        """Mark a room as read up to a message, and send receipts to the messages' authors; raises NotFound,
        Unavailable."""
        room = await self.find_room(caller, room_id)
        seq = seq_of(room.id, message_id)
        if seq is None:
            raise NotFound("there is no such message")
        async with self._database.write() as tx:
            if seq > await newest_seq(tx, room.id):  # an older one may be forgotten by now, and still be marked
                raise NotFound("there is no such message")
            before = await mark_read(tx, caller.id, room.id, seq)
            authors = await authors_between(tx, room.id, before, seq) if seq > before else {}
        if seq > before:
            authors.pop(caller.id, None)
            await self._logs.publish(ReadEntry(room.id, caller.id, seq, authors), f"read {caller.id} {room.id} {seq}")

    async def messages_after(self, room_id: str, after: int, limit: int) -> list[Message]:
        """Return the oldest messages of a room whose sequence numbers are above ``after``; raises Unavailable."""
        async with self._database.read() as tx:
            return await oldest(tx, room_id, after, limit)

    async def history(self, caller: Caller, room_id: str, before: str | None, limit: int) -> tuple[list[Message], bool]:
        """Return up to ``limit`` messages before the message ``before``, oldest first, and whether there are older messages.

        If ``before`` is None, these are the newest messages. Raises NotFound, Unavailable.
        """
        room = await self.find_room(caller, room_id)
        seq = None
        if before is not None and (seq := seq_of(room.id, before)) is None:
            raise NotFound("there is no such message")
        async with self._database.read() as tx:
            return await newest(tx, room.id, seq, limit)
