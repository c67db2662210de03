"""What people say in rooms: post, edit, take back, read, look back. Also conversations of two.

A message's way: checked, limited, committed in SQL (the same key twice is the same message), appended to the journal,
acked; every process applies and delivers it.
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
    """``now_ms`` is the journal's time; each user may write at the ``pace``; ``local``: as in ``Notify``."""

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
        self._markdown = Markdown(lambda name: name if self.is_somebody(name) else None)
        self._notify = notify
        self._counters = counters
        self._now_ms = now_ms
        self._rates = rates
        self._pace = pace
        self._local = local

    def room(self, caller: Caller, room_id: str) -> Room:
        """A room that the caller may join; raises NotFound, also when it is not for this caller."""
        room = self._directory.rooms.get(room_id)
        if room is None and kind_of(room_id) == "direct":
            room = self._of_two(room_id)
        if room is None or not self._access.joins(caller, room):
            raise NotFound(f"there is no room {room_id[:60]!a}")
        return room

    async def find_room(self, caller: Caller, room_id: str) -> Room:
        """The same, also when another process has just made it."""
        try:
            return self.room(caller, room_id)
        except NotFound:
            await self._directory.refresh()
            return self.room(caller, room_id)

    def may_join(self, caller: Caller, room_id: str) -> bool:
        """Whether there is such a room for the caller."""
        try:
            self.room(caller, room_id)
        except NotFound:
            return False
        return True

    def may_see(self, caller: Caller, board_id: str) -> bool:
        """Whether the caller may see a board of that id."""
        return self._access.sees(caller, board_id)

    def _of_two(self, room_id: str) -> Room | None:
        """The conversation of that id: of two users, by the one id that it has."""
        two = participants(room_id)
        if len(set(two)) != 2 or room_id != direct_room(*two):
            return None
        if not all(user in self._directory.users or user == LOCAL_ID for user in two):
            return None
        return Room(room_id, "direct", "", private=True, members=two)

    def rooms(self, caller: Caller) -> list[Room]:
        """Boards' and operators' rooms that the caller may join, boards first; ``last_seq`` is not up to date."""
        found = [room for room in self._directory.rooms.values() if self._access.joins(caller, room)]
        return sorted(found, key=lambda room: (room.kind != "board", room.title.lower(), room.id))

    async def rooms_now(self, caller: Caller) -> list[Room]:
        """The same, with how far each log has got; raises Unavailable."""
        found = self.rooms(caller)
        async with self._database.read() as tx:
            ends = await ends_of(tx, [room.id for room in found])
        return [msgspec.structs.replace(room, last_seq=ends.get(room.id, room.last_seq)) for room in found]

    # --- saying ---

    async def post(
        self, caller: Caller, room_id: str, text: str, *, key: str | None = None, at_ms: int | None = None
    ) -> Message:
        """Say something in a room; raises NotFound, Invalid, TooMany, Unavailable."""
        room = await self.find_room(caller, room_id)
        gone = [user for user in participants(room.id) if user != caller.id and self._person(user) is None]
        if room.kind == "direct" and gone:
            raise NotFound(f"there is no user {gone[0]!a} any more")
        return await self._post(caller, room, text, key, at_ms)

    async def direct(self, caller: Caller, user_id: str, text: str, *, key: str | None = None) -> Message:
        """Say something to one user; raises NotFound, Invalid, TooMany, Unavailable."""
        user = self._person(user_id)
        if user is None:
            await self._directory.refresh()
            user = self._person(user_id)
        if user is None or user_id == caller.id:
            raise NotFound(f"there is no user {user_id[:40]!a}" if user is None else "that is yourself")
        room_id = direct_room(caller.id, user_id)
        room = Room(room_id, "direct", "", private=True, members=participants(room_id))
        return await self._post(caller, room, text, key, None)

    async def _post(self, caller: Caller, room: Room, text: str, key: str | None, at_ms: int | None) -> Message:
        text = clean_text(text)
        if key is not None and not (0 < len(key) <= MAX_KEY and key.isprintable()):
            raise Invalid(f"write 1 to {MAX_KEY} visible characters", field="key")
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
            told = await self._mention(tx, stored, room, stored.mentions) if is_new else []
        self._counters.messages_posted[room.kind] += is_new
        for each in (stored, *told):
            await self._publish(each)
        return stored

    def _mentions(self, caller: Caller, room: Room, mentioned: Iterable[str]) -> tuple[str, ...]:
        return tuple(user for user in mentioned if user != caller.id and self._hears(user, room))

    def _hears(self, user_id: str, room: Room) -> bool:
        person = self._person(user_id)
        return person is not None and self._access.joins(person, room)

    def is_somebody(self, user_id: str) -> bool:
        """Whether there is such a user, or it is the person at the machine."""
        return self._person(user_id) is not None

    def _person(self, user_id: str) -> Caller | None:
        """Somebody who can be written to: a user, or the person at the machine."""
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
        """One's own message says this now; whom it mentions only now is notified.

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
            told = await self._mention(tx, changed, room, set(mentions) - set(message.mentions))
        for each in (changed, *requoted, *told):
            await self._publish(each)
        return changed

    async def delete(self, caller: Caller, room_id: str, message_id: str) -> Message:
        """A message of one's own is taken back, also where notifications quote it; operators may any. Raises as ``edit``."""
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
        seq = seq_of(room.id, message_id)
        if seq is None:
            raise NotFound("there is no such message")
        message = await get_message(tx, room.id, seq)
        if message.deleted:
            raise NotFound("the message is deleted")
        if message.author != caller.id and not others:
            raise Forbidden("it is not your message")
        return message

    async def _publish(self, message: Message) -> None:
        await self._logs.publish(MessageEntry(message), f"{message.room}.{message.changed_seq}")

    def _limit(self, caller: Caller) -> None:
        if self._rates.take(caller.id, self._pace):
            raise TooMany(f"more than {self._pace.per_s:g} messages a second; say it again in a moment")

    # --- reading ---

    async def read(self, caller: Caller, room_id: str, message_id: str) -> None:
        """The caller has read up to there; raises NotFound, Unavailable."""
        room = await self.find_room(caller, room_id)
        seq = seq_of(room.id, message_id)
        if seq is None:
            raise NotFound("there is no such message")
        async with self._database.write() as tx:
            if seq > await newest_seq(tx, room.id):  # one that is forgotten by now may have been read
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
        """Messages before ``before``, oldest first, and whether there are older ones; raises NotFound, Unavailable."""
        room = await self.find_room(caller, room_id)
        seq = None
        if before is not None and (seq := seq_of(room.id, before)) is None:
            raise NotFound("there is no such message")
        async with self._database.read() as tx:
            return await newest(tx, room.id, seq, limit)
